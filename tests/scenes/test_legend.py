"""The legend: numbers of the file, every kind in view, words that can be read."""

import numpy as np
import pytest
from tensornaut.engine.glyphs import GlyphAtlas
from tensornaut.engine.painters.label_parts import LabelColors
from tensornaut.engine.scene import Labels, ScreenShapes
from tensornaut.scenes.analysis import BINS, WHOLE, Analysis, Facts
from tensornaut.scenes.layer_volumes import layer_volume
from tensornaut.scenes.legend import BAR_PX, GROUND_ALPHA, PANEL_ALPHA, WIDTH_PX, layer_legend, legend, veil
from tensornaut.scenes.looks import LOOKS, RANGES, Look
from tensornaut.scenes.strings import set_language
from tensornaut.scenes.style import KINDS, THEMES, diverging, kind_color

DARK, LIGHT = THEMES["dark"], THEMES["light"]
ENDS = ("− p99.5", "0", "+ p99.5")
READABLE = 4.5  # contrast of text to what lies behind it


def luminance(color):
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in map(float, color[:3])]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def facts(**changes):
    numbers = dict(minimum=-0.51234567, maximum=2.0, mean=-1.5e-7, std=0.125, beyond=0.0047, exact=True)
    return Facts(0.25, histogram=np.ones(BINS, np.int64), **{**numbers, **changes})


def words(labels):
    return [text.text for text in labels.texts]


def number_beside(labels, name):
    """The text on the line of a name."""
    line = next(text for text in labels.texts if text.text == name)
    return next(text.text for text in labels.texts if text.offset_px[1] == line.offset_px[1] and text is not line)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("ground", ["panel", "floor"])
def test_every_text_can_be_read_on_the_panel_and_on_the_floor(theme, ground):
    volumes = [layer_volume("a", kind, [(0, (300, 4))]) for kind in KINDS]
    for labels in (legend(volumes, theme, 16.0)[0], layer_legend(facts(), theme)[0]):
        for text in labels.texts:
            assert contrast(text.color, getattr(theme, ground)) >= READABLE
    for color in (theme.text, theme.text2, theme.text3):
        assert contrast(color, theme.floor) >= READABLE and contrast(color, theme.panel) >= READABLE


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_words_on_panels_can_be_read_whatever_is_behind(theme):
    worst = (0.0, 0.0, 0.0) if theme.ink else (1.0, 1.0, 1.0)  # that data can be
    callouts = LabelColors(theme.text, theme.text2, theme.text3, theme.panel)
    panels = (PANEL_ALPHA, theme.panel, theme.text3), (callouts.panel_alpha, theme.panel, theme.text2)
    for alpha, panel, color in (*panels, (GROUND_ALPHA, theme.floor, theme.text2)):
        ground = [alpha * part + (1 - alpha) * behind for part, behind in zip(panel, worst, strict=True)]
        assert contrast(color, ground) >= READABLE


def test_a_layers_numbers_are_those_of_the_file():
    labels, _ = layer_legend(facts(), DARK)
    assert number_beside(labels, "minimum") == "−0.5123"
    assert number_beside(labels, "maximum") == "+2"
    assert number_beside(labels, "mean") == "−1.5e−07"
    assert number_beside(labels, "std") == "0.125"
    assert number_beside(labels, "beyond range") == "0.5 %"
    assert {"−0.25", "0", "+0.25"} <= set(words(labels))


def test_what_is_undefined_is_a_dash():
    labels, shapes = layer_legend(facts(minimum=None, maximum=None, mean=None, std=None), DARK)
    assert [number_beside(labels, name) for name in ("minimum", "maximum", "mean", "std")] == ["–"] * 4
    assert np.isfinite(shapes.rectangles_px).all()


def test_facts_of_a_sample_are_called_so(written):
    of_all, of_sample = layer_legend(facts(), DARK)[0], layer_legend(facts(exact=False), DARK)[0]
    assert "share (square root)" in words(of_all) and "of a sample (square root)" not in words(of_all)
    assert "of a sample (square root)" in words(of_sample) and "share (square root)" not in words(of_sample)
    network = written({"small": np.ones(4, np.float32), "large": np.ones(WHOLE + 1, np.float32)})
    analysis = Analysis()
    shown = {tensor.name: words(layer_legend(analysis.facts(tensor), DARK)[0]) for tensor in network.tensors}
    assert "of a sample (square root)" in shown["large"] and "of a sample (square root)" not in shown["small"]


def test_bars_of_the_histogram_are_as_high_as_the_root_of_their_share():
    counts = np.zeros(BINS, np.int64)
    counts[0], counts[-1], counts[128] = 25, 100, 400
    _, shapes = layer_legend(Facts(0.25, -1, 1, 0, 1, counts, 0.0, True), DARK)
    bars = shapes.rectangles_px[1:4].tolist()
    heights = [row[3] for row in bars]
    assert np.array(heights) / max(heights) == pytest.approx([0.25, 1.0, 0.5])
    assert len({round(row[1] + row[3], 6) for row in bars}) == 1  # one base
    assert [row[0] for row in bars] == sorted(row[0] for row in bars)


