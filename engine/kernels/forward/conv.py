"""Convolution over any number of axes. The NumPy definition: for each place of the window, one product of matrices.

Source: https://onnx.ai/onnx/operators/onnx__Conv.html, onnx__ConvTranspose.html.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .bounds import refused, require_size
from .window import Ints, Window, padding, per_axis, require_few

__all__ = ["conv", "conv_transpose", "conv_window"]


def conv(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints = (),
    group: int = 1,
    kernel_shape: Ints = (),
    pads: Ints = (),
    strides: Ints = (),
) -> np.ndarray:
    """(n, o, *out). x (n, c, *places), weight (o, c / group, *kernel), bias (o,). Raises InputError."""
    window = conv_window(x, weight, bias, auto_pad, dilations, group, kernel_shape, pads, strides)
    n, outputs, inputs = len(x), len(weight), weight.shape[1]
    shape = require_size((n, outputs, *window.out), x.dtype)
    total = np.zeros((n, group, outputs // group, math.prod(window.out)), x.dtype)
    grouped = weight.reshape(group, outputs // group, inputs, *window.kernel)
    for tap, seen in window.taps(window.padded(x, 0)):
        columns = seen.reshape(n, group, inputs, -1)
        factors = _at(grouped, tap)
        total += factors @ columns if inputs > 1 else factors * columns
    total = total.reshape(shape)
    return total if bias is None else total + bias.reshape(-1, *[1] * len(window.out))


def conv_window(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    auto_pad: str,
    dilations: Ints,
    group: int,
    kernel_shape: Ints,
    pads: Ints,
    strides: Ints,
) -> Window:
    """The window of a convolution, after checking that all fits. Raises InputError."""
    if x.ndim < 3 or weight.ndim != x.ndim or x.dtype != weight.dtype:
        raise refused(f"{x.dtype}{x.shape} with weights {weight.dtype}{weight.shape}", "one rank of 3 or more")
    if group < 1 or x.shape[1] != weight.shape[1] * group or len(weight) % group:
        raise refused(f"{x.shape[1]} channels, weights {weight.shape}, {group} groups", "channels that fit")
    if kernel_shape and kernel_shape != weight.shape[2:]:
        raise refused(f"kernel_shape {kernel_shape}", f"that of the weights, {weight.shape[2:]}")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise refused(f"a bias of shape {bias.shape}", f"{weight.shape[:1]}")
    return Window.of(x.shape[2:], weight.shape[2:], strides, pads, dilations, auto_pad)


def conv_transpose(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints = (),
    group: int = 1,
    kernel_shape: Ints = (),
    output_padding: Ints = (),
    output_shape: Ints = (),
    pads: Ints = (),
    strides: Ints = (),
) -> np.ndarray:
    """(n, o, *out): each place of x spreads its window. x (n, c, *places), weight (c, o / group, *kernel).

    Raises InputError.
    """
    rank, (n, channels) = x.ndim - 2, x.shape[:2]
    if rank < 1 or weight.ndim != x.ndim or group < 1 or channels % group or len(weight) != channels or output_shape:
        raise refused(f"{x.shape} with weights {weight.shape}, {group} groups", "channels that fit, no output_shape")
    kernel, outputs = weight.shape[2:], weight.shape[1] * group
    require_few(kernel)
    if bias is not None and bias.shape != (outputs,):
        raise refused(f"a bias of shape {bias.shape}", f"{(outputs,)}")
    steps, gaps = per_axis(strides, rank, 1, "strides"), per_axis(dilations, rank, 1, "dilations")
    more = tuple(output_padding) or (0,) * rank
    if len(more) != rank or min(more) < 0:
        raise refused(f"output_padding {more}", f"{rank} numbers that are not negative")
    sizes = zip(x.shape[2:], kernel, steps, gaps, more, strict=True)
    full = tuple((size - 1) * s + (k - 1) * d + 1 + p for size, k, s, d, p in sizes)
    sides = zip(full, x.shape[2:], steps, strict=True)
    before, after = padding(tuple(max(0, size - place * step) for size, place, step in sides), pads, auto_pad)
    if any(a + b > size for a, b, size in zip(before, after, full, strict=True)):
        raise refused(f"pads {before + after}", f"some that leave something of {full}")
    total = np.zeros(require_size((n, outputs, *full), x.dtype), x.dtype)
    grouped = weight.reshape(group, channels // group, weight.shape[1], *kernel)
    columns = x.reshape(n, group, channels // group, -1)
    for tap, seen in Window(kernel, steps, gaps, before, after, more, x.shape[2:]).taps(total):
        seen += (np.swapaxes(_at(grouped, tap), 1, 2) @ columns).reshape(seen.shape)
    left: tuple[Any, ...] = tuple(slice(a, size - b) for a, b, size in zip(before, after, full, strict=True))
    total = total[(slice(None), slice(None), *left)]
    return np.ascontiguousarray(total) if bias is None else total + bias.reshape(-1, *[1] * rank)


def _at(weights: np.ndarray, tap: Ints) -> np.ndarray:
    """(groups, outputs, inputs): the weights of one place of the window."""
    where: tuple[Any, ...] = (slice(None), slice(None), slice(None), *tap)
    return weights[where]
