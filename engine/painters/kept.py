"""The bottom of a picture, kept while an eye sees it unchanged: it is copied then, and not drawn again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..gpu import Context, Target
from ..view import Eye

__all__ = ["KeptPictures"]

Rectangle = tuple[int, int, int, int]  # x, y, width, height, px


class KeptPictures:
    """What eyes saw last of one kind of thing, by target, and its picture once they stood still and saw the same."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept: dict[int, _Kept] = {}

    def draw(self, seen: Callable[[], tuple], eye: Eye, framebuffer: int, paint: Callable[[], None]) -> None:
        """Fills the viewport of the framebuffer, which is bound, with what `paint` draws: the same bits.

        `seen` gives all that it depends on, the eye aside; a moving eye does not ask.
        """
        lens = eye.world_from_eye.tobytes(), eye.clip_from_eye.tobytes(), eye.size_px
        kept = self._kept.setdefault(eye.target, _Kept())
        content = seen() if lens == kept.lens else None
        whole = (0, 0, *eye.size_px)
        if content is None or content != kept.content:
            kept.forget(lens, content)
            paint()
        elif kept.target is None:
            paint()
            kept.target = Target(*eye.size_px, depth=False)
            self._copy(framebuffer, eye.viewport, kept.target.framebuffer, whole, framebuffer)
        else:
            self._copy(kept.target.framebuffer, whole, framebuffer, eye.viewport, framebuffer)

    def _copy(self, source: int, here: Rectangle, target: int, there: Rectangle, bound: int) -> None:
        """Copies a rectangle; `bound` is bound after it."""
        gl = self._context.gl
        gl.glBindFramebuffer(gl.GL_READ_FRAMEBUFFER, source)
        gl.glBindFramebuffer(gl.GL_DRAW_FRAMEBUFFER, target)
        corners = [(x, y, x + width, y + height) for x, y, width, height in (here, there)]
        gl.glBlitFramebuffer(*corners[0], *corners[1], gl.GL_COLOR_BUFFER_BIT, gl.GL_NEAREST)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, bound)


@dataclass(eq=False)
class _Kept:
    lens: tuple = ()
    content: tuple | None = None
    target: Target | None = None

    def forget(self, lens: tuple, content: tuple | None) -> None:
        """Something else is seen from now on."""
        self.lens, self.content = lens, content
        if self.target is not None:
            self.target.close()
            self.target = None
