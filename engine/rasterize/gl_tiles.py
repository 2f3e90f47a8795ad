"""Tiles and their data in buffers of the GPU, as shaders/tile_samples.glsl reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..gpu import GraphicsError
from ..gpu_compute import BLOCK_BYTES, Storage
from .batch import NEAREST_W, TILE, Batch, Pool, Setup

__all__ = ["PoolMirror", "TileWords", "holds", "tile_words"]

HEIGHTS, LIGHTS = 1, 2  # bindings, as the shaders name them
LIGHT_BLOCKS = 4
SAMPLES = TILE * TILE
LIGHT_SLOTS, HEIGHT_SLOTS = BLOCK_BYTES // (8 * SAMPLES), BLOCK_BYTES // (2 * SAMPLES)
WORDS = 32  # of a tile
HIGHEST = 32768  # units of height
ROUNDING = 1e-5  # what float32 may differ, of the largest number that takes part


@dataclass
class TileWords:
    """Tiles in the order in which they are drawn: small ones (by block), other plain ones, those that morph."""

    words: np.ndarray  # (n, WORDS) uint32
    small_by_block: np.ndarray  # (LIGHT_BLOCKS,) int64, `small` by the block in which the light of tiles lies
    small: int  # number of tiles that are plain and whose sprites have the smallest size, all of them
    plain: int  # number of tiles that are themselves, with the small ones
    nearest: float  # from the eye's plane to the nearest sample that may be drawn, at most
    farthest: float  # to the farthest, at least


def holds(pool: Pool) -> bool:
    """Whether buffers of the GPU can hold the pool."""
    return len(pool.height) <= min(HEIGHT_SLOTS, LIGHT_SLOTS * LIGHT_BLOCKS)


def tile_words(setup: Setup, small_limit: float = 0.0) -> TileWords:
    """The tiles of a batch. `small_limit`: px, up to which sprites are drawn with the smallest size."""
    least, most = _depths(setup)
    plain = setup.morph == 0
    small = plain & (least > 2 * NEAREST_W) & (setup.diameter <= small_limit * (1 - ROUNDING) * least)
    block = setup.slot // LIGHT_SLOTS
    order = np.lexsort((block, 2 - plain - small))
    words = np.zeros((len(order), WORDS), np.uint32)
    floats = words.view(np.float32)
    floats[:, :12] = setup.steps.reshape(-1, 12)
    floats[:, 12:21] = setup.above.reshape(-1, 9)
    floats[:, 21], floats[:, 22] = setup.gain, setup.diameter
    words[:, 23] = setup.counts[:, 0] | setup.counts[:, 1] << 8 | setup.morph << 16
    words[:, 24], words[:, 25] = setup.slot, setup.table
    words[:, 26:29] = setup.above_at.view(np.uint32)
    words[:, 29] = np.arange(len(order))
    nearest = max(float(least.min(initial=np.inf)), float(NEAREST_W))
    farthest = float(most.max(initial=nearest))
    by_block = np.bincount(block[small], minlength=LIGHT_BLOCKS)
    return TileWords(words[order], by_block, int(small.sum()), int(plain.sum()), nearest, farthest)


def _depths(setup: Setup) -> tuple[np.ndarray, np.ndarray]:
    """Bounds (n,), (n,) of the distance along the view axis of a tile's samples."""
    least, most = _bounds(setup.steps, setup.counts - 1, setup)
    coarse_least, coarse_most = _bounds(setup.above, (setup.counts - 1) // 2, setup)
    morphs = setup.morph > 0
    return np.where(morphs, np.minimum(least, coarse_least), least), np.where(
        morphs, np.maximum(most, coarse_most), most
    )


def _bounds(vectors: np.ndarray, reach: np.ndarray, setup: Setup) -> tuple[np.ndarray, np.ndarray]:
    corner, du, dv = (vectors[:, k, 2].astype(np.float64) for k in range(3))
    sides = np.stack([du, dv], 1) * np.maximum(reach, 0)
    tall = HIGHEST * np.abs(setup.steps[:, 3, 2].astype(np.float64))
    aside = tall + ROUNDING * (np.abs(corner) + np.abs(sides).sum(1) + tall)
    return corner + np.minimum(sides, 0).sum(1) - aside, corner + np.maximum(sides, 0).sum(1) + aside


class PoolMirror:
    """A pool's data on the GPU: a slot is copied when it is drawn and was written since it was copied.

    Raises GraphicsError when its buffers cannot hold the pool.
    """

    def __init__(self, pool: Pool) -> None:
        slots = len(pool.height)
        if not holds(pool):
            raise GraphicsError("OpenGL", "no_target", found=f"{slots} tiles")
        self.pool = pool
        self._copied = np.full(slots, -1, np.int64)  # writes of a slot when it was copied
        self._heights, self._lights = Storage(), [Storage() for _ in range(LIGHT_BLOCKS)]
        self._heights.reserve(max(slots, 1) * SAMPLES * 2)
        for k, block in enumerate(self._lights):
            block.reserve(min(max(slots - k * LIGHT_SLOTS, 0), LIGHT_SLOTS) * SAMPLES * 8 or 16)

    def update(self, batch: Batch) -> None:
        """Copies what the batch shows, and binds it."""
        slots = np.unique(np.concatenate([batch.slot, batch.above_at[batch.above_at[:, 0] >= 0, 0]])).astype(np.int64)
        if self.pool.writes is not None:
            slots = slots[self.pool.writes[slots] != self._copied[slots]]
            self._copied[slots] = self.pool.writes[slots]
        for first, last in _runs(slots):
            self._heights.write(first * SAMPLES * 2, self.pool.height[first:last])
            block, start = first // LIGHT_SLOTS, first % LIGHT_SLOTS
            self._lights[block].write(start * SAMPLES * 8, self.pool.light[first:last])
        self._heights.bind(HEIGHTS)
        for k, lights in enumerate(self._lights):
            lights.bind(LIGHTS + k)

    def bind_lights(self, block: int = 0) -> None:
        """For programs that read one block of lights."""
        self._lights[block].bind(LIGHTS)

    @property
    def bytes(self) -> int:
        """Memory of the GPU that it takes."""
        return self._heights.bytes + sum(block.bytes for block in self._lights)

    def close(self) -> None:
        """Gives the memory back."""
        for storage in (self._heights, *self._lights):
            storage.close()


def _runs(slots: np.ndarray) -> Iterator[tuple[int, int]]:
    """(first, last) of slots that follow each other within a block; sorted slots."""
    ends = np.flatnonzero((np.diff(slots) != 1) | (slots[1:] % LIGHT_SLOTS == 0)) + 1
    for run in np.split(slots, ends) if len(slots) else ():
        yield int(run[0]), int(run[-1]) + 1
