"""Decoding of stored numbers on a GPU: the same as the definition in `decode`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .decode import DTYPES, is_by_byte, stored_bytes, words_of_bytes
from .machine_cupy import CudaText, Machine, machine

__all__ = ["TEXT", "decode"]

WORDS = {1: "u8", 2: "u16", 4: "u32", 8: "u64"}
TEXT = CudaText("decode", (*(f"look_up<{word}>" for word in WORDS.values()), "widen", "copy_items"))
THREADS, GROUPS = 256, 16


def decode(raw: Any, dtype: str, count: int, big_endian: bool = False) -> Any:
    """As `decode.decode`, of bytes on a device: an array of the device, which may share memory with `raw`."""
    gpu = machine()
    kind, decoded = DTYPES[dtype], np.dtype(DTYPES[dtype].decoded)
    data = gpu.array(raw).reshape(-1).view(np.uint8)[: stored_bytes(dtype, count)]
    if is_by_byte(dtype) or dtype == "bool":
        table = np.arange(256, dtype=np.uint8).astype(bool).view(np.uint8) if dtype == "bool" else words_of_bytes(dtype)
        words = gpu.empty(int(data.size), table.dtype)
        _launch(gpu, f"look_up<{WORDS[table.itemsize]}>", data, int(data.size), gpu.from_host(table), words)
        return words.view(decoded)[:count]
    items = _items(gpu, data, np.dtype(kind.stored), count, big_endian)
    if dtype != "bfloat16":
        return items
    wide = gpu.empty(count, np.float32)
    _launch(gpu, "widen", items, count, wide)
    return wide


def _items(gpu: Machine, data: Any, stored: np.dtype[Any], count: int, big_endian: bool) -> Any:
    """(count,) items in native order: in place where they lie so."""
    part = stored.itemsize // (2 if stored.kind == "c" else 1)  # bytes that have an order
    turned = big_endian and part > 1
    if not turned and gpu.address(data) % part == 0:
        return data.view(stored)
    items = gpu.empty(count, stored)
    number = count * stored.itemsize // part
    _launch(gpu, "copy_items", data, number, np.int32(part), np.int32(turned), items)
    return items


def _launch(gpu: Machine, kernel: str, data: Any, count: int, *arguments: Any) -> None:
    if count:
        grid = (min(-(-count // THREADS), GROUPS * gpu.processors),)
        gpu.launch(TEXT, kernel, grid, THREADS, data, np.int64(count), *arguments)
