"""Rasterizers of points: sums of light, and nearest samples. `choose` gives the one to draw with."""

from .batch import EMPTY, MORPH, TILE, UNIT, Batch, Pool, eye_rows, pack, unmorphed, unpack
from .choice import AUTO, WANTED, RasterizerChoice
from .definition import DefinitionRasterizer
from .rasterizer import InMemory, OnGpu, Rasterizer
from .sprites import LIGHT_SHARE

__all__ = [
    "AUTO",
    "EMPTY",
    "LIGHT_SHARE",
    "MORPH",
    "TILE",
    "UNIT",
    "WANTED",
    "Batch",
    "DefinitionRasterizer",
    "InMemory",
    "OnGpu",
    "Pool",
    "Rasterizer",
    "RasterizerChoice",
    "eye_rows",
    "pack",
    "unmorphed",
    "unpack",
]
