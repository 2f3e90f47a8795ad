"""The demo model: it opens, is made as its names say, is small, and reads digits that it never saw."""

import importlib.util

import numpy as np
import pytest
from tensornaut.loaders.open import open_network

KILOBYTE, MEGABYTE = 1_000, 1_000_000
KINDS = {
    "stem.conv1": "conv",
    "stem.conv2": "conv",
    "stem.conv3": "conv",
    "position_embedding": "embedding",
    "blocks.0.norm1": "norm",
    "blocks.0.attention.query": "attention",
    "blocks.0.attention.key": "attention",
    "blocks.0.attention.value": "attention",
    "blocks.0.attention.projection": "attention",
    "blocks.0.norm2": "norm",
    "blocks.0.mlp.expand": "linear",
    "blocks.0.mlp.contract": "linear",
    "norm": "norm",
    "classifier": "output",
}


@pytest.fixture(scope="module")
def demo(checkout):
    """Folder of the demo model's files."""
    return checkout / "assets" / "demo"


@pytest.fixture(scope="module")
def checkpoints(demo):
    """All checkpoints as networks, in the order of the training."""
    return [open_network(path) for path in sorted((demo / "checkpoints").iterdir())]


@pytest.fixture(scope="module")
def script(checkout):
    """The training script as a module. Skips where its torch is missing."""
    pytest.importorskip("torch", reason="building the demo model needs torch (pip install torch)")
    spec = importlib.util.spec_from_file_location("train_demo", checkout / "tests" / "train_demo.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shapes(network):
    return {tensor.name: tensor.shape for tensor in network.tensors}


def test_layers_stand_in_the_order_of_the_flow_with_their_kinds(demo):
    network = open_network(demo / "digits.safetensors")
    assert network.structure == "inferred"
    assert [(module.path, module.kind) for module in network.root.walk() if not module.children] == [*KINDS.items()]
    assert [module.path for module in network.root.walk() if module.kind == "block"] == ["blocks.0"]


def test_the_model_says_what_it_is(demo):
    metadata = open_network(demo / "digits.safetensors").metadata
    assert metadata["name"] == "digits"
    assert metadata["description"] == "Handwritten digits, 8 x 8, 10 classes"
    assert 0.95 < float(metadata["held_back_accuracy"]) <= 1


def test_files_are_small(demo):
    sizes = {path.name: path.stat().st_size for path in demo.rglob("*") if path.is_file()}
    steps = [size for name, size in sizes.items() if name.startswith("step-")]
    assert max(sizes["digits.safetensors"], sizes["digits.onnx"]) <= 300 * KILOBYTE
    assert len(steps) >= 12 and sum(steps) <= 2 * MEGABYTE
    assert sizes["digits_samples.npz"] <= 10 * KILOBYTE


def test_all_checkpoints_hold_the_tensors_of_the_model(demo, checkpoints):
    expected = shapes(open_network(demo / "digits.safetensors"))
    assert all(shapes(network) == expected for network in checkpoints)
    steps = [int(network.metadata["step"]) for network in checkpoints]
    assert steps[0] == 0 and steps == sorted(set(steps))


def test_the_last_checkpoint_is_the_model_in_half_precision(demo, checkpoints):
    last = {tensor.name: tensor.values() for tensor in checkpoints[-1].tensors}
    for tensor in open_network(demo / "digits.safetensors").tensors:
        assert np.array_equal(tensor.values().astype(np.float16), last[tensor.name]), tensor.name


def test_training_changed_every_matrix(checkpoints):
    first, last = ({tensor.name: tensor.values() for tensor in checkpoints[k].tensors} for k in (0, -1))
    for name, values in last.items():
        if values.ndim > 1:
            assert np.abs(values - first[name]).max() > 0.05, name


def test_samples_are_two_images_of_each_digit(demo):
    samples = np.load(demo / "digits_samples.npz", allow_pickle=False)
    assert samples["images"].shape == (20, 8, 8) and samples["images"].dtype == np.uint8
    assert 8 < samples["images"].max() <= 16
    assert np.bincount(samples["labels"]).tolist() == [2] * 10


@pytest.fixture(scope="module")
def model(demo, script):
    """The network in torch with the shipped weights, as Tensornaut reads them."""
    import torch

    built = script.Digits()
    tensors = open_network(demo / "digits.safetensors").tensors
    built.load_state_dict({tensor.name: torch.from_numpy(tensor.values().copy()) for tensor in tensors})
    return built


def test_the_shipped_weights_read_the_shipped_samples(demo, script, model):
    import torch

    samples = np.load(demo / "digits_samples.npz", allow_pickle=False)
    images = torch.from_numpy(samples["images"][:, None].astype(np.float32) / script.BRIGHTEST)
    assert script.accuracy(model, images, torch.from_numpy(samples["labels"])) >= 0.9


def test_the_shipped_weights_read_more_than_95_percent_of_the_images_held_back(demo, script, model):
    pytest.importorskip("sklearn", reason="the images held back come with scikit-learn (pip install scikit-learn)")
    _, _, images, labels = script.split()
    right = script.accuracy(model, images, labels)
    stated = float(open_network(demo / "digits.safetensors").metadata["held_back_accuracy"])
    assert len(images) == script.HELD_BACK
    assert right > 0.95 and right == pytest.approx(stated, abs=1e-3)


def test_the_onnx_file_gives_the_same_logits(demo, script, model):
    onnxruntime = pytest.importorskip("onnxruntime", reason="running the ONNX file needs onnxruntime")
    import torch

    samples = np.load(demo / "digits_samples.npz", allow_pickle=False)
    images = samples["images"][:, None].astype(np.float32) / script.BRIGHTEST
    session = onnxruntime.InferenceSession(demo / "digits.onnx")
    for count in (1, len(images)):
        (logits,) = session.run(["logits"], {"image": images[:count]})
        with torch.no_grad():
            expected = model(torch.from_numpy(images[:count])).numpy()
        assert np.allclose(logits, expected, atol=1e-5)


def test_the_onnx_file_holds_the_same_weights(demo):
    onnx = pytest.importorskip("onnx", reason="reading the ONNX file needs onnx until Tensornaut does it")
    stored = {
        value.name: onnx.numpy_helper.to_array(value) for value in onnx.load(demo / "digits.onnx").graph.initializer
    }
    for tensor in open_network(demo / "digits.safetensors").tensors:
        assert np.array_equal(stored[tensor.name], tensor.values()), tensor.name
