"""Statistics of a tensor: counts, extremes, moments, and how often which magnitude occurs. The NumPy definition.

Types of 16 bits and fewer get a count for every bit pattern, from which all else is derived exactly. Other types get
4096 bins: the top 12 bits of the number as float32, that is sign, exponent and 3 bits of mantissa. float64 and integers
are rounded to the nearest float32 for this, what lies beyond its range counts as its largest number. Complex numbers
count by magnitude.

Moments are kept for each block of 2^20 elements counted from the tensor's start, and folded in their order: cuts at
block bounds give the same bits whoever computes which part. Other cuts give exact counts, extremes and bins, and
moments to about 1e-12. Within a block the order of additions is fixed: segments of 4096 numbers, in each 16 sums of
every 16th number, then halves added to halves; segments are merged as in `moments.folded`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np

from . import moments
from .decode import DTYPES, decode
from .magnitudes import as_real
from .matrix_runs import MatrixRun
from .pyramid import Pyramid

__all__ = [
    "BINS",
    "BLOCK",
    "LANES",
    "LARGEST",
    "SEGMENT",
    "SHIFT",
    "TensorSummary",
    "bin_edges",
    "extremes_of",
    "fold",
    "from_table",
    "lane_sums",
    "measure_segments",
    "of_bytes",
    "range_of",
    "summarize_block",
    "summarize_with",
    "table_dtype_of",
    "table_values",
    "tally",
]

BLOCK = 1 << 20  # elements
SEGMENT = 4096  # elements; a block is a whole number of them
LANES = 16
BINS = 4096
SHIFT = 20  # bits of a float32 below those that name its bin
LARGEST = float(np.finfo(np.float32).max)
RANGE_SHARE = 0.995  # of the values lie within the range
TABLES = {"bool": "uint8", "uint8": "uint8", "int8": "int8", "uint16": "uint16", "int16": "int16", "float16": "float16"}


@dataclass(frozen=True, eq=False)
class TensorSummary:
    """Statistics of `count` numbers. Extremes and moments are of the finite ones, None where there is none.

    `table` counts every bit pattern of `table_dtype` (see `table_values`); `bins` counts finite numbers by magnitude
    (see `bin_edges`); one of the two is there. `blocks` (k, 6) float64: rows of `moments`, one a block.
    """

    count: int
    nan: int
    inf: int
    zeros: int
    min: int | float | None
    max: int | float | None
    blocks: np.ndarray = field(repr=False)
    bins: np.ndarray | None = field(default=None, repr=False)  # (4096,) int64
    table: np.ndarray | None = field(default=None, repr=False)  # (256 or 65536,) int64
    table_dtype: str | None = None
    exact: bool = True  # of all elements, not of a sample
    at_min: int | None = None  # numbers equal to the lowest one; None where nobody counted
    at_max: int | None = None
    zero_rows: int | None = None  # of the tensor's matrix, all zero; None where nobody looked
    pyramid: Pyramid | None = field(default=None, repr=False)  # of all: blocks of 32 x 32, see `matrix_runs`
    run: MatrixRun | None = field(default=None, repr=False)  # of a part: what it says of the matrix

    @property
    def finite(self) -> int:
        """Numbers that are neither NaN nor infinite."""
        return self.count - self.nan - self.inf

    @cached_property
    def moments(self) -> np.ndarray:
        """(6,) float64, one row of `moments`."""
        return moments.folded(self.blocks)

    @property
    def mean(self) -> float | None:
        """Of the finite values."""
        return float(self.moments[1]) if self.finite else None

    @property
    def std(self) -> float | None:
        """Standard deviation with divisor n."""
        return math.sqrt(self.moments[2] / self.finite) if self.finite else None

    @property
    def l1(self) -> float | None:
        """Sum of |value|."""
        return float(self.moments[5]) if self.finite else None

    @property
    def l2(self) -> float | None:
        """Square root of the sum of squares."""
        return math.sqrt(self.moments[2] + self.finite * self.moments[1] * self.moments[1]) if self.finite else None


@dataclass(frozen=True)
class Versions:
    """The hot part of a summary, in one version."""

    measure: Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]
    """(rows of blocks (k, 6) float64, bins (4096,) int64, (zeros, nan, inf) int64, (min, max)) of a float vector, given
    the elements of a block."""
    tally: Callable[[np.ndarray, int], np.ndarray]
    """(size,) int64: how often each number below `size` occurs in a vector of uint8, uint16, or in the upper halves of
    one of uint32."""


def summarize_block(values: np.ndarray, dtype: str | None = None, block: int = BLOCK) -> TensorSummary:
    """Summary of (n,) numbers: a block, several that follow each other, or the start of one.

    `values` as `decode` gives them, `dtype` the type in the file where that is another one: bfloat16 comes as float32,
    or as its bits in uint16.
    """
    return summarize_with(VERSIONS, values, dtype, block)


def summarize_with(versions: Versions, values: np.ndarray, dtype: str | None, block: int) -> TensorSummary:
    """As `summarize_block`, by other versions of its hot part."""
    kind = table_dtype_of(values, dtype)
    if kind is not None:
        keys, size = _keys(values, kind)
        return from_table(versions.tally(keys, size), kind)
    rows, bins = [], np.zeros(BINS, np.int64)
    counts, extremes = np.zeros(3, np.int64), []
    step = len(values) if values.dtype.kind == "f" else block  # what has to become float64 does so block by block
    for start in range(0, len(values), max(step, 1)):
        measured = versions.measure(_floats(values[start : start + step]), block)
        rows.append(measured[0])
        bins, counts = bins + measured[1], counts + measured[2]
        extremes.append(measured[3])
    blocks = np.concatenate(rows) if rows else np.zeros((0, moments.COLUMNS))
    integers = values if values.dtype.kind in "iu" else None
    zeros, nan, inf = counts.tolist()
    lowest, highest = extremes_of(extremes if integers is None else _bounds(integers))
    return TensorSummary(len(values), nan, inf, zeros, lowest, highest, blocks, bins)


def of_bytes(counts: np.ndarray, dtype: str) -> TensorSummary:
    """Summary of numbers of at most 8 bits that fill whole bytes, given how often each byte occurs, (256,) int64."""
    in_byte = 8 // DTYPES[dtype].bits
    meanings = decode(bytes(range(256)), dtype, 256 * in_byte)
    kind = table_dtype_of(meanings, dtype)
    assert kind is not None
    keys, size = _keys(meanings, kind)
    table = np.zeros(size, np.int64)
    np.add.at(table, keys >> 16 if keys.dtype == np.uint32 else keys, np.repeat(counts, in_byte))
    return from_table(table, kind)


def fold(summaries: Sequence[TensorSummary]) -> TensorSummary:
    """Summary of all numbers together, given those of parts in order. Raises ValueError when there is none."""
    if not summaries:
        raise ValueError("no summaries")
    first = summaries[0]
    exact = all(summary.exact for summary in summaries)
    if first.table is not None and first.table_dtype is not None:
        return from_table(_added([summary.table for summary in summaries]), first.table_dtype, exact)
    lowest, highest = extremes_of([(summary.min, summary.max) for summary in summaries])
    return TensorSummary(
        sum(summary.count for summary in summaries),
        sum(summary.nan for summary in summaries),
        sum(summary.inf for summary in summaries),
        sum(summary.zeros for summary in summaries),
        lowest,
        highest,
        np.concatenate([summary.blocks for summary in summaries]),
        _added([summary.bins for summary in summaries]),
        exact=exact,
        at_min=_added_ends([summary.at_min for summary in summaries if summary.min == lowest]),
        at_max=_added_ends([summary.at_max for summary in summaries if summary.max == highest]),
    )


def _added_ends(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _added(columns: Sequence[np.ndarray | None]) -> np.ndarray:
    """Sum of counts. All are there, for all parts are of one type."""
    total = np.zeros(max(len(column) for column in columns if column is not None), np.int64)
    for column in columns:
        total += 0 if column is None else column
    return total


def range_of(summary: TensorSummary) -> float:
    """The 99.5th percentile of |value|, > 0: the largest |value| where that is 0, and 1 where all are.

    Exact with a table; else the bin that holds it is taken as evenly filled.
    """
    if not summary.finite:
        return 1.0
    largest = max(abs(float(summary.min or 0)), abs(float(summary.max or 0)))
    target = RANGE_SHARE * summary.finite
    if summary.zeros >= target:
        return largest or 1.0
    if summary.table is not None and summary.table_dtype is not None:
        values = table_values(summary.table_dtype)
        known = np.flatnonzero((summary.table > 0) & np.isfinite(values))
        order = known[np.argsort(np.abs(values[known]), kind="stable")]
        place = int(np.searchsorted(np.cumsum(summary.table[order]), target))
        found = abs(float(values[order[place]]))
    else:
        assert summary.bins is not None
        counts = summary.bins[: BINS // 2] + summary.bins[BINS // 2 :]
        below = np.concatenate([[0], np.cumsum(counts)])
        place = int(np.searchsorted(below, target)) - 1
        low, high = np.minimum(bin_edges()[place : place + 2], largest)
        found = float(low + (high - low) * ((target - below[place]) / counts[place]))
    return found or largest or 1.0


@cache
def bin_edges() -> np.ndarray:
    """(2041,) float64: bin i counts numbers from edge i to below edge i + 1, bin 2048 + i those with a minus sign."""
    starts = np.arange((0xFF << 3) + 1, dtype=np.uint32) << SHIFT
    edges = starts.view(np.float32).astype(np.float64)
    edges[-1] = np.inf
    return edges


@cache
def table_values(dtype: str) -> np.ndarray:
    """(256 or 65536,) float64: the number that each bit pattern stands for."""
    bits = DTYPES[dtype].bits
    patterns = np.arange(1 << bits, dtype=f"<u{bits // 8}")
    with np.errstate(invalid="ignore"):  # signaling NaNs
        return decode(patterns.tobytes(), dtype, len(patterns)).astype(np.float64)


def table_dtype_of(values: np.ndarray, dtype: str | None) -> str | None:
    """The type whose bit patterns are counted; None where there are too many. Of `values` only the type matters."""
    if values.dtype == np.uint16 and dtype == "bfloat16":
        return dtype
    if values.dtype == np.float32 and dtype is not None and DTYPES[dtype].bits <= 16:
        return "bfloat16"  # which holds every number of smaller types
    return TABLES.get(values.dtype.name)


def _keys(values: np.ndarray, table_dtype: str) -> tuple[np.ndarray, int]:
    """The numbers' bit patterns, or words in whose upper halves they stand, and how many there can be."""
    unsigned = np.ascontiguousarray(values).view(f"u{values.dtype.itemsize}")
    return unsigned, 1 << DTYPES[table_dtype].bits


