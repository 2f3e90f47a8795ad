"""Tours: flights past what is worth seeing, with what is in focus on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..engine.flight import Flight, Key
from ..engine.view import Eye, perspective
from .focus import WHOLE, Focus, FocusTrack
from .network_scene import NetworkScene
from .views import View, layer_view, overview, typical_layer, weight_view

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
    """Overview, along the data, down into a typical layer to single weights, the output, and the overview again."""
    start, layers = overview(built, aspect), built.layout.layers
    if not layers:
        return _tour([(0.0, start, WHOLE), (1.0, start, WHOLE)], seconds)
    typical, last = typical_layer(built), len(layers) - 1
    first, middle, end = (layer_view(built, layers[k], aspect) for k in (0, typical, last))
    weights = weight_view(built, layers[typical])
    stops = [
        (0.0, start, WHOLE),
        (0.08, start, WHOLE),
        (0.25, first, Focus(0, 1.0)),
        (0.44, middle, Focus(typical, 1.0)),
        (0.60, weights, Focus(typical, 2.0)),
        (0.69, weights, Focus(typical, 2.0)),
        (0.84, end, Focus(last, 1.0)),
        (1.0, start, WHOLE),
    ]
    return _tour(stops, seconds)


def light_tour(built: NetworkScene, aspect: float, seconds: float) -> Tour:
    """The whole network, nearer while light passes through it, and the whole network again."""
    start = overview(built, aspect)
    near = View(start.position + NEARER * (start.target - start.position), start.target, start.fov_y_rad)
    return _tour([(0.0, start, WHOLE), (LIGHT_FROM, start, WHOLE), (0.55, near, WHOLE), (1.0, start, WHOLE)], seconds)


def place_of_light(time_s: float, seconds: float, length: float) -> float:
    """Where the light is at a time of a `light_tour`, in stages of a wave: each takes the same time."""
    share = (time_s / seconds - LIGHT_FROM) / (LIGHT_UNTIL - LIGHT_FROM)
    return length * min(max(share, 0.0), 1.0)


LIGHT_FROM, LIGHT_UNTIL = 0.06, 0.82  # shares of a tour
NEARER = 0.16  # of the way to what is looked at
LEAVING, APPROACH = 0.08, 0.65  # shares of the way between two stops at which the focus is let go, and the next begins
SINKING, RISING = 0.15, 0.40  # shares at which a layer becomes flat, and ceases to be: the eye is outside its glass
NEAR_SHARE, MOST_NEAR = 0.05, 0.1  # the near plane: a share of the closest view's distance


def _tour(stops: Sequence[tuple[float, View, Focus]], seconds: float) -> Tour:
    """`stops` are (share of the seconds, view, focus on arrival)."""
    track = FocusTrack(stops[0][2])
    for (before, _, last), (share, _, focus) in zip(stops, stops[1:], strict=False):
        way = (share - before) * seconds
        if focus.layer != last.layer and last.depth > 0:
            track.go(before * seconds + (RISING if last.depth > 1 else LEAVING) * way, WHOLE)
        if focus != last:
            track.go(before * seconds + (SINKING if focus.depth > last.depth > 0 else APPROACH) * way, focus)
    keys = [Key(share * seconds, view.position, view.target, view.fov_y_rad) for share, view, _ in stops]
    closest = min(float(np.linalg.norm(view.target - view.position)) for _, view, _ in stops)
    return Tour(Flight(keys), track, min(NEAR_SHARE * closest, MOST_NEAR))
