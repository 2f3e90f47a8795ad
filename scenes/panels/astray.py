"""A way home for who has lost sight of the model: a button, after a while without anything of it in view."""

from __future__ import annotations

from collections.abc import Callable

from ...engine.loop import now_s
from ..strings import text

__all__ = ["AFTER_S", "Astray", "astray_panel"]

AFTER_S = 2.0
PLACE = 0.5, 0.45  # of the picture: where nothing of the model is


class Astray:
    """Since when nothing is in view."""

    def __init__(self) -> None:
        self._since_s: float | None = None

    def note(self, is_lost: bool) -> None:
        """Notes whether nothing is in view now."""
        if not is_lost:
            self._since_s = None
        elif self._since_s is None:
            self._since_s = now_s()

    @property
    def wait_s(self) -> float | None:
        """Time until the way home is to be shown, 0 once it is; None: something is in view."""
        return None if self._since_s is None else max(self._since_s + AFTER_S - now_s(), 0.0)


def astray_panel(go_home: Callable[[], None]) -> None:
    """Draws the button; to be called inside `PanelHost.frame`."""
    from imgui_bundle import imgui

    picture = imgui.get_io().display_size
    place = imgui.ImVec2(picture.x * PLACE[0], picture.y * PLACE[1])
    imgui.set_next_window_pos(place, 0, imgui.ImVec2(0.5, 0.5))
    flags = imgui.WindowFlags_
    imgui.begin("astray", None, flags.no_decoration | flags.no_nav | flags.no_move | flags.always_auto_resize)
    if imgui.button(text("astray.home")):
        go_home()
    imgui.end()
