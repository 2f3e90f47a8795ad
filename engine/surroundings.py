"""What a hand flies through: where it begins, the boxes of all that one flies to, and how far one may go."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .view import Eye, clip_from_world

__all__ = ["Surroundings", "crossed"]

FARTHEST = 4.0  # from the middle of everything: of the distance of the first view, at least of half the diagonal
LOWEST = 0.25  # above the floor, in `closest`


@dataclass(frozen=True)
class Surroundings:
    """Where a camera begins, and what there is to fly to."""

    position: np.ndarray  # (3,) float64
    target: np.ndarray  # (3,) float64, what it looks at
    fov_y_rad: float
    lower: np.ndarray  # (n, 3) float64, n >= 1, boxes of all that one flies to; flat where data lie in a sheet
    upper: np.ndarray  # (n, 3) float64
    closest: float = 1.0  # distance below which moving gets no slower and up to which the wheel brings, world units
    height: np.ndarray | float = 0.0  # (n,) how far data may stand up from a box and down: the near plane spares it
    floor_y: float = -math.inf  # nobody sinks through it

    @property
    def lowest_y(self) -> float:
        """How low a camera may be."""
        return self.floor_y + LOWEST * self.closest

    @cached_property
    def _whole(self) -> tuple[np.ndarray, np.ndarray]:
        """The box around all boxes."""
        return self.lower.min(0), self.upper.max(0)

    def distance(self, position: np.ndarray) -> float:
        """To the nearest box; 0 inside one."""
        return self._distance(position, 0.0)

    def reach(self, position: np.ndarray, direction: np.ndarray) -> float:
        """To the first box ahead in a direction, else as far as the nearest in any; at least `closest`."""
        enter, leave = crossed(position, direction, self.lower, self.upper)
        hit = enter[(enter <= leave) & (enter > 0)]
        reach = float(hit.min()) if len(hit) else self.distance(position)
        return max(reach, self.closest)

    def planes(self, position: np.ndarray) -> tuple[float, float]:
        """(near, far) distances between which everything is seen from a position."""
        height = np.outer(np.broadcast_to(self.height, len(self.lower)), (0.0, 1.0, 0.0))
        near = max(0.2 * self._distance(position, height), 0.02 * self.closest)
        lower, upper = self._whole
        away = float(np.linalg.norm(position - (lower + upper) / 2))
        return near, away + 6 * float(np.max(upper - lower)) + 100 * near

    def within(self, position: np.ndarray) -> np.ndarray:
        """(3,) the position, or the nearest to it that is above the floor and near enough to see the scene."""
        lower, upper = self._whole
        middle = (lower + upper) / 2
        first, diagonal = (float(np.linalg.norm(way)) for way in (self.position - middle, upper - lower))
        farthest = FARTHEST * max(first, diagonal / 2, self.closest)
        away = position - middle
        distance = float(np.linalg.norm(away))
        if distance > farthest:
            position = middle + away * (farthest / distance)
        return position if position[1] >= self.lowest_y else np.array([position[0], self.lowest_y, position[2]])

    def is_seen(self, eye: Eye) -> bool:
        """Whether anything of a box may be in the picture: false only where all of them lie outside."""
        planes = clip_from_world(eye)
        sides = np.concatenate([planes[3] + planes[:2], planes[3] - planes[:2], planes[3:]])  # (5, 4)
        normals, offsets = sides[:, None, :3], sides[:, None, 3]
        farthest = np.maximum(normals * self.lower, normals * self.upper).sum(2) + offsets
        return bool((farthest > 0).all(0).any())

    def _distance(self, position: np.ndarray, margin: np.ndarray | float) -> float:
        """To the nearest box, grown by a margin."""
        outside = np.maximum(np.maximum(self.lower - margin - position, position - self.upper - margin), 0)
        return math.sqrt(float(np.einsum("ij,ij->i", outside, outside).min()))


def crossed(
    position: np.ndarray, way: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """((n,), (n,)) float64: after which share of a way, (3,), each box (n, 3) is entered and left; below 0: behind.

    Where the first is the larger one the box is not met.
    """
    slope = 1 / np.where(np.abs(way) < 1e-12, 1e-12, way)
    ends = np.stack([(lower - position) * slope, (upper - position) * slope])
    return ends.min(0).max(1), ends.max(0).min(1)
