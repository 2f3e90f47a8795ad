"""Numbers brought to mean 0 and variance 1 in groups, compiled: a group is read while it is in the cache."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types

from . import norm as definition
from .bounds import axis_of

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
    return definition.scaled(_normal(x, math.prod(x.shape[:axis]), epsilon, True), scale, bias, in_place=True)


def rms_norm(
    x: np.ndarray, scale: np.ndarray | None = None, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> np.ndarray:
    """As `norm.rms_norm`."""
    axis = axis_of(axis, x.ndim)
    if x.dtype != np.float32 or not x.size:
        return definition.rms_norm(x, scale, axis=axis, epsilon=epsilon)
    return definition.scaled(_normal(x, math.prod(x.shape[:axis]), epsilon, False), scale, None, in_place=True)


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
    definition.group_size(x, num_groups)
    if x.dtype != np.float32 or not x.size:
        return definition.group_norm(x, scale, bias, epsilon=epsilon, num_groups=num_groups)
    sides = (-1, *[1] * (x.ndim - 2))
    scale, bias = (definition.per_channel(column, x).reshape(sides) for column in (scale, bias))
    return definition.scaled(_normal(x, len(x) * num_groups, epsilon, True), scale, bias, in_place=True)


instance_norm = definition.instance_norm_by(group_norm)


def _normal(x: np.ndarray, groups: int, epsilon: float, centered: bool) -> np.ndarray:
    rows = np.ascontiguousarray(x).reshape(groups, -1)
    out = np.empty_like(rows)
    _normal_rows(rows, out, epsilon, centered)
    return out.reshape(x.shape)


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
