"""Mean light and peaks of blocks on a GPU: the same numbers as the definitions in `colorize`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kinds_cupy import ALL, kind_of, number_table
from .machine_cupy import CudaText, Machine, machine

__all__ = ["TEXT", "block_means", "block_peaks"]

TEXT = CudaText("colorize", tuple(f"{kernel}<{kind}>" for kernel in ("block_means", "block_peaks") for kind in ALL))
THREADS, GROUPS = 256, 8
LANES = 32  # threads of a block at most
OWN = 8  # values that a thread takes before another one helps


def block_means(
    values: Any, value_range: float, table: np.ndarray, block: tuple[int, int], center: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """As `colorize.block_means`, of a matrix on a device; light and height in host memory."""
    gpu = machine()
    array, shape = gpu.array(values), _blocks(values.shape, block)
    light, height = gpu.empty(shape, np.uint64), gpu.empty(shape, np.int16)
    scale = np.float64(value_range), np.float64(center), gpu.from_host(table)
    _launch(gpu, "block_means", array, block, shape, scale, (light, height))
    return gpu.to_host(light), gpu.to_host(height)


def block_peaks(values: Any, center: float, block: tuple[int, int]) -> np.ndarray:
    """As `colorize.block_peaks`, of a matrix on a device; in host memory."""
    gpu = machine()
    array, shape = gpu.array(values), _blocks(values.shape, block)
    peaks = gpu.empty(shape, np.float64)
    _launch(gpu, "block_peaks", array, block, shape, (np.float64(center),), (peaks,))
    return gpu.to_host(peaks)


def _blocks(shape: tuple[int, ...], block: tuple[int, int]) -> tuple[int, int]:
    return -(-shape[0] // block[0]), -(-shape[1] // block[1])


def _launch(
    gpu: Machine,
    kernel: str,
    array: Any,
    block: tuple[int, int],
    shape: tuple[int, int],
    scale: tuple[Any, ...],
    results: tuple[Any, ...],
) -> None:
    count = shape[0] * shape[1]
    if not count:
        return
    assert count < 1 << 32
    lanes = 1
    while lanes < LANES and lanes * OWN < block[0] * block[1]:
        lanes *= 2
    places = *(np.int64(side) for side in block), np.int64(shape[1]), np.int64(count), np.int32(lanes)
    grid = (min(-(-count * lanes // THREADS), GROUPS * gpu.processors),)
    matrix = array, number_table(gpu, array.dtype), *(np.int64(side) for side in array.shape)
    gpu.launch(TEXT, f"{kernel}<{kind_of(array.dtype)}>", grid, THREADS, *matrix, *scale, *places, *results)
