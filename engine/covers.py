"""What hides tiles: cubes of weights close to the eye. Glass, points and light hide nothing.

The face of a cube that is turned to an eye and the cone of its edges bound all that the eye cannot see because of it.
A tile is left out only where one face hides it wholly from each eye, so a picture without it is the same picture.
"""

from __future__ import annotations

import numpy as np

from .near_cells import NearCells, slabs

__all__ = ["LARGEST", "covers_of"]

LARGEST = 24  # cubes that are tried, the largest on the screen
AROUND = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])  # corners of a face, one after the other


def covers_of(near: NearCells, positions: np.ndarray) -> np.ndarray:
    """(e, k, 5, 4) float64 covers for eyes at `positions` (e, 3) as `CutEyes` has them, of cubes that are opaque.

    Normals are unit vectors; four planes pass through the eye and the edges of a face, the fifth holds the face.
    """
    lower, upper = slabs(near.only(np.flatnonzero(near.strength >= 1)[:LARGEST]))
    corners = np.where(AROUND[None, :, :1], upper[:, None, :1], lower[:, None, :1])
    across = np.where(AROUND[None, :, 1:], upper[:, None, 2:], lower[:, None, 2:])
    covers = np.zeros((len(positions), len(lower), 5, 4))
    for eye, position in enumerate(positions):
        above = position[1] > upper[:, 1]
        height = np.where(above, upper[:, 1], lower[:, 1])
        away = np.concatenate([corners, np.broadcast_to(height[:, None, None], corners.shape), across], 2) - position
        normals = np.cross(away, np.roll(away, -1, 1))
        normals *= np.sign((normals * away.mean(1)[:, None]).sum(-1, keepdims=True))
        length = np.sqrt((normals * normals).sum(-1, keepdims=True))
        covers[eye, :, :4, :3] = np.divide(normals, length, out=np.zeros_like(normals), where=length > 0)
        covers[eye, :, 4, 1] = np.where(above, -1.0, 1.0)
        beside = (position[1] <= upper[:, 1]) & (position[1] >= lower[:, 1])  # sees neither face
        covers[eye, :, 4, 3] = np.where(beside, np.inf, np.abs(away[:, 0, 1]))
    return covers
