"""Where to stand: the overview fitted to the picture, places near layers and near single weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ..engine.flight import Key
from ..engine.scene import Text
from ..engine.text_layout import EM, screen_scale
from ..engine.view import Eye, clip_from_world, look_at, perspective
from .labels import block_titles, rulers
from .layer_volumes import Tray
from .legend import LAYER_PX, PANEL_MARGIN_PX, WIDTH_PX
from .network_scene import NetworkScene, box_corners, box_places, main_bounds
from .placement import Placed
from .spans import span_titles

__all__ = ["NAMED", "View", "box_view", "layer_view", "overview", "typical_layer", "view_named", "weight_view"]

OVERVIEW_FOV, LAYER_FOV, WEIGHT_FOV = math.radians(36), math.radians(30), math.radians(34)
PITCH, YAW = math.radians(-13), math.radians(49)
NEAREST = 1e-3  # that a fitted view comes to a corner
CENTERING_STEPS = 12
LEGEND_MARGIN = PANEL_MARGIN_PX + 6.0  # px around the legend's words
WIDEST, NARROWEST, WIDTH_STEP = 0.90, 0.55, 0.02  # of the picture
TOP, LOWEST = 0.41, 0.85  # of the halves above and below the middle
BOTTOMS = (LOWEST, 0.65, 0.45, 0.25)
MANY_CORNERS = 4000
PLACES_A_SIDE = 5  # of a box, that are looked at to tell whether it is behind the legend
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
        far = distance + 6 * scene_length
        clip_from_eye = perspective(self.fov_y_rad, size_px[0] / size_px[1], 0.01 * distance, far)
        return Eye(look_at(self.position, self.target), clip_from_eye, (0, 0, *size_px))

    def key(self, time_s: float) -> Key:
        """Of a flight that is here at a time."""
        return Key(time_s, self.position, self.target, self.fov_y_rad)


def overview(built: NetworkScene, aspect: float, is_right_taken: bool = False, turn_rad: float = 0.0) -> View:
    """The whole model inside 90 % of the width and the lower three quarters of the height.

    As large as the legend's corner allows. `is_right_taken`: something else stands at the right, above the legend.
    `turn_rad`: the eye stands so far around the model, to the left.
    """
    yaw = YAW + turn_rad
    forward = np.array([math.cos(PITCH) * math.sin(yaw), math.sin(PITCH), -math.cos(PITCH) * math.cos(yaw)])
    titles = _ends_of([*block_titles(built.layout).texts, *span_titles(built.layout).texts])
    corners = np.append(built.glass_corners(), titles, 0)

    def fitted(room: _Room) -> View:
        return _fitted(corners, forward, OVERVIEW_FOV, aspect, room)

    if is_right_taken:
        return fitted(_room(NARROWEST, LOWEST))
    places = np.append(built.glass_lattice(PLACES_A_SIDE if len(corners) < MANY_CORNERS else 2), titles, 0)
    legend_px = np.array([WIDTH_PX, built.legend_height_px])

    def is_free(width: float, bottom: float) -> bool:
        return not _is_in_corner(places, fitted(_room(width, bottom)), aspect, legend_px, built.height_px)

    if is_free(WIDEST, LOWEST):
        return fitted(OVERVIEW_ROOM)
    views = [fitted(_room(_widest(is_free, bottom), bottom)) for bottom in BOTTOMS]
    return min(views, key=lambda view: float(np.linalg.norm(view.target - view.position)))


def _widest(is_free: Callable[[float, float], bool], bottom: float) -> float:
    """The largest width, within WIDTH_STEP, at which a room with this bottom leaves the legend's corner free."""
    if is_free(WIDEST, bottom):
        return WIDEST
    narrow, wide = NARROWEST, WIDEST
    while wide - narrow > WIDTH_STEP:
        middle = (narrow + wide) / 2
        narrow, wide = (middle, wide) if is_free(middle, bottom) else (narrow, middle)
    return narrow


def _is_in_corner(places: np.ndarray, view: View, aspect: float, legend_px: np.ndarray, height_px: int) -> bool:
    """Whether any of the places, (n, 3), is seen where a legend stands, in a picture of that height.

    `legend_px`: (2,) to its left and its upper edge, at 1080 lines.
    """
    size_px = np.array([height_px * aspect, height_px])
    eye = view.eye((max(round(size_px[0]), 1), height_px), 1.0)
    clip = np.append(places, np.ones((len(places), 1)), 1) @ clip_from_world(eye).T
    from_corner_px = (1 + clip[:, :2] / clip[:, 3:] * (-1, 1)) / 2 * size_px  # right and lower edge to the corner
    return bool((from_corner_px < (legend_px + LEGEND_MARGIN) * screen_scale(height_px)).all(1).any())


@dataclass(frozen=True)
class _Room:
    """The part of a picture that something is to fill: shares of width and height, and its place below
    and left of the middle."""

    width: float
    height: float
    below: float
    left: float = 0.0


