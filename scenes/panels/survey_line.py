"""How far the survey of all numbers is: a thin line at the bottom left, with words unless others stand there."""

from __future__ import annotations

from ...engine.loop import now_s
from ..strings import text

__all__ = ["SurveyLine", "survey_panel", "survey_words"]

MARGIN = 0.022  # of the picture's height
LENGTH_PX, THICK_PX, GAP_PX = 190.0, 3.0, 7.0  # at scale 1
SOONEST_S = 1.0  # after which the time left is guessed
TRACK_ALPHA, DONE_ALPHA = 0.18, 0.75


class SurveyLine:
    """Progress with the time that it takes. What the cache knows is not counted: it says nothing about the rest."""

    def __init__(self) -> None:
        self._begun: tuple[float, int] | None = None

    def words(self, done: int, total: int) -> str:
        """What is said of so many elements."""
        now = now_s()
        if self._begun is None:
            self._begun = now, done
        return survey_words(done, total, now - self._begun[0], done - self._begun[1])


def survey_words(done: int, total: int, seconds: float, meanwhile: int) -> str:
    """Share and time left, when `meanwhile` elements were done in so many seconds."""
    share = text("survey.share", share=f"{done / max(total, 1):.0%}")
    if seconds < SOONEST_S or not meanwhile:
        return share
    left_s = round((total - done) * seconds / meanwhile)
    return text("survey.left", share=share, time=f"{left_s // 60}:{left_s % 60:02d}")


def survey_panel(share: float, words: str | None) -> None:
    """Draws the line, `share` of it done; to be called inside `PanelHost.frame`. None: no words."""
    from imgui_bundle import imgui

    picture, scale = imgui.get_io().display_size, imgui.get_style().font_scale_dpi
    margin, length = picture.y * MARGIN, LENGTH_PX * scale
    left, bottom = margin, picture.y - margin / 2
    top = bottom - THICK_PX * scale
    drawing = imgui.get_background_draw_list()
    color = imgui.get_style_color_vec4(imgui.Col_.text)
    for end, alpha in ((length, TRACK_ALPHA), (length * share, DONE_ALPHA)):
        packed = imgui.get_color_u32(imgui.ImVec4(color.x, color.y, color.z, alpha))
        drawing.add_rect_filled(imgui.ImVec2(left, top), imgui.ImVec2(left + end, bottom), packed, THICK_PX * scale / 2)
    if words is not None:
        place = imgui.ImVec2(left, top - GAP_PX * scale - imgui.get_text_line_height())
        drawing.add_text(place, imgui.get_color_u32(imgui.ImVec4(color.x, color.y, color.z, DONE_ALPHA)), words)
