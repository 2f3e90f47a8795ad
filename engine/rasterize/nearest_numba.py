"""Nearest samples, compiled: the same bits as `definition`, from any number of threads."""

from __future__ import annotations

import numpy as np
from numba import njit

from .batch import EMPTY, NEAREST_W, TILE
from .morph_numba import blend_heights, place_columns, start_row

__all__ = ["find_nearest", "merge_nearest", "show_nearest"]

ZERO, ONE = np.float32(0), np.float32(1)
U32, U1024, LOW = np.uint64(32), np.uint64(TILE * TILE), np.uint64(0xFFFFFFFF)
PIXELS = "uint64[::1]"
SETUP = "float32[:, :, ::1], int32[:, ::1], int32[::1], int32[::1], float32[:, :, ::1], int32[:, ::1]"


@njit(
    f"void({SETUP}, int16[:, :, ::1], int64, int64, int64, int64, {PIXELS})",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def find_nearest(steps, counts, slot, morph, above, above_at, pool_height, first, last, width, height, pixels):
    """Lowers `pixels` to the samples of tiles first..last; one pixel more than in the picture takes what is outside."""
    right, top, across = np.float32(width), np.float32(height), np.int32(width)
    outside = np.int32(width * height)
    place, depth = np.empty(TILE, np.int32), np.empty(TILE, np.float32)
    bits = depth.view(np.uint32)
    offsets, mixed = np.empty((3, TILE), np.float32), np.empty(TILE, np.int16)
    for tile in range(first, last):
        step, coarse, part = steps[tile], above[tile], morph[tile]
        place_columns(step, coarse, part, counts[tile, 1], offsets)
        for i in range(counts[tile, 0]):
            heights = pool_height[slot[tile], i]
            if part:
                blend_heights(pool_height, slot[tile], above_at[tile], part, i, counts[tile, 0], counts[tile, 1], mixed)
                heights = mixed
            x0, y0, w0 = (
                start_row(step, coarse, part, i, 0),
                start_row(step, coarse, part, i, 1),
                start_row(step, coarse, part, i, 2),
            )
            for j in range(counts[tile, 1]):  # no branches: becomes vector instructions
                h = np.float32(heights[j])
                w = (w0 + offsets[2, j]) + h * step[3, 2]
                seen = w > NEAREST_W
                inverse = ONE / (w if seen else ONE)
                x = ((x0 + offsets[0, j]) + h * step[3, 0]) * inverse
                y = ((y0 + offsets[1, j]) + h * step[3, 1]) * inverse
                inside = seen & (x >= ZERO) & (x < right) & (y >= ZERO) & (y < top)
                pixel = np.int32(y if inside else ZERO) * across + np.int32(x if inside else ZERO)
                place[j] = pixel if inside else outside
                depth[j] = w
            identity = np.uint64(tile) * U1024 + np.uint64(i) * U32
            for j in range(counts[tile, 1]):
                found = np.uint64(bits[j]) << U32 | (identity + np.uint64(j))
                if found < pixels[np.uint64(place[j])]:
                    pixels[np.uint64(place[j])] = found


@njit("void(uint64[:, ::1], int64, int64, int64, uint64[:, ::1])", nogil=True, cache=True)
def merge_nearest(parts, width, first, last, merged):
    """Rows first..last of the picture from the pixels of all threads, which become empty."""
    for row in range(first, last):
        line = merged[row]
        for k in range(len(parts)):
            part = parts[k, row * width : (row + 1) * width]
            for x in range(width):
                line[x] = min(part[x], line[x] if k else EMPTY)
                part[x] = EMPTY


@njit(
    "void(uint64[:, ::1], int32[::1], int32[::1], int16[:, :, ::1], uint32[:, ::1], int64, int64, uint32[:, ::1])",
    nogil=True,
    cache=True,
)
def show_nearest(pixels, slot, table, pool_height, colors, first, last, picture):
    """Rows first..last of the picture of nearest samples: RGBA8, red in the lowest byte."""
    for row in range(first, last):
        for x in range(pixels.shape[1]):
            if pixels[row, x] == EMPTY:
                picture[row, x] = 0
                continue
            identity = np.int64(pixels[row, x] & LOW)
            tile, i, j = identity >> 10, (identity >> 5) & 31, identity & 31
            value = ((np.int64(pool_height[slot[tile], i, j]) + 32768) * 512) >> 16
            picture[row, x] = colors[table[tile], value]
