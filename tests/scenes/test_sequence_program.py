"""Programs of layers that can only follow each other, and what is assumed where the file does not say it."""

import numpy as np
import pytest
from safetensors.numpy import save_file
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.runners.run import run
from tensornaut.loaders.open import open_network
from tensornaut.scenes.programs import program_of


def dense(*sizes, named="layers.{}"):
    random = np.random.default_rng(0)
    tensors = {}
    for k, (inputs, outputs) in enumerate(zip(sizes, sizes[1:], strict=False)):
        tensors[f"{named.format(k)}.weight"] = random.standard_normal((outputs, inputs), np.float32)
        tensors[f"{named.format(k)}.bias"] = random.standard_normal(outputs, np.float32)
    return tensors


def test_dense_layers_that_follow_each_other_are_run_with_what_is_assumed(tmp_path):
    path, tensors = tmp_path / "dense.safetensors", dense(4, 6, 3)
    save_file(tensors, path)
    program = program_of(open_network(path))
    x = np.random.default_rng(1).standard_normal((5, 4), np.float32)
    arrays = run(program, {"input": x}).arrays
    hidden = np.maximum(x @ tensors["layers.0.weight"].T + tensors["layers.0.bias"], 0)
    np.testing.assert_allclose(
        arrays["layers.1"], hidden @ tensors["layers.1.weight"].T + tensors["layers.1.bias"], 1e-5
    )
    assert len(program.notes) == 1 and "Relu" in program.notes[0]
    save_file(tensors, path, {"activation": "tanh"})
    program = program_of(open_network(path))
    assert program.notes == () and [step.kernel for step in program.steps] == ["Linear", "Tanh", "Linear"]


def test_convolutions_norms_and_a_dense_layer(tmp_path):
    random = np.random.default_rng(0)
    tensors = {
        "layers.0.weight": random.standard_normal((4, 1, 3, 3), np.float32),
        **{f"layers.1.{part}": np.ones(4, np.float32) for part in ("weight", "bias", "running_mean", "running_var")},
        "layers.2.weight": random.standard_normal((3, 4 * 5 * 5), np.float32),
    }
    path = tmp_path / "conv.safetensors"
    save_file(tensors, path)
    program = program_of(open_network(path))
    trace = run(program, {"input": np.ones((2, 1, 5, 5), np.float32)})
    assert trace.arrays["layers.2"].shape == (2, 3) and not trace.skipped
    assert [step.kernel for step in program.steps] == ["Conv", "BatchNormalization", "Relu", "Flatten", "Linear"]


@pytest.mark.parametrize(
    "tensors",
    [
        dense(4, 6, 3) | dense(4, 2, named="other.{}"),
        {"a.weight": np.ones((3, 4), np.float32), "b.weight": np.ones((2, 4), np.float32)},
        {"table": np.ones((3, 4), np.float32)},
    ],
)
def test_what_is_not_known_is_said(tensors, tmp_path):
    path = tmp_path / "unknown.safetensors"
    save_file(tensors, path)
    with pytest.raises(InputError, match="ONNX"):
        program_of(open_network(path))
