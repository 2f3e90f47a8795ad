"""What a gamepad says: sticks with a dead zone, triggers, and buttons that run commands.

Axes and buttons stand in the order of SDL's mapping of pads, as GLFW gives them: left stick x and y (down is positive),
right stick x and y, left and right trigger, each -1 to 1; buttons A, B, X, Y, bumpers, back, start, guide, thumbs, and
the cross: up, right, down, left.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from .sticks import STILL_STICKS, Sticks

__all__ = ["COMMANDS", "STILL_PAD", "Pad", "changes", "sticks_of"]

DEAD_ZONE = 0.18  # of a stick; worn ones rest that far from the middle
DEAD_TRIGGER = 0.05
LOOK_POWER = 2.0  # of the deflection: small ones aim
COMMANDS = {  # button -> command, held ones as long as the button is down
    0: "view.focus",
    1: "view.back",
    2: "value.middle",
    3: "view.tour",
    4: "move.down",
    5: "move.up",
    6: "help.toggle",
    7: "view.home",
    9: "view.theme",
    10: "look.next",
    11: "view.layer",
    12: "view.next",
    13: "view.overview",
    14: "view.previous",
}


@dataclass(frozen=True)
class Pad:
    """A pad at one moment."""

    sticks: Sticks = STILL_STICKS
    down: frozenset[int] = field(default_factory=frozenset)  # buttons


STILL_PAD = Pad()


def sticks_of(axes: Sequence[float]) -> Sticks:
    """How to fly by six axes: the left stick moves, the right one looks, triggers make faster and slower."""
    left_x, left_y, right_x, right_y, slower, faster = (axis if math.isfinite(axis) else 0.0 for axis in axes)
    right, back = _beyond_dead_zone(left_x, left_y)
    turn_right, turn_down = _beyond_dead_zone(right_x, right_y, LOOK_POWER)
    return Sticks(right, 0.0, back, turn_right, -turn_down, _pressed(faster) - _pressed(slower))


def changes(before: Pad, now: Pad) -> list[tuple[int, str, bool]]:
    """(button, its command, whether it went down) of each button with a command that changed, those let go first."""
    changed = [(button, False) for button in sorted(before.down - now.down)]
    changed += [(button, True) for button in sorted(now.down - before.down)]
    return [(button, COMMANDS[button], pressed) for button, pressed in changed if button in COMMANDS]


def _beyond_dead_zone(x: float, y: float, power: float = 1.0) -> tuple[float, float]:
    """Deflection of a stick, 0 in the dead zone and 1 at its rim, in the direction it has."""
    length = math.hypot(x, y)
    if length <= DEAD_ZONE:
        return 0.0, 0.0
    share = min((length - DEAD_ZONE) / (1 - DEAD_ZONE), 1.0) ** power / length
    return x * share, y * share


def _pressed(axis: float) -> float:
    share = min(max((axis + 1) / 2, 0.0), 1.0)
    return 0.0 if share <= DEAD_TRIGGER else (share - DEAD_TRIGGER) / (1 - DEAD_TRIGGER)
