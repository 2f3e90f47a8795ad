"""What every rasterizer offers, and the one to draw with."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..kernel_choice import version
from .batch import Batch, Pool
from .definition import DefinitionRasterizer

__all__ = ["Rasterizer", "RasterizerChoice"]


class Rasterizer(Protocol):
    """Draws batches. Methods are described in `DefinitionRasterizer`; all rasterizers give the same bits."""

    @property
    def name(self) -> str:
        """Of the version that draws: "numpy", "numba" or "cuda"."""

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


class RasterizerChoice:
    """The rasterizer to draw with: the definition, and the compiled one as soon as it is ready and worth its import.

    `threads` of the compiled one (0: as many as help). It may be kept for as long as the process lives.
    `wanted` "cuda": the one on a GPU from the start; raises InputError where there is none.
    """

    def __init__(self, threads: int = 0, wanted: str = "") -> None:
        self._threads = threads
        self._current: Rasterizer = DefinitionRasterizer()
        if wanted == "cuda":
            from .rasterizer_cupy import CudaRasterizer

            self._current = CudaRasterizer()

    def rasterizer(self, batch: Batch) -> Rasterizer:
        """The one for the next picture, in which `batch` is drawn."""
        if self._current.name != DefinitionRasterizer.name:
            return self._current
        module = version("rasterize", int(batch.counts.prod(1, dtype=np.int64).sum()))
        if hasattr(module, "CompiledRasterizer"):
            self._current = module.CompiledRasterizer(self._threads)
        return self._current
