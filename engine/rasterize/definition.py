"""The rasterizers in NumPy: the definition that every faster version must meet bit for bit.

Positions are float32 with one fixed order of elementary operations; what lands on a pixel is integer. Fast enough to
draw about 200,000 samples while the compiled kernels are being made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from . import resolve as display
from .batch import EMPTY, FIELD, MORPH, NEAREST_W, SUM_LIMIT, TILE, Batch, Pool, Setup, prepare
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
    Sprites,
    sprites,
)

__all__ = ["DefinitionRasterizer"]

MARGIN = 64  # px around the picture in which the center of a sprite may lie
GAIN = 16384  # brightness factor 1
CHUNK = 64  # tiles at a time
PIXELS_AT_ONCE = 1 << 15  # pixels of sprites at a time
ONE = np.float32(1)
MASK = np.uint64((1 << FIELD) - 1)
EVERY = np.uint64(1 | 1 << FIELD | 1 << 2 * FIELD)  # a one in each channel


class DefinitionRasterizer:
    """Draws with NumPy, on one thread whatever `threads` says."""

    name = "numpy"

    def __init__(self, threads: int = 1) -> None:
        self.threads = 1

    def light(
        self,
        batch: Batch,
        pool: Pool,
        near_tables: np.ndarray,
        rows: np.ndarray,
        size_px: tuple[int, int],
        minimum_px: float = 1.5,
        shine: bool = True,
    ) -> np.ndarray:
        """(height, width) uint64 packed sums of light; row 0 is the lowest.

        `near_tables` (k, 512) uint64 packed color x near brightness by value from -1 to 1; `rows` from `eye_rows`;
        `size_px` (width, height); `minimum_px` the smallest sprite; `shine` white highlights on near ones, not for ink.
        """
        setup, tables = prepare(batch, rows, pool, len(near_tables)), sprites(minimum_px, shine)
        sums = _Sums(size_px)
        for start in range(0, len(batch), CHUNK):
            seen = _samples(setup, pool, slice(start, start + CHUNK))
            seen = seen.only((seen.light != 0) | (seen.diameter > SOFT_D))
            seen = seen.only(sums.meets(seen.x, seen.y, _reach(seen, tables)))
            large = seen.diameter > SOFT_D
            small = (seen.diameter <= tables.minimum_px) & (len(tables.small) > 0)
            _add_small(sums, seen.only(small), tables)
            _add_soft(sums, seen.only(~small & ~large), tables)
            _add_large(sums, seen.only(large), near_tables, tables)
        return sums.packed()

    def nearest(self, batch: Batch, pool: Pool, rows: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
        """(height, width) uint64 of the nearest sample at each pixel, EMPTY where none is; row 0 is the lowest.

        depth << 32 | id: depth the bits of the float32 distance along the view axis, id = tile row * 1024 + i * 32 + j.
        """
        setup = prepare(batch, rows, pool)
        width, height = size_px
        pixels = np.full(width * height, EMPTY)
        for start in range(0, len(batch), CHUNK):
            seen = _samples(setup, pool, slice(start, start + CHUNK))
            seen = seen.only((seen.x >= 0) & (seen.x < width) & (seen.y >= 0) & (seen.y < height))
            place = seen.y.astype(np.int64) * width + seen.x.astype(np.int64)
            identity = seen.tile.astype(np.uint64) * np.uint64(TILE * TILE) + (seen.i * TILE + seen.j).astype(np.uint64)
            np.minimum.at(pixels, place, seen.w.view(np.uint32).astype(np.uint64) << np.uint64(32) | identity)
        return pixels.reshape(height, width)

    def resolve(self, sums: np.ndarray, ink: bool = False) -> np.ndarray:
        """(height, width, 4) uint8 picture of sums of light: see `resolve.light`."""
        return display.light(sums, ink)

    def resolve_nearest(self, pixels: np.ndarray, batch: Batch, pool: Pool, colors: np.ndarray) -> np.ndarray:
        """(height, width, 4) uint8 picture of the nearest samples: see `resolve.nearest`."""
        return display.nearest(pixels, batch, pool, colors)


@dataclass
class _Seen:
    """Samples in front of the eye, as columns."""

    x: np.ndarray  # float32, px
    y: np.ndarray  # float32, px
    w: np.ndarray  # float32
    diameter: np.ndarray  # float32, px
    gain: np.ndarray  # float32
    tile: np.ndarray  # int64, row of the batch
    light: np.ndarray  # uint64
    height: np.ndarray  # int64
    table: np.ndarray  # int64
    i: np.ndarray  # int64
    j: np.ndarray  # int64

    def only(self, wanted: np.ndarray) -> _Seen:
        return _Seen(**{name: column[wanted] for name, column in vars(self).items()})


def _samples(setup: Setup, pool: Pool, part: slice) -> _Seen:
    """The samples of some tiles that lie in front of the eye."""
    steps, counts, slot = setup.steps[part], setup.counts[part], setup.slot[part]
    morph, above = setup.morph[part], setup.above[part]
    index = np.arange(TILE)
    i, j = index[:, None].astype(np.float32), index.astype(np.float32)
    light, height = pool.light[slot], pool.height[slot].astype(np.int64)
    mixed = np.flatnonzero(morph)
    if len(mixed):
        light[mixed], height[mixed] = _morphed(setup, pool, mixed + part.start)
    aside = np.maximum(2 * morph - MORPH, 0)
    moved = np.flatnonzero(aside)
    share = (aside[moved].astype(np.float32) * np.float32(1 / MORPH))[:, None, None]
    half_i, half_j = (index[:, None] // 2).astype(np.float32), (index // 2).astype(np.float32)

    def along(axis: int) -> np.ndarray:
        corner, du, dv, dh = (steps[:, k, axis, None, None] for k in range(4))
        first, across = corner + i * du, j * dv
        if len(moved):
            corner, du, dv = (above[moved, k, axis, None, None] for k in range(3))
            first[moved] = first[moved] * (ONE - share) + (corner + half_i * du) * share
            across[moved] = across[moved] * (ONE - share) + (half_j * dv) * share
        return (first + across) + height.astype(np.float32) * dh

    w = along(2)
    inside = (index[:, None] < counts[:, 0, None, None]) & (index < counts[:, 1, None, None])
    tile, row, column = np.nonzero(inside & (w > NEAREST_W))
    w = w[tile, row, column]
    inverse = ONE / w
    return _Seen(
        along(0)[tile, row, column] * inverse,
        along(1)[tile, row, column] * inverse,
        w,
        setup.diameter[part][tile] * inverse,
        setup.gain[part][tile],
        tile + part.start,
        light[tile, row, column],
        height[tile, row, column],
        setup.table[part][tile].astype(np.int64),
        row,
        column,
    )


def _morphed(setup: Setup, pool: Pool, tiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(light, height int64), each (n, TILE, TILE), of tiles that still look like the coarser ones."""
    slot, above_at, part = setup.slot[tiles], setup.above_at[tiles], setup.morph[tiles][:, None, None]
    light, height = pool.light[slot], pool.height[slot].astype(np.int64)
    even = np.arange(TILE) // 2 * 2
    upper, left = even[None, :, None], even[None, None, :]
    lower = np.minimum(upper + 1, setup.counts[tiles, 0, None, None] - 1)
    right = np.minimum(left + 1, setup.counts[tiles, 1, None, None] - 1)
    n = np.arange(len(tiles))[:, None, None]

    def of_four(samples: np.ndarray) -> np.ndarray:
        return (samples[n, upper, left] + samples[n, upper, right]) + (
            samples[n, lower, left] + samples[n, lower, right]
        )

    coarse_light, coarse_height = _quarter(of_four(light)), (of_four(height) + 2) >> 2
    known = np.flatnonzero(above_at[:, 0] >= 0)
    if len(known):
        slot, row, col = (above_at[known, k, None, None] for k in range(3))
        at = slot, np.minimum(row + upper // 2, TILE - 1), np.minimum(col + left // 2, TILE - 1)
        coarse_light[known], coarse_height[known] = pool.light[at], pool.height[at]
    whole = part.astype(np.uint64)
    mixed = (light * (np.uint64(MORPH) - whole) + coarse_light * whole + np.uint64(MORPH // 2) * EVERY) >> np.uint64(7)
    return mixed & (np.uint64((1 << (FIELD - 7)) - 1) * EVERY), (
        height * (MORPH - part) + coarse_height * part + MORPH // 2
    ) >> 7


def _quarter(total: np.ndarray) -> np.ndarray:
    """Packed light / 4, rounded half up per channel."""
    return ((total + np.uint64(2) * EVERY) >> np.uint64(2)) & (np.uint64((1 << (FIELD - 2)) - 1) * EVERY)


class _Sums:
    """Sums of light by channel."""

    def __init__(self, size_px: tuple[int, int]) -> None:
        self.width, self.height = size_px
        self.channels = np.zeros((3, self.width * self.height), np.int64)

    def add(self, column: np.ndarray, row: np.ndarray, light: np.ndarray) -> None:
        """Adds packed light at pixels; those outside the picture are dropped."""
        inside = ((column >= 0) & (column < self.width)) & ((row >= 0) & (row < self.height)) & (light != 0)
        place, light = (row * self.width + column)[inside], light[inside]
        for k, channel in enumerate(self.channels):
            np.add.at(channel, place, ((light >> np.uint64(k * FIELD)) & MASK).astype(np.int64))

    def meets(self, x: np.ndarray, y: np.ndarray, reach: np.ndarray) -> np.ndarray:
        """(n,) bool: whether squares of 2 reach pixels around x, y may meet the picture."""
        return (x > -reach) & (x < self.width + reach) & (y > -reach) & (y < self.height + reach)

    def packed(self) -> np.ndarray:
        """(height, width) uint64, clamped."""
        red, green, blue = np.minimum(self.channels, SUM_LIMIT).astype(np.uint64)
        total = red | green << np.uint64(FIELD) | blue << np.uint64(2 * FIELD)
        return total.reshape(self.height, self.width)


def _center(place: np.ndarray, extent: int) -> np.ndarray:
    """(n,) int32: 1/PHASES of a pixel, counted from MARGIN before the picture and clipped to MARGIN around it."""
    shifted = place * np.float32(PHASES) + np.float32(MARGIN * PHASES)
    return np.clip(shifted, np.float32(0), np.float32((extent + 2 * MARGIN) * PHASES - 1)).astype(np.int32)


def _centers(sums: _Sums, seen: _Seen) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pixel column and row of the centers (int64) and their phases (int64)."""
    x = _center(seen.x, sums.width).astype(np.int64)
    y = _center(seen.y, sums.height).astype(np.int64)
    return x // PHASES - MARGIN, y // PHASES - MARGIN, x % PHASES, y % PHASES


def _scaled(light: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Packed light x factor (float32, 0 to 1), rounded per channel."""
    whole = np.minimum((factor * np.float32(GAIN) + np.float32(0.5)).astype(np.int32), GAIN).astype(np.uint64)
    result = np.zeros_like(light)
    for k in range(3):
        shift = np.uint64(k * FIELD)
        result |= ((((light >> shift) & MASK) * whole + np.uint64(GAIN // 2)) >> np.uint64(14)) << shift
    return result


def _weighted(light: np.ndarray, weight: np.ndarray, bits: int = 7) -> np.ndarray:
    """Packed light (fields below 2^14) x weight / 2^bits, rounded per channel: three channels in one multiplication."""
    half, kept = 1 << (bits - 1), (1 << (FIELD - bits)) - 1
    return ((light * weight.astype(np.uint64) + np.uint64(half) * EVERY) >> np.uint64(bits)) & (np.uint64(kept) * EVERY)


def _reach(seen: _Seen, tables: Sprites) -> np.ndarray:
    """(n,) int64: pixels beside the center's pixel that a sprite may light."""
    drawn = np.minimum(np.maximum(seen.diameter, tables.minimum_px), np.float32(LARGEST_S))
    return (np.float32(RADIUS) * drawn).astype(np.int64) + 2


def _add_small(sums: _Sums, seen: _Seen, tables: Sprites) -> None:
    """Sprites of the minimum size: 3 x 3 weights."""
    column, row, phase_x, phase_y = _centers(sums, seen)
    factor = (seen.diameter * seen.diameter) * tables.small_factor * seen.gain
    light = _scaled(seen.light, factor)
    offset = np.arange(9)
    weights = tables.small[(phase_y * PHASES + phase_x)[:, None] * 9 + offset]
    sums.add(
        column[:, None] + (offset % 3 - 1),
        row[:, None] + (offset // 3 - 1),
        _weighted(light[:, None], weights),
    )


def _add_soft(sums: _Sums, seen: _Seen, tables: Sprites) -> None:
    """Gaussian sprites: a row of weights along y, then one along x."""
    column, row, phase_x, phase_y = _centers(sums, seen)
    drawn = np.maximum(seen.diameter, tables.minimum_px)
    size = (drawn * np.float32(SIZES)).astype(np.int32)
    factor = (seen.diameter * seen.diameter) * tables.taps_factor[size] * seen.gain
    light = _scaled(seen.light, factor)
    half = tables.taps_half[size]
    across, up = tables.taps[size, phase_x], tables.taps[size, phase_y]
    for reach in np.unique(half).tolist():
        offset, side = np.arange(-reach, reach + 1), 2 * reach + 1
        for k in _blocks(np.flatnonzero(half == reach), side * side):
            lines = _weighted(light[k, None], up[k, :side])[:, :, None]
            pixels = _weighted(lines, across[k, None, :side])
            sums.add(column[k, None, None] + offset, (row[k, None] + offset)[:, :, None], pixels)


def _blocks(items: np.ndarray, pixels: int) -> Iterator[np.ndarray]:
    """The items in parts that cover about PIXELS_AT_ONCE pixels each, `pixels` an item."""
    step = max(1, PIXELS_AT_ONCE // pixels)
    for start in range(0, len(items), step):
        yield items[start : start + step]


def _footprints(half_x: np.ndarray, half_y: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(sprite, x, y) for every pixel of squares of 2 half + 1 pixels, some sprites at a time."""
    across, up = 2 * half_x + 1, 2 * half_y + 1
    total = np.cumsum(across * up)
    start = 0
    while start < len(total):
        done = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, done + PIXELS_AT_ONCE, "right")))
        count = (across * up)[start:stop]
        k = np.repeat(np.arange(start, stop), count)
        inner = np.arange(len(k)) - np.repeat(np.cumsum(count) - count, count)
        yield k, inner % across[k], inner // across[k]
        start = stop


def _add_large(sums: _Sums, seen: _Seen, near_tables: np.ndarray, tables: Sprites) -> None:
    """Sprites that go from gaussian to disc, with a white highlight."""
    level = _level(seen.diameter)
    light = _scaled(_mixed(seen, near_tables, level), seen.gain)
    lit = light != 0
    seen, level, light = seen.only(lit), level[lit], light[lit]
    column, row, phase_x, phase_y = _centers(sums, seen)
    white = _white(light)
    reach = np.float32(RADIUS) * np.minimum(seen.diameter, np.float32(LARGEST_S))
    inverse = ONE / reach
    from_x = (phase_x.astype(np.float32) + np.float32(0.5)) * np.float32(1 / PHASES)  # center within its pixel
    from_y = (phase_y.astype(np.float32) + np.float32(0.5)) * np.float32(1 / PHASES)
    half = (reach + np.float32(0.5)).astype(np.int64)
    for k, x, y in _footprints(half, half):
        x, y = x - half[k], y - half[k]
        across = ((x.astype(np.float32) + np.float32(0.5)) - from_x[k]) * inverse[k]
        up = ((y.astype(np.float32) + np.float32(0.5)) - from_y[k]) * inverse[k]
        body = _ring(across * across + up * up, tables.profile, level[k])
        to_x, to_y = across - np.float32(HIGHLIGHT_AT[0]), up - np.float32(HIGHLIGHT_AT[1])
        square = (to_x * to_x + to_y * to_y) * np.float32(1 / HIGHLIGHT_RADIUS**2)
        shine = _ring(square, tables.highlight, level[k])
        sums.add(column[k] + x, row[k] + y, _weighted(light[k], body) + _weighted(white[k], shine))


def _level(diameter: np.ndarray) -> np.ndarray:
    """(n,) int64: 0 gaussian to LEVELS disc."""
    share = np.minimum((diameter - np.float32(SOFT_D)) * np.float32(1 / (DISC_D - SOFT_D)), ONE)
    return (share * np.float32(LEVELS) + np.float32(0.5)).astype(np.int64)


def _mixed(seen: _Seen, near_tables: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Packed light between that of the pool (level 0) and that of the near table (level LEVELS)."""
    value = ((seen.height + 32768) * 512) >> 16
    near = _weighted(near_tables[seen.table, value], level, 5)
    return _weighted(seen.light, LEVELS - level, 5) + near


def _white(light: np.ndarray) -> np.ndarray:
    """Packed white as bright as the brightest channel."""
    shift = np.uint64(FIELD)
    red, green, blue = light & MASK, (light >> shift) & MASK, light >> (shift + shift)
    brightest = np.maximum(np.maximum(red, green), blue)
    return brightest | brightest << shift | brightest << (shift + shift)


def _ring(square: np.ndarray, table: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Weights at squared radii, 0 beyond 1."""
    ring = np.minimum(square * np.float32(RINGS), np.float32(RINGS - 1)).astype(np.int64)
    return np.where(square < ONE, table[level, ring], np.uint8(0))
