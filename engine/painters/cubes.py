"""Weights close to the eye: opaque slabs with their numbers on top."""

from __future__ import annotations

import math

import numpy as np

from ..near_cells import NearCells, slabs
from ..scene import Text, WeightGrid
from ..view import Eye
from .boxes import BoxPainter

__all__ = ["CubePainter", "number_text"]

TEXT_SIZE = 0.185  # of a cell
FITTING = 6.5  # characters of this size, longer numbers are smaller
BRIGHT = 0.46  # luminance above which numbers are dark
DARK_TEXT, LIGHT_TEXT = (0.04, 0.06, 0.10), (0.96, 0.97, 0.99)
DECIMALS, MOST_DECIMALS = 3, 5
LARGEST_WHOLE = 1e6  # from here on numbers are scientific
WHOLE, UNSIGNED = ("int", "uint", "qint", "quint", "bool"), ("uint", "quint", "bool")  # beginnings of types


class CubePainter:
    """Draws the near cells of a prepared frame."""

    def __init__(self, boxes: BoxPainter) -> None:
        self._boxes = boxes

    def draw(self, near: NearCells, grids: list[WeightGrid], eye: Eye) -> list[tuple[np.ndarray, Text]]:
        """The numbers, to be drawn with the other words, as (world_from_node, text).

        The typical magnitude of each of the `grids` says how many decimals are worth showing.
        """
        if not len(near):
            return []
        colors = np.concatenate([near.color, near.strength[:, None]], 1)
        self._boxes.draw_solid(*slabs(near), colors, eye)
        return [(np.eye(4), text) for text in _numbers(near, grids, eye)]


def number_text(value: float, value_range: float, dtype: str = "float32") -> str:
    """The value with a sign and as many decimals as its range makes worth showing; scientific for extremes.

    Whole numbers have no decimals, and those of types without negative ones no sign.
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+∞" if value > 0 else "−∞"
    if dtype.startswith(WHOLE) and abs(value) < LARGEST_WHOLE:
        return f"{int(value):{'' if dtype.startswith(UNSIGNED) else '+'}d}".replace("-", "−")
    magnitude = math.floor(math.log10(value_range)) if value_range > 0 else 0
    decimals = DECIMALS if -2 <= magnitude <= 0 else max(DECIMALS - magnitude, 0) if magnitude > 0 else 1 - magnitude
    if decimals <= MOST_DECIMALS and abs(value) < LARGEST_WHOLE:
        return f"{value:+.{decimals}f}".replace("-", "−")
    digits, power = f"{value:+.1e}".split("e")
    return f"{digits}e{int(power)}".replace("-", "−")


def _text(value: float, grid: WeightGrid) -> str:
    dtype = "float32" if grid.values is None else grid.values.dtype
    return number_text(value, grid.value_range if grid.typical is None else grid.typical, dtype)


def _numbers(near: NearCells, grids: list[WeightGrid], eye: Eye) -> list[Text]:
    """Text lying on each slab, read along the axis of the matrix that runs most to the eye's right."""
    cell = np.sqrt(np.linalg.norm(near.du, axis=1) * np.linalg.norm(near.dv, axis=1))
    top, alpha = near.base + near.share[:, None] * near.dh, near.nearness * near.strength
    right = eye.world_from_eye[:3, 0]
    directions = np.where((np.abs(near.dv @ right) >= np.abs(near.du @ right))[:, None], near.dv, near.du)
    directions = directions * np.where(directions @ right < 0, -1.0, 1.0)[:, None] / cell[:, None]
    luminance = near.color @ np.array([0.2126, 0.7152, 0.0722])
    texts = []
    for k in range(len(near)):
        tint = DARK_TEXT if luminance[k] > BRIGHT else LIGHT_TEXT
        words = _text(float(near.value[k]), grids[near.grid[k]])
        texts.append(
            Text(
                words,
                top[k],
                placement="face",
                size=TEXT_SIZE * float(cell[k]) * min(1.0, FITTING / len(words)),
                weight="semibold",
                color=(*tint, float(alpha[k])),
                right=tuple(directions[k].tolist()),
                align="center",
            )
        )
    return texts
