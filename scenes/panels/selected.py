"""The selected weight: all that is known of it, at the side of the picture where it does not hide it."""

from __future__ import annotations

from ...engine.panel_host import heading_font
from ..strings import text
from ..weight_words import Selected

__all__ = ["SelectedPanel"]

MARGIN = 0.022  # of the picture's height
LOWER = 0.20  # of the picture's height: below the heading, where the panel is at the left
AROUND_PX = 60.0  # around the weight
TITLE, TEXT = 1.4, 0.88  # of the size of text


class SelectedPanel:
    """Stands at the top right, at the left where it would hide the weight there."""

    def __init__(self) -> None:
        self._size_px = (0.0, 0.0)

    def draw(self, words: Selected, weight_px: tuple[float, float] | None, is_right_taken: bool = False) -> None:
        """Draws the words; to be called inside `PanelHost.frame`. `weight_px` is where the weight is seen, if it is."""
        from imgui_bundle import imgui

        scale = imgui.get_style().font_scale_dpi
        picture = imgui.get_io().display_size
        margin = picture.y * MARGIN
        left = is_right_taken or weight_px is not None and self._would_hide(weight_px, picture.x - margin, margin)
        place = imgui.ImVec2(margin, picture.y * LOWER) if left else imgui.ImVec2(picture.x - margin, margin)
        imgui.set_next_window_pos(place, 0, imgui.ImVec2(0.0 if left else 1.0, 0.0))
        imgui.push_style_var(imgui.StyleVar_.window_padding, imgui.ImVec2(16 * scale, 13 * scale))
        imgui.push_style_var(imgui.StyleVar_.item_spacing, imgui.ImVec2(10 * scale, 4 * scale))
        flags = imgui.WindowFlags_
        imgui.begin("selected", None, flags.no_decoration | flags.no_inputs | flags.no_nav | flags.always_auto_resize)
        _contents(words)
        size = imgui.get_window_size()
        self._size_px = size.x, size.y
        imgui.end()
        imgui.pop_style_var(2)

    def _would_hide(self, place_px: tuple[float, float], right_px: float, top_px: float) -> bool:
        width, height = self._size_px
        return right_px - width - AROUND_PX < place_px[0] and place_px[1] < top_px + height + AROUND_PX


def _contents(words: Selected) -> None:
    from imgui_bundle import imgui

    size = imgui.get_style().font_size_base
    imgui.push_font(heading_font(), size * TITLE)
    imgui.text_unformatted(words.title)
    imgui.pop_font()
    imgui.push_font(None, size * TEXT)
    imgui.text_unformatted(words.place)
    imgui.spacing()
    _rows("facts", words.facts)
    imgui.spacing()
    _rows("lines", words.table)
    imgui.spacing()
    imgui.text_disabled(text("selected.hint"))
    imgui.pop_font()


def _rows(name: str, rows: tuple[tuple[str, ...], ...]) -> None:
    """A table whose first column is quieter, and its first and last row where there are many columns."""
    from imgui_bundle import imgui

    flags = imgui.TableFlags_.sizing_fixed_fit | imgui.TableFlags_.no_host_extend_x
    if not rows or not imgui.begin_table(name, len(rows[0]), flags):
        return
    for number, row in enumerate(rows):
        imgui.table_next_row()
        for k, cell in enumerate(row):
            imgui.table_next_column()
            quiet = k == 0 or name == "lines" and number in (0, len(rows) - 1)
            imgui.text_disabled(cell.replace("%", "%%")) if quiet else imgui.text_unformatted(cell)
    imgui.end_table()
