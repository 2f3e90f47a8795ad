"""L2 norms of the rows and columns of a matrix. The NumPy definition. Only finite numbers count.

Squares are added in float64 in one order: along a row 16 sums of every 16th number, then halves added to halves; down
a column one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .pyramid import numbers_of
from .summarize import LANES, lane_sums

__all__ = ["LANES", "Norms", "norms_of"]

AT_ONCE = 1 << 18  # numbers in temporary arrays


@dataclass(frozen=True, eq=False)
class Norms:
    """Square roots of sums of squares."""

    rows: np.ndarray  # (rows,) float64
    columns: np.ndarray  # (columns,) float64


def norms_of(matrix: np.ndarray, dtype: str | None = None) -> Norms:
    """Norms of a real matrix. `dtype` "bfloat16": it may be its bits in uint16."""
    height, width = matrix.shape
    broad = -(-width // LANES) * LANES
    rows, columns = np.zeros(height), np.zeros(broad)
    together = max(1, AT_ONCE // max(1, broad))
    for start in range(0, height if width else 0, together):
        numbers = numbers_of(matrix[start : start + together], dtype).astype(np.float64)
        squares = np.zeros((len(numbers) + 1, broad))
        squares[0] = columns
        with np.errstate(over="ignore", invalid="ignore"):
            squares[1:, :width] = np.where(np.isfinite(numbers), numbers * numbers, 0.0)
            columns = np.add.reduce(squares, 0)  # one after another
            rows[start : start + together] = lane_sums(squares[1:])
    return Norms(np.sqrt(rows), np.sqrt(columns[:width]))
