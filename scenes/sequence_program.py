"""The program of layers that can only follow each other: dense ones, convolutions before them, norms between them.

The names and shapes of the tensors do not say everything: what is assumed is noted, and metadata of the file overrule
it ("activation", "padding": "same" or "valid").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..engine.runners.program import Feed, Program
from ..loaders.network import Module, Network
from .program_steps import Steps
from .strings import text

__all__ = ["sequence_program"]

ACTIVATIONS = {
    **{"elu": "Elu", "gelu": "Gelu", "leaky_relu": "LeakyRelu", "relu": "Relu", "sigmoid": "Sigmoid"},
    **{"silu": "Silu", "softplus": "Softplus", "tanh": "Tanh", "none": "", "linear": ""},
}
DENSE = 2  # axes of its weight
NORM_PARTS = {"weight", "bias", "running_mean", "running_var"}
MOST_LAYERS = 1000


@dataclass(frozen=True)
class _Layer:
    """A layer and what it takes and gives."""

    path: str
    rank: int  # axes of the weight; 1 for a norm
    inputs: int
    outputs: int
    kernel: tuple[int, ...] = ()


def sequence_program(network: Network) -> Program | None:
    """Images or vectors -> what the last layer gives; None where the layers do not simply follow each other."""
    modules = [module for module in network.root.walk() if not module.children and module.kind != "optimizer"]
    if not 1 <= len(modules) <= MOST_LAYERS:
        return None
    layers = [_layer(network, module) for module in modules]
    known = [layer for layer in layers if layer is not None]
    if len(known) < len(layers) or not _is_chain(known):
        return None
    activation = ACTIVATIONS.get(network.metadata.get("activation", "relu").lower())
    padding = network.metadata.get("padding", "same")
    if activation is None or padding not in ("same", "valid"):
        return None
    steps = Steps(network)
    _note(steps, known)
    value = _all(steps, known, activation, padding)
    places: tuple[str, ...] = ("width",) if known[0].rank == 3 else ("height", "width", "depth")[: known[0].rank - 2]
    feed = Feed("input", ("n", known[0].inputs, *places))
    return steps.program((feed,), value)


def _layer(network: Network, module: Module) -> _Layer | None:
    tensors = {t.name.removeprefix(module.path).lstrip("."): t for t in network.tensors[slice(*module.tensor_range)]}
    tensors.pop("num_batches_tracked", None)
    weight = tensors.get("weight")
    if weight is None or not module.path:
        return None
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    if set(shapes) == NORM_PARTS and len(set(shapes.values())) == 1 and len(weight.shape) == 1:
        return _Layer(module.path, 1, weight.shape[0], weight.shape[0])
    if not set(shapes) <= {"weight", "bias"} or not DENSE <= len(weight.shape) <= 5:
        return None
    if "bias" in shapes and shapes["bias"] != weight.shape[:1]:
        return None
    return _Layer(module.path, len(weight.shape), weight.shape[1], weight.shape[0], weight.shape[2:])


def _is_chain(layers: Sequence[_Layer]) -> bool:
    """Whether each layer takes what the one before it gives; behind convolutions also all places of each channel."""
    if layers[0].rank == 1 or not any(layer.rank > 1 for layer in layers):
        return False
    rank = layers[0].rank
    for before, layer in zip(layers, layers[1:], strict=False):
        flattened = rank > DENSE and layer.rank == DENSE
        fits = layer.inputs % before.outputs == 0 if flattened else layer.inputs == before.outputs
        if not fits or layer.rank not in (1, rank, DENSE):
            return False
        rank = rank if layer.rank == 1 else layer.rank
    return True


def _note(steps: Steps, layers: Sequence[_Layer]) -> None:
    metadata = steps.network.metadata
    if "activation" not in metadata and len(layers) > 1:
        steps.notes.append(text("run.note.activation"))
    if "padding" not in metadata and any(layer.kernel for layer in layers):
        steps.notes.append(text("run.note.padding"))


def _all(steps: Steps, layers: Sequence[_Layer], activation: str, padding: str) -> str:
    value, rank = "input", layers[0].rank
    for number, layer in enumerate(layers):
        if rank > DENSE and layer.rank == DENSE:
            value = steps.add("Flatten", f"{layer.path}.flattened", layer.path, value, axis=1)
        rank = rank if layer.rank == 1 else layer.rank
        if layer.rank == 1:
            parts = (steps.tensor(f"{layer.path}.{part}") for part in ("weight", "bias", "running_mean", "running_var"))
            value = steps.add("BatchNormalization", layer.path, layer.path, value, *parts, epsilon=1e-5)
        elif layer.rank == DENSE:
            value = steps.layer("Linear", layer.path, value)
        else:
            auto_pad = "SAME_UPPER" if padding == "same" else "VALID"
            value = steps.layer("Conv", layer.path, value, auto_pad=auto_pad)
        is_followed = number + 1 < len(layers)
        if activation and is_followed and layers[number + 1].rank > 1:
            value = steps.add(activation, f"{layer.path}.{activation.lower()}", layer.path, value)
    return value
