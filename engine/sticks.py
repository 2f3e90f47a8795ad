"""What the sticks and triggers of a gamepad say about flying."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["STILL_STICKS", "Sticks"]


@dataclass(frozen=True)
class Sticks:
    """What the sticks of a gamepad say, each -1 to 1."""

    right: float = 0.0
    up: float = 0.0
    back: float = 0.0
    turn_right: float = 0.0
    turn_up: float = 0.0
    boost: float = 0.0  # 1: as fast as with the key for it, -1: as much slower


STILL_STICKS = Sticks()
