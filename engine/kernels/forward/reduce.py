"""Axes made one number each: sums, means, largest ones and where they stand. NumPy's own loops.

Source: https://onnx.ai/onnx/operators/onnx__ReduceMean.html and its neighbors.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .bounds import axes_of, axis_of, refused, whole

__all__ = ["REDUCTIONS", "arg_max", "arg_min", "cum_sum"]


def _reduce(
    function: Callable[..., np.ndarray],
    x: np.ndarray,
    axes: np.ndarray | None = None,
    *,
    keepdims: int = 1,
    noop_with_empty_axes: int = 0,
) -> np.ndarray:
    """Without axes: over all of them."""
    chosen = () if axes is None else axes_of(whole(axes), x.ndim)
    if not chosen and noop_with_empty_axes:
        return x
    found = function(x, axis=chosen or None, keepdims=bool(keepdims))
    return np.asarray(found).astype(x.dtype)


def _mean(x: np.ndarray, axis: tuple[int, ...] | None, keepdims: bool) -> np.ndarray:
    total = np.sum(x, axis=axis, keepdims=keepdims)
    return total / np.asarray(x.size / max(total.size, 1), x.dtype if x.dtype.kind == "f" else np.float64)


def _l1(x: np.ndarray, **how) -> np.ndarray:
    return np.sum(np.abs(x), **how)


def _sum_square(x: np.ndarray, **how) -> np.ndarray:
    return np.sum(np.square(x), **how)


def _l2(x: np.ndarray, **how) -> np.ndarray:
    return np.sqrt(_sum_square(x, **how))


def _log_sum(x: np.ndarray, **how) -> np.ndarray:
    return np.log(np.sum(x, **how))


def _log_sum_exp(x: np.ndarray, axis: tuple[int, ...] | None, keepdims: bool) -> np.ndarray:
    most = np.max(x, axis=axis, keepdims=True)
    most = np.where(np.isfinite(most), most, 0)
    found = np.log(np.sum(np.exp(x - most), axis=axis, keepdims=True)) + most
    return found if keepdims else np.squeeze(found, axis)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{"ReduceSum": np.sum, "ReduceMean": _mean, "ReduceMax": np.max, "ReduceMin": np.min},
    **{"ReduceProd": np.prod, "ReduceL1": _l1, "ReduceL2": _l2, "ReduceSumSquare": _sum_square},
    **{"ReduceLogSum": _log_sum, "ReduceLogSumExp": _log_sum_exp},
}
REDUCTIONS: dict[str, Callable[..., np.ndarray]] = {
    kind: partial(_reduce, function) for kind, function in _FUNCTIONS.items()
}


def arg_max(x: np.ndarray, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> np.ndarray:
    """int64: where the largest number stands along an axis, the first of equal ones (or the last)."""
    return _place(np.argmax, x, axis, keepdims, select_last_index)


def arg_min(x: np.ndarray, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> np.ndarray:
    """int64: where the smallest number stands along an axis, the first of equal ones (or the last)."""
    return _place(np.argmin, x, axis, keepdims, select_last_index)


def _place(find: Callable[..., np.ndarray], x: np.ndarray, axis: int, keepdims: int, last: int) -> np.ndarray:
    axis = axis_of(axis, x.ndim)
    if not x.shape[axis]:
        raise refused(f"shape {x.shape}", "something along the axis")
    if last:
        return x.shape[axis] - 1 - find(np.flip(x, axis), axis=axis, keepdims=bool(keepdims))
    return np.asarray(find(x, axis=axis, keepdims=bool(keepdims)), np.int64)


def cum_sum(x: np.ndarray, axis: np.ndarray, *, exclusive: int = 0, reverse: int = 0) -> np.ndarray:
    """Sums of all up to each element along an axis; `exclusive`: without itself."""
    (chosen,) = whole(axis)[:1] or (0,)
    chosen = axis_of(chosen, x.ndim)
    values = np.flip(x, chosen) if reverse else x
    total = np.cumsum(values, chosen, dtype=x.dtype)
    total = total - values if exclusive else total
    return np.flip(total, chosen) if reverse else total
