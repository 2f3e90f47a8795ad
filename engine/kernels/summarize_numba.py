"""Statistics of blocks, compiled: the same bits as the definition in `summarize`.

A segment is read twice while it is in the nearest cache: for sums, extremes and zeros, then for the powers of the
distances from its mean. Each pass counts the bins of half of it, for counting and adding keep different parts of the
processor busy. A segment with a number that is not finite goes a slower way.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit, types
from numba.extending import overload

from . import moments
from .moments_numba import fold_rows
from .summarize import BINS, BLOCK, LARGEST, SEGMENT, SHIFT, TensorSummary, Versions, summarize_with, tally
from .vectors_numba import (
    WIDTH,
    file_array,
    larger,
    largest,
    load,
    load_eight_bytes,
    magnitude,
    narrow,
    prefetch,
    smaller,
    smallest,
    spread,
    store,
    total,
    where_finite,
    wide,
    zeros_in,
)

__all__ = ["measure_segments", "measured", "summarize_block", "tallied", "tally_halves"]

HALF = WIDTH // 2
FINITE = 0xFF << 3  # the first bin, without the sign, of what is not finite
TABLES = 4  # counted into by turns, so that equal neighbors do not wait for each other
STRIDE = BINS + 80  # numbers from table to table, so that no two bins are a multiple of 4 KiB apart
HIGH_SHIFT, LOW_SHIFT, LOW_MASK = np.uint64(SHIFT + 32), np.uint64(SHIFT), np.uint64(BINS - 1)
COUNT, HALF_MASK = np.uint32(1), np.uint64(0xFFFF)
HALVES = 1 << 16
HALF_STRIDE = HALVES + 80  # two tables are enough here: equal neighbors are rarer
UNIT = 8  # bytes that are counted together
MANY = 1 << 16  # numbers; fewer are counted by NumPy, for large tables take time


def summarize_block(values: np.ndarray, dtype: str | None = None, block: int = BLOCK) -> TensorSummary:
    """As `summarize.summarize_block`."""
    return summarize_with(VERSIONS, values, dtype, block)


def measured(
    values: np.ndarray, block: int, add_segments: Callable[..., None]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What `Versions.measure` gives. Whole segments are added in place by `add_segments`, which takes what
    `measure_segments` does; the last one with NaN for what is missing."""
    whole, missing = len(values) // SEGMENT, -len(values) % SEGMENT
    rows, singles = np.empty((whole + (missing > 0), moments.COLUMNS)), np.empty(SEGMENT, np.float32)
    tables, counts, extremes = np.zeros(TABLES * STRIDE, np.uint32), np.zeros(3, np.int64), np.array([np.inf, -np.inf])
    rest = np.append(values[whole * SEGMENT :], np.full(missing, np.nan, values.dtype))
    parts = ((values[: whole * SEGMENT], rows[:whole], add_segments), (rest, rows[whole:], measure_segments))
    for part, part_rows, add in parts:
        in_place = values.dtype == np.float32
        bits, step = (part.view(np.uint32), SEGMENT) if in_place else (singles.view(np.uint32), 0)
        add(part, bits, step, SEGMENT, singles, part_rows, tables, counts, extremes)
    counts[1] -= missing
    bins = tables.reshape(TABLES, STRIDE)[:, :BINS].sum(0, dtype=np.int64)
    bins[FINITE : BINS // 2] = bins[BINS // 2 + FINITE :] = 0
    blocks = np.empty((-(-len(values) // block), moments.COLUMNS))
    fold_rows(rows, block // SEGMENT, blocks)
    return blocks, bins, counts, extremes


def tallied(keys: np.ndarray, size: int, add_words: Callable[[np.ndarray, np.ndarray], None]) -> np.ndarray:
    """What `Versions.tally` gives. Bytes are counted by twos, in a table of all pairs. `add_words` takes what
    `tally_halves` does, or `tally_upper_halves` for keys of 32 bits."""
    together = UNIT // keys.itemsize
    whole = len(keys) // together * together
    tables = np.zeros(2 * HALF_STRIDE, np.uint32)
    add_words(keys[:whole].view(np.uint32), tables)
    table = tables[:HALVES].astype(np.int64)
    table += tables[HALF_STRIDE : HALF_STRIDE + HALVES]
    if keys.dtype == np.uint8:
        pairs = table.reshape(256, 256)
        table = pairs.sum(0) + pairs.sum(1)
    return table[:size] + tally(keys[whole:], size)


def _measure(values: np.ndarray, block: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """`Versions.measure`."""
    return measured(values, block, measure_segments)


def _tally(keys: np.ndarray, size: int) -> np.ndarray:
    """`Versions.tally`."""
    if len(keys) < MANY:
        return tally(keys, size)
    return tallied(keys, size, tally_upper_halves if keys.dtype == np.uint32 else tally_halves)


VERSIONS = Versions(_measure, _tally)
RESULTS = (types.float64[:, ::1], types.uint32[::1], types.int64[::1], types.float64[::1])
BITS = file_array(types.uint32)


@njit(types.void(BITS, types.int64, types.uint32[::1]), nogil=True, cache=True)
def _count_bins(bits, start, tables):
    """Adds the bins of 8 float32 patterns."""
    for k in range(0, HALF, 4):
        first, second = load_eight_bytes(bits, start + k), load_eight_bytes(bits, start + k + 2)
        tables[first >> HIGH_SHIFT] += COUNT
        tables[((first >> LOW_SHIFT) & LOW_MASK) + np.uint64(STRIDE)] += COUNT
        tables[(second >> HIGH_SHIFT) + np.uint64(2 * STRIDE)] += COUNT
        tables[((second >> LOW_SHIFT) & LOW_MASK) + np.uint64(3 * STRIDE)] += COUNT


def _keep_singles(lanes, singles, start):
    """Rounds float64 lanes to float32, what is finite to what is finite, and leaves them there."""


@overload(_keep_singles)
def _keep(lanes, singles, start):
    if lanes.scalar == types.float32:
        return lambda lanes, singles, start: None

    def keep(lanes, singles, start):
        clipped = larger(smaller(lanes, spread(LARGEST)), spread(-LARGEST))
        store(singles, start, narrow(where_finite(lanes, clipped, lanes)))

    return keep


@njit(nogil=True)
def _scan(values, start, bits, bits_start, singles, tables):
    """(sum, sum of |x|, lowest, highest) of a segment, of which half is counted into the tables."""
    plain, absolute = spread(0.0), spread(0.0)
    low, high = spread(values.dtype.type(np.inf)), spread(values.dtype.type(-np.inf))
    for k in range(0, SEGMENT, WIDTH):
        lanes = load(values, start + k)
        _keep_singles(lanes, singles, k)
        low, high = smaller(lanes, low), larger(lanes, high)
        numbers = wide(lanes)
        plain, absolute = plain + numbers, absolute + magnitude(numbers)
        _count_bins(bits, bits_start + k, tables)
    return total(plain), total(absolute), np.float64(smallest(low)), np.float64(largest(high))


@njit(nogil=True)
def _powers(values, start, mean, bits, bits_start, ahead, tables):
    """Sums of the second, third and fourth powers of the distances from the mean; counts the other half."""
    second, third, fourth, middle = spread(0.0), spread(0.0), spread(0.0), spread(mean)
    for k in range(0, SEGMENT, WIDTH):
        away = wide(load(values, start + k)) - middle
        prefetch(values, start + ahead + k)
        square = away * away
        second, third, fourth = second + square, third + square * away, fourth + square * square
        _count_bins(bits, bits_start + k + HALF, tables)
    return total(second), total(third), total(fourth)


@njit(nogil=True, error_model="numpy")
def _finite_part(values, start, numbers):
    """Copies a segment, 0 for what is not finite. (lowest, highest, NaN, infinities)."""
    low, high, nan, infinite = np.inf, -np.inf, 0, 0
    for k in range(SEGMENT):
        number = np.float64(values[start + k])
        good = abs(number) < np.inf
        numbers[k] = number if good else 0.0
        low, high = min(low, number if good else np.inf), max(high, number if good else -np.inf)
        nan += number != number
        infinite += abs(number) == np.inf
    return low, high, nan, infinite


@njit(nogil=True)
def _zeros(values, start):
    """How many numbers of a segment are 0."""
    zeros = spread(np.int32(0))
    for k in range(start, start + SEGMENT, WIDTH):
        zeros = zeros_in(load(values, k), zeros)
    return total(zeros)


@njit(nogil=True)
def _in_bin_of_zero(tables):
    found = np.uint32(0)
    for start in range(0, TABLES * STRIDE, STRIDE):
        found += tables[start] + tables[start + BINS // 2]
    return found


@njit(nogil=True)
def _plain_sums(numbers):
    plain, absolute = spread(0.0), spread(0.0)
    for k in range(0, SEGMENT, WIDTH):
        lanes = load(numbers, k)
        plain, absolute = plain + lanes, absolute + magnitude(lanes)
    return total(plain), total(absolute)


@njit(
    [
        types.void(file_array(kind), BITS, types.int64, types.int64, types.float32[::1], *RESULTS)
        for kind in (types.float32, types.float64)
    ],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def measure_segments(values, bits, bits_step, ahead, singles, rows, tables, counts, extremes):
    """Adds whole segments. `bits` are those of the values as float32, `bits_step` from segment to segment.

    Memory is asked for `ahead` numbers before it is read.
    """
    numbers, tiny = np.empty(SEGMENT), _in_bin_of_zero(tables)
    for segment in range(len(rows)):
        start, bits_start = segment * SEGMENT, segment * bits_step
        plain, absolute, low, high = _scan(values, start, bits, bits_start, singles, tables)
        count, mean = SEGMENT, plain / SEGMENT
        if absolute < np.inf:
            powers = _powers(values, start, mean, bits, bits_start, ahead, tables)
        else:
            low, high, nan, infinite = _finite_part(values, start, numbers)
            count = SEGMENT - nan - infinite
            plain, absolute = _plain_sums(numbers)
            mean = plain / max(count, 1)
            for k in range(SEGMENT):  # distances here: the mean itself may be infinite
                numbers[k] = numbers[k] - mean if abs(np.float64(values[start + k])) < np.inf else 0.0
            powers = _powers(numbers, 0, 0.0, bits, bits_start, 0, tables)
            counts[1] += nan
            counts[2] += infinite
        found = _in_bin_of_zero(tables)
        if found != tiny:  # zeros, or next to it
            counts[0] += _zeros(values, start)
            tiny = found
        extremes[0], extremes[1] = min(extremes[0], low), max(extremes[1], high)
        row = rows[segment]
        row[0], row[1], row[2], row[3], row[4], row[5] = count, mean, powers[0], powers[1], powers[2], absolute


@njit(types.void(BITS, types.uint32[::1]), nogil=True, cache=True)
def tally_halves(words, tables):
    """Counts the lower and the upper halves of an even number of words, into two tables by turns."""
    for k in range(0, len(words), 2):
        pair = load_eight_bytes(words, k)
        tables[pair & HALF_MASK] += COUNT
        tables[((pair >> np.uint64(16)) & HALF_MASK) + np.uint64(HALF_STRIDE)] += COUNT
        tables[(pair >> np.uint64(32)) & HALF_MASK] += COUNT
        tables[(pair >> np.uint64(48)) + np.uint64(HALF_STRIDE)] += COUNT


@njit(types.void(BITS, types.uint32[::1]), nogil=True, cache=True)
def tally_upper_halves(words, tables):
    for k in range(0, len(words), 2):
        pair = load_eight_bytes(words, k)
        tables[(pair >> np.uint64(16)) & HALF_MASK] += COUNT
        tables[(pair >> np.uint64(48)) + np.uint64(HALF_STRIDE)] += COUNT
