"""How the light of a run is led: buttons above its line at the bottom of the picture, and the line itself."""

from __future__ import annotations

from typing import Any

from ...engine.commands import CommandTable
from ...engine.text_layout import screen_scale
from ..playback import Playback
from ..timeline import LEFT_PX, LINE_Y_PX, length_px

__all__ = ["transport_panel"]

ABOVE_PX, BUTTON_PX, BETWEEN_PX = 48.0, 30.0, 8.0  # px at 1080 lines
REACH_PX = 12.0  # from the line at which it can be dragged
ICON = 0.26  # half size, of a button
QUIET, LOUD = 0.62, 1.0


def transport_panel(playback: Playback, commands: CommandTable) -> bool:
    """Draws the buttons, and runs what they are for; to be called inside `PanelHost.frame`. True: it did something."""
    from imgui_bundle import imgui

    picture = imgui.get_io().display_size
    scale = screen_scale(int(picture.y))
    length = length_px((int(picture.x), int(picture.y))) * scale
    left, line = LEFT_PX * scale, picture.y + LINE_Y_PX * scale
    top, reach, button = line - ABOVE_PX * scale, REACH_PX * scale, BUTTON_PX * scale
    imgui.set_next_window_pos(imgui.ImVec2(left - reach, top))
    imgui.set_next_window_size(imgui.ImVec2(length + 2 * reach, line + reach - top))
    imgui.push_style_var(imgui.StyleVar_.window_padding, imgui.ImVec2(0, 0))
    flags = imgui.WindowFlags_
    imgui.begin("transport", None, flags.no_decoration | flags.no_nav | flags.no_background | flags.no_move)
    done = False
    names = ("run.back", "run.play", "run.step", "run.slower", "run.faster")
    for number, name in enumerate(names):
        x = left + number * (button + BETWEEN_PX * scale) + (BETWEEN_PX * 2 * scale if number > 2 else 0.0)
        imgui.set_cursor_screen_pos(imgui.ImVec2(x, top))
        if imgui.invisible_button(name, imgui.ImVec2(button, button)):
            commands.run(name)
            done = True
        _icon(name, (x + button / 2, top + button / 2), ICON * button, playback.is_playing, imgui.is_item_hovered())
    x = left + 5 * (button + BETWEEN_PX * scale) + 3 * BETWEEN_PX * scale
    imgui.set_cursor_screen_pos(imgui.ImVec2(x, top + (button - imgui.get_text_line_height()) / 2))
    imgui.text_disabled(f"{playback.speed:g} ×")
    imgui.set_cursor_screen_pos(imgui.ImVec2(left, line - reach))
    imgui.invisible_button("line", imgui.ImVec2(length, 2 * reach))
    if imgui.is_item_active():
        share = min(max((imgui.get_io().mouse_pos.x - left) / max(length, 1.0), 0.0), 1.0)
        if abs(share * playback.length - playback.place) > 1e-6:
            commands.run("run.scrub", share=share)
            done = True
    imgui.end()
    imgui.pop_style_var()
    return done


def _icon(name: str, middle: tuple[float, float], half: float, is_playing: bool, is_hovered: bool) -> None:
    from imgui_bundle import imgui

    color = imgui.get_style_color_vec4(imgui.Col_.text)
    packed = imgui.get_color_u32(imgui.ImVec4(color.x, color.y, color.z, LOUD if is_hovered else QUIET))
    drawing, (x, y) = imgui.get_window_draw_list(), middle
    if name == "run.play" and is_playing:
        for side in (-0.55, 0.55):
            _bar(drawing, x + side * half, y, 0.26 * half, half, packed)
    elif name == "run.play":
        _arrow(drawing, x, y, half, 1.0, packed)
    elif name in ("run.step", "run.back"):
        way = 1.0 if name == "run.step" else -1.0
        _arrow(drawing, x - way * 0.25 * half, y, 0.8 * half, way, packed)
        _bar(drawing, x + way * 0.85 * half, y, 0.14 * half, 0.8 * half, packed)
    else:
        _bar(drawing, x, y, 0.75 * half, 0.11 * half, packed)
        if name == "run.faster":
            _bar(drawing, x, y, 0.11 * half, 0.75 * half, packed)


def _bar(drawing: Any, x: float, y: float, half_wide: float, half_high: float, color: int) -> None:
    from imgui_bundle import imgui

    corners = imgui.ImVec2(x - half_wide, y - half_high), imgui.ImVec2(x + half_wide, y + half_high)
    drawing.add_rect_filled(*corners, color, min(half_wide, half_high) / 2)


def _arrow(drawing: Any, x: float, y: float, half: float, way: float, color: int) -> None:
    from imgui_bundle import imgui

    places = ((x - way * 0.8 * half, y - half), (x + way * half, y), (x - way * 0.8 * half, y + half))
    drawing.add_triangle_filled(*(imgui.ImVec2(*place) for place in places), color)
