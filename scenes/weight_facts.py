"""How one weight stands among others: its rank in the tensor by magnitude, and statistics of its row and its column.

Each says whether it is exact. What takes long is read in parts, and given up where it is no longer wanted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..engine.kernels.decode import matrix_shape
from ..engine.kernels.ends import bin_of
from ..engine.kernels.magnitudes import as_real
from ..engine.kernels.summarize import BINS, TensorSummary, fold, table_values
from ..engine.summaries import summarize
from ..loaders.network import Tensor

__all__ = ["MOST_COUNTED", "LineFacts", "Rank", "column_facts", "counted_rank", "known_rank", "row_facts"]

AT_ONCE = 1 << 20  # values that are read together
LINES_AT_ONCE = 4096  # rows of a column that are read together
MOST_COUNTED = 1 << 31  # values of a tensor whose rank is counted
MOST_IN_RUN = 1 << 26  # values that stand side by side
MOST_APART = 1 << 17  # values of which each is a read of its own
MOST_UNPACKED = 1 << 12  # of those that have to be unpacked

IsWanted = Callable[[], bool]


@dataclass(frozen=True)
class Rank:
    """Where a magnitude stands among all of a tensor, 1 the largest: from `first` to `last`, equal ones together."""

    first: int
    last: int
    of: int  # numbers that have a rank, all but NaN
    alike: int | None = None  # how many have this very magnitude; None where nobody counted

    @property
    def exact(self) -> bool:
        """Whether it is known which one."""
        return self.first == self.last


@dataclass(frozen=True)
class LineFacts:
    """Statistics of the finite numbers of a row or a column; None where there is none. Complex ones by magnitude."""

    count: int
    read: int  # all, unless it is a sample
    mean: float | None
    std: float | None
    minimum: int | float | None
    maximum: int | float | None
    l2: float | None
    zeros: int
    odd: int  # NaN and infinite ones

    @property
    def exact(self) -> bool:
        """Whether all numbers were read."""
        return self.read == self.count


def known_rank(summary: TensorSummary, magnitude: int | float) -> Rank | None:
    """Rank by the counts of a summary: exact by those of every bit pattern, else between two. None of NaN."""
    of = summary.count - summary.nan
    if math.isnan(magnitude):
        return None
    if math.isinf(magnitude):
        return Rank(1, 1, of, summary.inf)
    if summary.table is not None and summary.table_dtype is not None:
        magnitudes = np.abs(table_values(summary.table_dtype))
        with np.errstate(invalid="ignore"):
            above, alike = (
                int(summary.table[which].sum()) for which in (magnitudes > magnitude, magnitudes == magnitude)
            )
        return Rank(above + 1, above + 1, of, alike)
    if magnitude == 0:
        return Rank(of - summary.zeros + 1, of - summary.zeros + 1, of, summary.zeros)
    assert summary.bins is not None  # one of both is there
    counts = summary.bins[: BINS // 2] + summary.bins[BINS // 2 :]
    place = bin_of(float(magnitude))
    above = summary.inf + int(counts[place + 1 :].sum())
    is_largest = summary.min is not None and magnitude == max(abs(summary.min), abs(summary.max or 0))
    return Rank(above + 1, above + (1 if is_largest else int(counts[place])), of)


def counted_rank(tensor: Tensor, magnitude: int | float, is_wanted: IsWanted = lambda: True) -> Rank | None:
    """Rank by reading the whole tensor; None of NaN, or when it is no longer wanted. Raises FormatError."""
    if math.isnan(magnitude):
        return None
    above = alike = of = 0
    for part in _parts(tensor):
        if not is_wanted():
            return None
        part = as_real(part)
        of += part.size - int(np.count_nonzero(part != part))
        above += int(np.count_nonzero(part > magnitude))
        alike += int(np.count_nonzero(part == magnitude))
        if part.dtype.kind in "if":
            above += int(np.count_nonzero(part < -magnitude))
            alike += int(np.count_nonzero(part == -magnitude)) if magnitude else 0
    return Rank(above + 1, above + 1, of, alike)


def row_facts(tensor: Tensor, row: int, is_wanted: IsWanted = lambda: True) -> LineFacts | None:
    """Of a row of the tensor's matrix; None when it is no longer wanted. Raises FormatError."""
    width = matrix_shape(tensor.shape)[1]

    def read(places: slice) -> np.ndarray:
        return tensor.read(slice(row, row + 1), places)

    return _line_facts(tensor, width, not tensor.fortran, read, is_wanted)


def column_facts(tensor: Tensor, column: int, is_wanted: IsWanted = lambda: True) -> LineFacts | None:
    """Of a column of the tensor's matrix; None when it is no longer wanted. Raises FormatError."""
    height = matrix_shape(tensor.shape)[0]

    def read(places: slice) -> np.ndarray:
        return tensor.read(places, slice(column, column + 1))

    return _line_facts(tensor, height, tensor.fortran, read, is_wanted)


def _line_facts(
    tensor: Tensor, count: int, is_run: bool, read: Callable[[slice], np.ndarray], is_wanted: IsWanted
) -> LineFacts | None:
    most = MOST_IN_RUN if is_run else MOST_UNPACKED if tensor.packed is not None else MOST_APART
    step = -(-count // most)
    at_once = (AT_ONCE if is_run and step == 1 else LINES_AT_ONCE) * step
    parts = []
    for start in range(0, count, at_once):
        if not is_wanted():
            return None
        values = np.ascontiguousarray(read(slice(start, min(start + at_once, count), step)).reshape(-1))
        parts.append(summarize(values, tensor.dtype))
    if not parts:
        return None
    found = fold(parts)
    odd = found.nan + found.inf
    return LineFacts(count, found.count, found.mean, found.std, found.min, found.max, found.l2, found.zeros, odd)


def _parts(tensor: Tensor) -> Iterator[np.ndarray]:
    """All numbers, some at a time, in about the order in which they stand."""
    rows, columns = matrix_shape(tensor.shape)
    high, wide = max(1, AT_ONCE // max(columns, 1)), min(columns, AT_ONCE)
    if tensor.fortran:
        high, wide = min(rows, AT_ONCE), max(1, AT_ONCE // max(rows, 1))
    for row in range(0, rows, max(high, 1)):
        for column in range(0, columns, max(wide, 1)):
            yield tensor.read(slice(row, min(row + high, rows)), slice(column, min(column + wide, columns)))
