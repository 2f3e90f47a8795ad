"""Pooling in CUDA: that of `pool`, of float32; over more than three axes in host memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..machine_cupy import CudaText, Machine, machine
from . import pool as definition
from .conv_cupy import AXES, three
from .host_memory import through_host
from .window import Ints, Window

__all__ = ["TEXT", "average_pool", "global_average_pool", "global_max_pool", "max_pool"]

TEXT = CudaText("pool", tuple(f"{kernel}<{mean}>" for kernel in ("pool", "pool_rows") for mean in ("false", "true")))
THREADS, GROUPS = 256, 16


def max_pool(
    x: Any,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Ints = (),
    kernel_shape: Ints = (),
    pads: Ints = (),
    storage_order: int = 0,
    strides: Ints = (),
) -> Any:
    """As `pool.max_pool`."""
    window = definition.pool_window(x, kernel_shape, strides, pads, dilations, auto_pad, ceil_mode)
    if x.ndim > AXES + 2:
        settings: dict[str, Any] = {"auto_pad": auto_pad, "ceil_mode": ceil_mode, "dilations": dilations, "pads": pads}
        return through_host(definition.max_pool, x, kernel_shape=kernel_shape, strides=strides, **settings)
    return _pooled(machine(), "false", x, window, 0)


def average_pool(
    x: Any,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: Ints = (),
    kernel_shape: Ints = (),
    pads: Ints = (),
    strides: Ints = (),
) -> Any:
    """As `pool.average_pool`."""
    window = definition.pool_window(x, kernel_shape, strides, pads, dilations, auto_pad, ceil_mode)
    if x.ndim > AXES + 2:
        settings: dict[str, Any] = {"auto_pad": auto_pad, "ceil_mode": ceil_mode, "dilations": dilations, "pads": pads}
        settings |= {"kernel_shape": kernel_shape, "strides": strides, "count_include_pad": count_include_pad}
        return through_host(definition.average_pool, x, **settings)
    return _pooled(machine(), "true", x, window, int(bool(count_include_pad)))


def global_average_pool(x: Any) -> Any:
    """As `pool.global_average_pool`."""
    return _rows(machine(), "true", x)


def global_max_pool(x: Any) -> Any:
    """As `pool.global_max_pool`."""
    return _rows(machine(), "false", x)


def _pooled(gpu: Machine, mean: str, x: Any, window: Window, with_padding: int) -> Any:
    result = gpu.empty((*x.shape[:2], *window.out), np.float32)
    if not result.size:
        return result
    sides = (x.shape[2:], window.kernel, window.strides, window.dilations)
    padded = [*(three(side, 1) for side in sides), *(three(side, 0) for side in (window.before, window.after))]
    geometry = gpu.from_host(np.array([*padded, three(window.out, 1)], np.int32))
    channels = np.int64(x.shape[0] * x.shape[1])
    grid = (min(-(-int(result.size) // THREADS), GROUPS * gpu.processors),)
    gpu.launch(TEXT, f"pool<{mean}>", grid, THREADS, gpu.array(x), channels, geometry, np.int32(with_padding), result)
    return result


def _rows(gpu: Machine, mean: str, x: Any) -> Any:
    places = definition.places_of(x)
    rows = x.shape[0] * x.shape[1]
    result = gpu.empty((*x.shape[:2], *[1] * len(places)), np.float32)
    if not rows:
        return result
    grid = (min(-(-rows * 32 // THREADS), GROUPS * gpu.processors),)
    sizes = np.int64(rows), np.int64(math.prod(x.shape[2:]))
    gpu.launch(TEXT, f"pool_rows<{mean}>", grid, THREADS, gpu.array(x), *sizes, result)
    return result
