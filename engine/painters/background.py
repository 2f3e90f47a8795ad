"""The surroundings: sky, horizon and the ruled floor in one full-screen pass; kept while an eye stands still."""

from __future__ import annotations

import numpy as np

from ..gpu import Context, Target, draw_full_screen
from ..scene import Scene
from ..view import Eye

__all__ = ["BackgroundPainter"]


class BackgroundPainter:
    """Draws the surroundings over the whole viewport; the first pass of an eye."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept: dict[int, _Kept] = {}  # by target of the eye

    def draw(self, scene: Scene, eye: Eye, framebuffer: int) -> None:
        """Covers the viewport of the framebuffer, which is bound. The floor is drawn as seen from above only.

        What an eye saw twice is kept, and given back as long as it sees the same: the same bits.
        """
        if eye.part is not None:
            self._paint(scene, eye)
            return
        kept = self._kept.setdefault(eye.target, _Kept())
        if not kept.is_seen_again(_seen(scene, eye)):
            self._paint(scene, eye)
        elif kept.target is None:
            self._paint(scene, eye)
            kept.target = Target(*eye.size_px, depth=False)
            self._copy(framebuffer, eye.viewport, kept.target.framebuffer, (0, 0, *eye.size_px), framebuffer)
        else:
            self._copy(kept.target.framebuffer, (0, 0, *eye.size_px), framebuffer, eye.viewport, framebuffer)

    def _copy(
        self, source: int, here: tuple[int, int, int, int], target: int, there: tuple[int, int, int, int], bound: int
    ) -> None:
        """Copies a rectangle (x, y, width, height) px; `bound` is bound after it."""
        gl = self._context.gl
        gl.glBindFramebuffer(gl.GL_READ_FRAMEBUFFER, source)
        gl.glBindFramebuffer(gl.GL_DRAW_FRAMEBUFFER, target)
        corners = [(x, y, x + width, y + height) for x, y, width, height in (here, there)]
        gl.glBlitFramebuffer(*corners[0], *corners[1], gl.GL_COLOR_BUFFER_BIT, gl.GL_NEAREST)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, bound)

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


class _Kept:
    """What an eye saw last, and its picture once it was seen twice."""

    def __init__(self) -> None:
        self.target: Target | None = None
        self._seen: tuple = ()

    def is_seen_again(self, seen: tuple) -> bool:
        """Whether it is what was seen last; if not, the picture of that is given up."""
        if seen == self._seen:
            return True
        self._seen = seen
        if self.target is not None:
            self.target.close()
            self.target = None
        return False


def _seen(scene: Scene, eye: Eye) -> tuple:
    """All that the surroundings depend on."""
    lens = eye.world_from_eye.tobytes(), eye.clip_from_eye.tobytes(), eye.size_px
    return *lens, scene.theme, scene.floor_y, scene.floor_step, scene.length
