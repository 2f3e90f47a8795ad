"""What people do in a window, as commands and camera movements: keys, mouse, wheel, gamepad, dropped files.

Events are queued by glfw's callbacks and handled by `handle` afterwards: Ctrl-C inside a callback from C would be lost,
and drawing in one would come between a frame's passes. vispy's own key events are not used: they miss keys pressed
together with Ctrl.
"""

from __future__ import annotations

import importlib
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..commands import Command, CommandTable
from ..controls import FlyControls
from ..gamepad import STILL_PAD, Pad, changes
from ..loop import now_s
from ..panel_host import PanelHost
from .window_gamepads import Gamepads

__all__ = ["Hooks", "WindowInput"]

NAMED_KEYS = {
    "BACKSPACE": "Backspace",
    "DELETE": "Delete",
    "DOWN": "Down",
    "END": "End",
    "ENTER": "Enter",
    "ESCAPE": "Escape",
    "HOME": "Home",
    "INSERT": "Insert",
    "KP_ENTER": "Enter",
    "LEFT": "Left",
    "LEFT_ALT": "Alt",
    "LEFT_CONTROL": "Ctrl",
    "LEFT_SHIFT": "Shift",
    "PAGE_DOWN": "PageDown",
    "PAGE_UP": "PageUp",
    "RIGHT": "Right",
    "RIGHT_ALT": "Alt",
    "RIGHT_CONTROL": "Ctrl",
    "RIGHT_SHIFT": "Shift",
    "SPACE": "Space",
    "TAB": "Tab",
    "UP": "Up",
}
DRAG_PX = 4.0  # a press that moves less is a click
DOUBLE_CLICK_S = 0.35
LEFT, RIGHT, MIDDLE = 0, 1, 2
BUTTON_KEYS = {3: "Alt+Left", 4: "Alt+Right"}  # what further buttons of a mouse do
PAN_PER_NOTCH = 0.06  # of the picture's height
PAD_S = 1 / 60  # between two looks at a gamepad


@dataclass(frozen=True)
class Hooks:
    """What else a window tells. Places are px of the picture from its top left."""

    click: Callable[[float, float], None] | None = None
    focus: Callable[[float, float], None] | None = None  # double click
    hover: Callable[[float, float], None] | None = None
    leave: Callable[[], None] | None = None  # the mouse went out of the window
    pivot_at: Callable[[float, float], np.ndarray | None] | None = None  # (3,) world: what an orbit turns about
    drop: Callable[[list[str]], None] | None = None  # paths of dropped files
    # A button went down on a panel, or the mouse moved since: place, button, whether it just did. True: that shows.
    stroke: Callable[[float, float, int, bool], bool] | None = None
    stroke_end: Callable[[], None] | None = None  # it was let go
    gamepad: Callable[[str], None] | None = None  # one of that name was plugged in


