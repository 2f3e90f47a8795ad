"""The drawing pad: a picture to draw into with the mouse, and below it what the network makes of it."""

from __future__ import annotations

import numpy as np

from ...engine.panel_host import heading_font
from ..drawing_pad import DrawingPad
from ..strings import text

__all__ = ["PadPanel"]

SIDE_PX, MARGIN, GAP_PX = 184.0, 0.022, 1.0  # at scale 1; of the picture's height; between pixels
BAR_PX, ROW_PX = 6.0, 15.0
TEXT, HELP, ANSWER = 0.84, 0.80, 1.7  # of the size of text: what the network says, keys, the answer
SURE = 0.5  # share from which on an answer is no guess
TRACK_ALPHA, BAR_ALPHA, QUIET_ALPHA = 0.10, 0.95, 0.55
MOST_BARS = 12
RIGHT = 1  # button that erases


class PadPanel:
    """Stands at the upper right."""

    def __init__(self) -> None:
        self.place_px = (0.0, 0.0, 0.0)  # left, top and size of a pixel of the picture, of the panel drawn last
        self._last: tuple[float, float] | None = None  # where the stroke that is being drawn has come
        self._is_held = False

    def stroke(self, pad: DrawingPad, x_px: float, y_px: float, button: int, is_new: bool) -> bool:
        """Draws on to a place of the mouse, between two times that the panel is drawn. True: it shows.

        A stroke begins on the picture, and goes on as long as it `is_held`.
        """
        before, (left, top, cell) = pad.revision, self.place_px
        place = (x_px - left) / max(cell, 1e-9), (y_px - top) / max(cell, 1e-9)
        height, width = pad.image.shape
        if is_new and 0 <= place[0] < width and 0 <= place[1] < height:
            self._is_held, self._last = True, place
        if self._is_held:
            pad.draw(self._last or place, place, button == RIGHT)
            self._last = place
        return pad.revision != before

    @property
    def is_held(self) -> bool:
        """Whether a stroke is being drawn."""
        return self._is_held

    def end_stroke(self) -> None:
        """The mouse was let go."""
        self._is_held, self._last = False, None

    def draw(self, pad: DrawingPad, answer: np.ndarray | None, colors: np.ndarray) -> bool:
        """Draws it; to be called inside `PanelHost.frame`. True: something was drawn into the picture.

        `answer` (classes,) shares; `colors` (256, 3) of 0 to 1.
        """
        from imgui_bundle import imgui

        before = pad.revision
        scale = imgui.get_style().font_scale_dpi
        picture = imgui.get_io().display_size
        margin = picture.y * MARGIN
        imgui.set_next_window_pos(imgui.ImVec2(picture.x - margin, margin), 0, imgui.ImVec2(1.0, 0.0))
        imgui.push_style_var(imgui.StyleVar_.window_padding, imgui.ImVec2(16 * scale, 14 * scale))
        flags = imgui.WindowFlags_
        imgui.begin("pad", None, flags.no_decoration | flags.no_nav | flags.no_move | flags.always_auto_resize)
        _title(answer, scale)
        self._picture(pad, colors, scale)
        imgui.push_font(None, imgui.get_style().font_size_base * HELP)
        imgui.text_disabled(text("pad.help"))
        imgui.pop_font()
        if imgui.button(text("pad.clear")):
            pad.clear()
        if pad.examples:
            imgui.same_line()
            if imgui.button(text("pad.example")):
                pad.take_example()
        if answer is not None:
            imgui.push_font(None, imgui.get_style().font_size_base * TEXT)
            _bars(answer, scale)
            imgui.pop_font()
        imgui.end()
        imgui.pop_style_var()
        return pad.revision != before

    def _picture(self, pad: DrawingPad, colors: np.ndarray, scale: float) -> None:
        from imgui_bundle import imgui

        height, width = pad.image.shape
        cell = SIDE_PX * scale / max(height, width)
        corner = imgui.get_cursor_screen_pos()
        self.place_px = corner.x, corner.y, cell
        either = imgui.ButtonFlags_.mouse_button_left | imgui.ButtonFlags_.mouse_button_right
        imgui.invisible_button("picture", imgui.ImVec2(cell * width, cell * height), either)
        drawing, gap = imgui.get_window_draw_list(), GAP_PX * scale if cell > 6 * scale else 0.0
        rgb = colors[np.clip(np.rint(pad.image * 255), 0, 255).astype(int)].tolist()
        for i, j in np.ndindex(height, width):
            x, y = corner.x + j * cell, corner.y + i * cell
            red, green, blue = rgb[i][j]
            packed = imgui.get_color_u32(imgui.ImVec4(red, green, blue, 1.0))
            drawing.add_rect_filled(imgui.ImVec2(x, y), imgui.ImVec2(x + cell - gap, y + cell - gap), packed, 2 * gap)


