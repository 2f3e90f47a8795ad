"""Rulers beside slabs: which row is where at the left, which column at the bottom, in veiled strips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..near_cells import NearCells
from ..scene import Scene, Text, WeightGrid
from ..text_layout import least_size_px
from ..theme import Theme
from ..values import ColumnWindow
from ..view import Eye, clip_from_world
from .label_parts import RECTANGLE

__all__ = ["cube_rulers"]

SIZE, VEIL = 17.0, 0.95  # of text, px at 1080 lines; of what lies below
LEFT, BOTTOM = 5.4, 2.6  # widths of the strips, em
WIDEST = 0.105  # of the picture's width; where the left one would be wider there are none
APART = 2.0, 4.5  # least distance between numbers, down and across, em
STEPS = (1, 5, 10, 50, 100)
FADE = 0.35  # of that distance, over which numbers come
EDGE = 3.0, 4.5  # from the end of a strip, or from what stands on it, over which they come, down and across, em
MARGIN = 0.8  # em
MOST = 400  # lines of cells


@dataclass(frozen=True)
class _Axis:
    """Lines of cells that cross a strip."""

    word: str  # what they are called
    step: np.ndarray  # (3,) world, from line to line
    first: int  # number of line 0
    count: int
    middle: int  # one of those in view


def cube_rulers(
    near: NearCells, grids: list[WeightGrid], scene: Scene, eye: Eye, taken_px: np.ndarray
) -> tuple[np.ndarray, list[Text]]:
    """RECTANGLE rows of the strips, and their numbers; nothing where no slab has its number.

    The rows and columns are those of the matrix that has most slabs in view. `taken_px`: RECTANGLE rows of what else
    stands on the picture; no number stands there.
    """
    width, height = eye.size_px
    em = float(least_size_px(SIZE, height))
    if not len(near) or not near.nearness.max() or LEFT * em > WIDEST * width:
        return np.zeros(0, RECTANGLE), []
    chosen = int(np.bincount(near.grid, near.nearness).argmax())
    near, grid = near.only(near.grid == chosen), grids[chosen]
    strength = float(near.nearness.max())
    left, bottom, top = LEFT * em, height - BOTTOM * em, _top(taken_px, LEFT * em)
    start = near.base[0] - near.row[0] * near.du[0] - near.col[0] * near.dv[0]
    down, level = _axes(near, grid, scene.axes, eye)
    texts = []

    def write(words: str, x: float, y: float, align: str, alpha: float) -> None:
        place, color = np.array([x / width, y / height]), (*scene.theme.text2, alpha * strength)
        shift = (0.0, -SIZE / 2)
        texts.append(Text(words, place, "screen", size=SIZE, color=color, offset_px=shift, align=align))

    number_x, number_y = left - MARGIN * em, (bottom + height) / 2
    write(level.word, number_x, number_y, "right", 1.0)
    write(down.word, number_x, top + 1.3 * em, "right", 1.0)
    ends = np.array([top + 2.4 * em, bottom - 0.5 * em])
    found = _crossings(start, down, level, eye, 0, left / 2, ends)
    for index, y, alpha in _shown(found, APART[0] * em, EDGE[0] * em, ends, []):
        write(f"{index + down.first:,}", number_x, y, "right", alpha)
    ends = np.array([left + MARGIN * em, width - MARGIN * em])
    found, hidden = _crossings(start, level, down, eye, 1, number_y, ends), _hidden(taken_px, number_y)
    for index, x, alpha in _shown(found, APART[1] * em, EDGE[1] * em, ends, hidden):
        write(f"{index + level.first:,}", x, number_y, "center", alpha)
    return _strips(scene.theme, strength, left, top, bottom, eye), texts


def _axes(near: NearCells, grid: WeightGrid, words: tuple[str, str], eye: Eye) -> tuple[_Axis, _Axis]:
    """The lines of cells that cross the left strip, and those that cross the one at the bottom."""
    first = grid.values.first_column if isinstance(grid.values, ColumnWindow) else 0
    middle = int(near.nearness.argmax())
    rows = _Axis(words[0], near.du[0], 0, grid.shape[0], int(near.row[middle]))
    columns = _Axis(words[1], near.dv[0], first, grid.shape[1], int(near.col[middle]))
    right = eye.world_from_eye[:3, 0]
    level_rows, level_columns = (abs(float(a.step @ right)) / float(np.linalg.norm(a.step)) for a in (rows, columns))
    return (columns, rows) if level_rows > level_columns else (rows, columns)


def _crossings(
    start: np.ndarray, lines: _Axis, along: _Axis, eye: Eye, axis: int, at_px: float, ends: np.ndarray
) -> list[tuple[int, float]]:
    """(index, px from the top left) of lines of cells where they cross x (axis 0) or y (axis 1) = `at_px`.

    Those from shortly before to shortly behind the `ends` of a strip, in order.
    """
    side, other_side = eye.size_px[axis], eye.size_px[1 - axis]
    sign = np.array([1.0, -1.0])
    rows = clip_from_world(eye)[[0, 1, 3]]
    origin, step, direction = rows[:, :3] @ start + rows[:, 3], rows[:, :3] @ lines.step, rows[:, :3] @ along.step
    wanted = (2 * at_px / side - 1) * sign[axis]
    slope = direction[axis] - wanted * direction[2]
    if abs(slope) < 1e-9 * float(np.abs(direction).max()):
        return []
    index = np.arange(max(lines.middle - MOST // 2, 0), min(lines.middle + MOST // 2, lines.count))
    seen = origin + index[:, None] * step
    seen = seen + ((wanted * seen[:, 2] - seen[:, axis]) / slope)[:, None] * direction
    there = seen[:, 2] > 0
    places = (seen[there, 1 - axis] / seen[there, 2] * sign[1 - axis] + 1) / 2 * other_side
    inside = (places > ends[0] - other_side) & (places < ends[1] + other_side)
    return list(zip(index[there][inside].tolist(), places[inside].tolist(), strict=True))


def _shown(
    found: list[tuple[int, float]], apart: float, edge: float, ends: np.ndarray, hidden: list[tuple[float, float]]
) -> list[tuple[int, float, float]]:
    """(index, px, opacity) of numbers far enough apart, between the ends of a strip and not where it is hidden."""
    if len(found) < 2:
        return []
    places = np.array([place for _, place in found])
    spacing = np.abs(np.gradient(places))
    numbers = []
    for (index, place), space in zip(found, spacing.tolist(), strict=True):
        coarsest = max(step for step in STEPS if index % step == 0)
        clear = [place - ends[0], ends[1] - place, *(max(low - place, place - high) for low, high in hidden)]
        alpha = min((coarsest * space / apart - 1) / FADE, min(clear) / edge, 1.0)
        if alpha > 0:
            numbers.append((index, place, alpha))
    return numbers


def _top(taken_px: np.ndarray, left: float) -> float:
    """The lower edge of what stands in the upper left corner."""
    places = taken_px["place_px"]
    corner = places[(places[:, 0] < left) & (places[:, 1] <= 1)]
    return float((corner[:, 1] + corner[:, 3]).max(initial=0.0))


def _hidden(taken_px: np.ndarray, y: float) -> list[tuple[float, float]]:
    """From where to where something stands on the bottom strip."""
    places = taken_px["place_px"]
    across = places[(places[:, 1] < y) & (y < places[:, 1] + places[:, 3])]
    return [(float(x), float(x + wide)) for x, _, wide, _ in across]


def _strips(theme: Theme, strength: float, left: float, top: float, bottom: float, eye: Eye) -> np.ndarray:
    width, height = eye.size_px
    rows = np.zeros(2, RECTANGLE)
    rows["place_px"] = (0, top, left, bottom - top), (0, bottom, width, height - bottom)
    rows["left"] = rows["right"] = *theme.panel, VEIL * strength
    return rows
