"""The numbers of largest magnitude, compiled: the same as the definition in `outliers`.

16 numbers at a time are compared with the smallest outlier so far; few of them are looked at one by one.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from .outliers import BLOCK, Outliers, fold
from .pyramid import numbers_of
from .vectors_numba import WIDTH, any_beyond, file_array, load

__all__ = ["fold", "outliers_of"]


def outliers_of(values: np.ndarray, most: int, dtype: str | None = None, first: int = 0) -> Outliers:
    """As `outliers.outliers_of`."""
    index, value, found = np.empty(most, np.int64), np.empty(most), 0
    is_float = values.dtype in (np.float32, np.float64)
    step = len(values) if is_float else BLOCK
    for start in range(0, len(values) if most else 0, max(step, 1)):
        numbers = np.ascontiguousarray(numbers_of(values[start : start + step], dtype))
        found = _collect(numbers, first + start, index, value, found)
    return Outliers(index[:found], value[:found])


@njit(
    [
        types.int64(file_array(kind), types.int64, types.int64[::1], types.float64[::1], types.int64)
        for kind in (types.float32, types.float64)
    ],
    nogil=True,
    cache=True,
)
def _collect(values, first, index, value, found):
    """How many outliers there are after these numbers."""
    most, least = len(index), values.dtype.type(-1)
    if found == most:
        least = values.dtype.type(abs(value[most - 1]))
    for start in range(0, len(values), WIDTH):
        stop = min(len(values), start + WIDTH)
        if stop - start == WIDTH and not any_beyond(load(values, start), least):
            continue
        for k in range(start, stop):
            size = abs(values[k])
            if not (size > least and size < np.inf):
                continue
            place = min(found, most - 1)
            while place > 0 and abs(value[place - 1]) < size:
                value[place], index[place] = value[place - 1], index[place - 1]
                place -= 1
            value[place], index[place] = values[k], first + k
            found = min(found + 1, most)
            if found == most:
                least = values.dtype.type(abs(value[most - 1]))
    return found
