"""The light itself: a sheet across the flow with a bright foot, its trail on the floor, and what it is passing now."""

from __future__ import annotations

import numpy as np

from ..engine.scene import Labels, Lines, Node, Surface, Text
from ..engine.theme import Theme
from .strings import text
from .wave import Front

__all__ = ["LightFront"]

SHEET_ALPHA, SHEET_ALPHA_INK = 0.15, 0.16
TRAIL_UNITS, TRAIL_ALPHA, TRAIL_ALPHA_INK = 170.0, 0.13, 0.10
FOOT_PX, FOOT_Y = 1.8, 0.06
QUAD = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


class LightFront:
    """Nodes that show a front; `node` is to be added to a scene."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._trail, self._sheet = (Surface(np.zeros((4, 3)), QUAD, np.zeros((4, 4), np.float32)) for _ in range(2))
        self._trail.style, self._sheet.style = "floor", "light"
        self._foot = Lines(np.zeros((2, 3)), np.array([0, 2]), np.zeros((1, 4), np.float32), FOOT_PX, 0.5, "front")
        self._words = Labels([])
        self.node = Node("light front", visible=False)
        for drawable in (self._trail, self._sheet, self._foot, self._words):
            self.node.add(Node(drawable=drawable))

    def show(self, front: Front | None, layer: str) -> None:
        """Brings the light to a place; None: there is none. `layer` is the name of what it passes."""
        self.node.visible = front is not None
        if front is None:
            return
        ink, color = self._theme.ink, self._theme.arc
        back = max(front.begin_x, front.x - TRAIL_UNITS)
        reach = (front.x - back) / TRAIL_UNITS
        alpha = TRAIL_ALPHA_INK if ink else TRAIL_ALPHA
        trail = self._theme.arc if ink else self._theme.glass
        self._trail.vertices = _quad((back, back, front.x, front.x), (0.02,) * 4, (front.z0, front.z1) * 2)
        self._trail.colors = _colors(trail, (alpha * (1 - reach), alpha * (1 - reach), alpha, alpha))
        alpha = SHEET_ALPHA_INK if ink else SHEET_ALPHA
        self._sheet.vertices = _quad((front.x,) * 4, (0.0, 0.0, front.top, front.top), (front.z0, front.z1) * 2)
        self._sheet.colors = _colors(color, (alpha, alpha, 0.0, 0.0))
        self._foot.vertices = np.array([[front.x, FOOT_Y, front.z0], [front.x, FOOT_Y, front.z1]])
        self._foot.colors = np.array([[*color, 0.95]], np.float32)
        anchor = np.array([front.x, front.top, front.z0])
        self._words.texts = [Text(text("run.now"), anchor, detail=layer, weight="semibold", priority=1e15)]
        for drawable in (self._trail, self._sheet, self._foot, self._words):
            drawable.touch()


def _quad(x: tuple[float, ...], y: tuple[float, ...], z: tuple[float, ...]) -> np.ndarray:
    """(4, 3) float64 around a rectangle, of which the last two of (x, y, z) are given in the order of the first two."""
    z = z[0], z[1], z[3], z[2]
    return np.array([x, y, z], float).T


def _colors(color: tuple[float, float, float], alpha: tuple[float, ...]) -> np.ndarray:
    return np.array([(*color, each) for each in alpha], np.float32)
