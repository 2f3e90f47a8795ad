"""The numbers of largest magnitude, and where they stand. The NumPy definition. Only finite numbers count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .pyramid import numbers_of

__all__ = ["Outliers", "fold", "outliers_of"]

BLOCK = 1 << 20  # numbers looked at together


@dataclass(frozen=True, eq=False)
class Outliers:
    """Numbers by falling magnitude; of equal ones the first stands first."""

    index: np.ndarray  # (n,) int64
    value: np.ndarray  # (n,) float64


def outliers_of(values: np.ndarray, most: int, dtype: str | None = None, first: int = 0) -> Outliers:
    """At most `most` outliers of (n,) real numbers, of which the first has index `first`.

    `dtype` "bfloat16": `values` may be its bits in uint16.
    """
    parts = [
        _outliers(numbers_of(values[start : start + BLOCK], dtype), most, first + start)
        for start in range(0, len(values), BLOCK)
    ]
    return fold(parts, most)


def fold(parts: Sequence[Outliers], most: int) -> Outliers:
    """The outliers of all numbers together, given those of parts in order."""
    index = np.concatenate([np.empty(0, np.int64), *(part.index for part in parts)])
    value = np.concatenate([np.empty(0), *(part.value for part in parts)])
    order = np.argsort(-np.abs(value), kind="stable")[:most]
    return Outliers(index[order], value[order])


def _outliers(numbers: np.ndarray, most: int, first: int) -> Outliers:
    sizes = np.where(np.isfinite(numbers), np.abs(numbers), -1)
    least = np.partition(sizes, -most)[-most] if 0 < most < len(sizes) else 0
    places = np.flatnonzero(sizes >= max(least, 0))
    places = places[np.argsort(-sizes[places], kind="stable")][:most]
    return Outliers(places + first, numbers[places].astype(np.float64))
