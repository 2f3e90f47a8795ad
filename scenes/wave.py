"""The wave of light that a run sends through its network: where it is at a time, and how bright each layer is then.

A place in the wave is a number of stages: layers side by side share one, and each takes the same time. Everything here
is a function of the layout and that number alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .placement import Layout

__all__ = ["STAGE_S", "Front", "Lights", "Wave"]

STAGE_S = 0.18  # that the light takes through a stage
MARGIN = 7.0  # world units that the sheet of light reaches beyond what stands in its row
BEFORE, AFTER = 12.0, 20.0  # where the light enters and leaves the network, world units from its ends
AHEAD, BEHIND = 0.10, 0.66  # brightness of data; 1 in the light itself
AHEAD_INK, BEHIND_INK = 0.24, 0.80
FRAME_AHEAD = 0.30


@dataclass(frozen=True, eq=False)
class Lights:
    """Factors by layer."""

    data: np.ndarray  # (layers,) float64
    frames: np.ndarray  # (layers,) float64, of glass
    passed: np.ndarray  # (layers,) float64: 0 the light has not come, 1 it has passed


@dataclass(frozen=True)
class Front:
    """The sheet of light: a rectangle across the flow."""

    x: float
    z0: float
    z1: float
    top: float
    begin_x: float  # where its row begins: the trail reaches no farther back
    layer: int  # that it passes, -1 before the first


@dataclass(frozen=True)
class _Stage:
    layers: tuple[int, ...]
    x0: float  # half way to the stage before
    x1: float
    row: int


class Wave:
    """The way of the light through a layout. `ran`: whether each layer gave anything; light stops short of others."""

    def __init__(self, layout: Layout, ran: Sequence[bool], ink: bool) -> None:
        self._layers, self._ink = len(layout.layers), ink
        self._ran = np.array(ran, bool)
        self.stages, self._rows = _stages(layout)

    @property
    def length(self) -> float:
        """Stages that the light passes."""
        return float(len(self.stages))

    def front(self, place: float) -> Front | None:
        """Where the light is; None before it starts and once it has left the network."""
        if not 0.0 <= place < self.length:
            return None
        stage = self.stages[int(place)]
        x = stage.x0 + (stage.x1 - stage.x0) * (place - int(place))
        z0, z1, top, begin_x = self._rows[stage.row]
        return Front(x, z0, z1, top, begin_x, stage.layers[0])

    def place_at(self, x: float, z: float) -> float:
        """When the light passes a place of the floor plan; 0 where it does not."""
        for number, stage in enumerate(self.stages):
            z0, z1, _, _ = self._rows[stage.row]
            if stage.x0 <= x <= stage.x1 and z0 <= z <= z1:
                return number + (x - stage.x0) / (stage.x1 - stage.x0)
        return 0.0

    def lights(self, place: float) -> Lights:
        """Brightness of all layers with the light at a place."""
        passed = np.ones(self._layers)
        for number, stage in enumerate(self.stages):
            passed[list(stage.layers)] = min(max(place - number, 0.0), 1.0)
        ahead, behind = (AHEAD_INK, BEHIND_INK) if self._ink else (AHEAD, BEHIND)
        ease = passed * passed * (3 - 2 * passed)
        data = ahead + (behind - ahead) * ease
        data += (1 - data) * np.sin(np.pi * passed) ** 2
        data[~self._ran] = ahead
        frames = FRAME_AHEAD + (1 - FRAME_AHEAD) * ease
        frames[~self._ran] = FRAME_AHEAD
        return Lights(data, frames, np.where(self._ran, passed, 0.0))


def _stages(layout: Layout) -> tuple[list[_Stage], list[tuple[float, float, float, float]]]:
    """Stages in the order of the flow, and of each row (z0, z1, top, x where it begins)."""
    members: dict[int, list[int]] = {}
    for number, layer in enumerate(layout.layers):
        members.setdefault(layer.stage, []).append(number)
    groups = [members[stage] for stage in sorted(members)]
    sides = [_sides(layout, group) for group in groups]
    rows: list[list[int]] = []
    for number, (x0, _) in enumerate(sides):
        if not rows or x0 < sides[rows[-1][-1]][0]:
            rows.append([])
        rows[-1].append(number)
    stages, walls = [], []
    for row, numbers in enumerate(rows):
        begin, end = sides[numbers[0]][0] - BEFORE, sides[numbers[-1]][1] + AFTER
        between = [(sides[a][1] + sides[b][0]) / 2 for a, b in zip(numbers, numbers[1:], strict=False)]
        bounds = [begin, *between, end]
        stages += [_Stage(tuple(groups[n]), bounds[k], bounds[k + 1], row) for k, n in enumerate(numbers)]
        layers = [layout.layers[layer] for n in numbers for layer in groups[n]]
        z0 = min(layer.z + layer.volume.bounds[1] for layer in layers) - MARGIN
        z1 = max(layer.z + layer.volume.bounds[3] for layer in layers) + MARGIN
        walls.append((z0, z1, max(layer.volume.top for layer in layers) + MARGIN, begin))
    return stages, walls


def _sides(layout: Layout, group: list[int]) -> tuple[float, float]:
    layers = [layout.layers[number] for number in group]
    return (
        min(layer.x + layer.volume.bounds[0] for layer in layers),
        max(layer.x + layer.volume.bounds[2] for layer in layers),
    )
