"""Connections that the light passes along: arcs past layers, and lines from box to box, quiet ahead of the light."""

from __future__ import annotations

import numpy as np

from ..engine.scene import Lines, Node
from .placement import Layout
from .wave import Wave

__all__ = ["LitLinks"]

AHEAD = 0.22  # of a line's alpha
RING_PARTS = 4  # lines that stand at the ends of an arc: two rings, and a plus of two


class LitLinks:
    """Changes the drawables of `flow_lines` and `arc_lines` in a scene; `reset` gives them back."""

    def __init__(self, root: Node, layout: Layout, wave: Wave) -> None:
        found = [node.drawable for node in root.children if node.name == "connections"]
        self._lines = [lines for lines in found if isinstance(lines, Lines)]
        self._plain = [lines.colors.copy() for lines in self._lines]
        layers = layout.layers
        boxed = [a for a, b in layout.links if layers[a].volume.slab or layers[b].volume.slab]
        self._sources = np.array(boxed, np.int64)
        ends = [(wave.place_at(arc.x0, arc.z0), wave.place_at(arc.x1, arc.z1)) for arc in layout.arcs]
        self._ends = np.array(ends, float).reshape(-1, 2)

    def light(self, place: float, passed: np.ndarray) -> None:
        """Shows the light at a place of the wave; `passed` (layers,) as `Lights.passed`."""
        start, end = self._ends.T
        arcs = np.clip((place - start) / np.maximum(end - start, 1e-9), 0, 1)
        rings = np.repeat((place >= end).astype(float), RING_PARTS)
        for lines, plain, share in zip(self._lines, self._plain, (passed[self._sources], arcs, rings), strict=True):
            colors = plain.copy()
            colors[:, 3] *= AHEAD + (1 - AHEAD) * share
            lines.colors = colors
            lines.touch()

    def reset(self) -> None:
        """As they were."""
        for lines, plain in zip(self._lines, self._plain, strict=True):
            lines.colors = plain
            lines.touch()
