"""What a scene must know of the numbers before it can be drawn: ranges, mean colors, histograms.

Small tensors are read whole; of large ones a fixed lattice of elements is read, so the first picture costs the same for
any size. `Facts.exact` says which.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..engine.kernels.colorize import OVERVIEW
from ..engine.kernels.decode import matrix_shape
from ..engine.kernels.summarize import range_of, summarize_block
from ..loaders.network import Tensor

__all__ = ["BINS", "Analysis", "Facts"]

WHOLE = 1 << 18  # elements read whole
LATTICE = 256  # rows and columns otherwise; of a matrix with fewer of one, more of the other
BINS = 256  # of the histogram from -range to +range, as many as a colormap has colors


@dataclass(frozen=True)
class Facts:
    """Statistics of the elements read."""

    value_range: float  # 99.5th percentile of |value|, the end of the color scale; > 0
    minimum: float | None  # of finite values, as the others; None where there is none
    maximum: float | None
    mean: float | None
    std: float | None
    histogram: np.ndarray  # (BINS,) int64 from -value_range to +value_range, what lies beyond in the first and last
    beyond: float  # share of values beyond the range
    exact: bool  # every element was read

    def mean_color(self, colors: np.ndarray) -> np.ndarray:
        """(3,) float64: mean of color x brightness; `colors` (BINS, 3) from -range to +range."""
        brightness = OVERVIEW.of(np.abs(np.linspace(-1, 1, BINS)))
        return (self.histogram * brightness) @ colors / max(int(self.histogram.sum()), 1)


class Analysis:
    """Facts of tensors, found when asked for and kept."""

    def __init__(self) -> None:
        self._facts: dict[str, Facts] = {}

    def facts(self, tensor: Tensor) -> Facts:
        """Facts of one tensor. Raises FormatError when the file changed since it was opened."""
        if tensor.key not in self._facts:
            self._facts[tensor.key] = _facts(*_sample(tensor), tensor.dtype)
        return self._facts[tensor.key]


def _sample(tensor: Tensor) -> tuple[np.ndarray, bool]:
    """(elements read as a vector, whether these are all). Values that are no numbers count as none."""
    if not tensor.is_readable:
        return np.zeros(0, np.float32), True
    rows, columns = matrix_shape(tensor.shape)
    exact = tensor.count <= WHOLE
    row_step, column_step = (1, 1) if exact else (_step(rows, columns), _step(columns, rows))
    values = tensor.read(slice(0, rows, row_step), slice(0, columns, column_step))
    return values.ravel(), exact


def _step(side: int, other: int) -> int:
    return math.ceil(side * min(other, LATTICE) / LATTICE**2)


def _facts(values: np.ndarray, exact: bool, dtype: str) -> Facts:
    summary = summarize_block(values, dtype)
    value_range = range_of(summary)
    magnitude = np.abs(values.astype(np.complex128)) if np.iscomplexobj(values) else values
    finite = magnitude[np.isfinite(magnitude)].astype(np.float64)
    bins = np.clip((finite / value_range + 1) * (BINS / 2), 0, BINS - 1).astype(np.int64)
    return Facts(
        value_range,
        summary.min,
        summary.max,
        summary.mean,
        summary.std,
        np.bincount(bins, minlength=BINS),
        float(np.mean(np.abs(finite) > value_range)) if len(finite) else 0.0,
        exact,
    )
