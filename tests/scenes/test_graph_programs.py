"""Programs of ONNX graphs: all versions of its vocabulary, graphs inside operators, and the models of ../shared."""

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tensornaut.engine.runners.feeding import made
from tensornaut.engine.runners.run import Runner, run
from tensornaut.loaders.open import open_network
from tensornaut.scenes.programs import program_of

onnxruntime = pytest.importorskip("onnxruntime", reason="comparing needs onnxruntime (pip install onnxruntime)")

MODELS = Path(os.environ.get("TENSORNAUT_MODELS") or Path(__file__).resolve().parents[3] / "shared" / "models")
RUN = {  # models of the folder: operators that are left out
    "Linzaer+Ultra-Light-Fast-Generic-Face-Detector-1MB/models/onnx/version-slim-320.onnx": set(),
    "breizhn+DTLN/pretrained_model/model_1.onnx": set(),
    "google+magika/assets/models/standard_v3_3/model.onnx": set(),
    "onnx+onnx/onnx/backend/test/data/light/light_densenet121.onnx": set(),
    "onnx+onnx/onnx/backend/test/data/light/light_resnet50.onnx": set(),
    "onnx+onnx/onnx/backend/test/data/light/light_squeezenet.onnx": set(),
    "snakers4+silero-vad/src/silero_vad/data/silero_vad_16k_op15.onnx": set(),
    "spotify+basic-pitch/basic_pitch/saved_models/icassp_2022/nmp.onnx": set(),
    "fastmachinelearning+qonnx_model_zoo/models/MNIST/Brevitas_FINN_TFC/TFC/TFC_2W2A.onnx": {"Quant"},
}
GIVEN = {  # inputs that a model cannot take at random
    "input": lambda shape: (
        np.random.default_rng(0).normal(0, 0.1, (1, 576)).astype(np.float32) if len(shape) == 2 else None
    ),
    "sr": lambda shape: np.array(16000),
    "bytes": lambda shape: np.random.default_rng(0).integers(0, 256, (1, 2048)).astype(np.int32),
}


def answers(model, feeds):
    """What onnxruntime gives for every value of the main graph, by name."""
    known = {output.name for output in model.graph.output}
    more = [name for node in model.graph.node for name in node.output if name and name not in known]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in dict.fromkeys(more))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return dict(zip([output.name for output in model.graph.output], session.run(None, feeds), strict=True))


def compare(trace, expected, tolerance=1e-4):
    """Every output that onnxruntime has too; relative to the largest number of each."""
    compared = 0
    for output in trace.outputs:
        if output.name not in expected:
            continue
        found, wanted = output.array, expected[output.name]
        assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype), output.name
        if wanted.dtype.kind == "f":
            finite = np.isfinite(wanted)
            assert np.array_equal(np.isfinite(found), finite), output.name
            scale = np.abs(wanted[finite]).max(initial=1e-30)
            assert np.abs(found[finite] - wanted[finite]).max(initial=0) <= tolerance * scale, output.name
        else:
            assert np.array_equal(found, wanted), output.name
        compared += 1
    return compared


@pytest.mark.parametrize("path", RUN, ids=lambda path: path.rpartition("/")[2])
def test_every_layer_of_real_models_equals_onnxruntime(path):
    if not (MODELS / path).is_file():
        pytest.skip("the models are not here; set TENSORNAUT_MODELS")
    program = program_of(open_network(MODELS / path))
    feeds = {}
    for feed in program.inputs:
        given = GIVEN.get(feed.name, lambda shape: None)(feed.shape)
        feeds[feed.name] = made(feed, 0) if given is None else given
    trace = Runner(program, compiled=True).run(feeds)
    assert {cause.kernel for cause in trace.causes} == RUN[path]
    if not trace.causes:
        assert compare(trace, answers(onnx.load(MODELS / path), feeds)) > 0.5 * len(trace.outputs)
        assert set(program.outputs) <= set(trace.arrays)


# What the vocabulary meant in older versions


