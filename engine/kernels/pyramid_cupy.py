"""Means, minima and maxima of blocks of a matrix on a GPU: the same bits as the definition in `pyramid`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kinds_cupy import ALL, kind_of, number_table
from .machine_cupy import CudaText, Machine, machine
from .pyramid import SIDE, Pyramid, coarser, number_type

__all__ = ["TEXT", "alive_rows", "band_grid", "coarser", "coarser_on_device", "fill_level", "pyramid_of", "to_host"]

COUNTS = {"uint8": "u8", "float64": "double"}
FLOATS = {"float32": "float", "float64": "double"}
TEXT = CudaText(
    "pyramid",
    (
        *(f"pyramid<{kind}>" for kind in ALL),
        *(f"coarser<{number}, {count}>" for number in FLOATS.values() for count in COUNTS.values()),
        *(f"find_alive<{kind}>" for kind in ALL),
    ),
)
THREADS = 256
MOST_ROWS = 65535  # of a grid


def pyramid_of(matrix: Any, dtype: str | None = None, into: Pyramid | None = None) -> Pyramid:
    """As `pyramid.pyramid_of`, of a matrix on a device, in host memory (in `into`, where it is given)."""
    gpu = machine()
    array = gpu.array(matrix)
    rows, cols = array.shape
    level = to_host(gpu, fill_level(gpu, array, dtype, 0, cols, cols, -(-rows // SIDE)))
    if into is None:
        return level
    for column, found in zip(into.columns, level.columns, strict=True):
        column[...] = found
    return into


def fill_level(gpu: Machine, array: Any, dtype: str | None, start: int, pitch: int, broad: int, bands: int) -> Pyramid:
    """The level of `bands` bands of 8 rows of `broad` numbers, of arrays of the machine.

    Number (r, c) stands at start + r * pitch + c of `array`; what would stand before or behind it is none.
    """
    kind, number = kind_of(array.dtype, dtype), number_type(array.dtype)
    sides = (bands, -(-broad // SIDE))
    kinds = (np.float64, number, number, np.uint8)
    level = Pyramid(*(gpu.empty(sides, column) for column in kinds))
    if bands * broad:
        threads, grid = band_grid(broad, bands)
        places = (np.int64(place) for place in (array.size, start, pitch, broad, bands))
        table = number_table(gpu, array.dtype, dtype)
        gpu.launch(TEXT, f"pyramid<{kind}>", grid, threads, array, table, *places, *level.columns)
    return level


def band_grid(broad: int, bands: int) -> tuple[int, tuple[int, int]]:
    """(threads, grid) for bands of `broad` columns, a thread a column."""
    threads = min(THREADS, -(-broad // 32) * 32)
    return threads, (-(-broad // threads), min(bands, MOST_ROWS))


def coarser_on_device(gpu: Machine, level: Pyramid, factor: int) -> Pyramid:
    """As `pyramid.coarser`, of arrays of the machine."""
    rows, cols = level.mean.shape
    sides = (-(-rows // factor), -(-cols // factor))
    kind = level.min.dtype
    above = Pyramid(*(gpu.empty(sides, column) for column in (np.float64, kind, kind, np.float64)))
    if sides[0] * sides[1]:
        name = f"coarser<{FLOATS[kind.name]}, {COUNTS[level.count.dtype.name]}>"
        grid = (min(-(-sides[0] * sides[1] // THREADS), 16 * gpu.processors),)
        shape = np.int64(rows), np.int64(cols), np.int32(factor)
        below = (gpu.array(column) for column in level.columns)
        gpu.launch(TEXT, name, grid, THREADS, *below, *shape, *above.columns)
    return above


def alive_rows(gpu: Machine, array: Any, dtype: str | None, start: int, pitch: int, rows: int) -> np.ndarray:
    """(rows,) bool in host memory: which rows of `pitch` numbers, the first at `start`, hold a number other than 0."""
    if not rows * pitch:
        return np.zeros(rows, bool)
    alive, kind = gpu.empty(rows, np.uint8), kind_of(array.dtype, dtype)
    grid = (min(-(-rows * 32 // THREADS), 16 * gpu.processors),)
    places = np.int64(start), np.int64(pitch), np.int64(rows)
    table = number_table(gpu, array.dtype, dtype)
    gpu.launch(TEXT, f"find_alive<{kind}>", grid, THREADS, array, table, *places, alive)
    return gpu.to_host(alive).astype(bool)


def to_host(gpu: Machine, level: Pyramid) -> Pyramid:
    """A copy in host memory."""
    return level.map(gpu.to_host)
