"""Statistics and pyramid of a matrix in one pass, compiled: the same bits as the definition in `summarize_matrix`.

A band of 8 rows becomes a row of the pyramid; then its numbers, which are in a near cache now, are counted and added.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numba import njit, types

from .decode import DTYPES
from .pyramid import SIDE, Pyramid, empty_level
from .pyramid_numba import (
    FLOATS,
    INDEX,
    TABLE,
    TILE,
    WORDS,
    fill_band,
    fill_band_of_words,
    level_types,
    pyramid_of,
    widening_table,
)
from .summarize import BLOCK, SEGMENT, TensorSummary, Versions, summarize_with
from .summarize_matrix import bands_of, fold_parts
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

__all__ = ["fold_parts", "summarize_part"]

NEAR = 1 << 17  # numbers of which the second cache of a processor holds twice as many


def summarize_part(
    matrix: np.ndarray,
    dtype: str | None = None,
    first: int = 0,
    count: int | None = None,
    into: Pyramid | None = None,
) -> TensorSummary:
    """As `summarize_matrix.summarize_part`."""
    matrix = np.ascontiguousarray(matrix)
    bands, last = bands_of(matrix.shape, first, count)
    flat = matrix.reshape(-1)
    by_table, by_bins = (
        matrix.dtype.itemsize <= 2,
        matrix.dtype in (np.float32, np.float64) and (dtype is None or DTYPES[dtype].bits > 16),
    )
    if last - first < MANY or not (by_table or by_bins):
        summary = summarize_block(flat[first:last], dtype)
        return replace(summary, pyramid=pyramid_of(matrix[bands.start * SIDE : bands.stop * SIDE], dtype, into))
    level = into or empty_level(
        (min(bands.stop * SIDE, len(matrix)) - bands.start * SIDE, matrix.shape[1]), matrix.dtype
    )
    columns = (bands.start, *matrix.shape, level.mean, level.min, level.max, level.count)

    def measure(values: np.ndarray, block: int):
        def add_segments(values, bits, step, ahead, singles, rows, tables, counts, extremes):
            _measure_and_fill(values, bits, step, ahead, singles, rows, tables, counts, extremes, flat, first, *columns)

        return measured(values, block, add_segments)

    def tally(keys: np.ndarray, size: int) -> np.ndarray:
        words, table = flat.view(f"u{flat.itemsize}"), widening_table(flat.dtype.name, dtype)
        return tallied(keys, size, lambda pairs, tables: _tally_and_fill(pairs, tables, words, table, first, *columns))

    summary = summarize_with(Versions(measure, tally), flat[first:last], dtype, BLOCK)
    return replace(summary, pyramid=level)


@njit(
    [
        types.void(
            file_array(kind), BITS, INDEX, INDEX, TABLE, *RESULTS, file_array(kind), *[INDEX] * 4, *level_types(kind)
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
    flat,
    first,
    band,
    height,
    width,
    means,
    lows,
    highs,
    numbers,
):
    """As `measure_segments`, and fills a level from band `band` on of the matrix that `flat` is."""
    done = 0
    if SIDE * width <= NEAR:
        ahead = SIDE * width  # the next band, while this one is being added
    for i in range(len(means) + 1):
        ready = len(rows)
        if i < len(means):
            start = (band + i) * SIDE * width
            high = min(SIDE, height - (band + i) * SIDE)
            fill_band(flat, start, width, high, width, means[i], lows[i], highs[i], numbers[i])
            ready = min(ready, (start + high * width - first) // SEGMENT)
        if ready > done:
            part, part_bits = values[done * SEGMENT : ready * SEGMENT], bits[done * step :]
            measure_segments(part, part_bits, step, ahead, singles, rows[done:ready], tables, counts, extremes)
            done = ready


@njit(
    [
        types.void(BITS, types.uint32[::1], file_array(word), TABLE, *[INDEX] * 4, *level_types(types.float32))
        for word in WORDS
    ],
    nogil=True,
    cache=True,
)
def _tally_and_fill(pairs, tables, words, table, first, band, height, width, means, lows, highs, numbers):
    """As `tally_halves`, and fills a level from band `band` on of the matrix that `words` and `table` are."""
    scratch, together, done = np.empty(SIDE * TILE, np.float32), UNIT // words.itemsize, 0
    for i in range(len(means) + 1):
        ready = len(pairs)
        if i < len(means):
            start = (band + i) * SIDE * width
            high = min(SIDE, height - (band + i) * SIDE)
            fill_band_of_words(
                words, table, start, width, high, width, scratch, means[i], lows[i], highs[i], numbers[i]
            )
            ready = min(ready, (start + high * width - first) // together * (UNIT // 4))
        if ready > done:
            tally_halves(pairs[done:ready], tables)
            done = ready
