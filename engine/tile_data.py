"""What a tile holds: light and height of its samples, read from values or derived from other tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from .kernel_choice import version, version_for
from .kernels.colorize import FIELD, LightTables, peaks_of_ends
from .kernels.cut import TILE
from .kernels.errors import TensornautError
from .kernels.pyramid import Pyramid
from .rasterize.batch import Pool
from .values import Values

__all__ = [
    "BLANK",
    "BLOCK_MEAN",
    "BLOCK_PEAK",
    "EXACT",
    "LEVELS",
    "QUALITIES",
    "READ_FAULTS",
    "SAMPLE",
    "Source",
    "known_peaks",
    "lattice",
    "layout_of",
    "read_part",
    "samples_of",
    "take_ancestor_parts",
    "take_halves",
]

QUALITIES = ("exact", "block mean", "sample", "blank", "block peak")
EXACT, BLOCK_MEAN, SAMPLE, BLANK, BLOCK_PEAK = range(5)
LEVELS = 48  # more than any matrix has
PYRAMID_LEVEL = 5  # blocks of 32 x 32
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
    center: float = 0.0
    peaks: bool = False  # samples show the value of their block that is farthest from center, not its mean light
    pyramid: Pyramid | None = None  # level PYRAMID_LEVEL of the values

    @cached_property
    def key(self) -> tuple:
        """Identity of what its tiles look like."""
        content = None if self.values is None else self.values.key
        peaks = self.peaks and (True, self.pyramid is not None)
        return content, self.value_range, self.shape, self.tables.look, self.center, peaks

    @property
    def block_quality(self) -> int:
        """Quality of samples that stand for a block of which all was seen."""
        return BLOCK_PEAK if self.peaks else BLOCK_MEAN

    @cached_property
    def top(self) -> int:
        """The level at which one sample is left."""
        return (max(self.shape) - 1).bit_length()


def samples_of(source: Source, rows: slice, cols: slice, block: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """(light uint64, height int16) of the blocks of what is read at `rows` and `cols`. Raises one of `READ_FAULTS`.

    Rows are whole blocks but for the last ones of the matrix: however a tile is cut into calls, its samples stay.
    """
    assert source.values is not None
    values = _part(getattr(source.values, "read_on_device", source.values.read), rows, cols)
    if source.peaks and block != (1, 1):
        values, block = version_for("colorize", values).block_peaks(values, source.center, block), (1, 1)
    kernel = version_for("colorize", values)  # where they lie
    return kernel.block_means(values, source.value_range, source.tables.overview, block, source.center)


def known_peaks(source: Source, level: int, row: int, col: int) -> tuple[np.ndarray, np.ndarray] | None:
    """(light uint64, height int16) of a tile whose peaks the pyramid tells; None where it has to be read."""
    if not source.peaks or source.pyramid is None or level < PYRAMID_LEVEL:
        return None
    side = 1 << (level - PYRAMID_LEVEL)  # blocks of the pyramid in a sample, along one axis
    here = slice(row * TILE * side, (row + 1) * TILE * side), slice(col * TILE * side, (col + 1) * TILE * side)
    peaks = _pyramid_peaks(source, here, side)
    kernel = version("colorize", peaks.size)
    return kernel.block_means(peaks, source.value_range, source.tables.overview, (1, 1), source.center)


def _pyramid_peaks(source: Source, here: tuple[slice, slice], side: int) -> np.ndarray:
    """Peaks of blocks of side x side blocks of the pyramid, float64; NaN where one of the values is not finite."""
    assert source.pyramid is not None
    lowest, highest, count = (getattr(source.pyramid, name)[here] for name in ("min", "max", "count"))
    starts = [np.arange(0, length, side) for length in count.shape]
    high, wide = (
        np.minimum(TILE, length - TILE * np.arange(part.start, part.start + blocks))
        for length, part, blocks in zip(source.shape, here, count.shape, strict=True)
    )

    def joined(join: np.ufunc, numbers: np.ndarray) -> np.ndarray:
        return join.reduceat(join.reduceat(numbers, starts[0], 0), starts[1], 1)

    bad = joined(np.logical_or, count < high[:, None] * wide)
    return peaks_of_ends(joined(np.fmin, lowest), joined(np.fmax, highest), bad, source.center)


def read_part(values: Values, rows: slice, cols: slice) -> np.ndarray:
    """Values of a part of a matrix. Raises one of `READ_FAULTS` where there are fewer than asked for."""
    return _part(values.read, rows, cols)


def _part(read: Callable[[slice, slice], Any], rows: slice, cols: slice) -> Any:
    part = read(rows, cols)
    wanted = (len(range(rows.start, rows.stop, rows.step or 1)), len(range(cols.start, cols.stop, cols.step or 1)))
    if part.shape != wanted:
        raise EOFError(f"found {part.shape} values, expected {wanted}")
    return part


def lattice(shape: tuple[int, int], level: int, row: int, col: int) -> tuple[slice, slice, tuple[int, int], int]:
    """(rows, columns, block, quality): what to read for a tile, and how many of it make a sample.

    Of a tile of more than `READ_LIMIT` values at most `SAMPLED` are read for a sample, whole rows of it first. Every
    block of it starts with a value that is read.
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


