"""Statistics of a run of numbers of a matrix with the level of its pyramid, on a GPU: the bits of the definition.

Either has a kernel that reads memory once; only blocks of 32 x 32 numbers, a thousandth of it, come to the host.
"""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from typing import Any

import numpy as np

from .machine_cupy import Machine, machine
from .matrix_runs import FACTOR, MatrixRun, Window, whole_zero_rows, window_of
from .pyramid import Pyramid, is_byte_of, numbers_of
from .pyramid_cupy import alive_rows, coarser_on_device, fill_level, to_host
from .summarize import TensorSummary
from .summarize_cupy import summarize_block

__all__ = ["summarize_run"]

ALL_AT_ONCE = 1 << 62


def summarize_run(values: Any, dtype: str | None, first: int, width: int) -> TensorSummary:
    """As `summarize_matrix.summarize_run`, of (n,) numbers on a device."""
    gpu = machine()
    array = gpu.array(values).reshape(-1)
    summary, window = summarize_block(array, dtype), window_of(first, int(array.size), width)
    zeros = summary.zeros
    if is_byte_of(array.dtype, dtype) and summary.table is not None:
        zeros = int(summary.table[numbers_of(np.arange(256, dtype=np.uint8), dtype) == 0].sum())

    def is_alive(rows: Any, dtype: str | None) -> np.ndarray:
        return alive_rows(gpu, rows.reshape(-1), dtype, 0, *reversed(rows.shape))

    dead = whole_zero_rows(array, dtype, first, width, zeros, is_alive, ALL_AT_ONCE)
    return replace(summary, run=MatrixRun(_blocks(gpu, array, dtype, window), *dead))


def _blocks(gpu: Machine, array: Any, dtype: str | None, window: Window) -> Pyramid:
    """Blocks of 32 x 32 numbers in host memory, as `summarize_matrix.with_run` joins them."""
    bands, broad = len(window.bands), window.right - window.left
    level = fill_level(gpu, array, dtype, window.start, window.width, broad, bands)
    parts = []
    for cut in (slice(window.head), slice(window.head, None)):
        part = level.map(itemgetter(cut))
        if len(part.mean):
            parts.append(to_host(gpu, coarser_on_device(gpu, part, FACTOR)))
    return Pyramid.joined(parts)
