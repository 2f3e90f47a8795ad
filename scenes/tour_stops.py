"""Where a tour stops: what is worth seeing along the data, as much of it as the time allows.

The way is always overview, input, along the data, into a typical block, its layer, single weights, output, overview.
The more time there is, the more is seen between: layers of other kinds, further places along the data, more weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ..engine.flight import level_pose, way_length
from .focus import WHOLE, Focus
from .lively_places import lively_place
from .network_scene import NetworkScene, tray_bounds
from .obstacles import Obstacles
from .placement import Placed
from .selection import place_of
from .slabs import slab_bounds
from .views import View, box_view, layer_view, overview, typical_layer, weight_view

__all__ = ["Stop", "tour_stops", "ways_s"]

PACE = 1.1  # apparent length flown in a second, at least on average
HURRY, SOME_HURRY = 2.2, 1.2  # how much faster a tour may be for what belongs to every tour; for what comes next
HASTE_S = 14.0  # of the former, at most: that many seconds more would be needed at the usual pace
SHORTEST_WAY_S = 1.3  # so that a layer comes into focus on the way to it
GLANCE_S, LOOK_S, READ_S = 0.7, 1.2, 2.4  # stays: at the whole, at a layer, at numbers
DRIFT_RAD = math.radians(5)  # an eye that stays moves a little around what it looks at
DRIFT_CELLS = 1.5  # along a row of numbers
ELEVATION_DEG, GROUP_ELEVATION_DEG = 31, 21  # of a layer; of several, which are the dimmer the higher the eye is
WORTH_NEARING = 1.3  # how much farther away the block is seen from than the layer in it
AZIMUTHS_DEG = (0, 18, -18, 36, -36, 54)  # tried beside the wanted one where something stands in the way
ELEVATIONS_DEG = (0, 12, 24, 36)  # the same, above the wanted one
FREE = 0.15  # share of what is looked at that may stand behind something
ARRIVING = 0.55  # depth of focus at input and output: they have their words, and what follows shines
MOST_STAGES = 4  # looked at together at the input and at the output
REACH = 60.0  # world units around a place along the data
MOST_WAYS = 16
LEAST_SIDE, LEAST_CELLS = 4, 16  # of a matrix worth a look
WEIGHT_PLACES = ((0.72, 0.72), (0.28, 0.28), (0.72, 0.2), (0.2, 0.72), (0.5, 0.5))  # of rows and columns


@dataclass(frozen=True)
class Stop:
    """A view with what is in focus there. The eye arrives at `view`, drifts to `leave` while it stays, and flies on."""

    view: View
    focus: Focus = WHOLE
    stay_s: float = 0.0
    order: tuple[int, int] = (0, 0)  # along the tour: layer, nearness
    aside: tuple[float, float, float] | None = None  # by how much it drifts, world units; None: a little way around

    @property
    def leave(self) -> View:
        """The view that is left."""
        if not self.stay_s:
            return self.view
        if self.aside is None:
            return _around(self.view, -DRIFT_RAD)
        return replace(self.view, position=self.view.position + self.aside, target=self.view.target + self.aside)


def tour_stops(built: NetworkScene, obstacles: Obstacles, aspect: float, seconds: float) -> list[Stop]:
    """Stops in order, first and last the overview, as many as can be seen in so many seconds."""
    whole = overview(built, aspect)
    if not built.layout.layers:
        return [Stop(whole), Stop(whole)]
    chosen = [Stop(whole, stay_s=GLANCE_S, order=(-2, 0)), Stop(whole, order=(len(built.layout.layers) + 1, 0))]
    most_s = min(HURRY * seconds, seconds + HASTE_S), SOME_HURRY * seconds, seconds
    for stop, rank in _Sights(built, obstacles, aspect).ranked():
        with_it = sorted([*chosen, stop], key=lambda one: one.order)
        if len(chosen) < 3 or time_of(with_it) <= most_s[rank]:
            chosen = with_it
    return chosen


def time_of(stops: Sequence[Stop]) -> float:
    """Seconds that a tour of these stops takes at the usual pace."""
    return sum(ways_s(stops)) + sum(stop.stay_s for stop in stops)


def ways_s(stops: Sequence[Stop]) -> list[float]:
    """Seconds of the ways from stop to stop at the usual pace."""
    return [
        max(way_length(before.leave.key(0.0), after.view.key(0.0)) / PACE, SHORTEST_WAY_S)
        for before, after in pairwise(stops)
    ]


def _distance(view: View) -> float:
    return math.dist(view.position, view.target)


def _around(view: View, angle_rad: float) -> View:
    """The view from a place a little farther round what is looked at."""
    turn = level_pose(np.zeros(3), angle_rad, 0.0)[:3, :3]
    return replace(view, position=view.target + turn @ (view.position - view.target))


class _Sights:
    """What is worth seeing in a network."""

    def __init__(self, built: NetworkScene, obstacles: Obstacles, aspect: float) -> None:
        self._built, self._obstacles, self._aspect = built, obstacles, aspect
        self._layers = built.layout.layers
        self._stages: dict[int, list[int]] = {}
        for number, layer in enumerate(self._layers):
            self._stages.setdefault(layer.stage, []).append(number)
        self._telling = self._telling_layer()

    def ranked(self) -> Iterator[tuple[Stop, int]]:
        """(stop, rank), what matters most first: 0 of every tour, 1 along the data, 2 more."""
        telling = self._telling
        if (weights := self._weights(telling)) is not None:
            yield weights, 0
        yield self._layer(telling), 0
        if len(self._layers) > 1:
            if (first := self._end_stages(1)) != [telling]:
                yield self._group(first, 34, (-1, 0)), 0
            yield self._group(self._end_stages(-1), 112, (len(self._layers), 0)), 0
        ways, sights = self._ways(), self._other_kinds()
        yield from ((stop, 1) for stop in _first(ways, 1))
        if (block := self._block(telling)) is not None:
            yield block, 1
        while rest := [*_first(ways, 1), *_first(sights, 1)]:
            yield from ((stop, 2) for stop in rest)
        for place in range(1, len(WEIGHT_PLACES)):
            if (weights := self._weights(telling, place)) is not None:
                yield weights, 2

    def _telling_layer(self) -> int:
        """Index of the layer whose weights are shown: the typical one, if its numbers can be read and differ."""
        return max(range(len(self._layers)), key=self._tells, default=typical_layer(self._built))

    def _tells(self, number: int) -> tuple[bool, bool, bool, int]:
        layer = self._layers[number]
        main, cells = layer.volume.main, layer.volume.cells
        if main is None:
            return False, False, False, 0
        is_typical = layer.block == 0 and cells >= LEAST_CELLS
        return self._varies(main.tensor), min(main.rows, main.columns) >= LEAST_SIDE, is_typical, cells

    def _varies(self, tensor: int) -> bool:
        """Whether there are numbers to be read in a tensor, and not one alone."""
        found = self._built.network.tensors[tensor]
        if not found.is_readable or found.dtype == "string":
            return False
        facts = self._built.analysis.facts(found)
        return facts.minimum is None or facts.minimum != facts.maximum

    def _layer(self, number: int) -> Stop:
        """A layer alone."""
        layer = self._layers[number]
        lower, upper = self._bounds([number])
        view = layer_view(self._built, layer, self._aspect)
        if self._obstacles.between(view.position, lower, upper) > FREE:
            view = self._free_view(lower, upper, 34, ELEVATION_DEG)
        return Stop(view, Focus(number, 1.0), LOOK_S, (number, 1))

    def _weights(self, number: int, place: int = 0) -> Stop | None:
        """Numbers in a layer's largest tray; None where there are none to be read, or the same as before."""
        layer = self._layers[number]
        tray = layer.volume.main
        if tray is None or not self._built.network.tensors[tray.tensor].is_readable:
            return None
        weights = [lively_place(self._built, tray, *shares) for shares in WEIGHT_PLACES[: place + 1]]
        if weights[-1] in weights[:-1]:
            return None
        parts = [part for part in self._built.grids if part.layer == number and part.tray is tray]
        part = [part for part in parts if part.first_column <= weights[-1].column][-1]  # they are in order
        view = weight_view(self._built, layer)
        shift = place_of(part, weights[-1]) - view.target
        view = View(view.position + shift, view.target + shift, view.fov_y_rad)
        aside = math.copysign(DRIFT_CELLS * tray.cell, layer.x + tray.x - view.target[0])
        return Stop(view, Focus(number, 2.0), READ_S, (number, 2 + place), (aside, 0.0, 0.0))

    def _block(self, number: int) -> Stop | None:
        """The block around a layer, or what stands before and behind it; None where it is most of that itself."""
        layer = self._layers[number]
        inside = [k for k, other in enumerate(self._layers) if layer.block >= 0 and other.block == layer.block]
        members = inside if len(inside) > 1 else self._neighbors(number)
        if len(members) < 2:
            return None
        view, alone = self._free_view(*self._bounds(members), 44, GROUP_ELEVATION_DEG), self._layer(number).view
        return Stop(view, WHOLE, 0.0, (number, 0)) if _distance(view) > WORTH_NEARING * _distance(alone) else None

    def _group(self, members: list[int], azimuth_deg: float, order: tuple[int, int]) -> Stop:
        """Input or output with the weights next to it; the first member is in focus."""
        depth, elevation_deg = (ARRIVING, GROUP_ELEVATION_DEG) if len(members) > 1 else (1.0, ELEVATION_DEG)
        view = self._free_view(*self._bounds(members), azimuth_deg, elevation_deg)
        return Stop(view, Focus(members[0], depth), LOOK_S, order)

    def _end_stages(self, step: int) -> list[int]:
        """Layers from one end of the flow up to the first with weights worth a look, the outermost first."""
        members: list[int] = []
        for stage in sorted(self._stages, reverse=step < 0)[:MOST_STAGES]:
            here = self._stages[stage][::step]
            members += here
            if any(self._layers[k].volume.cells >= LEAST_CELLS for k in here):
                break
        return members

    def _ways(self) -> Iterator[Stop]:
        """Places along the data, those first that part the longest way that is left."""
        known = {-1: self._middle(0), len(self._layers): self._middle(len(self._layers) - 1)}
        known[self._telling] = self._middle(self._telling)
        for _ in range(MOST_WAYS):
            ways = pairwise(sorted(known))
            gaps = [(last - first > 2, math.dist(known[first], known[last]), first, last) for first, last in ways]
            is_open, length, first, last = max(gaps)
            if not is_open or length < REACH:
                return
            quarter = (last - first) // 4
            inside = range(first + max(quarter, 1), last - max(quarter, 1) + 1)
            number = max(inside, key=lambda k: (self._layers[k].volume.cells, -abs(2 * k - first - last)))
            known[number] = self._middle(number)
            view = self._free_view(*self._bounds(self._neighbors(number)), 50, GROUP_ELEVATION_DEG)
            yield Stop(view, WHOLE, 0.0, (number, 0))

    def _other_kinds(self) -> Iterator[Stop]:
        """The largest layer of each other kind that holds weights worth a look."""
        largest: dict[str, int] = {}
        for number, layer in enumerate(self._layers):
            volume = layer.volume
            if volume.cells < LEAST_CELLS or number in (0, self._telling, len(self._layers) - 1):
                continue
            if volume.cells > self._layers[largest.setdefault(volume.kind, number)].volume.cells:
                largest[volume.kind] = number
        largest.pop(self._layers[self._telling].volume.kind, None)
        for number in sorted(largest.values(), key=lambda number: -self._layers[number].volume.cells):
            yield self._layer(number)

    def _neighbors(self, number: int) -> list[int]:
        """A layer with those near it in its stage, the one before and the one behind; at least the nearest."""
        stage = self._layers[number].stage
        around = [k for other in (stage - 1, stage, stage + 1) for k in self._stages.get(other, ())]
        x0, z0, x1, z1 = self._layers[number].volume.bounds
        away = {k: math.dist(self._middle(number), self._middle(k)) for k in around}
        reach = max(REACH + max(x1 - x0, z1 - z0), min((way for k, way in away.items() if k != number), default=0.0))
        return [k for k in around if away[k] <= reach]

    def _middle(self, number: int) -> np.ndarray:
        layer = self._layers[number]
        return np.array([layer.x, 0.0, layer.z])

    def _bounds(self, members: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """(lower, upper) around all trays and slabs of layers."""
        boxes = [box for k in members for box in _boxes(self._layers[k])]
        return np.min([lower for lower, _ in boxes], 0), np.max([upper for _, upper in boxes], 0)

    def _free_view(self, lower: np.ndarray, upper: np.ndarray, azimuth_deg: float, elevation_deg: float) -> View:
        """A box seen from about a direction, from where little stands before it."""
        views = (
            box_view(lower, upper, self._aspect, azimuth_deg + aside, elevation_deg + above)
            for above in ELEVATIONS_DEG
            for aside in AZIMUTHS_DEG
        )
        best, least = None, math.inf
        for view in views:
            hidden = self._obstacles.between(view.position, lower, upper)
            if hidden < least:
                best, least = view, hidden
            if hidden <= FREE:
                break
        assert best is not None
        return best


def _boxes(layer: Placed) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for tray in layer.volume.trays:
        yield tray_bounds(layer, tray)
    if layer.volume.slab is not None:
        yield slab_bounds(layer, layer.volume.slab)


def _first(stops: Iterator[Stop], count: int) -> list[Stop]:
    """The next so many stops, fewer at the end."""
    return [stop for _, stop in zip(range(count), stops, strict=False)]
