"""Arrays out of numbers that say where, how many or of which type. Plain NumPy.

Source: https://onnx.ai/onnx/operators/, one page each.
"""

from __future__ import annotations

import math

import numpy as np

from .bounds import axis_of, refused, require_size, whole

__all__ = [
    *("as_type", "cast_like", "constant_of_shape", "gather", "gather_elements", "gather_nd", "inside", "non_zero"),
    *("one_hot", "range_", "shape_of", "size_of", "top_k", "trilu"),
]

TYPES = {
    *("float32", "float64", "bool"),
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
}


def as_type(x: np.ndarray, *, to: str = "float32") -> np.ndarray:
    """In another type. Numbers of float16 and bfloat16 are rounded as those are, and kept in float32.

    Raises InputError.
    """
    if to == "float16":
        return x.astype(np.float16).astype(np.float32)
    if to == "bfloat16":
        bits = x.astype(np.float32).view(np.uint32).astype(np.uint64)
        rounded = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
        return np.where(np.isnan(x), x, rounded.astype(np.uint32).view(np.float32)).astype(np.float32)
    if to not in TYPES:
        raise refused(f"the type {to}", "numbers")
    return x.astype(to)


def cast_like(x: np.ndarray, other: np.ndarray) -> np.ndarray:
    """In the type of another."""
    return x.astype(other.dtype)


def gather(table: np.ndarray, places: np.ndarray, *, axis: int = 0) -> np.ndarray:
    """What stands at places along an axis, as of an embedding. Raises InputError."""
    axis = axis_of(axis, table.ndim)
    require_size((*table.shape[:axis], *places.shape, *table.shape[axis + 1 :]), table.dtype)
    return np.take(table, inside(places, table.shape[axis]), axis)


def gather_elements(x: np.ndarray, places: np.ndarray, *, axis: int = 0) -> np.ndarray:
    """Of the shape of `places`: what stands at each along an axis. Raises InputError."""
    axis = axis_of(axis, x.ndim)
    if places.ndim != x.ndim:
        raise refused(f"places {places.shape} in {x.shape}", "one rank")
    cut = tuple(slice(None) if k == axis else slice(0, size) for k, size in enumerate(places.shape))
    return np.take_along_axis(x[cut], inside(places, x.shape[axis]), axis)


def gather_nd(x: np.ndarray, places: np.ndarray, *, batch_dims: int = 0) -> np.ndarray:
    """What stands at places given by several numbers each. Raises InputError."""
    depth = places.shape[-1] if places.ndim else 0
    if batch_dims or not 1 <= depth <= x.ndim:
        raise refused(f"places of shape {places.shape}, batch_dims {batch_dims}", "no batch axes")
    require_size((*places.shape[:-1], *x.shape[depth:]), x.dtype)
    return x[tuple(inside(places[..., k], x.shape[k]) for k in range(depth))]


def one_hot(places: np.ndarray, depth: np.ndarray, values: np.ndarray, *, axis: int = -1) -> np.ndarray:
    """A further axis, that holds the second value at each place and the first one elsewhere. Raises InputError."""
    size, at = int(depth.reshape(-1)[0]), axis_of(axis, places.ndim + 1)
    require_size((*places.shape, max(size, 0)), values.dtype)
    chosen = np.where(places < 0, places + size, places).astype(np.int64)
    is_there = np.arange(size).reshape(-1, *[1] * (places.ndim - at)) == np.expand_dims(chosen, at)
    return np.where(is_there, values[1], values[0])


def non_zero(x: np.ndarray) -> np.ndarray:
    """(axes, found) int64: where numbers are not 0."""
    return np.array(np.nonzero(np.atleast_1d(x)), np.int64)


def top_k(
    x: np.ndarray, count: np.ndarray, *, axis: int = -1, largest: int = 1, sorted: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """(the largest numbers along an axis, largest first; where they stood, int64). Raises InputError."""
    axis, k = axis_of(axis, x.ndim), int(count.reshape(-1)[0])
    if not 0 <= k <= x.shape[axis]:
        raise refused(f"{k} of {x.shape[axis]}", "not more than there are")
    order = np.argsort(-x if largest and x.dtype.kind == "f" else ~x if largest else x, axis, kind="stable")
    order = np.take(order, np.arange(k), axis)
    return np.take_along_axis(x, order, axis), order.astype(np.int64)


def trilu(x: np.ndarray, k: np.ndarray | None = None, *, upper: int = 1) -> np.ndarray:
    """The upper or lower triangle of matrices, 0 elsewhere. Raises InputError."""
    if x.ndim < 2:
        raise refused(f"shape {x.shape}", "matrices")
    diagonal = 0 if k is None else max(-x.shape[-2] - 1, min(x.shape[-1] + 1, int(k.reshape(-1)[0])))
    return np.triu(x, diagonal) if upper else np.tril(x, diagonal)


def shape_of(x: np.ndarray, *, start: int = 0, end: int = 1 << 31) -> np.ndarray:
    """int64: the shape."""
    return np.array(x.shape[start:end], np.int64)


def size_of(x: np.ndarray) -> np.ndarray:
    """int64: how many elements."""
    return np.array(x.size, np.int64)


def constant_of_shape(shape: np.ndarray, value: np.ndarray | None = None) -> np.ndarray:
    """One value everywhere, 0 where none is given. Raises InputError."""
    value = np.zeros(1, np.float32) if value is None else value
    return np.full(require_size(whole(shape), value.dtype), value.reshape(-1)[0], value.dtype)


def range_(start: np.ndarray, limit: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """Numbers from the start on, each by delta more, before the limit. Raises InputError."""
    first, last, step = (float(number.reshape(-1)[0]) for number in (start, limit, delta))
    if not step or not all(map(math.isfinite, (first, last, step))):
        raise refused(f"a range from {first} to {last} by {step}", "finite numbers and a step")
    (count,) = require_size([max(0, math.ceil((last - first) / step))], np.dtype(np.int64))
    return (start.reshape(-1)[0] + delta.reshape(-1)[0] * np.arange(count)).astype(start.dtype)


def inside(places: np.ndarray, size: int) -> np.ndarray:
    """Places along an axis of `size`, int64, counted from the first. Raises InputError where one is not there."""
    if places.dtype.kind not in "iu":
        raise refused(f"places of type {places.dtype.name}", "integers")
    require_size(places.shape, np.dtype(np.int64))
    if places.size and not -size <= int(places.min()) <= int(places.max()) < size:  # before uint64 becomes int64
        raise refused(f"places from {places.min()} to {places.max()}", f"less than {size}")
    rows = places.astype(np.int64)
    return np.where(rows < 0, rows + size, rows)
