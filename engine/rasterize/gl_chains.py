"""Small sprites on drivers that draw on the processor, where every operation on memory costs as much as many others.

Samples of a pixel are chained first, then each pixel adds up those of its chain in registers: memory is met a few times
a sample instead of 27 times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ..gpu import Context
from ..gpu_compute import ComputeProgram, Storage
from .batch import TILE
from .gl_tiles import PoolMirror, TileWords

__all__ = ["Chains"]

NEXTS, HEADS, LINKS, SUMS = 7, 8, 9, 8  # bindings, as the shaders name them
WEIGHTS, WEIGHTS_BYTES = 0, 256 * 16
TILES_AT_ONCE = 1 << 13
TILES_MORE = 1 << 10  # by which memory grows
COLUMNS, PIXEL_ROWS, THREADS = 4, 64, 64  # of a thread, and how many a group has
SAMPLES = TILE * TILE


class Chains:
    """Adds the light of tiles whose sprites all have the smallest size.

    `program(name, *words)` builds one that places samples.
    """

    def __init__(self, context: Context, program: Callable[..., ComputeProgram]) -> None:
        self._gl = context.gl
        self._chain, self._gather = program("light_chain", "PLAIN true", "ONE_BLOCK"), ComputeProgram("light_gather")
        self._heads, self._nexts, self._links = Storage(), Storage(), Storage()

    def add(
        self, tiles: TileWords, mirror: PoolMirror, look: Storage, sums: Storage, size_px: tuple[int, int],
        first: int, last: int, factor: float,
    ) -> None:  # fmt: skip
        """Adds to `sums` of rows first to last, and leaves bindings NEXTS and LINKS to be bound again."""
        across = -(-(size_px[0] + 2) // COLUMNS) * COLUMNS
        picture = {"width": size_px[0], "first_row": first, "last_row": last, "across": across}
        samples = {"height": size_px[1], "small_factor": factor, **picture}
        groups = -(-across // COLUMNS * -(-(last - first + 2) // PIXEL_ROWS) // THREADS)
        for start in range(0, tiles.small, TILES_AT_ONCE):
            end = min(start + TILES_AT_ONCE, tiles.small)
            self._reserve(across * (last - first + 2), end - start)
            for block, begin, stop in _blocks(tiles, start, end):
                mirror.bind_lights(block)
                self._chain.run(stop - begin, first_tile=begin, first_chained=start, **samples)
            mirror.bind_lights()
            sums.bind(SUMS)
            look.bind_constants(WEIGHTS, WEIGHTS_BYTES)
            for unit, storage in enumerate((self._heads, self._nexts)):
                storage.bind_texels(unit, self._gl.GL_R32UI)
            self._links.bind_texels(2, self._gl.GL_RG32UI)
            self._gather.run(groups, heads=0, nexts=1, links=2, **picture)

    def close(self) -> None:
        """Gives the memory back."""
        for storage in (self._heads, self._nexts, self._links):
            storage.close()

    def _reserve(self, pixels: int, tiles: int) -> None:
        """Chains without samples; link 0 is what follows the last."""
        count = -(-tiles // TILES_MORE) * TILES_MORE * SAMPLES + 1
        for storage, binding, words in ((self._nexts, NEXTS, 1), (self._links, LINKS, 2)):
            storage.reserve(4 * words * count)
            storage.write(0, np.zeros(words, np.uint32))
            storage.bind(binding)
        self._heads.reserve(4 * pixels)
        self._heads.fill(0, 4 * pixels)
        self._heads.bind(HEADS)


def _blocks(tiles: TileWords, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(block of lights, first, last) of the small ones of tiles start to end."""
    ends = np.cumsum(tiles.small_by_block)
    for block, last in enumerate(ends.tolist()):
        first = last - int(tiles.small_by_block[block])
        if max(first, start) < min(last, end):
            yield block, max(first, start), min(last, end)
