"""The flow of data through a network: stops, what leads from one to the next, and what skips some of them.

Where the file states operators, `graph_flow` finds the flow; here it is read off the tree of modules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..loaders.network import Module, Network
from .layer_volumes import Volume, layer_volume
from .style import KINDS

__all__ = ["Flow", "Skip", "Stop", "inferred_flow"]

PARALLEL = ({"query", "key", "value"}, {"q_proj", "k_proj", "v_proj"}, {"q", "k", "v"}, {"gate_proj", "up_proj"})


@dataclass(frozen=True)
class Stop:
    """A layer, or an operator with what is folded into it."""

    volume: Volume
    block: str = ""  # path of the repeated block that it belongs to
    inner: tuple[Flow, ...] = ()  # graphs inside an operator


@dataclass(frozen=True)
class Skip:
    """A connection past other stops, from one side of a stop to one side of another: -1 before it, +1 behind it."""

    source: int
    source_side: int
    target: int
    target_side: int


@dataclass
class Flow:
    """Stops in an order in which data can pass them: every edge leads to a later stop."""

    name: str = ""
    stops: list[Stop] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)


def inferred_flow(network: Network) -> Flow:
    """All layers that hold values, one after the other, but for those that work on the same input."""
    flow, before = Flow(), range(0)
    skip_start: int | None = None
    previous_block: Module | None = None
    for volumes, block in _steps(network):
        first = len(flow.stops)
        flow.stops += [Stop(volume, block.path if block else "") for volume in volumes]
        here = range(first, len(flow.stops))
        flow.edges += [(source, target) for source in before for target in here]
        if block is not previous_block:
            _end_skip(flow, skip_start, first - 1)
            skip_start, previous_block = None, block
        if block and _has_attention(block) and volumes[0].kind == "norm":
            if skip_start is not None:
                flow.skips.append(Skip(skip_start, -1, first, -1))
            skip_start = first
        before = here
    _end_skip(flow, skip_start, len(flow.stops) - 1)
    return flow


def _end_skip(flow: Flow, start: int | None, last: int) -> None:
    """The last residual connection of a block ends behind it."""
    if start is not None:
        flow.skips.append(Skip(start, -1, last, 1))


def _steps(network: Network) -> Iterator[tuple[tuple[Volume, ...], Module | None]]:
    """(layers that work side by side, their block) in the order of the flow. Explicit stack: trees may be deep."""
    stack: list[tuple[tuple[Module, ...], Module | None]] = [((network.root,), None)]
    while stack:
        side, block = stack.pop()
        module = side[0]
        if len(side) == 1 and module.children:
            block = module if module.kind == "block" else block
            own = _volume(network, module, _own_tensors(module))
            if own:
                yield (own,), block
            stack.extend((part, block) for part in reversed(_parts(module)))
            continue
        volumes = tuple(volume for part in side if (volume := _volume(network, part, range(*part.tensor_range))))
        if volumes:
            yield volumes, block


def _parts(module: Module) -> list[tuple[Module, ...]]:
    """Children in order; those that work on the same input stand together at the place of the first."""
    names = {child.name for child in module.children}
    parallel = next((group for group in PARALLEL if group <= names), set())
    together = tuple(child for child in module.children if child.name in parallel)
    parts: list[tuple[Module, ...]] = []
    for child in module.children:
        if child.name not in parallel:
            parts.append((child,))
        elif child is together[0]:
            parts.append(together)
    return parts


def _volume(network: Network, module: Module, tensors: Iterable[int]) -> Volume | None:
    """The layer; None for one that holds no values, and for what an optimizer keeps about other layers."""
    if module.kind == "optimizer":
        return None
    shapes = ((index, network.tensors.shape(index)) for index in tensors)
    return layer_volume(module.path, _kind(module), shapes)


def _kind(module: Module) -> str:
    """The kind of the first layer in a module."""
    kind = next(part.kind for part in module.walk() if not part.children)
    return kind if kind in KINDS else "other"


def _own_tensors(module: Module) -> list[int]:
    """Indices of tensors that belong to a module itself and to none of its children."""
    inside = {index for child in module.children for index in range(*child.tensor_range)}
    return [index for index in range(*module.tensor_range) if index not in inside]


def _has_attention(block: Module) -> bool:
    return any(child.kind == "attention" for child in block.children)
