"""Eyes and frames: where the picture is taken from, and when.

Right-handed world, +y up, data flow along +x. Eye space looks along -z, as in OpenGL. Matrices are (4, 4) float64 and
act on column vectors; `target_from_source` maps source to target. Clip space has z in [-w, w].
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

__all__ = ["QUALITIES", "Eye", "Frame", "Quality", "clip_from_world", "frustum", "look_at", "perspective"]

Quality = Literal["low", "medium", "high"]
QUALITIES: tuple[Quality, ...] = ("low", "medium", "high")


@dataclass(frozen=True)
class Eye:
    """One picture to take: a window has one, a headset two, a 360-degree film six."""

    world_from_eye: np.ndarray  # (4, 4) float64, rotation and translation only
    clip_from_eye: np.ndarray  # (4, 4) float64, may be asymmetric
    viewport: tuple[int, int, int, int]  # x_px, y_px, width_px, height_px; y counts from the bottom
    target: int = 0  # which of the output's targets (window 0; headset 0 left, 1 right)
    part: tuple[int, int, int, int] | None = None  # of the picture that its target holds, in its pixels; None: all

    @property
    def position(self) -> np.ndarray:
        """(3,) float64, world."""
        return self.world_from_eye[:3, 3]

    @property
    def size_px(self) -> tuple[int, int]:
        """(width_px, height_px)."""
        return self.viewport[2], self.viewport[3]

    @property
    def focal_px(self) -> float:
        """Pixels that one world unit across covers at distance 1, vertically."""
        return float(self.clip_from_eye[1, 1]) * self.viewport[3] / 2

    @property
    def held_px(self) -> tuple[int, int, int, int]:
        """The viewport, or of it what the target holds."""
        return self.viewport if self.part is None else (0, 0, *self.part[2:])

    def only(self, x_px: int, y_px: int, width_px: int, height_px: int) -> Eye:
        """The eye of which a target holds a part, lower left corner on lower left corner.

        Everything has the size and the place that it has in the whole picture.
        """
        part = x_px, y_px, width_px, height_px
        return replace(self, viewport=(-x_px, -y_px, *self.size_px), part=part)

    def cropped(self, margin_px: int = 0) -> Eye:
        """The eye that sees what the target holds as a picture of its own, `margin_px` wider on every side."""
        if self.part is None and not margin_px:
            return self
        x, y, width, height = self.part or (0, 0, *self.size_px)
        first = np.array([x, y]) - margin_px
        size = np.array([width, height]) + 2 * margin_px
        clip, whole = self.clip_from_eye.copy(), np.array(self.size_px)
        clip[:2] *= (whole / size)[:, None]
        clip[:2] += ((whole - 2 * first - size) / size)[:, None] * clip[3]
        viewport = (0, 0, int(size[0]), int(size[1]))
        return replace(self, clip_from_eye=clip, viewport=viewport, part=None)

    @property
    def eye_from_world(self) -> np.ndarray:
        """(4, 4) float64."""
        rotation = self.world_from_eye[:3, :3].T
        matrix = np.eye(4)
        matrix[:3, :3] = rotation
        matrix[:3, 3] = -rotation @ self.world_from_eye[:3, 3]
        return matrix


@dataclass(frozen=True)
class Frame:
    """One step of the clock. `exact` frames depend on nothing but scene and index; `live` frames never wait."""

    index: int
    time_s: float
    eyes: tuple[Eye, ...]
    budget: int = 1_000_000  # samples to draw at most
    mode: Literal["live", "exact"] = "exact"
    quality: Quality = "high"  # of the surroundings and of the glow; exact frames have the highest


def perspective(fov_y_rad: float, aspect: float, near: float, far: float) -> np.ndarray:
    """clip_from_eye of a symmetric frustum, (4, 4) float64."""
    top = near * math.tan(fov_y_rad / 2)
    return frustum(-top * aspect, top * aspect, -top, top, near, far)


def frustum(left: float, right: float, bottom: float, top: float, near: float, far: float) -> np.ndarray:
    """clip_from_eye of any frustum, extents on the near plane, (4, 4) float64. Source: glFrustum."""
    return np.array(
        [
            [2 * near / (right - left), 0, (right + left) / (right - left), 0],
            [0, 2 * near / (top - bottom), (top + bottom) / (top - bottom), 0],
            [0, 0, -(far + near) / (far - near), -2 * far * near / (far - near)],
            [0, 0, -1, 0],
        ]
    )


def look_at(position: np.ndarray, target: np.ndarray) -> np.ndarray:
    """world_from_eye at `position` looking at `target` with a level horizon, (4, 4) float64.

    Looking straight up or down keeps +x to the right.
    """
    back = np.asarray(position, float) - np.asarray(target, float)
    back /= np.linalg.norm(back)
    right = np.cross((0.0, 1.0, 0.0), back)
    length = np.linalg.norm(right)
    right = np.array((1.0, 0.0, 0.0)) - back[0] * back if length < 1e-9 else right / length
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = right, np.cross(back, right), back, position
    return matrix


def clip_from_world(eye: Eye) -> np.ndarray:
    """(4, 4) float64."""
    return eye.clip_from_eye @ eye.eye_from_world
