"""The surroundings: sky, horizon and the ruled floor in one full-screen pass; kept while an eye stands still."""

from __future__ import annotations

import numpy as np

from ..gpu import Context, draw_full_screen
from ..scene import Scene
from ..view import Eye
from .kept import KeptPictures

__all__ = ["BackgroundPainter"]


class BackgroundPainter:
    """Draws the surroundings over the whole viewport; the first pass of an eye."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept = KeptPictures(context)

    def draw(self, scene: Scene, eye: Eye, framebuffer: int) -> None:
        """Covers the viewport of the framebuffer, which is bound. The floor is drawn as seen from above only.

        What an eye saw twice is kept, and given back as long as it sees the same: the same bits.
        """
        if eye.part is not None:
            self._paint(scene, eye)
            return
        seen = scene.theme, scene.floor_y, scene.floor_step, scene.length
        self._kept.draw(seen, eye, framebuffer, lambda: self._paint(scene, eye))

    def _paint(self, scene: Scene, eye: Eye) -> None:
        theme, lens = scene.theme, eye.clip_from_eye
        program = self._context.program("background")
        program.use(
            world_from_eye=eye.world_from_eye[:3, :3],
            lens=(lens[0, 0], lens[1, 1], lens[0, 2], lens[1, 2]),
            zenith=theme.zenith,
            sky=theme.sky,
            horizon=theme.horizon,
            floor_color=theme.floor,
            grid_color=theme.grid,
            haze=theme.haze,
            horizon_line=theme.horizon_line,
            eye_xz=np.mod(eye.position[[0, 2]], 8 * scene.floor_step),
            eye_height=eye.position[1] - scene.floor_y,
            floor_step=scene.floor_step,
            fade_distance=1.1 * scene.length,
            line_px=max(0.8, eye.viewport[3] / 1080),
            first_px=(0, 0) if eye.part is None else eye.part[:2],
        )
        draw_full_screen()
