"""Statistics of numbers on a GPU: the same bits as the definition in `summarize`, from one read of memory.

For complex numbers there is no version: the magnitudes of CUDA and of NumPy differ in the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import moments
from .kinds_cupy import WIDE, kind_of
from .machine_cupy import CudaText, Machine, machine
from .summarize import BINS, BLOCK, SEGMENT, TensorSummary, extremes_of, from_table, table_dtype_of

__all__ = ["TEXT", "counts_of", "nothing_yet", "summarize_block"]

TALLIES = {1: "tally<u8, 0>", 2: "tally<u16, 0>", 4: "tally<u32, 16>"}  # by bytes of a key
TEXT = CudaText("summarize", (*(f"measure<{kind}>" for kind in WIDE.values()), "fold_rows", *TALLIES.values()))
STAGE_BYTES = 32768
MEASURE_THREADS, FOLD_THREADS, TALLY_THREADS = 128, 128, 1024
GROUPS = 4  # of a processor at a time
LONGEST_GROUP = 256  # rows that are folded together


def summarize_block(values: Any, dtype: str | None = None, block: int = BLOCK) -> TensorSummary:
    """As `summarize.summarize_block`, of (n,) numbers on a device, which are read in place."""
    gpu = machine()
    array = gpu.array(values).reshape(-1)
    kind = table_dtype_of(array, dtype)
    if kind is not None:
        return from_table(counts_of(array, gpu), kind)
    rows, bins, counts, extremes = _measured(array, block, gpu)
    zeros, nan, infinite = counts.tolist()
    pairs = [(extremes[:, 0].min().item(), extremes[:, 1].max().item())] if array.size else []
    lowest, highest = extremes_of(pairs)
    return TensorSummary(int(array.size), nan, infinite, zeros, lowest, highest, rows, bins)


def counts_of(array: Any, gpu: Machine) -> np.ndarray:
    """(256 or 65536,) int64 in host memory: how often each bit pattern of (n,) numbers of 8 or 16 bits occurs.

    Of numbers of 32 bits the upper halves are counted.
    """
    size = array.dtype.itemsize
    keys, patterns = array.view(f"u{size}"), 256 if size == 1 else 1 << 16
    span, copies = patterns, 32 if size == 1 else 1
    while span * 2 * copies > gpu.shared_bytes:
        span //= 2
    table = gpu.zeros(patterns, np.uint64)
    threads = TALLY_THREADS
    width = max(1, min(gpu.processors * (2 if size == 1 else 1), -(-int(array.size) * size // (16 * threads))))
    arguments = (keys, np.int64(array.size), np.uint32(span), np.int32(copies), table)
    grid, shared = (width, patterns // span), span * 2 * copies
    gpu.launch(TEXT, TALLIES[size], grid, threads, *arguments, shared_bytes=shared)
    return gpu.to_host(table).view(np.int64)


def _measured(array: Any, block: int, gpu: Machine) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(rows of blocks, bins, (zeros, NaN, infinite), extremes (k, 2) in the type of the numbers), in host memory."""
    kind = kind_of(array.dtype)
    if not array.size:
        nothing = np.zeros((0, 2), array.dtype)
        return np.zeros((0, moments.COLUMNS)), np.zeros(BINS, np.int64), np.zeros(3, np.int64), nothing
    segments, group = -(-int(array.size) // SEGMENT), block // SEGMENT
    assert group <= LONGEST_GROUP
    low, high = nothing_yet(array.dtype)
    stage = STAGE_BYTES // (SEGMENT * (4 if array.dtype == np.float32 else 8)) * SEGMENT
    width = min(gpu.processors * GROUPS, -(-int(array.size) // stage))
    rows, tallied = gpu.empty((segments, moments.COLUMNS), np.float64), gpu.zeros(BINS + 3, np.uint64)
    extremes = gpu.empty((width * MEASURE_THREADS // 32, 2), array.dtype)
    gpu.launch(
        TEXT, f"measure<{kind}>", (width,), MEASURE_THREADS,
        array, np.int64(array.size), low, high, rows, tallied[:BINS], tallied[BINS:], extremes,
    )  # fmt: skip
    blocks = -(-segments // group)
    folded = gpu.empty((blocks, moments.COLUMNS), np.float64)
    gpu.launch(TEXT, "fold_rows", (blocks,), FOLD_THREADS, rows, np.int64(segments), np.int32(group), folded)
    found, counts = gpu.to_host(folded), gpu.to_host(tallied).view(np.int64)
    return np.where(np.isnan(found), np.nan, found), counts[:BINS], counts[BINS:], gpu.to_host(extremes)


def nothing_yet(dtype: np.dtype[Any]) -> np.ndarray:
    """(2,) of a type: where the lowest and the highest number begin."""
    if dtype.kind == "f":
        return np.array([np.inf, -np.inf], dtype)
    return np.array([np.iinfo(dtype).max, np.iinfo(dtype).min], dtype)
