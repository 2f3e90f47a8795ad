"""Tours: flights past what is worth seeing, with what is in focus on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..engine.flight import Climb, Flight
from ..engine.view import Eye, perspective
from .focus import WHOLE, Focus, FocusTrack
from .network_scene import NetworkScene
from .obstacles import Obstacles
from .tour_stops import tour_stops, ways_s
from .views import View, overview

__all__ = ["Tour", "default_tour", "light_tour", "place_of_light"]


@dataclass(frozen=True)
class Tour:
    """A flight and what is in focus during it, by seconds from its start."""

    flight: Flight
    focus: FocusTrack
    near: float  # distance up to which nothing is seen

    def eye(self, time_s: float, size_px: tuple[int, int], scene_length: float) -> Eye:
        """The eye at a time."""
        world_from_eye, fov_y_rad = self.flight.camera_at(time_s)
        clip_from_eye = perspective(fov_y_rad, size_px[0] / size_px[1], self.near, 8 * scene_length + 100)
        return Eye(world_from_eye, clip_from_eye, (0, 0, *size_px))


def default_tour(built: NetworkScene, aspect: float, seconds: float) -> Tour:
    """Overview, input, along the data, down into a typical layer to single weights, output, and the overview again.

    The eye flies at an even apparent speed, slower where there is more time, and over whatever stands in its way.
    """
    obstacles = Obstacles(built)
    stops = tour_stops(built, obstacles, aspect, seconds)
    ways = ways_s(stops)
    pace = seconds / (sum(ways) + sum(stop.stay_s for stop in stops))
    times, keys = 0.0, []
    track = FocusTrack(WHOLE)
    for stop, before, way in zip(stops, [None, *stops], [0.0, *ways], strict=False):
        if before is not None:
            _refocus(track, times, way * pace, before.focus, stop.focus)
        times += way * pace
        keys.append(stop.view.key(times))
        if stop.stay_s:
            times += stop.stay_s * pace
            keys.append(stop.leave.key(times))
    flight = Flight(keys)
    return _tour(flight.climbing(_climb(flight, track, obstacles)), track, [stop.view for stop in stops])


def light_tour(built: NetworkScene, aspect: float, seconds: float) -> Tour:
    """The whole network, nearer while light passes through it, and the whole network again."""
    start = overview(built, aspect)
    near = View(start.position + NEARER * (start.target - start.position), start.target, start.fov_y_rad)
    stops = [(0.0, start), (LIGHT_FROM, start), (0.55, near), (1.0, start)]
    flight = Flight([view.key(share * seconds) for share, view in stops])
    return _tour(flight, FocusTrack(WHOLE), [start, near])


def place_of_light(time_s: float, seconds: float, length: float) -> float:
    """Where the light is at a time of a `light_tour`, in stages of a wave: each takes the same time."""
    share = (time_s / seconds - LIGHT_FROM) / (LIGHT_UNTIL - LIGHT_FROM)
    return length * min(max(share, 0.0), 1.0)


LIGHT_FROM, LIGHT_UNTIL = 0.06, 0.82  # shares of a tour
NEARER = 0.16  # of the way to what is looked at
LEAVING, APPROACH = 0.08, 0.65  # shares of the way between two stops at which the focus is let go, and the next begins
FALLING = 0.45  # share at which it begins on the way from the whole network to single weights
SINKING, RISING = 0.15, 0.55  # shares at which a layer becomes flat, and ceases to be: the eye is outside its glass
NEAR_SHARE, MOST_NEAR = 0.05, 0.1  # the near plane: a share of the closest view's distance
CLEARANCE, MOST_CLEARANCE = 0.1, 4.0  # least way to glass: of the distance to what is looked at, world units
LOOKS, LOOKS_A_KNOT = 32, 13  # places a second where glass is looked for, if the tour is not very short
FEWEST_KNOTS = 16
RAMP_KNOTS = 3  # over which a climb begins and ends


def _refocus(track: FocusTrack, start_s: float, way_s: float, last: Focus, focus: Focus) -> None:
    """Brings the focus from one stop to the next during the way between them."""
    if focus.layer != last.layer and last.depth > 0:
        track.go(start_s + (RISING if last.depth > 1 else LEAVING) * way_s, WHOLE)
    if focus == last:
        return
    if focus.layer == last.layer:
        share = SINKING if focus.depth > last.depth else APPROACH
    else:
        share = FALLING if focus.depth > 1 else APPROACH
    track.go(start_s + share * way_s, focus)


def _climb(flight: Flight, track: FocusTrack, obstacles: Obstacles) -> Climb:
    """How much higher than its way the eye must be to stay out of glass."""
    knots = max(math.ceil(flight.duration_s * LOOKS / LOOKS_A_KNOT), FEWEST_KNOTS)
    step_s = flight.duration_s / knots
    wanted = np.zeros((knots + 1, LOOKS_A_KNOT))
    for number in range(knots * LOOKS_A_KNOT + 1):
        time_s = flight.start_s + number * step_s / LOOKS_A_KNOT
        position = flight.camera_at(time_s)[0][:3, 3]
        if position[1] > obstacles.highest + MOST_CLEARANCE:
            continue
        distance = flight.distance_at(time_s)
        margin = min(CLEARANCE * distance, MOST_CLEARANCE)
        wanted.flat[number] = obstacles.climb(position, track.at(time_s), margin) / distance
    return Climb(flight.start_s, step_s, _smooth(wanted.max(1)))


def _smooth(most: np.ndarray) -> np.ndarray:
    """Knots of a spline that is nowhere lower than wanted: (n,) most that is wanted from each knot to the next."""
    around = np.pad(most, 2)
    least = np.max([around[shift : shift + len(most)] for shift in range(4)], 0)
    padded = np.pad(least, RAMP_KNOTS)
    ramps = [
        (1 - abs(shift) / (RAMP_KNOTS + 1)) * padded[RAMP_KNOTS + shift : RAMP_KNOTS + shift + len(least)]
        for shift in range(-RAMP_KNOTS, RAMP_KNOTS + 1)
    ]
    return np.max(ramps, 0)


def _tour(flight: Flight, track: FocusTrack, views: Sequence[View]) -> Tour:
    closest = min(float(np.linalg.norm(view.target - view.position)) for view in views)
    return Tour(flight, track, min(NEAR_SHARE * closest, MOST_NEAR))
