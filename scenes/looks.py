"""Looks: what color and height of a weight say, and the scale that they are measured by.

value, magnitude, z-score, sign and outlier are of the weight itself, row norm is of the row that it stands in. A look
changes drawables' values and revisions; nothing else in a scene depends on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ..engine.kernels.colorize import BrightnessLaw
from ..engine.kernels.decode import is_vector, matrix_shape
from ..engine.painted import Absolutes, RowNorms, Signs
from ..engine.scene import WeightGrid
from ..engine.theme import Theme
from ..engine.values import Values
from .scales import Scale
from .style import beyond, diverging, sequential, two_signs

__all__ = [
    "LOOKS",
    "RANGES",
    "VALUE",
    "Appearance",
    "Look",
    "appearance",
    "bar_colors",
    "dress",
    "magnitude_colors",
    "painted_values",
    "relief_of",
    "sample_px",
]

LOOKS = ("value", "magnitude", "zscore", "sign", "outlier", "rownorm")
RANGES = ("tensor", "kind", "model")
PEAK_PX = 10.0  # a peak is seen as a blob of about this size
SIGN_HEIGHT = 0.12  # of the height of a value: both sheets stay close to the zero plane
# Brightness far and near, by ink.
PEAKS = {
    False: (BrightnessLaw(0.24, 1.75, 3.6), BrightnessLaw(0.45, 1.30, 3.0)),
    True: (BrightnessLaw(0.20, 1.75, 3.6), BrightnessLaw(0.45, 1.00, 3.0)),
}
EVEN = {
    False: (BrightnessLaw(0.32, 0.0, 1.0), BrightnessLaw(0.80, 0.0, 1.0)),
    True: (BrightnessLaw(0.55, 0.0, 1.0), BrightnessLaw(0.80, 0.0, 1.0)),
}


@dataclass(frozen=True)
class Look:
    """What is shown of weights. `scale`: what has one scale, each tensor, each kind of layer, or the whole model."""

    name: str = "value"  # one of LOOKS
    scale: str = "tensor"  # one of RANGES
    heights: bool = True

    @property
    def is_peak(self) -> bool:
        """Whether a sample of many weights shows the farthest of them."""
        return self.name == "outlier"

    def after(self, step: int) -> Look:
        """The look so many places further on in LOOKS; round at the ends."""
        return replace(self, name=LOOKS[(LOOKS.index(self.name) + step) % len(LOOKS)])

    def wider(self) -> Look:
        """The look with the next one of RANGES."""
        return replace(self, scale=RANGES[(RANGES.index(self.scale) + 1) % len(RANGES)])


VALUE = Look()


@dataclass(frozen=True)
class Appearance:
    """How a grid shows its values. Share: (number - center) / range, clipped to -1 to 1."""

    center: float
    value_range: float
    colors: np.ndarray  # (256, 3) float32 by share from -1 to 1
    laws: tuple[BrightnessLaw | None, BrightnessLaw | None]  # far and near; None: that of the theme
    peak: bool
    shown: Callable[[np.ndarray], np.ndarray] | None  # from values to numbers; None: it depends on more than the value

    def shares(self, value_range: float) -> np.ndarray:
        """(256,) float64: shares of values from -range to +range; in the middle where they depend on more."""
        values = np.linspace(-value_range, value_range, len(self.colors))
        if self.shown is None:
            return np.zeros(len(values))
        return np.clip((self.shown(values) - self.center) / self.value_range, -1, 1)


def appearance(look: Look, scale: Scale, theme: Theme) -> Appearance:
    """How numbers of this scale are shown."""
    ink, name = theme.ink, theme.name
    if look.name == "magnitude":
        return Appearance(0.0, scale.value_range, magnitude_colors(name), (None, None), False, np.abs)
    if look.name == "sign":
        return Appearance(0.0, 1.0, two_signs(name), EVEN[ink], False, np.sign)
    if look.name == "rownorm":
        return Appearance(scale.center, scale.value_range, sequential(name), EVEN[ink], False, None)
    if look.name == "outlier":
        return Appearance(scale.center, scale.value_range, beyond(name), PEAKS[ink], True, _itself)
    return Appearance(scale.center, scale.value_range, diverging(name), (None, None), False, _itself)


def bar_colors(look: Look, theme: Theme) -> np.ndarray:
    """(256, 3) float32: from one end of the legend's scale to the other."""
    maps = {"magnitude": sequential, "rownorm": sequential, "sign": two_signs, "outlier": beyond}
    return maps.get(look.name, diverging)(theme.name)


def dress(grid: WeightGrid, look: Look, how: Appearance, typical: float, painted: Values | None) -> None:
    """Gives a grid its appearance. `typical`: 99.5th percentile of its |value|."""
    grid.center, grid.value_range, grid.colors = how.center, how.value_range, how.colors
    grid.law, grid.near_law = how.laws
    grid.reduce, grid.painted, grid.typical = "peak" if how.peak else "mean", painted, typical
    grid.touch()


def painted_values(look: Look, numbers: Values) -> Values | None:
    """What is shown in place of a tensor's values; None: these themselves. Of a vector each number is a row."""
    if look.name == "sign":
        return Signs(numbers)
    if look.name == "rownorm" and not is_vector(numbers.shape) and matrix_shape(numbers.shape)[1] > 1:
        return RowNorms(numbers)
    return Absolutes(numbers) if look.name in ("magnitude", "rownorm") else None


def relief_of(look: Look) -> float:
    """Height of a full share, in heights of a value."""
    if not look.heights:
        return 0.0
    return SIGN_HEIGHT if look.name == "sign" else 1.0


def sample_px(look: Look) -> float:
    """Size up to which samples of many weights are not refined."""
    return PEAK_PX if look.is_peak else 1.0


@lru_cache
def magnitude_colors(theme: str) -> np.ndarray:
    """(256, 3) float32: colors of shares of which only 0 to 1 occur; the other half is its mirror image."""
    colors = sequential(theme)
    places = np.abs(np.linspace(-1, 1, len(colors))) * (len(colors) - 1)
    return colors[np.rint(places).astype(np.int64)]


def _itself(values: np.ndarray) -> np.ndarray:
    return values
