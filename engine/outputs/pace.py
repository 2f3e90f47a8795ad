"""How many samples a live frame may have, so that the window holds its rate.

It reads no clock: it is told how long frames took.
The time of a frame is fitted as fixed + samples * cost over the last frames. That fit does not depend on the budget, so
nothing swings: the budget goes to where the fit says, in small steps, and stays while it is about right. Where all that
does not depend on samples takes longer than a frame should, fewer samples would not help: they keep a share of it.
"""

from __future__ import annotations

import numpy as np

__all__ = ["Pace"]

LEAST, MOST = 150_000, 4_000_000  # samples; with fewer a large model is a blur
FIRST = 1_000_000
MEMORY = 0.95  # weight of a frame from frame to frame
LEAST_SHARE = 0.3  # of the fixed time that samples may take, however long that is
LEAST_COST_S, MOST_COST_S = 1e-9, 3e-7  # a sample
FIRST_COST_S = 3e-8
FORGET = 0.02  # of what a sample costs more than at first, while frames do not tell: readers may have slowed them down
SPREAD = 0.2  # of the budget, by which numbers of samples differ; less of it tells less of what a sample costs
SLOWER, FASTER = 0.85, 1.1  # by which the budget changes at most, from frame to frame
ABOUT = 0.15  # relative difference that is let be
LONGEST = 3.0  # times the usual; a frame that took longer says nothing about samples


class Pace:
    """`budget` of the next frame in motion, for frames of `target_s` at most; `rest` of one that stands still."""

    def __init__(self, target_s: float) -> None:
        self.target_s = target_s
        self.rest = MOST
        self._budget = float(FIRST)
        self._cost_s = FIRST_COST_S
        self._sums = np.zeros(5)  # of weight, samples, time, samples^2, samples * time

    @property
    def budget(self) -> int:
        """Samples."""
        return int(self._budget)

    def drew(self, samples: int, took_s: float) -> None:
        """Notes a frame in motion: how many samples it had, and how long it took without waiting for the display."""
        weight, _, time_s, _, _ = self._sums
        if weight > 0:
            took_s = min(took_s, LONGEST * time_s / weight)
        self._sums = MEMORY * self._sums + (1.0, samples, took_s, samples * samples, samples * took_s)
        goal = min(max(self._wanted(), LEAST), MOST)
        if abs(goal / self._budget - 1) > ABOUT:
            changed = self._budget * min(max(goal / self._budget, SLOWER), FASTER)
            self._budget = float(min(max(changed, LEAST), MOST))

    def _wanted(self) -> float:
        """Samples that a frame has time for."""
        weight, *sums = self._sums
        samples, time_s, squares, products = (total / weight for total in sums)
        variance, told = squares - samples * samples, 0.0
        if variance > 0 and (cost_s := (products - samples * time_s) / variance) > 0:
            told = min(1.0, variance / (SPREAD * self._budget) ** 2) ** 2
            self._cost_s += (1 - MEMORY) * told * (min(cost_s, MOST_COST_S) - self._cost_s)
        self._cost_s -= FORGET * (1 - told) * max(0.0, self._cost_s - FIRST_COST_S)
        self._cost_s = max(min(self._cost_s, time_s / max(samples, 1)), LEAST_COST_S)
        fixed_s = max(0.0, time_s - self._cost_s * samples)
        within = (self.target_s - fixed_s) / self._cost_s
        return max(within, min(LEAST_SHARE * fixed_s / self._cost_s, FIRST))
