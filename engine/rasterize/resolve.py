"""Pictures from what the rasterizers gathered, in NumPy: sums of light to color, nearest samples to color."""

from __future__ import annotations

from functools import cache

import numpy as np

from .batch import EMPTY, FIELD, TILE, UNIT, Batch, Pool

__all__ = ["STEP", "alpha", "curve", "light", "nearest", "value_index"]

STEP = 4  # the curves have an entry for every STEP units of a sum
ENTRIES = 8192  # sums beyond 4.0 look alike
SHOULDER = 0.82  # brightness above which light is compressed


@cache
def curve(ink: bool) -> np.ndarray:
    """(8192,) uint8: what is displayed for sums of 0, STEP, 2 STEP ... of 1/UNIT.

    Light is plain up to .82 and approaches 1.0 from there; ink gives the share of the ground that shines through.
    """
    total = (np.arange(ENTRIES) + 0.5) * STEP / UNIT
    total[0] = 0.0
    if ink:
        shown = np.exp(-total)
    else:
        rest = 1 - SHOULDER
        shown = np.where(total <= SHOULDER, total, SHOULDER + rest * (1 - np.exp(-(total - SHOULDER) / rest)))
    return np.rint(shown * 255).astype(np.uint8)


def alpha(ink: bool) -> int:
    """Alpha of every pixel: light leaves that of the ground as it is, and so does ink, which multiplies."""
    return 255 if ink else 0


def light(sums: np.ndarray, ink: bool = False) -> np.ndarray:
    """(height, width, 4) uint8 picture of (height, width) uint64 packed sums.

    Light (alpha 0) is to be added to what lies below: blend with (ONE, ONE) or (ONE, ONE_MINUS_SRC_ALPHA). Ink (alpha
    255) holds transmittance and is to be multiplied onto it: (ZERO, SRC_COLOR).
    """
    shown = curve(ink)
    picture = np.empty((sums.size, 4), np.uint8)
    picture[:] = shown[0], shown[0], shown[0], alpha(ink)
    met = np.flatnonzero(sums)  # most pixels meet no sample
    light = sums.ravel()[met]
    for k in range(3):
        field = (light >> np.uint64(k * FIELD)) & np.uint64((1 << FIELD) - 1)
        picture[met, k] = shown[np.minimum(field // np.uint64(STEP), np.uint64(ENTRIES - 1)).astype(np.int64)]
    return picture.reshape(*sums.shape, 4)


def nearest(pixels: np.ndarray, batch: Batch, pool: Pool, colors: np.ndarray) -> np.ndarray:
    """(height, width, 4) uint8 picture of (height, width) uint64 `nearest` pixels.

    `colors` (k, 512) uint32, RGBA8 with red in the lowest byte, by value from -1 to 1: row `batch.table` of a tile is
    used. Pixels that no sample met are 0.
    """
    identity = (pixels & np.uint64(0xFFFFFFFF)).astype(np.int64)
    identity[pixels == EMPTY] = 0
    tile, i, j = identity // (TILE * TILE), identity // TILE % TILE, identity % TILE
    shown = np.zeros(pixels.shape, np.uint32)
    if len(batch):
        shown = colors[batch.table[tile], value_index(pool.height[batch.slot[tile], i, j])]
        shown[pixels == EMPTY] = 0
    return shown.view(np.uint8).reshape(*pixels.shape, 4)


def value_index(height: np.ndarray) -> np.ndarray:
    """(...) int64 entry of a table of 512 values from -1 to 1 for int16 heights."""
    return ((height.astype(np.int64) + 32768) * 512) >> 16