def from_table(table: np.ndarray, table_dtype: str, exact: bool = True) -> TensorSummary:
    """Summary of numbers of a type, given how often each of its bit patterns occurs, (n,) int64."""
    patterns = _patterns(table_dtype)
    counts = table[patterns.finite]
    known = np.flatnonzero(counts)
    finite, finite_counts = patterns.values[known], counts[known]
    number = int if table_dtype.startswith(("int", "uint")) else float
    row = moments.of_counts(finite, finite_counts)
    return TensorSummary(
        int(table.sum()),
        int(table[patterns.nan].sum()),
        int(table[patterns.infinite].sum()),
        int(table[patterns.zero].sum()),
        number(finite[0] + 0.0) if len(finite) else None,
        number(finite[-1] + 0.0) if len(finite) else None,
        row[None],
        table=table,
        table_dtype=table_dtype,
        exact=exact,
    )


@dataclass(frozen=True)
class _Patterns:
    """Which bit patterns of a type stand for what: places in a table of counts."""

    finite: np.ndarray  # ordered by value
    values: np.ndarray  # of those, float64
    nan: np.ndarray
    infinite: np.ndarray
    zero: np.ndarray


@cache
def _patterns(table_dtype: str) -> _Patterns:
    values = table_values(table_dtype)
    finite = np.flatnonzero(np.isfinite(values))
    finite = finite[np.argsort(values[finite], kind="stable")]
    nan, infinite, zero = (np.flatnonzero(found) for found in (np.isnan(values), np.isinf(values), values == 0))
    return _Patterns(finite, values[finite], nan, infinite, zero)


