"""Running programs: outputs in order, what cannot be run is left out with its reason, nothing hostile is allocated."""

import numpy as np
import pytest
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.runners import run as run_module
from tensornaut.engine.runners.program import Branch, Feed, Program, Step
from tensornaut.engine.runners.run import Runner, run
from tensornaut.engine.values import ArrayValues

X = np.array([[1, -2, 3]], np.float32)


FEEDS = (Feed("x", ("n", 3)),)


def program(*steps, weights=None, feeds=FEEDS, outputs=()):
    return Program(feeds, outputs, steps, weights or {})


def names(trace):
    return [output.name for output in trace.outputs]


def test_every_step_leaves_its_output_its_layer_and_its_time():
    weight = ArrayValues(np.eye(3, dtype=np.float16), "w")
    steps = Step("Linear", ("x", "w"), ("y",), layer="fc"), Step("Relu", ("y",), ("z",), name="act", layer="fc")
    trace = run(program(*steps, weights={"w": weight}), {"x": X})
    assert [(output.name, output.layer, output.kernel) for output in trace.outputs] == [
        ("y", "fc", "Linear"),
        ("z", "fc", "Relu"),
    ]
    assert np.array_equal(trace.arrays["z"], [[1, 0, 3]]) and trace.arrays["z"].dtype == np.float32
    assert all(output.seconds >= 0 for output in trace.outputs) and not trace.skipped


def test_what_follows_from_weights_alone_is_found_once_and_is_no_output():
    reads = []

    class Counted:
        shape, dtype, key = (3,), "float32", "w"

        def read(self, rows, cols):
            reads.append(1)
            return np.ones((1, 3), np.float32)

    steps = Step("Neg", ("w",), ("minus",)), Step("Add", ("x", "minus"), ("y",))
    runner = Runner(program(*steps, weights={"w": Counted()}))
    for _ in range(3):
        trace = runner.run({"x": X})
        assert names(trace) == ["y"] and np.array_equal(trace.arrays["y"], X - 1)
    assert len(reads) == 1


def test_a_program_without_inputs_shows_all_it_does():
    trace = run(program(Step("Neg", ("w",), ("y",)), weights={"w": X}, feeds=()), {})
    assert names(trace) == ["y"]


def test_a_layer_without_a_kernel_is_named_and_what_does_not_need_it_is_run():
    steps = (
        Step("Relu", ("x",), ("a",)),
        Step("Strange", ("a",), ("b",), name="odd"),
        Step("Neg", ("b",), ("c",)),
        Step("Neg", ("c",), ("d",)),
        Step("Neg", ("a",), ("e",)),
    )
    trace = run(program(*steps), {"x": X})
    assert names(trace) == ["a", "e"]
    (cause,) = trace.causes
    assert cause.name == "odd" and "Strange" in str(cause.error)
    assert [(step.name, step.needs) for step in trace.skipped if step.error is None] == [("c", "b"), ("d", "c")]


@pytest.mark.parametrize(
    "step",
    [
        Step("Relu", ("x", "x"), ("y",)),
        Step("Relu", ("",), ("y",)),
        Step("LeakyRelu", ("x",), ("y",), {"alpha": "much"}),
        Step("LeakyRelu", ("x",), ("y",), {"beta": 1.0}),
        Step("Add", ("x", "four"), ("y",)),
        Step("MatMul", ("x", "x"), ("y",)),
        Step("Concat", (), ("y",), {"axis": 0}),
        Step("Tile", ("x", "far"), ("y",)),
        Step("Reshape", ("x", "x"), ("y",)),
        Step("BitwiseAnd", ("x", "x"), ("y",)),
        Step("If", ("x",), ("y",)),
        Step("If", ("x",), ("y",), branches=(Branch((), ()), Branch((), ()))),
    ],
    ids=lambda step: step.kernel,
)
def test_a_step_that_does_not_fit_is_left_out_with_its_reason(step):
    weights = {"four": np.ones(4, np.float32), "far": np.array([1 << 40, 1 << 40])}
    trace = run(program(step, Step("Neg", ("x",), ("z",)), weights=weights), {"x": X})
    assert names(trace) == ["z"]
    (cause,) = trace.causes
    assert isinstance(cause.error, InputError) and "\n" not in str(cause.error)


def test_a_weight_that_cannot_be_read_or_is_no_real_number_is_a_reason():
    weights = {"w": np.ones(3, np.complex64)}
    trace = run(program(Step("Add", ("x", "w"), ("y",)), weights=weights), {"x": X})
    assert "complex64" in str(trace.causes[0].error)


@pytest.mark.parametrize("holds", [True, False])
def test_one_branch_is_taken(holds):
    branches = (
        Branch((Step("Neg", ("x",), ("a",)),), ("a",)),
        Branch((Step("Relu", ("x",), ("b",)),), ("b",)),
    )
    steps = Step("If", ("flag",), ("y",), branches=branches), Step("Add", ("y", "x"), ("z",))
    trace = run(program(*steps, weights={"flag": np.array(holds)}), {"x": X})
    assert names(trace) == [*("a" if holds else "b"), "y", "z"]
    assert np.array_equal(trace.arrays["y"], -X if holds else np.maximum(X, 0))


def test_the_trace_of_a_run_is_bounded(monkeypatch):
    monkeypatch.setattr(run_module, "MOST_TRACE_BYTES", 40)
    trace = run(program(*(Step("Neg", ("x",), (name,)) for name in "abcdef")), {"x": X})
    assert names(trace) == ["a", "b", "c"] and "MiB" in str(trace.causes[0].error)


def test_inputs_are_never_changed():
    given = X.copy()
    run(program(Step("Identity", ("x",), ("y",)), Step("Softmax", ("y",), ("z",))), {"x": given})
    assert np.array_equal(given, X)


def test_steps_are_counted_as_they_are_taken():
    taken = []
    Runner(program(Step("Neg", ("x",), ("y",)), Step("Odd", ("y",), ("z",)))).run({"x": X}, lambda: taken.append(1))
    assert len(taken) == 2
