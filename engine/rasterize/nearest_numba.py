"""Nearest samples, compiled: the same bits as `definition`, from any number of threads."""

from __future__ import annotations

import numpy as np
from numba import njit

from .batch import EMPTY, NEAREST_W, TILE

__all__ = ["find_nearest", "merge_nearest", "show_nearest"]

ZERO, ONE = np.float32(0), np.float32(1)
U32, U1024, LOW = np.uint64(32), np.uint64(TILE * TILE), np.uint64(0xFFFFFFFF)
PIXELS = "uint64[::1]"
SETUP = "float32[:, :, ::1], int32[:, ::1], int32[::1]"


@njit(
    f"void({SETUP}, int16[:, :, ::1], int64, int64, int64, int64, {PIXELS})",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def find_nearest(steps, counts, slot, pool_height, first, last, width, height, pixels):
    """Lowers `pixels` to the samples of tiles first..last; one pixel more than in the picture takes what is outside."""
    right, top, across = np.float32(width), np.float32(height), np.int32(width)
    outside = np.int32(width * height)
    place, depth = np.empty(TILE, np.int32), np.empty(TILE, np.float32)
    bits = depth.view(np.uint32)
    for tile in range(first, last):
        step = steps[tile]
        for i in range(counts[tile, 0]):
            heights = pool_height[slot[tile], i]
            x0 = step[0, 0] + np.float32(i) * step[1, 0]
            y0 = step[0, 1] + np.float32(i) * step[1, 1]
            w0 = step[0, 2] + np.float32(i) * step[1, 2]
            for j in range(counts[tile, 1]):  # no branches: becomes vector instructions
                v, h = np.float32(j), np.float32(heights[j])
                w = (w0 + v * step[2, 2]) + h * step[3, 2]
                seen = w > NEAREST_W
                inverse = ONE / (w if seen else ONE)
                x = ((x0 + v * step[2, 0]) + h * step[3, 0]) * inverse
                y = ((y0 + v * step[2, 1]) + h * step[3, 1]) * inverse
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
