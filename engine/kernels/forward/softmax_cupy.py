"""Shares of a whole in CUDA: those of `softmax`, of float32."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..machine_cupy import CudaText, machine
from .bounds import axis_of

__all__ = ["TEXT", "log_softmax", "softmax"]

TEXT = CudaText("softmax", ("share_rows", "share_columns"))
THREADS, GROUPS, WARP = 256, 8, 32


def softmax(x: Any, *, axis: int = -1, flattened: int = 0) -> Any:
    """As `softmax.softmax`."""
    return _shares(x, axis, flattened, 0)


def log_softmax(x: Any, *, axis: int = -1, flattened: int = 0) -> Any:
    """As `softmax.log_softmax`."""
    return _shares(x, axis, flattened, 1)


def _shares(x: Any, axis: int, flattened: int, logarithm: int) -> Any:
    gpu = machine()
    axis = axis_of(axis, max(x.ndim, 1))
    shape = x.shape or (1,)
    outer, size, inner = math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])
    if flattened:
        size, inner = size * inner, 1
    result = gpu.empty(x.shape, np.float32)
    if not result.size:
        return result
    rows = outer * inner
    threads = rows * WARP if inner == 1 else rows
    grid = (min(-(-threads // THREADS), GROUPS * gpu.processors),)
    kernel, sizes = ("share_rows", (rows, size)) if inner == 1 else ("share_columns", (outer, size, inner))
    numbers = (np.int64(number) for number in sizes)
    gpu.launch(TEXT, kernel, grid, THREADS, gpu.array(x), *numbers, np.int32(logarithm), result)
    return result
