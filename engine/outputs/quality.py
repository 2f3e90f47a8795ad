"""How good frames in motion may be beside their samples, so that the window holds its rate. It reads no clock."""

from __future__ import annotations

from ..view import QUALITIES, Quality

__all__ = ["Governor"]

SLOW, FAST = 1.2, 0.9  # of the time that a frame should take
SLOW_FRAMES, FAST_FRAMES = 45, 120  # in a row, before a step is taken
MEMORY = 0.9  # weight of a frame from frame to frame
LONGEST = 3.0  # times the usual; a longer frame says nothing
DEARER = 1.5  # a frame one step better, as long as nothing else is known
LEAST_DEARER = 1.1


class Governor:
    """`quality` of frames in motion, up to `best`: lower while they take longer than `target_s`.

    Better ones come back only when they would take less, by what a step was worth before: so it does not swing.
    `chosen` by a person: always that one.
    """

    def __init__(self, target_s: float, best: Quality = "high") -> None:
        self.chosen: Quality | None = None
        self._target_s = target_s
        self._best = self._level = QUALITIES.index(best)
        self._dearer = [DEARER] * len(QUALITIES)  # a frame of the next level than one of this
        self._before_s = 0.0  # what a frame took before the last step down
        self._mean_s = 0.0
        self._slow = self._fast = 0

    @property
    def quality(self) -> Quality:
        """Of the next frame in motion."""
        return self.chosen or QUALITIES[self._level]

    def drew(self, took_s: float) -> None:
        """Notes a frame in motion of this quality: how long it took without waiting for the display."""
        if self.chosen is not None:
            return
        mean_s = self._mean_s or took_s
        self._mean_s = MEMORY * mean_s + (1 - MEMORY) * min(took_s, LONGEST * mean_s)
        self._slow = self._slow + 1 if self._mean_s > SLOW * self._target_s else 0
        is_fast = self._mean_s * self._dearer[self._level] < FAST * self._target_s
        self._fast = self._fast + 1 if is_fast else 0
        if self._before_s and self._fast + self._slow >= SLOW_FRAMES:
            self._dearer[self._level] = max(LEAST_DEARER, self._before_s / self._mean_s)
            self._before_s = 0.0
        if self._slow >= SLOW_FRAMES and self._level > 0:
            self._before_s = self._mean_s
            self._step(-1)
        elif self._fast >= FAST_FRAMES and self._level < self._best:
            self._step(1)

    def _step(self, step: int) -> None:
        self._level += step
        self._slow = self._fast = 0
        self._mean_s = 0.0
