"""Arrays as matrices that can be looked at: vectors as one row, matrices as they are, maps side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Mosaic", "mosaic_for", "shown_shape"]


@dataclass(frozen=True)
class Mosaic:
    """How an array lies in a matrix: `count` maps of rows x columns, `across` of them side by side, gaps between."""

    shape: tuple[int, ...]  # of the array, without the batch
    count: int
    rows: int
    columns: int
    across: int
    gap: int

    @property
    def down(self) -> int:
        """Maps one above the other."""
        return -(-self.count // self.across)

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns) of the matrix."""
        high, wide = self.rows + self.gap, self.columns + self.gap
        return self.down * high - self.gap, self.across * wide - self.gap

    def matrix(self, array: np.ndarray) -> np.ndarray:
        """(rows, columns) of the matrix, same dtype; 0 in gaps."""
        maps = np.asarray(array).reshape(self.count, self.rows, self.columns)
        if self.count == 1:
            return maps[0]
        high, wide = self.rows + self.gap, self.columns + self.gap
        padded = np.zeros((self.down * self.across, high, wide), maps.dtype)
        padded[: self.count, : self.rows, : self.columns] = maps
        whole = padded.reshape(self.down, self.across, high, wide).swapaxes(1, 2)
        return whole.reshape(self.down * high, self.across * wide)[: self.size[0], : self.size[1]]

    def index(self, row: int, column: int) -> tuple[int, ...] | None:
        """Index into the array of a place of the matrix; None in a gap."""
        down, i = divmod(row, self.rows + self.gap)
        across, j = divmod(column, self.columns + self.gap)
        number = down * self.across + across
        if i >= self.rows or j >= self.columns or number >= self.count:
            return None
        return tuple(int(k) for k in np.unravel_index((number * self.rows + i) * self.columns + j, self.shape or (1,)))


def shown_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """The shape of what is shown of an array: of a batch the first."""
    return tuple(shape[1:]) if len(shape) > 1 else tuple(shape) or (1,)


def mosaic_for(shape: tuple[int, ...], width: float, height: float) -> Mosaic:
    """The mosaic of an array without a batch whose cells are largest, at most 1, in a space of width x height.

    Of several that are equally good the narrowest.
    """
    if len(shape) < 3:
        rows, columns = shape if len(shape) == 2 else (1, math.prod(shape))
        return Mosaic(shape, 1, rows, columns, 1, 0)
    count, (rows, columns) = math.prod(shape[:-2]), shape[-2:]
    gap = max(1, min(rows, columns) // 16)

    def cell(across: int) -> float:
        down = -(-count // across)
        return min(1.0, width / (across * (columns + gap)), height / (down * (rows + gap)))

    best = max(cell(across) for across in range(1, count + 1))
    across = next(across for across in range(1, count + 1) if cell(across) >= 0.999 * best)
    return Mosaic(shape, count, rows, columns, across, gap)
