"""The surroundings: sky, horizon and the ruled floor in one full-screen pass; kept while an eye stands still."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..gpu import Context, Instances, draw_full_screen
from ..scene import Scene
from ..view import Eye, Quality
from .kept import KeptPictures

__all__ = ["BackgroundPainter"]

BAND = np.dtype([("band", "f4", 2)])
COLUMNS = 8  # of a band, as in background_bands.vert
WIDER = 1.25  # a band than the one nearer to the horizon, at least a pixel
WIDEST_PX = 120.0


class BackgroundPainter:
    """Draws the surroundings over the whole viewport; the first pass of an eye."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept = KeptPictures(context)
        self._bands: Instances | None = None

    def draw(self, scene: Scene, eye: Eye, framebuffer: int, quality: Quality = "high") -> None:
        """Covers the viewport of the framebuffer, which is bound. The floor is drawn as seen from above only.

        What an eye saw twice is kept, and given back as long as it sees the same: the same bits. Below the highest
        `quality` smooth colors are those of a few corners, within a step or two of 255.
        """
        if eye.part is not None:
            self._paint(scene, eye)
        elif quality != "high" and (edges := _edges(eye)) is not None:
            self._paint_bands(scene, eye, edges)
        else:
            seen = scene.theme, scene.floor_y, scene.floor_step, scene.length
            self._kept.draw(lambda: seen, eye, framebuffer, lambda: self._paint(scene, eye))

    def _paint(self, scene: Scene, eye: Eye) -> None:
        first_px = (0, 0) if eye.part is None else eye.part[:2]
        self._context.program("background").use(**_colors(scene, eye), **_floor(scene, eye), first_px=first_px)
        draw_full_screen()

    def _paint_bands(self, scene: Scene, eye: Eye, edges: tuple[np.ndarray, np.ndarray]) -> None:
        """`edges` as `_edges` gives them."""
        for above, (fragment, places) in enumerate(zip(("background_floor", "background_sky"), edges, strict=True)):
            program = self._context.program("background_bands", fragment)
            self._bands = self._bands or Instances(program, BAND)
            if not len(places):
                continue
            rows = np.zeros(len(places) - 1, BAND)
            rows["band"][:, 0], rows["band"][:, 1] = places[:-1], places[1:]
            self._bands.upload(rows)
            program.use(**_colors(scene, eye), **_floor(scene, eye), size_px=eye.size_px, above=float(above))
            self._bands.draw(2 * (COLUMNS + 1))


def _colors(scene: Scene, eye: Eye) -> dict[str, Any]:
    theme, lens = scene.theme, eye.clip_from_eye
    return {
        "world_from_eye": eye.world_from_eye[:3, :3],
        "lens": (lens[0, 0], lens[1, 1], lens[0, 2], lens[1, 2]),
        "zenith": theme.zenith,
        "sky": theme.sky,
        "horizon": theme.horizon,
        "floor_color": theme.floor,
        "grid_color": theme.grid,
        "haze": theme.haze,
        "horizon_line": theme.horizon_line,
        "fade_distance": 1.1 * scene.length,
    }


def _floor(scene: Scene, eye: Eye) -> dict[str, Any]:
    return {
        "eye_xz": np.mod(eye.position[[0, 2]], 8 * scene.floor_step),
        "eye_height": eye.position[1] - scene.floor_y,
        "floor_step": scene.floor_step,
        "line_px": max(0.8, eye.viewport[3] / 1080),
    }


def _edges(eye: Eye) -> tuple[np.ndarray, np.ndarray] | None:
    """Edges of bands below and above the horizon, clip space, rising; None where the horizon is not level."""
    rise, lens, height = eye.world_from_eye[1, :3], eye.clip_from_eye, eye.size_px[1]
    if abs(rise[0]) > 1e-6:
        return None
    step = 2 / height
    level = lens[1, 1] * rise[2] / rise[1] - lens[1, 2] if rise[1] > 1e-6 else np.copysign(np.inf, rise[2])
    away = np.cumsum(step * np.minimum(WIDER ** np.minimum(np.arange(height), 99), WIDEST_PX))
    away = np.concatenate([[0.0], away])
    below, above = level - away[::-1], level + away
    return _within(below, -1.0, min(level, 1.0)), _within(above, max(level, -1.0), 1.0)


def _within(edges: np.ndarray, start: float, end: float) -> np.ndarray:
    """Those between start and end, and these themselves; none where that is nothing."""
    if not start < end:
        return np.zeros(0)
    inner = edges[(edges > start) & (edges < end)]
    return np.concatenate([[start], inner, [end]])
