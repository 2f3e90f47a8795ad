"""Decoding of numbers that share bytes and of floats of 8 bits, compiled: the same as the definition in `decode`."""

from __future__ import annotations

import numpy as np
from numba import njit, types

from . import decode as definition
from .decode import DTYPES, is_by_byte, stored_bytes, words_of_bytes
from .vectors_numba import file_array

__all__ = ["decode"]


def decode(
    raw: bytes | bytearray | memoryview | np.ndarray, dtype: str, count: int, big_endian: bool = False
) -> np.ndarray:
    """As `decode.decode`."""
    if not is_by_byte(dtype):
        return definition.decode(raw, dtype, count, big_endian)
    data, table = np.frombuffer(raw, np.uint8, stored_bytes(dtype, count)), words_of_bytes(dtype)
    words = np.empty(len(data), table.dtype)
    _look_up(data, table, words)
    return words.view(DTYPES[dtype].decoded)[:count]


@njit(
    [types.void(file_array(types.uint8), word[::1], word[::1]) for word in (types.uint16, types.uint32, types.uint64)],
    nogil=True,
    cache=True,
)
def _look_up(data, table, words):
    for k in range(len(data)):
        words[k] = table[np.uint64(data[k])]
