"""Means, minima and maxima of blocks of a matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["SIDE", "Pyramid", "pyramid_of"]

SIDE = 8  # rows and columns of a block


@dataclass(frozen=True, eq=False)
class Pyramid:
    """One level: a number for each block, NaN where the block holds no finite number. All (rows, columns) float64."""

    mean: np.ndarray
    min: np.ndarray
    max: np.ndarray


def pyramid_of(matrix: np.ndarray) -> Pyramid:
    """The level above a real matrix; blocks at the end may be smaller. Only finite numbers count."""
    numbers = matrix.astype(np.float64)
    good = np.isfinite(numbers)
    if not matrix.size:
        empty = np.zeros([-(-side // SIDE) for side in matrix.shape])
        return Pyramid(empty, empty, empty)
    count = _blocks(np.add, good.astype(np.int64))
    total = _blocks(np.add, np.where(good, numbers, 0.0))
    lowest = _blocks(np.minimum, np.where(good, numbers, np.inf))
    highest = _blocks(np.maximum, np.where(good, numbers, -np.inf))
    empty = count == 0
    mean = np.where(empty, np.nan, total / np.maximum(count, 1))
    return Pyramid(mean, np.where(empty, np.nan, lowest), np.where(empty, np.nan, highest))


def _blocks(join: np.ufunc, numbers: np.ndarray) -> np.ndarray:
    """Blocks joined by a ufunc, rows first."""
    rows, columns = (np.arange(0, side, SIDE) for side in numbers.shape)
    return join.reduceat(join.reduceat(numbers, rows, 0), columns, 1)
