"""Moments of runs of numbers, as rows that merge: (count, mean, M2, M3, M4, sum of |x|), M_k the sum of (x - mean)^k.

Source: P. Pébay, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical
moments", Sandia report SAND2008-6212, 2008, equations for pairwise merging.
"""

from __future__ import annotations

import numpy as np

__all__ = ["COLUMNS", "folded", "of_counts"]

COLUMNS = 6


@np.errstate(over="ignore", invalid="ignore")  # of numbers beyond 1e77, float64 does not hold the fourth power
def folded(rows: np.ndarray) -> np.ndarray:
    """(..., 6) float64: the moments of all runs together, of (..., n, 6) rows in order; zeros where n is 0.

    Neighbors are merged, then neighbors of those, and so on: the bits depend on the rows and on nothing else.
    """
    if not rows.shape[-2]:
        return np.zeros((*rows.shape[:-2], COLUMNS))
    while rows.shape[-2] > 1:
        even = rows.shape[-2] // 2 * 2
        merged = _merged(rows[..., 0:even:2, :], rows[..., 1:even:2, :])
        rows = np.concatenate([merged, rows[..., even:, :]], -2)
    return np.where(np.isnan(rows[..., 0, :]), np.nan, rows[..., 0, :])  # one NaN of the many there are


def of_counts(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(6,) float64: moments of numbers of which each of `values` (n,) float64 stands there `counts` (n,) times."""
    total = int(counts.sum())
    if not total:
        return np.zeros(COLUMNS)
    weight = counts.astype(np.float64)
    mean = float((weight * values).sum()) / total
    mean += float((weight * (values - mean)).sum()) / total
    away = values - mean
    square = away * away
    powers = [float((weight * power).sum()) for power in (square, square * away, square * square)]
    return np.array([total, mean, *powers, float((weight * np.abs(values)).sum())])


def _merged(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Moments of two runs together, row by row."""
    (na, ma, a2, a3, a4, abs_a), (nb, mb, b2, b3, b4, abs_b) = (np.moveaxis(part, -1, 0) for part in (a, b))
    n = na + nb
    safe = np.maximum(n, 1.0)
    away = mb - ma
    step = away / safe
    product = away * step * na * nb
    m2 = a2 + b2 + product
    m3 = a3 + b3 + product * step * (na - nb) + 3.0 * step * (na * b2 - nb * a2)
    m4 = a4 + b4 + product * step * step * (na * na - na * nb + nb * nb)
    m4 = m4 + 6.0 * step * step * (na * na * b2 + nb * nb * a2) + 4.0 * step * (na * b3 - nb * a3)
    merged = np.stack([n, ma + step * nb, m2, m3, m4, abs_a + abs_b], -1)
    return np.where((na == 0)[..., None], b, np.where((nb == 0)[..., None], a, merged))
