"""Pooling: the largest or the mean of what a window sees. The NumPy definition.

Source: https://onnx.ai/onnx/operators/onnx__MaxPool.html, onnx__AveragePool.html.
"""

from __future__ import annotations

import numpy as np

from .bounds import refused, require_size
from .window import Ints, Window

__all__ = ["average_pool", "global_average_pool", "global_max_pool", "lowest", "max_pool", "places_of", "pool_window"]


def max_pool(
    x: np.ndarray,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Ints = (),
    kernel_shape: Ints = (),
    pads: Ints = (),
    storage_order: int = 0,
    strides: Ints = (),
) -> np.ndarray:
    """(n, channels, *out): the largest number in each window. Raises InputError."""
    window = pool_window(x, kernel_shape, strides, pads, dilations, auto_pad, ceil_mode)
    best = np.full((*x.shape[:2], *window.out), lowest(x.dtype), x.dtype)
    for _, seen in window.taps(window.padded(x, lowest(x.dtype))):
        np.maximum(best, seen, out=best)
    return best


def average_pool(
    x: np.ndarray,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: Ints = (),
    kernel_shape: Ints = (),
    pads: Ints = (),
    strides: Ints = (),
) -> np.ndarray:
    """(n, channels, *out): the mean of each window, of what lies inside the array (or its padding).

    Raises InputError.
    """
    window = pool_window(x, kernel_shape, strides, pads, dilations, auto_pad, ceil_mode)
    total = np.zeros((*x.shape[:2], *window.out), x.dtype)
    for _, seen in window.taps(window.padded(x, 0)):
        total += seen
    ones = window.padded(np.ones((1, 1, *x.shape[2:]), x.dtype), 1 if count_include_pad else 0, 0)
    count = sum(seen for _, seen in window.taps(ones))
    return total / np.asarray(count, x.dtype)


def global_average_pool(x: np.ndarray) -> np.ndarray:
    """(n, channels, 1, ...): the mean over all places."""
    return x.mean(axis=places_of(x), keepdims=True)


def global_max_pool(x: np.ndarray) -> np.ndarray:
    """(n, channels, 1, ...): the largest of all places."""
    return x.max(axis=places_of(x), keepdims=True)


def pool_window(
    x: np.ndarray, kernel: Ints, strides: Ints, pads: Ints, dilations: Ints, auto_pad: str, ceil_mode: int
) -> Window:
    """The window of a pooling, after checking that it fits. Raises InputError."""
    places = places_of(x)
    if len(kernel) != len(places):
        raise refused(f"kernel_shape {kernel}", f"{len(places)} numbers")
    window = Window.of(x.shape[2:], kernel, strides, pads, dilations, auto_pad, ceil_mode)
    require_size((*x.shape[:2], *window.out), x.dtype)
    return window


def lowest(dtype: np.dtype) -> float:
    """What no number of a type is below."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def places_of(x: np.ndarray) -> tuple[int, ...]:
    """The axes of places. Raises InputError where there are none, or no place along one."""
    if x.ndim < 3:
        raise refused(f"an array of shape {x.shape}", "images, channels and places")
    if 0 in x.shape[2:]:
        raise refused(f"an array of shape {x.shape}", "one place or more")
    return tuple(range(2, x.ndim))
