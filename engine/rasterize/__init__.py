"""Rasterizers of points: sums of light, and nearest samples. `choose` gives the fastest that is ready."""

from .batch import EMPTY, TILE, UNIT, Batch, Pool, eye_rows, pack, unpack
from .definition import DefinitionRasterizer

__all__ = ["EMPTY", "TILE", "UNIT", "Batch", "DefinitionRasterizer", "Pool", "eye_rows", "pack", "unpack"]
