"""Rows of a table in CUDA, as of an embedding: `lookup.gather`, of any type."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..machine_cupy import CudaText, machine
from .bounds import axis_of, require_size
from .lookup import inside

__all__ = ["TEXT", "gather"]

WORDS = {16: "uint4", 8: "u64", 4: "u32", 2: "u16", 1: "u8"}
TEXT = CudaText("lookup", tuple(f"gather<{word}>" for word in WORDS.values()))
THREADS, GROUPS = 256, 16


def gather(table: Any, places: Any, *, axis: int = 0) -> Any:
    """As `lookup.gather`; places there or in host memory, where they are looked at."""
    gpu = machine()
    axis = axis_of(axis, table.ndim)
    size = table.shape[axis]
    rows = places if isinstance(places, np.ndarray) else gpu.to_host(gpu.array(places))
    rows = inside(rows, size)
    shape = require_size((*table.shape[:axis], *rows.shape, *table.shape[axis + 1 :]), table.dtype)
    own, result = gpu.array(table), gpu.empty(shape, table.dtype)
    if not result.size:
        return result
    width = math.prod(table.shape[axis + 1 :]) * table.dtype.itemsize
    addresses = gpu.address(own) | gpu.address(result)
    word = next(size for size in WORDS if not width % size and not addresses % size)
    found = gpu.from_host(rows.reshape(-1))
    sizes = math.prod(table.shape[:axis]), size, rows.size, width // word
    total = sizes[0] * sizes[2] * sizes[3]
    grid = (min(-(-total // THREADS), GROUPS * gpu.processors),)
    numbers = (np.int64(number) for number in sizes)
    gpu.launch(TEXT, f"gather<{WORDS[word]}>", grid, THREADS, own, found, *numbers, result)
    return result
