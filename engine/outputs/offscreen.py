"""The clock of films and snapshots: exact frames by index, as fast as they can be drawn, without a window."""

from __future__ import annotations

from collections.abc import Callable

from ..gpu import Context, Target
from ..view import Eye, Frame

__all__ = ["OffscreenClock"]


class OffscreenClock:
    """Exact frames 0 to count - 1, `rate` in a second: frame i has time_s = i / rate. Reads no clock.

    `eyes_at(index, time_s)` says what eyes a frame has. Each eye's target is a framebuffer of `size_px`
    (width, height) or of what the viewports (or parts of pictures) in it need, if that is more; all targets live until
    `close`.
    """

    def __init__(
        self,
        context: Context,
        size_px: tuple[int, int],
        count: int,
        rate: float,
        eyes_at: Callable[[int, float], tuple[Eye, ...]],
        budget: int = 1_000_000,
    ) -> None:
        self._context = context
        self._size_px = size_px
        self._count = count
        self._rate = rate
        self._eyes_at = eyes_at
        self._budget = budget
        self._index = 0
        self._targets: dict[int, Target] = {}

    def next_frame(self) -> Frame | None:
        """The next exact frame; None after the last."""
        if self._index == self._count:
            return None
        index, time_s = self._index, self._index / self._rate
        self._index += 1
        eyes = self._eyes_at(index, time_s)
        for eye in eyes:
            self._fit(eye)
        return Frame(index, time_s, eyes, self._budget, "exact")

    def begin_eye(self, eye: Eye) -> int:
        """The eye's framebuffer, bound, with its viewport set."""
        gl = self._context.gl
        framebuffer = self._targets[eye.target].framebuffer
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, framebuffer)
        gl.glViewport(*eye.viewport)
        return framebuffer

    def end_frame(self, frame: Frame) -> None:
        """Nobody watches: nothing to show."""

    def close(self) -> None:
        """Frees the targets."""
        for target in self._targets.values():
            target.close()
        self._targets.clear()

    def _fit(self, eye: Eye) -> None:
        """Sees to it that the eye's target exists and holds its viewport."""
        x, y, width, height = eye.held_px
        target = self._targets.get(eye.target)
        has = target.size_px if target else self._size_px
        size_px = max(has[0], x + width), max(has[1], y + height)
        if target and target.size_px == size_px:
            return
        if target:
            target.close()
        self._targets[eye.target] = Target(*size_px)
