"""What a scene must know of the numbers before it can be drawn: ranges, mean colors, histograms.

Small tensors are read whole; of large ones a fixed lattice of elements is read, the smaller the more tensors there are,
so the first picture costs about the same for any size. `Facts.exact` says which.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..engine.kernels.colorize import OVERVIEW, BrightnessLaw
from ..engine.kernels.decode import is_vector, matrix_shape
from ..engine.kernels.histogram import counts_below
from ..engine.kernels.magnitudes import as_real
from ..engine.kernels.pyramid import Pyramid
from ..engine.kernels.summarize import BINS as SUMMARY_BINS
from ..engine.kernels.summarize import SHIFT, TensorSummary, range_of, summarize_block, table_values
from ..engine.summaries import from_bytes, to_bytes
from ..loaders.network import Tensor
from .many_facts import sampled_facts

__all__ = ["BINS", "Analysis", "Facts", "row_norms_of"]

FEW, WHOLE, LATTICE = 32, 1 << 18, 256  # tensors of which elements are read whole, or else so many rows and columns
SOME, SOME_WHOLE, SOME_LATTICE = 256, 1 << 14, 128  # the same of more tensors; of very many there is `many_facts`
MOST_KNOWN_BYTES = 96 << 20  # of summaries with counts of every bit pattern
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
    row_norms: tuple[float, float] = (0.0, 0.0)  # L2 norms between which nearly all rows lie

    def mean_color(
        self, colors: np.ndarray, shares: np.ndarray | None = None, law: BrightnessLaw = OVERVIEW
    ) -> np.ndarray:
        """(3,) float64: mean of color x brightness; `colors` (BINS, 3) by share from -1 to +1.

        `shares` (BINS,) from -1 to +1 of values from -range to +range; None: value / range.
        """
        shares = np.linspace(-1, 1, BINS) if shares is None else shares
        light = law.of(np.abs(shares))[:, None] * colors[np.rint((shares + 1) / 2 * (BINS - 1)).astype(np.int64)]
        return self.histogram @ light / max(int(self.histogram.sum()), 1)

    @cached_property
    def quantiles(self) -> tuple[float, float, float]:
        """Values below which 16, 50 and 84 % lie, as well as the histogram tells."""
        total = np.append(0, np.cumsum(self.histogram))
        ends = np.linspace(-self.value_range, self.value_range, BINS + 1)
        low, middle, high = np.interp(np.array([0.16, 0.5, 0.84]) * total[-1], total, ends).tolist()
        return low, middle, high


class Analysis:
    """Facts of tensors, found when asked for and kept.

    Pictures are of the facts of what was read first, so that they stay the same; words are of all numbers, once these
    are known.
    """

    def __init__(self) -> None:
        self._facts: dict[str, Facts] = {}
        self._whole, self._lattice = WHOLE, LATTICE
        self._begun: Sequence[Tensor] = ()
        self._known: dict[str, bytes] = {}  # summaries of all numbers, by the key of their tensor
        self._known_bytes = 0
        self._told: dict[str, Facts] = {}  # the same facts, of all numbers
        self.distributions: dict[Hashable, Any] = {}  # those that the legend showed last
        self.faults: list[tuple[str, str]] = []  # (key, message) of tensors that could not be read later on
        self.pyramids: dict[str, Pyramid] = {}  # by the key of their tensor, as far as they are known

    def begin(self, tensors: Sequence[Tensor]) -> None:
        """Sees to it that the facts of all of so many tensors are soon found. Raises FormatError as `facts`."""
        if tensors is self._begun:
            return
        self._begun = tensors
        if len(tensors) > SOME:
            self._facts.update((key, Facts(*found)) for key, found in sampled_facts(tensors, BINS))
        elif len(tensors) > FEW:
            self._whole, self._lattice = SOME_WHOLE, SOME_LATTICE

    def facts(self, tensor: Tensor) -> Facts:
        """Facts of one tensor. Raises FormatError when the file changed since it was opened."""
        if tensor.key not in self._facts:
            self._facts[tensor.key] = _facts(*self.sample(tensor), tensor)
        return self._facts[tensor.key]

    def know(self, tensor: Tensor, summary: TensorSummary) -> None:
        """From now on the summary of all numbers of a tensor is known."""
        self._known[tensor.key] = to_bytes(_reduced(summary, self._known_bytes < MOST_KNOWN_BYTES))
        self._known_bytes += len(self._known[tensor.key])
        self._told.pop(tensor.key, None)
        self.distributions.clear()

    def summary(self, tensor: Tensor) -> TensorSummary | None:
        """That of all numbers of a tensor, without a pyramid; None where it is not known."""
        data = self._known.get(tensor.key)
        return None if data is None else from_bytes(data)

    def told(self, tensor: Tensor) -> Facts:
        """What words say of a tensor: its facts, of all numbers where these are known. Raises as `facts`."""
        facts, summary = self.facts(tensor), self.summary(tensor)
        if facts.exact or summary is None:
            return facts
        if tensor.key not in self._told:
            self._told[tensor.key] = _of_all(facts, summary)
        return self._told[tensor.key]

    def sample(self, tensor: Tensor) -> tuple[np.ndarray, bool]:
        """(rows x columns of numbers that stand for all, whether these are all). Numbers of no kind count as none.

        Raises FormatError when the file changed since it was opened.
        """
        if not tensor.is_readable:
            return np.zeros((0, 0), np.float32), True
        rows, columns = matrix_shape(tensor.shape)
        exact, side = tensor.count <= self._whole, self._lattice
        row_step, column_step = (1, 1) if exact else (_step(rows, columns, side), _step(columns, rows, side))
        return as_real(tensor.read(slice(0, rows, row_step), slice(0, columns, column_step))), exact


def row_norms_of(sample: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(rows,) float64: L2 norms of rows of a tensor's matrix, judged by a sample of it. Only finite numbers count.

    Of a vector each number is a row.
    """
    columns = matrix_shape(shape)[1]
    if is_vector(shape):
        sample, columns = sample.reshape(-1, 1), 1
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.square(np.where(np.isfinite(sample), sample, 0).astype(np.float64))
        return np.sqrt(squares.mean(1) * columns) if sample.size else np.zeros(0)


