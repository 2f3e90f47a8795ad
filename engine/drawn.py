"""Tiles in the world: where the samples of a frame stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .kernels.cut import TILE, CutGrids, Tiles
from .tiles import Resident

__all__ = ["Drawn", "place"]


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

    def __len__(self) -> int:
        return len(self.grid)


def place(tiles: Tiles, resident: Resident, grids: CutGrids, table: np.ndarray) -> Drawn:
    """The tiles that have something to show, in the world. `table` (grids,) int32: which near table a grid has."""
    there = np.flatnonzero(resident.slot >= 0)
    grid, level = tiles.grid[there], resident.level[there]
    size = np.int64(TILE) << tiles.level[there].astype(np.int64)
    first = np.stack([tiles.row[there] * size, tiles.col[there] * size], 1)
    extent = np.minimum(size[:, None], np.stack([grids.rows[grid], grids.cols[grid]], 1) - first)
    block = np.int64(1) << level.astype(np.int64)
    counts = -(-extent // block[:, None])
    share = extent / counts  # weights that a sample stands for, along each axis
    start, middle = first + (share - 1) / 2, first + (extent - 1) / 2
    du, dv = grids.du[grid], grids.dv[grid]
    lengths = np.sqrt(grids.products[grid])
    spans = (extent[:, :1] * du, extent[:, 1:] * dv, 2 * grids.dh[grid])
    cell = np.sqrt((lengths[:, 0] * share[:, 0]) * (lengths[:, 1] * share[:, 1]))
    return Drawn(
        grid,
        level,
        first,
        extent,
        counts.astype(np.int32),
        resident.quality[there],
        grids.origin[grid] + start[:, :1] * du + start[:, 1:] * dv,
        share[:, :1] * du,
        share[:, 1:] * dv,
        grids.dh[grid],
        cell,
        tiles.pixels[there],
        grids.origin[grid] + middle[:, :1] * du + middle[:, 1:] * dv,
        sum(np.sqrt((span * span).sum(1)) for span in spans) / 2 + cell,
        resident.slot[there],
        resident.slot[there],
        table[grid],
    )