def take_ancestor_parts(data: Pool, source: np.ndarray, target: np.ndarray, up: int, place: np.ndarray) -> None:
    """Fills slots `target` with the parts of slots `source`, `up` levels coarser, that cover the tiles at `place`.

    `source`, `target` (n,), `place` (n, 2) row and column. The samples keep the coarse level, at most 5 levels above
    the tiles' own: one sample for a whole tile then.
    """
    side = max(TILE >> up, 1)
    rows, cols = (((place * TILE) >> up) % TILE + np.arange(side)[:, None, None]).transpose(2, 1, 0)
    for plane in (data.light, data.height):
        plane[target, :side, :side] = plane[source[:, None, None], rows[:, :, None], cols[:, None, :]]


def take_halves(data: Pool, children: np.ndarray, target: np.ndarray, extent: np.ndarray, peaks: bool = False) -> None:
    """Fills slots `target` with means of 2 x 2 samples of the tiles one level finer, or with the farthest of them.

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
        light, height = data.light[part], data.height[part]
        if peaks:
            light, height = _farthest_of_four(light, height)
        else:
            light, height = _mean_of_four(light, True), _mean_of_four(height, False)
        data.light[target[there], i : i + side, j : j + side] = light
        data.height[target[there], i : i + side, j : j + side] = height


def _farthest_of_four(*planes: np.ndarray) -> list[np.ndarray]:
    """Of 2 x 2 samples of the last two axes the one whose height, the last plane, is farthest from 0."""
    fours = [
        np.stack([plane[:, ::2, ::2], plane[:, ::2, 1::2], plane[:, 1::2, ::2], plane[:, 1::2, 1::2]])
        for plane in planes
    ]
    chosen = np.abs(fours[-1].astype(np.int32)).argmax(0)[None]
    return [np.take_along_axis(four, chosen, 0)[0] for four in fours]


def _mean_of_four(samples: np.ndarray, packed: bool) -> np.ndarray:
    """Means of 2 x 2 samples of the last two axes, rounded half up; of packed light field by field."""
    wide = samples if packed else samples.astype(np.int32)
    total = (wide[:, ::2, ::2] + wide[:, ::2, 1::2]) + (wide[:, 1::2, ::2] + wide[:, 1::2, 1::2])
    if not packed:
        return ((total + 2) >> 2).astype(samples.dtype)
    every = np.uint64(1 | 1 << FIELD | 1 << 2 * FIELD)
    kept = np.uint64((1 << (FIELD - 2)) - 1) * every
    return ((total + np.uint64(2) * every) >> np.uint64(2)) & kept


@lru_cache(maxsize=65536)
def layout_of(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """(tiles across, number of the first tile) of each level of a matrix; not to be changed."""
    across, offset = np.zeros(LEVELS, np.int64), np.zeros(LEVELS, np.int64)
    total = 0
    for level in range(LEVELS):
        down, across[level] = (-(-side // (TILE << level)) for side in shape)
        offset[level] = total
        total += down * int(across[level])
    return across, offset
