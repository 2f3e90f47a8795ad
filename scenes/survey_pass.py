"""The one pass over all numbers of a file: parts, begun ahead in threads or worker processes, folded in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from ..engine.cache import Buffer, Cache
from ..engine.kernel_choice import version, want
from ..engine.kernels.summarize import TensorSummary
from ..engine.summaries import from_bytes, from_message, request
from ..engine.workers import Workers
from ..loaders.network import Network, Tensor
from .survey_cache import Batch, batches
from .survey_parts import SMALL, Part, Whole, is_plain, parts_of, small_summaries

if TYPE_CHECKING:
    from ..engine.cluster import Cluster

__all__ = ["MOST_WORKERS", "summaries"]

MOST_WORKERS = 256
THREADS = 3  # some read while others compute
AHEAD = 6  # parts that are begun before the first of them is done, in threads
LARGE = 1 << 28  # elements in a file from which on compiling kernels pays
TOGETHER_BYTES = 1 << 20  # of neighboring small tensors that are read at once
MOST_TOGETHER = 128
GAP_BYTES = 4096  # between them
KERNELS = ("summarize", "summarize_matrix")

Finish = Callable[[], list[TensorSummary]]


@dataclass(frozen=True)
class _Part:
    """A part of a large tensor, or small tensors as a whole: one, or neighbors that are read together."""

    tensors: list[Tensor]
    batch: Batch
    part: Part | None = None
    known: list[Buffer] | None = None  # summaries

    @property
    def count(self) -> int:
        """Elements."""
        return self.part.count if self.part is not None else sum(tensor.count for tensor in self.tensors)

    def summaries(self) -> list[TensorSummary]:
        """In this process: of the part's pieces, or of the tensors. Raises FormatError."""
        if self.known is not None:
            return [from_bytes(known) for known in self.known]
        if self.part is not None:
            return self.part.summaries()
        return small_summaries(self.tensors) if self.tensors[0].is_readable else []


def summaries(
    network: Network,
    workers: int | None = None,
    advance: Callable[[int], None] = lambda count: None,
    cache: Cache | None = None,
    wanted: Callable[[Tensor], bool] = lambda tensor: True,
    cluster: str | None = None,
    waits: Callable[[int], None] = lambda seconds: None,
) -> Iterator[tuple[Tensor, TensorSummary | None]]:
    """Each wanted tensor and its summary, in order, inner ones last; None for what is no numbers. Raises InputError.

    The same bits for any number of worker processes, by the Dask cluster of a scheduler's address, with threads in this
    process where neither is given, and with what a cache knows already; but a pyramid only where it was made now.
    `advance` is called with the number of elements that are done, `waits` with the seconds for which the cluster has
    had no workers.
    """
    kernels = KERNELS if workers is None and cluster is None else ()
    with _crew(workers, cluster, network.parameter_count, waits) as crew:
        whole: Whole | None = None
        for part, finish in _ahead(_parts(network, cache, wanted, crew.pieces), crew):
            if network.parameter_count >= LARGE and part.known is None:
                want(kernels)
            found = finish()
            advance(part.count if found or part.part is not None else 0)
            if part.part is None:
                yield from _finished(part, found)
                continue
            whole = whole or Whole(part.part.tensor)
            for piece in found:
                whole.add(piece)
            if part.part.is_last:
                summary, whole = whole.summary(), None
                part.batch.add(summary)
                yield part.part.tensor, summary


def _finished(part: _Part, found: list[TensorSummary]) -> Iterator[tuple[Tensor, TensorSummary | None]]:
    if not found:
        yield part.tensors[0], None
    for tensor, summary in zip(part.tensors, found, strict=False):
        if part.known is None:
            part.batch.add(summary)
        yield tensor, summary


@dataclass(frozen=True)
class _Crew:
    """Who summarizes."""

    start: Callable[[Part], Finish]  # begins with a part
    ahead: int  # parts that are begun before the first of them is done
    pieces: int = 1  # of `piece_size` in one


@contextmanager
def _crew(workers: int | None, cluster: str | None, elements: int, waits: Callable[[int], None]) -> Iterator[_Crew]:
    """Threads, worker processes, or other machines."""
    if cluster is not None:
        from ..engine.cluster import PIECES, Cluster

        with Cluster(cluster, waits) as machines:
            yield _Crew(partial(_by_machine, machines, elements >= LARGE), machines.ahead, PIECES)
        return
    if workers is not None:
        with Workers(workers) as processes:
            yield _Crew(partial(_by_worker, processes), 2 * workers)
        return
    one_loads = Lock()

    def load() -> None:
        with one_loads:  # the others wait: the definition would take longer than the import
            for kernel in KERNELS:
                version(kernel, elements)

    pool = ThreadPoolExecutor(THREADS, "stats", initializer=load)
    try:
        yield _Crew(lambda part: pool.submit(part.summaries).result, AHEAD)
    finally:
        pool.shutdown(cancel_futures=True)


def _by_machine(machines: Cluster, compiled: bool, part: Part) -> Finish:
    stored = part.stored
    if stored is None:
        return part.summaries
    finish = machines.submit(stored, part.first, part.count, part.width, compiled)
    return partial(part.explained, finish)


def _by_worker(processes: Workers, part: Part) -> Finish:
    """What is packed is unpacked, and so summarized, in this process; what is behind an address is read by it."""
    stored = part.stored
    if stored is None or stored.read is not None:
        return part.summaries
    answer = processes.submit("summarize", request(stored, part.first, part.count, part.width))
    return partial(part.explained, lambda: [from_message(answer.result())])


def _parts(network: Network, cache: Cache | None, wanted: Callable[[Tensor], bool], together: int) -> Iterator[_Part]:
    for batch in batches(network):
        chosen = [(place, tensor) for place, tensor in enumerate(batch.tensors) if wanted(tensor)]
        known = batch.known(cache, is_whole=len(chosen) == len(batch.tensors)) if chosen and cache else {}
        neighbors: list[Tensor] = []
        for place, tensor in chosen:
            is_large = tensor.is_readable and tensor.count > SMALL and place not in known
            if neighbors and (is_large or place in known or not _is_near(neighbors, tensor)):
                yield _Part(neighbors, batch)
                neighbors = []
            if place in known:
                yield _Part([tensor], batch, known=[known[place]])
            elif is_large:
                yield from (_Part([tensor], batch, part) for part in parts_of(tensor, together))
            else:
                neighbors.append(tensor)
        if neighbors:
            yield _Part(neighbors, batch)


def _is_near(tensors: list[Tensor], tensor: Tensor) -> bool:
    """Whether a small tensor is read together with others, all of one batch and so of one file."""
    last = tensors[-1]
    if len(tensors) == MOST_TOGETHER or not all(one.is_readable and is_plain(one) for one in (last, tensor)):
        return False
    end = last.place + last.byte_count
    return end <= tensor.place <= end + GAP_BYTES and end - tensors[0].place <= TOGETHER_BYTES


def _ahead(parts: Iterator[_Part], crew: _Crew) -> Iterator[tuple[_Part, Finish]]:
    """The parts in order, each begun while at most `crew.ahead` before it are not yet finished."""
    begun: deque[tuple[_Part, Finish]] = deque()
    for part in parts:
        begun.append((part, part.summaries if part.part is None else crew.start(part.part)))
        if len(begun) > crew.ahead:
            yield begun.popleft()
    yield from begun
