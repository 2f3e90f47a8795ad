"""Mean light and peaks of blocks, compiled: the same numbers as the definitions in `colorize`."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types

from .colorize import ENTRIES, FIELD, HEIGHT_UNIT

__all__ = ["block_means", "block_peaks"]

MASK = np.uint64((1 << FIELD) - 1)
SHIFT, SHIFT2 = np.uint64(FIELD), np.uint64(2 * FIELD)
RUN = 64  # values whose packed light is added before a field could overflow: 64 * 2^14 < 2^21
EXACT_IN_FLOAT32 = {"bool", "int8", "uint8", "int16", "uint16", "float16", "float32"}


def block_means(
    values: np.ndarray, value_range: float, table: np.ndarray, block: tuple[int, int], center: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """As `colorize.block_means`."""
    shape = (-(-values.shape[0] // block[0]), -(-values.shape[1] // block[1]))
    light, height = np.empty(shape, np.uint64), np.empty(shape, np.int16)
    numbers = _floats(values)
    _block_means(numbers, float(value_range), float(center), table, block[0], block[1], light, height)
    return light, height


def block_peaks(values: np.ndarray, center: float, block: tuple[int, int]) -> np.ndarray:
    """As `colorize.block_peaks`."""
    peaks = np.empty((-(-values.shape[0] // block[0]), -(-values.shape[1] // block[1])))
    _block_peaks(_floats(values), float(center), block[0], block[1], peaks)
    return peaks


def _floats(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32 if values.dtype.name in EXACT_IN_FLOAT32 else np.float64)


@njit(
    [
        types.void(  # values as they lie in a file may not be written
            types.Array(kind, 2, "C", readonly=True),
            types.float64,
            types.float64,
            types.uint64[::1],
            types.int64,
            types.int64,
            types.uint64[:, ::1],
            types.int16[:, ::1],
        )
        for kind in (types.float32, types.float64)
    ],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def _block_means(values, value_range, center, table, high, wide, light, height):
    for i in range(light.shape[0]):
        for j in range(light.shape[1]):
            end_row, end_col = min(values.shape[0], (i + 1) * high), min(values.shape[1], (j + 1) * wide)
            red, green, blue, tall = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
            for row in range(i * high, end_row):
                for start in range(j * wide, end_col, RUN):
                    packed = np.uint64(0)
                    for col in range(start, min(start + RUN, end_col)):
                        value = np.float64(values[row, col])
                        if math.isfinite(value):
                            share = max(-1.0, min(1.0, (value - center) / value_range))
                            packed += table[min(ENTRIES - 1, int((share + 1.0) * (ENTRIES // 2)))]
                            tall += int(math.floor(share * HEIGHT_UNIT + 0.5))
                        else:
                            packed += table[ENTRIES]
                    red += np.int64(packed & MASK)
                    green += np.int64((packed >> SHIFT) & MASK)
                    blue += np.int64(packed >> SHIFT2)
            count = (end_row - i * high) * (end_col - j * wide)
            red, green, blue = (
                (2 * red + count) // (2 * count),
                (2 * green + count) // (2 * count),
                (2 * blue + count) // (2 * count),
            )
            light[i, j] = np.uint64(red) | np.uint64(green) << SHIFT | np.uint64(blue) << SHIFT2
            height[i, j] = (2 * tall + count) // (2 * count)


@njit(
    [
        types.void(
            types.Array(kind, 2, "C", readonly=True), types.float64, types.int64, types.int64, types.float64[:, ::1]
        )
        for kind in (types.float32, types.float64)
    ],
    nogil=True,
    cache=True,
)
def _block_peaks(values, center, high, wide, peaks):
    for i in range(peaks.shape[0]):
        for j in range(peaks.shape[1]):
            end_row, end_col = min(values.shape[0], (i + 1) * high), min(values.shape[1], (j + 1) * wide)
            lowest = highest = values[i * high, j * wide]
            all_finite = True
            for row in range(i * high, end_row):
                for col in range(j * wide, end_col):
                    value = values[row, col]
                    all_finite &= math.isfinite(value)
                    lowest, highest = min(lowest, value), max(highest, value)
            low, high_end = np.float64(lowest), np.float64(highest)
            farther = high_end if high_end - center >= center - low else low
            peaks[i, j] = farther + 0.0 if all_finite else np.nan
