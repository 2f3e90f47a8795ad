"""Reading of tiles: neighbors in one read, large ones in pieces, so that what nobody wants any more can be given up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from .kernels.cut import TILE
from .tile_data import BLANK, BLOCK_MEAN, EXACT, READ_FAULTS, SAMPLE, Source, known_peaks, lattice, samples_of

__all__ = ["LARGEST_TOGETHER", "Job", "TileData", "together"]

ROWS_TOGETHER, COLUMNS_TOGETHER = 3, 5  # levels: tiles of level 0 that are read in one read stand in 8 rows of 32
LARGEST_TOGETHER = 6  # level of tiles that are read with neighbors; tiles that may be sampled are read alone
PIECE = 1 << 18  # values that are read before it is asked whether they are still wanted
DRAFT_LIMIT = 1 << 17  # values of a tile that are worth a draft before
DRAFT_ROWS, DRAFT_COLUMNS = 2, 8  # values for one sample of a draft


@dataclass(frozen=True)
class TileData:
    """Tiles as they were read. Samples beyond a tile's counts are 0."""

    codes: np.ndarray  # (n,) int64 names
    light: np.ndarray  # (n, TILE, TILE) uint64
    height: np.ndarray  # (n, TILE, TILE) int16
    level: int
    quality: np.ndarray  # (n,) uint8
    is_draft: bool
    faults: tuple[tuple[str, str], ...] = ()  # (values.key, message)


@dataclass(eq=False)
class Job:
    """Tiles of one matrix and level that are to be read. A draft is of one tile, from few of its values."""

    source: Source
    level: int
    codes: np.ndarray  # (n,) int64 names
    places: np.ndarray  # (n, 2) int64 row and column of each tile
    is_draft: bool = False
    is_wanted: bool = True  # set by whoever asked for it; the reader that finds it false gives up

    def load(self) -> TileData | None:
        """The tiles, read from their values; None when they were given up.

        Never raises for what a file lacks: such tiles are blank and say why.
        """
        first, last = self.places.min(0), self.places.max(0)
        shape = (last + 1 - first) * TILE
        light, height = np.zeros(shape, np.uint64), np.zeros(shape, np.int16)
        if self.source.values is None:
            light[:] = self.source.tables.overview[-1]
            return self._data(light, height, EXACT)
        if self.source.peaks and len(self.codes) > 1:
            return _joined([part for job in self._alone() if (part := job.load()) is not None])
        known = known_peaks(self.source, self.level, int(first[0]), int(first[1]))
        if known is not None:
            here = tuple(slice(0, side) for side in known[0].shape)
            light[here], height[here] = known
            return self._data(light, height, self.source.block_quality)
        rows, cols, block, quality = self._lattice(first, last)
        try:
            for place, (part_light, part_height) in self._pieces(rows, cols, block):
                if not self.is_wanted:
                    return None
                here = slice(place, place + len(part_light)), slice(0, part_light.shape[1])
                light[here], height[here] = part_light, part_height
        except READ_FAULTS as error:
            if len(self.codes) > 1:
                return _joined([part for job in self._alone() if (part := job.load()) is not None])
            fault = self.source.values.key, str(error)
            return replace(self._data(light, height, BLANK), faults=(fault,))
        return self._data(light, height, self.source.block_quality if quality == BLOCK_MEAN else quality)

    def _lattice(self, first: np.ndarray, last: np.ndarray) -> tuple[slice, slice, tuple[int, int], int]:
        """As `lattice`, of a rectangle of tiles; several at once are never sampled."""
        shape, level = self.source.shape, self.level
        if (first == last).all() and not self.is_draft:
            return lattice(shape, level, int(first[0]), int(first[1]))
        size, block = TILE << level, 1 << level
        steps = [max(1, block // read) if self.is_draft else 1 for read in (DRAFT_ROWS, DRAFT_COLUMNS)]
        rows, cols = (
            slice(int(start) * size, min((int(end) + 1) * size, side), step)
            for start, end, side, step in zip(first, last, shape, steps, strict=True)
        )
        quality = SAMPLE if self.is_draft else BLOCK_MEAN if level else EXACT
        return rows, cols, (block // steps[0], block // steps[1]), quality

    def _pieces(
        self, rows: slice, cols: slice, block: tuple[int, int]
    ) -> Iterator[tuple[int, tuple[np.ndarray, np.ndarray]]]:
        """(first row of samples, their light and height) until all are read."""
        wanted = range(rows.start, rows.stop, rows.step or 1)
        across = len(range(cols.start, cols.stop, cols.step or 1))
        at_once = max(1, PIECE // (block[0] * across)) * block[0]
        for first in range(0, len(wanted), at_once):
            part = wanted[first : first + at_once]
            piece = slice(part.start, min(part.stop, rows.stop), part.step)
            yield first // block[0], samples_of(self.source, piece, cols, block)

    def _alone(self) -> Iterator[Job]:
        """Each tile as a job of its own."""
        for k in range(len(self.codes)):
            yield replace(self, codes=self.codes[k : k + 1], places=self.places[k : k + 1])

    def _data(self, light: np.ndarray, height: np.ndarray, quality: int) -> TileData:
        """The tiles, cut out of the rectangle of samples."""
        row, col = (self.places - self.places.min(0)).T
        light, height = (
            plane.reshape(len(plane) // TILE, TILE, -1, TILE).swapaxes(1, 2)[row, col] for plane in (light, height)
        )
        qualities = np.full(len(self.codes), quality, np.uint8)
        return TileData(self.codes, light, height, self.level, qualities, self.is_draft)


def together(level: np.ndarray) -> np.ndarray:
    """(2, n) int64: tiles whose rows and columns are the same without so many bits are read in one read.

    They lie side by side rather than one above the other: then there are fewer runs of bytes to read.
    """
    level = level.astype(np.int64)
    up = [ROWS_TOGETHER - 2 * level, np.minimum(COLUMNS_TOGETHER, LARGEST_TOGETHER + 1 - level)]
    return np.maximum(up, 0)


def _joined(parts: list[TileData]) -> TileData | None:
    """Several of one level as one; None of none."""
    if not parts:
        return None

    def column(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    return replace(
        parts[0],
        codes=column("codes"),
        light=column("light"),
        height=column("height"),
        quality=column("quality"),
        faults=tuple(fault for part in parts for fault in part.faults),
    )
