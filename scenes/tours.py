"""Where to stand: the overview fitted to the picture, places near layers and weights, the default flight past them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..engine.flight import Flight, Key
from ..engine.view import Eye, look_at, perspective
from .network_scene import NetworkScene
from .placement import Placed

__all__ = ["View", "default_flight", "flight_eye", "layer_view", "overview", "view_named", "weight_view"]

OVERVIEW_FOV, LAYER_FOV, WEIGHT_FOV = math.radians(36), math.radians(30), math.radians(34)
PITCH, YAW = math.radians(-13), math.radians(49)
WIDTH_SHARE, LOWER_SHARE = 0.90, 0.75


@dataclass(frozen=True)
class View:
    """A place to look from."""

    position: np.ndarray  # (3,) float64
    target: np.ndarray  # (3,) float64
    fov_y_rad: float

    def eye(self, size_px: tuple[int, int], scene_length: float) -> Eye:
        """The eye of a picture of this size."""
        distance = float(np.linalg.norm(self.target - self.position))
        near = max(distance * 0.01, 0.05)
        clip_from_eye = perspective(self.fov_y_rad, size_px[0] / size_px[1], near, distance + 6 * scene_length)
        return Eye(look_at(self.position, self.target), clip_from_eye, (0, 0, *size_px))


def overview(built: NetworkScene, aspect: float) -> View:
    """The whole model inside 90 % of the width and the lower three quarters of the height, found by bisection."""
    corners = built.glass_corners()
    lower, upper = corners.min(0), corners.max(0)
    forward = np.array([math.cos(PITCH) * math.sin(YAW), math.sin(PITCH), -math.cos(PITCH) * math.cos(YAW)])
    middle = (lower + upper) / 2
    near, far = 0.0, 8 * built.scene.length + 100
    for _ in range(48):
        distance = (near + far) / 2
        view = _shifted(middle, forward, distance, corners, aspect)
        if view is not None and _fits(view, corners, aspect):
            far = distance
        else:
            near = distance
    return _shifted(middle, forward, far, corners, aspect) or View(middle - forward * far, middle, OVERVIEW_FOV)


def _shifted(
    middle: np.ndarray, forward: np.ndarray, distance: float, corners: np.ndarray, aspect: float
) -> View | None:
    """The view at this distance, moved sideways and up: the model sits in the middle of its part of the picture."""
    position, right, up = middle - forward * distance, np.cross(forward, (0.0, 1.0, 0.0)), None
    right /= np.linalg.norm(right)
    up = np.cross(right, forward)
    for _ in range(6):
        view = View(position, position + forward * distance, OVERVIEW_FOV)
        spots = _screen(view, corners, aspect)
        if spots is None:
            return None
        scale = distance * math.tan(OVERVIEW_FOV / 2)
        off_x = (spots[:, 0].min() + spots[:, 0].max()) / 2
        off_y = (spots[:, 1].min() + spots[:, 1].max()) / 2 + (1 - LOWER_SHARE) * 0.9
        position = position + right * off_x * scale * aspect + up * off_y * scale
    return View(position, position + forward * distance, OVERVIEW_FOV)


def _screen(view: View, points: np.ndarray, aspect: float) -> np.ndarray | None:
    """(n, 2) normalized device coordinates; None when a point is behind the eye."""
    eye_from_world = np.linalg.inv(look_at(view.position, view.target))
    local = points @ eye_from_world[:3, :3].T + eye_from_world[:3, 3]
    if np.any(local[:, 2] > -1e-3):
        return None
    scale = 1 / math.tan(view.fov_y_rad / 2)
    return local[:, :2] * (scale / aspect, scale) / -local[:, 2:]


def _fits(view: View, corners: np.ndarray, aspect: float) -> bool:
    spots = _screen(view, corners, aspect)
    if spots is None:
        return False
    spread = spots.max(0) - spots.min(0)
    return bool(spread[0] <= 2 * WIDTH_SHARE and spread[1] <= 2 * (LOWER_SHARE - 0.12))


def layer_view(built: NetworkScene, layer: Placed) -> View:
    """A layer filling the picture, 34 degrees off the flow, 31 degrees above."""
    tray = layer.volume.main
    target = np.array([layer.x + tray.x, tray.zero_y * 0.8, layer.z + tray.z])
    radius = max(*tray.size, 6.0) * 0.5
    return View(target + _direction(34, 31) * radius * 4.4, target, LAYER_FOV)


def weight_view(built: NetworkScene, layer: Placed) -> View:
    """A few cells of a layer seen as cubes with their numbers, rows and columns level."""
    tray = layer.volume.main
    target = np.array([layer.x + tray.x + 0.22 * tray.size[0], tray.zero_y, layer.z + tray.z + 0.22 * tray.size[1]])
    return View(target + _direction(90, 52) * 10.5 * tray.cell, target, WEIGHT_FOV)


def _direction(azimuth_deg: float, elevation_deg: float) -> np.ndarray:
    """Unit vector from a target to the eye; azimuth 0 looks against the flow, 90 across it from the front."""
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    flat = math.cos(elevation)
    return np.array([-flat * math.cos(azimuth), math.sin(elevation), flat * math.sin(azimuth)])


def view_named(built: NetworkScene, name: str, aspect: float) -> View:
    """The overview, the largest layer, or a few of its weights: "overview", "layer", "weight"."""
    if name == "overview" or not built.layout.layers:
        return overview(built, aspect)
    return {"layer": layer_view, "weight": weight_view}[name](built, _typical(built.layout.layers))


def _typical(layers: list[Placed]) -> Placed:
    """The layer with most weights, of the first block if there are blocks."""
    return max(layers, key=lambda layer: (layer.block == 0, layer.volume.main.rows * layer.volume.main.columns))


def flight_eye(flight: Flight, time_s: float, size_px: tuple[int, int], scene_length: float) -> Eye:
    """The eye of a flight at a time."""
    world_from_eye, fov_y_rad = flight.camera_at(time_s)
    clip_from_eye = perspective(fov_y_rad, size_px[0] / size_px[1], 0.1, 8 * scene_length + 100)
    return Eye(world_from_eye, clip_from_eye, (0, 0, *size_px))


def default_flight(built: NetworkScene, aspect: float, seconds: float) -> Flight:
    """Overview, along the data, down into a typical layer to single weights, the output, and the overview again."""
    start = overview(built, aspect)
    layers = built.layout.layers
    if not layers:
        return Flight([_key(0.0, start), _key(seconds, start)])
    focus = _typical(layers)
    stops = [
        (0.0, start),
        (0.08, start),
        (0.26, layer_view(built, layers[0])),
        (0.46, layer_view(built, focus)),
        (0.60, weight_view(built, focus)),
        (0.68, weight_view(built, focus)),
        (0.84, layer_view(built, layers[-1])),
        (1.0, start),
    ]
    return Flight([_key(share * seconds, view) for share, view in stops])


def _key(time_s: float, view: View) -> Key:
    return Key(time_s, view.position, view.target, view.fov_y_rad)
