"""Shares of a whole along one axis, compiled: each row is read while it is in the cache."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types

from . import softmax as definition
from .bounds import axis_of

__all__ = ["log_softmax", "softmax", "softmax_rows"]

ROWS = types.void(types.Array(types.float32, 2, "C", readonly=True), types.float32[:, ::1])


def softmax(x: np.ndarray, *, axis: int = -1, flattened: int = 0) -> np.ndarray:
    """As `softmax.softmax`."""
    axis = axis_of(axis, max(x.ndim, 1))
    if x.dtype != np.float32 or not x.ndim or not (flattened or axis == x.ndim - 1) or not x.size:
        return definition.softmax(x, axis=axis, flattened=flattened)
    return _by_rows(softmax_rows, x, axis)


def log_softmax(x: np.ndarray, *, axis: int = -1, flattened: int = 0) -> np.ndarray:
    """As `softmax.log_softmax`."""
    axis = axis_of(axis, max(x.ndim, 1))
    if x.dtype != np.float32 or not x.ndim or not (flattened or axis == x.ndim - 1) or not x.size:
        return definition.log_softmax(x, axis=axis, flattened=flattened)
    return _by_rows(_log_rows, x, axis)


def _by_rows(function, x: np.ndarray, axis: int) -> np.ndarray:
    rows = np.ascontiguousarray(x).reshape(math.prod(x.shape[:axis]), -1)
    out = np.empty_like(rows)
    function(rows, out)
    return out.reshape(x.shape)


@njit(ROWS, nogil=True, cache=True)
def softmax_rows(rows, out):
    """Of each row. One that is -inf throughout becomes NaN, as in the definition."""
    for row in range(rows.shape[0]):
        source, target = rows[row], out[row]
        highest = source[0]
        for col in range(1, len(source)):
            if source[col] > highest or source[col] != source[col]:
                highest = source[col]
        total = 0.0
        for col in range(len(source)):
            target[col] = math.exp(source[col] - highest)
            total += target[col]
        share = np.float32(1.0 / total)
        for col in range(len(source)):
            target[col] *= share


@njit(ROWS, nogil=True, cache=True)
def _log_rows(rows, out):
    for row in range(rows.shape[0]):
        source, target = rows[row], out[row]
        highest = source[0]
        for col in range(1, len(source)):
            if source[col] > highest or source[col] != source[col]:
                highest = source[col]
        total = 0.0
        for col in range(len(source)):
            total += math.exp(source[col] - highest)
        less = np.float32(math.log(total))
        for col in range(len(source)):
            target[col] = (source[col] - highest) - less
