"""Whether the arrays that a person gives are those that a program wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..kernels.errors import InputError
from ..kernels.forward.bounds import require_size
from .program import Feed

__all__ = ["fed", "made", "wanted"]

WIDE = {"float16": "float32", "bfloat16": "float32"}  # computed in


def wanted(feeds: Sequence[Feed]) -> str:
    """The inputs as text: name (sizes) type."""
    return "; ".join(f"{feed.name} ({', '.join(map(_size, feed.shape))}) {feed.dtype}" for feed in feeds) or "none"


def _size(side: int | str | None) -> str:
    return "?" if side is None else str(side)


def fed(feeds: Sequence[Feed], arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays in the types of the inputs, axes of one element added before them where they lack some.

    Raises InputError where one is missing, unknown, or does not fit.
    """
    names = [feed.name for feed in feeds]
    for name in arrays:
        if name not in names:
            raise InputError(name, "run_input_unknown", inputs=wanted(feeds))
    missing = [feed for feed in feeds if feed.name not in arrays]
    if missing:
        raise InputError(missing[0].name, "run_input_missing", inputs=wanted(feeds))
    sizes: dict[str, int] = {}
    return {feed.name: _fitted(feed, arrays[feed.name], sizes) for feed in feeds}


def _fitted(feed: Feed, array: np.ndarray, sizes: dict[str, int]) -> np.ndarray:
    array = np.asarray(array)
    lacks = len(feed.shape) - array.ndim
    if lacks > 0 and all(not isinstance(side, int) or side == 1 for side in feed.shape[:lacks]):
        array = array.reshape((1,) * lacks + array.shape)
    fits = array.ndim == len(feed.shape)
    for side, size in zip(feed.shape, array.shape, strict=False):
        expected = sizes.setdefault(side, size) if isinstance(side, str) else side
        fits = fits and expected in (None, size)
    if not fits:
        known = tuple(sizes.get(side, side) if isinstance(side, str) else side for side in feed.shape)
        raise InputError(feed.name, "run_input_shape", found=_text(array.shape), expected=_text(known))
    return _typed(feed, array)


def _text(shape: Sequence[int | str | None]) -> str:
    return f"({', '.join(map(_size, shape))})"


def _typed(feed: Feed, array: np.ndarray) -> np.ndarray:
    try:
        target = np.dtype(WIDE.get(feed.dtype, feed.dtype))
    except TypeError:
        target = np.dtype(object)
    if target.kind not in "fiub" or array.dtype.kind not in "fiub":
        raise InputError(feed.name, "run_input_type", found=array.dtype.name, expected=feed.dtype)
    if target.kind == array.dtype.kind == "f":
        return np.ascontiguousarray(array, target).reshape(array.shape)
    with np.errstate(all="ignore"):
        typed = array.astype(target)
        if target.kind != "f" and not np.array_equal(typed.astype(np.float64), array.astype(np.float64)):
            found = f"{array.dtype.name} that do not fit"
            raise InputError(feed.name, "run_input_type", found=found, expected=feed.dtype)
    return np.ascontiguousarray(typed).reshape(array.shape)


def made(feed: Feed, seed: int | None) -> np.ndarray:
    """An array for an input: zeros, or with a seed random numbers (normal ones; 0 and 1 for integers).

    Sizes that are not stated are 1. Raises InputError where it would be too large.
    """
    dtype = np.dtype(WIDE.get(feed.dtype, feed.dtype)) if feed.dtype != "string" else np.dtype(np.float32)
    shape = require_size((side if isinstance(side, int) else 1 for side in feed.shape), dtype)
    if seed is None:
        return np.zeros(shape, dtype)
    source = np.random.default_rng([seed, *feed.name.encode("utf-8", "surrogatepass")])
    if dtype.kind == "f":
        return source.standard_normal(shape, np.float32).astype(dtype)
    return source.integers(0, 2, shape).astype(dtype)
