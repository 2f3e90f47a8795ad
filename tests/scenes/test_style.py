"""Style: colormaps run through the stops of the art direction, sign is hue, magnitude is lightness."""

import numpy as np
import pytest
from tensornaut.scenes.style import KINDS, THEMES, diverging, kind_color, sequential

TIDE_EMBER = {
    "dark": ("#9BEBFF", "#1E9BE6", "#1D4E80", "#27303E", "#74471F", "#F0851E", "#FFDC9C"),
    "light": ("#063A78", "#1B74C4", "#86B4DC", "#C3CAD3", "#E3B183", "#D2660F", "#8A3200"),
}
TIDE_PLACES = (-1, -0.55, -0.2, 0, 0.2, 0.55, 1)
GLACIER = {
    "dark": ("#0B1226", "#1D3F72", "#1E7F91", "#62C79A", "#F3F9C9"),
    "light": ("#E9EEF2", "#A9D3C6", "#4FA3A5", "#1F5E8C", "#14234F"),
}
TEXTS = {"dark": ("#E8EEF6", "#9FB2C8", "#8196AE"), "light": ("#152033", "#46566B", "#5A6A7E")}
MOST_DIFFERENCE = {"dark": 5, "light": 8.5}  # of L*; the ends of the light map differ by 8.3


def rgb(code):
    return np.array([int(code[k : k + 2], 16) / 255 for k in (1, 3, 5)])


def luminance(colors):
    """Relative luminance of sRGB colors, (..., 3) to (...)."""
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def lightness(colors):
    """CIE L*."""
    y = luminance(np.asarray(colors, float))
    return np.where(y > 216 / 24389, 116 * np.cbrt(y) - 16, y * 24389 / 27)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(
    ("colormap", "stops", "places"),
    [(diverging, TIDE_EMBER, TIDE_PLACES), (sequential, GLACIER, (0, 0.25, 0.5, 0.75, 1))],
)
def test_colormaps_run_through_their_stops(colormap, stops, places, theme):
    colors = colormap(theme)
    assert colors.shape == (256, 3) and colors.dtype == np.float32
    spots = np.linspace(places[0], places[-1], 256)
    for place, code in zip(places, stops[theme], strict=True):
        nearest = colors[np.abs(spots - place).argmin()]
        assert np.abs(nearest - rgb(code)).max() < 1.5 / 255 * (1 if place in (places[0], places[-1]) else 3)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_value_and_its_negative_are_equally_light_and_of_other_hue(theme):
    colors = diverging(theme).astype(float)
    difference = np.abs(lightness(colors) - lightness(colors[::-1]))
    assert difference.max() <= MOST_DIFFERENCE[theme]
    beyond = np.abs(np.linspace(-1, 1, 256)) >= 0.2
    warm = colors[:, 0] - colors[:, 2]
    sign = np.sign(np.linspace(-1, 1, 256))
    assert (warm * sign)[beyond].min() > 0.2


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_magnitude_leads_away_from_the_ground(theme):
    ground = luminance(np.array(THEMES[theme].floor))
    for half in (diverging(theme)[128:], diverging(theme)[127::-1], sequential(theme)):
        away = np.abs(luminance(half.astype(float)) - ground)
        assert away[-1] > 0.3 and np.diff(lightness(half)).min() * np.diff(lightness(half)).max() >= 0


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_colors_are_those_of_the_art_direction(theme):
    colors = THEMES[theme].text, THEMES[theme].text2, THEMES[theme].text3
    assert [np.round(np.array(color) * 255).tolist() for color in colors] == [
        (rgb(code) * 255).tolist() for code in TEXTS[theme]
    ]


def test_kinds_have_a_color_in_each_theme_and_unknown_ones_are_neutral():
    for theme in THEMES:
        assert len({kind_color(kind, theme) for kind in KINDS}) == len(KINDS)
        assert kind_color("no such kind", theme) == kind_color("other", theme) == THEMES[theme].neutral


def test_light_falls_in_the_dark_theme_and_ink_in_the_light_one():
    assert not THEMES["dark"].ink and THEMES["light"].ink
    assert THEMES["light"].bloom == 0 and THEMES["light"].horizon_line == 0
