"""Picking: which weight, or block of weights, is under the cursor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .detail import Detail
from .kernels.colorize import HEIGHT_UNIT
from .kernels.cut import TILE
from .rasterize.batch import DIAMETER, MORPH, NEAREST_W, eye_rows
from .scene import WeightGrid
from .tile_data import BLOCK_MEAN, BLOCK_PEAK, EXACT, QUALITIES
from .view import Eye

__all__ = ["Pick", "pick"]

REACH_PX = 4.0  # how far beside a point the cursor may be
SMALLEST_PX = 0.75  # radius within which a point counts as hit, however small it is


@dataclass(frozen=True)
class Pick:
    """What was found."""

    grid: WeightGrid
    rows: slice  # of grid.values' matrix
    cols: slice
    quality: str  # one of tile_data.QUALITIES
    position: np.ndarray  # (3,) float64 world, of the point

    @property
    def count(self) -> int:
        """Weights that the point stands for."""
        return (self.rows.stop - self.rows.start) * (self.cols.stop - self.cols.start)

    @property
    def exact(self) -> bool:
        """Whether it is one weight, shown by its own value."""
        return self.count == 1 and self.quality == QUALITIES[EXACT]

    def read(self) -> np.ndarray | None:
        """(rows, columns) values as in the file; None where the file has none. Raises what `Values.read` raises."""
        return None if self.grid.values is None else self.grid.values.read(self.rows, self.cols)


def pick(detail: Detail, eye: Eye, x_px: float, y_px: float) -> Pick | None:
    """The nearest weight under a place of the eye's viewport, counted from its lower left corner; None in the void.

    `detail` holds the frame that was prepared last. A cube is hit within its cell. A point is hit within its own disc,
    the nearest first; where there is none, the one closest on the screen within `REACH_PX` is meant. Of blobs that show
    peaks the one that is farthest from the center is meant, for light shines through them.
    """
    rows = eye_rows(eye)
    cube, cube_w = _cube_at(detail, eye, rows, x_px, y_px)
    point, point_w = _point_at(detail, eye, rows, x_px, y_px)
    if cube_w <= point_w:
        return cube
    return point


def _cube_at(detail: Detail, eye: Eye, rows: np.ndarray, x_px: float, y_px: float) -> tuple[Pick | None, float]:
    """The cube whose top the ray through a pixel meets first, and its depth."""
    near = detail.near
    if not len(near):
        return None, np.inf
    top = near.base + near.share[:, None] * near.dh
    ray = np.linalg.solve(rows, np.array([x_px, y_px, 1.0]))  # reaches depth 1
    away = top - eye.position
    normal = np.cross(near.du, near.dv)
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = (away * normal).sum(1) / (normal @ ray)
        inside = depth[:, None] * ray - away
        area = (normal * normal).sum(1)
        s = (np.cross(inside, near.dv) * normal).sum(1) / area
        t = (np.cross(near.du, inside) * normal).sum(1) / area
    met = np.flatnonzero((depth > NEAREST_W) & (np.abs(s) <= 0.5) & (np.abs(t) <= 0.5))
    if not len(met):
        return None, np.inf
    k = met[np.argmin(depth[met])]
    row, col = int(near.row[k]), int(near.col[k])
    grid = detail.grids[near.grid[k]]
    return Pick(grid, slice(row, row + 1), slice(col, col + 1), QUALITIES[EXACT], top[k]), float(depth[k])


def _point_at(detail: Detail, eye: Eye, rows: np.ndarray, x_px: float, y_px: float) -> tuple[Pick | None, float]:
    """The point under a pixel, and its depth."""
    drawn, near = detail.drawn, detail.near
    tiles = _tiles_at(detail, eye, rows, x_px, y_px)
    if not len(tiles):
        return None, np.inf
    index = np.arange(TILE)
    shown = (index[:, None] < drawn.counts[tiles, 0, None, None]) & (index < drawn.counts[tiles, 1, None, None])
    if len(near):
        cubes = np.zeros((len(drawn), TILE, TILE), bool)
        cubes[near.tile, near.row - drawn.first[near.tile, 0], near.col - drawn.first[near.tile, 1]] = True
        shown &= ~cubes[tiles]
    which, i, j = np.nonzero(shown)
    tile = tiles[which]
    height = _heights(detail, tiles)[which, i, j]
    position = _shown_at(detail, tile, i, j, height)
    x, y, depth = ((position - eye.position) @ rows.T).T
    front = depth > NEAREST_W
    depth = np.where(front, depth, np.inf)
    aside = np.hypot(x / depth - x_px, y / depth - y_px)
    radius = np.maximum(DIAMETER / 2 * drawn.sprite[tile] * eye.focal_px / depth, SMALLEST_PX)
    hit = np.flatnonzero(front & (aside <= radius))
    close = np.flatnonzero(front & (aside <= REACH_PX))
    blobs = _blobs(detail, tile, np.union1d(hit, close))
    if len(blobs):
        k = blobs[np.argmax(np.abs(height[blobs]))]
    elif len(hit):
        k = hit[np.argmin(depth[hit])]
    elif len(close):
        k = close[np.argmin(aside[close])]
    else:
        return None, np.inf
    return _found(detail, int(tile[k]), int(i[k]), int(j[k]), position[k]), float(depth[k])


def _blobs(detail: Detail, tile: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Those samples that show peaks of many weights: light shines through them, the strongest one is meant."""
    drawn = detail.drawn
    peaks = np.array([grid.reduce == "peak" for grid in detail.grids], bool)
    of = tile[samples]
    return samples[peaks[drawn.grid[of]] & (drawn.level[of] > 0)]


