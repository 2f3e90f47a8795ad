"""Pooling, compiled: one pass over the places. Other than one or two axes, or rounded up: the definition."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types

from . import pool as definition
from .pool import lowest, pool_window
from .window import Ints, Window

__all__ = ["average_pool", "max_pool"]

IMAGES = types.Array(types.float32, 4, "C", readonly=True)
POOL = types.void(IMAGES, types.float32[:, :, :, ::1], *[types.int64] * 6)


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
    """As `pool.max_pool`."""
    window = pool_window(x, kernel_shape, strides, pads, dilations, auto_pad, ceil_mode)
    if x.ndim != 4 or x.dtype != np.float32:
        settings: dict[str, Any] = {"auto_pad": auto_pad, "ceil_mode": ceil_mode, "dilations": dilations, "pads": pads}
        return definition.max_pool(x, kernel_shape=kernel_shape, strides=strides, **settings)
    out = np.empty((*x.shape[:2], *window.out), np.float32)
    _largest(_padded(x, window, lowest(x.dtype)), out, *window.kernel, *window.strides, *window.dilations)
    return out


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
    """As `pool.average_pool`."""
    window = pool_window(x, kernel_shape, strides, pads, dilations, auto_pad, ceil_mode)
    if x.ndim != 4 or x.dtype != np.float32:
        settings: dict[str, Any] = {"auto_pad": auto_pad, "ceil_mode": ceil_mode, "dilations": dilations, "pads": pads}
        settings |= {"kernel_shape": kernel_shape, "strides": strides}
        return definition.average_pool(x, count_include_pad=count_include_pad, **settings)
    out = np.empty((*x.shape[:2], *window.out), np.float32)
    count = np.empty((1, 1, *window.out), np.float32)
    places = *window.kernel, *window.strides, *window.dilations
    _sum(_padded(x, window, 0), out, *places)
    ones = window.padded(np.ones((1, 1, *x.shape[2:]), np.float32), 1 if count_include_pad else 0, 0)
    _sum(np.ascontiguousarray(ones), count, *places)
    out /= count
    return out


def _padded(x: np.ndarray, window: Window, value: float) -> np.ndarray:
    return np.ascontiguousarray(window.padded(x, value))


@njit(POOL, nogil=True, cache=True)
def _largest(images, out, kernel_y, kernel_x, stride_y, stride_x, step_y, step_x):
    for n in range(out.shape[0]):
        for channel in range(out.shape[1]):
            for row in range(out.shape[2]):
                target = out[n, channel, row]
                target[:] = -np.inf
                for ky in range(kernel_y):
                    source = images[n, channel, row * stride_y + ky * step_y]
                    for kx in range(kernel_x):
                        for col in range(len(target)):
                            number = source[kx * step_x + col * stride_x]
                            if number > target[col] or number != number:
                                target[col] = number


@njit(POOL, nogil=True, cache=True)
def _sum(images, out, kernel_y, kernel_x, stride_y, stride_x, step_y, step_x):
    for n in range(out.shape[0]):
        for channel in range(out.shape[1]):
            for row in range(out.shape[2]):
                target = out[n, channel, row]
                target[:] = np.float32(0)
                for ky in range(kernel_y):
                    source = images[n, channel, row * stride_y + ky * step_y]
                    for kx in range(kernel_x):
                        for col in range(len(target)):
                            target[col] += source[kx * step_x + col * stride_x]
