"""The rasterizers on a GPU through CUDA: the same bits as `definition`. For GPUs that are weak at drawing."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from ..kernels.device_memory import is_on_device
from ..kernels.machine_cupy import CudaText, Machine, machine
from .batch import EMPTY, Batch, Pool, cell_px, check
from .resolve import alpha, curve
from .sprites import Sprites, sprites

__all__ = ["TEXT", "CudaRasterizer"]

TEXT = CudaText("rasterizer", ("add_light", "pack_sums", "show_sums", "find_nearest", "show_nearest"))
TILE_THREADS, PIXEL_THREADS, GROUPS = 256, 256, 8
SEEN = ("corner", "du", "dv", "dh", "counts", "slot", "morph", "above", "above_at")  # as the kernels take them
INTEGERS = {"counts", "slot", "morph", "above_at", "table"}
KEPT = 8  # sprites' tables of so many sizes


class CudaRasterizer:
    """Draws on a GPU, with what `light` and `nearest` give left there until it is resolved.

    Batches and pools may be in host memory; of a pool there the slots that are drawn are copied when they have changed.
    Raises InputError where there is no GPU. Use it from one thread at a time.
    """

    name = "cuda"
    threads = 1

    def __init__(self, threads: int = 0) -> None:
        self._gpu = machine()
        self._sprites: dict[tuple[float, bool], tuple[Any, ...]] = {}
        self._mirror: _Mirror | None = None

    def light(
        self,
        batch: Batch,
        pool: Pool,
        near_tables: np.ndarray,
        rows: np.ndarray,
        size_px: tuple[int, int],
        minimum_px: float = 1.5,
        shine: bool = True,
    ) -> Any:
        """As `DefinitionRasterizer.light`, as an array of the GPU."""
        gpu, (width, height) = self._gpu, size_px
        check(batch, len(pool.height), len(near_tables))
        sums = gpu.zeros((2, height, width), np.uint64)
        if len(batch):
            lights, heights = self._data(batch, pool)
            others = (_column(gpu, batch, name) for name in ("gain", "table", "cell"))
            gpu.launch(
                TEXT, "add_light", (len(batch),), TILE_THREADS,
                *_seen(gpu, batch, rows), *others, np.float64(cell_px(rows)), lights, heights,
                gpu.from_host(np.ascontiguousarray(near_tables)), *self._tables(minimum_px, shine),
                np.int32(width), np.int32(height), sums,
            )  # fmt: skip
        packed = gpu.empty((height, width), np.uint64)
        self._over_pixels("pack_sums", packed, sums, np.int64(packed.size), packed)
        return packed

    def nearest(self, batch: Batch, pool: Pool, rows: np.ndarray, size_px: tuple[int, int]) -> Any:
        """As `DefinitionRasterizer.nearest`, as an array of the GPU."""
        gpu, (width, height) = self._gpu, size_px
        check(batch, len(pool.height))
        pixels = gpu.zeros((height, width), np.uint64)
        pixels[...] = EMPTY
        if len(batch):
            _, heights = self._data(batch, pool)
            size = np.int32(width), np.int32(height)
            seen = _seen(gpu, batch, rows)
            gpu.launch(TEXT, "find_nearest", (len(batch),), TILE_THREADS, *seen, heights, *size, pixels)
        return pixels

    def resolve(self, sums: Any, ink: bool = False) -> np.ndarray:
        """As `DefinitionRasterizer.resolve`, in host memory; `sums` there or on the GPU."""
        gpu, shown = self._gpu, curve(ink)
        picture, table = gpu.empty(sums.shape, np.uint32), gpu.from_host(shown)
        opaque = np.uint32(alpha(ink) << 24)
        packed = _on(gpu, sums, np.uint64)
        self._over_pixels(
            "show_sums", picture, packed, np.int64(picture.size), table, np.int32(len(shown)), opaque, picture
        )
        return gpu.to_host(picture).view(np.uint8).reshape(*picture.shape, 4)

    def resolve_nearest(self, pixels: Any, batch: Batch, pool: Pool, colors: np.ndarray) -> np.ndarray:
        """As `DefinitionRasterizer.resolve_nearest`, in host memory; `pixels` there or on the GPU."""
        gpu = self._gpu
        picture = gpu.zeros(pixels.shape, np.uint32)
        if len(batch):
            _, heights = self._data(batch, pool)
            columns = _column(gpu, batch, "slot"), _column(gpu, batch, "table")
            found = _on(gpu, pixels, np.uint64)
            table = gpu.from_host(np.ascontiguousarray(colors))
            self._over_pixels("show_nearest", picture, found, np.int64(picture.size), *columns, heights, table, picture)
        return gpu.to_host(picture).view(np.uint8).reshape(*picture.shape, 4)

    def close(self) -> None:
        """Gives its memory back."""
        self._mirror = None
        self._sprites.clear()

    def _data(self, batch: Batch, pool: Pool) -> tuple[Any, Any]:
        """(light, height) of the pool on the GPU."""
        if is_on_device(pool.light):
            return self._gpu.array(pool.light), self._gpu.array(pool.height)
        if self._mirror is None or self._mirror.pool is not pool:
            self._mirror = _Mirror(self._gpu, pool)
        return self._mirror.updated(batch)

    def _tables(self, minimum_px: float, shine: bool) -> tuple[Any, ...]:
        """Arguments of `add_light` that say how sprites look."""
        if (minimum_px, shine) not in self._sprites:
            while len(self._sprites) >= KEPT:
                del self._sprites[next(iter(self._sprites))]
            self._sprites[minimum_px, shine] = _on_gpu(self._gpu, sprites(minimum_px, shine))
        return self._sprites[minimum_px, shine]

    def _over_pixels(self, kernel: str, picture: Any, *arguments: Any) -> None:
        if picture.size:
            grid = (min(-(-int(picture.size) // PIXEL_THREADS), GROUPS * self._gpu.processors),)
            self._gpu.launch(TEXT, kernel, grid, PIXEL_THREADS, *arguments)


class _Mirror:
    """A pool's data on the GPU: a slot is copied when it is drawn and was written since it was copied."""

    def __init__(self, gpu: Machine, pool: Pool) -> None:
        self.pool = pool
        self._gpu = gpu
        self._light, self._height = (gpu.empty(column.shape, column.dtype) for column in (pool.light, pool.height))
        self._copied = np.full(len(pool.height), -1, np.int64)  # writes of a slot when it was copied

    def updated(self, batch: Batch) -> tuple[Any, Any]:
        """(light, height) with all that the batch shows."""
        slots = np.unique(np.concatenate([batch.slot, batch.above_at[batch.above_at[:, 0] >= 0, 0]]))
        if self.pool.writes is not None:
            slots = slots[self.pool.writes[slots] != self._copied[slots]]
            self._copied[slots] = self.pool.writes[slots]
        if len(slots):
            places = self._gpu.from_host(slots)
            self._light[places] = self._gpu.from_host(self.pool.light[slots])
            self._height[places] = self._gpu.from_host(self.pool.height[slots])
        return self._light, self._height


def _on(gpu: Machine, array: Any, dtype: Any) -> Any:
    """The array on the GPU: where it is, or a copy of host memory."""
    if is_on_device(array):
        return gpu.array(array)
    return gpu.from_host(np.ascontiguousarray(array, dtype))


def _column(gpu: Machine, batch: Batch, name: str) -> Any:
    return _on(gpu, getattr(batch, name), np.int32 if name in INTEGERS else np.float32)


def _seen(gpu: Machine, batch: Batch, rows: np.ndarray) -> list[Any]:
    """Arguments that say where tiles are, and where the eye."""
    return [*(_column(gpu, batch, name) for name in SEEN), gpu.from_host(np.ascontiguousarray(rows, np.float64))]


def _on_gpu(gpu: Machine, tables: Sprites) -> tuple[Any, ...]:
    limit = tables.minimum_px if len(tables.small) else np.float32(-1)
    small = tables.small if len(tables.small) else np.zeros(9, np.uint8)
    names = [column.name for column in fields(tables)][3:]
    return (
        tables.minimum_px,
        limit,
        tables.small_factor,
        gpu.from_host(small),
        *(gpu.from_host(getattr(tables, name)) for name in names),
    )
