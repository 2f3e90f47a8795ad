"""Numbers brought to mean 0 and variance 1 in groups. The NumPy definition; means and variances in float64.

Source: https://onnx.ai/onnx/operators/onnx__LayerNormalization.html and its neighbors.
"""

from __future__ import annotations

import math

import numpy as np

from .bounds import axis_of, refused

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]


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
    return _scaled(_normal(x, axes, epsilon), scale, bias)


def rms_norm(
    x: np.ndarray, scale: np.ndarray | None = None, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> np.ndarray:
    """Of the shape of x: divided by the root of the mean square of all from `axis` on. Raises InputError."""
    axes = tuple(range(axis_of(axis, x.ndim), x.ndim))
    if not x.size:
        return x
    wide = x.astype(np.float64)
    return _scaled((wide / np.sqrt((wide * wide).mean(axes, keepdims=True) + epsilon)).astype(x.dtype), scale, None)


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
    channels = x.shape[1:2]
    if x.ndim < 2 or training_mode or not spatial or any(v.shape != channels for v in (scale, bias, mean, variance)):
        raise refused(f"{x.shape} with a scale of shape {scale.shape}", "stored numbers for each channel")
    slope = scale / np.sqrt(variance.astype(np.float64) + epsilon)
    start = bias - mean * slope
    sides = (-1, *[1] * (x.ndim - 2))
    return x * slope.astype(x.dtype).reshape(sides) + start.astype(x.dtype).reshape(sides)


def instance_norm(x: np.ndarray, scale: np.ndarray, bias: np.ndarray, *, epsilon: float = 1e-5) -> np.ndarray:
    """Of the shape of x; each channel of each image is a group. Raises InputError."""
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
    """Of the shape of x (n, channels, ...); `num_groups` groups of channels. scale, bias: of channels or groups.

    Raises InputError.
    """
    if x.ndim < 2 or num_groups < 1 or x.shape[1] % num_groups:
        raise refused(f"{x.shape} in {num_groups} groups", "channels that can be divided")
    grouped = x.reshape(len(x), num_groups, math.prod(x.shape[1:]) // num_groups)
    normal = _normal(grouped, (2,), epsilon).reshape(x.shape)
    sides = (-1, *[1] * (x.ndim - 2))
    scale, bias = (np.repeat(v, x.shape[1] // max(len(v), 1)).reshape(sides) for v in (scale, bias))
    return _scaled(normal, scale, bias)


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


def _scaled(normal: np.ndarray, scale: np.ndarray | None, bias: np.ndarray | None) -> np.ndarray:
    if scale is not None:
        normal = normal * scale
    if bias is not None:
        normal = normal + bias
    return normal
