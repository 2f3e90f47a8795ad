"""The survey of a network that somebody looks at: all numbers are read once, aside, and kept.

What the cache knows comes at once. Everything else is read by one worker process that leaves the time to pictures; a
thread of this one puts its answers together. Nobody waits for either.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from functools import partial

from ..engine.cache import Cache
from ..engine.kernels.errors import InputError
from ..engine.kernels.summarize import TensorSummary
from ..engine.posix import give_way
from ..engine.workers import WorkerError, Workers
from ..loaders.network import Network, Tensor
from .survey_cache import Batch, numbered_batches
from .survey_parts import has_pyramid
from .survey_pass import Crew, by_worker, folded, parts

__all__ = ["Survey"]

AHEAD = 1  # parts in the worker's hands beside the one that is waited for
FOUND_AT_ONCE = 16  # of what is handed out


@dataclass(frozen=True)
class _Rows:
    """Neighboring tensors that the cache keeps together; their numbers in the network's table."""

    start: int
    stop: int


class Survey:
    """Summaries and pyramids of a network's large tensors, as they are found. For one thread; `close` ends it.

    Small ones are quickly read by whoever wants them. `faults` are (key of a tensor, message) of what could not be
    read: that ends the survey.
    """

    def __init__(self, network: Network, cache: Cache | None) -> None:
        self.faults: list[tuple[str, str]] = []
        self._network, self._cache = network, cache
        self._found: deque[tuple[int, TensorSummary]] = deque()
        self._first: deque[int] = deque()
        self._done = self._all = 0
        self._closed = False
        self._workers = Workers(1, aside=True)
        self._thread = threading.Thread(target=self._run, name="survey", daemon=True)
        self._thread.start()

    def first(self, indices: Iterable[int]) -> None:
        """Which tensors are wanted next, by number; after what is being done."""
        self._first.extend(indices)

    def step(self) -> list[tuple[int, TensorSummary]]:
        """(number of a tensor, its summary with the pyramid) of some that were found since; never waits."""
        return [self._found.popleft() for _ in range(min(len(self._found), FOUND_AT_ONCE))]

    @property
    def progress(self) -> tuple[int, int]:
        """(elements done, all of them); (0, 0) before it is known how many."""
        return self._done, self._all

    @property
    def is_done(self) -> bool:
        """Whether nothing more will be found, and all was handed out."""
        return not self._thread.is_alive() and not self._found

    def close(self) -> None:
        """Ends it, in the middle of a part too. Again: nothing."""
        self._closed = True
        self._workers.close()
        self._thread.join()

    def _run(self) -> None:
        give_way()
        crew = Crew(partial(by_worker, self._workers), AHEAD)
        for rows in self._in_order():
            batch = Batch(_tensors(self._network, rows))
            try:
                self._survey(rows, batch, crew)
            except InputError as error:
                self.faults.append((batch.tensors[0].key, str(error)))
                return
            except (WorkerError, CancelledError):  # closed, or the machine has no room for a worker
                return

    def _in_order(self) -> Iterator[_Rows]:
        """What is wanted first, else the next."""
        waiting: dict[int, _Rows] = {}
        owner: dict[int, int] = {}
        total = 0
        for start, batch in numbered_batches(self._network):
            large = [start + place for place, tensor in enumerate(batch.tensors) if has_pyramid(tensor)]
            if large:
                waiting[start] = _Rows(start, start + len(batch.tensors))
                owner |= dict.fromkeys(large, start)
                total += sum(tensor.count for tensor in batch.tensors)
            if self._closed:
                return
        self._all = total
        while waiting and not self._closed:
            start = next(iter(waiting))
            while self._first:
                wanted = owner.get(self._first.popleft(), -1)
                if wanted in waiting:
                    start = wanted
                    break
            yield waiting.pop(start)

    def _survey(self, rows: _Rows, batch: Batch, crew: Crew) -> None:
        known = batch.known(self._cache, is_whole=True, with_pyramids=True) if self._cache else {}
        found = folded(parts(batch, range(len(batch.tensors)), known), crew, self._advance)
        for place, (tensor, summary) in enumerate(found):
            if self._closed:
                return
            if summary is not None and has_pyramid(tensor) and rows.start + place < len(self._network.tensors):
                level = batch.levels.get(place) or summary.pyramid
                self._found.append((rows.start + place, replace(summary, pyramid=level)))

    def _advance(self, count: int) -> None:
        self._done += count


def _tensors(network: Network, rows: _Rows) -> list[Tensor]:
    """Those of the table, then inner ones."""
    own = len(network.tensors)
    inner = network.inner_tensors[max(rows.start - own, 0) : max(rows.stop - own, 0)]
    return [*network.tensors[rows.start : min(rows.stop, own)], *inner]
