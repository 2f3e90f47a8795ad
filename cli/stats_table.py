"""The statistics of tensors as a table for people: rows, their order, which of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ..engine.kernels.histogram import histogram
from ..engine.kernels.names import clean
from ..engine.kernels.summarize import TensorSummary
from ..loaders.network import Tensor
from ..scenes.strings import text
from .table import aligned, shape_text

__all__ = ["SORTS", "SPARK_BINS", "Row", "is_wanted", "lines", "ordered", "row_of"]

SPARK_BINS = 10
SPARKS = "▁▂▃▄▅▆▇█"
COLUMNS = ("name", "shape", "type", "mean", "std", "min", "max", "zeros", "nan")
TYPE = "type:"  # before a pattern for the type
WILD = frozenset("*?[")
WARNED = " !"

Number = int | float | None


@dataclass(frozen=True)
class Row:
    """What the table shows of one tensor. The numbers are None where there are none."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    count: int
    mean: float | None = None
    std: float | None = None
    min: Number = None
    max: Number = None
    l2: float | None = None
    zeros: int = 0
    nan: int = 0  # and infinite ones
    sparks: str = ""
    is_number: bool = True

    @property
    def zero_share(self) -> float | None:
        return self.zeros / self.count if self.count and self.is_number else None


SORTS: dict[str, Callable[[Row], object]] = {
    "name": lambda row: row.name,
    "shape": lambda row: row.shape,
    "type": lambda row: row.dtype,
    "count": lambda row: row.count,
    "mean": lambda row: row.mean,
    "std": lambda row: row.std,
    "min": lambda row: row.min,
    "max": lambda row: row.max,
    "l2": lambda row: row.l2,
    "zeros": lambda row: row.zero_share,
    "nan": lambda row: row.nan if row.is_number else None,
}


def row_of(tensor: Tensor, summary: TensorSummary | None) -> Row:
    """The row of one tensor; `summary` is None for what is no numbers."""
    head = tensor.name, tensor.shape, tensor.dtype, tensor.count
    if summary is None:
        return Row(*head, is_number=False)
    return Row(
        *head,
        summary.mean,
        summary.std,
        summary.min,
        summary.max,
        summary.l2,
        summary.zeros,
        summary.nan + summary.inf,
        _sparks(summary),
    )


def is_wanted(name: str, dtype: str, patterns: Sequence[str]) -> bool:
    """True when name or type fit every pattern: a glob, or a part of it. Those that begin with "type:" are for types.

    Upper and lower case are the same.
    """
    for pattern in patterns:
        is_type = pattern.startswith(TYPE)
        found = (dtype if is_type else name).casefold()
        sought = pattern.removeprefix(TYPE if is_type else "").casefold()
        if not (sought in found or (WILD & set(sought) and fnmatchcase(found, sought))):
            return False
    return True


def ordered(rows: Sequence[Row], sort: str | None, is_reversed: bool) -> list[Row]:
    """The rows by a column of `SORTS`, those without a number last; equal ones, and all without it, as in the file."""
    if sort is None:
        return list(rows[::-1] if is_reversed else rows)
    key = SORTS[sort]
    known = [row for row in rows if _is_known(key(row))]
    known.sort(key=key, reverse=is_reversed)  # type: ignore[arg-type]
    return known + [row for row in rows if not _is_known(key(row))]


def lines(title: str, rows: Sequence[Row], warned: set[str], width: int) -> Iterator[str]:
    """Lines of at most `width` cells (but never narrower than the columns need). `warned`: names to mark."""
    yield clean(title, max(width, SPARK_BINS))
    yield ""
    titles = [text(f"stats.column.{column}") for column in COLUMNS]
    shown = aligned([titles, *map(_cells, rows)], 3, width - SPARK_BINS - 2 - len(WARNED))
    yield next(shown).rstrip()
    for row, line in zip(rows, shown, strict=True):
        mark = WARNED if row.name in warned else ""
        yield f"{line}  {row.sparks:<{SPARK_BINS}}{mark}".rstrip()


def _is_known(value: object) -> bool:
    return value is not None and value == value


def _cells(row: Row) -> list[str]:
    share = row.zero_share
    return [
        clean(row.name),
        shape_text(row.shape),
        row.dtype,
        *("" if number is None else f"{number:.4g}" for number in (row.mean, row.std, row.min, row.max)),
        "" if share is None else f"{share:.1%}",
        f"{row.nan:,}" if row.nan else "",
    ]


def _sparks(summary: TensorSummary) -> str:
    """A histogram from min to max, a character for each bin."""
    bins = histogram(summary, SPARK_BINS)
    if bins is None:
        return ""
    heights = -(-bins[1] * (len(SPARKS) - 1) // bins[1].max())
    return "".join(SPARKS[height] for height in heights.tolist())
