"""Places that were visited, in order: a way back and forth through them, as through pages."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..engine.camera import Camera
from .focus import Focus

__all__ = ["Place", "Visits"]

MOST = 200  # places kept
NEAR = 0.08  # of the distance to what is looked at: a shift that makes no other place
NEAR_RAD = math.radians(4)


@dataclass(frozen=True)
class Place:
    """Where one was, and what was in focus there."""

    camera: Camera
    target: np.ndarray  # (3,) float64, what is in the middle of the picture
    focus: Focus
    layer: int  # from which one walks on; -1 for none

    def is_near(self, other: Place) -> bool:
        """Whether a person would call both the same place."""
        here, there = self.camera, other.camera
        reach = min(float(np.linalg.norm(place.target - place.camera.position)) for place in (self, other))
        shift = float(np.linalg.norm(here.position - there.position))
        turn = math.acos(min(max(float(here.forward @ there.forward), -1.0), 1.0))
        return self.focus == other.focus and shift <= NEAR * reach and turn <= NEAR_RAD


@dataclass(frozen=True)
class Visits:
    """`places[index]` is where one is, or was before a hand flew on from there. Whoever moves on gets other visits."""

    places: tuple[Place, ...] = ()
    index: int = -1

    def go(self, here: Place, there: Place) -> Visits:
        """Goes to a new place; what was ahead is forgotten."""
        now = self.noting(here)
        return now if now.place.is_near(there) else now._with(there)

    def back(self, here: Place) -> Visits | None:
        """One place back: where a hand has flown on, to where it started. None: this is the first."""
        now = self.noting(here)
        return Visits(now.places, now.index - 1) if now.index > 0 else None

    def forward(self, here: Place) -> Visits | None:
        """One place ahead. None: this is the last, or a hand has flown on."""
        now = self.noting(here)
        return Visits(now.places, now.index + 1) if now.index + 1 < len(now.places) else None

    @property
    def place(self) -> Place:
        """Where one is. Raises IndexError before the first visit."""
        return self.places[self.index]

    def noting(self, here: Place) -> Visits:
        """With the place where one is now, if a hand has flown there: it comes next, and nothing after it."""
        return self if self.places and self.place.is_near(here) else self._with(here)

    def _with(self, place: Place) -> Visits:
        places = (*self.places[: self.index + 1], place)[-MOST:]
        return Visits(places, len(places) - 1)
