"""Beacons: peaks at the very end of their scale. There are few, and no name may cover them."""

from __future__ import annotations

import numpy as np

from .detail import Detail
from .kernels.colorize import HEIGHT_UNIT
from .kernels.cut import TILE
from .rasterize.batch import NEAREST_W, eye_rows
from .view import Eye

__all__ = ["MOST", "beacons"]

MOST = 48  # where there are more, none is special
MARGIN_PX = 3.0  # that is kept free around one


def beacons(detail: Detail, eye: Eye) -> np.ndarray:
    """(n, 4) float64: x, y from the top left, width and height in px of what the beacons of a prepared frame cover."""
    drawn, nothing = detail.drawn, np.zeros((0, 4))
    is_peak = np.array([grid.reduce == "peak" for grid in detail.grids], bool)
    if not is_peak.any():
        return nothing
    tiles = np.flatnonzero(is_peak[drawn.grid])
    height, index = detail.pool.data.height[drawn.slot[tiles]], np.arange(TILE)
    counts = drawn.counts[tiles][:, :, None, None]
    inside = (index[:, None] < counts[:, 0]) & (index < counts[:, 1])
    which, i, j = np.nonzero((np.abs(height) == HEIGHT_UNIT) & inside)
    if len(which) > MOST:
        return nothing
    tile = tiles[which]
    share = height[which, i, j] / HEIGHT_UNIT
    place = drawn.corner[tile] + i[:, None] * drawn.du[tile] + j[:, None] * drawn.dv[tile]
    place += share[:, None] * drawn.dh[tile]
    x, y, depth = ((place - eye.position) @ eye_rows(eye).T).T
    seen = depth > NEAREST_W
    x, y, depth, cell = x[seen], y[seen], depth[seen], drawn.cell[tile[seen]]
    half = cell * eye.focal_px / depth / 2 + MARGIN_PX
    return np.stack([x / depth - half, eye.size_px[1] - y / depth - half, 2 * half, 2 * half], 1)
