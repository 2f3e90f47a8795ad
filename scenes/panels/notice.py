"""Notices: short messages at the bottom left, gone after a while."""

from __future__ import annotations

from ...engine.loop import now_s

__all__ = ["Notices", "notice_panel"]

SHOWN_S = 5.0
MARGIN = 0.022  # of the picture's height
WIDTH = 0.6  # of the picture
HIGHER = 0.84  # of the picture, where something stands below
MOST = 3  # at once


class Notices:
    """What is to be read now, the newest last."""

    def __init__(self) -> None:
        self._until: list[tuple[str, float]] = []
        self._last: dict[str, str] = {}  # topic -> words

    def add(self, words: str) -> float:
        """Shows a message; gives the seconds after which it goes."""
        self._until = [*self._until, (words, now_s() + SHOWN_S)][-MOST:]
        return SHOWN_S

    def tell(self, topic: str, words: str) -> float:
        """Shows a message in place of the last one on a topic; gives the seconds after which it goes."""
        before, self._last[topic] = self._last.get(topic), words
        self._until = [entry for entry in self._until if entry[0] != before]
        return self.add(words)

    @property
    def shown(self) -> list[str]:
        """The messages that are not too old."""
        now = now_s()
        self._until = [(words, until_s) for words, until_s in self._until if until_s > now]
        return [words for words, _ in self._until]


def notice_panel(notices: Notices, is_bottom_taken: bool = False) -> None:
    """Draws the messages; to be called inside `PanelHost.frame`. `is_bottom_taken`: something else stands there."""
    from imgui_bundle import imgui

    messages = notices.shown
    if not messages:
        return
    picture = imgui.get_io().display_size
    margin = picture.y * MARGIN
    bottom = picture.y * (HIGHER if is_bottom_taken else 1.0) - margin
    imgui.set_next_window_pos(imgui.ImVec2(margin, bottom), 0, imgui.ImVec2(0.0, 1.0))
    flags = imgui.WindowFlags_
    imgui.begin("notices", None, flags.no_decoration | flags.no_inputs | flags.no_nav | flags.always_auto_resize)
    imgui.push_text_wrap_pos(picture.x * WIDTH)
    for words in messages:
        imgui.text_unformatted(words)
    imgui.pop_text_wrap_pos()
    imgui.end()
