"""Histograms with even bins, derived from a summary."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from .summarize import BINS, TensorSummary, bin_edges, table_values

__all__ = ["counts_below", "histogram"]

LARGE = 1e300  # a range near the end of float64


def histogram(summary: TensorSummary, bins: int) -> tuple[np.ndarray, np.ndarray] | None:
    """(edges (n + 1,) float64, counts (n,) int64) of the finite values from min to max, None where there is none.

    n is `bins`, but 1 where min is max. The last bin holds its upper edge. Exact where the summary has a table; else
    each bin of the summary is taken as evenly filled. The counts always add up to the finite values.
    """
    if summary.min is None or summary.max is None:
        return None
    low, high = float(summary.min), float(summary.max)
    if low == high:
        return np.array([low, high]), np.array([summary.finite])
    if not math.isfinite(high - low):
        return None
    edges = _even_edges(low, high, bins)
    if summary.table is not None and summary.table_dtype is not None:
        values = table_values(summary.table_dtype)
        known = np.flatnonzero((summary.table > 0) & np.isfinite(values))
        places = np.minimum(np.searchsorted(edges, values[known], "right") - 1, bins - 1)
        counts = np.zeros(bins, np.int64)
        np.add.at(counts, places, summary.table[known])
        return edges, counts
    below = np.zeros(bins + 1, np.int64)
    below[1:-1], below[-1] = _counts_below(summary, edges[1:-1]), summary.finite
    return edges, below[1:] - below[:-1]


def counts_below(summary: TensorSummary, values: np.ndarray) -> np.ndarray:
    """(n,) int64: how many finite numbers lie below each of `values`, (n,) float64 ascending; see `histogram`."""
    if summary.min is None or summary.max is None:
        return np.zeros(len(values), np.int64)
    if summary.table is not None and summary.table_dtype is not None:
        numbers = table_values(summary.table_dtype)
        known = np.flatnonzero((summary.table > 0) & np.isfinite(numbers))
        order = known[np.argsort(numbers[known], kind="stable")]
        below = np.concatenate([[0], np.cumsum(summary.table[order])])
        return below[np.searchsorted(numbers[order], values, "left")]
    low, high = float(summary.min), float(summary.max)
    below = np.where(values > high, summary.finite, 0)
    inside = (values > low) & (values <= high)
    if low < high and inside.any():
        below[inside] = _counts_below(summary, values[inside])
    return below


def _even_edges(low: float, high: float, bins: int) -> np.ndarray:
    """As `np.linspace`, bit by bit, in less time."""
    step = (high - low) / bins
    if step == 0 or high - low > LARGE:
        with np.errstate(over="ignore"):  # of the last edge, which is put right
            return np.linspace(low, high, bins + 1)
    edges = _counted(bins + 1) * step
    edges += low
    edges[-1] = high
    return edges


@cache
def _counted(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.float64)


@cache
def _bounds() -> np.ndarray:
    """Of the bins, ascending from those of the numbers below zero."""
    sizes = bin_edges()
    return np.concatenate([-sizes[::-1], sizes[1:]])


def _counts_below(summary: TensorSummary, values: np.ndarray) -> np.ndarray:
    """(n,) int64: how many numbers lie below each of `values`, which ascend."""
    assert summary.bins is not None and summary.min is not None and summary.max is not None
    half = len(bin_edges()) - 1
    ascending = np.concatenate([summary.bins[BINS // 2 : BINS // 2 + half][::-1], summary.bins[:half]])
    filled = np.flatnonzero(ascending)
    counts = ascending[filled]
    after = np.cumsum(counts)
    # only bounds of bins that hold something: between two of those nothing is added
    places, totals = filled.repeat(2), after.repeat(2)
    places[1::2] += 1
    totals[::2] -= counts
    bounds = _bounds()[places]
    low, high = float(summary.min), float(summary.max)
    scale = max(-low, high)  # with it no slope is beyond float64
    shares = np.interp(values / scale, bounds.clip(low, high) / scale, totals)
    return np.rint(shares).astype(np.int64)
