"""What every rasterizer offers, and the one to draw with."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..kernel_choice import version
from .batch import Batch, Pool
from .definition import DefinitionRasterizer

__all__ = ["Rasterizer", "choose"]


class Rasterizer(Protocol):
    """Draws batches. Methods are described in `DefinitionRasterizer`; all rasterizers give the same bits."""

    @property
    def name(self) -> str:
        """Of the version that draws: "numpy" or "numba"."""

    @property
    def threads(self) -> int:
        """How many draw."""

    def light(
        self,
        batch: Batch,
        pool: Pool,
        near_tables: np.ndarray,
        rows: np.ndarray,
        size_px: tuple[int, int],
        minimum_px: float = 1.5,
        shine: bool = True,
    ) -> np.ndarray: ...

    def nearest(self, batch: Batch, pool: Pool, rows: np.ndarray, size_px: tuple[int, int]) -> np.ndarray: ...

    def resolve(self, sums: np.ndarray, ink: bool = False) -> np.ndarray: ...

    def resolve_nearest(self, pixels: np.ndarray, batch: Batch, pool: Pool, colors: np.ndarray) -> np.ndarray: ...


def choose(threads: int = 0) -> Rasterizer:
    """The rasterizer to draw with: the definition, and the compiled one as soon as it is ready and worth its import.

    `threads` of the compiled one (0: as many as help). It may be kept for as long as the process lives.
    """
    return _ReadyRasterizer(threads)


class _ReadyRasterizer:
    """Asks before each picture which version is to draw it."""

    def __init__(self, threads: int) -> None:
        self._wanted_threads = threads
        self._current: Rasterizer = DefinitionRasterizer()

    @property
    def name(self) -> str:
        return self._current.name

    @property
    def threads(self) -> int:
        return self._current.threads

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
        return self._for(batch).light(batch, pool, near_tables, rows, size_px, minimum_px, shine)

    def nearest(self, batch: Batch, pool: Pool, rows: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
        return self._for(batch).nearest(batch, pool, rows, size_px)

    def resolve(self, sums: np.ndarray, ink: bool = False) -> np.ndarray:
        return self._current.resolve(sums, ink)

    def resolve_nearest(self, pixels: np.ndarray, batch: Batch, pool: Pool, colors: np.ndarray) -> np.ndarray:
        return self._current.resolve_nearest(pixels, batch, pool, colors)

    def _for(self, batch: Batch) -> Rasterizer:
        module = version("rasterize", int(batch.counts.prod(1, dtype=np.int64).sum()))
        if self.name == DefinitionRasterizer.name and hasattr(module, "CompiledRasterizer"):
            self._current = module.CompiledRasterizer(self._wanted_threads)
        return self._current
