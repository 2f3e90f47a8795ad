"""Tiles that still look like the coarser ones they replaced, compiled: the same bits as `definition`."""

from __future__ import annotations

import numpy as np
from numba import njit

from .batch import FIELD, MORPH

__all__ = ["blend_heights", "blend_lights", "place_columns", "start_row"]

EVERY = 1 | 1 << FIELD | 1 << 2 * FIELD
U2, U7 = np.uint64(2), np.uint64(7)
TWO = np.uint64(2 * EVERY)
MASK2 = np.uint64(((1 << (FIELD - 2)) - 1) * EVERY)
HALF7 = np.uint64(64 * EVERY)
MASK7 = np.uint64(((1 << (FIELD - 7)) - 1) * EVERY)
ONE, UNIT = np.float32(1), np.float32(1 / MORPH)


@njit(inline="always")
def place_columns(step, above, morph, columns, offsets):
    """Into `offsets` (3, TILE): where columns of samples stand beside the first, (x_px * w, y_px * w, w)."""
    moved = max(2 * morph - MORPH, 0)
    share = np.float32(moved) * UNIT
    rest = ONE - share
    for axis in range(3):
        for j in range(columns):
            own = np.float32(j) * step[2, axis]
            offsets[axis, j] = own * rest + (np.float32(j >> 1) * above[2, axis]) * share if moved else own


@njit(inline="always")
def start_row(step, above, morph, i, axis):
    """Where the first sample of a row stands, along one axis."""
    own = step[0, axis] + np.float32(i) * step[1, axis]
    moved = max(2 * morph - MORPH, 0)
    if moved == 0:
        return own
    share = np.float32(moved) * UNIT
    return own * (ONE - share) + (above[0, axis] + np.float32(i >> 1) * above[1, axis]) * share


@njit(inline="always")
def blend_lights(pool_light, slot, above_at, morph, i, rows, columns, lights):
    """Row i of a tile's light, mixed with the coarse light, into `lights`."""
    part, rest = np.uint64(morph), np.uint64(MORPH - morph)
    upper = i & ~1
    lower = min(upper + 1, rows - 1)
    for j in range(columns):
        if above_at[0] >= 0:
            coarse = pool_light[above_at[0], above_at[1] + (i >> 1), above_at[2] + (j >> 1)]
        else:
            left = j & ~1
            right = min(left + 1, columns - 1)
            total = pool_light[slot, upper, left] + pool_light[slot, upper, right]
            total += pool_light[slot, lower, left] + pool_light[slot, lower, right]
            coarse = ((total + TWO) >> U2) & MASK2
        lights[j] = ((pool_light[slot, i, j] * rest + coarse * part + HALF7) >> U7) & MASK7


@njit(inline="always")
def blend_heights(pool_height, slot, above_at, morph, i, rows, columns, heights):
    """Row i of a tile's heights, mixed with the coarse heights, into `heights`."""
    upper = i & ~1
    lower = min(upper + 1, rows - 1)
    for j in range(columns):
        if above_at[0] >= 0:
            coarse = np.int32(pool_height[above_at[0], above_at[1] + (i >> 1), above_at[2] + (j >> 1)])
        else:
            left = j & ~1
            right = min(left + 1, columns - 1)
            total = np.int32(pool_height[slot, upper, left]) + np.int32(pool_height[slot, upper, right])
            total += np.int32(pool_height[slot, lower, left]) + np.int32(pool_height[slot, lower, right])
            coarse = (total + 2) >> 2
        own = np.int32(pool_height[slot, i, j])
        heights[j] = np.int16((own * np.int32(MORPH - morph) + coarse * np.int32(morph) + np.int32(64)) >> 7)
