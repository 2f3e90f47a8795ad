"""L2 norms of rows and columns, compiled: the same bits as the definition in `norms`, from one pass."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types

from .norms import AT_ONCE, LANES, Norms
from .pyramid import numbers_of
from .vectors_numba import file_array, load, spread, store, total, where_finite, wide

__all__ = ["norms_of"]


def norms_of(matrix: np.ndarray, dtype: str | None = None) -> Norms:
    """As `norms.norms_of`."""
    height, width = matrix.shape
    rows, columns = np.zeros(height), np.zeros(width)
    is_float = matrix.dtype in (np.float32, np.float64)
    together = max(1, height if is_float else AT_ONCE // max(1, width))
    for start in range(0, height if width else 0, together):
        numbers = np.ascontiguousarray(numbers_of(matrix[start : start + together], dtype))
        _add_squares(numbers.reshape(-1), rows[start : start + together], columns)
    return Norms(np.sqrt(rows), np.sqrt(columns))


@njit(
    [types.void(file_array(kind), types.float64[::1], types.float64[::1]) for kind in (types.float32, types.float64)],
    nogil=True,
    cache=True,
)
def _add_squares(values, rows, columns):
    width, rest = len(columns), np.empty(LANES)
    whole = width // LANES * LANES
    for row in range(len(rows)):
        sums, nothing = spread(0.0), spread(0.0)
        for col in range(0, whole, LANES):
            numbers = wide(load(values, row * width + col))
            squares = where_finite(numbers, numbers * numbers, nothing)
            sums = sums + squares
            store(columns, col, load(columns, col) + squares)
        rest[:] = 0.0
        for col in range(whole, width):
            number = np.float64(values[row * width + col])
            square = number * number if math.isfinite(number) else 0.0
            rest[col - whole] = square
            columns[col] += square
        rows[row] = total(sums + load(rest, 0))
