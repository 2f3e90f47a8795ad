"""Convolution, compiled: what each place sees is laid out in columns and multiplied by BLAS at once; where a group has
few outputs there is little to multiply, and the sums are made directly. Other than one or two axes: the definition.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, types

from . import conv as definition
from .bounds import require_size
from .conv import conv_window
from .window import Ints, Window

__all__ = ["conv"]

AT_ONCE = 1 << 18  # numbers in columns, so that they stay in a cache
FEW = 8  # outputs of a group, for which columns would cost more than they save
IMAGES = types.Array(types.float32, 4, "C", readonly=True)


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
    """As `conv.conv`."""
    window = conv_window(x, weight, bias, auto_pad, dilations, group, kernel_shape, pads, strides)
    if x.ndim > 4 or x.dtype != np.float32:
        settings: dict[str, Any] = {"dilations": dilations, "group": group, "pads": pads, "strides": strides}
        return definition.conv(x, weight, bias, auto_pad=auto_pad, **settings)
    shape = require_size((len(x), len(weight), *window.out), x.dtype)
    if math.prod(window.kernel) == 1 and group == 1 and not any(window.before + window.after):
        steps = (slice(None), slice(None), *(slice(None, None, step) for step in window.strides))
        out = weight.reshape(len(weight), -1) @ x[steps].reshape(*x.shape[:2], -1)
    else:
        flat = _flat(window)
        out = np.empty((len(x), len(weight), *flat.out), np.float32)
        images = _as_images(window.padded(x, 0))
        kernels = np.ascontiguousarray(weight.reshape(*weight.shape[:2], *flat.kernel))
        if len(weight) // group <= FEW:
            _directly(images, kernels, out, group, *flat.strides, *flat.dilations)
        else:
            _by_columns(images, kernels, out, flat, group)
    out = out.reshape(shape)
    if bias is not None:
        out += bias.reshape(-1, *[1] * len(window.out))
    return out


def _as_images(x: np.ndarray) -> np.ndarray:
    """Sequences are images of one row."""
    return np.ascontiguousarray(x.reshape(*x.shape[:2], 1, -1) if x.ndim == 3 else x)


def _flat(window: Window) -> Window:
    if len(window.kernel) == 2:
        return window
    one, none = (1,), (0,)
    return Window(
        one + window.kernel,
        one + window.strides,
        one + window.dilations,
        none + window.before,
        none + window.after,
        none + window.beyond,
        one + window.out,
    )


def _by_columns(images: np.ndarray, kernels: np.ndarray, out: np.ndarray, window: Window, group: int) -> None:
    outputs, inputs = len(kernels) // group, kernels.shape[1]
    height, width = window.out
    taps = inputs * math.prod(window.kernel)
    rows = max(1, min(height, AT_ONCE // max(1, taps * width)))
    columns = np.empty((taps, rows * width), np.float32)
    matrices = kernels.reshape(group, outputs, taps)
    for image, result in zip(images, out, strict=True):
        for k in range(group):
            seen = image[k * inputs : (k + 1) * inputs]
            own = result[k * outputs : (k + 1) * outputs].reshape(outputs, -1)
            for first in range(0, height, rows):
                count = min(rows, height - first)
                here = columns[:, : count * width] if count == rows else np.empty((taps, count * width), np.float32)
                _columns(seen, here, first, width, *window.kernel, *window.strides, *window.dilations)
                if count == height:
                    np.matmul(matrices[k], here, out=own)
                else:
                    own[:, first * width : (first + count) * width] = matrices[k] @ here


@njit(
    types.void(types.Array(types.float32, 3, "C", readonly=True), types.float32[:, ::1], *[types.int64] * 8),
    nogil=True,
    cache=True,
)
def _columns(image, columns, first, width, kernel_y, kernel_x, stride_y, stride_x, step_y, step_x):
    """columns (channels * kernel, rows * width): what each place of the rows from `first` on sees."""
    rows = columns.shape[1] // max(width, 1)
    line = 0
    for channel in range(image.shape[0]):
        for ky in range(kernel_y):
            for kx in range(kernel_x):
                target = columns[line]
                for row in range(rows):
                    source = image[channel, (first + row) * stride_y + ky * step_y]
                    start, at = row * width, kx * step_x
                    if stride_x == 1:
                        for col in range(width):
                            target[start + col] = source[at + col]
                    else:
                        for col in range(width):
                            target[start + col] = source[at + col * stride_x]
                line += 1


@njit(types.void(IMAGES, IMAGES, types.float32[:, :, :, ::1], *[types.int64] * 5), nogil=True, cache=True)
def _directly(images, kernels, out, group, stride_y, stride_x, step_y, step_x):
    """Sums without columns. Loops in this order let the last one work on many places at once."""
    outputs, height, width = out.shape[1] // max(group, 1), out.shape[2], out.shape[3]
    inputs = kernels.shape[1]
    for n in range(images.shape[0]):
        for k in range(out.shape[1]):
            first = k // outputs * inputs
            for row in range(height):
                target = out[n, k, row]
                target[:] = np.float32(0)
                for channel in range(inputs):
                    for ky in range(kernels.shape[2]):
                        source = images[n, first + channel, row * stride_y + ky * step_y]
                        for kx in range(kernels.shape[3]):
                            factor, at = kernels[k, channel, ky, kx], kx * step_x
                            if stride_x == 1:
                                for col in range(width):
                                    target[col] += factor * source[at + col]
                            else:
                                for col in range(width):
                                    target[col] += factor * source[at + col * stride_x]
