"""Detail: the part of a scene's weights that a frame draws. One cut for all eyes, then a batch for each.

A weight is a point of light, or, where its cell is large on the screen, a cube with its number: never both.
"""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

import numpy as np

from .covers import covers_of
from .drawn import coarser_tiles, morph_of, place
from .frame_batches import batch_of, fading_points, joined
from .kernel_choice import begin_frame, is_compiled, version
from .kernels.colorize import LightTables, light_tables, plain_tables
from .kernels.cut import TILE, CutEyes, CutGrids, Tiles, growth
from .near_cells import (
    CUBE_PX,
    NEAR_LIMIT,
    SOLID_PX,
    NearCells,
    Numbers,
    Stems,
    find_near,
    find_stems,
    no_near_cells,
    without,
)
from .rasterize.batch import Batch
from .scene import Scene, WeightGrid, walk
from .tile_data import READ_LIMIT, Source
from .tiles import Resident, TilePool
from .view import Eye, Frame, clip_from_world

__all__ = ["Detail"]

DEFINITION_BUDGET = 200_000  # samples of a live frame while no compiled kernels draw
TAU = 1.0  # px, size of a sample up to which it is not refined
EASE = growth(0)  # by which tau falls from frame to frame when samples are to spare; the cut goes back by such steps
FAST_EASE = EASE**3  # when very many are
SPARE, VERY_SPARE = 0.85, 0.3  # of the budget, below which that is so
FOG_FLOOR = 0.35  # far data stays legible
PEAK_FOG_FLOOR = 0.80  # where single peaks have to be seen
FOG_SHARE = 0.6  # of the scene's length, where fog begins