def _step(side: int, other: int, wanted: int) -> int:
    """So that of a matrix with fewer rows than wanted more columns are read, and the other way round."""
    return math.ceil(side * min(other, wanted) / wanted**2)


def _facts(sample: np.ndarray, exact: bool, tensor: Tensor) -> Facts:
    values = sample.ravel()
    summary = summarize_block(values, None if tensor.dtype.startswith("complex") else tensor.dtype)
    value_range = range_of(summary)
    finite = values[np.isfinite(values)].astype(np.float64)
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
        _middle(row_norms_of(sample, tensor.shape)),
    )


def _reduced(summary: TensorSummary, with_table: bool) -> TensorSummary:
    """What of a summary is kept: its blocks as one; instead of a table, where there are many already, its bins."""
    kept = replace(summary, blocks=summary.moments[None], pyramid=None, run=None)
    if summary.table is None or summary.table_dtype is None or with_table:
        return kept
    values = table_values(summary.table_dtype)
    known = np.flatnonzero((summary.table > 0) & np.isfinite(values))
    bins = np.zeros(SUMMARY_BINS, np.int64)
    np.add.at(bins, values[known].astype(np.float32).view(np.uint32) >> SHIFT, summary.table[known])
    return replace(kept, table=None, table_dtype=None, bins=bins)


def _of_all(facts: Facts, summary: TensorSummary) -> Facts:
    """The same facts, of all numbers."""
    edges = np.linspace(-facts.value_range, facts.value_range, BINS + 1)
    below = counts_below(summary, np.append(edges, np.nextafter(facts.value_range, np.inf)))
    outside = int(below[0] + summary.finite - below[-1])
    below[0], below[BINS] = 0, summary.finite
    return replace(
        facts,
        minimum=summary.min,
        maximum=summary.max,
        mean=summary.mean,
        std=summary.std,
        histogram=np.diff(below[: BINS + 1]),
        beyond=outside / max(summary.finite, 1),
        exact=True,
    )


def _middle(norms: np.ndarray) -> tuple[float, float]:
    """Between which nearly all lie."""
    if not len(norms):
        return 0.0, 0.0
    low, high = np.quantile(np.minimum(norms, np.finfo(np.float64).max), [0.01, 0.99], method="nearest").tolist()
    return low, high
