"""Style: palettes, colormaps and kinds of layers. The numbers are the art direction; nothing here draws."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..engine.theme import Color, Theme

__all__ = ["KINDS", "THEMES", "beyond", "diverging", "kind_color", "kind_glyph", "sequential", "two_signs"]


def _rgb(code: str) -> Color:
    return tuple(int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))  # type: ignore[return-value]


DARK = Theme(
    name="dark",
    ink=False,
    zenith=_rgb("#03050A"),
    sky=_rgb("#070D17"),
    horizon=_rgb("#16304A"),
    floor=_rgb("#05080F"),
    grid=_rgb("#2C5F82"),
    glass=_rgb("#7FB2E0"),
    text=_rgb("#E8EEF6"),
    text2=_rgb("#9FB2C8"),
    text3=_rgb("#8196AE"),
    panel=_rgb("#0A111C"),
    edge=_rgb("#8FB6D6"),
    stream=_rgb("#9CC7EC"),
    arc=_rgb("#BFE3FF"),
    selection=_rgb("#FFFFFF"),
    neutral=_rgb("#9FB0C4"),
    haze=13.0,
    horizon_line=0.34,
)
LIGHT = Theme(
    name="light",
    ink=True,
    zenith=_rgb("#DDE6F0"),
    sky=_rgb("#EDF2F8"),
    horizon=_rgb("#FDFEFF"),
    floor=_rgb("#EEF2F7"),
    grid=_rgb("#9FB3C8"),
    glass=_rgb("#8FB0D0"),
    text=_rgb("#152033"),
    text2=_rgb("#46566B"),
    text3=_rgb("#5A6A7E"),
    panel=_rgb("#FDFEFF"),
    edge=_rgb("#5B7188"),
    stream=_rgb("#3D5C80"),
    arc=_rgb("#1E4F86"),
    selection=_rgb("#101828"),
    neutral=_rgb("#6B7C90"),
    haze=9.0,
    horizon_line=0.0,
    bloom=0.0,
)
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}

# Stops of the diverging map "tide-ember" (sign is hue, magnitude lightness), of the sequential map "glacier", and of
# "beacon", in which nothing has a color up to half of the range and what is beyond blazes.
_DIVERGING = {
    "dark": ((-1, "#9BEBFF"), (-0.55, "#1E9BE6"), (-0.2, "#1D4E80"), (0, "#27303E"),
             (0.2, "#74471F"), (0.55, "#F0851E"), (1, "#FFDC9C")),
    "light": ((-1, "#063A78"), (-0.55, "#1B74C4"), (-0.2, "#86B4DC"), (0, "#C3CAD3"),
              (0.2, "#E3B183"), (0.55, "#D2660F"), (1, "#8A3200")),
}  # fmt: skip
_SEQUENTIAL = {
    "dark": ((0, "#0B1226"), (0.25, "#1D3F72"), (0.5, "#1E7F91"), (0.75, "#62C79A"), (1, "#F3F9C9")),
    "light": ((0, "#E9EEF2"), (0.25, "#A9D3C6"), (0.5, "#4FA3A5"), (0.75, "#1F5E8C"), (1, "#14234F")),
}
_BEYOND = {
    "dark": ((-1, "#86DCFF"), (-0.72, "#3DB8FF"), (-0.5, "#26384E"), (-0.44, "#232B38"), (0, "#1F2632"),
             (0.44, "#232B38"), (0.5, "#45352A"), (0.72, "#FF9A2E"), (1, "#FFC566")),
    "light": ((-1, "#04245E"), (-0.72, "#0F63C4"), (-0.5, "#B4C4D6"), (-0.44, "#C3CAD3"), (0, "#CCD2DA"),
              (0.44, "#C3CAD3"), (0.5, "#D8C2AE"), (0.72, "#D9480A"), (1, "#6E1A00")),
}  # fmt: skip
_SIGNS = {"dark": ("#2798E6", "#27303E", "#EE8A26"), "light": ("#1B74C4", "#C3CAD3", "#D2660F")}
ZERO_COLORS = 2  # on both sides of the middle

# Kind of layer -> (dark, light) color of frames, dots and floor pools.
KINDS = {
    "input": ("#E3B93C", "#8A7200"),
    "embedding": ("#D7A30F", "#7A7B00"),
    "linear": ("#7C78F2", "#636BC5"),
    "conv": ("#4FC6B8", "#2B7F66"),
    "attention": ("#AB63A8", "#4F239B"),
    "norm": ("#E7D89F", "#413927"),
    "activation": ("#DD6D8A", "#9C4886"),
    "pool": ("#44933C", "#4D692D"),
    "merge": ("#90BDFF", "#2A6F8F"),
    "output": ("#F4F7FA", "#10161F"),
    "other": ("#9FB0C4", "#6B7C90"),
}

# Kind of layer -> form of its dot, so that kinds are told apart without colors.
_GLYPHS = {
    "input": "right",
    "embedding": "diamond",
    "linear": "square",
    "conv": "frame",
    "attention": "ring",
    "norm": "bars",
    "activation": "up",
    "pool": "down",
    "merge": "plus",
    "output": "disc",
}


def _ramp(stops: tuple[tuple[float, str], ...]) -> np.ndarray:
    """(256, 3) float32 by linear interpolation between stops."""
    places = [place for place, _ in stops]
    at = np.linspace(places[0], places[-1], 256)
    colors = np.array([_rgb(code) for _, code in stops])
    return np.stack([np.interp(at, places, colors[:, channel]) for channel in range(3)], 1).astype(np.float32)


@lru_cache
def diverging(theme: str) -> np.ndarray:
    """(256, 3) float32: colors of value/range from -1 to 1."""
    return _ramp(_DIVERGING[theme])


@lru_cache
def sequential(theme: str) -> np.ndarray:
    """(256, 3) float32: colors of magnitudes and probabilities from 0 to 1."""
    return _ramp(_SEQUENTIAL[theme])


@lru_cache
def beyond(theme: str) -> np.ndarray:
    """(256, 3) float32: colors of distances from the middle of values; only those beyond half of the range shine."""
    return _ramp(_BEYOND[theme])


@lru_cache
def two_signs(theme: str) -> np.ndarray:
    """(256, 3) float32: one color for all below 0, one for all above, and one for 0 itself."""
    below, zero, above = (np.array(_rgb(code), np.float32) for code in _SIGNS[theme])
    colors = np.empty((256, 3), np.float32)
    colors[:128], colors[128:] = below, above
    colors[128 - ZERO_COLORS : 128 + ZERO_COLORS] = zero
    return colors


def kind_color(kind: str, theme: str) -> Color:
    """Color of a kind of layer; unknown kinds are neutral."""
    return _rgb(KINDS.get(kind, KINDS["other"])[theme == "light"])


def kind_glyph(kind: str) -> str:
    """Form of the dot of a kind of layer, one of `engine.scene.GLYPHS`; unknown kinds have a point."""
    return _GLYPHS.get(kind, "point")