class Detail:
    """Which tiles show a scene, and their data. `prepare` a frame, then ask.

    After `prepare`: `drawn`, `near` (weights to draw as cubes), `stems`, `samples` (points in all), `waiting` (tiles
    still being read), `left_out` (tiles that found no room; 0 unless there are more matrices in view than slots).
    `near_tables` (k, 512) uint64 and `pool.data` are what the rasterizers want with a batch.
    """

    def __init__(self, scene: Scene, pool: TilePool | None = None, fog_start: float | None = None) -> None:
        self.scene = scene
        self.pool = pool or TilePool()
        self.fog_start = FOG_SHARE * scene.length if fog_start is None else fog_start  # world units, 0: no fog
        self.grids: list[WeightGrid] = []
        self.near: NearCells = no_near_cells()
        self.samples = self.waiting = self.left_out = 0
        self.tau = TAU
        self._near_limit = min(NEAR_LIMIT, self.pool.slot_limit // 4)  # each may need a slot for a copy of its tile
        self._looks: dict[tuple, LightTables] = {}
        self._revision: tuple = ()
        self._numbers: Numbers = {}
        self._eyes: CutEyes | None = None

    def prepare(self, frame: Frame) -> None:
        """The tiles of a frame, and where they lie in the pool. Exact frames wait for all of them."""
        begin_frame()
        self._collect()
        eyes = _cut_eyes(frame.eyes)
        tiles = self._uncovered(frame, eyes)
        resident, coarser = self._request(tiles, frame)
        self.waiting = resident.waiting
        self.drawn = place(tiles, resident, coarser, self._cut_grids, self._table)
        self.samples = int(self.drawn.counts.prod(1, dtype=np.int64).sum())
        self.near = find_near(self.drawn, self.grids, self.pool, eyes, self._numbers, self._near_limit)
        self._fading = self.near.only(self.near.strength < 1)
        self.drawn = without(self.drawn, self.near, self.pool, len(self.near_tables) // 2)
        self._eyes = eyes

    def batch(self, eye: Eye) -> Batch:
        """What one eye of the frame draws: the tiles that it sees, then points that are turning into cubes."""
        drawn, which, fading = self.drawn, self.seen(eye), self._fading
        batch = batch_of(drawn, which, eye.position, self._gain(drawn.fog_at[which], drawn.grid[which], eye))
        if not len(fading):
            return batch
        gain = self._gain(drawn.fog_at[fading.tile], fading.grid, eye)
        return joined(batch, fading_points(fading, drawn, len(self.near_tables) // 2, eye.position, gain))

    def seen(self, eye: Eye) -> np.ndarray:
        """(m,) int64: rows of `drawn` that an eye sees, the first rows of its batch."""
        drawn, eyes = self.drawn, _cut_eyes((eye,))
        depth = ((drawn.center - eye.position) @ eyes.planes[0].T).min(1)
        return np.flatnonzero(depth >= -drawn.radius)

    def stems(self) -> Stems:
        """Lines from the zero plane to weights that are well apart on the screen."""
        assert self._eyes is not None
        return find_stems(self.drawn, self.grids, self.pool, self._eyes, self.near)

    def _gain(self, place: np.ndarray, grid: np.ndarray, eye: Eye) -> np.ndarray:
        """(n,) float64 brightness factors at places of matrices: fog and emphasis."""
        emphasis = self._emphasis[grid]
        if self.fog_start <= 0:
            return emphasis
        away = place - eye.position
        distance = np.sqrt((away * away).sum(1))
        floor = np.where(self._peaks[grid], PEAK_FOG_FLOOR, FOG_FLOOR)
        return np.clip(np.exp((self.fog_start - distance) / (2.2 * self.fog_start)), floor, 1.0) * emphasis

    def _collect(self) -> None:
        """Matrices of the scene as arrays, when anything changed."""
        revision = (self.scene.revision, *[grid.revision for grid in self.grids])
        if revision == self._revision:
            self._emphasis = np.array([grid.emphasis for grid in self.grids], float)
            return
        found = [
            (world, node.drawable) for world, node in walk(self.scene.root) if isinstance(node.drawable, WeightGrid)
        ]
        found = [(world, grid) for world, grid in found if min(grid.shape) > 0]
        self.grids = [grid for _, grid in found]
        self._revision = (self.scene.revision, *[grid.revision for grid in self.grids])
        world = np.array([world for world, _ in found]).reshape(-1, 4, 4)
        turn, shift = world[:, :3, :3], world[:, :3, 3]

        def turned(name: str) -> np.ndarray:
            return np.einsum("nij,nj->ni", turn, np.array([getattr(g, name) for g in self.grids], float).reshape(-1, 3))

        shape = np.array([grid.shape for grid in self.grids], np.int64).reshape(-1, 2)
        self._cut_grids = CutGrids.of(
            turned("origin") + shift, turned("du"), turned("dv"), turned("dh"), shape[:, 0], shape[:, 1]
        )
        self._emphasis = np.array([grid.emphasis for grid in self.grids], float)
        self._peaks = np.array([grid.reduce == "peak" for grid in self.grids], bool)
        self._open()

    def _open(self) -> None:
        """Tells the pool which matrices there are, and collects their tables."""
        tables = [self._look(grid) for grid in self.grids]
        rows: dict[bytes, int] = {}
        self._table = np.array([rows.setdefault(table.look, len(rows)) for table in tables], np.int32)
        near = {table.look: table.near for table in tables}
        plain = np.array(list(near.values()), np.uint64).reshape(-1, 512)
        dark = plain.copy()
        dark[:, 0] = 0  # what weights that are cubes show as points
        self.near_tables = np.concatenate([plain, dark])
        self.pool.open(
            [
                Source(
                    grid.values if grid.painted is None else grid.painted,
                    grid.value_range,
                    grid.shape,
                    table,
                    grid.center,
                    grid.reduce == "peak",
                    grid.pyramid if grid.reduce == "peak" else None,
                )
                for grid, table in zip(self.grids, tables, strict=True)
            ]
        )

    def _look(self, grid: WeightGrid) -> LightTables:
        theme = self.scene.theme
        key = (
            grid.values is None or grid.colors.tobytes(),
            theme.ink,
            theme.text,
            theme.neutral,
            grid.law,
            grid.near_law,
        )
        if key not in self._looks:
            if grid.values is None:
                self._looks[key] = plain_tables(theme.neutral, theme.ink)
            else:
                self._looks[key] = light_tables(grid.colors, theme.ink, theme.text, grid.law, grid.near_law)
        return self._looks[key]

    def _uncovered(self, frame: Frame, eyes: CutEyes) -> Tiles:
        """The tiles that no cube hides. Live frames go by the cubes of the last one; exact ones find theirs first."""
        cubes = self.near
        if frame.mode == "exact":
            tiles = self._cut(frame, eyes)
            close = (tiles.level == 0) & (tiles.pixels > CUBE_PX)
            if not (tiles.pixels[close] > SOLID_PX).any():
                return tiles
            resident, coarser = self._request(tiles.only(close), frame)
            drawn = place(tiles.only(close), resident, coarser, self._cut_grids, self._table)
            cubes = find_near(drawn, self.grids, self.pool, eyes, self._numbers, self._near_limit)
        if not (cubes.strength >= 1).any():
            return tiles if frame.mode == "exact" else self._cut(frame, eyes)
        return self._cut(frame, replace(eyes, covers=covers_of(cubes, eyes.position)))

    def _cut(self, frame: Frame, eyes: CutEyes) -> Tiles:
        """The tiles. Live frames in motion start from the last tau, so that detail does not flicker; others are sharp
        at once."""
        least = max(TAU, self.scene.sample_px)
        tau, budget = least, frame.budget
        if frame.mode == "live" and not is_compiled("rasterize"):
            budget = min(budget, DEFINITION_BUDGET)
        if frame.mode == "live" and not _are_same(eyes, self._eyes):
            used = self.samples / max(budget, 1)
            ease = 1.0 if used > SPARE else EASE if used > VERY_SPARE else FAST_EASE
            tau = max(least, self.tau / ease) if isfinite(self.tau) else 512 * TAU
        limit = (self.pool.slot_limit - self._near_limit) * 4 // 5  # room for coarser tiles that some morph from
        tiles = version("cut", len(self.grids)).cut(self._cut_grids, eyes, tau, budget, limit)
        self.tau, self.left_out = tiles.tau, max(0, len(tiles) - limit)
        if not self.left_out:
            return tiles
        return tiles.only(np.sort(np.argsort(-tiles.pixels, kind="stable")[:limit]))

    def _request(self, tiles: Tiles, frame: Frame) -> tuple[Resident, Resident]:
        """Where tiles lie in the pool, and the coarser ones that they morph from, if those are no means of them."""
        coarser, which = coarser_tiles(tiles, (morph_of(tiles) > 0) & self._peculiar_above(tiles))
        if not len(coarser):
            resident = self.pool.request(tiles, frame.mode)
            return resident, replace(resident, slot=np.full(len(tiles), -1, np.int32))
        resident = self.pool.request(tiles.joined(coarser), frame.mode)
        slot, level, quality = resident.slot, resident.level, resident.quality
        place = np.where(which < 0, 0, len(tiles) + which)
        of_coarser = Resident(np.where(which < 0, -1, slot[place]), level[place], quality[place], 0)
        own = slice(len(tiles))
        return Resident(slot[own], level[own], quality[own], resident.waiting), of_coarser

    def _peculiar_above(self, tiles: Tiles) -> np.ndarray:
        """(n,) bool: whether the tile one level coarser is not the mean of its parts: sampled, or of peaks."""
        size = np.int64(TILE) << (tiles.level.astype(np.int64) + 1)
        first = np.stack([(tiles.row >> 1) * size, (tiles.col >> 1) * size], 1)
        shape = np.stack([self._cut_grids.rows[tiles.grid], self._cut_grids.cols[tiles.grid]], 1)
        return self._peaks[tiles.grid] | (np.minimum(size[:, None], shape - first).prod(1) > READ_LIMIT)


def _are_same(eyes: CutEyes, last: CutEyes | None) -> bool:
    """Whether nothing moved since the last frame."""
    return (
        last is not None
        and np.array_equal(eyes.position, last.position)
        and np.array_equal(eyes.planes, last.planes)
        and np.array_equal(eyes.focal_px, last.focal_px)
    )


def _cut_eyes(eyes: tuple[Eye, ...]) -> CutEyes:
    return CutEyes.of(
        np.array([eye.position for eye in eyes]),
        np.array([clip_from_world(eye) for eye in eyes]),
        np.array([eye.focal_px for eye in eyes]),
    )
