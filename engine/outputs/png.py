"""PNG files, written row by row: of a large picture only a few rows are held."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np

from . import part_file

__all__ = ["PngWriter", "png_bytes", "write_png"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
FILTER_UP = 2
COLOR_TYPES = {3: 2, 4: 6}  # by number of channels: RGB, RGB and alpha
FASTEST = 1  # of zlib's levels; the filter makes most of the size
PIECE_BYTES = 3 << 19  # that are compressed at once, pieces one beside the other
ZLIB_HEADER, DEFLATE_END = b"\x78\x01", b"\x03\x00"  # the end: an empty last block


class PngWriter:
    """Gives `write` a PNG file of `size_px` (width, height) in sRGB, with 3 channels, or 4: alpha, not multiplied in.

    The bytes depend on the pixels and on how many rows are added at once.
    Source: PNG specification, third edition, sections 5 (chunks), 9 (filters).
    """

    def __init__(self, write: Callable[[bytes], object], size_px: tuple[int, int], channels: int = 3) -> None:
        self._write = write
        self._above = np.zeros(size_px[0] * channels, np.uint8)
        self._check = 1  # Adler-32 of nothing
        self._rows_at_once = max(1, PIECE_BYTES // (size_px[0] * channels))
        self._threads = ThreadPoolExecutor(2, "png")
        write(SIGNATURE)
        self._chunk(b"IHDR", struct.pack(">IIBBBBB", *size_px, 8, COLOR_TYPES[channels], 0, 0, 0))
        self._chunk(b"sRGB", b"\0")
        self._beginning = ZLIB_HEADER

    def add(self, pixels: np.ndarray) -> None:
        """Writes the next rows, (n, width, channels) uint8; the first ones are at the top.

        Source: RFC 1950 section 2.2, RFC 1951 section 3.2.3 (a full flush ends a part at a byte).
        """
        rows = self._filtered(pixels)
        pieces = [rows[first : first + self._rows_at_once] for first in range(0, len(rows), self._rows_at_once)]
        for piece, packed in zip(pieces, self._threads.map(_deflated, pieces), strict=True):
            self._check = zlib.adler32(piece.data, self._check)
            self._chunk(b"IDAT", self._beginning + packed)
            self._beginning = b""

    def close(self) -> None:
        """Writes the end, once all rows were added."""
        self._chunk(b"IDAT", self._beginning + DEFLATE_END + struct.pack(">I", self._check))
        self._chunk(b"IEND", b"")
        self._threads.shutdown()

    def _filtered(self, pixels: np.ndarray) -> np.ndarray:
        """(n, 1 + width * channels) uint8: differences to the row above."""
        filtered = np.empty((len(pixels), 1 + len(self._above)), np.uint8)
        filtered[:, 0] = FILTER_UP
        differences = filtered[:, 1:].reshape(pixels.shape)
        differences[:1] = pixels[:1] - self._above.reshape(pixels.shape[1:])
        np.subtract(pixels[1:], pixels[:-1], out=differences[1:])
        self._above = pixels[-1].reshape(-1).copy()
        return filtered

    def _chunk(self, kind: bytes, data: bytes) -> None:
        self._write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))


def write_png(path: str | os.PathLike[str], pixels: np.ndarray) -> None:
    """Writes (height, width, 3 or 4) uint8 in sRGB with the top row first, whole or not at all.

    Raises InputError when the place cannot be written.
    """
    place = Path(path)
    part = part_file.begin(place)
    try:
        with part_file.unwritable(place):
            part.write_bytes(png_bytes(pixels))
        part_file.finish(part, place)
    finally:
        part_file.discard(part)


def png_bytes(pixels: np.ndarray) -> bytes:
    """A PNG file of (height, width, 3 or 4) uint8 in sRGB with the top row first."""
    height, width, channels = pixels.shape
    file = BytesIO()
    writer = PngWriter(file.write, (width, height), channels)
    writer.add(pixels)
    writer.close()
    return file.getvalue()


def _deflated(rows: np.ndarray) -> bytes:
    """Deflate blocks of rows, none of them the last, up to a whole byte."""
    machine = zlib.compressobj(FASTEST, wbits=-zlib.MAX_WBITS)
    return machine.compress(rows.data) + machine.flush(zlib.Z_FULL_FLUSH)
