"""Scales of looks: where color and height begin and end, for each tensor, each kind of layer or the whole model.

All come from the facts of tensors, so they cost no further reading and stay the same as long as a model is open.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np

from ..loaders.network import Network
from .analysis import BINS, Analysis, Facts
from .layer_volumes import Tray
from .placement import Layout

__all__ = ["OUTLIER_SIGMAS", "QUIET_SIGMAS", "Z_SIGMAS", "Scale", "Scales"]

Z_SIGMAS = 3.0  # standard deviations from the mean to the end of the colors
OUTLIER_SIGMAS = 10.0  # from the median to the end of the colors
QUIET_SIGMAS = 5.0  # up to here nothing is an outlier
RANGE_SHARE = 0.995
MAGNITUDES = 4096  # places on the logarithmic scale on which magnitudes of several tensors are counted


@dataclass(frozen=True)
class Scale:
    """`center` has the middle of the colors, `center` +- `value_range` their ends; `sigma` is what it counts in."""

    center: float
    value_range: float  # > 0
    sigma: float = 0.0

    @property
    def low(self) -> float:
        return self.center - self.value_range

    @property
    def high(self) -> float:
        return self.center + self.value_range


class Scales:
    """The scales of one look, by tensor; found when asked for."""

    def __init__(self, analysis: Analysis, network: Network, layout: Layout, name: str, reach: str) -> None:
        self._analysis, self._network, self._name, self._reach = analysis, network, name, reach
        self._group_of: dict[int, Hashable] = {}
        self._members: dict[Hashable, list[int]] = {}
        self._scales: dict[Hashable, Scale] = {}
        for _, layer, tray in layout.trays():
            group = self._group(layer.volume.kind, tray)
            self._group_of[tray.tensor] = group
            self._members.setdefault(group, []).append(tray.tensor)

    def of(self, tensor: int) -> Scale:
        """The scale of a tensor. Raises FormatError when the file changed since it was opened."""
        group = self._group_of[tensor]
        if group not in self._scales:
            self._scales[group] = _SCALES[self._name](self._facts(self._members[group]))
        return self._scales[group]

    def of_kind(self, kind: str) -> Scale | None:
        """The scale that matrices of a kind share, else its vectors; None where none is shared."""
        groups = [group for group in ((kind, False), (kind, True)) if group in self._members]
        return self.of(self._members[groups[0]][0]) if groups else None

    def of_all(self) -> Scale | None:
        """The one scale of the whole model; None where there are several."""
        return self.of(self._members[()][0]) if self._reach == "model" and self._members else None

    def _group(self, kind: str, tray: Tray) -> Hashable:
        """What shares a scale: weights of a kind, not with its biases."""
        return {"tensor": tray.tensor, "kind": (kind, min(tray.rows, tray.columns) == 1)}.get(self._reach, ())

    def _facts(self, members: Iterable[int]) -> list[tuple[Facts, float]]:
        """(facts, elements) of tensors."""
        tensors = [self._network.tensors[index] for index in members]
        return [(self._analysis.facts(tensor), float(tensor.count)) for tensor in tensors]


Members = list[tuple[Facts, float]]


def _value(members: Members) -> Scale:
    return Scale(0.0, _magnitude(members))


def _magnitude(members: Members) -> float:
    """99.5th percentile of |value| of all: that of its own for one tensor, else as well as histograms tell."""
    ranges = np.array([facts.value_range for facts, _ in members])
    if len(members) == 1 or (ranges == ranges[0]).all():
        return float(ranges[0])
    low, high = math.log(ranges.min()) - math.log(BINS), math.log(ranges.max())
    places = np.abs(np.arange(BINS) - (BINS - 1) / 2) / (BINS / 2)  # middle of a bin, in ranges
    tally = np.zeros(MAGNITUDES + 1)
    for facts, elements in members:
        if total := int(facts.histogram.sum()):
            place = (np.log(places * facts.value_range) - low) / (high - low) * MAGNITUDES
            weights = facts.histogram * (elements / total)
            tally += np.bincount(np.clip(place, 0, MAGNITUDES).astype(np.int64), weights, MAGNITUDES + 1)
    reached = np.searchsorted(np.cumsum(tally), RANGE_SHARE * tally.sum())
    return math.exp(low + (high - low) * min(int(reached) + 1, MAGNITUDES) / MAGNITUDES)


def _zscore(members: Members) -> Scale:
    known = [(facts.mean, facts.std, elements) for facts, elements in members if facts.mean is not None]
    if not known:
        return Scale(0.0, 1.0, 0.0)
    mean, std, count = np.array(known, np.float64).T
    with np.errstate(over="ignore"):
        middle = float((mean * count).sum() / count.sum())
        spread = math.sqrt(float((count * (std**2 + (mean - middle) ** 2)).sum() / count.sum()))
    return _around(middle, spread, Z_SIGMAS, members)


def _outlier(members: Members) -> Scale:
    """Around the median. Sigma is half of what the middle 68 % of values span, so that outliers do not hide themselves,
    but at least a tenth of the range of values.
    """
    weights = np.array([elements for _, elements in members])
    low, middle, high = np.array([facts.quantiles for facts, _ in members]).T
    center = float((middle * weights).sum() / weights.sum())
    spread = float(((high - low) / 2 * weights).sum() / weights.sum())
    spread = max(spread, _magnitude(members) / OUTLIER_SIGMAS)  # where most values are equal, such as 0
    return _around(center, spread, OUTLIER_SIGMAS, members)


def _rownorm(members: Members) -> Scale:
    low = min(facts.row_norms[0] for facts, _ in members)
    high = max(facts.row_norms[1] for facts, _ in members)
    if not high - low > 1e-6 * abs(high):
        low, high = 0.0, 2 * high if high > 0 else 1.0
    return Scale((low + high) / 2, (high - low) / 2)


def _around(center: float, sigma: float, sigmas: float, members: Members) -> Scale:
    """So many sigmas on both sides; where all values are equal, or nearly no number, the range of values."""
    reach = sigmas * sigma
    if not (math.isfinite(center) and math.isfinite(reach) and reach > 0):
        return Scale(0.0, _magnitude(members), 0.0)
    return Scale(center, reach, sigma)


def _sign(members: Members) -> Scale:
    return Scale(0.0, 1.0)


_SCALES = {
    "value": _value,
    "magnitude": _value,
    "zscore": _zscore,
    "sign": _sign,
    "outlier": _outlier,
    "rownorm": _rownorm,
}
