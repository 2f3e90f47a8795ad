"""Convolution in CUDA: that of `conv`, of float32; over more than three axes in host memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..machine_cupy import CudaText, machine
from . import conv as definition
from .bounds import require_size
from .host_memory import through_host
from .window import Ints

__all__ = ["TEXT", "conv", "three"]

TEXT = CudaText("conv", ("convolve",))
SIDE, THREADS, AXES = 64, 256, 3


def conv(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints = (),
    group: int = 1,
    kernel_shape: Ints = (),
    pads: Ints = (),
    strides: Ints = (),
) -> Any:
    """As `conv.conv`."""
    window = definition.conv_window(x, weight, bias, auto_pad, dilations, group, kernel_shape, pads, strides)
    if x.ndim > AXES + 2:
        settings: dict[str, Any] = {
            "auto_pad": auto_pad,
            "dilations": dilations,
            "group": group,
            "pads": pads,
            "strides": strides,
        }
        return through_host(definition.conv, x, weight, bias, **settings)
    gpu = machine()
    images, outputs = x.shape[0], weight.shape[0]
    result = gpu.empty(require_size((images, outputs, *window.out), x.dtype), np.float32)
    if not result.size:
        return result
    sides = (x.shape[2:], window.kernel, window.strides, window.dilations)
    padded = [three(side, 1) for side in sides] + [three(window.before, 0), three(window.out, 1)]
    geometry = np.array([images, x.shape[1], outputs, group, *(n for side in padded for n in side)], np.int32)
    columns, rows = images * math.prod(window.out), outputs // group
    grid = (-(-columns // SIDE), -(-rows // SIDE), group)
    own = gpu.array(weight)
    added = own if bias is None else gpu.array(bias)
    has_bias = np.int32(bias is not None)
    gpu.launch(TEXT, "convolve", grid, THREADS, gpu.array(x), own, added, has_bias, gpu.from_host(geometry), result)
    return result


def three(sides: Ints, otherwise: int) -> Ints:
    """Of three axes, the last ones as given."""
    return (otherwise,) * (AXES - len(sides)) + tuple(sides)