def _room(width: float, bottom: float) -> _Room:
    """Room of the overview: `width` of the picture from its left on, down to `bottom` of the half below the middle."""
    return _Room(width, (TOP + bottom) / 2, (bottom - TOP) / 2, WIDEST - width)


OVERVIEW_ROOM = _room(WIDEST, LOWEST)
LAYER_ROOM = _Room(0.72, 0.72, 0.04, 0.10)
LAYER_ROOMS = (LAYER_ROOM, _Room(0.62, 0.72, 0.04, 0.28), _Room(0.56, 0.66, 0.0, 0.34))


def _fitted(corners: np.ndarray, forward: np.ndarray, fov_y_rad: float, aspect: float, room: _Room) -> View:
    """The nearest view in a direction that shows all corners inside the room and in its middle."""
    right = np.cross(forward, (0.0, 1.0, 0.0))
    right /= np.linalg.norm(right)
    up = np.cross(right, forward)
    middle = (corners.min(0) + corners.max(0)) / 2
    across, above, beyond = ((corners - middle) @ axis for axis in (right, up, forward))
    half_height = math.tan(fov_y_rad / 2)  # of the picture at distance 1
    across_picture, above_picture = across / (half_height * aspect), above / half_height
    distance = max(
        _least_distance(across_picture, beyond, room.width, -room.left),
        _least_distance(above_picture, beyond, room.height, -room.below),
        NEAREST - float(beyond.min()),
    )
    shift_x = half_height * aspect * _centering_shift(across_picture, distance + beyond, -room.left)
    shift_y = half_height * _centering_shift(above_picture, distance + beyond, -room.below)
    position = middle - forward * distance + right * shift_x + up * shift_y
    return View(position, position + forward * distance, fov_y_rad)


def _least_distance(places: np.ndarray, beyond: np.ndarray, share: float, center: float) -> float:
    """The distance from which all points lie within `share` of the picture's half on both sides of `center`.

    `places`: (n,) along one axis of the picture, in halves of it at distance 1; `beyond`: (n,) how much farther than
    the middle. Seen from a distance d, moved aside by s, a point is at (place - s) / (d + beyond); that all of them
    are inside is linear in d and s, and adding the conditions of the two sides removes s.
    """
    first, last = center - share, center + share
    return float((places - last * beyond).max() + (first * beyond - places).max()) / (2 * share)


def _centering_shift(places: np.ndarray, depths: np.ndarray, center: float) -> float:
    """How far to move aside so that the outermost points are seen equally far from `center`, by Newton's steps.

    The sum of the two falls in straight pieces as one moves aside, so few steps are exact.
    """
    shift = 0.0
    for _ in range(CENTERING_STEPS):
        seen = (places - shift) / depths
        low, high = int(seen.argmin()), int(seen.argmax())
        off = seen[low] + seen[high] - 2 * center
        shift += float(off / (1 / depths[low] + 1 / depths[high]))
    return shift


def layer_view(built: NetworkScene, layer: Placed, aspect: float) -> View:
    """The largest matrix of a layer, or its slab, filling the picture, 34 degrees off the flow, 31 degrees above."""
    lower, upper = main_bounds(layer)
    corners, forward = box_corners(lower[None], upper[None]), -_direction(34, 31)
    views = [_fitted(corners, forward, LAYER_FOV, aspect, room) for room in LAYER_ROOMS]
    if layer.volume.main is None:
        return views[0]
    numbers = _ends_of(rulers(layer, built.scene.theme).texts)
    places = np.concatenate([box_places(lower[None], upper[None], PLACES_A_SIDE), numbers])
    legend_px = np.array([WIDTH_PX, LAYER_PX])
    free = (view for view in views if not _is_in_corner(places, view, aspect, legend_px, built.height_px))
    return next(free, views[0])


def _ends_of(texts: Iterable[Text]) -> np.ndarray:
    """(n, 3) float64: the ends of words on the floor."""
    places = []
    for words in texts:
        half = EM * words.size * len(words.text) / 2 * np.asarray(words.right)
        below = words.anchor + np.array([0.0, 0.0, words.size / 2])
        places += [below - half, below + half]
    return np.array(places, float).reshape(-1, 3)


def box_view(
    lower: np.ndarray, upper: np.ndarray, aspect: float, azimuth_deg: float = 34, elevation_deg: float = 31
) -> View:
    """What lies in a box given by (3,) corners, filling the picture. From azimuth 0 one looks along the flow."""
    corners = box_corners(lower[None], upper[None])
    return _fitted(corners, -_direction(azimuth_deg, elevation_deg), LAYER_FOV, aspect, LAYER_ROOM)


def weight_view(built: NetworkScene, layer: Placed, tray: Tray | None = None) -> View:
    """A few cells of a layer's tray, by default its largest one, seen as cubes with their numbers, in level rows."""
    tray = tray or layer.volume.main
    if tray is None:
        return layer_view(built, layer, 1.0)
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
    sizes = [(layer.block == 0, layer.volume.cells) for layer in layers]
    return sizes.index(max(sizes)) if sizes else -1
