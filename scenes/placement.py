"""Placement: where the layers of a network stand. Data flows along +x; what runs side by side stands side by side in z.

The world's floor is y = 0. The result is plain numbers; network_scene turns it into nodes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..loaders.network import Network
from .flow import Flow, Stop, inferred_flow
from .graph_flow import graph_flow
from .lanes import Arrangement, arrange
from .layer_volumes import Tray, Volume
from .rows import Row, fold_rows

__all__ = ["Arc", "Frame", "Layout", "Placed", "Plate", "Turn", "place"]

MATRIX_GAP = 15.0  # from layer to layer
MEMBER_GAP = 11.0  # between layers of one block
DENSE_GAP, DENSE_COLUMNS = 9.0, 60  # in flows of more columns than this
FORK_GAP = 23.0  # where the flow parts or meets
SIDE_GAP = 10.0  # between layers side by side
BLOCK_GAP = 22.0
BLOCK_MARGIN = 7.0
FAR_COLUMNS = 24  # connections past more columns are always arcs
ARC_BASE = 6.0  # height of arcs between layers
FRAME_MARGIN = 6.0  # around a graph inside an operator

Bounds = tuple[float, float, float, float]  # x0, z0, x1, z1


@dataclass(frozen=True)
class Placed:
    """A layer and the place of its middle."""

    volume: Volume
    x: float
    z: float
    block: int = -1  # index of its plate
    stage: int = 0  # layers with the same stage stand side by side
    depth: int = 0  # how many operators it is inside of


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
class Frame:
    """The ground under a graph inside an operator."""

    name: str
    x0: float
    x1: float
    z0: float
    z1: float


@dataclass(frozen=True)
class Arc:
    """A connection that skips layers."""

    x0: float
    x1: float
    z0: float = 0.0
    z1: float = 0.0
    y0: float = ARC_BASE  # height at which it leaves and arrives
    y1: float = ARC_BASE


@dataclass(frozen=True)
class Turn:
    """The way from the end of one row to the beginning of the next, along the floor: corners (x, z)."""

    corners: tuple[tuple[float, float], ...]


@dataclass
class Layout:
    """All places of a network."""

    layers: list[Placed] = field(default_factory=list)
    links: list[tuple[int, int]] = field(default_factory=list)  # from layer to layer
    plates: list[Plate] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    arcs: list[Arc] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)

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

    @property
    def bounds(self) -> Bounds:
        """Around all layers and frames; zeros where there is none."""
        boxes = [_shifted(layer.volume.bounds, layer.x, layer.z) for layer in self.layers]
        boxes += [(frame.x0, frame.z0, frame.x1, frame.z1) for frame in self.frames]
        return _around(boxes) if boxes else (0.0, 0.0, 0.0, 0.0)

    def include(self, inner: Layout, x: float, z: float, stage: int, deeper: int = 0) -> None:
        """Adds everything of another layout, moved; it stands in one stage of this one."""
        first = len(self.layers)
        self.layers += [
            Placed(layer.volume, layer.x + x, layer.z + z, -1, stage, layer.depth + deeper) for layer in inner.layers
        ]
        self.links += [(first + source, first + target) for source, target in inner.links]
        self.frames += [Frame(f.name, f.x0 + x, f.x1 + x, f.z0 + z, f.z1 + z) for f in inner.frames]
        self.arcs += [Arc(a.x0 + x, a.x1 + x, a.z0 + z, a.z1 + z, a.y0, a.y1) for a in inner.arcs]
        self.turns += [Turn(tuple((a + x, b + z) for a, b in turn.corners)) for turn in inner.turns]


def place(network: Network) -> Layout:
    """Places of all layers: those that hold values and, where the file states operators, of what computes."""
    return place_flow(graph_flow(network) if network.structure == "graph" else inferred_flow(network))


def place_flow(flow: Flow) -> Layout:
    """Places of all stops, with the graphs inside them."""
    arrangement = arrange(len(flow.stops), flow.edges)
    parts = [_part(stop) for stop in flow.stops]
    bounds = [part.bounds for part in parts]
    widths = [0.0] * arrangement.column_count
    for column, (x0, _, x1, _) in zip(arrangement.column, bounds, strict=True):
        widths[column] = max(widths[column], x1 - x0)
    gaps = _gaps(flow, arrangement)
    across = _across(arrangement, bounds)
    rows = fold_rows(widths, gaps, arrangement.column, across, bounds, flow.edges)
    layout, first = Layout(), []
    for number, part in enumerate(parts):
        column = arrangement.column[number]
        row = rows[_row_of(rows, column)]
        x0, _, x1, _ = bounds[number]
        x = row.left[column - row.first_column] + (widths[column] - (x1 - x0)) / 2 - x0
        first.append(len(layout.layers))
        layout.include(part, x, across[number] + row.z, column)
    _connect(layout, flow, arrangement, rows, first)
    _lay_plates(layout, flow, arrangement, rows, first)
    return layout


def _part(stop: Stop) -> Layout:
    """A stop alone: its volume, and behind it the graphs inside it, side by side, each in a frame."""
    part = Layout([Placed(stop.volume, 0.0, 0.0)])
    if not stop.inner:
        return part
    inner = [place_flow(flow) for flow in stop.inner]
    boxes = [layout.bounds for layout in inner]
    depth = sum(z1 - z0 + 2 * FRAME_MARGIN for _, z0, _, z1 in boxes) + SIDE_GAP * (len(boxes) - 1)
    x, z = stop.volume.bounds[2] + MEMBER_GAP, -depth / 2
    for flow, layout, (x0, z0, x1, z1) in zip(stop.inner, inner, boxes, strict=True):
        frame_x1, frame_z1 = x + x1 - x0 + 2 * FRAME_MARGIN, z + z1 - z0 + 2 * FRAME_MARGIN
        part.include(layout, x + FRAME_MARGIN - x0, z + FRAME_MARGIN - z0, 0, deeper=1)
        part.frames.append(Frame(flow.name, x, frame_x1, z, frame_z1))
        z = frame_z1 + SIDE_GAP
    return part


def _gaps(flow: Flow, arrangement: Arrangement) -> list[float]:
    """Space before each column."""
    count = arrangement.column_count
    blocks: list[set[str]] = [set() for _ in range(count)]
    parts, meets = [0] * len(flow.stops), [0] * len(flow.stops)
    for source, target in flow.edges:
        parts[source] += 1
        meets[target] += 1
    forks, joins = set(), set()
    for number, stop in enumerate(flow.stops):
        column = arrangement.column[number]
        blocks[column].add(stop.block)
        if parts[number] > 1:
            forks.add(column)
        if meets[number] > 1:
            joins.add(column)
    gaps = [0.0] * count
    for column in range(1, count):
        before, here = blocks[column - 1], blocks[column]
        if before != here:
            gaps[column] = BLOCK_GAP + (0.0 if here == {""} else BLOCK_MARGIN)
        elif here != {""}:
            gaps[column] = MEMBER_GAP
        elif count > DENSE_COLUMNS:
            gaps[column] = DENSE_GAP
        else:
            gaps[column] = FORK_GAP if column - 1 in forks or column in joins else MATRIX_GAP
    return gaps


def _across(arrangement: Arrangement, bounds: list[Bounds]) -> list[float]:
    """z of each stop: chains of the middle lane at 0, the others beside what stands in their columns already."""
    members: dict[int, list[int]] = {}
    for number, chain in enumerate(arrangement.chain):
        members.setdefault(chain, []).append(number)
    lane = {chain: arrangement.lane[stops[0]] for chain, stops in members.items()}
    low, high = [0.0] * arrangement.column_count, [0.0] * arrangement.column_count
    is_empty = [True] * arrangement.column_count
    across = [0.0] * len(bounds)
    for chain in sorted(members, key=lambda chain: (abs(lane[chain]), chain)):
        stops = members[chain]
        middle = -(bounds[stops[0]][1] + bounds[stops[0]][3]) / 2
        extent = {arrangement.column[stop]: (bounds[stop][1] + middle, bounds[stop][3] + middle) for stop in stops}
        columns = range(arrangement.column[stops[0]], arrangement.column[stops[-1]] + 1)
        z = 0.0
        taken = [column for column in columns if not is_empty[column]]
        if lane[chain] > 0:
            z = max((high[c] + SIDE_GAP - extent.get(c, (0.0, 0.0))[0] for c in taken), default=0.0)
        elif taken:
            z = min(low[c] - SIDE_GAP - extent.get(c, (0.0, 0.0))[1] for c in taken)
        for stop in stops:
            across[stop] = z + middle
        for column in columns:
            below, above = (z + side for side in extent.get(column, (0.0, 0.0)))
            low[column] = below if is_empty[column] else min(low[column], below)
            high[column] = above if is_empty[column] else max(high[column], above)
            is_empty[column] = False
    _center_groups(across, arrangement, members, low, high)
    return across


def _center_groups(
    across: list[float], arrangement: Arrangement, members: dict[int, list[int]], low: list[float], high: list[float]
) -> None:
    """Moves stops that only stand side by side in one column, branches of one stop each, around the middle."""
    by_column: dict[int, list[int]] = {}
    for number, column in enumerate(arrangement.column):
        by_column.setdefault(column, []).append(number)
    for column, stops in by_column.items():
        beside = [stop for stop in stops if arrangement.lane[stop]]
        if beside and all(len(members[arrangement.chain[stop]]) == 1 for stop in beside):
            shift = -(low[column] + high[column]) / 2
            for stop in stops:
                across[stop] += shift


def _connect(layout: Layout, flow: Flow, arrangement: Arrangement, rows: list[Row], first: list[int]) -> None:
    """Links between neighbors, arcs past what stands between, and one turn from row to row."""
    row_of = [_row_of(rows, column) for column in arrangement.column]
    standing: list[list[int]] = [[] for _ in range(arrangement.column_count)]
    for number, column in enumerate(arrangement.column):
        standing[column].append(number)
    for source, target in flow.edges:
        if row_of[source] != row_of[target]:
            continue
        columns = range(arrangement.column[source] + 1, arrangement.column[target])
        between = (layout.layers[first[stop]] for column in columns[:FAR_COLUMNS] for stop in standing[column])
        ends = layout.layers[first[source]], layout.layers[first[target]]
        if len(columns) > FAR_COLUMNS or any(_is_in_the_way(layer, *ends) for layer in between):
            heights = ends[0].volume.middle_y, ends[1].volume.middle_y
            layout.arcs.append(_arc(layout, first, source, 1, target, -1, heights))
        else:
            layout.links.append((first[source], first[target]))
    for skip in flow.skips:
        if row_of[skip.source] == row_of[skip.target]:
            layout.arcs.append(_arc(layout, first, skip.source, skip.source_side, skip.target, skip.target_side))
    for before, after in zip(rows, rows[1:], strict=False):
        layout.turns.append(_turn(before, after))


def _is_in_the_way(layer: Placed, source: Placed, target: Placed) -> bool:
    """Whether a straight line between two others meets a layer, seen from above."""
    share = (layer.x - source.x) / (target.x - source.x)
    z = source.z + (target.z - source.z) * share - layer.z
    return layer.volume.bounds[1] < z < layer.volume.bounds[3]


def _arc(
    layout: Layout,
    first: list[int],
    source: int,
    source_side: int,
    target: int,
    target_side: int,
    heights: tuple[float, float] = (ARC_BASE, ARC_BASE),
) -> Arc:
    ends = []
    for stop, side in ((source, source_side), (target, target_side)):
        layer = layout.layers[first[stop]]
        x0, _, x1, _ = layer.volume.bounds
        ends.append((layer.x + (x1 if side > 0 else x0) + side * MEMBER_GAP / 2, layer.z))
    return Arc(ends[0][0], ends[1][0], ends[0][1], ends[1][1], *heights)


def _turn(before: Row, after: Row) -> Turn:
    out, into = before.right + MATRIX_GAP, after.left[0] - MATRIX_GAP
    between = (before.z + before.high + after.z + after.low) / 2
    corners = (
        (before.right, before.z),
        (out, before.z),
        (out, between),
        (into, between),
        (into, after.z),
        (after.left[0], after.z),
    )
    return Turn(corners)


def _lay_plates(layout: Layout, flow: Flow, arrangement: Arrangement, rows: list[Row], first: list[int]) -> None:
    """Plates under blocks that have their columns to themselves and stand in one row."""
    members: dict[str, list[int]] = {}
    inside: dict[int, set[str]] = {}
    for number, stop in enumerate(flow.stops):
        members.setdefault(stop.block, []).append(number)
        inside.setdefault(arrangement.column[number], set()).add(stop.block)
    members.pop("", None)
    for path, numbers in members.items():
        columns = {arrangement.column[number] for number in numbers}
        if any(len(inside[column]) > 1 for column in columns) or len({_row_of(rows, c) for c in columns}) > 1:
            continue
        layers = [layout.layers[first[number]] for number in numbers]
        x0, z0, x1, z1 = _around([_shifted(layer.volume.bounds, layer.x, layer.z) for layer in layers])
        for number, layer in zip(numbers, layers, strict=True):
            layout.layers[first[number]] = Placed(layer.volume, layer.x, layer.z, len(layout.plates), layer.stage)
        margin, order = BLOCK_MARGIN, len(layout.plates) + 1
        layout.plates.append(Plate(path, order, x0 - margin, x1 + margin, z0 - margin, z1 + margin))


def _row_of(rows: list[Row], column: int) -> int:
    """Index of the row that a column stands in."""
    return bisect_right(rows, column, key=lambda row: row.first_column) - 1


def _shifted(bounds: Bounds, x: float, z: float) -> Bounds:
    return bounds[0] + x, bounds[1] + z, bounds[2] + x, bounds[3] + z


def _around(boxes: list[Bounds]) -> Bounds:
    x0, z0, x1, z1 = zip(*boxes, strict=True)
    return min(x0), min(z0), max(x1), max(z1)
