"""Layout of text: lines as rows of glyph rectangles, and callouts placed on the screen without overlap. No OpenGL."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .glyphs import FIELD_SIZE_PX, PHASES, PHASES_UP_TO_PX, GlyphAtlas, tracking

__all__ = ["Run", "Typesetter", "layout_callouts", "least_size_px", "nearest_by_cell", "screen_scale"]

MIN_SIZE_PX = 12  # smaller text cannot be read
RUN_LIMIT = 20_000  # lines kept
ATLAS_LIMIT = 8192  # rows of an atlas before it starts anew

LIFT_PX, STEP_PX, STEPS = 34.0, 14.0, 7  # px at 1080 lines: how high callouts stand, and step up where they collide
CELL_PX = (96.0, 44.0)  # px at 1080 lines: the grid that thins crowds out
CELL_CALLOUTS = 3
CALLOUT_LIMIT = 300
KEPT = 0.9  # what was shown counts as nearer by this
NEARNESS_STEP = math.log(1.1)  # distances within 10 % are alike: priority decides among them


@dataclass(frozen=True)
class Run:
    """One line of text.

    Columns of `glyphs`: x, y, width, height (px right of the pen's start, down from the base line), u, v (texels of the
    top left corner); width and height are texels too.
    """

    glyphs: np.ndarray  # (n, 6) float32
    width: float  # px


class Typesetter:
    """Lines of text as runs, kept: the same line costs one look-up."""

    def __init__(self, atlas: GlyphAtlas) -> None:
        self.atlas = atlas
        self._runs: dict[tuple[str, str, int], Run] = {}
        self._generation = atlas.generation

    def tidy(self) -> None:
        """Starts anew when much has gathered. Between pictures only: runs handed out before become void."""
        if self.atlas.used_height > ATLAS_LIMIT:
            self.atlas.clear()
        if len(self._runs) > RUN_LIMIT or self._generation != self.atlas.generation:
            self._runs.clear()
            self._generation = self.atlas.generation

    def run(self, text: str, weight: str, size_px: int = FIELD_SIZE_PX) -> Run:
        """The line at an exact pixel size. In a distance field only FIELD_SIZE_PX is meant; scale what comes out."""
        key = (text, weight, size_px)
        found = self._runs.get(key)
        if found is None:
            found = self._runs[key] = self._set(*key)
        return found

    def _set(self, text: str, weight: str, size_px: int) -> Run:
        rows, pen, space = [], 0.0, tracking(text) * size_px
        is_fine = size_px <= PHASES_UP_TO_PX
        for character in text:
            steps = 0 if self.atlas.field else round(pen * PHASES) if is_fine else round(pen) * PHASES
            whole = pen if self.atlas.field else steps // PHASES
            glyph = self.atlas.glyph(character, weight, size_px, steps % PHASES)
            if glyph.width:
                rows.append((whole + glyph.left, glyph.top, glyph.width, glyph.height, glyph.x, glyph.y))
            pen += glyph.advance + space
        return Run(np.array(rows, np.float32).reshape(-1, 6), pen)


def screen_scale(height_px: int) -> float:
    """Pixels on the screen for one pixel at 1080 lines: words shrink less than the picture, so 720 lines have 0.8."""
    share = height_px / 1080
    return share if share >= 1 else 0.4 + 0.6 * share


def least_size_px(size: float, height_px: int) -> int:
    """Exact pixel size of text that has `size` px at 1080 lines; never too small to read."""
    return max(MIN_SIZE_PX, round(size * screen_scale(height_px)))


def nearest_by_cell(
    places_px: np.ndarray, distance: np.ndarray, priority: np.ndarray, kept: np.ndarray, scale: float
) -> np.ndarray:
    """Indices of at most 300 callouts worth placing, nearest first, then by priority: few of any crowd.

    places_px (n, 2), distance (n,) world units > 0, priority (n,), kept (n,) bool: was shown in the picture before.
    """
    felt = np.maximum(distance * np.where(kept, KEPT, 1.0), 1e-9)
    order = np.lexsort((felt, -priority, np.round(np.log(felt) / NEARNESS_STEP)))
    cells = np.floor(places_px[order] / (np.array(CELL_PX) * scale)).astype(np.int64)
    cell = cells[:, 0] * 1_000_003 + cells[:, 1]
    by_cell = np.argsort(cell, kind="stable")
    run_starts = np.flatnonzero(np.r_[True, np.diff(cell[by_cell]) != 0]) if len(cell) else np.zeros(0, int)
    rank = np.empty(len(cell), int)
    rank[by_cell] = np.arange(len(cell)) - np.repeat(run_starts, np.diff(np.r_[run_starts, len(cell)]))
    return order[rank < CELL_CALLOUTS][:CALLOUT_LIMIT]


def layout_callouts(
    anchors_px: np.ndarray,
    sizes_px: np.ndarray,
    viewport_px: tuple[int, int],
    obstacles: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """(indices of the callouts that found room (m,), their rectangles (m, 4) x, y, width, height in whole px).

    anchors_px (n, 2) and sizes_px (n, 2) in the order of who goes first; y counts from the top. A callout stands above
    its anchor and steps up where it would cover another or an obstacle (k, 4); who finds no room is left out.
    Rectangles lie inside the viewport; near its left and right edge they slide inward, the anchor still under them.
    """
    width, height = viewport_px
    scale = screen_scale(height)
    count = 0 if obstacles is None else len(obstacles)
    taken = np.empty((count + len(anchors_px), 4))  # left, top, right, bottom
    if obstacles is not None:
        taken[:count] = np.concatenate([obstacles[:, :2], obstacles[:, :2] + obstacles[:, 2:]], 1)
    rises = (LIFT_PX + STEP_PX * np.arange(STEPS + 1)) * scale
    sizes = np.ceil(sizes_px)
    lefts = np.floor(np.clip(anchors_px[:, 0] - sizes[:, 0] / 2, 0, np.maximum(width - sizes[:, 0], 0)))
    index, rectangles = [], []
    for k, ((anchor_x, anchor_y), (wide, high), left) in enumerate(zip(anchors_px, sizes, lefts, strict=True)):
        if not 0 <= anchor_x <= width or wide > width:
            continue
        tops = np.round(anchor_y - rises) - high
        others = taken[:count]
        beside = (others[:, 2] <= left) | (others[:, 0] >= left + wide)
        apart = (others[:, 3] <= tops[:, None]) | (others[:, 1] >= tops[:, None] + high)
        free = (beside | apart).all(1) & (tops >= 0) & (tops + high <= height)
        if not free.any():
            continue
        top = tops[free.argmax()]
        taken[count] = left, top, left + wide, top + high
        count += 1
        index.append(k)
        rectangles.append((left, top, wide, high))
    return np.array(index, int), np.array(rectangles).reshape(-1, 4)
