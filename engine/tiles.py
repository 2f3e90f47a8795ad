"""The tile pool: decoded tiles of matrices in a fixed number of slots, the least recently drawn ones given up first.

Exact requests wait until every tile is there; live ones return at once with what is resident, shown through the nearest
coarser or finer tiles until the tile itself was read. What is finally in a slot depends on the values alone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from .kernels.cut import TILE, Tiles
from .posix import give_way
from .rasterize.batch import Pool
from .tile_data import BLANK, BLOCK_MEAN, BLOCK_PEAK, LEVELS, Source, layout_of, take_ancestor_parts, take_halves
from .tile_jobs import DRAFT_LIMIT, Job, TileData, together
from .values import InstantValues

__all__ = ["BUDGET_BYTES", "SLOT_BYTES", "Resident", "TilePool"]

BUDGET_BYTES = 256 << 20
SLOT_BYTES = TILE * TILE * 10
FINEST = 5  # levels below which a tile is smaller than one sample of its ancestor
INDEX_BITS = 36  # of a tile's number within its matrix
QUEUE = 128  # reads that wait; those of the next request take their place
INSTANT_JOBS = 512  # reads within a live frame


@dataclass(frozen=True)
class Resident:
    """Where requested tiles lie, in the order of the request."""

    slot: np.ndarray  # (n,) int32, -1 where there is nothing to show yet
    level: np.ndarray  # (n,) int32, level of the samples that the slot holds: coarser than asked for while it waits
    quality: np.ndarray  # (n,) uint8, index into QUALITIES
    waiting: int  # tiles whose own data are not there yet


class TilePool:
    """Slots for tiles. One thread calls its methods; reading happens in threads of its own.

    All memory is asked for at the start, so no frame waits for more; the system gives what is used.
    `faults` holds (values.key, message) of values that could not be read, each key once. Live requests do not ask for
    them again until `retry`: their tiles show what they showed, or a coarser one. In exact ones they are blank.
    """

    def __init__(self, budget_bytes: int = BUDGET_BYTES, threads: int = 0) -> None:
        slots = self.slot_limit = max(1, budget_bytes // SLOT_BYTES)
        self.faults: list[tuple[str, str]] = []
        shape = (slots, TILE, TILE)
        self.data = Pool(np.zeros(shape, np.uint64), np.zeros(shape, np.int16), np.zeros(slots, np.int64))
        self._threads = threads or min(8, (os.cpu_count() or 1) + 1)
        self._readers = ThreadPoolExecutor(self._threads, "tiles", give_way)
        self._slot_of: dict[int, int] = {}
        self._code = np.full(slots, -1, np.int64)  # -1: free
        self._used = np.zeros(slots, np.int64)  # number of the last request that wanted it
        self._level = np.full(slots, -1, np.int32)  # of the samples in it, -1: nothing yet
        self._quality = np.full(slots, BLANK, np.uint8)
        self._final = np.zeros(slots, bool)
        self._own = np.zeros(slots, bool)  # what is in it was read, if only as a draft: others may be shown through it
        self._clock = 0
        self._failed: set[str] = set()  # values.key
        self._numbers: dict[tuple, int] = {}
        self._next_number = 1
        self._fleeting: set[int] = set()  # numbers of `InstantValues`
        self._lock = threading.Lock()
        self._wanted: list[Job] = []  # most visible last
        self._loading: dict[Job, Future] = {}
        self._loaded: list[TileData] = []
        self.open([])

    def open(self, sources: Sequence[Source]) -> None:
        """Sets the matrices that tiles are of: `Tiles.grid` is an index into them. Equal sources share their tiles."""
        known, self._numbers, self._sources = self._numbers, {}, list(sources)
        self._number = np.zeros(len(sources), np.int64)
        self._across = np.zeros((len(sources), LEVELS), np.int64)
        self._offset = np.zeros((len(sources), LEVELS), np.int64)
        self._peaks = np.array([source.peaks for source in sources], bool)
        self._shape = np.array([source.shape for source in sources], np.int64).reshape(-1, 2)
        self._instant = np.array([isinstance(source.values, InstantValues) for source in sources], bool)
        self._top = np.array([source.top for source in sources], np.int64)
        self._rows_of: dict[str, list[int]] = {}
        for k, source in enumerate(sources):
            key = source.key
            if key not in self._numbers:
                self._numbers[key] = known.get(key, self._next_number)
                self._next_number += self._numbers[key] == self._next_number
            self._number[k] = self._numbers[key]
            if source.values is not None:  # without values all tiles are alike
                self._rows_of.setdefault(source.values.key, []).append(k)
                self._across[k], self._offset[k] = layout_of(source.shape)

        self._forget(set(known.values()) - set(self._numbers.values()))
        self._lost = np.zeros(len(sources), bool)
        for name in self._failed:
            self._lost[self._rows_of.get(name, [])] = True

    def _forget(self, gone: set[int]) -> None:
        """Frees slots of `InstantValues` that are no more, for those in their place: memory that is in use already."""
        old = np.array(sorted(gone & self._fleeting), np.int64)
        self._fleeting = set(self._number[self._instant].tolist())
        freed = np.flatnonzero(np.isin(self._code >> INDEX_BITS, old)) if len(old) else old
        for code in self._code[freed].tolist():
            del self._slot_of[code]
        self._code[freed] = -1

    def request(self, tiles: Tiles, mode: Literal["live", "exact"]) -> Resident:
        """Slots of tiles. Raises MemoryError for more tiles than there are slots."""
        self._clock += 1
        self._adopt()
        codes = self._codes(tiles.grid, tiles.level, tiles.row, tiles.col)
        slots = self._reserve(codes)
        waiting = np.flatnonzero(~self._final[slots])
        if mode == "live":
            waiting = self._load_instant(codes, tiles, waiting, slots)
            self._preview(tiles, slots, waiting)
            waiting = waiting[~self._lost[tiles.grid[waiting]]]
            self._queue(self._drafts(codes, tiles, slots, waiting), self._jobs(codes, tiles, waiting, 2 * QUEUE))
        else:
            self._queue([], [])
            self._load_now(self._jobs(codes, tiles, waiting, len(waiting)))
            waiting = waiting[:0]
        shown = np.where(self._level[slots] >= 0, slots, -1).astype(np.int32)
        return Resident(shown, self._level[slots], self._quality[slots], len(waiting))

    def scratch(self, slots: np.ndarray) -> np.ndarray:
        """Slots that hold copies of others, (n,) int32, for this frame: the next request may reuse them."""
        copies = self._take(len(slots))
        self.data.light[copies], self.data.height[copies] = self.data.light[slots], self.data.height[slots]
        self.data.note(copies)
        self._used[copies] = self._clock
        return copies.astype(np.int32)

    def fail(self, key: str, message: str) -> None:
        """Notes that values cannot be read, if they are among those that are open."""
        if key not in self._failed and key in self._rows_of:
            self._failed.add(key)
            self.faults.append((key, message))
            self._lost[self._rows_of[key]] = True

    def has_failed(self, key: str) -> bool:
        """Whether values could not be read, and nobody said `retry` since."""
        return key in self._failed

    def retry(self) -> None:
        """From now on what could not be read is asked for again."""
        self._failed.clear()
        self._lost[:] = False

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
        new = np.array(sorted(set(codes[slots < 0].tolist())), np.int64)
        if len(new):
            taken = self._take(len(new))
            self._code[taken], self._used[taken] = new, self._clock
            self._slot_of.update(zip(new.tolist(), taken.tolist(), strict=True))
            slots = self._find(codes)
        return slots

    def _take(self, count: int) -> np.ndarray:
        """(count,) int64 slots that nobody uses in this frame, now empty and without a name."""
        free = np.flatnonzero((self._code < 0) & (self._used < self._clock))
        missing = count - len(free)
        if missing > 0:
            old = np.flatnonzero((self._code >= 0) & (self._used < self._clock))
            if len(old) > missing:
                old = old[np.argpartition(self._used[old], missing)[:missing]]
            for code in self._code[old].tolist():
                del self._slot_of[code]
            free = np.append(free, old)
        if len(free) < count:
            raise MemoryError(f"{count} tiles do not fit into {self.slot_limit} slots")
        taken = free[:count]
        self._code[taken], self._level[taken], self._quality[taken] = -1, -1, BLANK
        self._final[taken] = self._own[taken] = False
        return taken

    def _jobs(self, codes: np.ndarray, tiles: Tiles, waiting: np.ndarray, most: int) -> list[Job]:
        """What is to be read for tiles, the most visible first, at most so many reads."""
        if not len(waiting):
            return []
        rows = waiting[np.unique(codes[waiting], return_index=True)[1]]
        grid, level = tiles.grid[rows], tiles.level[rows]
        up = together(level)
        near = np.stack([tiles.col[rows] >> up[1], tiles.row[rows] >> up[0], level, self._number[grid]])
        order = np.lexsort(near)
        rows, near = rows[order], near[:, order]
        starts = np.flatnonzero(np.append(True, (np.diff(near) != 0).any(0)))
        visible = np.argsort(-np.maximum.reduceat(tiles.pixels[rows], starts), kind="stable")
        ends = np.append(starts[1:], len(rows))
        return [self._job(codes, tiles, rows[starts[k] : ends[k]]) for k in visible[:most].tolist()]

    def _job(self, codes: np.ndarray, tiles: Tiles, rows: np.ndarray) -> Job:
        places = np.stack([tiles.row[rows], tiles.col[rows]], 1).astype(np.int64)
        return Job(self._sources[tiles.grid[rows[0]]], int(tiles.level[rows[0]]), codes[rows], places)

    def _drafts(self, codes: np.ndarray, tiles: Tiles, slots: np.ndarray, waiting: np.ndarray) -> list[Job]:
        """What is read first: whole matrices of which nothing is there, then tiles that are shown too coarse."""
        shown, wanted = self._level[slots[waiting]], tiles.level[waiting]
        coarse = waiting[((shown < 0) | (shown > wanted)) & (self._extent(tiles, waiting) > DRAFT_LIMIT)]
        drafts = self._jobs(codes, tiles, coarse, QUEUE)
        for job in drafts:
            job.is_draft = True
        return [*self._whole_drafts(tiles, slots, waiting), *drafts]

    def _extent(self, tiles: Tiles, rows: np.ndarray) -> np.ndarray:
        """(n,) int64: values of tiles."""
        size = np.int64(TILE) << tiles.level[rows].astype(np.int64)
        shape = self._shape[tiles.grid[rows]]
        high, wide = shape[:, 0] - tiles.row[rows] * size, shape[:, 1] - tiles.col[rows] * size
        return np.minimum(size, high) * np.minimum(size, wide)

    def _whole_drafts(self, tiles: Tiles, slots: np.ndarray, waiting: np.ndarray) -> list[Job]:
        """One tile of each whole matrix that has nothing to show."""
        bare = waiting[self._level[slots[waiting]] < 0]
        bare = bare[np.argsort(-tiles.pixels[bare], kind="stable")]
        bare = bare[np.sort(np.unique(tiles.grid[bare], return_index=True)[1])]
        grid, level = tiles.grid[bare], np.maximum(tiles.level[bare], self._top[tiles.grid[bare]] - FINEST)
        up = level - tiles.level[bare]
        row, col = tiles.row[bare] >> up, tiles.col[bare] >> up
        size = np.int64(TILE) << level.astype(np.int64)
        worth = np.minimum(size, self._shape[grid, 0]) * np.minimum(size, self._shape[grid, 1]) > DRAFT_LIMIT
        room = max(0, self.slot_limit // 2 - np.count_nonzero(self._used == self._clock))
        chosen = np.flatnonzero(worth)[: min(QUEUE, room)]
        codes = self._codes(grid, level, row, col)
        self._reserve(codes[chosen])
        return [
            Job(self._sources[grid[k]], int(level[k]), codes[k : k + 1], np.array([(row[k], col[k])]), is_draft=True)
            for k in chosen.tolist()
        ]

    def _load_instant(self, codes: np.ndarray, tiles: Tiles, waiting: np.ndarray, slots: np.ndarray) -> np.ndarray:
        """Reads tiles of `InstantValues`, the most visible ones; rows of tiles that still wait."""
        instant = waiting[self._instant[tiles.grid[waiting]]]
        for job in self._jobs(codes, tiles, instant, INSTANT_JOBS):
            data = job.load()
            assert data is not None  # nobody gives these up
            self._store(data, with_blanks=True)
        return waiting[~self._final[slots[waiting]]]

    def _load_now(self, jobs: list[Job]) -> None:
        """Reads tiles and waits for them."""
        if not jobs:
            return
        with ThreadPoolExecutor(self._threads, "tiles now") as readers:
            for data in readers.map(Job.load, jobs):
                assert data is not None  # nobody gives these up
                self._store(data, with_blanks=True)

    def _queue(self, drafts: list[Job], jobs: list[Job]) -> None:
        """Asks for tiles, in this order, in place of all that was asked for before."""
        wanted = [*drafts, *jobs]
        names = {(job.is_draft, code) for job in wanted for code in job.codes.tolist()}
        with self._lock:
            reading = set()
            for job in self._loading:
                own = {(job.is_draft, code) for code in job.codes.tolist()}
                job.is_wanted = not own.isdisjoint(names)
                reading |= own
            self._wanted = [part for job in wanted if (part := _without(job, reading)) is not None][:QUEUE][::-1]
            for _ in range(min(len(self._wanted), self._threads - len(self._loading))):
                self._start_reader()

    def _start_reader(self) -> None:
        job = self._wanted.pop()
        self._loading[job] = self._readers.submit(self._read, job)

    def _read(self, job: Job) -> None:
        """In a reading thread: one job, then the next reader."""
        data = job.load()
        with self._lock:
            if data is not None:
                self._loaded.append(data)
            self._loading.pop(job, None)
            if self._wanted:
                self._start_reader()

    def _adopt(self) -> None:
        """Takes over what was read since the last request."""
        with self._lock:
            loaded, self._loaded = self._loaded, []
            failed = [future for future in self._loading.values() if future.done()]
        for future in failed:  # a finished reader takes itself off the list, so this one raised
            future.result()
        for data in loaded:
            self._store(data, with_blanks=False)

    def _store(self, data: TileData, with_blanks: bool) -> None:
        slots = self._find(data.codes)
        chosen = np.flatnonzero((slots >= 0) & ~self._final[slots] & (with_blanks | (data.quality != BLANK)))
        slots = slots[chosen]
        self.data.light[slots], self.data.height[slots] = data.light[chosen], data.height[chosen]
        self.data.note(slots)
        self._level[slots], self._quality[slots] = data.level, data.quality[chosen]
        self._final[slots], self._own[slots] = not data.is_draft, True
        for fault in data.faults:
            self.fail(*fault)

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
            found = (held >= 0) & self._own[held]
            here, held = empty[found], held[found]
            place = np.stack([tiles.row[here], tiles.col[here]], 1)
            take_ancestor_parts(self.data, held, slots[here], up, place)
            self.data.note(slots[here])
            self._level[slots[here]] = tiles.level[here] + min(up, FINEST)
            self._quality[slots[here]] = self._quality[held]
            self._used[held] = self._clock
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
        here = empty[whole]
        shape, block = self._shape[tiles.grid[here]], np.int64(1) << (tiles.level[here] - 1)[:, None].astype(np.int64)
        extent = -(-shape // block) - np.stack([tiles.row[here], tiles.col[here]], 1) * 2 * TILE
        children, peaks = held[whole], self._peaks[tiles.grid[here]]
        for part, quality in ((~peaks, BLOCK_MEAN), (peaks, BLOCK_PEAK)):
            if part.any():
                take_halves(self.data, children[part], slots[here[part]], extent[part], quality == BLOCK_PEAK)
                self._quality[slots[here[part]]] = quality
        self._level[slots[here]] = tiles.level[here]
        self.data.note(slots[here])

    def _exists(self, grid: np.ndarray, level: np.ndarray, row: np.ndarray, col: np.ndarray) -> np.ndarray:
        shape, size = self._shape[grid], np.int64(TILE) << level.astype(np.int64)
        return (row * size < shape[:, 0]) & (col * size < shape[:, 1])


def _without(job: Job, reading: set[tuple[bool, int]]) -> Job | None:
    """What of a job is not being read already."""
    kept = np.array([(job.is_draft, code) not in reading for code in job.codes.tolist()])
    if kept.all():
        return job
    return replace(job, codes=job.codes[kept], places=job.places[kept]) if kept.any() else None
