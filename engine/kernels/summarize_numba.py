"""Statistics of blocks, compiled: the same bits as the definition in `summarize`.

A segment is first widened to float64 with 0 for what is not finite, so that the loops that follow know no exceptions
and become vector instructions. Additions are made in the definition's order and in no other.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from . import moments
from .summarize import BINS, BLOCK, LANES, LARGEST, SEGMENT, SHIFT, TensorSummary, Versions, summarize_with

__all__ = ["summarize_block"]

ROWS = SEGMENT // LANES
FINITE = 0xFF << 3  # the first bin, without the sign, of what is not finite
TABLES = 4  # counted into by turns, so that equal neighbors do not wait for each other
U_SHIFT, U16 = np.uint32(SHIFT), np.uint32(16)
ZERO, ONE, I31, INFINITE = np.int32(0), np.int32(1), np.int32(31), np.int32(0x7F800000)
LEAST, MOST = np.int32(-0x80000000), np.int32(0x7FFFFFFF)  # MOST also takes a sign off


def _read_only(scalar: types.Type) -> types.Array:
    """A vector that may lie in a file."""
    return types.Array(scalar, 1, "C", readonly=True)


RESULTS = (types.float64[:, ::1], types.uint32[:, ::1], types.int64[::1], types.float64[::1])


def summarize_block(values: np.ndarray, dtype: str | None = None, block: int = BLOCK) -> TensorSummary:
    """As `summarize.summarize_block`."""
    return summarize_with(Versions(_measure, _tally), values, dtype, block)


def _measure(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """`Versions.measure`: whole segments in place, then the last one with NaN for what is missing."""
    whole = len(values) // SEGMENT
    missing = -len(values) % SEGMENT
    rows = np.empty((whole + (missing > 0), moments.COLUMNS))
    tables, counts, extremes = np.zeros((TABLES, BINS), np.uint32), np.zeros(3, np.int64), np.array([np.inf, -np.inf])
    rest = values[whole * SEGMENT :]
    padded = np.append(rest, np.full(missing, np.nan, values.dtype))
    for part, part_rows in ((values[: whole * SEGMENT], rows[:whole]), (padded, rows[whole:])):
        if len(part) and values.dtype == np.float32:
            _measure_singles(part, part.view(np.int32), part.view(np.uint32), part_rows, tables, counts, extremes)
        elif len(part):
            _measure_doubles(part, part_rows, tables, counts, extremes)
    counts[1] -= missing
    bins = tables.sum(0, dtype=np.int64)
    bins[FINITE : BINS // 2] = bins[BINS // 2 + FINITE :] = 0
    return rows, bins, counts, extremes


def _tally(keys: np.ndarray, size: int) -> np.ndarray:
    """`Versions.tally`."""
    tables = np.zeros((TABLES, size), np.uint32)
    if keys.dtype == np.uint32:
        _tally_upper_halves(keys, tables)
    else:
        _tally_words(keys, tables)
    return tables.sum(0, dtype=np.int64)


@njit("float64(float64[::1])", nogil=True, cache=True)
def _halved(lanes):
    """Sum of the lanes, halves added to halves."""
    half = LANES // 2
    while half > 0:
        for k in range(half):
            lanes[k] = lanes[k] + lanes[k + half]
        half //= 2
    return lanes[0]


@njit("UniTuple(float64, 2)(float64[::1], float64[:, ::1])", nogil=True, cache=True)
def _sums(numbers, lanes):
    """Sum of the numbers of a segment, and of their absolute values."""
    plain, absolute = lanes[0], lanes[1]
    for k in range(LANES):
        plain[k] = numbers[k]
        absolute[k] = abs(numbers[k])
    for row in range(1, ROWS):
        line = numbers[row * LANES : (row + 1) * LANES]
        for k in range(LANES):
            plain[k] += line[k]
            absolute[k] += abs(line[k])
    return _halved(plain), _halved(absolute)


@njit("UniTuple(float64, 3)(float64[::1], float64, float64[:, ::1])", nogil=True, cache=True)
def _powers(numbers, mean, lanes):
    """Sums of the second, third and fourth powers of the distances from the mean."""
    second, third, fourth = lanes[0], lanes[1], lanes[2]
    for k in range(LANES):
        away = numbers[k] - mean
        square = away * away
        second[k], third[k], fourth[k] = square, square * away, square * square
    for row in range(1, ROWS):
        line = numbers[row * LANES : (row + 1) * LANES]
        for k in range(LANES):
            away = line[k] - mean
            square = away * away
            second[k] += square
            third[k] += square * away
            fourth[k] += square * square
    return _halved(second), _halved(third), _halved(fourth)


@njit(types.void(_read_only(types.uint32), types.uint32[:, ::1]), nogil=True, cache=True)
def _count_bins(bits, tables):
    """Adds the bins of a segment's float32 patterns."""
    first, second, third, fourth = tables[0], tables[1], tables[2], tables[3]
    for k in range(0, SEGMENT, 4):
        first[np.uint64(bits[k] >> U_SHIFT)] += np.uint32(1)
        second[np.uint64(bits[k + 1] >> U_SHIFT)] += np.uint32(1)
        third[np.uint64(bits[k + 2] >> U_SHIFT)] += np.uint32(1)
        fourth[np.uint64(bits[k + 3] >> U_SHIFT)] += np.uint32(1)


