"""Statistics of a run of numbers of a matrix together with the level of its pyramid. The NumPy definition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter
from types import ModuleType

import numpy as np

from . import pyramid as definition
from .matrix_runs import FACTOR, MatrixRun, Window, whole_zero_rows, window_of
from .pyramid import SIDE, Pyramid, empty_level, is_byte_of, numbers_of, pyramid_of
from .summarize import TensorSummary, summarize_block

__all__ = ["summarize_run", "with_run"]

AT_ONCE = 1 << 15  # columns of a band in temporary arrays


def summarize_run(values: np.ndarray, dtype: str | None, first: int, width: int) -> TensorSummary:
    """Summary of (n,) real numbers, n > 0, that are those from number `first` on of a matrix of `width` columns.

    `values` and `dtype` as in `summarize_block`; of bytes that are numbers of `dtype`, the summary is of the bytes. Its
    `run` says what they add to what is known of the matrix.
    """
    summary, window = summarize_block(values, dtype), window_of(first, len(values), width)
    return with_run(summary, _level(values, dtype, window), definition, window, values, dtype)


def with_run(
    summary: TensorSummary,
    level: Pyramid,
    kernels: ModuleType,
    window: Window,
    values: np.ndarray,
    dtype: str | None,
) -> TensorSummary:
    """The summary of a run with what it says of its matrix, given blocks of 8 x 8 and the version that joins them."""
    cuts = [cut for cut in (slice(window.head), slice(window.head, None)) if len(level.mean[cut])]
    whole = Pyramid.joined([Pyramid.joined(list(_coarser(level, cut, kernels)), 1) for cut in cuts])
    zeros = summary.zeros
    if is_byte_of(values.dtype, dtype) and summary.table is not None:
        zeros = int(summary.table[numbers_of(np.arange(256, dtype=np.uint8), dtype) == 0].sum())
    return replace(summary, run=MatrixRun(whole, *whole_zero_rows(values, dtype, window.first, window.width, zeros)))


def _coarser(level: Pyramid, rows: slice, kernels: ModuleType) -> Iterator[Pyramid]:
    """Those rows in blocks of 32 x 32, some columns at a time."""
    for left in range(0, level.mean.shape[1], AT_ONCE):
        here = rows, slice(left, left + AT_ONCE)
        yield kernels.coarser(level.map(itemgetter(here)), FACTOR)


def _level(values: np.ndarray, dtype: str | None, window: Window) -> Pyramid:
    """Blocks of 8 x 8; what lies outside the run is not a number."""
    broad, band = window.right - window.left, SIDE * window.width
    level = empty_level((len(window.bands) * SIDE, broad), values.dtype)
    whole = range(0)
    if broad == window.width <= AT_ONCE:
        whole = range(-(min(window.start, 0) // band), (len(values) - window.start) // band)
        inside = values[window.start + whole.start * band : window.start + whole.stop * band]
        _put(level, slice(whole.start, whole.stop), slice(None), pyramid_of(inside.reshape(-1, broad), dtype))
    for i in [i for i in range(len(window.bands)) if i not in whole]:
        for left in range(0, broad, AT_ONCE):
            size = min(AT_ONCE, broad - left)
            numbers = _band(values, dtype, window.start + i * band + left, window.width, size)
            _put(level, slice(i, i + 1), slice(left // SIDE, -(-(left + size) // SIDE)), pyramid_of(numbers))
    return level


def _put(level: Pyramid, rows: slice, columns: slice, part: Pyramid) -> None:
    for target, source in zip(level.columns, part.columns, strict=True):
        target[rows, columns] = source


def _band(values: np.ndarray, dtype: str | None, start: int, pitch: int, size: int) -> np.ndarray:
    """(rows, size) numbers of a band, of those rows that are touched."""
    lines = []
    for at in range(start, start + SIDE * pitch, pitch):
        begin, end = max(0, -at), min(size, len(values) - at)
        if begin < end:
            numbers = numbers_of(values[at + begin : at + end], dtype)
            missing = (begin, size - end)
            lines.append(np.pad(numbers, missing, constant_values=np.nan) if any(missing) else numbers)
    return np.stack(lines) if lines else np.full((1, size), np.nan, numbers_of(values[:0], dtype).dtype)
