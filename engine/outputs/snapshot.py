"""Pictures as PNG files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..gpu import read_pixels
from ..view import Eye, Frame
from .png import write_png

__all__ = ["SnapshotSink"]


class SnapshotSink:
    """Writes the picture of one frame when closed: the frame `index`, or the last one when None.

    `target` chooses the eye by its target. Without such a frame nothing is written.
    """

    def __init__(self, path: str | os.PathLike[str], index: int | None = None, target: int = 0) -> None:
        self._path = Path(path)
        self._index = index
        self._target = target
        self._pixels: np.ndarray | None = None
        self._buffer: np.ndarray | None = None

    def receive(self, frame: Frame, eye: Eye, framebuffer: int) -> None:
        """Keeps the picture if it is the wanted one."""
        if eye.target != self._target or self._index not in (None, frame.index):
            return
        width, height = eye.size_px
        if self._buffer is None or self._buffer.shape[:2] != (height, width):
            self._buffer = np.empty((height, width, 4), np.uint8)
        self._pixels = read_pixels(framebuffer, eye.viewport, self._buffer)

    def close(self) -> None:
        """Writes the file. Raises InputError when that is not possible."""
        if self._pixels is not None:
            write_png(self._path, self._pixels[..., :3])
            self._pixels = None
