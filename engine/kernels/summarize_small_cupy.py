"""Summaries of many small vectors on a GPU at once: the same bits as `summarize_block` gives one by one.

A vector goes through one group of threads: what comes to the host is what its summary says. Of types of 16 bits that
is which bit patterns occur, so those are sorted.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import moments
from .kinds_cupy import WIDE, kind_of
from .machine_cupy import CudaText, Machine, machine
from .summarize import BINS, SEGMENT, TensorSummary, from_table, table_dtype_of
from .summarize_cupy import nothing_yet, summarize_block
from .summarize_small import of_sorted

__all__ = ["TEXT", "of_sorted", "summarize_many"]

SORTS = {2: "sort_rows<u16, 0>", 4: "sort_rows<u32, 16>"}  # by bytes of a number
TEXT = CudaText(
    "summarize_small", (*(f"measure_rows<{kind}>" for kind in WIDE.values()), *SORTS.values(), "count_bytes")
)
MEASURE_THREADS, THREADS, GROUPS = 128, 256, 8
AT_ONCE = 1 << 13  # rows; their bins take 64 MiB


def summarize_many(rows: Any, dtype: str | None = None) -> list[TensorSummary]:
    """As `summarize_small.summarize_many`, of rows on a device."""
    gpu = machine()
    array = gpu.array(rows)
    count, length = array.shape
    kind = table_dtype_of(array, dtype)
    if not array.size or length > SEGMENT:
        return [summarize_block(array[row], dtype) for row in range(count)]
    found: list[TensorSummary] = []
    for start in range(0, count, AT_ONCE):
        part = array[start : start + AT_ONCE]
        found += _measured(gpu, part) if kind is None else _counted(gpu, part, kind)
    return found


def _measured(gpu: Machine, rows: Any) -> list[TensorSummary]:
    kernel, (count, length) = f"measure_rows<{kind_of(rows.dtype)}>", rows.shape
    low, high = nothing_yet(rows.dtype)
    results = (
        gpu.empty((count, moments.COLUMNS), np.float64),
        gpu.empty((count, BINS), np.uint16),
        gpu.empty((count, 3), np.uint32),
        gpu.empty((count, 2), rows.dtype),
    )
    _launch(gpu, kernel, MEASURE_THREADS, rows, low, high, *results)
    blocks, bins, counts, extremes = (gpu.to_host(column) for column in results)
    blocks, tables = np.where(np.isnan(blocks), np.nan, blocks), bins.astype(np.int64)
    found = []
    for k, (zeros, nan, inf) in enumerate(counts.tolist()):
        lowest, highest = (end + 0 for end in extremes[k].tolist()) if nan + inf < length else (None, None)
        found.append(TensorSummary(length, nan, inf, zeros, lowest, highest, blocks[k : k + 1], tables[k]))
    return found


def _counted(gpu: Machine, rows: Any, kind: str) -> list[TensorSummary]:
    size = rows.dtype.itemsize
    keys = rows.view(f"u{size}")
    if size == 1:
        table = gpu.empty((len(rows), 256), np.uint32)
        _launch(gpu, "count_bytes", THREADS, keys, table)
        return [from_table(row, kind) for row in gpu.to_host(table).astype(np.int64)]
    patterns = gpu.empty(rows.shape, np.uint16)
    _launch(gpu, SORTS[size], THREADS, keys, patterns)
    return of_sorted(gpu.to_host(patterns), kind)


def _launch(gpu: Machine, kernel: str, threads: int, rows: Any, *arguments: Any) -> None:
    count, length = rows.shape
    grid = (min(count, GROUPS * gpu.processors),)
    gpu.launch(TEXT, kernel, grid, threads, rows, np.int64(count), np.int32(length), *arguments)
