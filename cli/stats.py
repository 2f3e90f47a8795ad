"""`tensornaut stats`: exact statistics of every tensor, as a table for people or as JSON for programs."""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any

from ..engine.kernel_choice import want
from ..engine.kernels.errors import InputError
from ..engine.kernels.histogram import histogram
from ..engine.kernels.names import clean
from ..engine.kernels.summarize import TensorSummary, fold
from ..engine.summaries import StoredNumbers, from_message, piece_size, request, summarize
from ..engine.workers import Workers
from ..loaders.network import Network, Tensor
from ..loaders.open import open_network
from ..scenes.strings import text
from .progress import Progress
from .table import aligned, shape_text

__all__ = ["add_arguments", "run", "summaries"]

HISTOGRAM_BINS = 64
MOST_WORKERS = 256
MOST_THREADS = 2  # more would not keep to 512 MB with the definition
SMALL = 1 << 16  # elements that are summarized at once; handing them on would cost more
LARGE = 1 << 28  # elements in a file from which on compiling kernels pays
FOLDED_AT = 64  # parts of one tensor
SPARK_BINS = 10
SPARKS = "▁▂▃▄▅▆▇█"
WIDTH_WHERE_UNKNOWN = 120  # cells, where there is no terminal
COLUMNS = ("name", "shape", "type", "mean", "std", "min", "max", "zeros", "nan")

Finish = Callable[[], TensorSummary]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """SOURCE, --json and --workers."""
    parser.add_argument("source", metavar="SOURCE", help=text("cli.argument.source"))
    parser.add_argument("--json", action="store_true", help=text("stats.option.json", bins=HISTOGRAM_BINS))
    parser.add_argument("--workers", type=int, metavar="N", help=text("stats.option.workers"))


def run(arguments: argparse.Namespace) -> int:
    """0, after printing the statistics. Raises InputError."""
    if arguments.workers is not None and not 1 <= arguments.workers <= MOST_WORKERS:
        raise InputError("--workers", "option_value", found=arguments.workers, expected=f"1 to {MOST_WORKERS}")
    network = open_network(arguments.source)
    elements = network.parameter_count + int(network.inner_tensors.counts.sum())
    with Progress(text("stats.progress"), elements) as progress:
        found = summaries(network, arguments.workers, progress.advance)
        if arguments.json:
            for line in _json_lines(arguments.source, network, found):
                print(line)
            return 0
        known = list(found)
    for line in _table(network, known, shutil.get_terminal_size((WIDTH_WHERE_UNKNOWN, 24)).columns):
        print(line)
    return 0


@dataclass(frozen=True)
class _Piece:
    """Elements of a tensor, in the order in which they are stored."""

    tensor: Tensor
    first: int
    count: int

    @property
    def is_last(self) -> bool:
        return self.first + self.count == self.tensor.count

    def summarized(self) -> TensorSummary:
        """The summary, made in this process. Raises FormatError."""
        flat = replace(self.tensor, shape=(self.tensor.count,), fortran=False)
        values = flat.read(slice(0, 1), slice(self.first, self.first + self.count))
        return summarize(values.reshape(-1), self.tensor.dtype)


def summaries(
    network: Network, workers: int | None = None, advance: Callable[[int], None] = lambda count: None
) -> Iterator[tuple[Tensor, TensorSummary | None]]:
    """Each tensor and its summary, in order, inner ones last; None for what is no numbers. Raises InputError.

    The same bits for any number of worker processes, and with threads in this process where `workers` is None.
    `advance` is called with the number of elements that are done.
    """
    kernels = ("summarize",) if workers is None else ()
    with _crew(workers) as start:
        parts: list[TensorSummary] = []
        for piece, finish in _ahead(_pieces(network), start, 2 * (workers or MOST_THREADS)):
            if network.parameter_count >= LARGE:
                want(kernels)
            if not piece.tensor.is_readable:
                yield piece.tensor, None
                continue
            parts.append(finish())
            advance(piece.count)
            if piece.is_last or len(parts) == FOLDED_AT:
                parts = [fold(parts)]
            if piece.is_last:
                yield piece.tensor, parts.pop()


@contextmanager
def _crew(workers: int | None) -> Iterator[Callable[[_Piece], Finish]]:
    """What begins to summarize a piece: threads, or worker processes."""
    if workers is not None:
        with Workers(workers) as processes:
            yield partial(_by_worker, processes)
        return
    pool = ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1), "stats")
    try:
        yield lambda piece: pool.submit(piece.summarized).result
    finally:
        pool.shutdown(cancel_futures=True)


