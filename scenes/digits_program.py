"""The program of the demo model, which is known by the names and shapes of its tensors. Values are named as in its
ONNX file."""

from __future__ import annotations

from ..engine.runners.program import Feed, Program
from ..loaders.network import Network
from .program_steps import Steps, shapes_of

__all__ = ["digits_program"]

HEADS = 3
SIDE = 8  # pixels
STRIDES = {"stem.conv1": 1, "stem.conv2": 2, "stem.conv3": 1}
KNOWN = {  # what tells the model; the rest follows
    "stem.conv1.weight": (16, 1, 3, 3),
    "stem.conv2.weight": (48, 16, 3, 3),
    "stem.conv3.weight": (48, 48, 3, 3),
    "position_embedding.weight": (16, 48),
    "blocks.0.attention.query.weight": (48, 48),
    "blocks.0.mlp.expand.weight": (192, 48),
    "classifier.weight": (10, 48),
}
BLOCK = "blocks.0"


def digits_program(network: Network) -> Program | None:
    """Images (n, 1, 8, 8), 0 black to 1 white -> logits (n, 10); None for another network."""
    shapes = shapes_of(network)
    if any(shapes.get(name) != shape for name, shape in KNOWN.items()):
        return None
    steps = Steps(network)
    value = "image"
    for path, stride in STRIDES.items():
        value = steps.layer("Conv", path, value, kernel_shape=(3, 3), pads=(1, 1, 1, 1), strides=(stride, stride))
        value = steps.add("Relu", path.replace("conv", "relu"), path, value)
    place = "position_embedding"
    value = steps.reshape("tokens.split", place, value, 0, 0, -1)
    value = steps.add("Transpose", "tokens", place, value, perm=(0, 2, 1))
    value = steps.add("Add", place, place, value, steps.tensor(f"{place}.weight"))
    value = _block(steps, value)
    value = steps.add("ReduceMean", "pool", "norm", value, steps.constant("pool.axes", [1]), keepdims=0)
    value = steps.layer("LayerNormalization", "norm", value, epsilon=1e-5)
    steps.layer("Linear", "classifier", value, "logits")
    return steps.program((Feed("image", ("n", 1, SIDE, SIDE)),), "logits")


def _block(steps: Steps, value: str) -> str:
    """Attention and MLP, each added to what came in: (n, tokens, width) -> the same shape."""
    attended = _attention(steps, steps.layer("LayerNormalization", f"{BLOCK}.norm1", value, epsilon=1e-5))
    value = steps.add("Add", f"{BLOCK}.attention.add", f"{BLOCK}.attention.projection", value, attended)
    normed = steps.layer("LayerNormalization", f"{BLOCK}.norm2", value, epsilon=1e-5)
    expanded = steps.layer("Linear", f"{BLOCK}.mlp.expand", normed)
    expanded = steps.add("Relu", f"{BLOCK}.mlp.relu", f"{BLOCK}.mlp.expand", expanded)
    contracted = steps.layer("Linear", f"{BLOCK}.mlp.contract", expanded)
    return steps.add("Add", f"{BLOCK}.mlp.add", f"{BLOCK}.mlp.contract", value, contracted)


def _attention(steps: Steps, value: str) -> str:
    path = f"{BLOCK}.attention"
    query, key, mixed_in = (
        steps.heads(f"{path}.{part}.heads", f"{path}.{part}", steps.layer("Linear", f"{path}.{part}", value), HEADS)
        for part in ("query", "key", "value")
    )
    where = f"{path}.projection"
    turned = steps.add("Transpose", f"{path}.key.turned", f"{path}.key", key, perm=(0, 1, 3, 2))
    scores = steps.add("MatMul", f"{path}.scores", where, query, turned)
    scale = steps.constant(f"{path}.scale", (48 // HEADS) ** -0.5)
    weights = steps.add("Softmax", f"{path}.softmax", where, steps.add("Mul", f"{path}.scaled", where, scores, scale))
    mixed = steps.add("MatMul", f"{path}.mixed", where, weights, mixed_in)
    joined = steps.add("Transpose", f"{path}.joined", where, mixed, perm=(0, 2, 1, 3))
    return steps.layer("Linear", where, steps.reshape(f"{path}.rows", where, joined, 0, 0, -1))
