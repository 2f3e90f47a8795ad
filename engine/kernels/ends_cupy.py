"""How many numbers on a GPU are equal to the lowest and to the highest of all: as the definition in `ends`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .ends import bin_of, wanted_ends
from .machine_cupy import CudaText, machine
from .summarize import TensorSummary

__all__ = ["TEXT", "bin_of", "ends_of", "wanted_ends"]

KINDS = {"float32": "Float32", "float64": "Float64"}  # of which there are bins
TEXT = CudaText("ends", tuple(f"count_ends<{kind}>" for kind in KINDS.values()))
THREADS, GROUPS = 256, 8


def ends_of(summary: TensorSummary, values: Any) -> tuple[int | None, int | None]:
    """As `ends.ends_of`, of (n,) numbers on a device; both are counted in one read."""
    gpu = machine()
    array = gpu.array(values).reshape(-1)
    wanted = wanted_ends(summary, array.dtype)
    if wanted == (None, None):
        return None, None
    low, high = (array.dtype.type(np.nan if end is None else end) for end in wanted)
    counts, size = gpu.zeros(2, np.uint64), int(array.size)
    grid = (min(-(-size // THREADS), GROUPS * gpu.processors),)
    gpu.launch(TEXT, f"count_ends<{KINDS[array.dtype.name]}>", grid, THREADS, array, np.int64(size), low, high, counts)
    at_min, at_max = (
        None if end is None else int(count) for end, count in zip(wanted, gpu.to_host(counts), strict=True)
    )
    return at_min, at_max
