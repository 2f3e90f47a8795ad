"""Pictures of any size, also without ground: drawn part by part and written row by row, so memory does not grow."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..gpu import Context, GraphicsError, read_pixels
from ..view import Eye, Frame
from . import part_file
from .png import PngWriter

__all__ = ["GROUNDS", "PictureSink", "check_room", "over_grounds", "parts_of", "uncovered"]

PART_PX = (4096, 1024)
LARGEST_WHOLE = 1 << 23  # pixels of a picture that is drawn at once
GROUNDS = (0.0, 1.0)  # black and white, by target: seen over both, a picture tells how much of the ground it hides


def check_room(context: Context, size_px: tuple[int, int]) -> None:
    """Raises GraphicsError when the driver cannot place things that far apart."""
    if max(size_px) > context.gl.glGetIntegerv(context.gl.GL_MAX_VIEWPORT_DIMS):
        raise GraphicsError("OpenGL", "no_target", found=" x ".join(map(str, size_px)))


def parts_of(eye: Eye, part_px: tuple[int, int] | None = None) -> tuple[Eye, ...]:
    """The eyes that together see the picture of `eye`: row by row from the top, each from the left.

    `part_px`: even numbers, because drivers shade 2 x 2 pixels at once; by default as large as is good.
    """
    width, height = eye.size_px
    if part_px is None:
        if width * height <= LARGEST_WHOLE:
            return (eye,)
        part_px = PART_PX
    places = [(x, y) for y in reversed(range(0, height, part_px[1])) for x in range(0, width, part_px[0])]
    return tuple(eye.only(x, y, min(part_px[0], width - x), min(part_px[1], height - y)) for x, y in places)


def over_grounds(eyes: tuple[Eye, ...]) -> tuple[Eye, ...]:
    """Every eye once for each of `GROUNDS`."""
    return tuple(replace(eye, target=target) for eye in eyes for target in range(len(GROUNDS)))


class PictureSink:
    """Writes one picture as a PNG from its `parts_of`, whole or not at all.

    Transparent with a `backdrop`, 0 black or 1 white: then every part comes over both `GROUNDS`, and the picture lying
    on the backdrop looks as it does when drawn over it. Raises InputError, at once where the folder cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], size_px: tuple[int, int], backdrop: int | None = None) -> None:
        self._path = Path(path)
        self._size_px = size_px
        self._backdrop = backdrop
        self._channels = 3 if backdrop is None else 4
        self._rows = 0  # that were written
        self._band = np.zeros((0, size_px[0], self._channels), np.uint8)
        self._buffers: dict[int, np.ndarray] = {}  # by target
        self._part = part_file.begin(self._path)
        self._file = self._part.open("wb")
        self._png = PngWriter(self._file.write, size_px, self._channels)

    def receive(self, frame: Frame, eye: Eye, framebuffer: int) -> None:
        """Keeps the pixels of a part; writes a row of parts once it is complete."""
        x, _, width, height = eye.part or (0, 0, *self._size_px)
        buffer = self._buffers.get(eye.target)
        if buffer is None or buffer.shape[:2] != (height, width):
            buffer = self._buffers[eye.target] = np.empty((height, width, 4), np.uint8)
        pixels = read_pixels(framebuffer, eye.held_px, buffer)
        if self._backdrop is not None:
            if eye.target == 0:
                return
            pixels = uncovered(self._buffers[0][::-1], pixels, self._backdrop)
        if len(self._band) != height:
            self._band = np.empty((height, self._size_px[0], self._channels), np.uint8)
        self._band[:, x : x + width] = pixels[..., : self._channels]
        if x + width == self._size_px[0]:
            with part_file.unwritable(self._path):
                self._png.add(self._band)
            self._rows += height

    def close(self) -> None:
        """Finishes the file, if all parts came."""
        if self._file.closed:
            return
        try:
            with part_file.unwritable(self._path), self._file:
                if self._rows == self._size_px[1]:
                    self._png.close()
            if self._rows == self._size_px[1]:
                part_file.finish(self._part, self._path)
        finally:
            self._rows = 0
            part_file.discard(self._part)


def uncovered(over_black: np.ndarray, over_white: np.ndarray, backdrop: int) -> np.ndarray:
    """(height, width, 4) uint8 with alpha, not multiplied in, of a picture drawn over black and over white.

    Of the alphas that its channels ask for it has the largest; over the backdrop, 0 black or 1 white, it is exact.
    """
    black, white = over_black[..., :3].astype(np.int32), over_white[..., :3].astype(np.int32)
    alpha = np.clip(255 - (white - black).min(-1), 0, 255)
    light = white - 255 + alpha[..., None] if backdrop else black
    color = (light * 255 + alpha[..., None] // 2) // np.maximum(alpha, 1)[..., None]
    return np.concatenate([np.clip(color, 0, 255), alpha[..., None]], -1).astype(np.uint8)
