"""Whether the arrays that a person gives are those that a program wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from ..kernels.errors import InputError
from ..kernels.forward.bounds import require_size
from .program import Feed

__all__ = ["fed", "made", "sizes_of", "wanted"]

NUMBERS = {"bool", "float32", "float64", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}
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


def sizes_of(feeds: Sequence[Feed], arrays: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Sizes that inputs name, as far as the arrays tell them."""
    found: dict[str, int] = {}
    for feed in feeds:
        if feed.name in arrays:
            sides = arrays[feed.name].shape
            named = zip(reversed(feed.shape), reversed(sides), strict=False)
            found.update((side, size) for side, size in named if isinstance(side, str))
    return found


def _fitted(feed: Feed, array: np.ndarray, sizes: dict[str, int]) -> np.ndarray:
    given, known = np.asarray(array), dict(sizes)
    array, lacks = given, len(feed.shape) - given.ndim
    if lacks > 0 and all(not isinstance(side, int) or side == 1 for side in feed.shape[:lacks]):
        array = given.reshape((1,) * lacks + given.shape)
    fits = array.ndim == len(feed.shape)
    for side, size in zip(feed.shape, array.shape, strict=False):
        expected = sizes.setdefault(side, size) if isinstance(side, str) else side
        fits = fits and expected in (None, size)
    if not fits:
        wanted_sides = tuple(known.get(side, side) if isinstance(side, str) else side for side in feed.shape)
        raise InputError(feed.name, "run_input_shape", found=_text(given.shape), expected=_text(wanted_sides))
    return _typed(feed, array)


def _text(shape: Sequence[int | str | None]) -> str:
    return f"({', '.join(map(_size, shape))})"


def _typed(feed: Feed, array: np.ndarray) -> np.ndarray:
    target = _dtype(feed)
    if array.dtype.kind not in "fiub":
        raise InputError(feed.name, "run_input_type", found=array.dtype.name, expected=feed.dtype)
    if target.kind == array.dtype.kind == "f":
        return np.ascontiguousarray(array, target).reshape(array.shape)
    with np.errstate(all="ignore"):
        typed = array.astype(target)
        if target.kind != "f" and not np.array_equal(typed.astype(np.float64), array.astype(np.float64)):
            found = f"{array.dtype.name} that do not fit"
            raise InputError(feed.name, "run_input_type", found=found, expected=feed.dtype)
    return np.ascontiguousarray(typed).reshape(array.shape)


def made(feed: Feed, seed: int | None, sizes: Mapping[str, int] = MappingProxyType({})) -> np.ndarray:
    """An array for an input: zeros, or with a seed random numbers (normal ones; 0 and 1 for integers).

    `sizes`: of those that are named; others that are not stated are 1. Raises InputError where it would be too large.
    """
    dtype = _dtype(feed)
    stated = (sizes.get(side, 1) if isinstance(side, str) else side for side in feed.shape)
    shape = require_size((1 if side is None else side for side in stated), dtype)
    if seed is None:
        return np.zeros(shape, dtype)
    source = np.random.default_rng([seed, *feed.name.encode("utf-8", "surrogatepass")])
    if dtype.kind == "f":
        return source.standard_normal(shape, np.float32).astype(dtype)
    return source.integers(0, 2, shape).astype(dtype)


def _dtype(feed: Feed) -> np.dtype:
    """What an input is computed in. Raises InputError for what is no real number."""
    name = WIDE.get(feed.dtype, feed.dtype)
    if name not in NUMBERS:
        raise InputError(feed.name, "run_setting", found=f"an input of type {feed.dtype}", expected="numbers")
    return np.dtype(name)
