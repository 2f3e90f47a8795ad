"""Pooling in CUDA: that of `pool`, of float32 over up to three axes; others go by the definition."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..machine_cupy import CudaText, Machine, machine
from . import pool as definition
from .bounds import refused
from .conv_cupy import AXES, three
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
    if x.dtype != np.float32 or x.ndim > AXES + 2:
        settings: dict[str, Any] = {"auto_pad": auto_pad, "ceil_mode": ceil_mode, "dilations": dilations, "pads": pads}
        return definition.max_pool(x, kernel_shape=kernel_shape, strides=strides, **settings)
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
    if x.dtype != np.float32 or x.ndim > AXES + 2:
        raise refused(f"{x.dtype}{x.shape} on a GPU", "float32 of at most three axes")
    return _pooled(machine(), "true", x, window, int(bool(count_include_pad)))


def global_average_pool(x: Any) -> Any:
    """As `pool.global_average_pool`."""
    return _rows(machine(), "true", x) if x.dtype == np.float32 else definition.global_average_pool(x)


def global_max_pool(x: Any) -> Any:
    """As `pool.global_max_pool`."""
    return _rows(machine(), "false", x) if x.dtype == np.float32 else definition.global_max_pool(x)


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
    if x.ndim < 3 or not x.size:
        raise refused(f"an array of shape {x.shape}", "images, channels and places")
    rows = x.shape[0] * x.shape[1]
    result = gpu.empty((*x.shape[:2], *[1] * (x.ndim - 2)), np.float32)
    grid = (min(-(-rows * 32 // THREADS), GROUPS * gpu.processors),)
    sizes = np.int64(rows), np.int64(math.prod(x.shape[2:]))
    gpu.launch(TEXT, f"pool_rows<{mean}>", grid, THREADS, gpu.array(x), *sizes, result)
    return result
