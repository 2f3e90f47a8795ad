"""Numbers brought to mean 0 and variance 1 in groups, compiled: a group is read while it is in the cache."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types

from . import norm as definition
from .bounds import axis_of, broadcast, refused

__all__ = ["group_norm", "instance_norm", "layer_norm", "rms_norm"]

MATRIX = types.Array(types.float32, 2, "C", readonly=True)
GROUPS = types.void(MATRIX, types.float32[:, ::1], types.float64, types.boolean)


def layer_norm(
    x: np.ndarray,
    scale: np.ndarray | None = None,
    bias: np.ndarray | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> np.ndarray:
    """As `norm.layer_norm`."""
    axis = axis_of(axis, x.ndim)
    if x.dtype != np.float32 or not x.size:
        return definition.layer_norm(x, scale, bias, axis=axis, epsilon=epsilon)
    normal = _normal(x, math.prod(x.shape[:axis]), epsilon, True)
    return _scaled(normal, scale, bias)


def rms_norm(
    x: np.ndarray, scale: np.ndarray | None = None, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> np.ndarray:
    """As `norm.rms_norm`."""
    axis = axis_of(axis, x.ndim)
    if x.dtype != np.float32 or not x.size:
        return definition.rms_norm(x, scale, axis=axis, epsilon=epsilon)
    return _scaled(_normal(x, math.prod(x.shape[:axis]), epsilon, False), scale, None)


def instance_norm(x: np.ndarray, scale: np.ndarray, bias: np.ndarray, *, epsilon: float = 1e-5) -> np.ndarray:
    """As `norm.instance_norm`."""
    return group_norm(x, scale, bias, epsilon=epsilon, num_groups=x.shape[1])


def group_norm(
    x: np.ndarray,
    scale: np.ndarray,
    bias: np.ndarray,
    *,
    epsilon: float = 1e-5,
    num_groups: int = 1,
    stash_type: int = 1,
) -> np.ndarray:
    """As `norm.group_norm`."""
    if x.ndim < 2 or num_groups < 1 or x.shape[1] % num_groups:
        raise refused(f"{x.shape} in {num_groups} groups", "channels that can be divided")
    if x.dtype != np.float32 or not x.size:
        return definition.group_norm(x, scale, bias, epsilon=epsilon, num_groups=num_groups)
    sides = (-1, *[1] * (x.ndim - 2))
    scale, bias = (np.repeat(v, x.shape[1] // max(len(v), 1)).reshape(sides) for v in (scale, bias))
    return _scaled(_normal(x, len(x) * num_groups, epsilon, True), scale, bias)


def _normal(x: np.ndarray, groups: int, epsilon: float, centered: bool) -> np.ndarray:
    rows = np.ascontiguousarray(x).reshape(groups, -1)
    out = np.empty_like(rows)
    _normal_rows(rows, out, epsilon, centered)
    return out.reshape(x.shape)


def _scaled(normal: np.ndarray, scale: np.ndarray | None, bias: np.ndarray | None) -> np.ndarray:
    """Changes `normal`."""
    for step, values in ((np.multiply, scale), (np.add, bias)):
        if values is not None and broadcast(normal.shape, values.shape) == normal.shape:
            step(normal, values, out=normal)
        elif values is not None:
            raise refused(f"a scale of shape {values.shape} for {normal.shape}", "one that fits")
    return normal


@njit(GROUPS, nogil=True, cache=True, fastmath={"reassoc"})
def _normal_rows(rows, out, epsilon, centered):
    """Of each row: less its mean where `centered`, divided by the root of its mean square."""
    for row in range(rows.shape[0]):
        source, target = rows[row], out[row]
        count = len(source)
        mean = 0.0
        if centered:
            for col in range(count):
                mean += source[col]
            mean /= count
        squares = 0.0
        for col in range(count):
            less = source[col] - mean
            squares += less * less
        factor = 1.0 / math.sqrt(squares / count + epsilon)
        for col in range(count):
            target[col] = (source[col] - mean) * factor
