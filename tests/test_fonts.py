"""The shipped fonts: every text of the program can be written with them, and they stay small and licensed."""

import pytest
from tensornaut.engine.glyphs import FONTS, font_file, shipped_fonts
from tensornaut.engine.kernels.errors import MESSAGES as ENGINE_MESSAGES
from tensornaut.loaders.errors import MESSAGES as LOADER_MESSAGES
from tensornaut.scenes.strings import LANGUAGES

WEIGHTS = ("light", "regular", "semibold")
MEGABYTE = 1_000_000


def without_glyph(characters, weight):
    fonts = shipped_fonts()
    return {c for c in characters if c.isprintable() and not fonts.metrics(c, weight)[1]}


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_program_can_be_written(language, weight):
    assert without_glyph(set("".join(LANGUAGES[language].values())), weight) == set()


def test_every_error_message_can_be_written():
    assert without_glyph(set("".join([*LOADER_MESSAGES.values(), *ENGINE_MESSAGES.values()])), "regular") == set()


def test_inter_itself_has_latin_numbers_and_signs():
    letters = "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0xAD), *range(0xAE, 0x149), *range(0x14A, 0x180)]))
    for character in letters + "αβγδλμσΣΔΩ" + "АБВабв" + "×−…·±≤≥≈≠∞→←↑↓√∑•■□●○–—“”‘’":
        for weight in WEIGHTS:
            font, index, _, _ = shipped_fonts().metrics(character, weight)
            assert font == weight and index, character


def test_all_of_gb_2312_can_be_written():
    cells = [bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF)]
    characters = set("".join(cell.decode("gb2312", "ignore") for cell in cells))
    assert sum("\u4e00" <= c <= "\u9fff" for c in characters) == 6763
    assert without_glyph(characters, "regular") == set()


def test_fonts_are_small_and_come_with_their_license():
    sizes = [font_file(font).stat().st_size for font in (*WEIGHTS, "fallback")]
    assert max(sizes) <= 2.5 * MEGABYTE and sum(sizes) <= 3.5 * MEGABYTE
    license_text = (FONTS / "OFL.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in license_text
    assert "The Inter Project Authors" in license_text and "Adobe" in license_text
