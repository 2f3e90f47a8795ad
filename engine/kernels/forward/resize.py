"""Images of another size. The NumPy definition: the nearest pixel, or a mean of the nearest two along each axis.

Source: https://onnx.ai/onnx/operators/onnx__Resize.html.
"""

from __future__ import annotations

import numpy as np

from .bounds import axes_of, refused, require_size, whole
from .window import Ints

__all__ = ["resize"]


def resize(
    x: np.ndarray,
    roi: np.ndarray | None = None,
    scales: np.ndarray | None = None,
    sizes: np.ndarray | None = None,
    *,
    antialias: int = 0,
    axes: Ints = (),
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> np.ndarray:
    """x with each axis scaled, or of given sizes. Raises InputError."""
    if antialias or mode not in ("nearest", "linear") or keep_aspect_ratio_policy != "stretch":
        raise refused(f"mode {mode}, antialias {antialias}", "nearest or linear")
    chosen = axes_of(axes, x.ndim) if axes else tuple(range(x.ndim))
    factors, out = [1.0] * x.ndim, list(x.shape)
    if sizes is not None and sizes.size:
        for axis, size in zip(chosen, _as_many(whole(sizes), chosen), strict=True):
            out[axis], factors[axis] = size, size / max(x.shape[axis], 1)
    elif scales is not None and scales.size:
        for axis, factor in zip(chosen, _as_many(scales.astype(np.float64).reshape(-1).tolist(), chosen), strict=True):
            if not 0 < factor < 1 << 31:
                raise refused(f"the scale {factor}", "a positive number")
            out[axis], factors[axis] = int(np.float32(x.shape[axis]) * np.float32(factor)), factor
    else:
        raise refused("neither scales nor sizes", "one of both")
    require_size(out, x.dtype)
    for axis, (size, factor) in enumerate(zip(out, factors, strict=True)):
        if size == x.shape[axis] and factor == 1:
            continue
        require_size((*out[: axis + 1], *x.shape[axis + 1 :]), x.dtype)
        at = _places(size, x.shape[axis], factor, coordinate_transformation_mode)
        x = _nearest(x, axis, at, nearest_mode) if mode == "nearest" else _linear(x, axis, at)
    return x


def _as_many(values, axes):
    if len(values) != len(axes):
        raise refused(f"{len(values)} sizes", f"{len(axes)}")
    return values


def _places(size: int, before: int, factor: float, mode: str) -> np.ndarray:
    """(size,) float64: where each new pixel stands among the old ones."""
    at = np.arange(size, dtype=np.float64)
    if mode == "half_pixel" or (mode == "pytorch_half_pixel" and size > 1):
        return (at + 0.5) / factor - 0.5
    if mode == "pytorch_half_pixel":
        return at * 0
    if mode == "asymmetric":
        return at / factor
    if mode == "align_corners":
        return at * ((before - 1) / (size - 1) if size > 1 else 0)
    raise refused(f"coordinate_transformation_mode {mode}", "half_pixel, asymmetric or align_corners")


def _nearest(x: np.ndarray, axis: int, at: np.ndarray, mode: str) -> np.ndarray:
    rounded = {
        "round_prefer_floor": lambda: np.ceil(at - 0.5),
        "round_prefer_ceil": lambda: np.floor(at + 0.5),
        "floor": lambda: np.floor(at),
        "ceil": lambda: np.ceil(at),
    }.get(mode)
    if rounded is None:
        raise refused(f"nearest_mode {mode}", "one of ONNX")
    return np.take(x, np.clip(rounded(), 0, x.shape[axis] - 1).astype(np.int64), axis)


def _linear(x: np.ndarray, axis: int, at: np.ndarray) -> np.ndarray:
    at = np.clip(at, 0, x.shape[axis] - 1)
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, x.shape[axis] - 1)
    share = (at - low).astype(x.dtype).reshape(-1, *[1] * (x.ndim - axis - 1))
    below, above = np.take(x, low, axis), np.take(x, high, axis)
    return below * (x.dtype.type(1) - share) + above * share
