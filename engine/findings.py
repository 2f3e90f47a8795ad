"""What is odd about the numbers of a tensor, read off its summary; and what a second look at them must tell."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .kernels.decode import DTYPES
from .kernels.ends import bin_of
from .kernels.summarize import BINS, TensorSummary, bin_edges, range_of, table_values
from .summaries import to_bytes

__all__ = ["TOLD_SHARE", "Finding", "Look", "closer_look", "content_digest", "findings", "saturated"]

FAR_STD = 20.0  # standard deviations from the mean
FAR_RANGE = 30.0  # times the 99.5th percentile of |value|
SATURATED_SHARE = 0.01  # of the finite values on one of both ends
TOLD_SHARE = 0.0005  # of the finite values on one end, below which they are not told
FEWEST_LEVELS = 16  # different values; fewer are meant to be few
STEEP = 4.0  # times as many numbers as the neighboring bin lets expect


@dataclass(frozen=True)
class Finding:
    """One oddity. `kind`: nan, inf, zero, far_std, far_range, saturated, dead_rows or duplicate."""

    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Look:
    """What is to be counted in the numbers themselves, since the summary does not tell."""

    rows: bool  # those of the matrix that are all zero
    ends: bool  # numbers equal to the minimum or the maximum


def findings(summary: TensorSummary, dtype: str, columns: int = 0) -> list[Finding]:
    """Oddities that the summary alone proves. `columns`: of the tensor's matrix, whose rows may be dead."""
    found = []
    if summary.nan:
        found.append(Finding("nan", {"count": summary.nan, "of": summary.count}))
    if summary.inf:
        found.append(Finding("inf", {"count": summary.inf, "of": summary.count}))
    if summary.count and summary.zeros == summary.count:
        found.append(Finding("zero", {"of": summary.count}))
    if _is_float(dtype):
        found += _far(summary)
    if summary.table is not None and _is_real(dtype):
        found += _saturated(summary)
    low, high = _at_ends(summary)
    if low is not None and high is not None and _may_have_steep_end(summary, dtype):
        found += saturated(low, high, summary)
    if summary.zero_rows and _may_have_dead_rows(summary, dtype, columns):
        found.append(Finding("dead_rows", {"count": summary.zero_rows, "of": summary.count // columns}))
    return found


def closer_look(summary: TensorSummary, dtype: str, columns: int) -> Look:
    """What the numbers must still be asked for. `columns`: of the tensor's matrix."""
    rows = summary.zero_rows is None and _may_have_dead_rows(summary, dtype, columns)
    return Look(rows, None in _at_ends(summary) and _may_have_steep_end(summary, dtype))


def content_digest(summary: TensorSummary, dtype: str) -> str | None:
    """A text that equal tensors share; None where all numbers are the same, or none is finite."""
    if summary.min is None or summary.min == summary.max:
        return None
    return hashlib.blake2b(dtype.encode() + b"\0" + to_bytes(summary), digest_size=16).hexdigest()


def saturated(low: int, high: int, summary: TensorSummary) -> list[Finding]:
    """The finding of so many numbers equal to the minimum and the maximum, where they are many."""
    if max(low, high) < SATURATED_SHARE * summary.finite:
        return []
    ends = {"low_share": low / summary.finite, "high_share": high / summary.finite}
    return [Finding("saturated", {**ends, "min": summary.min, "max": summary.max})]


def _may_have_dead_rows(summary: TensorSummary, dtype: str, columns: int) -> bool:
    if not _is_float(dtype) or summary.min is None or summary.min == summary.max:
        return False
    return 1 < columns <= summary.zeros < summary.count and summary.count > columns


def _may_have_steep_end(summary: TensorSummary, dtype: str) -> bool:
    if not _is_float(dtype) or summary.min is None or summary.min == summary.max:
        return False
    return summary.table is None and _has_steep_end(summary)


def _at_ends(summary: TensorSummary) -> tuple[int | None, int | None]:
    """Numbers equal to the lowest and the highest one; 0 where these are too few to be told, None where unknown."""
    if summary.bins is None or summary.min is None or summary.max is None:
        return None, None
    ends = ((summary.at_min, summary.min), (summary.at_max, summary.max))
    few = TOLD_SHARE * summary.finite
    low, high = (0 if at is None and summary.bins[bin_of(end)] < few else at for at, end in ends)
    return low, high


def _is_float(dtype: str) -> bool:
    return dtype.startswith(("float", "bfloat")) and dtype in DTYPES


def _is_real(dtype: str) -> bool:
    return dtype != "bool" and not dtype.startswith("complex")


def _far(summary: TensorSummary) -> list[Finding]:
    """Single numbers far from all others, by which of two rules."""
    if summary.min is None or summary.max is None or not summary.std or not math.isfinite(summary.std):
        return []
    mean = summary.mean or 0.0
    low, high = float(summary.min), float(summary.max)
    value = low if mean - low > high - mean else high
    steps = abs(value - mean) / summary.std
    if steps > FAR_STD:
        return [Finding("far_std", {"value": value, "ratio": steps})]
    largest, usual = max(-low, high), range_of(summary)
    if largest > FAR_RANGE * usual:
        return [Finding("far_range", {"value": high if high == largest else low, "ratio": largest / usual})]
    return []


def _saturated(summary: TensorSummary) -> list[Finding]:
    assert summary.table is not None and summary.table_dtype is not None
    values = table_values(summary.table_dtype)
    known = np.flatnonzero((summary.table > 0) & np.isfinite(values))
    if len(known) < FEWEST_LEVELS:
        return []
    low, high = (int(summary.table[known][values[known] == end].sum()) for end in (summary.min, summary.max))
    return saturated(low, high, summary)


def _has_steep_end(summary: TensorSummary) -> bool:
    """Whether more numbers lie in the last bin on one side than its neighbor lets expect."""
    assert summary.bins is not None and summary.min is not None and summary.max is not None
    if np.count_nonzero(summary.bins) < FEWEST_LEVELS:
        return False
    sides = ((float(summary.max), summary.bins[: BINS // 2]), (-float(summary.min), summary.bins[BINS // 2 :]))
    return any(_is_steep(end, counts, summary.finite) for end, counts in sides)


def _is_steep(end: float, counts: np.ndarray, finite: int) -> bool:
    edges = bin_edges()
    place = int(np.searchsorted(edges, end, "right")) - 1
    if end <= 0 or not 0 < place < len(edges) - 1 or counts[place] < SATURATED_SHARE * finite:
        return False
    width = min(end, edges[place + 1]) - edges[place]
    expected = counts[place - 1] * width / (edges[place] - edges[place - 1])
    return bool(counts[place] > STEEP * expected)
