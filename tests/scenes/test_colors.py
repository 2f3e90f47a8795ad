"""Colors for all eyes: signs and kinds are told apart with any color vision, words can be read on their grounds.

Color visions as linear maps of linear sRGB at full severity. Source: Machado, Oliveira, Fernandes, "A
physiologically-based model for simulation of color vision deficiency", IEEE TVCG 15(6), 2009. Differences are CIE76, in
L*a*b* of D65.
"""

import itertools

import numpy as np
import pytest
from tensornaut.engine.painters.label_parts import LabelColors
from tensornaut.engine.painters.labels import FLOOR_ALPHA
from tensornaut.scenes.legend import GROUND_ALPHA, PANEL_ALPHA
from tensornaut.scenes.style import KINDS, THEMES, beyond, diverging, kind_color, kind_glyph, two_signs

VISIONS = {
    "normal": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ_FROM_LINEAR = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = XYZ_FROM_LINEAR.sum(1)
SIGNS_APART, KINDS_APART, READABLE = 40, 10, 4.5


def linear(colors):
    colors = np.asarray(colors, float)
    return np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)


def lab(colors, vision):
    """(..., 3) L*a*b* of sRGB colors as a vision sees them."""
    seen = np.clip(linear(colors) @ np.array(VISIONS[vision]).T, 0, 1)
    shares = seen @ XYZ_FROM_LINEAR.T / WHITE
    x, y, z = np.moveaxis(np.where(shares > 216 / 24389, np.cbrt(shares), (shares * 24389 / 27 + 16) / 116), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def difference(one, other, vision):
    return np.linalg.norm(lab(one, vision) - lab(other, vision), axis=-1)


def contrast(one, other):
    one, other = (float(linear(color) @ XYZ_FROM_LINEAR[1]) + 0.05 for color in (one, other))
    return max(one, other) / min(one, other)


def over(color, alpha, behind):
    return alpha * np.asarray(color) + (1 - alpha) * np.asarray(behind)


def test_visions_keep_grays():
    for vision in VISIONS:
        lightness, a, b = np.moveaxis(lab(np.full((5, 3), np.linspace(0, 1, 5)[:, None]), vision), -1, 0)
        assert np.abs(a).max() < 0.5 and np.abs(b).max() < 0.5
        assert lightness[[0, -1]] == pytest.approx([0, 100], abs=0.1)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize(("colormap", "from_share"), [(diverging, 0.2), (two_signs, 0.2), (beyond, 0.72)])
def test_signs_are_told_apart_by_every_vision(colormap, from_share, theme, vision):
    shares = np.linspace(-1, 1, 256)
    colors = colormap(theme).astype(float)
    apart = difference(colors, colors[::-1], vision)
    assert apart[np.abs(shares) >= from_share].min() >= SIGNS_APART


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", VISIONS)
def test_kinds_are_told_apart_by_color_or_by_form(theme, vision):
    for one, other in itertools.combinations(KINDS, 2):
        apart = difference(kind_color(one, theme), kind_color(other, theme), vision)
        assert apart >= KINDS_APART or kind_glyph(one) != kind_glyph(other), (one, other)


@pytest.mark.parametrize("theme", THEMES)
def test_kinds_stand_out_from_the_panels_they_are_named_on(theme):
    for kind in KINDS:
        assert contrast(kind_color(kind, theme), THEMES[theme].panel) >= 3


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_words_can_be_read_on_every_ground_they_stand_on(theme):
    worst = (0.0, 0.0, 0.0) if theme.ink else (1.0, 1.0, 1.0)  # that data behind a panel can be
    callout = over(theme.panel, LabelColors(theme.text, theme.text2, theme.text3, theme.panel).panel_alpha, worst)
    legend, panel = over(theme.floor, GROUND_ALPHA, worst), over(theme.panel, PANEL_ALPHA, worst)
    glow = over(theme.grid, theme.horizon_line, theme.horizon)  # at most, since it is added
    grounds = {
        "text": [theme.zenith, theme.sky, theme.horizon, theme.floor, theme.panel, callout, panel, glow],
        "text2": [theme.zenith, theme.sky, theme.horizon, theme.floor, theme.panel, callout, legend, panel],
        "text3": [theme.floor, theme.panel, legend, panel],
    }
    for role, places in grounds.items():
        for ground in places:
            assert contrast(getattr(theme, role), ground) >= READABLE, (role, ground)
    assert contrast(over(theme.text2, FLOOR_ALPHA, theme.floor), theme.floor) >= READABLE
