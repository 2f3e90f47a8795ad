"""Limits against hostile settings and shapes, and the errors that say what a layer cannot be run with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from ..errors import InputError

__all__ = [
    *("MOST_BYTES", "MOST_TAPS", "RANK", "axes_of", "axis_of", "broadcast", "refused", "require_fit", "require_size"),
    *("shown", "whole"),
]

MOST_BYTES = 1 << 30  # one array that a layer gives or needs on its way
MOST_TAPS = 1 << 14  # places of one window
RANK = 16  # axes


def refused(found: object, expected: str) -> InputError:
    """The error that says why a layer cannot be run."""
    return InputError("run", "run_setting", found=str(found), expected=expected)


def require_size(shape: Iterable[int], dtype: np.dtype) -> tuple[int, ...]:
    """The shape, checked before anything of it is made. Raises InputError."""
    sides = tuple(int(side) for side in shape)
    if len(sides) > RANK:
        raise refused(f"{len(sides)} axes", f"at most {RANK}")
    if min(sides, default=0) < 0:
        raise refused(f"the shape {shown(sides)}", "no negative sizes")
    if math.prod(sides) * dtype.itemsize > MOST_BYTES:
        raise InputError("run", "run_too_large", shape=shown(sides), limit=MOST_BYTES >> 20)
    return sides


def broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that arrays of these shapes have together. Raises InputError."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError as error:
        raise refused(f"the shapes {' and '.join(f'({shown(shape)})' for shape in shapes)}", "some that fit") from error


def require_fit(what: str, own: tuple[int, ...], shape: tuple[int, ...]) -> None:
    """Raises InputError where something of shape `own` cannot be broadcast to `shape`."""
    if broadcast(own, shape) != shape:
        raise refused(f"{what} of shape ({shown(own)}) for ({shown(shape)})", "one that fits")


def shown(sides: Sequence[int]) -> str:
    """A shape as text."""
    return " x ".join(map(str, sides)) or "()"


def axis_of(axis: int, rank: int) -> int:
    """The axis counted from the first. Raises InputError."""
    if not -rank <= axis < rank:
        raise refused(f"axis {axis}", f"one of {rank}")
    return axis % rank


def axes_of(axes: Iterable[int], rank: int) -> tuple[int, ...]:
    """Axes counted from the first, each once. Raises InputError."""
    found = tuple(axis_of(int(axis), rank) for axis in axes)
    if len(set(found)) < len(found):
        raise refused(f"the axes {found}", "each once")
    return found


def whole(values: np.ndarray) -> tuple[int, ...]:
    """Integers of an array that holds sizes, axes or places. Raises InputError."""
    array = np.asarray(values)
    if array.dtype.kind not in "iub" or array.size > 1 << 16:
        raise refused(f"{array.size} numbers of type {array.dtype.name}", "a few integers")
    return tuple(array.reshape(-1).tolist())
