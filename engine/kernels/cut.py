"""The cut: which tiles of which matrices show a scene at the resolution of its eyes.

A matrix is a quad-tree of tiles of 32 x 32 samples that nobody stores: at level L a sample stands for a block of
2^L x 2^L weights, tile (i, j) holds samples 32 i to 32 i + 31 and 32 j to 32 j + 31, and its children are tiles
(2 i, 2 j) to (2 i + 1, 2 j + 1) of level L - 1. The top level has one sample, so a far matrix costs next to nothing.
All arithmetic is float64, elementwise, in one fixed order: the compiled version gives the same tiles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["PASSES", "TILE", "CutEyes", "CutGrids", "Spheres", "Tiles", "cut", "growth", "spheres", "tile_counts"]

TILE = 32  # samples per side
PASSES = 18  # times that tau is raised at most
NEAREST = 1e-9  # world units; no distance counts as less
COVER_PX = 3.0  # by which a tile must lie within what hides it: its smallest points are so wide, edges are rounded


@dataclass(frozen=True)
class CutGrids:
    """Matrices in world space. Sample (i, j) of level 0 stands at origin + i*du + j*dv + (-1 to 1)*dh."""

    origin: np.ndarray  # (n, 3) float64
    du: np.ndarray  # (n, 3) float64
    dv: np.ndarray  # (n, 3) float64
    dh: np.ndarray  # (n, 3) float64
    rows: np.ndarray  # (n,) int64, >= 1
    cols: np.ndarray  # (n,) int64, >= 1
    cell: np.ndarray  # (n,) float64, mean length of du and dv
    products: np.ndarray  # (n, 6) float64: du.du, dv.dv, dh.dh, |du.dv|, |du.dh|, |dv.dh|
    normal: np.ndarray  # (n, 3) float64, unit normal of the plane of du and dv; 0 where they are parallel
    thickness: np.ndarray  # (n,) float64, how far heights reach beyond that plane
    top: np.ndarray  # (n,) int64, the level at which one sample is left

    @classmethod
    def of(
        cls, origin: np.ndarray, du: np.ndarray, dv: np.ndarray, dh: np.ndarray, rows: np.ndarray, cols: np.ndarray
    ) -> CutGrids:
        """The grids with all that the cut needs to know of them."""
        origin, du, dv, dh = (np.ascontiguousarray(a, np.float64).reshape(-1, 3) for a in (origin, du, dv, dh))
        rows, cols = (np.ascontiguousarray(a, np.int64).ravel() for a in (rows, cols))
        pairs = ((du, du), (dv, dv), (dh, dh), (du, dv), (du, dh), (dv, dh))
        products = np.stack([np.abs(_dot(a, b)) for a, b in pairs], 1)
        cell = (np.sqrt(products[:, 0]) + np.sqrt(products[:, 1])) / 2
        normal = np.cross(du, dv)
        length = np.sqrt(_dot(normal, normal))[:, None]
        normal = np.divide(normal, length, out=np.zeros_like(normal), where=length > 0)
        thickness = np.abs(_dot(normal, dh))
        top = np.array([(side - 1).bit_length() for side in np.maximum(rows, cols).tolist()], np.int64)
        return cls(origin, du, dv, dh, rows, cols, cell, products, normal, thickness, top)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class CutEyes:
    """Eyes as the cut sees them: a place and planes through it."""

    position: np.ndarray  # (e, 3) float64, world
    planes: np.ndarray  # (e, 5, 3) float64, unit normals pointing into the view: left, right, bottom, top, front
    focal_px: np.ndarray  # (e,) float64, pixels of one world unit at distance 1
    covers: np.ndarray  # (e, k, 5, 4) float64: what is hidden from the eye has normal . away >= offset for five planes

    @classmethod
    def of(cls, position: np.ndarray, clip_from_world: np.ndarray, focal_px: np.ndarray) -> CutEyes:
        """Eyes of perspective projections: position (e, 3), clip_from_world (e, 4, 4), focal_px (e,)."""
        clip = np.asarray(clip_from_world, np.float64).reshape(-1, 4, 4)
        x, y, w = clip[:, 0, :3], clip[:, 1, :3], clip[:, 3, :3]
        planes = np.stack([w + x, w - x, w + y, w - y, w], 1)
        planes /= np.sqrt((planes * planes).sum(-1, keepdims=True))
        place = np.ascontiguousarray(position, np.float64).reshape(-1, 3)
        focal_px = np.ascontiguousarray(focal_px, np.float64).ravel()
        return cls(place, np.ascontiguousarray(planes), focal_px, np.zeros((len(place), 0, 5, 4)))


@dataclass(frozen=True)
class Tiles:
    """Tiles of a cut, ordered by grid, then along the Z-shaped curve through the matrix."""

    grid: np.ndarray  # (n,) int32
    level: np.ndarray  # (n,) int32
    row: np.ndarray  # (n,) int32, tile row
    col: np.ndarray  # (n,) int32, tile column
    pixels: np.ndarray  # (n,) float64, size of a sample at the tile's nearest point
    above: np.ndarray  # (n,) float64, the same of the tile one level coarser that was refined; inf for a whole matrix
    samples: int
    tau: float  # px, the largest size of a sample that was not refined

    def __len__(self) -> int:
        return len(self.grid)

    @property
    def columns(self) -> tuple[np.ndarray, ...]:
        """What there is of each tile."""
        return self.grid, self.level, self.row, self.col, self.pixels, self.above

    def only(self, which: np.ndarray) -> Tiles:
        """Some of the tiles; `samples` stays that of all."""
        grid, level, row, col, pixels, above = (column[which] for column in self.columns)
        return Tiles(grid, level, row, col, pixels, above, self.samples, self.tau)

    def joined(self, others: Tiles) -> Tiles:
        """These tiles and then the others."""
        pairs = zip(self.columns, others.columns, strict=True)
        grid, level, row, col, pixels, above = (np.concatenate(pair) for pair in pairs)
        return Tiles(grid, level, row, col, pixels, above, self.samples, self.tau)


@dataclass(frozen=True)
class Spheres:
    """Bounding spheres of tiles as the eyes see them."""

    center: np.ndarray  # (n, 3) float64
    radius: np.ndarray  # (n,) float64
    inside: np.ndarray  # (n,) float64, distance of the center into the view; negative outside. The best of all eyes
    nearness: np.ndarray  # (n,) float64, pixels of one world unit at the tile's nearest point. The most of all eyes


def growth(number: int) -> float:
    """What tau is multiplied by after pass `number` (from 0): gently, then fast, and in the end one sample a matrix.

    The first passes are for flights, where a little less detail than a moment ago should not show.
    """
    return 1.06 if number < 3 else 1.26 if number < 10 else 2.0 if number < PASSES - 2 else np.inf


def tile_counts(
    rows: np.ndarray, cols: np.ndarray, level: np.ndarray, row: np.ndarray, col: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(rows, columns) of samples in tiles, int64."""
    high = (rows + (np.int64(1) << level) - 1) >> level
    wide = (cols + (np.int64(1) << level) - 1) >> level
    return np.minimum(TILE, high - row * TILE), np.minimum(TILE, wide - col * TILE)