def _heights(detail: Detail, tiles: np.ndarray) -> np.ndarray:
    """(n, TILE, TILE) float64 shares of samples as they are drawn: a tile that morphs has some of the coarser ones."""
    drawn, heights = detail.drawn, detail.pool.data.height
    own = heights[drawn.slot[tiles]].astype(np.float64)
    mixed = np.flatnonzero(drawn.morph[tiles])
    if len(mixed):
        which, n = tiles[mixed], np.arange(len(mixed))[:, None, None]
        even = np.arange(TILE) // 2 * 2
        i, j = even[None, :, None], even[None, None, :]
        below, right = (np.minimum(k + 1, drawn.counts[which, axis, None, None] - 1) for axis, k in enumerate((i, j)))
        four = own[mixed]
        coarse = (four[n, i, j] + four[n, i, right] + four[n, below, j] + four[n, below, right]) / 4
        slot, row, col = (drawn.above_at[which, k, None, None] for k in range(3))
        above = heights[slot, np.minimum(row + i // 2, TILE - 1), np.minimum(col + j // 2, TILE - 1)]
        share = drawn.morph[which, None, None] / MORPH
        own[mixed] = four * (1 - share) + np.where(slot >= 0, above, coarse) * share
    return own / HEIGHT_UNIT


def _shown_at(detail: Detail, tile: np.ndarray, i: np.ndarray, j: np.ndarray, height: np.ndarray) -> np.ndarray:
    """(n, 3) float64 world: where samples are drawn, given their heights."""
    drawn = detail.drawn
    position = drawn.corner[tile] + i[:, None] * drawn.du[tile] + j[:, None] * drawn.dv[tile]
    aside = np.maximum(2 * drawn.morph[tile] - MORPH, 0)[:, None] / MORPH
    if aside.any():
        corner, du, dv = (drawn.above[tile, k] for k in range(3))
        position += aside * (corner + (i // 2)[:, None] * du + (j // 2)[:, None] * dv - position)
    return position + height[:, None] * drawn.dh[tile]


def _tiles_at(detail: Detail, eye: Eye, rows: np.ndarray, x_px: float, y_px: float) -> np.ndarray:
    """Rows of `drawn` whose bounding sphere lies under the pixel, or near it."""
    drawn, seen = detail.drawn, detail.seen(eye)
    x, y, depth = ((drawn.center[seen] - eye.position) @ rows.T).T
    radius = drawn.radius[seen]
    with np.errstate(divide="ignore", invalid="ignore"):
        # A sphere off the axis looks longer than focal * radius / depth; 2 is enough up to 120 degrees of view.
        reach = 2 * eye.focal_px * radius / (depth - radius) + REACH_PX
        aside = np.hypot(x / depth - x_px, y / depth - y_px)
    return seen[(depth <= radius) | (aside <= reach)]


def _found(detail: Detail, tile: int, i: int, j: int, position: np.ndarray) -> Pick:
    """The block of weights that a sample stands for. One that looks mostly like a coarser one stands for its block."""
    drawn = detail.drawn
    grid, quality = detail.grids[drawn.grid[tile]], int(drawn.quality[tile])
    coarse = int(2 * drawn.morph[tile] > MORPH)
    if coarse and quality in (EXACT, BLOCK_MEAN):
        quality = BLOCK_PEAK if grid.reduce == "peak" else BLOCK_MEAN
    block = 1 << (int(drawn.level[tile]) + coarse)
    rows, cols = (
        slice(first + k * block, min(first + (k + 1) * block, first + extent))
        for first, extent, k in zip(
            drawn.first[tile].tolist(), drawn.extent[tile].tolist(), (i >> coarse, j >> coarse), strict=True
        )
    )
    return Pick(grid, rows, cols, QUALITIES[quality], position)
