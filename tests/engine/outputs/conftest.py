"""A reader of PNG files of our own."""

import zlib

import numpy as np
import pytest


@pytest.fixture(scope="session")
def read_png():
    """A function: (height, width, channels) uint8 and the kinds of chunks of a PNG file. Knows filter 2 only."""
    return _read


def _read(data):
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    kinds, image, place = [], b"", 8
    while place < len(data):
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        body = data[place + 8 : place + 8 + length]
        check = int.from_bytes(data[place + 8 + length : place + 12 + length], "big")
        assert check == zlib.crc32(kind + body)
        kinds.append(kind)
        if kind == b"IHDR":
            width, height = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
            assert body[8:] in (bytes([8, 2, 0, 0, 0]), bytes([8, 6, 0, 0, 0]))
            channels = 4 if body[9] == 6 else 3
        image += body if kind == b"IDAT" else b""
        place += 12 + length
    rows = np.frombuffer(zlib.decompress(image), np.uint8).reshape(height, 1 + width * channels).copy()
    assert (rows[:, 0] == 2).all()
    pixels = np.cumsum(rows[:, 1:], 0, dtype=np.uint8)  # each row holds differences to the one above
    return pixels.reshape(height, width, channels), kinds
