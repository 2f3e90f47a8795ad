"""Means, minima and maxima of blocks of 8 x 8 numbers of a matrix, and of blocks of those. The NumPy definition.

Only finite numbers count. A block's sum is made in float64 in one order: its columns from top to bottom, 0 for what is
not finite, then column k and k + 4, k + 2, k + 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .decode import DTYPES, decode

__all__ = ["SIDE", "Pyramid", "coarser", "empty_level", "is_byte_of", "number_type", "numbers_of", "pyramid_of"]

SIDE = 8  # rows and columns of a block
AT_ONCE = 1 << 18  # numbers in temporary arrays


@dataclass(frozen=True, eq=False)
class Pyramid:
    """One level: numbers for each block, all (rows, columns); NaN where the block holds no finite number."""

    mean: np.ndarray  # float64, or float32 where many are kept
    min: np.ndarray  # float32, or float64 where the matrix holds what float32 does not; 0 has no sign
    max: np.ndarray  # as min
    count: np.ndarray  # finite numbers: uint8 for blocks of the matrix, float64 for those of blocks, uint16 where kept

    @classmethod
    def joined(cls, parts: Sequence[Pyramid], axis: int = 0) -> Pyramid:
        """Of parts of a level that stand one below the other, or with axis 1 side by side."""
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate(columns, axis) for columns in zip(*(part.columns for part in parts), strict=True)))

    @property
    def columns(self) -> tuple[np.ndarray, ...]:
        """mean, min, max, count."""
        return self.mean, self.min, self.max, self.count

    def map(self, function: Callable[[Any], Any]) -> Pyramid:
        """Of what the function makes of each column."""
        return Pyramid(*map(function, self.columns))


def number_type(dtype: np.dtype[Any]) -> type[np.float32] | type[np.float64]:
    """The float type that holds all numbers of a type, or nearly those of 64 bits."""
    return np.float32 if dtype == np.float32 or dtype.itemsize <= 2 else np.float64


def numbers_of(values: np.ndarray, dtype: str | None = None) -> np.ndarray:
    """The real numbers as float32 or float64.

    `dtype` "bfloat16": `values` may be its bits in uint16; a type of 8 bits: they may be its bytes in uint8.
    """
    if values.dtype == np.uint16 and dtype == "bfloat16":
        return (values.astype(np.uint32) << 16).view(np.float32)
    if is_byte_of(values.dtype, dtype):
        assert dtype is not None
        return decode(np.arange(256, dtype=np.uint8), dtype, 256).astype(np.float32)[values]
    with np.errstate(invalid="ignore"):  # signaling NaNs
        return values.astype(number_type(values.dtype), copy=False)


def is_byte_of(stored: np.dtype[Any], dtype: str | None) -> bool:
    """Whether bytes are to be looked at as numbers of another type."""
    return stored == np.uint8 and dtype is not None and DTYPES[dtype].bits == 8


def pyramid_of(matrix: np.ndarray, dtype: str | None = None, into: Pyramid | None = None) -> Pyramid:
    """The level above a real matrix; blocks at the end may be smaller. `dtype` as in the file, for bfloat16 bits.

    `into`: memory for it, of `empty_level`, to be used again.
    """
    level = into or empty_level(matrix.shape, matrix.dtype)
    together = max(1, AT_ONCE // max(1, SIDE * matrix.shape[1]))
    for block in range(0, len(level.mean), together):
        part = numbers_of(matrix[block * SIDE : (block + together) * SIDE], dtype)
        for column, found in zip(level.columns, _blocks(part), strict=True):
            column[block : block + together] = found
    return level


def empty_level(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Pyramid:
    """Memory for the level above a matrix."""
    sides = [-(-side // SIDE) for side in shape]
    kind = number_type(dtype)
    return Pyramid(np.empty(sides), np.empty(sides, kind), np.empty(sides, kind), np.empty(sides, np.uint8))


def coarser(level: Pyramid, factor: int) -> Pyramid:
    """The level of blocks of factor x factor blocks, a power of two; those at the end may be smaller.

    Sums are of mean x count, row by row from top to bottom, then column by column.
    """
    counts = _joined(np.add, level.count.astype(np.float64), factor, 0.0)
    weighted = level.mean.astype(np.float64) * level.count
    empty = counts == 0
    with np.errstate(over="ignore", invalid="ignore"):
        sums = _joined(np.add, np.where(level.count > 0, weighted, 0.0), factor, 0.0)
        mean = np.where(empty, np.nan, sums / np.maximum(counts, 1.0))
    lowest = _joined(np.minimum, np.where(level.count > 0, level.min, np.inf), factor, np.inf)
    highest = _joined(np.maximum, np.where(level.count > 0, level.max, -np.inf), factor, -np.inf)
    kind = level.min.dtype
    return Pyramid(
        np.where(np.isnan(mean), np.nan, mean),
        np.where(empty, np.nan, lowest).astype(kind),
        np.where(empty, np.nan, highest).astype(kind),
        counts,
    )


def _blocks(matrix: np.ndarray) -> tuple[np.ndarray, ...]:
    """Columns of the level of a matrix that is small enough for temporary arrays."""
    good = np.isfinite(matrix)
    count = _joined(np.add, good.astype(np.float32), SIDE, 0.0)
    empty = count == 0
    with np.errstate(over="ignore", invalid="ignore"):
        columns = _rows_joined(np.add, np.where(good, matrix, 0.0).astype(np.float64), SIDE, 0.0)
        lanes = _padded(columns, 1, SIDE, 0.0).reshape(*count.shape, SIDE)
        while lanes.shape[-1] > 1:
            half = lanes.shape[-1] // 2
            lanes = lanes[..., :half] + lanes[..., half:]
        mean = np.where(empty, np.nan, lanes[..., 0] / np.maximum(count, 1.0))
    lowest = _joined(np.minimum, np.where(good, matrix, np.inf), SIDE, np.inf)
    highest = _joined(np.maximum, np.where(good, matrix, -np.inf), SIDE, -np.inf)
    return (
        np.where(np.isnan(mean), np.nan, mean),
        np.where(empty, np.nan, lowest + 0.0),
        np.where(empty, np.nan, highest + 0.0),
        count,
    )


def _joined(join: np.ufunc, numbers: np.ndarray, side: int, nothing: float) -> np.ndarray:
    """Blocks joined by a ufunc, rows first, each line after the other."""
    return _rows_joined(join, _rows_joined(join, numbers, side, nothing).T, side, nothing).T


def _rows_joined(join: np.ufunc, numbers: np.ndarray, side: int, nothing: float) -> np.ndarray:
    lines = _padded(numbers, 0, side, nothing).reshape(-(-len(numbers) // side), side, numbers.shape[1])
    total = np.full((len(lines), numbers.shape[1]), nothing, numbers.dtype)
    for row in range(side):
        total = join(total, lines[:, row])
    return total


def _padded(numbers: np.ndarray, axis: int, side: int, nothing: float) -> np.ndarray:
    missing = [(0, 0), (0, 0)]
    missing[axis] = (0, -numbers.shape[axis] % side)
    return np.pad(numbers, missing, constant_values=nothing)
