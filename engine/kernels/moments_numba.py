"""Folding of moments, compiled: the same bits as the definition in `moments`."""

from __future__ import annotations

import numpy as np
from numba import njit, types

__all__ = ["fold_rows"]


@njit(nogil=True, error_model="numpy")
def _merge(a, b, merged):
    """`moments._merged` of two rows; the last one may be one of them."""
    na, ma, a2, a3, a4, absolute_a = a[0], a[1], a[2], a[3], a[4], a[5]
    nb, mb, b2, b3, b4, absolute_b = b[0], b[1], b[2], b[3], b[4], b[5]
    if na == 0 or nb == 0:
        for column in range(len(merged)):
            merged[column] = b[column] if na == 0 else a[column]
        return
    n, away = na + nb, mb - ma
    step = away / n
    product = away * step * na * nb
    merged[0], merged[1] = n, ma + step * nb
    merged[2] = a2 + b2 + product
    merged[3] = a3 + b3 + product * step * (na - nb) + 3.0 * step * (na * b2 - nb * a2)
    m4 = a4 + b4 + product * step * step * (na * na - na * nb + nb * nb)
    merged[4] = m4 + 6.0 * step * step * (na * na * b2 + nb * nb * a2) + 4.0 * step * (na * b3 - nb * a3)
    merged[5] = absolute_a + absolute_b


@njit(
    types.void(types.float64[:, ::1], types.int64, types.float64[:, ::1]),
    nogil=True,
    cache=True,
    error_model="numpy",
)
def fold_rows(rows, group, folded):
    """`moments.folded` of every `group` rows; the rows are spent."""
    for block in range(len(folded)):
        part = rows[block * group : (block + 1) * group]
        left = len(part)
        while left > 1:
            for k in range(left // 2):
                _merge(part[2 * k], part[2 * k + 1], part[k])
            if left % 2:
                part[left // 2] = part[left - 1]
            left = (left + 1) // 2
        for column in range(len(part[0])):
            number = part[0, column]
            folded[block, column] = np.nan if number != number else number
