"""A camera with a level horizon: where it is, and where it looks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from .flight import angles, level_pose

__all__ = ["Camera"]

STEEPEST_RAD = math.radians(89)


@dataclass(frozen=True)
class Camera:
    """Where the eye is and looks. yaw turns from -z to +x, pitch up is positive, as `flight.angles` gives them."""

    position: np.ndarray  # (3,) float64
    yaw_rad: float
    pitch_rad: float
    fov_y_rad: float

    @staticmethod
    def looking(position: np.ndarray, target: np.ndarray, fov_y_rad: float) -> Camera:
        """A camera with `target` in the middle of its picture."""
        position = np.asarray(position, float)
        return Camera(position, *angles(np.asarray(target, float) - position), fov_y_rad)

    @property
    def world_from_eye(self) -> np.ndarray:
        """(4, 4) float64."""
        return level_pose(self.position, self.yaw_rad, self.pitch_rad)

    @property
    def forward(self) -> np.ndarray:
        """(3,) float64, unit length."""
        return -self.world_from_eye[:3, 2]

    def turned(self, yaw_rad: float, pitch_rad: float) -> Camera:
        """The camera after it has turned its head by so much, never over the top."""
        pitch_rad = min(max(self.pitch_rad + pitch_rad, -STEEPEST_RAD), STEEPEST_RAD)
        return replace(self, yaw_rad=self.yaw_rad + yaw_rad, pitch_rad=pitch_rad)

    def direction_at(self, x_px: float, y_px: float, size_px: tuple[int, int]) -> np.ndarray:
        """(3,) unit direction of what is seen at a place of the picture, px from the top left."""
        width, height = size_px
        scale = math.tan(self.fov_y_rad / 2) / (height / 2)
        seen = np.array([(x_px - width / 2) * scale, (height / 2 - y_px) * scale, -1.0])
        return self.world_from_eye[:3, :3] @ (seen / np.linalg.norm(seen))
