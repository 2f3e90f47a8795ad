"""What a legend says of a look: the numbers at its scale, how often which occurs, and what a point stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..engine.kernels.errors import InputError
from ..engine.kernels.histogram import counts_below
from ..engine.kernels.summarize import TensorSummary
from ..loaders.network import Tensor
from .analysis import Analysis, row_norms_of
from .looks import Look
from .scales import OUTLIER_SIGMAS, QUIET_SIGMAS, Z_SIGMAS, Scale
from .strings import text

__all__ = [
    "BARS",
    "Distribution",
    "beyond_words",
    "distribution",
    "ends",
    "number",
    "percent",
    "points_words",
    "scaled_words",
    "shared_words",
]

BARS = 64
LONG_SIDE = 10_000  # weights, from where on whole multiples of 1024 are written so
SIGN_BARS = slice(0, 24), slice(29, 35), slice(40, 64)  # of negative numbers, zeros and positive ones


@dataclass(frozen=True)
class Distribution:
    """How often which number occurs, along the scale of a look."""

    counts: np.ndarray  # (BARS,) float64
    beyond: float  # share of what lies beyond the scale, or beyond what counts as quiet
    shares: tuple[float, float, float] = (0.0, 0.0, 0.0)  # of negative numbers, zeros, positive ones


def distribution(analysis: Analysis, tensor: Tensor, look: Look, scale: Scale) -> Distribution:
    """Of one tensor, from the numbers that its facts come from; none, and a fault, when the file has changed."""
    key = (tensor.key, look.name, scale)
    if key not in analysis.distributions:
        analysis.distributions.clear()
        analysis.distributions[key] = _distribution(analysis, tensor, look, scale)
    return analysis.distributions[key]


def _distribution(analysis: Analysis, tensor: Tensor, look: Look, scale: Scale) -> Distribution:
    facts, summary = analysis.told(tensor), analysis.summary(tensor)
    if look.name == "value" and scale == Scale(0.0, facts.value_range):
        return Distribution(facts.histogram.reshape(BARS, -1).sum(1).astype(np.float64), facts.beyond)
    if summary is not None and look.name != "rownorm" and not tensor.dtype.startswith("complex"):
        return _of_all(summary, look, scale)
    try:
        sample, _ = analysis.sample(tensor)
    except InputError as error:
        analysis.faults.append((tensor.key, str(error)))
        return Distribution(np.zeros(BARS), np.nan, (np.nan, np.nan, np.nan))
    numbers = row_norms_of(sample, tensor.shape) if look.name == "rownorm" else sample
    numbers = numbers[np.isfinite(numbers)].astype(np.float64)
    if not len(numbers):
        return Distribution(np.zeros(BARS), 0.0)
    if look.name == "sign":
        return _signs(numbers)
    if look.name == "magnitude":
        numbers = np.abs(numbers)
    low = 0.0 if look.name == "magnitude" else scale.low
    places = np.clip((numbers - low) / (scale.high - low) * BARS, 0, BARS - 1).astype(np.int64)
    quiet = scale.value_range * (QUIET_SIGMAS / OUTLIER_SIGMAS if look.name == "outlier" else 1.0)
    beyond = float(np.mean(np.abs(numbers - scale.center) > quiet))
    return Distribution(np.bincount(places, minlength=BARS).astype(np.float64), beyond)


def _of_all(summary: TensorSummary, look: Look, scale: Scale) -> Distribution:
    """Of all numbers of a tensor."""
    finite = max(summary.finite, 1)
    if look.name == "sign":
        negative = int(counts_below(summary, np.zeros(1))[0])
        totals = (negative, summary.zeros, summary.finite - negative - summary.zeros)
        counts = np.zeros(BARS)
        for bars, total in zip(SIGN_BARS, totals, strict=True):
            counts[bars] = total
        return Distribution(counts, 0.0, (totals[0] / finite, totals[1] / finite, totals[2] / finite))
    quiet = scale.value_range * (QUIET_SIGMAS / OUTLIER_SIGMAS if look.name == "outlier" else 1.0)
    reach = counts_below(summary, np.array([scale.center - quiet, np.nextafter(scale.center + quiet, np.inf)]))
    beyond = float(reach[0] + summary.finite - reach[1]) / finite
    low = 0.0 if look.name == "magnitude" else scale.low
    edges = np.linspace(low, scale.high, BARS + 1)
    below = counts_below(summary, edges)
    if look.name == "magnitude":
        below = below - counts_below(summary, -edges[::-1])[::-1]
    below[0], below[-1] = 0, summary.finite
    return Distribution(np.diff(below).astype(np.float64), beyond)


def _signs(numbers: np.ndarray) -> Distribution:
    counts, shares = np.zeros(BARS), []
    for bars, what in zip(SIGN_BARS, (numbers < 0, numbers == 0, numbers > 0), strict=True):
        counts[bars] = int(what.sum())
        shares.append(float(what.mean()))
    return Distribution(counts, 0.0, (shares[0], shares[1], shares[2]))


def ends(look: Look, scale: Scale | None, found: Distribution | None = None) -> tuple[str, str, str]:
    """Words below the left end, the middle and the right end of the scale; without numbers when there are several."""
    if look.name == "sign":
        names = [text(f"look.sign.{name}") for name in ("negative", "zero", "positive")]
        if found is not None:
            names = [f"{name} {percent(share)}" for name, share in zip(names, found.shares, strict=True)]
        return names[0], names[1], names[2]
    if scale is not None:
        if look.name == "magnitude":
            return "0", "", number(scale.high).lstrip("+")
        shown = [number(end) for end in (scale.low, scale.center, scale.high)]
        if look.name == "rownorm":
            shown = [end.lstrip("+") for end in shown]
        return shown[0], shown[1] if scale.center else "0", shown[2]
    return {
        "value": ("− p99.5", "0", "+ p99.5"),
        "magnitude": ("0", "", "p99.5"),
        "zscore": (f"− {Z_SIGMAS:g} σ", text("legend.mean"), f"+ {Z_SIGMAS:g} σ"),
        "outlier": (f"− {OUTLIER_SIGMAS:g} σ", text("look.median"), f"+ {OUTLIER_SIGMAS:g} σ"),
        "rownorm": (text("look.lowest_row"), "", text("look.highest_row")),
    }[look.name]


def percent(share: float, digits: int = 1) -> str:
    """12.3 %; < 0.1 % of what is more than nothing; a dash where it is not known."""
    if np.isnan(share):
        return "–"
    least = 10.0**-digits
    return f"< {least:.{digits}f} %" if 0 < share * 100 < least else f"{share * 100:.{digits}f} %"


def scaled_words(look: Look) -> str:
    """What color and height say, and on a second line what is measured together."""
    channels = text("legend.height_and_color" if look.heights else "legend.color")
    if look.name == "sign":
        return text("legend.shown", channels=channels, quantity=text("look.quantity.sign"))
    quantity, reach = text(f"look.quantity.{look.name}"), text(f"legend.reach.{look.scale}")
    return text("legend.scaled", channels=channels, quantity=quantity, reach=reach)


def shared_words(look: Look, scale: Scale) -> str:
    """The scale that a kind of layer shares, shortly."""
    if look.name == "rownorm":
        return f"{number(scale.low, 2).lstrip('+')} – {number(scale.high, 2).lstrip('+')}"
    span = number(scale.value_range, 3).lstrip("+")
    return span if look.name == "magnitude" else f"± {span}"


def beyond_words(look: Look) -> str:
    """What the share of numbers beyond is beyond of."""
    if look.name == "rownorm":
        return text("look.beyond_rows")
    if look.name == "zscore":
        return text("look.beyond_sigmas", n=f"{Z_SIGMAS:g}")
    return text("look.beyond_sigmas", n=f"{QUIET_SIGMAS:g}") if look.name == "outlier" else text("legend.beyond")


def points_words(look: Look, block: tuple[int, int], cubes: bool) -> str:
    """What a point stands for: of at most rows x columns of weights; or a cube, of one."""
    if block[0] * block[1] <= 1:
        return text("legend.cube" if cubes else "legend.point")
    shown = " × ".join(_side(side) for side in block)
    return text("legend.peaks" if look.is_peak else "legend.points", block=shown)


def _side(weights: int) -> str:
    """512 Ki; 1,000."""
    return f"{weights >> 10:,} Ki" if weights >= LONG_SIDE and not weights % 1024 else f"{weights:,}"


def number(value: float | None, digits: int = 4) -> str:
    """So many significant digits with a sign."""
    return "–" if value is None else f"{value:+.{digits}g}".replace("-", "−")
