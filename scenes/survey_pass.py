"""The one pass over all numbers of a file: parts, begun ahead in threads or worker processes, folded in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from ..engine.cache import Buffer, Cache
from ..engine.kernel_choice import version, want
from ..engine.kernels.pyramid import Pyramid
from ..engine.kernels.summarize import TensorSummary
from ..engine.summaries import from_bytes, from_message, request
from ..engine.workers import Workers
from ..loaders.network import Network, Tensor
from .survey_cache import Batch, batches, numbered_batches
from .survey_parts import SMALL, Part, Whole, has_pyramid, is_plain, parts_of, small_summaries

if TYPE_CHECKING:
    from ..engine.cluster import Cluster

__all__ = ["MOST_WORKERS", "Crew", "SurveyPart", "by_worker", "folded", "parts", "pyramids", "summaries"]

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
class SurveyPart:
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
    kernels = KERNELS if workers is None and cluster is None and network.parameter_count >= LARGE else ()
    with _crew(workers, cluster, network.parameter_count, waits) as crew:
        yield from folded(_wanted_parts(network, cache, wanted, crew.pieces), crew, advance, kernels)


def pyramids(
    network: Network, indices: Collection[int], advance: Callable[[int], None], cache: Cache | None
) -> Iterator[tuple[int, Pyramid]]:
    """Pyramids of tensors by their numbers, those that `has_pyramid` says there are. Raises InputError.

    `advance` as in `summaries`: also for neighbors, that are kept with them.
    """
    with _crew(None, None, network.parameter_count, lambda seconds: None) as crew:
        for start, batch in numbered_batches(network):
            places = range(len(batch.tensors))
            if not any(start + place in indices and has_pyramid(batch.tensors[place]) for place in places):
                continue
            known = batch.known(cache, is_whole=True, with_pyramids=True) if cache else {}
            found = folded(parts(batch, places, known), crew, advance, KERNELS)
            for place, (_, summary) in enumerate(found):
                level = batch.levels.get(place) or (summary and summary.pyramid)
                if start + place in indices and level:
                    yield start + place, level


def folded(
    parts: Iterator[SurveyPart], crew: Crew, advance: Callable[[int], None], kernels: Sequence[str] = ()
) -> Iterator[tuple[Tensor, TensorSummary | None]]:
    """The tensors that parts in order are of, and their summaries. Raises InputError.

    `kernels` are wanted while there is something to compute.
    """
    whole: Whole | None = None
    for part, finish in _ahead(parts, crew):
        if kernels and part.known is None:
            want(kernels)
        found = finish()
        advance(part.count if found else 0)
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


def _finished(part: SurveyPart, found: list[TensorSummary]) -> Iterator[tuple[Tensor, TensorSummary | None]]:
    if not found:
        yield part.tensors[0], None
    for tensor, summary in zip(part.tensors, found, strict=False):
        if part.known is None:
            part.batch.add(summary)
        yield tensor, summary


@dataclass(frozen=True)
class Crew:
    """Who summarizes."""

    start: Callable[[Part], Finish]  # begins with a part
    ahead: int  # parts that are begun before the first of them is done
    pieces: int = 1  # of `piece_size` in one


@contextmanager
def _crew(workers: int | None, cluster: str | None, elements: int, waits: Callable[[int], None]) -> Iterator[Crew]:
    """Threads, worker processes, or other machines."""
    if cluster is not None:
        from ..engine.cluster import PIECES, Cluster

        with Cluster(cluster, waits) as machines:
            yield Crew(partial(_by_machine, machines, elements >= LARGE), machines.ahead, PIECES)
        return
    if workers is not None:
        with Workers(workers) as processes:
            yield Crew(partial(by_worker, processes), 2 * workers)
        return
    one_loads = Lock()

    def load() -> None:
        with one_loads:  # the others wait: the definition would take longer than the import
            for kernel in KERNELS:
                version(kernel, elements)

    pool = ThreadPoolExecutor(THREADS, "stats", initializer=load)
    try:
        yield Crew(lambda part: pool.submit(part.summaries).result, AHEAD)
    finally:
        pool.shutdown(cancel_futures=True)


def _by_machine(machines: Cluster, compiled: bool, part: Part) -> Finish:
    stored = part.stored
    if stored is None:
        return part.summaries
    finish = machines.submit(stored, part.first, part.count, part.width, compiled)
    return partial(part.explained, finish)


def by_worker(processes: Workers, part: Part) -> Finish:
    """Begins with a part. What is packed, or behind an address, is read and so summarized in this process."""
    stored = part.stored
    if stored is None or stored.read is not None:
        return part.summaries
    answer = processes.submit("summarize", request(stored, part.first, part.count, part.width))
    return partial(part.explained, lambda: [from_message(answer.result())])


def _wanted_parts(
    network: Network, cache: Cache | None, wanted: Callable[[Tensor], bool], together: int
) -> Iterator[SurveyPart]:
    for batch in batches(network):
        places = [place for place, tensor in enumerate(batch.tensors) if wanted(tensor)]
        known = batch.known(cache, is_whole=len(places) == len(batch.tensors)) if places and cache else {}
        yield from parts(batch, places, known, together)


def parts(
    batch: Batch, places: Iterable[int], known: Mapping[int, Buffer], together: int = 1
) -> Iterator[SurveyPart]:
    """Parts of tensors of a batch, of which the summaries of some are known. `together` as in `parts_of`."""
    neighbors: list[Tensor] = []
    for place in places:
        tensor = batch.tensors[place]
        is_large = tensor.is_readable and tensor.count > SMALL and place not in known
        if neighbors and (is_large or place in known or not _is_near(neighbors, tensor)):
            yield SurveyPart(neighbors, batch)
            neighbors = []
        if place in known:
            yield SurveyPart([tensor], batch, known=[known[place]])
        elif is_large:
            yield from (SurveyPart([tensor], batch, part) for part in parts_of(tensor, together))
        else:
            neighbors.append(tensor)
    if neighbors:
        yield SurveyPart(neighbors, batch)


def _is_near(tensors: list[Tensor], tensor: Tensor) -> bool:
    """Whether a small tensor is read together with others, all of one batch and so of one file."""
    last = tensors[-1]
    if len(tensors) == MOST_TOGETHER or not all(one.is_readable and is_plain(one) for one in (last, tensor)):
        return False
    end = last.place + last.byte_count
    return end <= tensor.place <= end + GAP_BYTES and end - tensors[0].place <= TOGETHER_BYTES


def _ahead(parts: Iterator[SurveyPart], crew: Crew) -> Iterator[tuple[SurveyPart, Finish]]:
    """The parts in order, each begun while at most `crew.ahead` before it are not yet finished."""
    begun: deque[tuple[SurveyPart, Finish]] = deque()
    for part in parts:
        begun.append((part, part.summaries if part.part is None else crew.start(part.part)))
        if len(begun) > crew.ahead:
            yield begun.popleft()
    yield from begun
