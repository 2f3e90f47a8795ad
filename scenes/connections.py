"""Connections: hairlines from layer to layer and arcs that skip layers, as `Lines`."""

from __future__ import annotations

import math

import numpy as np

from ..engine.scene import Lines
from ..engine.theme import Color, Theme
from .placement import Layout, Placed

__all__ = ["arc_lines", "stream_lines"]

STREAM_STEPS = 14
ARC_STEPS = 48
ARC_HEIGHT = 30.0
MOST_STREAMS = 32


def _lines(paths: list[np.ndarray], color: Color, alpha: float, **style: float | str) -> Lines:
    """One drawable of polylines, each (n, 3), all in one color."""
    lengths = [len(path) for path in paths]
    colors = np.tile(np.array([*color, alpha], np.float32), (len(paths), 1))
    vertices = np.concatenate(paths) if paths else np.zeros((0, 3))
    return Lines(vertices, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), colors, **style)  # type: ignore[arg-type]


def stream_lines(layout: Layout, theme: Theme) -> Lines:
    """One hairline per four channels from each stage to the next, at most 32."""
    paths: list[np.ndarray] = []
    stages = layout.stages
    for before, after in zip(stages, stages[1:], strict=False):
        for source in before:
            for target in after:
                paths.extend(_streams(source, target, len(before) * len(after)))
    return _lines(paths, theme.stream, 0.26, width_px=0.8, layer="back")


def _streams(source: Placed, target: Placed, share: int) -> list[np.ndarray]:
    """Lines between the facing sides of two layers; `share` layers divide the budget of lines."""
    from_tray, to_tray = source.volume.main, target.volume.main
    x0 = source.x + source.volume.bounds[2]
    x1 = target.x + target.volume.bounds[0]
    if x1 <= x0:
        return []
    channels = min(from_tray.size[1], to_tray.size[1])
    count = int(min(max(channels / 4, 1), MOST_STREAMS / math.sqrt(share)))
    t = np.linspace(0, 1, STREAM_STEPS)
    ease = t * t * (3 - 2 * t)
    places = (np.arange(count) + 0.5) / count - 0.5
    lines = []
    for place in places:
        z0, z1 = source.z + place * from_tray.size[1], target.z + place * to_tray.size[1]
        y0, y1 = from_tray.zero_y, to_tray.zero_y
        lines.append(np.stack([x0 + (x1 - x0) * t, y0 + (y1 - y0) * ease, z0 + (z1 - z0) * ease], 1))
    return lines


def arc_lines(layout: Layout, theme: Theme) -> tuple[Lines, Lines]:
    """(glowing arcs, plain rings where they leave and arrive)."""
    arcs, rings = [], []
    for arc in layout.arcs:
        base = 6.0
        t = np.linspace(0, 1, ARC_STEPS)
        height = min(ARC_HEIGHT, 0.42 * (arc.x1 - arc.x0))
        y = base + height * (1 - np.abs(2 * t - 1) ** 2.6)
        arcs.append(np.stack([arc.x0 + (arc.x1 - arc.x0) * t, y, np.zeros_like(t)], 1))
        rings.append(_circle(arc.x0, base, 1.6))
        rings.append(_circle(arc.x1, base, 2.6))
        rings.append(np.array([[arc.x1, base - 1.5, 0], [arc.x1, base + 1.5, 0]]))
        rings.append(np.array([[arc.x1, base, -1.5], [arc.x1, base, 1.5]]))
    return (
        _lines(arcs, theme.arc, 0.95, width_px=1.7, halo=1.0, layer="front"),
        _lines(rings, theme.arc, 0.9, width_px=1.4, layer="front"),
    )


def _circle(x: float, y: float, radius: float) -> np.ndarray:
    """A ring around the flow's axis, closed, (n, 3)."""
    turn = np.linspace(0, 2 * np.pi, 33)
    return np.stack([np.full_like(turn, x), y + radius * np.sin(turn), radius * np.cos(turn)], 1)