def _floats(values: np.ndarray) -> np.ndarray:
    """The numbers as float32 or float64."""
    with np.errstate(over="ignore", invalid="ignore"):  # signaling NaNs, magnitudes beyond float64
        numbers = as_real(values)
        return np.ascontiguousarray(numbers if numbers.dtype == np.float32 else numbers.astype(np.float64, copy=False))


def _bounds(integers: np.ndarray) -> list[tuple[int, int]]:
    """Extremes that float64 may not hold."""
    return [(int(integers.min()), int(integers.max()))] if len(integers) else []


def extremes_of(pairs: Sequence[Any]) -> tuple[int | float | None, int | float | None]:
    """The lowest and the highest number of pairs of both, None where there is none; 0 has no sign."""
    known = [(low, high) for low, high in pairs if low is not None and low <= high]
    if not known:
        return None, None
    lowest, highest = min(low for low, _ in known), max(high for _, high in known)
    if isinstance(lowest, int):
        return lowest, int(highest)
    return float(lowest) + 0.0, float(highest) + 0.0


def _measure(values: np.ndarray, block: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """`Versions.measure`, the definition."""
    parts = [_measure_block(values[start : start + block]) for start in range(0, len(values), block)]
    rows, bins, counts, extremes = (np.array(column) for column in zip(*parts, strict=True))
    return rows, bins.sum(0), counts.sum(0), np.array([extremes[:, 0].min(), extremes[:, 1].max()])


def _measure_block(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[int], list[float]]:
    segments = -(-len(values) // SEGMENT)
    padded = values
    if len(values) != segments * SEGMENT and segments > 1:
        padded = np.full(segments * SEGMENT, np.nan, values.dtype)
        padded[: len(values)] = values
    rows, _, bins, counts, lowest, highest = measure_segments(padded.reshape(segments, -1))
    nan = int(counts[:, 1].sum()) - (len(padded) - len(values))
    counted = [int(counts[:, 0].sum()), nan, int(counts[:, 2].sum())]
    return moments.folded(rows), np.bincount(bins, minlength=BINS), counted, [lowest.min(), highest.max()]


def measure_segments(values: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of (k, n) floats, n <= SEGMENT: rows of moments (k, 6) of the rows, which are finite (k, n), the bins of all that
    are, (zeros, nan, inf) of each (k, 3), lowest and highest finite number of each (k,)."""
    numbers = np.zeros((len(values), -(-values.shape[1] // LANES) * LANES))
    good = np.isfinite(values)
    numbers[:, : values.shape[1]][good] = values[good]
    count = good.sum(1)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = lane_sums(numbers) / np.maximum(count, 1)
        away = np.zeros(numbers.shape)
        np.subtract(values, mean[:, None], out=away[:, : values.shape[1]], where=good)
        square = away * away
        columns = [count, mean, lane_sums(square), lane_sums(square * away)]
        columns += [lane_sums(square * square), lane_sums(np.abs(numbers))]
        singles = np.clip(values[good].astype(np.float64), -LARGEST, LARGEST).astype(np.float32)
    zeros, nan = ((values == 0).sum(1), np.isnan(values).sum(1))
    counts = np.stack([zeros, nan, values.shape[1] - count - nan], 1)
    lowest, highest = np.where(good, values, np.inf).min(1), np.where(good, values, -np.inf).max(1)
    bins = singles.view(np.uint32) >> SHIFT
    return np.stack(columns, 1).astype(np.float64), good, bins, counts, lowest, highest


def lane_sums(numbers: np.ndarray) -> np.ndarray:
    """(k,) sums of (k, n LANES) numbers, in the order that this file's docstring says."""
    total = np.add.reduce(numbers.reshape(len(numbers), -1, LANES), 1, initial=0.0)  # one after another
    while total.shape[1] > 1:
        half = total.shape[1] // 2
        total = total[:, :half] + total[:, half:]
    return total[:, 0]


def tally(keys: np.ndarray, size: int) -> np.ndarray:
    """`Versions.tally`, the definition."""
    table = np.zeros(size, np.int64)
    for start in range(0, len(keys), BLOCK):
        part = keys[start : start + BLOCK]
        table += np.bincount(part >> 16 if part.dtype == np.uint32 else part, minlength=size)
    return table


VERSIONS = Versions(_measure, tally)
