"""What a framebuffer shows, in host memory and back: on a driver that draws on the processor these are plain copies."""

from __future__ import annotations

import ctypes

import numpy as np

from ..gpu import Context, read_pixels

__all__ = ["Ground"]

Rectangle = tuple[int, int, int, int]  # x, y, width, height, px


class Ground:
    """The picture of a framebuffer, to be changed in place."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._buffer: np.ndarray | None = None
        self._texture = self._framebuffer = 0
        self._place: Rectangle = (0, 0, 0, 0)

    def is_at_hand(self, framebuffer: int) -> bool:
        """Whether the framebuffer, which is bound, draws into a texture."""
        gl = self._context.gl
        kind, name = ctypes.c_int(0), ctypes.c_int(0)
        place = gl.GL_FRAMEBUFFER, gl.GL_COLOR_ATTACHMENT0
        if framebuffer:
            gl.glGetFramebufferAttachmentParameteriv(*place, gl.GL_FRAMEBUFFER_ATTACHMENT_OBJECT_TYPE, kind)
            gl.glGetFramebufferAttachmentParameteriv(*place, gl.GL_FRAMEBUFFER_ATTACHMENT_OBJECT_NAME, name)
        self._texture = name.value if kind.value == gl.GL_TEXTURE else 0
        return self._texture > 0

    def taken(self, framebuffer: int, viewport: Rectangle) -> np.ndarray:
        """(height, width, 4) uint8, lowest row first, of a framebuffer that is at hand; until the next call."""
        self._framebuffer, self._place = framebuffer, viewport
        _, _, width, height = viewport
        if self._buffer is None or self._buffer.shape[:2] != (height, width):
            self._buffer = np.empty((height, width, 4), np.uint8)
        return read_pixels(framebuffer, viewport, self._buffer)[::-1]

    def give_back(self, picture: np.ndarray) -> None:
        """The framebuffer shows the picture, where it was taken. Leaves it bound."""
        gl = self._context.gl
        gl.glBindTexture(gl.GL_TEXTURE_2D, self._texture)
        gl.glPixelStorei(gl.GL_UNPACK_ALIGNMENT, 1)
        gl.glTexSubImage2D(gl.GL_TEXTURE_2D, 0, *self._place, gl.GL_RGBA, gl.GL_UNSIGNED_BYTE, picture)
        gl.glBindTexture(gl.GL_TEXTURE_2D, 0)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._framebuffer)
