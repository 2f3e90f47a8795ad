"""Theme: the colors and light laws that painters use. Plain numbers; scenes/style.py holds the themes themselves."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Color", "Theme"]

Color = tuple[float, float, float]  # sRGB, 0 to 1, display space


@dataclass(frozen=True)
class Theme:
    """Colors of the surroundings and how data meets them."""

    name: str
    ink: bool  # False: data adds light to a dark ground; True: data absorbs light from a bright one
    zenith: Color
    sky: Color
    horizon: Color
    floor: Color
    grid: Color
    glass: Color
    text: Color
    text2: Color
    text3: Color
    panel: Color
    edge: Color
    stream: Color
    arc: Color
    selection: Color
    neutral: Color  # a lattice without values
    haze: float  # steepness of the glow around the horizon
    horizon_line: float  # strength of the thin bright line
    bloom: float = 0.55
