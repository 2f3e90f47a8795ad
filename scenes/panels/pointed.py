"""What the mouse points at, beside the cursor: the number, and quieter what it is of."""

from __future__ import annotations

from ...engine.panel_host import heading_font
from ..weight_words import BlockWords

__all__ = ["pointed_panel"]

BESIDE_PX = 18.0  # from the cursor, at scale 1
TITLE, TEXT = 1.1, 0.88  # of the size of text


def pointed_panel(words: BlockWords, place_px: tuple[float, float], aside_px: float = 0.0) -> None:
    """Draws the words beside a place of the picture; to be called inside `PanelHost.frame`.

    `aside_px`: how far from the place what is pointed at reaches to both sides.
    """
    from imgui_bundle import imgui

    scale = imgui.get_style().font_scale_dpi
    picture = imgui.get_io().display_size
    right, below = place_px[0] > picture.x * 0.7, place_px[1] > picture.y * 0.75
    side = BESIDE_PX * scale
    across = max(aside_px + side / 2, side)
    place = imgui.ImVec2(place_px[0] + (-across if right else across), place_px[1] + (-side if below else side))
    imgui.set_next_window_pos(place, 0, imgui.ImVec2(float(right), float(below)))
    imgui.push_style_var(imgui.StyleVar_.window_padding, imgui.ImVec2(12 * scale, 9 * scale))
    imgui.push_style_var(imgui.StyleVar_.item_spacing, imgui.ImVec2(10 * scale, 4 * scale))
    flags = imgui.WindowFlags_
    imgui.begin("pointed", None, flags.no_decoration | flags.no_inputs | flags.no_nav | flags.always_auto_resize)
    imgui.push_font(heading_font(), imgui.get_style().font_size_base * TITLE)
    imgui.text_unformatted(words.title)
    imgui.pop_font()
    imgui.push_font(None, imgui.get_style().font_size_base * TEXT)
    for line in words.lines:
        imgui.text_disabled(line.replace("%", "%%"))
    imgui.pop_font()
    imgui.end()
    imgui.pop_style_var(2)
