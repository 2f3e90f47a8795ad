"""Gamepads of a desktop: which ones are plugged in, and what the first of them says."""

from __future__ import annotations

import importlib
from collections import deque
from typing import Any

from ..gamepad import STILL_PAD, Pad, sticks_of

__all__ = ["Gamepads"]


class Gamepads:
    """Follows what is plugged in and out. Of joysticks, those count that the desktop's library knows as gamepads."""

    def __init__(self) -> None:
        self._glfw: Any = importlib.import_module("glfw")
        glfw = self._glfw
        places = range(glfw.JOYSTICK_1, glfw.JOYSTICK_LAST + 1)
        self._places = [place for place in places if glfw.joystick_present(place) and glfw.joystick_is_gamepad(place)]
        self._changed: deque[tuple[int, int]] = deque()
        glfw.set_joystick_callback(lambda place, event: self._changed.append((place, event)))

    def __bool__(self) -> bool:
        return bool(self._places)

    def news(self) -> list[str]:
        """Names of those plugged in since."""
        names, glfw = [], self._glfw
        while self._changed:
            place, event = self._changed.popleft()
            if place in self._places:
                self._places.remove(place)
            if event == glfw.CONNECTED and glfw.joystick_is_gamepad(place):
                self._places.append(place)
                names.append(glfw.get_gamepad_name(place) or "")
        return names

    def read(self) -> Pad:
        """What the first one says now; without any, nothing."""
        state = self._glfw.get_gamepad_state(self._places[0]) if self._places else None
        if not state:
            return STILL_PAD
        down = frozenset(button for button, is_down in enumerate(state.buttons) if is_down)
        return Pad(sticks_of(list(state.axes)), down)

    def close(self) -> None:
        """Listens no more."""
        self._glfw.set_joystick_callback(None)
