"""Shares of a whole along one axis: exp by NumPy, which takes several numbers at once; the rest compiled, in place."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types

from . import softmax as definition
from .bounds import axis_of

__all__ = ["log_softmax", "softmax"]


def softmax(x: np.ndarray, *, axis: int = -1, flattened: int = 0) -> np.ndarray:
    """As `softmax.softmax`."""
    axis = axis_of(axis, max(x.ndim, 1))
    if x.dtype != np.float32 or not x.ndim or not (flattened or axis == x.ndim - 1) or not x.size:
        return definition.softmax(x, axis=axis, flattened=flattened)
    out = _less_highest(x, axis)
    np.exp(out, out=out)
    _divide(out)
    return out.reshape(x.shape)


def log_softmax(x: np.ndarray, *, axis: int = -1, flattened: int = 0) -> np.ndarray:
    """As `softmax.log_softmax`."""
    axis = axis_of(axis, max(x.ndim, 1))
    if x.dtype != np.float32 or not x.ndim or not (flattened or axis == x.ndim - 1) or not x.size:
        return definition.log_softmax(x, axis=axis, flattened=flattened)
    out = _less_highest(x, axis)
    out -= np.log(np.exp(out).sum(1, keepdims=True))
    return out.reshape(x.shape)


def _less_highest(x: np.ndarray, axis: int) -> np.ndarray:
    """(rows, columns): each row less its largest number."""
    rows = np.ascontiguousarray(x).reshape(math.prod(x.shape[:axis]), -1)
    out = np.empty_like(rows)
    np.subtract(rows, rows.max(1, keepdims=True), out=out)
    return out


@njit(types.void(types.float32[:, ::1]), nogil=True, cache=True, fastmath={"reassoc"})
def _divide(rows):
    """Each row by its sum."""
    for row in range(rows.shape[0]):
        numbers, total = rows[row], np.float32(0)
        for col in range(len(numbers)):
            total += numbers[col]
        share = np.float32(1) / total
        for col in range(len(numbers)):
            numbers[col] *= share
