"""The compiled rasterizers on threads: every thread has its own sums, merged at the end, so no two write one buffer."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

from . import join_numba, light_numba, nearest_numba
from .batch import EMPTY, Batch, Pool, prepare
from .resolve import alpha, curve
from .sprites import sprites

__all__ = ["CompiledRasterizer"]

MOST_THREADS = 8  # by default; each has a picture of its own to be merged
TILES_AT_ONCE = 64
ROWS_AT_ONCE = 64
SIZES_KEPT = 4  # picture sizes whose buffers are kept
# Variances of the blurs of a glow, in its own pixels: with the sizes of those they are as wide as a BloomPainter's.
NEAR_GLOW, WIDE_GLOW = 1.24, 5.7
CELL_ROWS_AT_ONCE = 8


class CompiledRasterizer:
    """Draws with compiled kernels on `threads` threads (0: one a core, at most 8). Use it from one thread at a time."""

    name = "numba"

    def __init__(self, threads: int = 0) -> None:
        self.threads = threads or min(os.cpu_count() or 1, MOST_THREADS)
        self._workers = ThreadPoolExecutor(self.threads, "rasterizer")
        self._sums: dict[tuple[int, int], np.ndarray] = {}
        self._pixels: dict[tuple[int, int], np.ndarray] = {}

    def light(
        self,
        batch: Batch,
        pool: Pool,
        near_tables: np.ndarray,
        rows: np.ndarray,
        size_px: tuple[int, int],
        minimum_px: float = 1.5,
        shine: bool = True,
    ) -> np.ndarray:
        """As `DefinitionRasterizer.light`."""
        setup, tables = prepare(batch, rows, pool, len(near_tables)), sprites(minimum_px, shine)
        width, height = size_px
        pad = 2 * light_numba.PAD
        parts = _kept(self._sums, size_px, lambda: np.zeros((self.threads, (width + pad) * (height + pad)), np.uint64))

        def add(worker: int, first: int, last: int) -> None:
            light_numba.add_light(
                setup.steps, setup.counts, setup.slot, setup.gain, setup.table, setup.diameter,
                pool.light, pool.height, near_tables, tables.minimum_px, tables.small_factor, tables.small,
                tables.taps, tables.taps_half, tables.taps_factor, tables.profile, tables.highlight,
                setup.morph, setup.above, setup.above_at, first, last, width, height, parts[worker],
            )  # fmt: skip

        merged = np.empty((height, width), np.uint64)
        self._share(add, len(batch), TILES_AT_ONCE)
        self._share(lambda _, first, last: light_numba.merge_sums(parts, width, first, last, merged), height)
        return merged

    def nearest(self, batch: Batch, pool: Pool, rows: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
        """As `DefinitionRasterizer.nearest`."""
        setup = prepare(batch, rows, pool)
        width, height = size_px
        parts = _kept(self._pixels, size_px, lambda: np.full((self.threads, width * height + 1), EMPTY))

        def find(worker: int, first: int, last: int) -> None:
            nearest_numba.find_nearest(
                setup.steps, setup.counts, setup.slot, setup.morph, setup.above, setup.above_at,
                pool.height, first, last, width, height, parts[worker],
            )  # fmt: skip

        merged = np.empty((height, width), np.uint64)
        self._share(find, len(batch), TILES_AT_ONCE)
        self._share(lambda _, first, last: nearest_numba.merge_nearest(parts, width, first, last, merged), height)
        return merged

    def resolve(self, sums: np.ndarray, ink: bool = False) -> np.ndarray:
        """(height, width, 4) uint8 picture of sums of light: see `resolve.light`."""
        picture = np.empty(sums.shape, np.uint32)
        shown, opaque = curve(ink), np.uint32(alpha(ink) << 24)
        self._share(
            lambda _, first, last: light_numba.show_sums(sums, shown, opaque, first, last, picture), len(picture)
        )
        return picture.view(np.uint8).reshape(*sums.shape, 4)

    def glow(self, sums: np.ndarray, bright: tuple[float, float], shares: tuple[float, float]) -> np.ndarray:
        """(n, m, 3) float32, 0 to 255: the glow of sums of light, an eighth of their size.

        Blocks of 4 x 4 pixels glow as their peak lies between the two of `bright`, 0 to 1: not at all up to all of it.
        `shares`: strengths of a glow that is near, and of a wide one.
        """
        height, width = (-(-side // join_numba.CELL) for side in sums.shape)
        near, scratch = np.empty((2, height, width, 3), np.float32)
        wide, other = np.empty((2, -(-height // 2), -(-width // 2), 3), np.float32)
        limits, shown = np.array(bright, np.float32) * np.float32(255), curve(False)

        def shrink(_: int, first: int, last: int) -> None:
            join_numba.shrink(sums, shown, limits[0], limits[1], first, last, near)

        self._share(shrink, height, CELL_ROWS_AT_ONCE)
        join_numba.blur(near, _weights(NEAR_GLOW), scratch)
        join_numba.halve(near, wide)
        join_numba.blur(wide, _weights(WIDE_GLOW), other)
        join_numba.add_wide(near, wide, np.float32(shares[0]), np.float32(shares[1]))
        return near

    def join(self, sums: np.ndarray, picture: np.ndarray, ink: bool, glow: np.ndarray | None) -> None:
        """Brings sums of light onto a picture (height, width, 4) uint8, row for row, with a `glow`: changed in place.

        Light is added, ink multiplied onto it.
        """
        shown = curve(ink)
        if ink:
            self._share(lambda _, *rows: join_numba.multiply_ink(sums, shown, *rows, picture), len(sums))
            return
        glow = np.zeros((1, -(-sums.shape[1] // join_numba.CELL), 3), np.float32) if glow is None else glow
        self._share(lambda _, *rows: join_numba.add_light(sums, shown, glow, *rows, picture), len(sums))

    def resolve_nearest(self, pixels: np.ndarray, batch: Batch, pool: Pool, colors: np.ndarray) -> np.ndarray:
        """(height, width, 4) uint8 picture of the nearest samples: see `resolve.nearest`."""
        picture = np.empty(pixels.shape, np.uint32)

        def show(_: int, first: int, last: int) -> None:
            nearest_numba.show_nearest(pixels, batch.slot, batch.table, pool.height, colors, first, last, picture)

        self._share(show, len(picture))
        return picture.view(np.uint8).reshape(*pixels.shape, 4)

    def close(self) -> None:
        """Ends the threads."""
        self._workers.shutdown()

    def _share(self, work: Callable[[int, int, int], None], count: int, step: int = ROWS_AT_ONCE) -> None:
        """Calls work(worker, first, last) until 0..count is done; whoever is free takes the next piece."""
        step = max(1, min(step, -(-count // (2 * self.threads))))
        starts = deque(range(0, count, step))

        def take(worker: int) -> None:
            while True:
                try:
                    first = starts.popleft()
                except IndexError:
                    return
                work(worker, first, min(first + step, count))

        others = [self._workers.submit(take, worker) for worker in range(1, min(self.threads, len(starts)))]
        take(0)
        for other in others:
            other.result()


@cache
def _weights(variance: float) -> np.ndarray:
    """(n,) float32 of a Gaussian, of the middle and of one side."""
    steps = np.arange(math.ceil(3 * variance**0.5) + 1)
    weights = np.exp(-(steps**2) / (2 * variance))
    return (weights / (weights[0] + 2 * weights[1:].sum())).astype(np.float32)


def _kept(
    buffers: dict[tuple[int, int], np.ndarray], size_px: tuple[int, int], make: Callable[[], np.ndarray]
) -> np.ndarray:
    """The buffers of a picture size. Merging leaves them empty for the next call."""
    if size_px not in buffers:
        while len(buffers) >= SIZES_KEPT:
            del buffers[next(iter(buffers))]
        buffers[size_px] = make()
    return buffers[size_px]
