"""The one pass over all numbers of a file: pieces, begun ahead in threads or worker processes, folded in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from ..engine.cache import Cache
from ..engine.kernel_choice import version, want
from ..engine.kernels.errors import InputError
from ..engine.kernels.summarize import TensorSummary, fold
from ..engine.summaries import (
    StoredNumbers,
    from_bytes,
    from_message,
    piece_size,
    request,
    summarize,
    summarize_stored,
)
from ..engine.workers import Workers
from ..loaders.network import Network, Tensor
from .stats_cache import Batch, batches

if TYPE_CHECKING:
    from ..engine.cluster import Cluster

__all__ = ["MOST_WORKERS", "summaries"]

MOST_WORKERS = 256
THREADS = 3  # some read while others compute
AHEAD = 6  # pieces that are begun before the first of them is done, in threads
SMALL = 1 << 16  # elements that are summarized at once; handing them on would cost more
LARGE = 1 << 28  # elements in a file from which on compiling kernels pays
FOLDED_AT = 64  # parts of one tensor

Finish = Callable[[], TensorSummary]


@dataclass(frozen=True)
class _Piece:
    """Elements of a tensor, in the order in which they are stored."""

    tensor: Tensor
    first: int
    count: int
    batch: Batch
    known: bytes | None = None  # the summary of all elements

    @property
    def is_last(self) -> bool:
        return self.first + self.count == self.tensor.count

    @property
    def is_small(self) -> bool:
        """Whether it is best summarized at once, by who asks for it."""
        return self.known is not None or self.count <= SMALL or not self.tensor.is_readable

    @property
    def stored(self) -> StoredNumbers | None:
        """Where the numbers stand plainly; None where they have to be unpacked."""
        tensor, file = self.tensor, self.tensor.source
        if tensor.packed is not None:
            return None
        return StoredNumbers(file.path, file.size, file.mtime_ns, tensor.place, tensor.dtype, tensor.big_endian)

    def explain(self) -> None:
        """Raises FormatError, which says better what is wrong, where the file has changed."""
        with self.tensor.source.open():
            return

    def summarized(self) -> TensorSummary:
        """The summary, made in this process. Raises FormatError."""
        if self.known is not None:
            return from_bytes(self.known)
        if (stored := self.stored) is not None:
            return _explained(self, partial(summarize_stored, stored, self.first, self.count))
        flat = replace(self.tensor, shape=(self.tensor.count,), fortran=False)
        values = flat.read(slice(0, 1), slice(self.first, self.first + self.count))
        return summarize(values.reshape(-1), self.tensor.dtype)


def summaries(
    network: Network,
    workers: int | None = None,
    advance: Callable[[int], None] = lambda count: None,
    cache: Cache | None = None,
    wanted: Callable[[Tensor], bool] = lambda tensor: True,
    cluster: str | None = None,
) -> Iterator[tuple[Tensor, TensorSummary | None]]:
    """Each wanted tensor and its summary, in order, inner ones last; None for what is no numbers. Raises InputError.

    The same bits for any number of worker processes, by the Dask cluster of a scheduler's address, with threads in this
    process where neither is given, and with what a cache knows already. `advance` is called with the number of elements
    that are done.
    """
    kernels = ("summarize",) if workers is None and cluster is None else ()
    with _crew(workers, cluster, network.parameter_count) as crew:
        parts: list[TensorSummary] = []
        for piece, finish in _ahead(_pieces(network, cache, wanted, crew.pieces), crew):
            if not piece.tensor.is_readable:
                yield piece.tensor, None
                continue
            if network.parameter_count >= LARGE and piece.known is None:
                want(kernels)
            parts.append(finish())
            advance(piece.count)
            if piece.is_last or len(parts) == FOLDED_AT:
                parts = [fold(parts)] if len(parts) > 1 else parts
            if piece.is_last:
                if piece.known is None:
                    piece.batch.add(parts[0])
                yield piece.tensor, parts.pop()


@dataclass(frozen=True)
class _Crew:
    """Who summarizes."""

    start: Callable[[_Piece], Finish]  # begins with a piece
    ahead: int  # pieces that are begun before the first of them is done
    pieces: int = 1  # of `piece_size` in one


@contextmanager
def _crew(workers: int | None, cluster: str | None, elements: int) -> Iterator[_Crew]:
    """Threads, worker processes, or other machines."""
    if cluster is not None:
        from ..engine.cluster import PIECES, Cluster

        with Cluster(cluster) as machines:
            yield _Crew(partial(_by_machine, machines, elements >= LARGE), machines.ahead, PIECES)
        return
    if workers is not None:
        with Workers(workers) as processes:
            yield _Crew(partial(_by_worker, processes), 2 * workers)
        return
    one_loads = Lock()

    def load() -> None:
        with one_loads:  # the others wait: the definition would take longer than the import
            version("summarize", elements)

    pool = ThreadPoolExecutor(THREADS, "stats", initializer=load)
    try:
        yield _Crew(lambda piece: pool.submit(piece.summarized).result, AHEAD)
    finally:
        pool.shutdown(cancel_futures=True)


def _by_machine(machines: Cluster, compiled: bool, piece: _Piece) -> Finish:
    stored = piece.stored
    if stored is None:
        return piece.summarized
    finish = machines.submit(stored, piece.first, piece.count, compiled)
    return partial(_explained, piece, finish)


def _by_worker(processes: Workers, piece: _Piece) -> Finish:
    """What is packed is unpacked, and so summarized, in this process."""
    stored = piece.stored
    if stored is None:
        return piece.summarized
    answer = processes.submit("summarize", request(stored, piece.first, piece.count))
    return partial(_explained, piece, lambda: from_message(answer.result()))


def _explained(piece: _Piece, finish: Finish) -> TensorSummary:
    """What `finish` gives. Raises FormatError where the file has changed."""
    try:
        return finish()
    except InputError:
        piece.explain()
        raise


def _pieces(
    network: Network, cache: Cache | None, wanted: Callable[[Tensor], bool], together: int
) -> Iterator[_Piece]:
    for batch in batches(network):
        chosen = [(place, tensor) for place, tensor in enumerate(batch.tensors) if wanted(tensor)]
        known = batch.known(cache, is_whole=len(chosen) == len(batch.tensors)) if chosen and cache else {}
        for place, tensor in chosen:
            if place in known or not tensor.is_readable:
                yield _Piece(tensor, 0, tensor.count, batch, known.get(place))
                continue
            step = piece_size(tensor.dtype) * together
            for first in range(0, max(tensor.count, 1), step):
                yield _Piece(tensor, first, min(step, tensor.count - first), batch)


def _ahead(pieces: Iterator[_Piece], crew: _Crew) -> Iterator[tuple[_Piece, Finish]]:
    """The pieces in order, each begun while at most `crew.ahead` before it are not yet finished."""
    begun: deque[tuple[_Piece, Finish]] = deque()
    for piece in pieces:
        begun.append((piece, piece.summarized if piece.is_small else crew.start(piece)))
        if len(begun) > crew.ahead:
            yield begun.popleft()
    yield from begun