def test_without_numbers_there_are_no_bars():
    empty = Facts(1.0, None, None, None, None, np.zeros(BINS, np.int64), 0.0, True)
    full = layer_legend(facts(), DARK)[1]
    assert len(full.rectangles_px) - len(layer_legend(empty, DARK)[1].rectangles_px) == 64


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("look", LOOKS)
def test_every_bar_of_the_histogram_can_be_seen_on_the_panel(theme, look):
    shapes = layer_legend(facts(), theme, Look(look))[1]
    panel, bars = shapes.left[0], shapes.left[1:65]
    assert min(contrast(bar, panel) for bar in bars) >= 1.6


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("reach", RANGES)
def test_no_line_of_the_legend_is_wider_than_its_scale(look, language, reach):
    set_language(language)
    try:
        volumes = [layer_volume("a", kind, [(0, (300, 4))]) for kind in KINDS]
        chosen = Look(look, reach)
        labels = [legend(volumes, DARK, 16.0, look=chosen)[0], layer_legend(facts(), DARK, chosen)[0]]
        for text in (text for label in labels for text in label.texts if text.align == "left"):
            right = text.offset_px[0] + GlyphAtlas().measure(text.text, text.size, text.weight)
            assert right <= -WIDTH_PX + BAR_PX + 1, text.text
    finally:
        set_language("en")


def test_numbers_of_values_are_called_so_where_the_scale_is_of_something_else():
    assert number_beside(layer_legend(facts(), DARK, Look("rownorm"))[0], "minimum of values") == "−0.5123"
    assert number_beside(layer_legend(facts(), DARK, Look("zscore"))[0], "minimum") == "−0.5123"


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_every_place_of_the_scale_has_the_color_of_its_value(theme):
    labels, shapes = legend([], theme, 16.0)
    left, middle, right = (next(t.offset_px[0] for t in labels.texts if t.text == end) for end in ENDS)
    assert middle == (left + right) / 2
    colors, places = diverging(theme.name), np.linspace(left, right, 256)
    bar = ScreenShapes(*(column[1:] for column in vars(shapes).values() if isinstance(column, np.ndarray)))
    for (x, _, width, _), *ends in zip(bar.rectangles_px, bar.left, bar.right, strict=True):
        for place, color in zip((x, x + width), ends, strict=True):
            nearest = colors[np.abs(places - place).argmin()]
            assert np.abs(nearest - color[:3]).max() < 0.09  # round ends are 8 px of one color
    assert bar.rectangles_px[:, 0].min() <= left and bar.rectangles_px[:, [0, 2]].sum(1).max() >= right


def test_kinds_in_view_are_named_with_their_color_and_no_others():
    volumes = [layer_volume("a", kind, [(0, (4, 4))]) for kind in ("conv", "norm", "conv")]
    labels, shapes = legend(volumes, DARK, 16.0)
    assert {"convolution", "norm"} <= set(words(labels)) and not {"linear", "embedding"} & set(words(labels))
    dots = shapes.left[-2:, :3]
    assert np.allclose(dots, [kind_color("conv", "dark"), kind_color("norm", "dark")])


def test_the_ruler_is_said_and_that_wide_matrices_are_narrower_only_where_it_is_so():
    narrow, wide = (layer_volume("a", "linear", [(0, (sides, 8))]) for sides in (192, 193))
    assert "1 floor square = 16 × 16 weights" in words(legend([narrow], DARK, 16.0)[0])
    assert "wide matrices are drawn narrower" not in words(legend([narrow], DARK, 16.0)[0])
    assert "wide matrices are drawn narrower" in words(legend([narrow, wide], DARK, 16.0)[0])


def boxes_of(labels, shapes):
    """Highest and lowest place of words and shapes, px from the lower right corner."""
    tops = [text.offset_px[1] for text in labels.texts] + shapes.rectangles_px[:, 1].tolist()
    ends = [text.offset_px[1] + text.size for text in labels.texts]
    ends += (shapes.rectangles_px[:, 1] + shapes.rectangles_px[:, 3]).tolist()
    return min(tops), max(ends)


@pytest.mark.parametrize("count", range(len(KINDS) + 1))
def test_the_legend_stays_within_the_lower_right_of_the_picture(count):
    volumes = [layer_volume("a", kind, [(0, (300, 4))]) for kind in list(KINDS)[:count]]
    for labels, shapes in (legend(volumes, DARK, 16.0), layer_legend(facts(), DARK)):
        assert isinstance(labels, Labels) and isinstance(shapes, ScreenShapes)
        top, end = boxes_of(labels, shapes)
        assert -1080 * 0.4 < top and end <= -28
        assert all(-520 < text.offset_px[0] <= -60 for text in labels.texts)
        lines = [(text.offset_px[0], text.offset_px[1]) for text in labels.texts]
        assert len(lines) == len(set(lines))


def test_a_layers_legend_has_a_panel_behind_all_of_it():
    labels, shapes = layer_legend(facts(), DARK)
    x, y, width, height = shapes.rectangles_px[0]
    assert shapes.left[0].tolist() == pytest.approx([*DARK.panel, PANEL_ALPHA])
    for text in labels.texts:
        assert x < text.offset_px[0] < x + width + 1e-6 and y < text.offset_px[1] < y + height - text.size
    rest = shapes.rectangles_px[1:]
    assert (rest[:, 0] >= x).all() and (rest[:, 0] + rest[:, 2] <= x + width).all() and (rest[:, 1] >= y).all()


def test_the_legend_speaks_chinese():
    set_language("zh")
    try:
        shown = words(layer_legend(facts(exact=False), DARK)[0]) + words(legend([], DARK, 16.0)[0])
    finally:
        set_language("en")
    assert not {"minimum", "VALUE", "WEIGHT", "of a sample (square root)"} & set(shown)


def test_the_veil_hides_what_is_behind_the_heading_and_fades():
    shapes = veil(DARK)
    assert (shapes.fractions == 0).all() and shapes.left[0, 3] > 0.9 and shapes.right[-1, 3] == 0
