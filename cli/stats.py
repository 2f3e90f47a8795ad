"""`tensornaut stats`: exact statistics of every tensor, as a table for people or as JSON for programs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..engine.cache import opened
from ..engine.cluster import LOST_S
from ..engine.kernels.errors import InputError
from ..engine.kernels.histogram import histogram
from ..engine.kernels.summarize import TensorSummary
from ..loaders.network import Network, Tensor, TensorTable
from ..loaders.open import open_network
from ..scenes.strings import text
from ..scenes.survey_pass import MOST_WORKERS, summaries
from .options import add_source
from .progress import Progress
from .stats_table import SORTS, Row, is_wanted, lines, ordered, row_of
from .stats_warnings import Warnings
from .strict_json import encode, or_null
from .table import terminal_width

__all__ = ["add_arguments", "run", "summaries"]

HISTOGRAM_BINS = 64
WIDTH_WHERE_UNKNOWN = 120  # cells, where there is no terminal

Found = Iterator[tuple[Tensor, TensorSummary | None]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """SOURCE, what to show of it, and how to compute."""
    add_source(parser)
    parser.add_argument("--json", action="store_true", help=text("stats.option.json", bins=HISTOGRAM_BINS))
    parser.add_argument("--sort", metavar="COLUMN", help=text("stats.option.sort", columns=", ".join(SORTS)))
    parser.add_argument("--reverse", action="store_true", help=text("stats.option.reverse"))
    parser.add_argument("--filter", metavar="PATTERN", action="append", default=[], help=text("stats.option.filter"))
    parser.add_argument("--warnings", action="store_true", help=text("stats.option.warnings"))
    parser.add_argument("--workers", type=int, metavar="N", help=text("stats.option.workers"))
    parser.add_argument("--cluster", metavar="ADDRESS", help=text("stats.option.cluster"))
    parser.add_argument("--no-cache", action="store_true", help=text("stats.option.no_cache"))


def run(arguments: argparse.Namespace) -> int:
    """0, after printing the statistics. Raises InputError."""
    _check(arguments)
    network = open_network(arguments.source)
    patterns = arguments.filter
    own, inner = (_extent(table, patterns) for table in (network.tensors, network.inner_tensors))
    if patterns and not own.tensors + inner.tensors:
        raise InputError("--filter", "option_value", found=" ".join(patterns), expected="a part of a tensor's name")
    cache = None if arguments.no_cache else opened()
    wanted = partial(_is_wanted, patterns)
    with Progress(text("stats.progress"), own.elements + inner.elements) as progress:
        waits = partial(_say_waits, progress)
        found = summaries(network, arguments.workers, progress.advance, cache, wanted, arguments.cluster, waits)
        if arguments.json:
            for line in _json_lines(arguments.source, found, own.tensors, inner.tensors):
                print(line)
            return 0
        rows, warnings = [], Warnings()
        for tensor, summary in found:
            rows.append(row_of(tensor, summary))
            warnings.look_at(tensor, summary)
    for line in _text_lines(arguments, network, rows, warnings):
        print(line)
    return 0


def _say_waits(progress: Progress, seconds: int) -> None:
    progress.say(text("stats.waiting", seconds=seconds, most=LOST_S))


@dataclass(frozen=True)
class _Extent:
    """How much of a table is wanted."""

    tensors: int
    elements: int


def _check(arguments: argparse.Namespace) -> None:
    """Raises InputError where options do not fit."""
    if arguments.workers is not None and not 1 <= arguments.workers <= MOST_WORKERS:
        raise InputError("--workers", "option_value", found=arguments.workers, expected=f"1 to {MOST_WORKERS}")
    if arguments.workers is not None and arguments.cluster is not None:
        raise InputError("--cluster", "option_value", found="--cluster with --workers", expected="one of both")
    if arguments.sort is not None and arguments.sort.removeprefix("-") not in SORTS:
        raise InputError("--sort", "option_value", found=arguments.sort, expected=" | ".join(SORTS))
    for_people = {"--sort": arguments.sort, "--reverse": arguments.reverse, "--warnings": arguments.warnings}
    for option, value in for_people.items():
        if arguments.json and value:
            raise InputError(option, "option_value", found=f"{option} with --json", expected="one of both")


def _extent(table: TensorTable, patterns: Sequence[str]) -> _Extent:
    if not patterns:
        return _Extent(len(table), int(table.counts.sum()))
    rows = [row for row, (name, _, dtype, _) in enumerate(table.listing()) if is_wanted(name, dtype, patterns)]
    return _Extent(len(rows), int(table.counts[rows].sum()))


def _is_wanted(patterns: Sequence[str], tensor: Tensor) -> bool:
    return is_wanted(tensor.name, tensor.dtype, patterns)


def _json_lines(source: str, found: Found, own: int, inner: int) -> Iterator[str]:
    """Lines of one JSON object, one for each tensor; the same in every run."""
    yield json.dumps({"source": source})[:-1] + ', "tensors": ['
    for row, (tensor, summary) in enumerate(found):
        scope = {} if row < own else {"scope": "inner"}
        yield encode(_report(tensor, summary) | scope) + ("," if row < own + inner - 1 else "")
    yield "]}"


def _report(tensor: Tensor, summary: TensorSummary | None) -> dict[str, Any]:
    """What is said of one tensor. Numbers that are not there, or that float64 cannot hold, are null."""
    names = ("nan", "inf", "zeros", "min", "max", "mean", "std", "l2")
    facts = {name: or_null(getattr(summary, name, None)) for name in names}
    bins = None if summary is None else histogram(summary, HISTOGRAM_BINS)
    shown = None if bins is None else {"edges": bins[0].tolist(), "counts": bins[1].tolist()}
    head = {"name": tensor.name, "shape": list(tensor.shape), "dtype": tensor.dtype, "count": tensor.count}
    return {**head, **facts, "histogram": shown}


def _text_lines(arguments: argparse.Namespace, network: Network, rows: list[Row], warnings: Warnings) -> Iterator[str]:
    """The table, its warnings and the notes of the file's reader; or the warnings alone."""
    if arguments.warnings:
        yield from warnings.lines()
        return
    width = terminal_width(WIDTH_WHERE_UNKNOWN)
    sort = arguments.sort
    is_reversed = arguments.reverse != (sort or "").startswith("-")
    shown = ordered(rows, sort and sort.removeprefix("-"), is_reversed)
    yield from lines(network.name, shown, warnings.names, width)
    if warnings.names:
        yield ""
        yield from warnings.lines()
    for note in network.notes:
        yield text("info.note", note=note)
