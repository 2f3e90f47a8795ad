"""Weights close to the eye: which are drawn as cubes with their numbers, and stems below points that are well apart.

Points become cubes by degrees: the point fades as its cube appears, so that nothing pops.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .drawn import Drawn
from .kernels.colorize import HEIGHT_UNIT
from .kernels.cut import TILE, CutEyes
from .scene import WeightGrid
from .tile_data import EXACT, READ_FAULTS, read_part
from .tiles import TilePool
from .values import Values

__all__ = [
    "CUBE_PX",
    "FULL_PX",
    "NEAR_LIMIT",
    "SOLID_PX",
    "STEM_LIMIT",
    "STEM_PX",
    "NearCells",
    "Numbers",
    "Stems",
    "find_near",
    "find_stems",
    "slabs",
    "without",
]

CUBE_PX = 38.0  # size of a cell from which on a cube appears
SOLID_PX = 64.0  # from which on it is all cube and no point
FULL_PX = 80.0  # from which on its number has its full strength
SIDE = 0.80  # of a cell: a cube, about as large as the point was
THICKNESS = 0.26  # of a cell
NEAR_LIMIT = 600  # cubes
STEM_PX = 8.0  # size of a cell from which on its point has a stem
STEM_FADE_PX = 4.0  # over which stems appear
STEM_LIMIT = 20_000
KEPT_TILES = 64  # whose values are kept from frame to frame
Numbers = dict[tuple, np.ndarray | None]  # (values.key, first row, first column) -> values; None: unreadable
HIDDEN = -32768  # height of a point that is not drawn: entry 0 of a near table whose entry 0 is dark
LOWEST = -32640  # the lowest height of other points in such a tile: entry 1


@dataclass(frozen=True)
class NearCells:
    """Weights drawn as cubes, largest on the screen first. The value stands at base + share * dh.

    `strength` goes from 0, a point, to 1, a cube that hides what is behind it.
    """

    base: np.ndarray  # (n, 3) float64 world, on the zero plane
    du: np.ndarray  # (n, 3) float64, one cell along the rows
    dv: np.ndarray  # (n, 3) float64
    dh: np.ndarray  # (n, 3) float64, height of share 1
    value: np.ndarray  # (n,) float64, as in the file
    share: np.ndarray  # (n,) float64, value / range clipped to -1 to 1; 0 for what is no finite number
    color: np.ndarray  # (n, 3) float32
    pixels: np.ndarray  # (n,) float64, size on the screen
    strength: np.ndarray  # (n,) float64
    grid: np.ndarray  # (n,) int64, index into Detail.grids
    row: np.ndarray  # (n,) int64
    col: np.ndarray  # (n,) int64
    i: np.ndarray  # (n,) int64, row within the tile
    j: np.ndarray  # (n,) int64
    tile: np.ndarray  # (n,) int64, row of Detail.drawn

    def __len__(self) -> int:
        return len(self.row)

    def only(self, which: np.ndarray) -> NearCells:
        """Some of them."""
        return NearCells(**{name: column[which] for name, column in vars(self).items()})

    @property
    def nearness(self) -> np.ndarray:
        """(n,) float64, from 0, a cube that has just appeared, to 1."""
        return np.clip((self.pixels - CUBE_PX) / (FULL_PX - CUBE_PX), 0.0, 1.0)


@dataclass(frozen=True)
class Stems:
    """Lines from the zero plane to points."""

    vertices: np.ndarray  # (n, 2, 3) float64 world
    colors: np.ndarray  # (n, 4) float32


@dataclass(frozen=True)
class _Cells:
    """All weights of some tiles, as columns."""

    tile: np.ndarray  # row of Detail.drawn
    i: np.ndarray  # within the tile
    j: np.ndarray
    base: np.ndarray  # (n, 3)
    share: np.ndarray
    pixels: np.ndarray  # size on the screen, the largest of all eyes
    visible: np.ndarray  # by any eye

    def only(self, which: np.ndarray) -> _Cells:
        return _Cells(**{name: column[which] for name, column in vars(self).items()})


def find_near(
    drawn: Drawn,
    grids: list[WeightGrid],
    pool: TilePool,
    eyes: CutEyes,
    known: Numbers,
    limit: int,
) -> NearCells:
    """The weights whose cell is larger than `CUBE_PX`, at most `limit`. `known` keeps values for the next frame."""
    cells, least = _largest(_cells(drawn, grids, pool, eyes, CUBE_PX), CUBE_PX, limit)
    grid = drawn.grid[cells.tile].astype(np.int64)
    value, readable = _values(cells, drawn, grids, pool, known)
    cells, value, grid = cells.only(readable), value[readable], grid[readable]
    tile = cells.tile
    return NearCells(
        cells.base,
        drawn.du[tile],
        drawn.dv[tile],
        drawn.dh[tile],
        value,
        cells.share,
        _colors(cells.share, grid, grids),
        cells.pixels,
        _eased((cells.pixels - least) / (SOLID_PX - CUBE_PX)),
        grid,
        drawn.first[tile, 0] + cells.i,
        drawn.first[tile, 1] + cells.j,
        cells.i,
        cells.j,
        tile,
    )


def without(drawn: Drawn, near: NearCells, pool: TilePool, tables: int) -> Drawn:
    """The tiles with the points left out that are cubes. Their near tables are those `tables` rows further on."""
    tiles = np.unique(near.tile)
    if not len(tiles):
        return drawn
    copies = pool.scratch(drawn.slot[tiles])
    shown, table = drawn.shown_slot.copy(), drawn.table.copy()
    shown[tiles] = copies
    table[tiles] += tables
    morph = drawn.morph.copy()
    morph[tiles] = 0  # marks among the heights are not to be mixed
    heights = pool.data.height
    heights[copies] = np.maximum(heights[copies], LOWEST)
    place = (shown[near.tile], near.i, near.j)
    pool.data.light[place] = 0
    heights[place] = HIDDEN
    return replace(drawn, shown_slot=shown, table=table, morph=morph)


def find_stems(drawn: Drawn, grids: list[WeightGrid], pool: TilePool, eyes: CutEyes, near: NearCells) -> Stems:
    """Stems of the weights whose cell is larger than `STEM_PX` and that are points, at most `STEM_LIMIT`."""
    cells, least = _largest(_cells(drawn, grids, pool, eyes, STEM_PX), STEM_PX, STEM_LIMIT)
    fade = np.clip((cells.pixels - least) / STEM_FADE_PX, 0, 1) * (1 - _strength_of(cells, near))
    cells, fade = cells.only(fade > 0), fade[fade > 0]
    top = cells.base + cells.share[:, None] * drawn.dh[cells.tile]
    grid = drawn.grid[cells.tile]
    alpha = (0.10 + 0.50 * np.abs(cells.share)) * fade * np.array([g.emphasis for g in grids])[grid]
    color = _colors(cells.share, grid, grids)
    return Stems(np.stack([cells.base, top], 1), np.column_stack([color, alpha]).astype(np.float32))


def slabs(near: NearCells) -> tuple[np.ndarray, np.ndarray]:
    """(lower, upper) world corners of the cubes, each (n, 3) float64. The value is the height of the upper face."""
    cell = np.sqrt(np.linalg.norm(near.du, axis=1) * np.linalg.norm(near.dv, axis=1))
    half = SIDE / 2 * (np.abs(near.du) + np.abs(near.dv))
    up = np.zeros_like(near.base)
    up[:, 1] = THICKNESS * cell
    top = near.base + near.share[:, None] * near.dh
    return top - half - up, top + half


def no_near_cells() -> NearCells:
    """None at all."""
    empty, vectors, whole = np.zeros(0), np.zeros((0, 3)), np.zeros(0, np.int64)
    return NearCells(
        vectors, vectors, vectors, vectors, empty, empty, vectors.astype(np.float32), empty, empty, *[whole] * 6
    )


def _cells(drawn: Drawn, grids: list[WeightGrid], pool: TilePool, eyes: CutEyes, pixels: float) -> _Cells:
    """The weights of all tiles of level 0 that may be larger than `pixels`."""
    with_values = np.array([grid.values is not None for grid in grids], bool)
    wanted = (drawn.level == 0) & (drawn.quality == EXACT) & (drawn.pixels > pixels) & with_values[drawn.grid]
    tiles = np.flatnonzero(wanted)
    index = np.arange(TILE)
    counts = drawn.counts[tiles]
    inside = (index[:, None] < counts[:, :1, None]) & (index < counts[:, 1:, None])
    which, i, j = np.nonzero(inside)
    tile = tiles[which]
    share = pool.data.height[drawn.slot[tile], i, j] / HEIGHT_UNIT
    base = drawn.corner[tile] + i[:, None] * drawn.du[tile] + j[:, None] * drawn.dv[tile]
    stem, cell = share[:, None] * drawn.dh[tile], drawn.cell[tile]
    point, reach = base + stem, cell + np.sqrt((stem * stem).sum(1))
    size, visible = np.zeros(len(tile)), np.zeros(len(tile), bool)
    for position, planes, focal_px in zip(eyes.position, eyes.planes, eyes.focal_px, strict=True):
        away = point - position
        distance = np.sqrt((away * away).sum(1))
        size = np.maximum(size, focal_px * cell / np.maximum(distance, 1e-9))
        visible |= (away @ planes.T).min(1) >= -reach
    return _Cells(tile, i, j, base, share, size, visible)


def _largest(cells: _Cells, pixels: float, limit: int) -> tuple[_Cells, float]:
    """The visible weights larger than `pixels`, at most `limit`, largest first; and the size that none falls below.

    That is the size of the first one left out, so what appears as it grows from there does so by degrees.
    """
    cells = cells.only(cells.visible & (cells.pixels > pixels))
    order = np.argsort(-cells.pixels, kind="stable")
    least = float(cells.pixels[order[limit]]) if len(order) > limit else pixels
    return cells.only(order[:limit]), least


def _eased(share: np.ndarray) -> np.ndarray:
    """From 0 to 1 without a jerk at either end."""
    share = np.clip(share, 0.0, 1.0)
    return share * share * (3 - 2 * share)


def _strength_of(cells: _Cells, near: NearCells) -> np.ndarray:
    """(n,) float64: how far weights are cubes."""
    tiles = np.unique(near.tile)
    if not len(tiles):
        return np.zeros(len(cells.tile))
    strength = np.zeros((len(tiles) + 1, TILE, TILE))  # the last one: of all other tiles
    strength[np.searchsorted(tiles, near.tile), near.i, near.j] = near.strength
    which = np.searchsorted(tiles, cells.tile)
    which[tiles[np.minimum(which, len(tiles) - 1)] != cells.tile] = len(tiles)
    return strength[which, cells.i, cells.j]


def _values(
    cells: _Cells, drawn: Drawn, grids: list[WeightGrid], pool: TilePool, known: Numbers
) -> tuple[np.ndarray, np.ndarray]:
    """(value, readable) of weights, read from where they come from."""
    value, readable = np.zeros(len(cells.tile)), np.ones(len(cells.tile), bool)
    while len(known) > KEPT_TILES:
        del known[next(iter(known))]
    for tile in np.unique(cells.tile).tolist():
        values, here = grids[drawn.grid[tile]].values, np.flatnonzero(cells.tile == tile)
        (row, col), (rows, cols) = drawn.first[tile].tolist(), drawn.extent[tile].tolist()
        assert values is not None  # those without have no near cells
        key = (values.key, row, col)
        if pool.has_failed(values.key):
            known.setdefault(key, None)
        if key not in known:
            known[key] = _read(values, slice(row, row + rows), slice(col, col + cols), pool)
        numbers = known[key]
        if numbers is None:
            readable[here] = False
        else:
            value[here] = numbers[cells.i[here], cells.j[here]]
    return value, readable


def _read(values: Values, rows: slice, cols: slice, pool: TilePool) -> np.ndarray | None:
    """The values, or None and a fault in the pool."""
    try:
        return read_part(values, rows, cols)
    except READ_FAULTS as error:
        pool.fail(values.key, str(error))
        return None


def _colors(share: np.ndarray, grid: np.ndarray, grids: list[WeightGrid]) -> np.ndarray:
    """(n, 3) float32 by each grid's colormap."""
    color = np.zeros((len(share), 3), np.float32)
    for number in np.unique(grid).tolist():
        here, colors = grid == number, grids[number].colors
        color[here] = colors[np.rint((share[here] + 1) / 2 * (len(colors) - 1)).astype(np.int64)]
    return color