def cut(grids: CutGrids, eyes: CutEyes, tau: float, budget: int, tile_limit: int) -> Tiles:
    """The tiles to draw: every weight in view is in exactly one of them.

    A tile is refined while a sample of it is larger than `tau` pixels, and left out where something opaque hides it
    from all eyes. Where that takes more than `budget` samples or
    `tile_limit` tiles, tau is raised; the last of `PASSES` passes gives one sample for each matrix in view.
    """
    for number in range(PASSES):
        tiles = _descend(grids, eyes, tau)
        if tiles.samples <= budget and len(tiles) <= tile_limit:
            break
        if number < PASSES - 1:
            tau *= growth(number)
    return tiles


def _descend(grids: CutGrids, eyes: CutEyes, tau: float) -> Tiles:
    """One pass, all matrices a level down at a time."""
    grid = np.arange(len(grids))
    level, row, col = grids.top.copy(), np.zeros_like(grid), np.zeros_like(grid)
    above = np.full(len(grid), np.inf)
    done: list[tuple[np.ndarray, ...]] = []
    while len(grid):
        sphere, step = spheres(grids, eyes, grid, level, row, col), grids.cell[grid] * (np.int64(1) << level)
        pixels = step * sphere.nearness
        visible = (sphere.inside >= -(sphere.radius + step)) & ~_hidden(eyes, sphere, step)
        finer = visible & (pixels > tau) & (level > 0)
        kept = visible & ~finer
        done.append((grid[kept], level[kept], row[kept], col[kept], pixels[kept], above[kept]))
        above = pixels[finer]
        grid, level, row, col, parent = _children(grids, grid[finer], level[finer], row[finer], col[finer])
        above = above[parent]
    if not done:
        done.append((grid, level, row, col, above, above))
    grid, level, row, col, pixels, above = (np.concatenate(column) for column in zip(*done, strict=True))
    order = np.lexsort((_interleaved(row << level, col << level), grid))
    grid, level, row, col, pixels, above = (column[order] for column in (grid, level, row, col, pixels, above))
    high, wide = tile_counts(grids.rows[grid], grids.cols[grid], level, row, col)
    return Tiles(
        grid.astype(np.int32),
        level.astype(np.int32),
        row.astype(np.int32),
        col.astype(np.int32),
        pixels,
        above,
        int((high * wide).sum()),
        float(tau),
    )


