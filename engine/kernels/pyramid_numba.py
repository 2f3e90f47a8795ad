"""Means, minima and maxima of blocks, compiled: the same bits as the definition in `pyramid`.

Two blocks side by side fill one vector: rows join rows, and in the end lanes join lanes. Blocks with a number that is
not finite, and those at the end, go a slower way. Small types are widened to float32 a few lines at a time.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numba import njit, types

from .decode import decode
from .pyramid import SIDE, Pyramid, empty_level, is_byte_of, numbers_of
from .vectors_numba import (
    WIDTH,
    all_finite,
    eight,
    eight_largest,
    eight_smallest,
    eight_totals,
    file_array,
    larger,
    load,
    smaller,
    spread,
    store,
    unsigned_zeros,
    wide,
)

__all__ = [
    "coarser",
    "fill_band",
    "fill_band_of_words",
    "fill_cut_band",
    "level_types",
    "pyramid_of",
    "widening_table",
]

TOGETHER = 4 * WIDTH  # columns, of 8 blocks
TILE = 256  # columns that are widened at a time
AT_ONCE = 1 << 18  # numbers of 32 and 64 bits that are converted at a time
INDEX = types.int64
FLOATS = (types.float32, types.float64)
WORDS = (types.uint8, types.uint16)
TABLE = types.float32[::1]


def level_types(kind: types.Type, axes: int = 2) -> tuple[types.Array, ...]:
    """Types of the columns of a level, or of a row of it, whose extremes are of type `kind`."""
    return tuple(types.Array(scalar, axes, "C") for scalar in (types.float64, kind, kind, types.uint8))


def pyramid_of(matrix: np.ndarray, dtype: str | None = None, into: Pyramid | None = None) -> Pyramid:
    """As `pyramid.pyramid_of`."""
    (rows, cols), level = matrix.shape, into or empty_level(matrix.shape, matrix.dtype)
    if matrix.dtype in (np.float32, np.float64):
        _fill(np.ascontiguousarray(matrix).reshape(-1), rows, cols, *level.columns)
        return level
    if matrix.dtype.itemsize <= 2:
        words = np.ascontiguousarray(matrix).reshape(-1).view(f"u{matrix.itemsize}")
        _fill_words(words, widening_table(matrix.dtype.name, dtype), rows, cols, *level.columns)
        return level
    together = max(1, AT_ONCE // max(1, SIDE * cols))
    for block in range(0, len(level.mean), together):
        part = np.ascontiguousarray(numbers_of(matrix[block * SIDE : (block + together) * SIDE], dtype))
        _fill(part.reshape(-1), *part.shape, *(column[block : block + together] for column in level.columns))
    return level


@cache
def widening_table(name: str, dtype: str | None) -> np.ndarray:
    """(256 or 65536,) float32: the number of each bit pattern of a NumPy type; empty for bits of bfloat16."""
    if name == "uint16" and dtype == "bfloat16":
        return np.empty(0, np.float32)
    kind = np.dtype(name)
    if is_byte_of(kind, dtype):
        assert dtype is not None
        return decode(np.arange(256, dtype=np.uint8), dtype, 256).astype(np.float32)
    patterns = np.arange(1 << 8 * kind.itemsize).astype(f"u{kind.itemsize}")
    with np.errstate(invalid="ignore"):  # signaling NaNs
        return (patterns != 0 if name == "bool" else patterns.view(kind)).astype(np.float32)


@njit(nogil=True, error_model="numpy")
def _block(values, start, pitch, high, broad, sums):
    """(mean, lowest, highest, count) of one block of any size, of its finite numbers."""
    kind = values.dtype.type
    lowest, highest, count = kind(np.inf), kind(-np.inf), 0
    sums[:] = 0.0
    for row in range(high):
        for col in range(broad):
            number = values[start + row * pitch + col]
            if abs(number) < np.inf:
                sums[col] += np.float64(number)
                lowest, highest, count = min(lowest, number), max(highest, number), count + 1
    half = SIDE // 2
    while half:
        for k in range(half):
            sums[k] += sums[k + half]
        half //= 2
    if not count:
        lowest = highest = kind(np.nan)
    mean = sums[0] / count
    return (np.nan if mean != mean else mean), lowest + kind(0), highest + kind(0), count


@njit(
    [types.void(file_array(word), TABLE, *[INDEX] * 3, types.float32[::1]) for word in WORDS], nogil=True, cache=True
)
def _widen_cut(words, table, at, size, to, scratch):
    """Widens what there is of `size` words from `at` on; the others are not a number."""
    bits = scratch.view(np.uint32)
    scratch[to : to + size] = np.nan
    for k in range(min(max(0, -at), size), min(size, len(words) - at)):
        word = words[at + k]
        if len(table):
            scratch[to + k] = table[np.uint64(word)]
        else:
            bits[to + k] = np.uint32(word) << np.uint32(16)


@njit(nogil=True)
def _rows_inside(start, pitch, high, broad, size):
    """(first, end) of the rows of a band of which something lies in `size` numbers."""
    first = 0 if start + broad > 0 else (-start - broad) // pitch + 1
    return min(first, high), max(min(first, high), min(high, (size - start + pitch - 1) // pitch))


@njit(nogil=True)
def _columns(values, start, pitch):
    """Sums, lowest and highest numbers of 16 columns of 8 rows."""
    first = load(values, start)
    total, low, high = spread(0.0) + wide(first), first, first
    for row in range(1, SIDE):
        lanes = load(values, start + row * pitch)
        total, low, high = total + wide(lanes), smaller(lanes, low), larger(lanes, high)
    return total, low, high


@njit(
    [types.void(file_array(kind), *[INDEX] * 4, *level_types(kind, 1)) for kind in FLOATS],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def fill_band(values, start, pitch, high, broad, means, lows, highs, counts):
    """Fills a row of a level: blocks of `high` rows of `broad` numbers, `pitch` from row to row."""
    sums, together = np.empty(SIDE), broad // TOGETHER * TOGETHER if high == SIDE else 0
    for left in range(0, together, TOGETHER):
        total0, low0, high0 = _columns(values, start + left, pitch)
        total1, low1, high1 = _columns(values, start + left + WIDTH, pitch)
        total2, low2, high2 = _columns(values, start + left + 2 * WIDTH, pitch)
        total3, low3, high3 = _columns(values, start + left + 3 * WIDTH, pitch)
        total, j = eight_totals(total0, total1, total2, total3), left // SIDE
        if all_finite(total):
            store(means, j, total * eight(1 / (SIDE * SIDE)))
            store(lows, j, unsigned_zeros(eight_smallest(low0, low1, low2, low3)))
            store(highs, j, unsigned_zeros(eight_largest(high0, high1, high2, high3)))
            counts[j : j + 8] = SIDE * SIDE
        else:
            for k in range(8):
                found = _block(values, start + left + k * SIDE, pitch, high, SIDE, sums)
                means[j + k], lows[j + k], highs[j + k], counts[j + k] = found
    for j in range(together // SIDE, len(means)):
        found = _block(values, start + j * SIDE, pitch, high, min(SIDE, broad - j * SIDE), sums)
        means[j], lows[j], highs[j], counts[j] = found


@njit(
    [types.void(file_array(word), TABLE, *[INDEX] * 4, TABLE, *level_types(types.float32, 1)) for word in WORDS],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def fill_band_of_words(words, table, start, pitch, high, broad, scratch, means, lows, highs, counts):
    """As `fill_cut_band`, of words that `table` turns into numbers; without one they are upper halves of float32.

    `scratch` has room for 8 x TILE.
    """
    bits = scratch.view(np.uint32)
    first, last = _rows_inside(start, pitch, high, broad, len(words))
    for left in range(0, broad, TILE):
        size = min(TILE, broad - left)
        for row in range(last - first):
            at = start + (first + row) * pitch + left
            if at < 0 or at + size > len(words):
                _widen_cut(words, table, at, size, row * TILE, scratch)
                continue
            line = words[at : at + size]
            if len(table):
                for k in range(size):
                    scratch[row * TILE + k] = table[np.uint64(line[k])]
            else:
                for k in range(size):
                    bits[row * TILE + k] = np.uint32(line[k]) << np.uint32(16)
        j, stop = left // SIDE, (left + size + SIDE - 1) // SIDE
        fill_band(scratch, 0, TILE, last - first, size, means[j:stop], lows[j:stop], highs[j:stop], counts[j:stop])


@njit(
    [types.void(file_array(kind), *[INDEX] * 4, types.Array(kind, 1, "C"), *level_types(kind, 1)) for kind in FLOATS],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def fill_cut_band(values, start, pitch, high, broad, scratch, means, lows, highs, counts):
    """As `fill_band`, of what lies in `values`: the band begins at `start`, also before them, and may end behind them.

    `scratch` has room for 8 x TILE.
    """
    first, last = _rows_inside(start, pitch, high, broad, len(values))
    for left in range(0, broad, TILE):
        size = min(TILE, broad - left)
        for row in range(last - first):
            at, to = start + (first + row) * pitch + left, row * TILE
            begin = min(max(0, -at), size)
            end = max(begin, min(size, len(values) - at))
            if begin > 0 or end < size:
                scratch[to : to + size] = np.nan
            for k in range(begin, end):
                scratch[to + k] = values[at + k]
        j, stop = left // SIDE, (left + size + SIDE - 1) // SIDE
        fill_band(scratch, 0, TILE, last - first, size, means[j:stop], lows[j:stop], highs[j:stop], counts[j:stop])


@njit(
    [types.void(file_array(kind), INDEX, INDEX, *level_types(kind)) for kind in FLOATS],
    nogil=True,
    cache=True,
)
def _fill(values, rows, cols, means, lows, highs, counts):
    for i in range(len(means)):
        high = min(SIDE, rows - i * SIDE)
        fill_band(values, i * SIDE * cols, cols, high, cols, means[i], lows[i], highs[i], counts[i])


@njit(
    [types.void(file_array(word), TABLE, INDEX, INDEX, *level_types(types.float32)) for word in WORDS],
    nogil=True,
    cache=True,
)
def _fill_words(words, table, rows, cols, means, lows, highs, counts):
    scratch = np.empty(SIDE * TILE, np.float32)
    for i in range(len(means)):
        high, start = min(SIDE, rows - i * SIDE), i * SIDE * cols
        fill_band_of_words(words, table, start, cols, high, cols, scratch, means[i], lows[i], highs[i], counts[i])


def coarser(level: Pyramid, factor: int) -> Pyramid:
    """As `pyramid.coarser`."""
    sides = [-(-side // factor) for side in level.mean.shape]
    kind = level.min.dtype
    above = Pyramid(np.empty(sides), np.empty(sides, kind), np.empty(sides, kind), np.empty(sides))
    below = (level.mean.astype(np.float64, copy=False), level.min, level.max, level.count.astype(np.float64))
    _join(*(np.ascontiguousarray(part) for part in below), factor, *above.columns)
    return above


@njit(
    [
        types.void(*level_types(kind)[:3], types.float64[:, ::1], INDEX, *level_types(kind)[:3], types.float64[:, ::1])
        for kind in FLOATS
    ],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def _join(means, lows, highs, counts, factor, means_above, lows_above, highs_above, counts_above):
    rows, cols = means.shape
    for i in range(len(means_above)):
        for j in range(means_above.shape[1]):
            total, count = 0.0, 0.0
            low, high = lows.dtype.type(np.inf), lows.dtype.type(-np.inf)
            for col in range(j * factor, min(cols, (j + 1) * factor)):
                part = 0.0  # of one column
                for row in range(i * factor, min(rows, (i + 1) * factor)):
                    if counts[row, col] > 0:
                        part += means[row, col] * counts[row, col]
                        count += counts[row, col]
                        low, high = min(low, lows[row, col]), max(high, highs[row, col])
                total += part
            if count == 0:
                low = high = lows.dtype.type(np.nan)
            mean = total / count
            means_above[i, j] = np.nan if mean != mean else mean
            lows_above[i, j], highs_above[i, j], counts_above[i, j] = low, high, count
