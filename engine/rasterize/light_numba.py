"""Sums of light, compiled: the same bits as `definition`, from any number of threads.

A row of a tile is first placed on the screen in a loop without branches, which the compiler turns into vector
instructions, and then spread over the pixels. Every thread has sums of its own; they are merged at the end.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .batch import FIELD, NEAREST_W, SUM_LIMIT, TILE
from .definition import GAIN, MARGIN
from .morph_numba import blend_heights, blend_lights, place_columns, start_row
from .resolve import STEP
from .sprites import (
    DISC_D,
    HIGHLIGHT_AT,
    HIGHLIGHT_RADIUS,
    LARGEST_S,
    LEVELS,
    PHASES,
    RADIUS,
    RINGS,
    SIZES,
    SOFT_D,
)

__all__ = ["PAD", "add_light", "merge_sums", "show_sums"]

PAD = 2  # px of a thread's sums on every side of the picture: 3 x 3 pixels around a center are written without a test
EVERY = 1 | 1 << FIELD | 1 << 2 * FIELD
GUARD = np.uint64((SUM_LIMIT + 1) * EVERY)
MASK = np.uint64((1 << FIELD) - 1)
MASK7 = np.uint64(((1 << (FIELD - 7)) - 1) * EVERY)
HALF7 = np.uint64(64 * EVERY)
MASK5 = np.uint64(((1 << (FIELD - 5)) - 1) * EVERY)
HALF5 = np.uint64(16 * EVERY)
U5, U7, U14, U20, U21, U42 = (np.uint64(bits) for bits in (5, 7, 14, 20, FIELD, 2 * FIELD))
U1, U2, U3, U6, U9 = (np.uint64(number) for number in (1, 2, 3, 6, 9))
U_STEP = np.uint64(STEP)
U8, U16 = np.uint32(8), np.uint32(16)
I_ZERO, I_BEFORE, I_BITS, I_SHIFT = np.int32(0), np.int32(-1), np.int32(4), np.int32(PAD - MARGIN)
I_MARGIN, I_PHASE = np.int32(MARGIN), np.int32(PHASES - 1)
HALF_GAIN = np.uint64(GAIN // 2)

ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)
F_GAIN, F_PHASES, F_MARGIN = np.float32(GAIN), np.float32(PHASES), np.float32(MARGIN * PHASES)
PHASE_WIDTH = np.float32(1 / PHASES)
F_SOFT, F_LARGEST, F_RADIUS, F_SIZES = np.float32(SOFT_D), np.float32(LARGEST_S), np.float32(RADIUS), np.float32(SIZES)
LEVEL_RATE, F_LEVELS = np.float32(1 / (DISC_D - SOFT_D)), np.float32(LEVELS)
HIGHLIGHT_X, HIGHLIGHT_Y = np.float32(HIGHLIGHT_AT[0]), np.float32(HIGHLIGHT_AT[1])
HIGHLIGHT_RATE = np.float32(1 / HIGHLIGHT_RADIUS**2)
F_RINGS, LAST_RING = np.float32(RINGS), np.float32(RINGS - 1)

PIXELS, TILES = "uint64[::1]", "uint64[:, :, ::1]"
SETUP = "float32[:, :, ::1], int32[:, ::1], int32[::1]"
ABOVE = "int32[::1], float32[:, :, ::1], int32[:, ::1]"
TABLES = "uint8[::1], uint8[:, :, ::1], int32[::1], float32[::1], uint8[:, ::1], uint8[:, ::1]"


@njit(inline="always")
def _clamped(total):
    """A sum of which a guard bit is set, with that field at its limit."""
    over = total & GUARD
    return (total | (over - (over >> U20))) & ~GUARD


@njit(inline="always")
def _add(sums, place, light):
    total = sums[place] + light
    if total & GUARD:
        total = _clamped(total)
    sums[place] = total


@njit(inline="always")
def _add3(sums, middle, light, weights, first):
    """Adds light to three pixels of a row."""
    left = sums[middle - U1] + _weighted(light, weights[first])
    center = sums[middle] + _weighted(light, weights[first + U1])
    right = sums[middle + U1] + _weighted(light, weights[first + U2])
    if (left | center | right) & GUARD:
        left, center, right = _clamped(left), _clamped(center), _clamped(right)
    sums[middle - U1], sums[middle], sums[middle + U1] = left, center, right


@njit(inline="always")
def _scaled(light, whole):
    """Packed light x whole / GAIN, rounded per channel."""
    red = ((light & MASK) * whole + HALF_GAIN) >> U14
    green = (((light >> U21) & MASK) * whole + HALF_GAIN) >> U14
    blue = ((light >> U42) * whole + HALF_GAIN) >> U14
    return red | green << U21 | blue << U42


@njit(inline="always")
def _weighted(light, weight):
    return ((light * np.uint64(weight) + HALF7) >> U7) & MASK7


@njit(inline="always")
def _weighted5(light, weight):
    return ((light * np.uint64(weight) + HALF5) >> U5) & MASK5


@njit(inline="always")
def _ring(square, table, level):
    """Weight at a squared radius, 0 beyond 1."""
    ring = square * F_RINGS
    return table[level, np.int64(ring if ring < LAST_RING else LAST_RING)] if square < ONE else np.uint8(0)


@njit(inline="always")
def _whole(factor):
    """Brightness factor in 1/GAIN."""
    return np.int32((factor if factor < ONE else ONE) * F_GAIN + HALF)


@njit(nogil=True, error_model="numpy")
def _add_soft(sums, width, height, center_x, center_y, light, taps, half):
    """A gaussian sprite: a row of weights along y, then one along x."""
    column, row = (center_x >> 4) - MARGIN, (center_y >> 4) - MARGIN
    across, upward = taps[center_x & 15], taps[center_y & 15]
    first, last = max(-half, -column), min(half, width - 1 - column)
    for y in range(max(-half, -row), min(half, height - 1 - row) + 1):
        line = _weighted(light, upward[y + half])
        if line == 0:
            continue
        start = (row + y + PAD) * (width + 2 * PAD) + column + PAD
        for x in range(first, last + 1):
            _add(sums, np.uint64(start + x), _weighted(line, across[x + half]))


@njit(nogil=True, error_model="numpy")
def _add_large(sums, width, height, center_x, center_y, d, light, near, bright, profile, highlight):
    """A sprite between gaussian and disc, with a white highlight."""
    share = (d - F_SOFT) * LEVEL_RATE
    level = np.int64((share if share < ONE else ONE) * F_LEVELS + HALF)
    mixed = _weighted5(light, LEVELS - level) + _weighted5(near, level)
    light = _scaled(mixed, np.uint64(_whole(bright)))
    if light == 0:
        return
    brightest = max(max(light & MASK, (light >> U21) & MASK), light >> U42)
    white = brightest | brightest << U21 | brightest << U42
    reach = F_RADIUS * (d if d < F_LARGEST else F_LARGEST)
    inverse, half = ONE / reach, np.int64(reach + HALF)
    column, row = (center_x >> 4) - MARGIN, (center_y >> 4) - MARGIN
    from_x, from_y = (np.float32(center_x & 15) + HALF) * PHASE_WIDTH, (np.float32(center_y & 15) + HALF) * PHASE_WIDTH
    for y in range(max(-half, -row), min(half, height - 1 - row) + 1):
        up = ((np.float32(y) + HALF) - from_y) * inverse
        to_y = up - HIGHLIGHT_Y
        start = (row + y + PAD) * (width + 2 * PAD) + column + PAD
        for x in range(max(-half, -column), min(half, width - 1 - column) + 1):
            across = ((np.float32(x) + HALF) - from_x) * inverse
            to_x = across - HIGHLIGHT_X
            body = _ring(across * across + up * up, profile, level)
            shine = _ring((to_x * to_x + to_y * to_y) * HIGHLIGHT_RATE, highlight, level)
            if body | shine:
                _add(sums, np.uint64(start + x), _weighted(light, body) + _weighted(white, shine))


@njit(inline="always")
def _place_row(
    step, x0, y0, w0, offsets, columns, heights, diameter, bright, small_limit, small_factor,
    width, height, center_x, center_y, whole, size,
):  # fmt: skip
    """Number of larger sprites in a row. No branches: becomes vector instructions.

    Into `center_x`, `center_y`: 1/PHASES px from MARGIN before the picture; `whole`: factor of small sprites in 1/GAIN,
    0 for others; `size`: diameter of larger sprites, 0 for others.
    """
    right, top = np.int32(width), np.int32(height)
    x_end, y_end = np.float32((width + 2 * MARGIN) * PHASES - 1), np.float32((height + 2 * MARGIN) * PHASES - 1)
    larger = np.int32(0)
    for j in range(columns):
        h = np.float32(heights[j])
        w = (w0 + offsets[2, j]) + h * step[3, 2]
        seen = w > NEAREST_W
        inverse = ONE / (w if seen else ONE)
        d = diameter * inverse
        x = (((x0 + offsets[0, j]) + h * step[3, 0]) * inverse) * F_PHASES + F_MARGIN
        y = (((y0 + offsets[1, j]) + h * step[3, 1]) * inverse) * F_PHASES + F_MARGIN
        x, y = x if x > ZERO else ZERO, y if y > ZERO else ZERO
        cx, cy = np.int32(x if x < x_end else x_end), np.int32(y if y < y_end else y_end)
        column, row = (cx >> I_BITS) - I_MARGIN, (cy >> I_BITS) - I_MARGIN
        is_small = seen & (d <= small_limit)
        inside = (column >= I_BEFORE) & (column <= right) & (row >= I_BEFORE) & (row <= top)
        whole[j] = _whole(((d * d) * small_factor) * bright) if is_small & inside else I_ZERO
        center_x[j], center_y[j] = cx, cy
        size[j] = d if seen & (not is_small) else ZERO
        larger += np.int32(seen & (not is_small))
    return larger


@njit(
    f"void({SETUP}, float32[::1], int32[::1], float32[::1], {TILES}, int16[:, :, ::1], uint64[:, ::1], "
    f"float32, float32, {TABLES}, {ABOVE}, int64, int64, int64, int64, {PIXELS})",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def add_light(
    steps, counts, slot, gain, table, diameter, pool_light, pool_height, near_tables,
    minimum, small_factor, small, taps, taps_half, taps_factor, profile, highlight,
    morph, above, above_at, first, last, width, height, sums,
):  # fmt: skip
    """Adds the light of tiles first..last to `sums`, a picture with PAD pixels around it.

    `small` is empty when the minimum size has no 3 x 3 weights.
    """
    up, across = np.uint64(width + 2 * PAD), np.int32(width + 2 * PAD)
    small_limit = minimum if len(small) else np.float32(-1)
    center_x, center_y = np.empty(TILE, np.int32), np.empty(TILE, np.int32)
    whole, size = np.empty(TILE, np.int32), np.empty(TILE, np.float32)
    offsets = np.empty((3, TILE), np.float32)
    mixed_lights, mixed_heights = np.empty(TILE, np.uint64), np.empty(TILE, np.int16)
    for tile in range(first, last):
        rows, columns, bright = counts[tile, 0], counts[tile, 1], gain[tile]
        step, coarse, part = steps[tile], above[tile], morph[tile]
        place_columns(step, coarse, part, columns, offsets)
        for i in range(rows):
            lights, heights = pool_light[slot[tile], i], pool_height[slot[tile], i]
            if part:
                blend_lights(pool_light, slot[tile], above_at[tile], part, i, rows, columns, mixed_lights)
                blend_heights(pool_height, slot[tile], above_at[tile], part, i, rows, columns, mixed_heights)
                lights, heights = mixed_lights, mixed_heights
            x0, y0, w0 = (
                start_row(step, coarse, part, i, 0),
                start_row(step, coarse, part, i, 1),
                start_row(step, coarse, part, i, 2),
            )
            larger = _place_row(
                step, x0, y0, w0, offsets, columns, heights, diameter[tile], bright, small_limit, small_factor,
                width, height, center_x, center_y, whole, size,
            )  # fmt: skip
            for j in range(columns):
                if whole[j] == 0 or lights[j] == 0:
                    continue
                light = _scaled(lights[j], np.uint64(whole[j]))
                x, y = center_x[j], center_y[j]
                phase = ((y & I_PHASE) << I_BITS) | (x & I_PHASE)
                place = ((y >> I_BITS) + I_SHIFT) * across + ((x >> I_BITS) + I_SHIFT)
                weight, middle = np.uint64(phase) * U9, np.uint64(place)
                _add3(sums, middle - up, light, small, weight)
                _add3(sums, middle, light, small, weight + U3)
                _add3(sums, middle + up, light, small, weight + U6)
            if larger == 0:
                continue
            for j in range(columns):
                d = size[j]
                if d > F_SOFT:
                    near = near_tables[table[tile], ((np.int64(heights[j]) + 32768) * 512) >> 16]
                    _add_large(
                        sums, width, height, center_x[j], center_y[j], d, lights[j], near, bright, profile, highlight
                    )
                elif d > ZERO and lights[j] != 0:
                    kind = np.int32((d if d > minimum else minimum) * F_SIZES)
                    light = _scaled(lights[j], np.uint64(_whole(((d * d) * taps_factor[kind]) * bright)))
                    _add_soft(sums, width, height, center_x[j], center_y[j], light, taps[kind], taps_half[kind])


@njit("void(uint64[:, ::1], int64, int64, int64, uint64[:, ::1])", nogil=True, cache=True)
def merge_sums(parts, width, first, last, merged):
    """Rows first..last of the picture from the sums of all threads, which become zero."""
    for row in range(first, last):
        start = (row + PAD) * (width + 2 * PAD) + PAD
        line = merged[row]
        for k in range(len(parts)):
            part = parts[k, start : start + width]
            for x in range(width):
                total = part[x] + (line[x] if k else np.uint64(0))
                line[x] = _clamped(total)
                part[x] = np.uint64(0)


@njit("void(uint64[:, ::1], uint8[::1], uint32, int64, int64, uint32[:, ::1])", nogil=True, cache=True)
def show_sums(sums, curve, alpha, first, last, picture):
    """Rows first..last of the picture of sums: RGBA8, red in the lowest byte."""
    end = np.uint64(len(curve) - 1)
    for row in range(first, last):
        for x in range(sums.shape[1]):
            packed = sums[row, x]
            red = np.uint32(curve[min((packed & MASK) // U_STEP, end)])
            green = np.uint32(curve[min(((packed >> U21) & MASK) // U_STEP, end)])
            blue = np.uint32(curve[min((packed >> U42) // U_STEP, end)])
            picture[row, x] = red | green << U8 | blue << U16 | alpha