def _hidden(eyes: CutEyes, sphere: Spheres, step: np.ndarray) -> np.ndarray:
    """(n,) bool: whether each eye has a cover that hides the whole sphere, sprites included."""
    hidden = np.full(len(step), eyes.covers.shape[1] > 0)
    for position, focal_px, covers in zip(eyes.position, eyes.focal_px, eyes.covers, strict=True):
        away = sphere.center - position
        reach = (sphere.radius + step) + COVER_PX * ((np.sqrt(_dot(away, away)) + sphere.radius) / focal_px)
        behind = np.zeros(len(step), bool)
        for cover in covers:
            behind |= np.minimum.reduce([_dot(away, plane) - plane[3] for plane in cover]) >= reach
        hidden &= behind
    return hidden


def _children(
    grids: CutGrids, grid: np.ndarray, level: np.ndarray, row: np.ndarray, col: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The tiles one level finer, and which of the given each comes from."""
    parent = np.repeat(np.arange(len(grid)), 4)
    grid, level = np.repeat(grid, 4), np.repeat(level - 1, 4)
    row = (2 * row[:, None] + np.array([0, 0, 1, 1])).ravel()
    col = (2 * col[:, None] + np.array([0, 1, 0, 1])).ravel()
    exist = ((row * TILE) << level < grids.rows[grid]) & ((col * TILE) << level < grids.cols[grid])
    return grid[exist], level[exist], row[exist], col[exist], parent[exist]


def _interleaved(row: np.ndarray, col: np.ndarray) -> np.ndarray:
    """(n,) int64 with the bits of row and column by turns, the row's first."""
    place = np.zeros_like(row)
    for bit in range(31):
        place |= (((row >> bit) & 1) << (2 * bit + 1)) | (((col >> bit) & 1) << (2 * bit))
    return place


def spheres(
    grids: CutGrids, eyes: CutEyes, grid: np.ndarray, level: np.ndarray, row: np.ndarray, col: np.ndarray
) -> Spheres:
    """Bounding spheres of tiles, heights included.

    The nearest point of a tile is nearer than neither its sphere nor its plane: flat tiles close by are not refined for
    nothing.
    """
    size = np.int64(TILE) << level
    first_row, first_col = row * size, col * size
    end_row = np.minimum(grids.rows[grid], first_row + size)
    end_col = np.minimum(grids.cols[grid], first_col + size)
    i, j = (first_row + end_row - 1) / 2, (first_col + end_col - 1) / 2
    high, wide = (end_row - first_row) / 2, (end_col - first_col) / 2
    uu, vv, hh, uv, uh, vh = grids.products[grid].T
    square = ((high * high) * uu + (wide * wide) * vv) + hh
    slant = ((high * wide) * uv + high * uh) + wide * vh
    radius = np.sqrt(square + 2 * slant)
    center = (grids.origin[grid] + i[:, None] * grids.du[grid]) + j[:, None] * grids.dv[grid]
    inside, nearness = np.full(len(grid), -np.inf), np.zeros(len(grid))
    normal, thickness = grids.normal[grid], grids.thickness[grid]
    for position, planes, focal_px in zip(eyes.position, eyes.planes, eyes.focal_px, strict=True):
        away = center - position
        depth = np.minimum.reduce([_dot(away, plane) for plane in planes])
        distance = np.sqrt(_dot(away, away)) - radius
        distance = np.maximum(distance, np.abs(_dot(away, normal)) - thickness)
        inside = np.maximum(inside, depth)
        nearness = np.maximum(nearness, focal_px / np.maximum(distance, NEAREST))
    return Spheres(center, radius, inside, nearness)


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Sum over the last axis of three, in a fixed order."""
    return (a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1]) + a[..., 2] * b[..., 2]