@pytest.fixture
def both(tmp_path):
    """both(nodes, inputs, ...): the trace, after comparing it with onnxruntime; `inner` values are ours alone."""

    def check(nodes, inputs, weights=(), opset=17, inner=0):
        names = {name for node in nodes for name in node.input}
        last = [name for node in nodes for name in node.output if name not in names]
        graph = helper.make_graph(
            nodes,
            "g",
            [
                helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
                for name, x in inputs.items()
            ],
            [onnx.ValueInfoProto(name=name) for name in last],
            [numpy_helper.from_array(array, name) for name, array in dict(weights).items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        path = tmp_path / "model.onnx"
        path.write_bytes(model.SerializeToString())
        trace = run(program_of(open_network(path)), inputs)
        assert not trace.skipped, [str(cause.error) for cause in trace.causes]
        assert compare(trace, answers(model, inputs), 1e-5) == len(trace.outputs) - inner
        return trace

    return check


def node(kind, inputs, outputs, **settings):
    return helper.make_node(kind, inputs.split(" "), outputs.split(" "), **settings)


X = {"x": np.random.default_rng(0).standard_normal((2, 3, 4, 6), np.float32)}


@pytest.mark.parametrize(
    "nodes, opset",
    [
        ([node("Clip", "x", "y", min=-0.5, max=0.5)], 6),
        ([node("Pad", "x", "y", pads=[0, 0, 1, 0, 0, 0, 0, 2], value=3.0)], 2),
        ([node("Slice", "x", "y", starts=[1, -3], ends=[9, 9], axes=[1, 3])], 9),
        ([node("Slice", "x", "y", starts=[1, 1], ends=[2, 3])], 9),
        ([node("Split", "x", "a b", axis=3, split=[2, 4])], 11),
        ([node("Split", "x", "a b c", axis=1)], 11),
        (
            [node("Unsqueeze", "x", "a", axes=[0, 2]), node("Squeeze", "a", "b", axes=[0]), node("Squeeze", "b", "c")],
            11,
        ),
        ([node("ReduceSum", "x", "y", axes=[1, 2], keepdims=0)], 11),
        ([node("ReduceMean", "x", "y", axes=[-1])], 17),
        ([node("Softmax", "x", "y")], 9),
        ([node("LogSoftmax", "x", "y", axis=2)], 11),
        ([node("Softmax", "x", "y")], 13),
        ([node("TopK", "x", "a b", k=2)], 9),
        ([node("Upsample", "x", "y", mode="nearest", scales=[1.0, 1.0, 2.0, 3.0])], 7),
        ([node("Dropout", "x", "y", ratio=0.5)], 7),
        ([node("Dropout", "x", "y")], 13),
        ([node("Cast", "x", "y", to=TensorProto.INT64)], 13),
        ([node("Shape", "x", "s"), node("ConstantOfShape", "s", "y")], 9),
        ([node("Constant", "", "c", value_floats=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), node("Add", "x c", "y")], 13),
        ([node("Constant", "", "c", value_int=3), node("Shape", "x", "s"), node("Mul", "s c", "y")], 13),
        ([node("Transpose", "x", "y"), node("Flatten", "y", "z", axis=2)], 13),
    ],
    ids=lambda value: value[0].op_type if isinstance(value, list) else str(value),
)
def test_older_versions_of_an_operator(both, nodes, opset):
    both(nodes, X, opset=opset)


@pytest.mark.parametrize("opset", [10, 13])
def test_resize(both, opset):
    scales = {"s": np.array([1, 1, 2, 0.5], np.float32)}
    both([node("Resize", "x s" if opset == 10 else "x  s", "y", mode="nearest")], X, scales, opset=opset)


def test_operators_in_any_order(tmp_path):
    graph = helper.make_graph(
        [node("Neg", "a", "y"), node("Relu", "x", "a")],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])],
    )
    path = tmp_path / "model.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    trace = run(program_of(open_network(path)), {"x": np.array([1, -1], np.float32)})
    assert trace.arrays["y"].tolist() == [-1, 0] and not trace.skipped


def test_operators_in_a_circle_are_left_out(tmp_path):
    graph = helper.make_graph(
        [node("Add", "x b", "a"), node("Neg", "a", "b"), node("Relu", "x", "y")],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    path = tmp_path / "model.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    trace = run(program_of(open_network(path)), {"x": np.ones(1, np.float32)})
    assert list(trace.arrays) == ["y"] and [step.name for step in trace.skipped] == ["a", "b"]


@pytest.mark.parametrize("holds", [True, False])
def test_branches_use_names_of_their_own_and_of_outside(both, holds):
    """Both have a weight and a value of the same names."""

    def branch(name, kind, number):
        return helper.make_graph(
            [node("Mul", "x w", "inner"), node(kind, "inner", "out")],
            name,
            [],
            [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
            [numpy_helper.from_array(np.array(number, np.float32), "w")],
        )

    choice = helper.make_node(
        "If", ["flag"], ["y"], then_branch=branch("t", "Relu", 2), else_branch=branch("e", "Neg", 3)
    )
    trace = both([choice, node("Neg", "y", "z")], {**X, "flag": np.array(holds)}, inner=2)
    expected = np.maximum(2 * X["x"], 0) if holds else -3 * X["x"]
    assert np.array_equal(trace.arrays["z"], -expected)


def test_a_strange_operator_is_named_and_the_rest_is_run(tmp_path):
    nodes = [
        node("Relu", "x", "a"),
        helper.make_node("Whirl", ["a"], ["b"], name="the_whirl", domain="strange.domain"),
        node("Neg", "b", "c"),
        node("Neg", "a", "d"),
    ]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])], [])
    graph.output.extend([onnx.ValueInfoProto(name="c"), onnx.ValueInfoProto(name="d")])
    path = tmp_path / "model.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    trace = run(program_of(open_network(path)), {"x": np.ones(1, np.float32)})
    assert list(trace.arrays) == ["a", "d"]
    assert [(cause.name, "strange.domain:Whirl" in str(cause.error)) for cause in trace.causes] == [("the_whirl", True)]
    assert len(trace.skipped) == 2
