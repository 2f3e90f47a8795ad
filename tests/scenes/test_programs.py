"""Programs of networks: they give what onnxruntime, torch and published values say, and name the flow's layers."""

import importlib.util

import numpy as np
import pytest
from tensornaut.engine.runners.run import Runner, run
from tensornaut.loaders.open import open_network
from tensornaut.scenes.flow import inferred_flow
from tensornaut.scenes.graph_flow import graph_flow
from tensornaut.scenes.programs import layer_outputs, program_of

MANY = 100  # inputs


@pytest.fixture(scope="module", params=["digits.onnx", "digits.safetensors"])
def demo(request, checkout):
    """The demo model."""
    return open_network(checkout / "assets" / "demo" / request.param)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((MANY, 1, 8, 8), np.float32)


@pytest.mark.parametrize("compiled", [False, True])
def test_the_demo_model_equals_onnxruntime(demo, images, compiled, checkout):
    onnxruntime = pytest.importorskip("onnxruntime", reason="comparing needs onnxruntime (pip install onnxruntime)")
    session = onnxruntime.InferenceSession(checkout / "assets" / "demo" / "digits.onnx")
    (expected,) = session.run(["logits"], {"image": images})
    runner = Runner(program_of(demo), compiled)
    for k in range(MANY):  # one by one, as a drawing pad does it
        trace = runner.run({"image": images[k]})
        np.testing.assert_allclose(trace.arrays["logits"][0], expected[k], rtol=0, atol=1e-5)
        assert not trace.skipped


def test_the_demo_model_equals_torch(demo, images, checkout):
    torch = pytest.importorskip("torch", reason="comparing needs torch (pip install torch)")
    spec = importlib.util.spec_from_file_location("train_demo", checkout / "tests" / "train_demo.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    model = script.Digits()
    tensors = open_network(checkout / "assets" / "demo" / "digits.safetensors").tensors
    model.load_state_dict({tensor.name: torch.from_numpy(tensor.values().copy()) for tensor in tensors})
    seen = {}
    for name, part in model.named_modules():
        part.register_forward_hook(lambda _, __, output, name=name: seen.update({name: output.numpy()}))
    with torch.no_grad():
        expected = model(torch.from_numpy(images)).numpy()
    arrays = run(program_of(demo), {"image": images}).arrays
    np.testing.assert_allclose(arrays["logits"], expected, rtol=0, atol=1e-5)
    for name in (
        "stem.conv1",
        "stem.conv3",
        "blocks.0.norm1",
        "blocks.0.attention.query",
        "blocks.0.mlp.expand",
        "norm",
    ):
        found = arrays[name].reshape(seen[name].shape)
        np.testing.assert_allclose(found, seen[name], rtol=1e-5, atol=1e-5, err_msg=name)


def test_every_layer_of_the_demo_model_shows_what_it_gave(demo, images):
    flow = graph_flow(demo) if demo.structure == "graph" else inferred_flow(demo)
    outputs = layer_outputs(demo, flow.stops, run(program_of(demo), {"image": images[:1]}))
    given = {stop.volume.path: [output.name for output in own] for stop, own in zip(flow.stops, outputs, strict=True)}
    for stop, own in zip(flow.stops, outputs, strict=True):
        assert own or stop.volume.kind == "input"
        assert all(output.layer == stop.volume.path for output in own)
    assert given["stem.conv1"] == ["stem.conv1", "stem.relu1"]
    assert given["classifier"] == ["logits"]
