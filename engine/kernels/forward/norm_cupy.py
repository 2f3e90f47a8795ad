"""Norms in CUDA: those of `norm`, of float32."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..machine_cupy import CudaText, machine
from .bounds import axis_of, require_fit
from .norm import group_size, instance_norm_by, per_channel, slope_and_start

__all__ = ["TEXT", "batch_norm", "group_norm", "instance_norm", "layer_norm", "rms_norm"]

TEXT = CudaText("norm", ("normalize", "scale_shift"))
THREADS, GROUPS = 256, 8


def layer_norm(
    x: Any, scale: Any = None, bias: Any = None, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Any:
    """As `norm.layer_norm`."""
    return _of_last_axes(x, scale, bias, axis, epsilon, True)


def rms_norm(x: Any, scale: Any = None, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1) -> Any:
    """As `norm.rms_norm`."""
    return _of_last_axes(x, scale, None, axis, epsilon, False)


def batch_norm(
    x: Any,
    scale: Any,
    bias: Any,
    mean: Any,
    variance: Any,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    spatial: int = 1,
    training_mode: int = 0,
) -> Any:
    """As `norm.batch_norm`."""
    line = slope_and_start(x, scale, bias, mean, variance, epsilon, bool(spatial and not training_mode))
    gpu = machine()
    result = gpu.empty(x.shape, np.float32)
    if result.size:
        grid = (min(-(-int(result.size) // THREADS), GROUPS * gpu.processors),)
        numbers = (gpu.array(column.astype(np.float32)) for column in line)
        sizes = np.int64(math.prod(x.shape[2:])), np.int64(x.shape[1])
        gpu.launch(TEXT, "scale_shift", grid, THREADS, gpu.array(x), np.int64(result.size), *numbers, *sizes, result)
    return result


def group_norm(
    x: Any, scale: Any, bias: Any, *, epsilon: float = 1e-5, num_groups: int = 1, stash_type: int = 1
) -> Any:
    """As `norm.group_norm`."""
    group_size(x, num_groups)
    scale, bias = (per_channel(column, x) for column in (scale, bias))
    return _normalized(x, x.shape[0] * num_groups, epsilon, True, scale, bias, math.prod(x.shape[2:]))


instance_norm = instance_norm_by(group_norm)


def _of_last_axes(x: Any, scale: Any, bias: Any, axis: int, epsilon: float, centered: bool) -> Any:
    axis = axis_of(axis, x.ndim)
    own = x.shape[axis:]
    columns = []
    for what, column in (("a scale", scale), ("a bias", bias)):
        if column is not None and column.shape != own:
            require_fit(what, column.shape, own)
            column = np.broadcast_to(column, own)
        columns.append(column)
    return _normalized(x, math.prod(x.shape[:axis]), epsilon, centered, columns[0], columns[1], 1)


def _normalized(x: Any, rows: int, epsilon: float, centered: bool, scale: Any, bias: Any, per: int) -> Any:
    """Rows of all numbers; scale and bias are for each `per` numbers that follow each other, over and over."""
    gpu = machine()
    result = gpu.empty(x.shape, np.float32)
    if not result.size:
        return result
    own = gpu.array(x)
    columns = [own if column is None else gpu.array(column) for column in (scale, bias)]
    known = next((column for column in (scale, bias) if column is not None), None)
    period = 1 if known is None else max(int(known.size), 1)
    gpu.launch(
        TEXT, "normalize", (min(rows, GROUPS * gpu.processors),), THREADS,
        own, np.int64(rows), np.int64(result.size // rows), np.float64(epsilon), np.int32(centered), *columns,
        np.int32(scale is not None), np.int32(bias is not None), np.int64(max(per, 1)), np.int64(period), result,
    )  # fmt: skip
    return result
