"""What every rasterizer offers, and the fastest one that is ready."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from .batch import Batch, Pool
from .definition import DefinitionRasterizer

__all__ = ["Rasterizer", "choose"]


class Rasterizer(Protocol):
    """Draws batches. Methods are described in `DefinitionRasterizer`; all rasterizers give the same bits."""

    name: str
    threads: int

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


def choose(threads: int = 0, compiled: bool = True) -> Rasterizer:
    """The compiled rasterizer on `threads` threads (0: as many as help).

    The definition where numba is missing, or with `compiled` False: while the kernels are still being made elsewhere
    (compiling them here, at the first import, would take seconds).
    """
    if not compiled:
        return DefinitionRasterizer()
    try:
        from .compiled import CompiledRasterizer
    except ImportError:
        return DefinitionRasterizer()
    return CompiledRasterizer(threads)
