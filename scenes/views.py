"""Where to stand: the overview fitted to the picture, places near layers and near single weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..engine.view import Eye, look_at, perspective
from .network_scene import NetworkScene, box_corners, tray_bounds
from .placement import Placed

__all__ = ["NAMED", "View", "layer_view", "overview", "typical_layer", "view_named", "weight_view"]

OVERVIEW_FOV, LAYER_FOV, WEIGHT_FOV = math.radians(36), math.radians(30), math.radians(34)
PITCH, YAW = math.radians(-13), math.radians(49)
NAMED = ("overview", "layer", "weight")  # the three nearnesses


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
    """The whole model inside 90 % of the width and the lower three quarters of the height."""
    forward = np.array([math.cos(PITCH) * math.sin(YAW), math.sin(PITCH), -math.cos(PITCH) * math.cos(YAW)])
    return _fitted(built.glass_corners(), forward, OVERVIEW_FOV, aspect, OVERVIEW_ROOM)


@dataclass(frozen=True)
class _Room:
    """The part of a picture that something is to fill: shares of width and height, and its place below
    and left of the middle."""

    width: float
    height: float
    below: float
    left: float = 0.0


OVERVIEW_ROOM = _Room(0.90, 0.63, 0.22)
LAYER_ROOM = _Room(0.72, 0.72, 0.04, 0.10)


def _fitted(corners: np.ndarray, forward: np.ndarray, fov_y_rad: float, aspect: float, room: _Room) -> View:
    """The nearest view in a direction that shows all corners in the room, found by bisection."""
    middle = (corners.min(0) + corners.max(0)) / 2
    reach = float(np.linalg.norm(corners.max(0) - corners.min(0)))
    near, far = 0.0, 16 * reach + 100
    for _ in range(48):
        distance = (near + far) / 2
        view = _shifted(middle, forward, distance, corners, fov_y_rad, aspect, room)
        if view is not None and _fits(view, corners, aspect, room):
            far = distance
        else:
            near = distance
    fallback = View(middle - forward * far, middle, fov_y_rad)
    return _shifted(middle, forward, far, corners, fov_y_rad, aspect, room) or fallback


def _shifted(
    middle: np.ndarray,
    forward: np.ndarray,
    distance: float,
    corners: np.ndarray,
    fov: float,
    aspect: float,
    room: _Room,
) -> View | None:
    """The view at this distance, moved sideways and up so that the corners sit in the middle of the room."""
    position, right = middle - forward * distance, np.cross(forward, (0.0, 1.0, 0.0))
    right /= np.linalg.norm(right)
    up = np.cross(right, forward)
    for _ in range(6):
        view = View(position, position + forward * distance, fov)
        spots = _screen(view, corners, aspect)
        if spots is None:
            return None
        scale = distance * math.tan(fov / 2)
        off_x, off_y = (spots.min(0) + spots.max(0)) / 2 + (room.left, room.below)
        position = position + right * off_x * scale * aspect + up * off_y * scale
    return View(position, position + forward * distance, fov)


def _screen(view: View, points: np.ndarray, aspect: float) -> np.ndarray | None:
    """(n, 2) normalized device coordinates; None when a point is behind the eye."""
    eye_from_world = np.linalg.inv(look_at(view.position, view.target))
    local = points @ eye_from_world[:3, :3].T + eye_from_world[:3, 3]
    if np.any(local[:, 2] > -1e-3):
        return None
    scale = 1 / math.tan(view.fov_y_rad / 2)
    return local[:, :2] * (scale / aspect, scale) / -local[:, 2:]


def _fits(view: View, corners: np.ndarray, aspect: float, room: _Room) -> bool:
    spots = _screen(view, corners, aspect)
    if spots is None:
        return False
    spread = spots.max(0) - spots.min(0)
    return bool(spread[0] <= 2 * room.width and spread[1] <= 2 * room.height)


def layer_view(built: NetworkScene, layer: Placed, aspect: float) -> View:
    """The largest matrix of a layer filling the picture, 34 degrees off the flow, 31 degrees above."""
    lower, upper = tray_bounds(layer, layer.volume.main)
    return _fitted(box_corners(lower[None], upper[None]), -_direction(34, 31), LAYER_FOV, aspect, LAYER_ROOM)


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
    """One of `NAMED`: the whole model, its typical layer, or a few weights of that."""
    layers = built.layout.layers
    if name == "overview" or not layers:
        return overview(built, aspect)
    layer = layers[typical_layer(built)]
    return layer_view(built, layer, aspect) if name == "layer" else weight_view(built, layer)


def typical_layer(built: NetworkScene) -> int:
    """Index of the layer with most weights, of the first block if there are blocks; -1 without layers."""
    layers = built.layout.layers
    sizes = [(layer.block == 0, layer.volume.main.rows * layer.volume.main.columns) for layer in layers]
    return sizes.index(max(sizes)) if sizes else -1
