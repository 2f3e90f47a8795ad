"""Light and its glow joined to a picture, compiled: for drivers that draw on the processor, where passes are dear.

The glow is that of shaders/shrink.frag and blur.frag, made of an eighth and a sixteenth of the size.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .batch import FIELD
from .resolve import STEP

__all__ = ["CELL", "add_light", "add_wide", "blur", "halve", "multiply_ink", "shrink"]

CELL = 8  # px of the picture along a side of a pixel of the glow
BLOCK = 4  # px along a side of what is bright or not as a whole
LEAST = 0.25  # of 255, below which a glow is not seen

MASK = np.uint64((1 << FIELD) - 1)
U_FIELD, U_TWICE, U_STEP, U_ZERO = np.uint64(FIELD), np.uint64(2 * FIELD), np.uint64(STEP), np.uint64(0)
U8, U255, U128 = np.uint32(8), np.uint32(255), np.uint32(128)
HALF, WHITE = np.float32(0.5), np.float32(255)

SUMS, CURVE, SMALL = "uint64[:, ::1]", "uint8[::1]", "float32[:, :, ::1]"


@njit(inline="always")
def _shown(packed, shift, curve):
    return np.uint32(curve[min(((packed >> shift) & MASK) // U_STEP, np.uint64(len(curve) - 1))])


@njit(f"void({SUMS}, {CURVE}, float32, float32, int64, int64, {SMALL})", nogil=True, cache=True)
def shrink(sums, curve, dark, bright, first, last, small):
    """Rows first..last of (n, m, 3) light of cells, 0 to 255: of blocks whose peak is `bright`, of no `dark` ones."""
    height, width = sums.shape
    for row in range(first, last):
        for column in range(small.shape[1]):
            red = green = blue = np.float32(0)
            for corner in range(4):
                top, left = CELL * row + BLOCK * (corner >> 1), CELL * column + BLOCK * (corner & 1)
                r = g = b = np.uint32(0)
                for y in range(top, min(top + BLOCK, height)):
                    for x in range(left, min(left + BLOCK, width)):
                        packed = sums[y, x]
                        if packed != U_ZERO:
                            r += _shown(packed, U_ZERO, curve)
                            g += _shown(packed, U_FIELD, curve)
                            b += _shown(packed, U_TWICE, curve)
                peak = np.float32(max(r, g, b)) / np.float32(BLOCK * BLOCK)
                if peak > dark:
                    share = min((peak - dark) / (bright - dark), np.float32(1))
                    share *= share * (np.float32(3) - np.float32(2) * share) / np.float32(4 * BLOCK * BLOCK)
                    red += share * np.float32(r)
                    green += share * np.float32(g)
                    blue += share * np.float32(b)
            small[row, column, 0], small[row, column, 1], small[row, column, 2] = red, green, blue


@njit(f"void({SMALL}, {SMALL})", nogil=True, cache=True)
def halve(large, small):
    """(n, m, 3) means of 2 x 2 pixels; those beyond the edge are dark."""
    small[:] = np.float32(0)
    for y in range(large.shape[0]):
        for x in range(large.shape[1]):
            for k in range(3):
                small[y >> 1, x >> 1, k] += np.float32(0.25) * large[y, x, k]


@njit(f"void({SMALL}, float32[::1], {SMALL})", nogil=True, cache=True)
def blur(image, weights, scratch):
    """The image, blurred along both axes: `weights` of a pixel and of its neighbors on one side. The edge goes on."""
    height, width, _ = image.shape
    for y in range(height):
        for x in range(width):
            for k in range(3):
                total = weights[0] * image[y, x, k]
                for step in range(1, len(weights)):
                    total += weights[step] * (image[y, max(x - step, 0), k] + image[y, min(x + step, width - 1), k])
                scratch[y, x, k] = total
    for y in range(height):
        for x in range(width):
            for k in range(3):
                image[y, x, k] = weights[0] * scratch[y, x, k]
        for step in range(1, len(weights)):
            above, below = max(y - step, 0), min(y + step, height - 1)
            for x in range(width):
                for k in range(3):
                    image[y, x, k] += weights[step] * (scratch[above, x, k] + scratch[below, x, k])


@njit(inline="always")
def _mixed(image, y, x, k):
    """Bilinear, at a place in pixels of the image from the middle of its first one."""
    height, width, _ = image.shape
    y, x = max(y, np.float32(0)), max(x, np.float32(0))
    top, left = min(np.int64(y), height - 1), min(np.int64(x), width - 1)
    down, right = y - np.float32(top), x - np.float32(left)
    below, after = min(top + 1, height - 1), min(left + 1, width - 1)
    upper = image[top, left, k] * (np.float32(1) - right) + image[top, after, k] * right
    lower = image[below, left, k] * (np.float32(1) - right) + image[below, after, k] * right
    return upper * (np.float32(1) - down) + lower * down


@njit(f"void({SMALL}, {SMALL}, float32, float32)", nogil=True, cache=True)
def add_wide(near, wide, near_share, wide_share):
    """Adds up two glows, one half as large as the other, in the larger one."""
    for y in range(near.shape[0]):
        for x in range(near.shape[1]):
            for k in range(3):
                place = np.float32(0.5 * y - 0.25), np.float32(0.5 * x - 0.25)
                far = _mixed(wide, place[0], place[1], k)
                near[y, x, k] = near_share * near[y, x, k] + wide_share * far


@njit(inline="always")
def _sum(one, other):
    return min(one + other, U255)


@njit(f"void({SUMS}, {CURVE}, {SMALL}, int64, int64, uint8[:, :, ::1])", nogil=True, cache=True)
def add_light(sums, curve, glow, first, last, picture):
    """Adds light and its glow (n, m, 3), 0 to 255, to rows first..last of an RGBA picture."""
    width, cells = sums.shape[1], glow.shape[1]
    line = np.zeros((cells + 2, 4), np.float32)  # the glow along a row; its ends go on
    for row in range(first, last):
        y = (np.float32(row) + HALF) / np.float32(CELL) - HALF
        for cell in range(cells + 2):
            for k in range(3):
                line[cell, k] = _mixed(glow, y, np.float32(cell - 1), k)
        for cell in range(cells + 1):  # between two middles
            a0, a1, a2 = line[cell, 0], line[cell, 1], line[cell, 2]
            b0, b1, b2 = line[cell + 1, 0], line[cell + 1, 1], line[cell + 1, 2]
            if max(max(a0, a1, a2), max(b0, b1, b2)) <= LEAST:
                continue
            start, end = max(CELL * cell - CELL // 2, 0), min(CELL * cell + CELL // 2, width)
            for x in range(start, end):
                share = (np.float32(np.int32(x - CELL * cell + CELL // 2)) + HALF) / np.float32(CELL)
                red = np.float32(picture[row, x, 0]) + a0 + share * (b0 - a0) + HALF
                green = np.float32(picture[row, x, 1]) + a1 + share * (b1 - a1) + HALF
                blue = np.float32(picture[row, x, 2]) + a2 + share * (b2 - a2) + HALF
                picture[row, x, 0] = np.uint8(np.int32(min(red, WHITE)))
                picture[row, x, 1] = np.uint8(np.int32(min(green, WHITE)))
                picture[row, x, 2] = np.uint8(np.int32(min(blue, WHITE)))
        for x in range(width):
            packed = sums[row, x]
            if packed != U_ZERO:
                for k in range(3):
                    light = _shown(packed, np.uint64(k * FIELD), curve)
                    picture[row, x, k] = np.uint8(_sum(np.uint32(picture[row, x, k]), light))


@njit(inline="always")
def _part(one, other):
    product = one * other + U128
    return (product + (product >> U8)) >> U8


@njit(f"void({SUMS}, {CURVE}, int64, int64, uint8[:, :, ::1])", nogil=True, cache=True)
def multiply_ink(sums, curve, first, last, picture):
    """Multiplies ink onto rows first..last of an RGBA picture."""
    for row in range(first, last):
        for x in range(sums.shape[1]):
            packed = sums[row, x]
            if packed != U_ZERO:
                for k in range(3):
                    ink = _shown(packed, np.uint64(k * FIELD), curve)
                    picture[row, x, k] = np.uint8(_part(np.uint32(picture[row, x, k]), ink))