def _title(answer: np.ndarray | None, scale: float) -> None:
    """What is to be done, and at the right what it is taken for: quiet as long as that is rather a guess."""
    from imgui_bundle import imgui

    imgui.push_font(heading_font(), imgui.get_style().font_size_base)
    corner, height = imgui.get_cursor_screen_pos(), imgui.get_text_line_height()
    imgui.text_unformatted(text("pad.title"))
    imgui.pop_font()
    if answer is None:
        return
    best = int(np.argmax(answer))
    imgui.push_font(heading_font(), imgui.get_style().font_size_base * ANSWER)
    words, color = str(best), imgui.get_style_color_vec4(imgui.Col_.text)
    size = imgui.calc_text_size(words)
    alpha = 1.0 if answer[best] >= SURE else QUIET_ALPHA
    place = imgui.ImVec2(corner.x + SIDE_PX * scale - size.x, corner.y + (height - size.y) / 2)
    packed = imgui.get_color_u32(imgui.ImVec4(color.x, color.y, color.z, alpha))
    imgui.get_window_draw_list().add_text(place, packed, words)
    imgui.pop_font()


def _bars(answer: np.ndarray, scale: float) -> None:
    """A line for each class, in order; where there are many, those with the largest shares."""
    from imgui_bundle import imgui

    classes = np.arange(len(answer))
    if len(classes) > MOST_BARS:
        classes = np.sort(np.argsort(-answer)[:MOST_BARS])
    best = int(np.argmax(answer))
    color = imgui.get_style_color_vec4(imgui.Col_.text)
    drawing = imgui.get_window_draw_list()
    corner, height = imgui.get_cursor_screen_pos(), imgui.get_text_line_height()
    number_px, share_px = 22 * scale, 52 * scale
    length = SIDE_PX * scale - number_px - share_px

    def shade(alpha: float) -> int:
        return imgui.get_color_u32(imgui.ImVec4(color.x, color.y, color.z, alpha))

    for row, number in enumerate(classes.tolist()):
        y, share = corner.y + row * ROW_PX * scale, float(answer[number])
        alpha = 1.0 if number == best else QUIET_ALPHA
        drawing.add_text(imgui.ImVec2(corner.x, y), shade(alpha), str(number))
        left, top = corner.x + number_px, y + (height - BAR_PX * scale) / 2
        for end, strength in ((1.0, TRACK_ALPHA), (share, BAR_ALPHA * alpha)):
            bottom = imgui.ImVec2(left + max(length * end, 1.0), top + BAR_PX * scale)
            drawing.add_rect_filled(imgui.ImVec2(left, top), bottom, shade(strength), BAR_PX * scale / 2)
        words = f"{share:.1%}"
        place = imgui.ImVec2(corner.x + SIDE_PX * scale - imgui.calc_text_size(words).x, y)
        drawing.add_text(place, shade(alpha), words)
    imgui.dummy(imgui.ImVec2(SIDE_PX * scale, len(classes) * ROW_PX * scale))