def _by_worker(processes: Workers, piece: _Piece) -> Finish:
    """What is packed is unpacked, and so summarized, in this process."""
    tensor = piece.tensor
    if tensor.packed is not None:
        return piece.summarized
    file = tensor.source
    stored = StoredNumbers(file.path, file.size, file.mtime_ns, tensor.place, tensor.dtype, tensor.big_endian)
    answer = processes.submit("summarize", request(stored, piece.first, piece.count))

    def finish() -> TensorSummary:
        try:
            return from_message(answer.result())
        except InputError:
            with file.open():  # says it better where the file has changed
                raise

    return finish


def _pieces(network: Network) -> Iterator[_Piece]:
    for tensor in chain(network.tensors, network.inner_tensors):
        step = piece_size(tensor.dtype) if tensor.is_readable else max(tensor.count, 1)
        for first in range(0, max(tensor.count, 1), step):
            yield _Piece(tensor, first, min(step, tensor.count - first))


def _ahead(pieces: Iterator[_Piece], start: Callable[[_Piece], Finish], limit: int) -> Iterator[tuple[_Piece, Finish]]:
    """The pieces in order, each begun while at most `limit` before it are not yet finished."""
    begun: deque[tuple[_Piece, Finish]] = deque()
    for piece in pieces:
        here = piece.count <= SMALL or not piece.tensor.is_readable
        begun.append((piece, piece.summarized if here else start(piece)))
        if len(begun) > limit:
            yield begun.popleft()
    yield from begun


def _json_lines(source: str, network: Network, found: Iterator[tuple[Tensor, TensorSummary | None]]) -> Iterator[str]:
    """Lines of one JSON object, one for each tensor; the same in every run."""
    own = len(network.tensors)
    last = own + len(network.inner_tensors) - 1
    yield json.dumps({"source": source})[:-1] + ', "tensors": ['
    for row, (tensor, summary) in enumerate(found):
        scope = {} if row < own else {"scope": "inner"}
        yield json.dumps(_report(tensor, summary) | scope, allow_nan=False) + ("," if row < last else "")
    yield "]}"


def _report(tensor: Tensor, summary: TensorSummary | None) -> dict[str, Any]:
    """What is said of one tensor. Numbers that are not there, or that float64 cannot hold, are null."""
    names = ("nan", "inf", "zeros", "min", "max", "mean", "std", "l2")
    facts = {name: _stated(getattr(summary, name, None)) for name in names}
    bins = None if summary is None else histogram(summary, HISTOGRAM_BINS)
    shown = None if bins is None else {"edges": bins[0].tolist(), "counts": bins[1].tolist()}
    head = {"name": tensor.name, "shape": list(tensor.shape), "dtype": tensor.dtype, "count": tensor.count}
    return {**head, **facts, "histogram": shown}


def _stated(number: int | float | None) -> int | float | None:
    return None if isinstance(number, float) and not math.isfinite(number) else number


def _table(network: Network, found: list[tuple[Tensor, TensorSummary | None]], width: int) -> Iterator[str]:
    """Lines of at most `width` cells (but never narrower than the columns need)."""
    yield clean(network.name, max(width, SPARK_BINS))
    yield ""
    titles = [text(f"stats.column.{column}") for column in COLUMNS]
    lines = aligned([titles, *(_cells(*each) for each in found)], 3, width - SPARK_BINS - 2)
    yield next(lines).rstrip()
    for (_, summary), line in zip(found, lines, strict=True):
        yield f"{line}  {_sparks(summary)}".rstrip()
    for note in network.notes:
        yield text("info.note", note=note)


def _cells(tensor: Tensor, summary: TensorSummary | None) -> list[str]:
    cells = [clean(tensor.name), shape_text(tensor.shape), tensor.dtype]
    if summary is None:
        return cells + [""] * (len(COLUMNS) - len(cells))
    numbers = [summary.mean, summary.std, summary.min, summary.max]
    zeros = f"{summary.zeros / summary.count:.1%}" if summary.count else ""
    bad = summary.nan + summary.inf
    return [
        *cells,
        *("" if number is None else f"{number:.4g}" for number in numbers),
        zeros,
        f"{bad:,}" if bad else "",
    ]


def _sparks(summary: TensorSummary | None) -> str:
    """A histogram from min to max, a character for each bin."""
    bins = None if summary is None else histogram(summary, SPARK_BINS)
    if bins is None:
        return ""
    heights = -(-bins[1] * (len(SPARKS) - 1) // bins[1].max())
    return "".join(SPARKS[height] for height in heights.tolist())
