"""Panels: imgui contexts of their own size, drawn into the framebuffer that is bound: screen, headset, tests.

Whoever opens windows calls `load_widgets` before importing glfw or vispy: imgui-bundle brings its own libglfw.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .glyphs import font_file

if TYPE_CHECKING:
    from .theme import Color, Theme

__all__ = ["TEXT_PX", "PanelHost", "heading_font", "load_widgets"]

TEXT_PX = 16.0  # em at scale 1
# imgui's size of a font is its height from lowest to highest; these turn it into the em, alike for all fonts.
HEIGHT_PER_EM = {"regular": 1.21, "semibold": 1.21, "fallback": 1.448}
# Keys as commands write them -> imgui; letters, digits and function keys are found by rule.
KEYS = {
    "Alt": "mod_alt",
    "Ctrl": "mod_ctrl",
    "Down": "down_arrow",
    "Left": "left_arrow",
    "PageDown": "page_down",
    "PageUp": "page_up",
    "Right": "right_arrow",
    "Shift": "mod_shift",
    "Up": "up_arrow",
}
SAME_NAME = {"Backspace", "Delete", "End", "Enter", "Escape", "Home", "Insert", "Space", "Tab"}


def load_widgets() -> None:
    """Imports imgui-bundle, so that glfw finds the libglfw that it brings."""
    importlib.import_module("imgui_bundle")


def heading_font() -> Any:
    """The font of headings in the panel being drawn."""
    from imgui_bundle import imgui

    return imgui.get_io().fonts.fonts[1]


class PanelHost:
    """One imgui context with the shipped fonts and a theme's colors. Needs a current OpenGL context.

    `size_px` is (width, height) of the framebuffer; `scale` multiplies text and spaces. Events come in by the `add_`
    functions only; places are px from the top left. Nothing is written to disk.
    """

    def __init__(self, size_px: tuple[int, int], scale: float = 1.0, theme: Theme | None = None) -> None:
        from imgui_bundle import imgui

        self._imgui: Any = imgui
        self._context = imgui.create_context()
        io = self._entered().get_io()
        io.set_ini_filename("")
        io.set_log_filename("")
        self._load_fonts()
        if theme is not None:
            self.color(theme)
        imgui.backends.opengl3_init("#version 330")
        self.resize(size_px, scale)

    def _entered(self) -> Any:
        """The imgui module, working on this context."""
        self._imgui.set_current_context(self._context)
        return self._imgui

    def resize(self, size_px: tuple[int, int], scale: float) -> None:
        """Fits the panels to another framebuffer or another size of text."""
        imgui = self._entered()
        imgui.get_io().display_size = imgui.ImVec2(*size_px)
        style = imgui.get_style()
        style.font_size_base, style.font_scale_dpi = TEXT_PX, scale
        style.window_padding = imgui.ImVec2(22 * scale, 18 * scale)
        style.item_spacing = imgui.ImVec2(10 * scale, 7 * scale)
        style.frame_padding = imgui.ImVec2(9 * scale, 5 * scale)
        style.cell_padding = imgui.ImVec2(10 * scale, 3.5 * scale)
        style.scrollbar_size = 10 * scale
        style.window_rounding, style.frame_rounding = 12 * scale, 6 * scale
        style.window_border_size = 0

    def frame(self, delta_s: float, draw: Callable[[], None]) -> None:
        """Draws one picture of the panels that `draw` makes, over what the bound framebuffer shows."""
        imgui = self._entered()
        imgui.get_io().delta_time = max(delta_s, 1e-4)
        imgui.backends.opengl3_new_frame()
        imgui.new_frame()
        draw()
        imgui.render()
        imgui.backends.opengl3_render_draw_data(imgui.get_draw_data())

    @property
    def wants_mouse(self) -> bool:
        """True when the mouse is over a panel or held by one: it is not for the scene."""
        return bool(self._entered().get_io().want_capture_mouse)

    def is_at(self, x_px: float, y_px: float) -> bool:
        """True when the mouse would be over a panel there: also before the panels were drawn with it there."""
        imgui = self._entered()
        imgui.internal.update_hovered_window_and_capture_flags(imgui.ImVec2(x_px, y_px))
        return self.wants_mouse

    @property
    def wants_keyboard(self) -> bool:
        """True when a panel takes what is typed."""
        return bool(self._entered().get_io().want_text_input)

    def add_mouse_pos(self, x_px: float, y_px: float) -> None:
        """The mouse, or a headset's laser, points here."""
        self._entered().get_io().add_mouse_pos_event(x_px, y_px)

    def add_mouse_button(self, button: int, pressed: bool) -> None:
        """A button went down or up: 0 left, 1 right, 2 middle."""
        self._entered().get_io().add_mouse_button_event(button, pressed)

    def add_mouse_wheel(self, right: float, up: float) -> None:
        """The wheel turned, in notches."""
        self._entered().get_io().add_mouse_wheel_event(right, up)

    def add_key(self, key: str, pressed: bool) -> None:
        """A key went down or up, by its name in commands; keys that panels have no use for are ignored."""
        name = KEYS.get(key) or (key.lower() if key in SAME_NAME or re.fullmatch(r"[A-Z]|F1?\d", key) else "")
        if name:
            imgui = self._entered()
            imgui.get_io().add_key_event(getattr(imgui.Key, name), pressed)

    def add_text(self, text: str) -> None:
        """These characters were typed."""
        self._entered().get_io().add_input_characters_utf8(text)

    def close(self) -> None:
        """Frees the context and its GPU memory."""
        imgui = self._entered()
        imgui.backends.opengl3_shutdown()
        imgui.destroy_context(self._context)

    def _load_fonts(self) -> None:
        """Text, then headings: Inter, with Noto Sans SC for what Inter lacks."""
        imgui = self._imgui
        for font, merged in (("regular", False), ("fallback", True), ("semibold", False), ("fallback", True)):
            config = imgui.ImFontConfig()
            config.merge_mode = merged
            config.extra_size_scale = HEIGHT_PER_EM[font]
            imgui.get_io().fonts.add_font_from_file_ttf(str(font_file(font)), TEXT_PX, config)

    def color(self, theme: Theme) -> None:
        """Takes on a theme's colors."""
        imgui = self._entered()
        (imgui.style_colors_light if theme.ink else imgui.style_colors_dark)()
        part = imgui.Col_
        tints: dict[Any, tuple[Color, float]] = {
            part.text: (theme.text, 1.0),
            part.text_disabled: (theme.text2, 1.0),
            part.window_bg: (theme.panel, 0.96),
            part.popup_bg: (theme.panel, 0.97),
            part.separator: (theme.edge, 0.25),
            part.border: (theme.edge, 0.25),
            part.table_border_light: (theme.edge, 0.14),
            part.frame_bg: (theme.edge, 0.12),
            part.frame_bg_hovered: (theme.edge, 0.2),
            part.frame_bg_active: (theme.edge, 0.28),
            part.button: (theme.edge, 0.16),
            part.button_hovered: (theme.edge, 0.26),
            part.button_active: (theme.edge, 0.36),
            part.scrollbar_bg: (theme.panel, 0.0),
        }
        for name, (rgb, alpha) in tints.items():
            imgui.get_style().set_color_(name, imgui.ImVec4(*rgb, alpha))
