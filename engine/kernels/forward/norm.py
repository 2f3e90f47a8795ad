"""Numbers brought to mean 0 and variance 1 in groups. The NumPy definition; means and variances in float64.

Source: https://onnx.ai/onnx/operators/onnx__LayerNormalization.html and its neighbors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .bounds import axis_of, refused, require_fit

__all__ = [
    *("batch_norm", "group_norm", "group_size", "instance_norm", "instance_norm_by", "layer_norm"),
    *("local_response_norm", "per_channel", "rms_norm", "scaled", "slope_and_start"),
]


def layer_norm(
    x: np.ndarray,
    scale: np.ndarray | None = None,
    bias: np.ndarray | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> np.ndarray:
    """Of the shape of x; each group is all from `axis` on. Raises InputError."""
    axes = tuple(range(axis_of(axis, x.ndim), x.ndim))
    return scaled(_normal(x, axes, epsilon), scale, bias)


def rms_norm(
    x: np.ndarray, scale: np.ndarray | None = None, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> np.ndarray:
    """Of the shape of x: divided by the root of the mean square of all from `axis` on. Raises InputError."""
    axes = tuple(range(axis_of(axis, x.ndim), x.ndim))
    if not x.size:
        return x
    wide = x.astype(np.float64)
    return scaled((wide / np.sqrt((wide * wide).mean(axes, keepdims=True) + epsilon)).astype(x.dtype), scale, None)


def batch_norm(
    x: np.ndarray,
    scale: np.ndarray,
    bias: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    spatial: int = 1,
    training_mode: int = 0,
) -> np.ndarray:
    """Of the shape of x, by the stored mean and variance of each channel. Raises InputError."""
    slope, start = slope_and_start(x, scale, bias, mean, variance, epsilon, bool(spatial and not training_mode))
    sides = (-1, *[1] * (x.ndim - 2))
    return x * slope.astype(x.dtype).reshape(sides) + start.astype(x.dtype).reshape(sides)


def group_norm(
    x: np.ndarray,
    scale: np.ndarray,
    bias: np.ndarray,
    *,
    epsilon: float = 1e-5,
    num_groups: int = 1,
    stash_type: int = 1,
) -> np.ndarray:
    """Of the shape of x (n, channels, ...); `num_groups` groups of channels. scale, bias: of channels or groups.

    Raises InputError.
    """
    size = group_size(x, num_groups)
    grouped = x.reshape(len(x), num_groups, size)
    normal = _normal(grouped, (2,), epsilon).reshape(x.shape)
    sides = (-1, *[1] * (x.ndim - 2))
    scale, bias = (per_channel(column, x).reshape(sides) for column in (scale, bias))
    return scaled(normal, scale, bias)


def instance_norm_by(group_norm: Callable[..., Any]) -> Callable[..., Any]:
    """`instance_norm`, by a version of `group_norm`."""

    def instance_norm(x: Any, scale: Any, bias: Any, *, epsilon: float = 1e-5) -> Any:
        """Of the shape of x; each channel of each image is a group. Raises InputError."""
        return group_norm(x, scale, bias, epsilon=epsilon, num_groups=math.prod(x.shape[1:2]))

    return instance_norm


instance_norm = instance_norm_by(group_norm)


def local_response_norm(
    x: np.ndarray, *, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0, size: int = 1
) -> np.ndarray:
    """Of the shape of x (n, channels, ...): divided by what the neighboring channels hold. Raises InputError."""
    if x.ndim < 2 or size < 1:
        raise refused(f"{x.shape}, size {size}", "channels and a size of 1 or more")
    squares, channels = np.square(x, dtype=np.float64), x.shape[1]
    sums = np.concatenate([np.zeros_like(squares[:, :1]), np.cumsum(squares, 1)], 1)
    middle = np.arange(channels)
    first = np.maximum(middle - (size - 1) // 2, 0)
    last = np.minimum(middle + size // 2, channels - 1)
    total = sums[:, last + 1] - sums[:, first]
    return (x / (bias + alpha / size * total) ** beta).astype(x.dtype)


def _normal(x: np.ndarray, axes: tuple[int, ...], epsilon: float) -> np.ndarray:
    if not x.size:
        return x
    wide = x.astype(np.float64)
    wide = wide - wide.mean(axes, keepdims=True)
    return (wide / np.sqrt((wide * wide).mean(axes, keepdims=True) + epsilon)).astype(x.dtype)


def scaled(normal: np.ndarray, scale: np.ndarray | None, bias: np.ndarray | None, in_place: bool = False) -> np.ndarray:
    """normal scale + bias, of its shape, `in_place` in its memory. Raises InputError where they do not fit."""
    for what, step, column in (("a scale", np.multiply, scale), ("a bias", np.add, bias)):
        if column is not None:
            require_fit(what, column.shape, normal.shape)
            normal = step(normal, column, out=normal if in_place else None)
    return normal


def group_size(x: Any, num_groups: int) -> int:
    """Numbers of a group of an image. Raises InputError where channels cannot be divided."""
    if x.ndim < 2 or num_groups < 1 or x.shape[1] % num_groups:
        raise refused(f"{x.shape} in {num_groups} groups", "channels that can be divided")
    return math.prod(x.shape[1:]) // num_groups


def per_channel(column: Any, x: Any) -> Any:
    """(channels,): that of each channel, or of the group that it is in. Raises InputError."""
    repeated = np.repeat(column, x.shape[1] // max(column.size, 1))
    if repeated.size != x.shape[1]:
        raise refused(f"a scale of shape {column.shape} for {x.shape}", "one for each channel or group")
    return repeated


def slope_and_start(
    x: Any, scale: Any, bias: Any, mean: Any, variance: Any, epsilon: float, is_stored: bool
) -> tuple[Any, Any]:
    """(channels,) float64 each: what `batch_norm` multiplies with, and adds. Raises InputError."""
    if x.ndim < 2 or not is_stored or any(v.shape != x.shape[1:2] for v in (scale, bias, mean, variance)):
        raise refused(f"{x.shape} with a scale of shape {scale.shape}", "stored numbers for each channel")
    slope = scale / np.sqrt(variance.astype(np.float64) + epsilon)
    return slope, bias - mean * slope
