"""What can be shown of a matrix in place of its values: their magnitudes, their signs, the norms of its rows."""

from __future__ import annotations

import threading

import numpy as np

from .kernel_choice import version
from .values import Derived, Values, matrix_shape

__all__ = ["Absolutes", "RowNorms", "Signs"]

AT_ONCE = 1 << 20  # values that are read for norms at a time
KEPT = 1 << 18  # norms that are remembered
FLOATS = {"bool", "int8", "uint8", "int16", "uint16", "float16", "float32"}  # exact in float32


class Absolutes(Derived):
    """Absolute values of real numbers."""

    mark = "abs({})"

    def read(self, rows: slice, cols: slice) -> np.ndarray:
        return np.abs(_floats(self.values.read(rows, cols)))


class Signs(Derived):
    """-1, 0 or 1 for each real number, float32; NaN for what is not finite."""

    dtype = "float32"
    mark = "sign({})"

    def read(self, rows: slice, cols: slice) -> np.ndarray:
        part = self.values.read(rows, cols)
        signs = (part > 0).astype(np.float32) - (part < 0)
        signs[~np.isfinite(part)] = np.nan
        return signs


class RowNorms:
    """For each real number the L2 norm of its row, float32. Only finite numbers count.

    Rows are read whole when a part of them is asked for, some at a time; their norms are remembered, so many of them.
    """

    def __init__(self, values: Values, kept: int = KEPT) -> None:
        self.values = values
        self.shape = values.shape
        self.dtype = "float32"
        self.key = f"row norm({values.key})"
        self._height, self._width = matrix_shape(values.shape)
        size = max(1, min(kept, self._height))
        self._row = np.full(size, -1, np.int64)  # whose norm is remembered
        self._norm = np.zeros(size, np.float32)
        self._lock = threading.Lock()

    def read(self, rows: slice, cols: slice) -> np.ndarray:
        """As `Values.read`; raises what the values raise."""
        wanted = range(*rows.indices(self._height))
        at_once = max(1, AT_ONCE // max(1, self._width))
        parts = [self._norms(wanted[start : start + at_once]) for start in range(0, len(wanted), at_once)]
        norms = np.concatenate([np.zeros(0, np.float32), *parts])
        return np.broadcast_to(norms[:, None], (len(norms), len(range(*cols.indices(self._width)))))

    def _norms(self, rows: range) -> np.ndarray:
        """(n,) float32, remembered or computed."""
        index = np.arange(rows.start, rows.stop, rows.step)
        place = index % len(self._row)
        with self._lock:
            known, norms = self._row[place] == index, self._norm[place]
        if known.all():
            return norms
        norms = self._computed(slice(rows.start, rows[-1] + 1, rows.step))
        with self._lock:
            self._row[place], self._norm[place] = index, norms
        return norms

    def _computed(self, rows: slice) -> np.ndarray:
        """Of rows that are read whole, at most so many columns at a time."""
        squares: np.ndarray | float = 0.0
        with np.errstate(over="ignore"):
            for first in range(0, self._width, AT_ONCE):
                part = self.values.read(rows, slice(first, min(first + AT_ONCE, self._width)))
                squares = squares + np.square(version("norms", part.size).norms_of(part).rows)
            return np.minimum(np.sqrt(squares), np.finfo(np.float32).max).astype(np.float32)


def _floats(numbers: np.ndarray) -> np.ndarray:
    return numbers.astype(np.float32 if numbers.dtype.name in FLOATS else np.float64, copy=False)
