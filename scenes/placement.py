"""Placement: where the layers of a network stand. Data flows along +x; what runs side by side stands side by side in z.

The world's floor is y = 0. The result is plain numbers; network_scene turns it into nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from ..loaders.network import Module, Network
from .layer_volumes import Tray, Volume, layer_volume
from .style import KINDS

__all__ = ["Arc", "Layout", "Placed", "Plate", "place"]

MATRIX_GAP = 15.0  # from layer to layer
MEMBER_GAP = 11.0  # between layers of one block
SIDE_GAP = 10.0  # between layers side by side
BLOCK_GAP = 22.0
BLOCK_MARGIN = 7.0
PARALLEL = ({"query", "key", "value"}, {"q_proj", "k_proj", "v_proj"}, {"q", "k", "v"}, {"gate_proj", "up_proj"})


@dataclass(frozen=True)
class Placed:
    """A layer and the place of its middle."""

    volume: Volume
    x: float
    z: float
    block: int = -1  # index of its plate
    stage: int = 0  # layers with the same stage stand side by side


@dataclass(frozen=True)
class Plate:
    """A repeated block: the ground under its layers."""

    path: str
    number: int  # 1, 2, ...
    x0: float
    x1: float
    z0: float
    z1: float


@dataclass(frozen=True)
class Arc:
    """A connection that skips layers, from x to x along the middle."""

    x0: float
    x1: float


@dataclass
class Layout:
    """All places of a network."""

    layers: list[Placed] = field(default_factory=list)
    plates: list[Plate] = field(default_factory=list)
    arcs: list[Arc] = field(default_factory=list)

    @property
    def stages(self) -> list[list[Placed]]:
        """Layers in the order of the flow, those side by side together."""
        found: dict[int, list[Placed]] = {}
        for layer in self.layers:
            found.setdefault(layer.stage, []).append(layer)
        return [found[stage] for stage in sorted(found)]

    def trays(self) -> Iterator[tuple[int, Placed, Tray]]:
        """(index of the layer, the layer, its tray) of all trays, in order."""
        for number, layer in enumerate(self.layers):
            for tray in layer.volume.trays:
                yield number, layer, tray


@dataclass(frozen=True)
class _Step:
    """Layers that stand side by side, and the block that they belong to."""

    volumes: tuple[Volume, ...]
    block: Module | None


def place(network: Network) -> Layout:
    """Places of all layers that hold values."""
    layout = Layout()
    x, open_block, block_start, skip_start = 0.0, None, 0.0, None
    stage = 0
    for step in _steps(network):
        if step.block is not open_block:
            _close_block(layout, open_block, block_start, x, skip_start)
            skip_start = None
            x += BLOCK_GAP + (BLOCK_MARGIN if step.block else 0.0) if layout.layers else 0.0
            open_block, block_start = step.block, x
        elif layout.layers:
            x += MEMBER_GAP if step.block else MATRIX_GAP
        width = max(volume.bounds[2] - volume.bounds[0] for volume in step.volumes)
        if step.block and _has_attention(step.block) and step.volumes[0].kind == "norm":
            if skip_start is not None:
                layout.arcs.append(Arc(skip_start, x - MEMBER_GAP / 2))
            skip_start = x - MEMBER_GAP / 2
        depth = sum(volume.bounds[3] - volume.bounds[1] for volume in step.volumes)
        z = -(depth + SIDE_GAP * (len(step.volumes) - 1)) / 2
        for volume in step.volumes:
            x0, z0, _, z1 = volume.bounds
            block = len(layout.plates) if step.block else -1
            layout.layers.append(Placed(volume, x - x0, z - z0, block, stage))
            z += z1 - z0 + SIDE_GAP
        x += width
        stage += 1
    _close_block(layout, open_block, block_start, x, skip_start)
    return layout


def _close_block(layout: Layout, block: Module | None, x0: float, x1: float, skip_start: float | None) -> None:
    """Lays the plate under a block that ends at x1, and ends its last skip connection there."""
    if block is None:
        return
    members = list(takewhile(lambda layer: layer.block == len(layout.plates), reversed(layout.layers)))
    z0 = min(layer.z + layer.volume.bounds[1] for layer in members) - BLOCK_MARGIN
    z1 = max(layer.z + layer.volume.bounds[3] for layer in members) + BLOCK_MARGIN
    number = len(layout.plates) + 1
    layout.plates.append(Plate(block.path, number, x0 - BLOCK_MARGIN, x1 + BLOCK_MARGIN, z0, z1))
    if skip_start is not None:
        layout.arcs.append(Arc(skip_start, x1 + MEMBER_GAP / 2))


def _steps(network: Network) -> Iterator[_Step]:
    """Layers in the order of the flow, grouped into those that work side by side. Explicit stack: trees may be deep."""
    stack: list[tuple[tuple[Module, ...], Module | None]] = [((network.root,), None)]
    while stack:
        side, block = stack.pop()
        module = side[0]
        if len(side) == 1 and module.children:
            block = module if module.kind == "block" else block
            own = _volume(network, module, _own_tensors(module))
            if own:
                yield _Step((own,), block)
            stack.extend((part, block) for part in reversed(_parts(module)))
            continue
        volumes = tuple(volume for part in side if (volume := _volume(network, part, range(*part.tensor_range))))
        if volumes:
            yield _Step(volumes, block)


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
    if module.kind == "optimizer":
        return None
    shapes = ((index, network.tensors[index].shape) for index in tensors)
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