class WindowInput:
    """Listens to one glfw window. It calls `request` when the scene is to be drawn again, `refresh` for panels only."""

    def __init__(
        self,
        window: Any,
        controls: FlyControls,
        commands: CommandTable,
        panels: PanelHost | None,
        hooks: Hooks,
        request: Callable[[], None],
        refresh: Callable[[], None],
    ) -> None:
        self._glfw: Any = importlib.import_module("glfw")
        self._window = window
        self._controls = controls
        self._commands = commands
        self._panels = panels
        self._hooks = hooks
        self._request = request
        self._refresh = refresh
        self._events: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._names = {getattr(self._glfw, f"KEY_{token}"): name for token, name in NAMED_KEYS.items()}
        self._names |= {getattr(self._glfw, f"KEY_F{number}"): f"F{number}" for number in range(1, 13)}
        self._held: dict[int, str] = {}  # key -> name of the held command that it runs
        self._repeating = False
        self._place = np.zeros(2)  # of the mouse, px
        self._pressed_at: np.ndarray | None = None  # of a button that turns or moves the scene
        self._dragging = False
        self._pans = False  # the drag moves the scene and does not turn it
        self._grip: np.ndarray | None = None  # (3,) what it took hold of
        self._on_panel: int | None = None  # button that a panel has
        self._looking = False
        self._last_click: tuple[float, np.ndarray] | None = None
        self._gamepads = Gamepads()
        self._pad = STILL_PAD
        self._listen()

    @property
    def has_gamepad(self) -> bool:
        """True while one is plugged in."""
        return bool(self._gamepads)

    @property
    def longest_wait_s(self) -> float:
        """How long nobody need look at what does not tell by itself."""
        return PAD_S if self._gamepads else math.inf

    def handle(self) -> None:
        """Does what people did since."""
        while self._events:
            handler, values = self._events.popleft()
            handler(*values)
        for name in self._gamepads.news():
            if self._hooks.gamepad is not None:
                self._hooks.gamepad(name)
        if self._gamepads or self._pad != STILL_PAD:
            is_ours = self._glfw.get_window_attrib(self._window, self._glfw.FOCUSED)
            self.follow(self._gamepads.read() if is_ours else STILL_PAD)

    def follow(self, pad: Pad) -> None:
        """Does what a gamepad says."""
        before, self._pad = self._pad, pad
        if pad.sticks != before.sticks:
            self._controls.steer(pad.sticks)
            self._request()
        for button, name, pressed in changes(before, pad):
            if name not in self._commands:
                continue
            key, command = -1 - button, self._commands[name]
            if not pressed:
                self._let_go(key)
            elif command.held:
                self._hold(key, command)
            else:
                self._run(command)

    def close(self) -> None:
        """Listens to gamepads no more."""
        self._gamepads.close()

    def release(self) -> None:
        """Lets go of all keys and of the mouse."""
        for name in set(self._held.values()):
            self._commands.run(name, pressed=False)
        self._held.clear()
        self._end_stroke()
        self._end_drag()
        self._unlock_cursor()

    def _listen(self) -> None:
        handlers: dict[str, Callable[..., None]] = {
            "key": self._key,
            "char": self._char,
            "mouse_button": self._mouse_button,
            "cursor_enter": self._cross,
            "cursor_pos": self._cursor,
            "scroll": self._scroll,
            "drop": self._drop,
            "window_focus": self._focus,
        }
        for name, handler in handlers.items():
            getattr(self._glfw, f"set_{name}_callback")(self._window, self._queued(handler))

    def _queued(self, handler: Callable[..., None]) -> Callable[..., None]:
        return lambda window, *values: self._events.append((handler, values))

    def _key(self, key: int, scancode: int, action: int, mods: int) -> None:
        self._repeating = action == self._glfw.REPEAT
        if self._repeating:
            return
        pressed = action == self._glfw.PRESS
        name = self._names.get(key) or (chr(key) if 0 < key < 128 else "")
        if self._panels is not None:
            self._panels.add_key(name, pressed)
            self._refresh()
        if not pressed:
            self._let_go(key)
        elif not (self._panels is not None and self._panels.wants_keyboard):
            self._press(key, scancode, name, mods)

    def _press(self, key: int, scancode: int, name: str, mods: int) -> None:
        glfw = self._glfw
        # Held keys go by their place on the keyboard (W A S D), others by what is printed on them.
        command = self._commands.by_key(name)
        if command is not None and command.held and not mods & (glfw.MOD_CONTROL | glfw.MOD_ALT | glfw.MOD_SUPER):
            self._hold(key, command)
            return
        printed = name if key in self._names or name.isdigit() else (glfw.get_key_name(key, scancode) or name).upper()
        if len(printed) == 1 and not printed.isalnum() and not mods & glfw.MOD_CONTROL:
            return  # comes as text as well
        parts = {"Ctrl": glfw.MOD_CONTROL, "Alt": glfw.MOD_ALT, "Shift": glfw.MOD_SHIFT}
        combination = "+".join([part for part, bit in parts.items() if mods & bit and part != name] + [printed])
        command = self._commands.by_key(combination)
        if command is not None and not command.held:
            self._run(command)

    def _hold(self, key: int, command: Command) -> None:
        if command.name not in self._held.values():
            self._run(command, pressed=True)
        self._held[key] = command.name

    def _let_go(self, key: int) -> None:
        name = self._held.pop(key, None)
        if name is not None and name not in self._held.values():
            self._run(self._commands[name], pressed=False)

    def _char(self, code: int) -> None:
        text = chr(code)
        if self._panels is not None:
            self._panels.add_text(text)
            self._refresh()
            if self._panels.wants_keyboard:
                return
        command = None if text.isalnum() or text.isspace() or self._repeating else self._commands.by_key(text)
        if command is not None:
            self._run(command)

    def _run(self, command: Command, **arguments: bool) -> None:
        self._commands.run(command.name, **arguments)
        self._request()

    def _mouse_button(self, button: int, action: int, mods: int) -> None:
        pressed = action == self._glfw.PRESS
        if self._panels is not None:
            if not self._looking:
                self._panels.add_mouse_button(button, pressed)
            self._refresh()
            if pressed and not self._looking and self._panels.is_at(*map(float, self._place)):
                self._end_stroke()  # of another button that is still held
                self._on_panel = button
                self._stroke(is_new=True)
                return
        if button == self._on_panel:
            self._end_stroke()
        if button in (LEFT, MIDDLE):
            pans = button == MIDDLE or bool(mods & self._glfw.MOD_SHIFT)
            self._grab(pans) if pressed else self._end_grab(can_click=button == LEFT)
        elif button == RIGHT:
            self._lock_cursor() if pressed else self._unlock_cursor()
        elif pressed and (command := self._commands.by_key(BUTTON_KEYS.get(button, ""))):
            self._run(command)

    def _stroke(self, is_new: bool = False) -> None:
        """Tells of a drag on a panel, of every place between two pictures."""
        hook, button = self._hooks.stroke, self._on_panel
        x_px, y_px = map(float, self._place)
        if button is not None and hook is not None and hook(x_px, y_px, button, is_new):
            self._request()

    def _end_stroke(self) -> None:
        if self._on_panel is not None and self._hooks.stroke_end is not None:
            self._hooks.stroke_end()
        self._on_panel = None

    def _grab(self, pans: bool) -> None:
        self._end_drag()
        self._pressed_at, self._pans = self._place.copy(), pans

    def _end_grab(self, can_click: bool) -> None:
        if can_click and self._pressed_at is not None and not self._dragging:
            self._click()
        self._end_drag()

    def _click(self) -> None:
        now, place = now_s(), self._place.copy()
        again = self._last_click
        if again and now - again[0] < DOUBLE_CLICK_S and np.abs(place - again[1]).max() < DRAG_PX:
            self._last_click, hook = None, self._hooks.focus
        else:
            self._last_click, hook = (now, place), self._hooks.click
        if hook is not None:
            hook(*map(float, place))
            self._request()

    def _end_drag(self) -> None:
        if self._dragging and not self._pans:
            self._controls.end_orbit()
        self._pressed_at, self._dragging = None, False

    def _lock_cursor(self) -> None:
        """No raw motion: switching to it drops movements that have not been handled. `_place` stays for their sake."""
        self._looking = True
        self._glfw.set_input_mode(self._window, self._glfw.CURSOR, self._glfw.CURSOR_DISABLED)

    def _unlock_cursor(self) -> None:
        if not self._looking:
            return
        self._looking = False
        self._glfw.set_input_mode(self._window, self._glfw.CURSOR, self._glfw.CURSOR_NORMAL)
        self._place = self._scaled(*self._glfw.get_cursor_pos(self._window))

    def _cursor(self, x: float, y: float) -> None:
        place = self._scaled(x, y)
        moved, self._place = place - self._place, place
        if self._looking:
            self._controls.look(*moved / self._density())
            self._request()
            return
        if self._panels is not None:
            self._panels.add_mouse_pos(*place)
            self._refresh()
            self._stroke()
        if self._pressed_at is not None:
            self._drag(moved)
        elif self._hooks.hover is not None and not (self._panels is not None and self._panels.wants_mouse):
            self._hooks.hover(*map(float, place))

    def _cross(self, entered: int) -> None:
        if not entered and not self._looking and self._hooks.leave is not None:
            self._hooks.leave()
            self._refresh()

    def _drag(self, moved: np.ndarray) -> None:
        assert self._pressed_at is not None
        if not self._dragging:
            if np.abs(self._place - self._pressed_at).max() < DRAG_PX:
                return
            self._dragging = True
            pivot_at = self._hooks.pivot_at
            self._grip = pivot_at(*map(float, self._pressed_at)) if pivot_at else None
            if not self._pans:
                self._controls.begin_orbit(self._grip)
            moved = self._place - self._pressed_at
        if self._pans:
            right, down = moved / self._size_px()[1]
            self._controls.pan(right, down, self._grip)
        else:
            self._controls.orbit(*moved)
        self._request()

    def _scroll(self, right: float, up: float) -> None:
        if self._panels is not None:
            self._panels.add_mouse_wheel(right, up)
            self._refresh()
            if self._panels.wants_mouse:
                return
        if self._is_shift_down() and not self._controls.is_flying:
            self._controls.pan(right * PAN_PER_NOTCH, up * PAN_PER_NOTCH)
        elif abs(right) > abs(up):  # a trackpad; what fingers stray aside while zooming is let be
            self._controls.pan(right * PAN_PER_NOTCH, 0.0)
        else:
            x_px, y_px = map(float, self._place)
            toward = None if self._looking else self._controls.camera.direction_at(x_px, y_px, self._size_px())
            self._controls.wheel(up, toward)
        self._request()

    def _is_shift_down(self) -> bool:
        glfw = self._glfw
        return any(glfw.get_key(self._window, key) == glfw.PRESS for key in (glfw.KEY_LEFT_SHIFT, glfw.KEY_RIGHT_SHIFT))

    def _drop(self, paths: list[str]) -> None:
        if self._hooks.drop is not None:
            self._hooks.drop([str(path) for path in paths])
            self._request()

    def _focus(self, focused: int) -> None:
        if not focused:
            self.release()

    def _scaled(self, x: float, y: float) -> np.ndarray:
        """Px of the picture: screens of high density count the mouse in larger units."""
        return np.array([x, y]) * self._density()

    def _density(self) -> np.ndarray:
        """(2,) px of the picture in a unit of the mouse."""
        return np.array(self._size_px()) / np.maximum(self._glfw.get_window_size(self._window), 1)

    def _size_px(self) -> tuple[int, int]:
        """(width, height) of the picture; at least 1, also while minimized."""
        width, height = self._glfw.get_framebuffer_size(self._window)
        return max(width, 1), max(height, 1)
