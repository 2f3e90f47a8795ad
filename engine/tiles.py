"""The tile pool: decoded tiles of matrices in a fixed number of slots, the least recently drawn ones given up first.

Exact requests wait until every tile is there; live ones return at once with what is resident, shown through the nearest
coarser or finer tiles until the tile itself was read. What is finally in a slot depends on the values alone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from .kernels.cut import TILE, Tiles
from .rasterize.batch import Pool
from .tile_data import BLANK, BLOCK_MEAN, Source, TileData, ancestor_part, halved, load_tile

__all__ = ["SLOT_BYTES", "Resident", "TilePool"]

SLOT_BYTES = TILE * TILE * 10
FIRST_SLOTS = 512
FINEST = 5  # levels below which a tile is smaller than one sample of its ancestor
INDEX_BITS = 36  # of a tile's number within its matrix
QUEUE = 256  # tiles that wait to be read; those of the next request take their place
LEVELS = 48  # more than any matrix has


@dataclass(frozen=True)
class Resident:
    """Where requested tiles lie, in the order of the request."""

    slot: np.ndarray  # (n,) int32, -1 where there is nothing to show yet
    level: np.ndarray  # (n,) int32, level of the samples that the slot holds: coarser than asked for while it waits
    quality: np.ndarray  # (n,) uint8, index into QUALITIES
    waiting: int  # tiles whose own data are not there yet


@dataclass(frozen=True)
class _Job:
    code: int
    source: Source
    level: int
    row: int
    col: int

    def load(self) -> TileData:
        return load_tile(self.source, self.level, self.row, self.col)


class TilePool:
    """Slots for tiles. One thread calls its methods; reading happens in threads of its own.

    `faults` holds (values.key, message) of tiles that could not be read and are blank.
    """

    def __init__(self, budget_bytes: int = 256 << 20, threads: int = 0) -> None:
        self.slot_limit = max(1, budget_bytes // SLOT_BYTES)
        self.faults: list[tuple[str, str]] = []
        self.data = Pool(np.zeros((0, TILE, TILE), np.uint64), np.zeros((0, TILE, TILE), np.int16))
        self._threads = threads or min(8, (os.cpu_count() or 1) + 1)
        self._readers = ThreadPoolExecutor(self._threads, "tiles")
        self._slot_of: dict[int, int] = {}
        self._code = np.zeros(0, np.int64)  # -1: free
        self._used = np.zeros(0, np.int64)  # number of the last request that wanted it
        self._level = np.zeros(0, np.int32)  # of the samples in it, -1: nothing yet
        self._quality = np.zeros(0, np.uint8)
        self._final = np.zeros(0, bool)
        self._clock = 0
        self._numbers: dict[tuple, int] = {}
        self._next_number = 1
        self._lock = threading.Lock()
        self._wanted: list[_Job] = []  # most visible last
        self._loading: dict[int, Future] = {}
        self._loaded: list[tuple[int, TileData]] = []
        self.open([])

    def open(self, sources: Sequence[Source]) -> None:
        """Sets the matrices that tiles are of: `Tiles.grid` is an index into them. Equal sources share their tiles."""
        known, self._numbers, self._sources = self._numbers, {}, list(sources)
        self._number = np.zeros(len(sources), np.int64)
        self._across = np.zeros((len(sources), LEVELS), np.int64)
        self._offset = np.zeros((len(sources), LEVELS), np.int64)
        self._shape = np.array([source.shape for source in sources], np.int64).reshape(-1, 2)
        self._top = np.array([source.top for source in sources], np.int64)
        for k, source in enumerate(sources):
            key = source.key
            if key not in self._numbers:
                self._numbers[key] = known.get(key, self._next_number)
                self._next_number += self._numbers[key] == self._next_number
            self._number[k] = self._numbers[key]
            if source.values is not None:  # without values all tiles are alike
                self._across[k], self._offset[k] = _layout(source.shape)

    def request(self, tiles: Tiles, mode: Literal["live", "exact"]) -> Resident:
        """Slots of tiles. Raises MemoryError for more tiles than there are slots."""
        self._clock += 1
        self._adopt()
        codes = self._codes(tiles.grid, tiles.level, tiles.row, tiles.col)
        slots = self._reserve(codes)
        waiting = np.flatnonzero(~self._final[slots])
        self._queue(codes, tiles, waiting if mode == "live" else waiting[:0])
        if mode == "live":
            self._preview(tiles, slots, waiting)
        else:
            self._load_now(codes, tiles, waiting)
            waiting = waiting[:0]
        shown = np.where(self._level[slots] >= 0, slots, -1).astype(np.int32)
        return Resident(shown, self._level[slots], self._quality[slots], len(waiting))

    def scratch(self, slots: np.ndarray) -> np.ndarray:
        """Slots that hold copies of others, (n,) int32, for this frame: the next request may reuse them."""
        copies = self._take(len(slots))
        self.data.light[copies], self.data.height[copies] = self.data.light[slots], self.data.height[slots]
        self._used[copies] = self._clock
        return copies.astype(np.int32)

    @property
    def pending(self) -> bool:
        """Whether tiles are still being read."""
        with self._lock:
            return bool(self._wanted or self._loading or self._loaded)

    def wait(self) -> None:
        """Returns when nothing is being read any more."""
        while True:
            with self._lock:
                running = list(self._loading.values())
            if not running:
                return
            for future in running:
                future.result()

    def close(self) -> None:
        """Stops reading."""
        with self._lock:
            self._wanted.clear()
        self._readers.shutdown()

    def _codes(self, grid: np.ndarray, level: np.ndarray, row: np.ndarray, col: np.ndarray) -> np.ndarray:
        """(n,) int64 names of tiles."""
        index = self._offset[grid, level] + self._across[grid, level] * row + col * (self._across[grid, level] > 0)
        return self._number[grid] << INDEX_BITS | index

    def _find(self, codes: np.ndarray) -> np.ndarray:
        """(n,) int64 slots, -1 where there is none."""
        get = self._slot_of.get
        return np.array([get(code, -1) for code in codes.tolist()], np.int64)

    def _reserve(self, codes: np.ndarray) -> np.ndarray:
        """(n,) int64: a slot for each tile, kept or new."""
        slots = self._find(codes)
        self._used[slots[slots >= 0]] = self._clock
        new = np.unique(codes[slots < 0])
        if len(new):
            taken = self._take(len(new))
            self._code[taken], self._used[taken] = new, self._clock
            self._slot_of.update(zip(new.tolist(), taken.tolist(), strict=True))
            slots = self._find(codes)
        return slots

    def _take(self, count: int) -> np.ndarray:
        """(count,) int64 slots that nobody uses in this frame, now empty and without a name."""
        free = np.flatnonzero(self._code < 0)
        free = free[self._used[free] < self._clock]
        if len(free) < count:
            self._grow(len(self._code) + count - len(free))
            free = np.flatnonzero((self._code < 0) & (self._used < self._clock))
        if len(free) < count:
            old = np.flatnonzero((self._code >= 0) & (self._used < self._clock))
            old = old[np.argsort(self._used[old], kind="stable")][: count - len(free)]
            for code in self._code[old].tolist():
                del self._slot_of[code]
            free = np.append(free, old)
        if len(free) < count:
            raise MemoryError(f"{count} tiles do not fit into {self.slot_limit} slots")
        taken = free[:count]
        self._code[taken], self._level[taken], self._final[taken], self._quality[taken] = -1, -1, False, BLANK
        return taken

    def _grow(self, wanted: int) -> None:
        """More slots, at least doubling, up to the limit."""
        have = len(self._code)
        size = min(self.slot_limit, max(wanted, 2 * have, FIRST_SLOTS))
        if size <= have:
            return

        def longer(column: np.ndarray, fill: int) -> np.ndarray:
            grown = np.full((size, *column.shape[1:]), fill, column.dtype)
            grown[:have] = column
            return grown

        self.data = Pool(longer(self.data.light, 0), longer(self.data.height, 0))
        self._code, self._used, self._level = longer(self._code, -1), longer(self._used, 0), longer(self._level, -1)
        self._quality, self._final = longer(self._quality, BLANK), longer(self._final, 0)

    def _job(self, code: int, tiles: Tiles, k: int) -> _Job:
        return _Job(code, self._sources[tiles.grid[k]], int(tiles.level[k]), int(tiles.row[k]), int(tiles.col[k]))

    def _load_now(self, codes: np.ndarray, tiles: Tiles, waiting: np.ndarray) -> None:
        """Reads tiles and waits for them."""
        first = waiting[np.unique(codes[waiting], return_index=True)[1]]
        jobs = [self._job(int(codes[k]), tiles, k) for k in first]
        for job, data in zip(jobs, self._readers.map(_Job.load, jobs), strict=True):
            self._store(job.code, data)

    def _queue(self, codes: np.ndarray, tiles: Tiles, waiting: np.ndarray) -> None:
        """Asks for tiles, most visible first, in place of all that was asked for before."""
        order = waiting[np.argsort(-tiles.pixels[waiting], kind="stable")[:QUEUE]]
        jobs = {code: self._job(code, tiles, k) for code, k in zip(codes[order].tolist(), order, strict=True)}
        with self._lock:
            self._wanted = [job for job in reversed(jobs.values()) if job.code not in self._loading]
            for _ in range(min(len(self._wanted), self._threads - len(self._loading))):
                self._start_reader()

    def _start_reader(self) -> None:
        job = self._wanted.pop()
        self._loading[job.code] = self._readers.submit(self._read, job)

    def _read(self, job: _Job) -> None:
        """In a reading thread: one tile, then the next reader."""
        data = job.load()
        with self._lock:
            self._loaded.append((job.code, data))
            self._loading.pop(job.code, None)
            if self._wanted:
                self._start_reader()

    def _adopt(self) -> None:
        """Takes over what was read since the last request."""
        with self._lock:
            loaded, self._loaded = self._loaded, []
            failed = [future for future in self._loading.values() if future.done()]
        for future in failed:  # a finished reader takes itself off the list, so this one raised
            future.result()
        for code, data in loaded:
            self._store(code, data)

    def _store(self, code: int, data: TileData) -> None:
        slot = self._slot_of.get(code)
        if slot is None or self._final[slot]:
            return
        self.data.light[slot], self.data.height[slot] = data.light, data.height
        self._level[slot], self._quality[slot], self._final[slot] = data.level, data.quality, True
        if data.fault is not None:
            self.faults.append(data.fault)

    def _preview(self, tiles: Tiles, slots: np.ndarray, waiting: np.ndarray) -> None:
        """Fills slots that have nothing to show from finer tiles, else from coarser ones."""
        empty = waiting[self._level[slots[waiting]] < 0]
        if len(empty):
            self._preview_finer(tiles, slots, empty)
            self._preview_coarser(tiles, slots, empty[self._level[slots[empty]] < 0])

    def _preview_coarser(self, tiles: Tiles, slots: np.ndarray, empty: np.ndarray) -> None:
        """From the nearest resident ancestor: the part of it that covers the tile."""
        for up in range(1, LEVELS):
            empty = empty[tiles.level[empty] + up <= self._top[tiles.grid[empty]]]
            if not len(empty):
                return
            row, col = tiles.row[empty], tiles.col[empty]
            level = tiles.level[empty] + up
            held = self._find(self._codes(tiles.grid[empty], level, row >> up, col >> up))
            found = (held >= 0) & self._final[held]
            for k, slot in zip(empty[found].tolist(), held[found].tolist(), strict=True):
                here = slots[k]
                ancestor_part(self.data, slot, here, up, (int(tiles.row[k]), int(tiles.col[k])))
                self._level[here] = tiles.level[k] + min(up, FINEST)
                self._quality[here] = self._quality[slot]
            empty = empty[~found]

    def _preview_finer(self, tiles: Tiles, slots: np.ndarray, empty: np.ndarray) -> None:
        """From the four tiles one level finer."""
        empty = empty[tiles.level[empty] > 0]
        held = np.empty((len(empty), 4), np.int64)
        for child in range(4):
            row, col = 2 * tiles.row[empty] + child // 2, 2 * tiles.col[empty] + child % 2
            exists = self._exists(tiles.grid[empty], tiles.level[empty] - 1, row, col)
            codes = self._codes(tiles.grid[empty], tiles.level[empty] - 1, row, col)
            held[:, child] = np.where(exists, self._find(codes), -2)
        whole = ((held == -2) | ((held >= 0) & self._final[held])).all(1)
        for k, children in zip(empty[whole].tolist(), held[whole], strict=True):
            shape = self._sources[tiles.grid[k]].shape
            halved(self.data, children, slots[k], shape, int(tiles.level[k]), (int(tiles.row[k]), int(tiles.col[k])))
            self._level[slots[k]], self._quality[slots[k]] = tiles.level[k], BLOCK_MEAN

    def _exists(self, grid: np.ndarray, level: np.ndarray, row: np.ndarray, col: np.ndarray) -> np.ndarray:
        shape, size = self._shape[grid], np.int64(TILE) << level.astype(np.int64)
        return (row * size < shape[:, 0]) & (col * size < shape[:, 1])


@lru_cache(maxsize=65536)
def _layout(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """(tiles across, number of the first tile) of each level of a matrix; not to be changed."""
    across, offset = np.zeros(LEVELS, np.int64), np.zeros(LEVELS, np.int64)
    total = 0
    for level in range(LEVELS):
        down, across[level] = (-(-side // (TILE << level)) for side in shape)
        offset[level] = total
        total += down * int(across[level])
    return across, offset
