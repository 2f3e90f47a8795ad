"""Rulers beside slabs with numbers: which row is where at the left, which column at the bottom, in veiled strips."""

from __future__ import annotations

import numpy as np

from ..near_cells import NearCells
from ..scene import Scene, Text, WeightGrid
from ..text_layout import screen_scale
from ..theme import Theme
from ..values import ColumnWindow
from ..view import Eye, clip_from_world
from .label_parts import RECTANGLE

__all__ = ["cube_rulers"]

LEFT_PX, BOTTOM_PX = 92.0, 44.0  # widths of the strips at 1080 lines
TEXT_PX, VEIL = 17.0, 0.92
APART_PX = 34.0, 76.0  # least distance between numbers, down and across
STEPS = (1, 2, 5, 10, 20, 50, 100)
MARGIN_PX = 14.0  # between numbers and what else stands on the picture


def cube_rulers(
    near: NearCells, grids: list[WeightGrid], scene: Scene, eye: Eye, taken_px: np.ndarray
) -> tuple[np.ndarray, list[Text]]:
    """RECTANGLE rows of the strips, and their numbers; nothing where no slab has its number.

    The rows and columns are those of the matrix that has most slabs in view. `taken_px`: RECTANGLE rows of what else
    stands on the picture, which hides no number.
    """
    if not len(near) or not near.nearness.max():
        return np.zeros(0, RECTANGLE), []
    chosen = int(np.bincount(near.grid, near.nearness).argmax())
    near = near.only(near.grid == chosen)
    values = grids[chosen].values
    first = values.first_column if isinstance(values, ColumnWindow) else 0
    width, height = eye.size_px
    scale = screen_scale(height)
    left, bottom = LEFT_PX * scale, height - BOTTOM_PX * scale
    top = _top(taken_px, left)
    start = near.base[0] - near.row[0] * near.du[0] - near.col[0] * near.dv[0]
    axes = [(near.row, near.du[0], 0, scene.axes[0]), (near.col, near.dv[0], first, scene.axes[1])]
    right = eye.world_from_eye[:3, 0]
    axes.sort(key=lambda axis: abs(float(axis[1] @ right)) / float(np.linalg.norm(axis[1])))
    (down, down_step, down_first, down_word), (level, level_step, level_first, level_word) = axes
    alpha = float(near.nearness.max())
    color = (*scene.theme.text2, alpha)

    def written(number: str, x: float, y: float, align: str) -> Text:
        place = np.array([x / width, y / height])
        offset = (0.0, -TEXT_PX / 2)
        return Text(number, place, "screen", size=TEXT_PX, color=color, offset_px=offset, align=align)

    middle_y, number_x = (bottom + height) / 2, left - MARGIN_PX * scale
    texts = [written(level_word, number_x, middle_y, "right"), written(down_word, number_x, top + 22 * scale, "right")]
    found = _crossings(start, down_step, level_step, _span(down), eye, 0, left / 2)
    for index, y in _spread(found, APART_PX[0] * scale):
        if top + 54 * scale < y < bottom - MARGIN_PX * scale:
            texts.append(written(f"{index + down_first:,}", number_x, y, "right"))
    found = _crossings(start, level_step, down_step, _span(level), eye, 1, middle_y)
    for index, x in _spread(found, APART_PX[1] * scale):
        if left + MARGIN_PX * scale < x < width - MARGIN_PX * scale and not _is_taken(x, middle_y, taken_px, scale):
            texts.append(written(f"{index + level_first:,}", x, middle_y, "center"))
    return _strips(scene.theme, alpha, left, top, bottom, eye), texts


def _span(numbers: np.ndarray) -> np.ndarray:
    return np.arange(int(numbers.min()), int(numbers.max()) + 1)


def _crossings(
    start: np.ndarray, step: np.ndarray, along: np.ndarray, numbers: np.ndarray, eye: Eye, axis: int, at_px: float
) -> list[tuple[int, float]]:
    """(number, px from the top left) of lines of cells where they cross x (axis 0) or y (axis 1) = `at_px`.

    Lines run in the direction `along`; that of each number is `step` from the one before.
    """
    rows = clip_from_world(eye)[[0, 1, 3]]
    starts = np.column_stack([start + numbers[:, None] * step, np.ones(len(numbers))]) @ rows.T
    direction = rows[:, :3] @ along
    side = eye.size_px[axis]
    wanted = (2 * at_px / side - 1) * (1 if axis == 0 else -1)
    slope = direction[axis] - wanted * direction[2]
    if abs(slope) < 1e-12:
        return []
    there = starts + ((wanted * starts[:, 2] - starts[:, axis]) / slope)[:, None] * direction
    other = 1 - axis
    unit = there[:, other] / np.where(there[:, 2] > 0, there[:, 2], np.nan) * (1 if other == 0 else -1)
    places = (unit + 1) / 2 * eye.size_px[other]
    return [(number, place) for number, place in zip(numbers.tolist(), places.tolist(), strict=True) if place == place]


def _spread(found: list[tuple[int, float]], apart_px: float) -> list[tuple[int, float]]:
    """Every number, or every 2nd, 5th, ... so that they stand at least so far apart."""
    if len(found) < 2:
        return found
    spacing = float(np.median(np.abs(np.diff([place for _, place in found]))))
    step = next((step for step in STEPS if step * spacing >= apart_px), 0)
    return [(number, place) for number, place in found if step and number % step == 0]


def _top(taken_px: np.ndarray, left: float) -> float:
    """The lower edge of what stands in the upper left corner."""
    places = taken_px["place_px"]
    corner = places[(places[:, 0] < left) & (places[:, 1] <= 1)]
    return float((corner[:, 1] + corner[:, 3]).max(initial=0.0))


def _is_taken(x: float, y: float, taken_px: np.ndarray, scale: float) -> bool:
    places, margin = taken_px["place_px"], (MARGIN_PX + 20) * scale
    across = (places[:, 0] - margin < x) & (x < places[:, 0] + places[:, 2] + margin)
    return bool((across & (places[:, 1] < y) & (y < places[:, 1] + places[:, 3])).any())


def _strips(theme: Theme, alpha: float, left: float, top: float, bottom: float, eye: Eye) -> np.ndarray:
    width, height = eye.size_px
    rows = np.zeros(2, RECTANGLE)
    rows["place_px"] = (0, top, left, bottom - top), (0, bottom, width, height - bottom)
    rows["left"] = rows["right"] = *theme.panel, VEIL * alpha
    return rows
