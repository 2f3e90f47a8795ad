"""Connections: hairlines from layer to layer and arcs that skip layers, as `Lines`."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from ..engine.scene import Lines
from ..engine.theme import Color, Theme
from .placement import Layout, Placed

__all__ = ["arc_lines", "flow_lines", "stream_lines", "streams", "turn_lines"]

STREAM_STEPS = 14
ARC_STEPS = 48
ARC_HEIGHT = 30.0
PLUS = 1.5 * np.array([[0.0, -1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [0.0, 0.0, 1.0]])  # in a ring
TURN_Y = 1.0  # turns from row to row run just above the floor
MOST_STREAMS = 32  # from layer to layer
MOST_STREAMS_IN_ALL = 4096  # of networks with very many layers each has fewer, but one
STREAM_SHARES = np.linspace(0, 1, STREAM_STEPS)
STREAM_EASE = STREAM_SHARES * STREAM_SHARES * (3 - 2 * STREAM_SHARES)
NO_STREAMS = np.zeros((0, STREAM_STEPS, 3))


def _lines(paths: list[np.ndarray], color: Color, alpha: float, **style: float | str) -> Lines:
    """One drawable of polylines, each (n, 3), all in one color."""
    lengths = [len(path) for path in paths]
    colors = np.tile(np.array([*color, alpha], np.float32), (len(paths), 1))
    vertices = np.concatenate(paths) if paths else np.zeros((0, 3))
    return Lines(vertices, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), colors, **style)  # type: ignore[arg-type]


def stream_lines(layout: Layout, theme: Theme) -> Lines:
    """Hairlines from layer to layer: one for four channels between matrices, at most 32; one where there are none."""
    found = streams(layout)
    lines = _lines([path for _, _, paths in found for path in paths], theme.stream, 0.26, width_px=0.8)
    lines.apart = np.concatenate([np.zeros((0, 2)), *_apart(found)])
    return lines


def _apart(found: list[tuple[int, int, np.ndarray]]) -> list[np.ndarray]:
    """(lines, 2) of each link: along z from line to line where it leaves and arrives, among all that do so there."""
    leaving, arriving = Counter(a for a, _, _ in found), Counter(b for _, b, _ in found)
    return [
        np.tile(
            [_step(paths[:, 0, 2]) / leaving[source], _step(paths[:, -1, 2]) / arriving[target]],
            (len(paths), 1),
        )
        for source, target, paths in found
    ]


def _step(places: np.ndarray) -> float:
    """From place to place; 0 where there is one at most."""
    return float(np.ptp(places)) / (len(places) - 1) if len(places) > 1 else 0.0


def streams(layout: Layout) -> list[tuple[int, int, np.ndarray]]:
    """(source, target, (lines, STREAM_STEPS, 3) from -z to +z) of each link, in the order of `stream_lines`."""
    leaving, arriving = Counter(a for a, _ in layout.links), Counter(b for _, b in layout.links)
    most = max(1, min(MOST_STREAMS, MOST_STREAMS_IN_ALL // max(len(layout.links), 1)))
    found = []
    for source, target in layout.links:
        share = max(leaving[source], 1) * max(arriving[target], 1)
        ends = layout.layers[source], layout.layers[target]
        found.append((source, target, _streams(*ends, most / math.sqrt(share))))
    return found


def _streams(source: Placed, target: Placed, most: float) -> np.ndarray:
    """(lines, STREAM_STEPS, 3) between the facing sides of two layers."""
    from_tray, to_tray = source.volume.main, target.volume.main
    if from_tray is None or to_tray is None or source.volume.slab or target.volume.slab:
        return NO_STREAMS
    x0 = source.x + source.volume.bounds[2]
    x1 = target.x + target.volume.bounds[0]
    if x1 <= x0:
        return NO_STREAMS
    channels = min(from_tray.size[1], to_tray.size[1])
    count = int(min(max(channels / 4, 1), most))
    places = (np.arange(count) + 0.5) / max(count, 1) - 0.5
    z0, z1 = source.z + places * from_tray.size[1], target.z + places * to_tray.size[1]
    y0, y1 = from_tray.zero_y, to_tray.zero_y
    lines = np.empty((count, STREAM_STEPS, 3))
    lines[:, :, 0] = x0 + (x1 - x0) * STREAM_SHARES
    lines[:, :, 1] = y0 + (y1 - y0) * STREAM_EASE
    lines[:, :, 2] = z0[:, None] + (z1 - z0)[:, None] * STREAM_EASE
    return lines


def flow_lines(layout: Layout, theme: Theme) -> Lines:
    """One glowing line from each operator's slab to the next layer."""
    paths = [
        _flow(layout.layers[source], layout.layers[target])
        for source, target in layout.links
        if layout.layers[source].volume.slab or layout.layers[target].volume.slab
    ]
    return _lines(paths, theme.arc, 0.75, width_px=1.3, halo=0.5, layer="front")


def turn_lines(layout: Layout, theme: Theme) -> Lines:
    """The ways from row to row, along the floor."""
    paths = [np.array([(x, TURN_Y, z) for x, z in turn.corners], float) for turn in layout.turns]
    return _lines(paths, theme.stream, 0.4, width_px=1.3, layer="back")


def _flow(source: Placed, target: Placed) -> np.ndarray:
    x0, y0 = source.x + source.volume.bounds[2], source.volume.middle_y
    x1, y1 = target.x + target.volume.bounds[0], target.volume.middle_y
    t, ease = STREAM_SHARES, STREAM_EASE
    return np.stack([x0 + (x1 - x0) * t, y0 + (y1 - y0) * ease, source.z + (target.z - source.z) * ease], 1)


def arc_lines(layout: Layout, theme: Theme) -> tuple[Lines, Lines]:
    """(glowing arcs, plain rings where they leave and arrive)."""
    arcs, rings = [], []
    for arc in layout.arcs:
        t = np.linspace(0, 1, ARC_STEPS)
        span = arc.x1 - arc.x0
        ease = t * t * (3 - 2 * t)
        y = arc.y0 + (arc.y1 - arc.y0) * ease + min(ARC_HEIGHT, 0.42 * span) * (1 - np.abs(2 * t - 1) ** 2.6)
        arcs.append(np.stack([arc.x0 + span * t, y, arc.z0 + (arc.z1 - arc.z0) * ease], 1))
        start, end = np.array([arc.x0, arc.y0, arc.z0]), np.array([arc.x1, arc.y1, arc.z1])
        rings += [start + _circle(1.6), end + _circle(2.6)]
        rings += [end + PLUS[:2], end + PLUS[2:]]
    return (
        _lines(arcs, theme.arc, 0.95, width_px=1.7, halo=1.0, layer="front"),
        _lines(rings, theme.arc, 0.9, width_px=1.4, layer="front"),
    )


def _circle(radius: float) -> np.ndarray:
    """A ring around the flow's axis, closed, (n, 3)."""
    turn = np.linspace(0, 2 * np.pi, 33)
    return np.stack([np.zeros_like(turn), radius * np.sin(turn), radius * np.cos(turn)], 1)
