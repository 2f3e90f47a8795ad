"""What a tile holds: light and height of its samples, read from values or derived from other tiles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .kernel_choice import version
from .kernels.colorize import FIELD, LightTables
from .kernels.cut import TILE
from .kernels.errors import TensornautError
from .rasterize.batch import Pool
from .values import Values

__all__ = [
    "BLANK",
    "BLOCK_MEAN",
    "EXACT",
    "QUALITIES",
    "READ_FAULTS",
    "SAMPLE",
    "Source",
    "lattice",
    "read_part",
    "samples_of",
    "take_ancestor_parts",
    "take_halves",
]

QUALITIES = ("exact", "block mean", "sample", "blank")
EXACT, BLOCK_MEAN, SAMPLE, BLANK = range(4)
READ_LIMIT = 1 << 22  # values; a tile of more is sampled
SAMPLED = 1024  # values at most for one sample of a sampled tile
ROWS_PER_BLOCK = 2  # at least, of a sampled tile
READ_FAULTS = (OSError, EOFError, ValueError, TensornautError)  # of a file that is no longer what it was


@dataclass(frozen=True)
class Source:
    """A matrix whose tiles can be read."""

    values: Values | None
    value_range: float
    shape: tuple[int, int]  # rows, cols
    tables: LightTables

    @cached_property
    def key(self) -> tuple:
        """Identity of what its tiles look like."""
        content = None if self.values is None else self.values.key
        return content, self.value_range, self.shape, self.tables.look

    @cached_property
    def top(self) -> int:
        """The level at which one sample is left."""
        return (max(self.shape) - 1).bit_length()


def samples_of(source: Source, rows: slice, cols: slice, block: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """(light uint64, height int16) of the blocks of what is read at `rows` and `cols`. Raises one of `READ_FAULTS`.

    Rows are whole blocks but for the last ones of the matrix: however a tile is cut into calls, its samples stay.
    """
    assert source.values is not None
    values = read_part(source.values, rows, cols)
    block_means = version("colorize", values.size).block_means
    return block_means(values, source.value_range, source.tables.overview, block)


def read_part(values: Values, rows: slice, cols: slice) -> np.ndarray:
    """Values of a part of a matrix. Raises one of `READ_FAULTS` where there are fewer than asked for."""
    part = values.read(rows, cols)
    wanted = (len(range(rows.start, rows.stop, rows.step or 1)), len(range(cols.start, cols.stop, cols.step or 1)))
    if part.shape != wanted:
        raise EOFError(f"found {part.shape} values, expected {wanted}")
    return part


def lattice(
    shape: tuple[int, int], level: int, row: int, col: int, limit: int = READ_LIMIT, sampled: int = SAMPLED
) -> tuple[slice, slice, tuple[int, int], int]:
    """(rows, columns, block, quality): what to read for a tile, and how many of it make a sample.

    Of a tile of more than `limit` values at most `sampled` are read for a sample, whole rows of it first. Every block
    of it starts with a value that is read.
    """
    size = TILE << level
    first_row, first_col = row * size, col * size
    high, wide = min(size, shape[0] - first_row), min(size, shape[1] - first_col)
    row_step = col_step = 1
    quality = BLOCK_MEAN if level else EXACT
    if high * wide > limit:
        quality = SAMPLE
        block_high, block_wide = min(1 << level, high), min(1 << level, wide)
        while block_high * block_wide > sampled * row_step * col_step:
            if row_step * ROWS_PER_BLOCK < min(1 << level, high):
                row_step *= 2
            else:
                col_step *= 2
    rows = slice(first_row, first_row + high, row_step)
    cols = slice(first_col, first_col + wide, col_step)
    return rows, cols, ((1 << level) // row_step, (1 << level) // col_step), quality


def take_ancestor_parts(data: Pool, source: np.ndarray, target: np.ndarray, up: int, place: np.ndarray) -> None:
    """Fills slots `target` with the parts of slots `source`, `up` levels coarser, that cover the tiles at `place`.

    `source`, `target` (n,), `place` (n, 2) row and column. The samples keep the coarse level, at most 5 levels above
    the tiles' own: one sample for a whole tile then.
    """
    side = max(TILE >> up, 1)
    rows, cols = (((place * TILE) >> up) % TILE + np.arange(side)[:, None, None]).transpose(2, 1, 0)
    for plane in (data.light, data.height):
        plane[target, :side, :side] = plane[source[:, None, None], rows[:, :, None], cols[:, None, :]]


def take_halves(data: Pool, children: np.ndarray, target: np.ndarray, extent: np.ndarray) -> None:
    """Fills slots `target` with means of 2 x 2 samples of the tiles one level finer.

    `children` (n, 4) slots, below 0 for those that do not exist; `extent` (n, 2) rows and columns of samples that all
    children have together. Where their number is odd, the last ones count twice.
    """
    side = TILE // 2
    for child in range(4):
        there = np.flatnonzero(children[:, child] >= 0)
        half = np.array(divmod(child, 2))
        within = np.minimum(extent[there] - half * TILE, TILE) - 1
        rows, cols = (np.minimum(np.arange(TILE), last[:, None]) for last in within.T)
        part = children[there, child, None, None], rows[:, :, None], cols[:, None, :]
        i, j = half * side
        data.light[target[there], i : i + side, j : j + side] = _mean_of_four(data.light[part], True)
        data.height[target[there], i : i + side, j : j + side] = _mean_of_four(data.height[part], False)


def _mean_of_four(samples: np.ndarray, packed: bool) -> np.ndarray:
    """Means of 2 x 2 samples of the last two axes, rounded half up; of packed light field by field."""
    wide = samples if packed else samples.astype(np.int32)
    total = (wide[:, ::2, ::2] + wide[:, ::2, 1::2]) + (wide[:, 1::2, ::2] + wide[:, 1::2, 1::2])
    if not packed:
        return ((total + 2) >> 2).astype(samples.dtype)
    every = np.uint64(1 | 1 << FIELD | 1 << 2 * FIELD)
    kept = np.uint64((1 << (FIELD - 2)) - 1) * every
    return ((total + np.uint64(2) * every) >> np.uint64(2)) & kept
