"""The numbers of largest magnitude on a GPU: the same as the definition in `outliers`.

How often each digit of the magnitudes' bits occurs says, digit by digit, from which magnitude on there are few enough
numbers to be gathered; mostly one digit is enough, that is two reads of memory. Of equal numbers without end those
that stand first are found by counting them in chunks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .kinds_cupy import ALL, kind_of, number_table
from .machine_cupy import CudaText, Machine, machine
from .outliers import Outliers, fold
from .pyramid import number_type

__all__ = ["TEXT", "fold", "outliers_of"]

TEXT = CudaText("outliers", tuple(f"{k}<{kind}>" for k in ("count_digits", "count_equal", "gather") for kind in ALL))
BITS = 11  # of a digit
FEW = 1 << 16  # numbers that are gathered without another thought
CHUNK = 1 << 16  # numbers among which equal ones are counted
THREADS, GROUPS = 512, 4  # of a group; of groups on a processor


@dataclass(frozen=True)
class _Bound:
    """Magnitudes above `key`, and those equal to it that stand before `equal_end`: `count` numbers."""

    key: int
    equal_end: int
    count: int


def outliers_of(values: Any, most: int, dtype: str | None = None, first: int = 0) -> Outliers:
    """As `outliers.outliers_of`, of (n,) numbers on a device."""
    gpu = machine()
    array = gpu.array(values).reshape(-1)
    if not array.size or not most:
        return fold([], most)
    bound = _bound(gpu, array, most, dtype)
    found, index, value = gpu.zeros(1, np.uint64), gpu.empty(bound.count, np.int64), gpu.empty(bound.count, np.float64)
    if bound.count:
        limits = np.uint64(bound.key), np.int64(bound.equal_end), np.uint64(bound.count)
        _launch(gpu, "gather", array, dtype, *limits, found, index, value)
    places, numbers = gpu.to_host(index), gpu.to_host(value)
    order = np.argsort(places)
    return fold([Outliers(places[order] + first, numbers[order])], most)


def _bound(gpu: Machine, array: Any, most: int, dtype: str | None) -> _Bound:
    """What is to be gathered: all outliers, and few others."""
    size, above, prefix = int(array.size), 0, 0
    shift = 31 if number_type(array.dtype) is np.float32 else 63
    while shift:
        bits = min(BITS, shift)
        shift -= bits
        counts = gpu.zeros(1 << bits, np.uint64)
        _launch(gpu, "count_digits", array, dtype, np.uint64(prefix), np.int32(shift), np.int32(bits), counts)
        from_top = np.cumsum(gpu.to_host(counts)[::-1].astype(np.int64))
        if above + int(from_top[-1]) <= most:  # there are no more
            return _Bound(prefix << (shift + bits), size, above + int(from_top[-1]))
        place = int(np.searchsorted(from_top, most - above))
        prefix = prefix << bits | (len(from_top) - 1 - place)
        if above + int(from_top[place]) <= most + FEW:
            return _Bound(prefix << shift, size, above + int(from_top[place]))
        above += int(from_top[place - 1]) if place else 0
    chunks = -(-size // CHUNK)
    equal = gpu.zeros(chunks, np.uint32)
    kernel = f"count_equal<{kind_of(array.dtype, dtype)}>"
    arguments = (array, number_table(gpu, array.dtype, dtype), np.int64(size), np.uint64(prefix), np.int32(CHUNK))
    gpu.launch(TEXT, kernel, (chunks,), THREADS, *arguments, equal)
    so_far = np.cumsum(gpu.to_host(equal).astype(np.int64))
    chunk = int(np.searchsorted(so_far, most - above))
    return _Bound(prefix, (chunk + 1) * CHUNK, above + int(so_far[chunk]))


def _launch(gpu: Machine, kernel: str, array: Any, dtype: str | None, *arguments: Any) -> None:
    grid = (min(-(-int(array.size) // THREADS), GROUPS * gpu.processors),)
    name, table = f"{kernel}<{kind_of(array.dtype, dtype)}>", number_table(gpu, array.dtype, dtype)
    gpu.launch(TEXT, name, grid, THREADS, array, table, np.int64(array.size), *arguments)
