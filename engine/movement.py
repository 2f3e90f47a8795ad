"""The commands of flying by hand, with their keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from .commands import Command, Undo
from .controls import FlyControls

__all__ = ["KEYS", "movement_commands"]

KEYS = {
    "forward": "W",
    "back": "S",
    "left": "A",
    "right": "D",
    "up": "E",
    "down": "Q",
    "fast": "Shift",
    "look_left": "Left",
    "look_right": "Right",
    "look_up": "Up",
    "look_down": "Down",
    "nearer": "PageUp",
    "farther": "PageDown",
}


def movement_commands(controls: FlyControls, home: Callable[[], Undo] | None = None) -> list[Command]:
    """Commands of flying: held ones take `pressed`, true when the key goes down and false when it comes up.

    `home`: what brings the first view back, where that depends on more than the controls know.
    """
    commands = [
        Command(f"move.{name}", partial(controls.hold, name), key, {"pressed": bool}, held=True)
        for name, key in KEYS.items()
    ]
    return [
        *commands,
        Command("move.quicker", partial(controls.change_pace, 1.0), "+"),
        Command("move.slower", partial(controls.change_pace, -1.0), "-"),
        Command("view.home", home or controls.home, "Home"),
    ]
