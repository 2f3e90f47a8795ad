"""Tiles in the world: where the samples of a frame stand, and how much they still look like coarser ones.

A tile that has just taken the place of a quarter of a coarser tile is drawn exactly as that was: its samples stand
where the coarse ones did, with their light and height. As the eye comes nearer they move apart and take on their own,
so nothing pops. `morph` says how far that is; it depends on the size of samples on the screen, not on time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .kernels.cut import TILE, CutGrids, Tiles
from .rasterize.batch import MORPH
from .tiles import Resident

__all__ = ["Drawn", "coarser_tiles", "morph_of", "place"]

SHARP = 1.6  # size of the coarser samples, in tau, from which on a tile is wholly itself: its own are .8 tau then


@dataclass(frozen=True)
class Drawn:
    """Tiles of a frame, one row a tile. Samples lie evenly in what they cover."""

    grid: np.ndarray  # (n,) int32, index into Detail.grids
    level: np.ndarray  # (n,) int32, level of the samples shown
    first: np.ndarray  # (n, 2) int64, first row and column of the weights
    extent: np.ndarray  # (n, 2) int64, rows and columns of weights
    counts: np.ndarray  # (n, 2) int32, rows and columns of samples
    quality: np.ndarray  # (n,) uint8, index into tile_data.QUALITIES
    corner: np.ndarray  # (n, 3) float64 world, sample (0, 0) on the zero plane
    du: np.ndarray  # (n, 3) float64, step between rows of samples
    dv: np.ndarray  # (n, 3) float64
    dh: np.ndarray  # (n, 3) float64
    cell: np.ndarray  # (n,) float64, side of a square as large as what a sample covers
    pixels: np.ndarray  # (n,) float64, size of a sample at the tile's nearest point
    center: np.ndarray  # (n, 3) float64 world
    radius: np.ndarray  # (n,) float64, of the bounding sphere, sprites included
    slot: np.ndarray  # (n,) int32, of the tile in the pool
    shown_slot: np.ndarray  # (n,) int32, what is drawn: the slot, or a copy without the weights that are cubes
    table: np.ndarray  # (n,) int32, row of Detail.near_tables
    morph: np.ndarray  # (n,) int32, 0 the tile itself to MORPH the coarser one
    above: np.ndarray  # (n, 3, 3) float64 corner (world), du and dv of the coarse samples
    above_at: np.ndarray  # (n, 3) int32, their slot, first row and column in it; slot -1: means of the tile's own
    sprite: np.ndarray  # (n,) float64, like cell, of what is drawn: between cell and that of a coarse sample
    fog_at: np.ndarray  # (n, 3) float64 world, between the centers of tile and coarse tile
    dim: np.ndarray  # (n,) float64, brightness factor that keeps light the same with such sprites

    def __len__(self) -> int:
        return len(self.grid)


@dataclass(frozen=True)
class _Lattice:
    """Evenly spread samples of tiles, rows and columns of them as the last axis."""

    first: np.ndarray  # (n, 2) int64
    extent: np.ndarray  # (n, 2) int64
    counts: np.ndarray  # (n, 2) int64
    share: np.ndarray  # (n, 2) float64, weights that a sample stands for, along each axis

    @property
    def start(self) -> np.ndarray:
        """(n, 2) float64, row and column of the first sample."""
        return self.first + (self.share - 1) / 2

    def cell(self, lengths: np.ndarray) -> np.ndarray:
        """(n,) float64; `lengths` (n, 2) of a step from weight to weight."""
        return np.sqrt((lengths[:, 0] * self.share[:, 0]) * (lengths[:, 1] * self.share[:, 1]))


def place(tiles: Tiles, resident: Resident, coarser: Resident, grids: CutGrids, table: np.ndarray) -> Drawn:
    """The tiles that have something to show, in the world.

    `coarser` says where the coarse samples of tiles lie that are no means of their own (slot -1 of others); `table`
    (grids,) int32 which near table a grid has.
    """
    there = np.flatnonzero(resident.slot >= 0)
    grid, level = tiles.grid[there], resident.level[there]
    own = _lattice(grids, grid, tiles.level[there], level, tiles.row[there], tiles.col[there])
    du, dv = grids.du[grid], grids.dv[grid]
    lengths = np.sqrt(grids.products[grid])
    middle = own.first + (own.extent - 1) / 2
    spans = (own.extent[:, :1] * du, own.extent[:, 1:] * dv, 2 * grids.dh[grid])
    cell = own.cell(lengths)
    morph = np.where(level == tiles.level[there], morph_of(tiles)[there], 0).astype(np.int32)
    center = grids.origin[grid] + middle[:, :1] * du + middle[:, 1:] * dv
    above, above_center, skipped, above_cell, parts = _above(
        grids, grid, tiles.level[there], own, tiles.row[there], tiles.col[there]
    )
    near = morph / MORPH
    sprite = cell + (above_cell - cell) * near
    area = cell**2 + (above_cell**2 / parts - cell**2) * near
    known = (coarser.slot[there] >= 0) & (coarser.level[there] == level + 1)
    return Drawn(
        grid,
        level,
        own.first,
        own.extent,
        own.counts.astype(np.int32),
        resident.quality[there],
        grids.origin[grid] + own.start[:, :1] * du + own.start[:, 1:] * dv,
        own.share[:, :1] * du,
        own.share[:, 1:] * dv,
        grids.dh[grid],
        cell,
        tiles.pixels[there],
        center,
        sum(np.sqrt((span * span).sum(1)) for span in spans) / 2 + sprite,
        resident.slot[there],
        resident.slot[there],
        table[grid],
        morph,
        above,
        np.column_stack([np.where(known, coarser.slot[there], -1), skipped]).astype(np.int32),
        sprite,
        center + (above_center - center) * near[:, None],
        area / sprite**2,
    )


def morph_of(tiles: Tiles) -> np.ndarray:
    """(n,) int64, 0 to MORPH: how much tiles still look like the coarser ones that they replaced."""
    with np.errstate(invalid="ignore"):
        coarse = tiles.above / tiles.tau  # 1 when a tile has just been refined
    share = (SHARP - np.where(np.isfinite(coarse), coarse, np.inf)) / (SHARP - 1)
    return np.rint(np.clip(share, 0, 1) * MORPH).astype(np.int64)


def coarser_tiles(tiles: Tiles, wanted: np.ndarray) -> tuple[Tiles, np.ndarray]:
    """The tiles one level coarser than the `wanted` (n,) bool, each once, and (n,) int64 which; -1 where not wanted."""
    rows = np.flatnonzero(wanted)
    columns = np.stack([tiles.grid, tiles.level + 1, tiles.row >> 1, tiles.col >> 1], 1)[rows]
    found, first, back = np.unique(columns, axis=0, return_index=True, return_inverse=True)
    which = np.full(len(tiles), -1)
    which[rows] = back.ravel()
    grid, level, row, col = (np.ascontiguousarray(column) for column in found.T)
    pixels = tiles.pixels[rows[first]]
    return Tiles(grid, level, row, col, pixels, np.full(len(found), np.inf), 0, tiles.tau), which


def _lattice(
    grids: CutGrids, grid: np.ndarray, tile_level: np.ndarray, level: np.ndarray, row: np.ndarray, col: np.ndarray
) -> _Lattice:
    """Samples of a level in what tiles of another cover."""
    size = np.int64(TILE) << tile_level.astype(np.int64)
    first = np.stack([row * size, col * size], 1)
    extent = np.minimum(size[:, None], np.stack([grids.rows[grid], grids.cols[grid]], 1) - first)
    counts = -(-extent // (np.int64(1) << level.astype(np.int64))[:, None])
    return _Lattice(first, extent, counts, extent / counts)


def _above(
    grids: CutGrids, grid: np.ndarray, level: np.ndarray, own: _Lattice, row: np.ndarray, col: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The samples one level coarser: (corner, du, dv) (n, 3, 3), and the center of their tile (n, 3).

    Then rows and columns of them before a tile (n, 2), their cell (n,), and how many of the tile's own make one (n,).
    """
    coarse = _lattice(grids, grid, level + 1, level + 1, row >> 1, col >> 1)
    skipped = np.where(np.stack([row, col], 1) & 1, TILE // 2, 0)
    start = coarse.start + skipped * coarse.share
    du, dv = grids.du[grid], grids.dv[grid]
    middle = coarse.first + (coarse.extent - 1) / 2
    corner, center = (grids.origin[grid] + at[:, :1] * du + at[:, 1:] * dv for at in (start, middle))
    above = np.stack([corner, coarse.share[:, :1] * du, coarse.share[:, 1:] * dv], 1)
    parts = (own.counts / -(-own.counts // 2)).prod(1)
    return above, center, skipped, coarse.cell(np.sqrt(grids.products[grid])), parts
