"""A tour around the whole model: all of it stays in view while the eye swings to one side and to the other."""

from __future__ import annotations

import math

import numpy as np

from ..engine.flight import Flight
from .focus import WHOLE, FocusTrack
from .network_scene import NetworkScene
from .tours import Tour
from .views import overview

__all__ = ["overview_tour"]

SWING = math.radians(24)
TURNS = (0.0, 1.0, 0.0, -1.0, 0.0)  # shares of the swing, after equal times
NEAR_SHARE = 0.01  # of the least distance to what is looked at: nearer things are not seen


def overview_tour(built: NetworkScene, aspect: float, seconds: float) -> Tour:
    """To one side, to the other, and back: a film of it may begin again at its end."""
    views = [overview(built, aspect, turn_rad=turn * SWING) for turn in TURNS]
    times_s = np.linspace(0, seconds, len(views))
    keys = [view.key(time_s) for time_s, view in zip(times_s, views, strict=True)]
    closest = min(float(np.linalg.norm(view.target - view.position)) for view in views)
    return Tour(Flight(keys), FocusTrack(WHOLE), NEAR_SHARE * closest)
