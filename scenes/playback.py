"""Where the light of a run is as time passes: it plays, waits, goes by steps, or is put somewhere by hand."""

from __future__ import annotations

import math

from .wave import STAGE_S

__all__ = ["Playback"]

SLOWEST, FASTEST = 1 / 16, 16.0


class Playback:
    """`place` is in stages of a wave, from 0 to `length`. At speed 1 a stage takes `STAGE_S`."""

    def __init__(self) -> None:
        self.length = self.place = 0.0
        self.speed = 1.0
        self.is_playing = False
        self._goal: float | None = None  # of a step
        self._last_s: float | None = None

    def begin(self, length: float) -> None:
        """Plays a wave of so many stages from its beginning."""
        self.length, self.place = length, 0.0
        self._go(None)

    def finish(self, length: float) -> None:
        """A wave of so many stages that has passed already."""
        self.length = self.place = length
        self.is_playing, self._goal = False, None

    def advance(self, time_s: float) -> bool:
        """Brings the light to a time, which never goes back. True: it moves on."""
        last, self._last_s = self._last_s, time_s
        if not self.is_playing:
            self._last_s = None
            return False
        step = 0.0 if last is None else (time_s - last) * self.speed / STAGE_S
        goal = self.length if self._goal is None else self._goal
        self.place = min(self.place + step, goal) if goal >= self.place else max(self.place - step, goal)
        if self.place == goal:
            self.is_playing, self._goal, self._last_s = False, None, None
        return self.is_playing

    def toggle(self) -> None:
        """Plays on, or stops where it is; from the end it begins again."""
        if self.is_playing and self._goal is None:
            self.is_playing = False
            return
        if self.place >= self.length:
            self.place = 0.0
        self._go(None)

    def step(self, by: int) -> None:
        """Goes to the next layer, or back to the one before; from a step on its way on to the next one."""
        start = self.place if self._goal is None else self._goal
        goal = math.floor(start + 1e-9) + 1 if by > 0 else math.ceil(start - 1e-9) - 1
        self._go(float(min(max(goal, 0), self.length)))

    def change_speed(self, factor: float) -> None:
        """Faster or slower by a factor, within bounds."""
        self.speed = min(max(self.speed * factor, SLOWEST), FASTEST)

    def scrub(self, share: float) -> None:
        """Puts the light at a share of its way, and stops it there."""
        self.place, self.is_playing, self._goal = self.length * min(max(share, 0.0), 1.0), False, None

    def _go(self, goal: float | None) -> None:
        self._goal, self.is_playing = goal, True
