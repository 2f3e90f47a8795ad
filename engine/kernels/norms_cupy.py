"""L2 norms of the rows and columns of a matrix on a GPU: the same bits as the definition in `norms`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kinds_cupy import ALL, kind_of, number_table
from .machine_cupy import CudaText, machine
from .norms import LANES, Norms

__all__ = ["TEXT", "norms_of"]

TEXT = CudaText("norms", tuple(f"{kernel}<{kind}>" for kernel in ("add_rows", "add_columns") for kind in ALL))
ROW_THREADS, COLUMN_THREADS = 256, 32


def norms_of(matrix: Any, dtype: str | None = None) -> Norms:
    """As `norms.norms_of`, of a matrix on a device."""
    gpu = machine()
    array = gpu.array(matrix)
    height, width = array.shape
    if not height * width:
        return Norms(np.zeros(height), np.zeros(width))
    kind, table = kind_of(array.dtype, dtype), number_table(gpu, array.dtype, dtype)
    rows, columns = gpu.empty(height, np.float64), gpu.empty(width, np.float64)
    shape = np.int64(height), np.int64(width)
    grid = (min(-(-height * LANES // ROW_THREADS), 8 * gpu.processors),)
    gpu.launch(TEXT, f"add_rows<{kind}>", grid, ROW_THREADS, array, table, *shape, rows)
    grid = (-(-width // COLUMN_THREADS),)
    gpu.launch(TEXT, f"add_columns<{kind}>", grid, COLUMN_THREADS, array, table, *shape, columns)
    return Norms(np.sqrt(gpu.to_host(rows)), np.sqrt(gpu.to_host(columns)))
