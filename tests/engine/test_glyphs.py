"""Glyphs: what is drawn, where it lies, and that it stays there."""

import subprocess
import sys

import numpy as np
import pytest
from tensornaut.engine.glyphs import FIELD_SPREAD, GlyphAtlas, distance_field, with_coarser_levels
from tensornaut.engine.text_layout import ATLAS_LIMIT, Typesetter


def picture(atlas, glyph):
    return atlas.image[glyph.y : glyph.y + glyph.height, glyph.x : glyph.x + glyph.width]


def test_a_capital_stands_on_the_base_line_with_its_exact_height():
    atlas = GlyphAtlas()
    glyph = atlas.glyph("H", "regular", 40)
    assert glyph.top == pytest.approx(-0.727 * 40, abs=1)
    assert glyph.top + glyph.height == pytest.approx(0, abs=1)
    assert picture(atlas, glyph).max() == 255
    assert glyph.left >= 0 and glyph.left + glyph.width <= glyph.advance


def test_heavier_weights_hold_more_ink():
    atlas = GlyphAtlas()
    ink = [int(picture(atlas, atlas.glyph("m", weight, 30)).sum()) for weight in ("light", "regular", "semibold")]
    assert ink == sorted(ink) and len(set(ink)) == 3


@pytest.mark.parametrize("character", "层注意力，")
def test_chinese_comes_from_the_second_font_as_wide_as_high(character):
    atlas = GlyphAtlas()
    glyph = atlas.glyph(character, "semibold", 20)
    assert picture(atlas, glyph).any()
    assert glyph.advance == pytest.approx(20, abs=0.5)


def test_what_no_font_has_is_an_empty_box():
    atlas = GlyphAtlas()
    box = picture(atlas, atlas.glyph("\U0001f600", "regular", 28))
    assert (box[0] == 255).all() and (box[:, 0] == 255).all() and not box[3:-3, 3:-3].any()


@pytest.mark.parametrize("weight", ["light", "regular", "semibold"])
def test_digits_are_equally_wide(weight):
    atlas = GlyphAtlas()
    assert len({atlas.advance(digit, weight) for digit in "0123456789"}) == 1
    assert atlas.measure("−0.111", 15, weight) == atlas.measure("−0.888", 15, weight)


def test_measure_agrees_with_the_line_that_is_set_and_grows_with_its_size():
    atlas = GlyphAtlas()
    for words in ("MLP expand", "BLOCK 1", "嵌入层 48 × 48"):
        run = Typesetter(atlas).run(words, "regular", 24)
        assert run.width == pytest.approx(atlas.measure(words, 24, "regular"))
        assert atlas.measure(words, 48, "regular") == pytest.approx(2 * run.width)
        assert run.glyphs[-1, 0] + run.glyphs[-1, 2] <= run.width + 2


def test_glyphs_do_not_touch_and_keep_their_place_while_the_atlas_grows():
    atlas = GlyphAtlas()
    first = atlas.glyph("Q", "regular", 33)
    before = picture(atlas, first).copy()
    height = len(atlas.image)
    glyphs = [atlas.glyph(chr(code), "regular", size) for size in (33, 47, 61) for code in range(33, 127)]
    assert len(atlas.image) > height
    assert atlas.glyph("Q", "regular", 33) is first
    assert (picture(atlas, first) == before).all()
    owner = np.zeros(atlas.image.shape, int)
    for glyph in glyphs:
        owner[glyph.y : glyph.y + glyph.height, glyph.x : glyph.x + glyph.width] += 1
    assert owner.max() == 1


def test_the_revision_rises_with_new_glyphs_only():
    atlas = GlyphAtlas()
    atlas.glyph("a", "regular", 20)
    revision = atlas.revision
    atlas.glyph("a", "regular", 20)
    assert atlas.revision == revision
    atlas.glyph("b", "regular", 20)
    assert atlas.revision > revision


def test_a_full_atlas_starts_anew_and_sets_the_same_line_again():
    atlas = GlyphAtlas()
    typesetter = Typesetter(atlas)
    old = typesetter.run("weight", "regular", 20)
    for size in range(100, 200):
        typesetter.run("abcdefghijklmnop", "regular", size)
    assert atlas.used_height > ATLAS_LIMIT
    typesetter.tidy()
    assert atlas.used_height == 0
    assert (typesetter.run("weight", "regular", 20).glyphs[:, :4] == old.glyphs[:, :4]).all()


def test_a_distance_field_measures_the_distance_to_a_straight_edge():
    cover = np.zeros((40, 40), np.uint8)
    cover[:, 20:] = 255
    field = distance_field(cover, FIELD_SPREAD).astype(float)[FIELD_SPREAD + 20, FIELD_SPREAD:-FIELD_SPREAD]
    signed = (field - 128) * FIELD_SPREAD / 127.5
    middle = np.arange(40) + 0.5 - 20
    near = np.abs(middle) < FIELD_SPREAD - 1
    assert np.abs(signed - middle)[near].max() < 0.6
    assert field[:12].max() == 0 and field[28:30].min() == 255


def test_coarser_levels_are_block_means_beside_the_picture():
    image = np.random.default_rng(3).integers(0, 256, (64, 128)).astype(np.uint8)
    levels = with_coarser_levels(image)
    assert levels.shape == (64, 240)
    assert (levels[:, :128] == image).all()
    mean = image.reshape(32, 2, 64, 2).mean((1, 3))
    assert np.abs(levels[:32, 128:192] - mean).max() <= 0.5


def test_freetype_is_not_imported_before_the_first_glyph():
    code = (
        "import sys; from tensornaut.engine.glyphs import GlyphAtlas; atlas = GlyphAtlas()\n"
        "assert 'freetype' not in sys.modules\n"
        "atlas.glyph('a', 'regular', 20)\n"
        "assert 'freetype' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
