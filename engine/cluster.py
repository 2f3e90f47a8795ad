"""Summaries made by the machines of a Dask cluster, which read the file from storage that all of them share.

Only when the person gives an address. What is sent: where numbers stand, as plain data, and the name of a function of
this package, which the workers have installed, in the same version. Storage is a path that is the same on all of them,
or an address, from which each worker reads its parts itself. A part that a lost worker had is done again by another
one, unless several workers died of it; when all are lost, new ones are waited for, not for ever. What the workers
answer is put together in order, so the bits are those of a single process.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError
from types import TracebackType
from typing import Any

from .cache import version
from .kernel_choice import want
from .kernels.errors import InputError
from .kernels.summarize import TensorSummary
from .summaries import StoredNumbers, from_bytes, joined, parted, piece_size, summarize_stored, to_bytes

__all__ = ["LOST_S", "PIECES", "Cluster", "summarized"]

PIECES = 4  # of `piece_size` in a task: one answer for many bytes read
CONNECT_S = 10
LOST_S = 30  # without any worker, after which it is given up
LOOK_S = 1  # after which it is looked for workers
FETCH_S = 10  # that the answer of a finished task may take
AHEAD = 3  # tasks for each thread of the cluster
FEWEST_AHEAD = 8


class Cluster:
    """The workers of the Dask scheduler at `address`. A context manager: leaving cancels what is not done.

    `waits` is called with the seconds for which there have been no workers, again and again while there are none.
    Raises InputError when Dask is not installed, or no scheduler answers, or it has no workers.
    """

    def __init__(self, address: str, waits: Callable[[int], None] = lambda seconds: None) -> None:
        self.address = address
        self._waits = waits
        self._client = _connected(address)
        threads = sum(self._client.nthreads().values())
        if not threads:
            self._client.close()
            raise InputError(address, "cluster_empty")
        self.ahead = max(FEWEST_AHEAD, AHEAD * threads)  # tasks that keep all workers busy

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def submit(
        self, stored: StoredNumbers, first: int, count: int, width: int | None, compiled: bool
    ) -> Callable[[], list[TensorSummary]]:
        """What waits for the summaries of pieces of numbers first to first + count, and raises InputError.

        `compiled`: there is so much to do that compiling kernels pays.
        """
        arguments = dict(vars(stored)), first, count, width, compiled, version()
        future = self._client.submit(summarized, *arguments, pure=False, retries=0)

        def finish() -> list[TensorSummary]:
            try:
                return [from_bytes(part) for part in parted(self._result(future))]
            except InputError:
                raise
            except self._lost() as error:
                raise InputError(self.address, "cluster_failed", reason=str(error) or type(error).__name__) from error

        return finish

    def _result(self, future: Any) -> bytes:
        """What the worker answers. Raises InputError when there are no workers for too long."""
        from distributed import TimeoutError as NotYet

        without_s = 0
        while True:
            patience_s = FETCH_S if future.done() else LOOK_S
            try:
                return future.result(timeout=patience_s)
            except NotYet:
                if future.status == "error":
                    return future.result()
            without_s = 0 if self._client.nthreads() else without_s + patience_s
            if without_s:
                self._waits(without_s)
            if without_s >= LOST_S:
                raise InputError(self.address, "cluster_lost", seconds=LOST_S)

    def _lost(self) -> tuple[type[BaseException], ...]:
        """What says that the cluster cannot do a task: no such module on a worker or on the scheduler (RuntimeError),
        workers that die of it, no scheduler."""
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError
        from distributed.comm import CommClosedError

        lost = FutureCancelledError, CancelledError, CommClosedError, TimeoutError
        return ImportError, RuntimeError, KilledWorker, *lost


def summarized(
    stored: dict[str, Any], first: int, count: int, width: int | None, compiled: bool, expected: str
) -> bytes:
    """Summaries of pieces of numbers first to first + count, `joined`. Runs on a worker. Raises InputError."""
    if version() != expected:
        raise InputError("--cluster", "cluster_version", found=version(), expected=expected)
    if compiled:
        want(("summarize", "summarize_matrix"))
    numbers = StoredNumbers(**stored)
    step = piece_size(numbers.dtype)
    end = first + count
    begins = range(first, end, step)
    return joined([to_bytes(summarize_stored(numbers, begin, min(step, end - begin), width)) for begin in begins])


def _connected(address: str) -> Any:
    """A client of the scheduler. Raises InputError."""
    try:
        import distributed
    except ImportError as error:
        raise InputError("--cluster", "cluster_missing") from error
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)  # a lost worker is no news for the person
    try:
        return distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(address, "cluster_unreachable", reason=str(error) or type(error).__name__) from error
