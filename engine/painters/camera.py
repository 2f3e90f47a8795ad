"""Matrices for positions that are already relative to the camera."""

from __future__ import annotations

import numpy as np

from ..view import Eye

__all__ = ["clip_from_camera"]


def clip_from_camera(eye: Eye) -> np.ndarray:
    """(4, 4) float64: clip space from world axes with the eye at the origin."""
    rotation = np.eye(4)
    rotation[:3, :3] = eye.world_from_eye[:3, :3].T
    return eye.clip_from_eye @ rotation
