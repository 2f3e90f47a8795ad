"""Histograms with even bins, derived from a summary."""

from __future__ import annotations

import math

import numpy as np

from .summarize import BINS, TensorSummary, bin_edges, table_values

__all__ = ["histogram"]


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
    with np.errstate(over="ignore"):  # of the last edge, which is put right
        edges = np.linspace(low, high, bins + 1)
    if summary.table is not None and summary.table_dtype is not None:
        values = table_values(summary.table_dtype)
        known = np.flatnonzero((summary.table > 0) & np.isfinite(values))
        places = np.minimum(np.searchsorted(edges, values[known], "right") - 1, bins - 1)
        counts = np.zeros(bins, np.int64)
        np.add.at(counts, places, summary.table[known])
        return edges, counts
    below = _counts_below(summary, edges[1:-1])
    return edges, np.diff(below, prepend=0, append=summary.finite)


def _counts_below(summary: TensorSummary, values: np.ndarray) -> np.ndarray:
    """(n,) int64: how many numbers lie below each of `values`, which ascend."""
    assert summary.bins is not None and summary.min is not None and summary.max is not None
    sizes = bin_edges()
    positive, negative = (summary.bins[start : start + len(sizes) - 1] for start in (0, BINS // 2))
    bounds = np.concatenate([-sizes[::-1], sizes[1:]])
    totals = np.concatenate([[0], np.cumsum(np.concatenate([negative[::-1], positive]))])
    low, high = float(summary.min), float(summary.max)
    scale = max(-low, high)  # with it no slope is beyond float64
    shares = np.interp(values / scale, np.clip(bounds, low, high) / scale, totals)
    return np.rint(shares).astype(np.int64)
