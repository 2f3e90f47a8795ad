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
    "TileData",
    "ancestor_part",
    "halved",
    "lattice",
    "load_tile",
    "read_part",
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


@dataclass(frozen=True)
class TileData:
    """One tile; samples beyond its counts are 0."""

    light: np.ndarray  # (TILE, TILE) uint64
    height: np.ndarray  # (TILE, TILE) int16
    level: int
    quality: int
    fault: tuple[str, str] | None = None  # (values.key, message)


def load_tile(source: Source, level: int, row: int, col: int) -> TileData:
    """The tile, read from its values. Never raises for what a file lacks: such a tile is blank and says why."""
    light, height = np.zeros((TILE, TILE), np.uint64), np.zeros((TILE, TILE), np.int16)
    if source.values is None:
        light[:] = source.tables.overview[-1]
        return TileData(light, height, level, EXACT)
    rows, cols, block, quality = lattice(source.shape, level, row, col)
    try:
        values = read_part(source.values, rows, cols)
        block_means = version("colorize", values.size).block_means
        part_light, part_height = block_means(values, source.value_range, source.tables.overview, block)
    except READ_FAULTS as error:
        return TileData(light, height, level, BLANK, (source.values.key, str(error)))
    light[: len(part_light), : part_light.shape[1]] = part_light
    height[: len(part_height), : part_height.shape[1]] = part_height
    return TileData(light, height, level, quality)


def read_part(values: Values, rows: slice, cols: slice) -> np.ndarray:
    """Values of a part of a matrix. Raises one of `READ_FAULTS` where there are fewer than asked for."""
    part = values.read(rows, cols)
    wanted = (len(range(rows.start, rows.stop, rows.step or 1)), len(range(cols.start, cols.stop, cols.step or 1)))
    if part.shape != wanted:
        raise EOFError(f"found {part.shape} values, expected {wanted}")
    return part


def lattice(shape: tuple[int, int], level: int, row: int, col: int) -> tuple[slice, slice, tuple[int, int], int]:
    """(rows, columns, block, quality): what to read for a tile, and how many of it make a sample.

    Every block of a sampled tile starts with a value that is read, whole rows of it first.
    """
    size = TILE << level
    first_row, first_col = row * size, col * size
    high, wide = min(size, shape[0] - first_row), min(size, shape[1] - first_col)
    row_step = col_step = 1
    quality = BLOCK_MEAN if level else EXACT
    if high * wide > READ_LIMIT:
        quality = SAMPLE
        block_high, block_wide = min(1 << level, high), min(1 << level, wide)
        while block_high * block_wide > SAMPLED * row_step * col_step:
            if row_step * ROWS_PER_BLOCK < min(1 << level, high):
                row_step *= 2
            else:
                col_step *= 2
    rows = slice(first_row, first_row + high, row_step)
    cols = slice(first_col, first_col + wide, col_step)
    return rows, cols, ((1 << level) // row_step, (1 << level) // col_step), quality


def ancestor_part(data: Pool, source: int, target: int, up: int, place: tuple[int, int]) -> None:
    """Fills slot `target` with the part of slot `source`, `up` levels coarser, that covers the tile at `place`.

    The samples keep the coarse level, at most 5 levels above the tile's own: one sample for the whole tile then.
    """
    side = max(TILE >> up, 1)
    i, j = (((where * TILE) >> up) % TILE for where in place)
    for plane in (data.light, data.height):
        plane[target, :side, :side] = plane[source, i : i + side, j : j + side]


def halved(
    data: Pool, children: np.ndarray, target: int, shape: tuple[int, int], level: int, place: tuple[int, int]
) -> None:
    """Fills slot `target` with means of 2 x 2 samples of the tiles one level finer; slots below 0 do not exist."""
    side = TILE // 2
    for child, slot in enumerate(children.tolist()):
        if slot < 0:
            continue
        block = 1 << (level - 1)
        high, wide = (
            min(TILE, -(-extent // block) - (2 * where + half) * TILE)
            for extent, where, half in zip(shape, place, divmod(child, 2), strict=True)
        )
        quarter = (target, slice(child // 2 * side, None), slice(child % 2 * side, None))
        data.light[quarter][:side, :side] = _mean_of_four(_padded(data.light[slot, :high, :wide]), True)
        data.height[quarter][:side, :side] = _mean_of_four(_padded(data.height[slot, :high, :wide]), False)


def _padded(samples: np.ndarray) -> np.ndarray:
    """(TILE, TILE), the last row and column repeated."""
    return np.pad(samples, [(0, TILE - extent) for extent in samples.shape], "edge")


def _mean_of_four(samples: np.ndarray, packed: bool) -> np.ndarray:
    """Means of 2 x 2 samples, rounded half up; of packed light field by field."""
    wide = samples if packed else samples.astype(np.int64)
    total = (wide[::2, ::2] + wide[::2, 1::2]) + (wide[1::2, ::2] + wide[1::2, 1::2])
    if not packed:
        return ((total + 2) >> 2).astype(samples.dtype)
    every = np.uint64(1 | 1 << FIELD | 1 << 2 * FIELD)
    kept = np.uint64((1 << (FIELD - 2)) - 1) * every
    return ((total + np.uint64(2) * every) >> np.uint64(2)) & kept
