"""Shares of a whole along one axis. The NumPy definition."""

from __future__ import annotations

import math

import numpy as np

from .bounds import axis_of, refused

__all__ = ["log_softmax", "softmax"]


def softmax(x: np.ndarray, *, axis: int = -1, flattened: int = 0) -> np.ndarray:
    """Of the shape of x: exp(x) divided by its sum along an axis; `flattened`: along this and all behind it."""
    rows, axis = _rows(x, axis, flattened)
    grown = np.exp(rows - rows.max(axis=axis, keepdims=True, initial=-np.inf))
    return (grown / grown.sum(axis=axis, keepdims=True)).reshape(x.shape)


def log_softmax(x: np.ndarray, *, axis: int = -1, flattened: int = 0) -> np.ndarray:
    """Logarithm of `softmax`."""
    rows, axis = _rows(x, axis, flattened)
    less = rows - rows.max(axis=axis, keepdims=True, initial=-np.inf)
    return (less - np.log(np.exp(less).sum(axis=axis, keepdims=True))).reshape(x.shape)


def _rows(x: np.ndarray, axis: int, flattened: int) -> tuple[np.ndarray, int]:
    axis = axis_of(axis, max(x.ndim, 1))
    if x.dtype.kind != "f":
        raise refused(f"numbers of type {x.dtype.name}", "floats")
    if flattened:
        return x.reshape(math.prod(x.shape[:axis]), -1), 1
    return np.atleast_1d(x), axis
