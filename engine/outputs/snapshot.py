"""Pictures as PNG files."""

from __future__ import annotations

import os
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np

from ..gpu import read_pixels
from ..view import Eye, Frame
from . import part_file

__all__ = ["SnapshotSink", "png_bytes", "write_png"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
FILTER_UP = 2
RGB = 2  # color type
FASTEST = 1  # of zlib's levels; the filter makes most of the size
PARTS = 4  # of a picture, compressed one beside the other
ZLIB_HEADER, DEFLATE_END = b"\x78\x01", b"\x03\x00"  # the end: an empty last block


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


def write_png(path: str | os.PathLike[str], rgb: np.ndarray) -> None:
    """Writes `rgb`, (height, width, 3) uint8 in sRGB with the top row first, whole or not at all.

    Raises InputError when the place cannot be written.
    """
    place = Path(path)
    part = part_file.begin(place)
    try:
        with part_file.unwritable(place):
            part.write_bytes(png_bytes(rgb))
        part_file.finish(part, place)
    finally:
        part_file.discard(part)


def png_bytes(rgb: np.ndarray) -> bytes:
    """A PNG file of `rgb`, (height, width, 3) uint8 in sRGB with the top row first.

    Source: PNG specification, third edition, sections 5 (chunks), 9 (filters).
    """
    height, width, _ = rgb.shape
    rows = rgb.reshape(height, width * 3)
    filtered = np.empty((height, 1 + width * 3), np.uint8)
    filtered[:, 0] = FILTER_UP
    filtered[:1, 1:] = rows[:1]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, RGB, 0, 0, 0)
    chunks = (b"IHDR", header), (b"sRGB", b"\0"), (b"IDAT", _compressed(filtered)), (b"IEND", b"")
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _compressed(rows: np.ndarray) -> bytes:
    """One zlib stream of (height, n) uint8, made of parts that two threads compress at once; always the same parts.

    Source: RFC 1950 section 2.2, RFC 1951 section 3.2.3 (a full flush ends a part at a byte).
    """
    height = len(rows)
    bounds = [height * part // PARTS for part in range(PARTS + 1)]
    with ThreadPoolExecutor(2, "png") as threads:
        parts = threads.map(_deflated, [rows[first:last] for first, last in pairwise(bounds)])
        return ZLIB_HEADER + b"".join(parts) + DEFLATE_END + struct.pack(">I", zlib.adler32(rows.data))


def _deflated(rows: np.ndarray) -> bytes:
    """Deflate blocks of rows, none of them the last, up to a whole byte."""
    machine = zlib.compressobj(FASTEST, wbits=-zlib.MAX_WBITS)
    return machine.compress(rows.data) + machine.flush(zlib.Z_FULL_FLUSH)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
