"""Statistics and pyramid of a run of a matrix in one pass, compiled: the same bits as the definition.

A band of 8 rows becomes a row of the level; then its numbers, which are in a near cache now, are counted and added.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from . import pyramid_numba
from .decode import DTYPES
from .matrix_runs import Window, window_of
from .pyramid import SIDE, Pyramid, empty_level, numbers_of
from .pyramid_numba import (
    FLOATS,
    INDEX,
    TABLE,
    TILE,
    WORDS,
    fill_band,
    fill_band_of_words,
    fill_cut_band,
    level_types,
    widening_table,
)
from .summarize import BLOCK, SEGMENT, TensorSummary, Versions, summarize_with
from .summarize_matrix import with_run
from .summarize_numba import (
    BITS,
    MANY,
    RESULTS,
    UNIT,
    measure_segments,
    measured,
    summarize_block,
    tallied,
    tally_halves,
)
from .vectors_numba import file_array

__all__ = ["summarize_run", "with_run"]

NEAR = 1 << 17  # numbers of which the second cache of a processor holds twice as many


def summarize_run(values: np.ndarray, dtype: str | None, first: int, width: int) -> TensorSummary:
    """As `summarize_matrix.summarize_run`."""
    values = np.ascontiguousarray(values)
    window = window_of(first, len(values), width)
    level = empty_level((len(window.bands) * SIDE, window.right - window.left), values.dtype)
    by_table, by_bins = (
        values.dtype.itemsize <= 2,
        values.dtype in (np.float32, np.float64) and (dtype is None or DTYPES[dtype].bits > 16),
    )
    if len(values) < MANY or not (by_table or by_bins):
        summary = summarize_block(values, dtype)
        _fill(values, dtype, window, level)
    else:
        summary = _in_one_pass(values, dtype, window, level)
    return with_run(summary, level, pyramid_numba, window, values, dtype)


def _place(window: Window, level: Pyramid) -> tuple:
    return window.start, window.width, window.right - window.left, *level.columns


def _in_one_pass(values: np.ndarray, dtype: str | None, window: Window, level: Pyramid) -> TensorSummary:
    place = _place(window, level)

    def measure(numbers: np.ndarray, block: int):
        def add_segments(numbers, bits, step, ahead, singles, rows, tables, counts, extremes):
            _measure_and_fill(numbers, bits, step, ahead, singles, rows, tables, counts, extremes, values, *place)

        return measured(numbers, block, add_segments)

    def tally(keys: np.ndarray, size: int) -> np.ndarray:
        words, table = values.view(f"u{values.itemsize}"), widening_table(values.dtype.name, dtype)
        return tallied(keys, size, lambda pairs, tables: _tally_and_fill(pairs, tables, words, table, *place))

    return summarize_with(Versions(measure, tally), values, dtype, BLOCK)


def _fill(values: np.ndarray, dtype: str | None, window: Window, level: Pyramid) -> None:
    """The level alone. What has to be converted is so as a whole: a run is small."""
    if values.dtype.itemsize <= 2:
        words = values.view(f"u{values.itemsize}")
        _fill_of_words(words, widening_table(values.dtype.name, dtype), *_place(window, level))
    else:
        _fill_of_floats(np.ascontiguousarray(numbers_of(values, dtype)), *_place(window, level))


@njit(nogil=True)
def _fill_next(values, start, pitch, broad, scratch, means, lows, highs, counts):
    """Fills a row of a level from the band that begins at `start`."""
    if start >= 0 and start + (SIDE - 1) * pitch + broad <= len(values):
        fill_band(values, start, pitch, SIDE, broad, means, lows, highs, counts)
    else:
        fill_cut_band(values, start, pitch, SIDE, broad, scratch, means, lows, highs, counts)


@njit(
    [types.void(file_array(kind), *[INDEX] * 3, *level_types(kind)) for kind in FLOATS],
    nogil=True,
    cache=True,
)
def _fill_of_floats(values, start, pitch, broad, means, lows, highs, counts):
    scratch = np.empty(SIDE * TILE, values.dtype)
    for i in range(len(means)):
        band = start + i * SIDE * pitch
        _fill_next(values, band, pitch, broad, scratch, means[i], lows[i], highs[i], counts[i])


@njit(
    [types.void(file_array(word), TABLE, *[INDEX] * 3, *level_types(types.float32)) for word in WORDS],
    nogil=True,
    cache=True,
)
def _fill_of_words(words, table, start, pitch, broad, means, lows, highs, counts):
    scratch = np.empty(SIDE * TILE, np.float32)
    for i in range(len(means)):
        band = start + i * SIDE * pitch
        fill_band_of_words(words, table, band, pitch, SIDE, broad, scratch, means[i], lows[i], highs[i], counts[i])


@njit(
    [
        types.void(
            file_array(kind), BITS, INDEX, INDEX, TABLE, *RESULTS, file_array(kind), *[INDEX] * 3, *level_types(kind)
        )
        for kind in FLOATS
    ],
    nogil=True,
    cache=True,
)
def _measure_and_fill(
    values,
    bits,
    step,
    ahead,
    singles,
    rows,
    tables,
    counts,
    extremes,
    run,
    start,
    pitch,
    broad,
    means,
    lows,
    highs,
    numbers,
):
    """As `measure_segments`, and fills a level of the run, whose first segments `values` are."""
    done, scratch = 0, np.empty(SIDE * TILE, run.dtype)
    if SIDE * pitch <= NEAR:
        ahead = SIDE * pitch  # the next band, while this one is being added
    for i in range(len(means) + 1):
        ready = len(rows)
        if i < len(means):
            band = start + i * SIDE * pitch
            _fill_next(run, band, pitch, broad, scratch, means[i], lows[i], highs[i], numbers[i])
            ready = min(ready, (band + SIDE * pitch) // SEGMENT)
        if ready > done:
            part, part_bits = values[done * SEGMENT : ready * SEGMENT], bits[done * step :]
            measure_segments(part, part_bits, step, ahead, singles, rows[done:ready], tables, counts, extremes)
            done = ready


@njit(
    [
        types.void(BITS, types.uint32[::1], file_array(word), TABLE, *[INDEX] * 3, *level_types(types.float32))
        for word in WORDS
    ],
    nogil=True,
    cache=True,
)
def _tally_and_fill(pairs, tables, words, table, start, pitch, broad, means, lows, highs, numbers):
    """As `tally_halves`, and fills a level of the run that `words` and `table` are."""
    scratch, together, done = np.empty(SIDE * TILE, np.float32), UNIT // words.itemsize, 0
    for i in range(len(means) + 1):
        ready = len(pairs)
        if i < len(means):
            band = start + i * SIDE * pitch
            fill_band_of_words(words, table, band, pitch, SIDE, broad, scratch, means[i], lows[i], highs[i], numbers[i])
            ready = min(ready, (band + SIDE * pitch) // together * (UNIT // 4))
        if ready > done:
            tally_halves(pairs[done:ready], tables)
            done = ready