@njit(types.UniTuple(types.int32, 5)(_read_only(types.int32)), nogil=True, cache=True)
def _scan(words):
    """Lowest and highest key, zeros, infinities and numbers that are not finite, of a segment of float32 patterns."""
    lowest, highest, zeros, infinite, bad = MOST, LEAST, ZERO, ZERO, ZERO
    for k in range(SEGMENT):
        word = words[k]
        size = np.int32(word & MOST)
        good = size < INFINITE
        key = np.int32(word ^ (np.int32(word >> I31) & MOST))  # ordered as the numbers are
        lowest = min(lowest, key if good else MOST)
        highest = max(highest, key if good else LEAST)
        zeros = np.int32(zeros + (ONE if size == ZERO else ZERO))
        infinite = np.int32(infinite + (ONE if size == INFINITE else ZERO))
        bad = np.int32(bad + (ZERO if good else ONE))
    return lowest, highest, zeros, infinite, bad


@njit(
    types.void(_read_only(types.float32), _read_only(types.int32), _read_only(types.uint32), *RESULTS),
    nogil=True,
    cache=True,
    error_model="numpy",
)
def _measure_singles(values, patterns, bits, rows, tables, counts, extremes):
    numbers, lanes, ends = np.empty(SEGMENT), np.empty((3, LANES)), np.empty(2, np.int32)
    lowest, highest = MOST, LEAST
    for segment in range(len(rows)):
        start, stop = segment * SEGMENT, (segment + 1) * SEGMENT
        line, words = values[start:stop], patterns[start:stop]
        low, high, zeros, infinite, bad = _scan(words)
        lowest, highest = min(lowest, low), max(highest, high)
        for k in range(SEGMENT):
            numbers[k] = np.float64(line[k] if np.int32(words[k] & MOST) < INFINITE else np.float32(0))
        count = SEGMENT - bad
        total, absolute = _sums(numbers, lanes)
        mean = total / max(count, 1)
        if bad:
            for k in range(SEGMENT):
                if not np.int32(words[k] & MOST) < INFINITE:
                    numbers[k] = mean
        second, third, fourth = _powers(numbers, mean, lanes)
        row = rows[segment]
        row[0], row[1], row[2], row[3], row[4], row[5] = count, mean, second, third, fourth, absolute
        _count_bins(bits[start:stop], tables)
        counts[0] += zeros
        counts[1] += bad - infinite
        counts[2] += infinite
    if lowest <= highest:
        ends[0] = lowest ^ ((lowest >> I31) & MOST)
        ends[1] = highest ^ ((highest >> I31) & MOST)
        extremes[0] = min(extremes[0], np.float64(ends.view(np.float32)[0]))
        extremes[1] = max(extremes[1], np.float64(ends.view(np.float32)[1]))


@njit(types.void(_read_only(types.float64), *RESULTS), nogil=True, cache=True, error_model="numpy")
def _measure_doubles(values, rows, tables, counts, extremes):
    numbers, lanes = np.empty(SEGMENT), np.empty((3, LANES))
    singles = np.empty(SEGMENT, np.float32)
    bits = singles.view(np.uint32)
    lowest, highest = extremes[0], extremes[1]
    for segment in range(len(rows)):
        line = values[segment * SEGMENT : (segment + 1) * SEGMENT]
        zeros, infinite, bad = 0, 0, 0
        for k in range(SEGMENT):
            number = line[k]
            good = abs(number) < np.inf
            low, high = (number if good else np.inf), (number if good else -np.inf)
            lowest = low if low < lowest else lowest
            highest = high if high > highest else highest
            zeros += number == 0.0
            infinite += abs(number) == np.inf
            bad += not good
            numbers[k] = number if good else 0.0
            clipped = min(LARGEST, max(-LARGEST, number))
            singles[k] = np.float32(clipped if good else np.inf)
        count = SEGMENT - bad
        total, absolute = _sums(numbers, lanes)
        mean = total / max(count, 1)
        if bad:
            for k in range(SEGMENT):
                if not abs(line[k]) < np.inf:
                    numbers[k] = mean
        second, third, fourth = _powers(numbers, mean, lanes)
        row = rows[segment]
        row[0], row[1], row[2], row[3], row[4], row[5] = count, mean, second, third, fourth, absolute
        _count_bins(bits, tables)
        counts[0] += zeros
        counts[1] += bad - infinite
        counts[2] += infinite
    extremes[0], extremes[1] = lowest, highest


@njit(
    [types.void(_read_only(word), types.uint32[:, ::1]) for word in (types.uint8, types.uint16)],
    nogil=True,
    cache=True,
)
def _tally_words(words, tables):
    for k in range(len(words)):
        tables[np.uint64(k & 3), np.uint64(words[k])] += np.uint32(1)


@njit(types.void(_read_only(types.uint32), types.uint32[:, ::1]), nogil=True, cache=True)
def _tally_upper_halves(words, tables):
    for k in range(len(words)):
        tables[np.uint64(k & 3), np.uint64(words[k] >> U16)] += np.uint32(1)
