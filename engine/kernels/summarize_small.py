"""Summaries of many small vectors of one length at once: the same bits as `summarize_block` gives one by one."""

from __future__ import annotations

import numpy as np

from . import moments
from .summarize import BINS, SEGMENT, TensorSummary, measure_segments, summarize_block, table_dtype_of, table_values

__all__ = ["of_sorted", "summarize_many"]


def summarize_many(rows: np.ndarray, dtype: str | None = None) -> list[TensorSummary]:
    """Summaries of the rows of (k, n) numbers. `rows` and `dtype` as in `summarize_block`."""
    kind = table_dtype_of(rows, dtype)
    if not rows.size or (kind is None and (rows.shape[1] > SEGMENT or rows.dtype.kind not in "fiu")):
        return [summarize_block(row, dtype) for row in rows]
    if kind is not None:
        return _by_table(rows, kind)
    return _by_bins(rows)


def _by_bins(rows: np.ndarray) -> list[TensorSummary]:
    numbers = rows if rows.dtype == np.float32 else rows.astype(np.float64, copy=False)
    blocks, finite, bins, counts, lowest, highest = measure_segments(numbers)
    tables = np.zeros((len(rows), BINS), np.int64)
    np.add.at(tables, (np.nonzero(finite)[0], bins), 1)
    blocks = moments.folded(blocks[:, None])  # one NaN of the many there are
    if rows.dtype.kind in "iu":
        lowest, highest = rows.min(1), rows.max(1)  # float64 may not hold them
    found = []
    for k, (zeros, nan, inf) in enumerate(counts.tolist()):
        low, high = (lowest[k].item() + 0, highest[k].item() + 0) if nan + inf < rows.shape[1] else (None, None)
        found.append(TensorSummary(rows.shape[1], nan, inf, zeros, low, high, blocks[k : k + 1], tables[k]))
    return found


def _by_table(rows: np.ndarray, kind: str) -> list[TensorSummary]:
    patterns = np.ascontiguousarray(rows).view(f"u{rows.dtype.itemsize}")
    if patterns.dtype == np.uint32:
        patterns = (patterns >> 16).astype(np.uint16)
    return of_sorted(np.sort(patterns, 1), kind)


def of_sorted(patterns: np.ndarray, kind: str) -> list[TensorSummary]:
    """Summaries of rows of numbers of a type with a table, given their bit patterns, (k, n), ascending in each row."""
    values, number = table_values(kind), int if kind.startswith(("int", "uint")) else float
    is_first = np.ones(patterns.shape, bool)
    np.not_equal(patterns[:, 1:], patterns[:, :-1], out=is_first[:, 1:])
    found = []
    for row, first in zip(patterns, is_first, strict=True):
        starts = np.flatnonzero(first)
        keys, counts = row[starts], np.diff(starts, append=len(row))
        found.append(_of_counts(keys, counts, values, kind, number))
    return found


def _of_counts(
    keys: np.ndarray, counts: np.ndarray, values: np.ndarray, kind: str, number: type[int] | type[float]
) -> TensorSummary:
    """Summary of numbers, given which bit patterns occur, ascending, and how often."""
    table, numbers = np.zeros(len(values), np.int64), values[keys]
    table[keys] = counts
    good = np.isfinite(numbers)
    nan = inf = 0
    if not good.all():
        is_nan = np.isnan(numbers)
        nan, inf = int(counts[is_nan].sum()), int(counts[~good & ~is_nan].sum())
    order = np.argsort(numbers[good], kind="stable")
    finite, finite_counts = numbers[good][order], counts[good][order]
    low, high = (number(finite[0] + 0.0), number(finite[-1] + 0.0)) if len(finite) else (None, None)
    zeros = int(finite_counts[finite == 0].sum())
    row = moments.of_counts(finite, finite_counts)[None]
    return TensorSummary(int(counts.sum()), nan, inf, zeros, low, high, row, table=table, table_dtype=kind)
