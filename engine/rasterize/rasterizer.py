"""What every rasterizer offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from .batch import Batch, Pool

if TYPE_CHECKING:
    from ..gpu import Texture

__all__ = ["InMemory", "OnGpu", "Rasterizer"]


class Rasterizer(Protocol):
    """Draws batches. Methods are described in `DefinitionRasterizer`; all rasterizers give the same bits."""

    @property
    def name(self) -> str:
        """Of the version that draws: "numpy", "numba", "compute" or "cuda"."""

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


@runtime_checkable
class InMemory(Rasterizer, Protocol):
    """A rasterizer that brings light onto a picture in host memory: see `CompiledRasterizer`."""

    def glow(self, sums: np.ndarray, bright: tuple[float, float], shares: tuple[float, float]) -> np.ndarray: ...

    def join(self, sums: np.ndarray, picture: np.ndarray, ink: bool, glow: np.ndarray | None) -> None: ...


@runtime_checkable
class OnGpu(Protocol):
    """A rasterizer whose picture of light stays on the GPU of the OpenGL context."""

    def picture(
        self,
        batch: Batch,
        pool: Pool,
        near_tables: np.ndarray,
        rows: np.ndarray,
        size_px: tuple[int, int],
        minimum_px: float = 1.5,
        ink: bool = False,
    ) -> Texture: ...
