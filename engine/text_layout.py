"""Layout of text: lines as rows of glyph rectangles, and callouts placed on the screen without overlap. No OpenGL."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .glyphs import FIELD_SIZE_PX, PHASES, PHASES_UP_TO_PX, GlyphAtlas, tracking
from .screen_cover import ScreenCover

__all__ = ["EM", "Run", "Typesetter", "layout_callouts", "least_size_px", "nearest_by_cell", "screen_scale"]

EM = 0.62  # width of a character in heights, on average
MIN_SIZE_PX = 12  # smaller text cannot be read
RUN_LIMIT = 20_000  # lines kept
ATLAS_LIMIT = 8192  # rows of an atlas before it starts anew

LIFT_PX, STEP_PX, STEPS = 34.0, 14.0, 7  # px at 1080 lines: how high callouts stand, and step up where they collide
FAR_STEPS = 17  # where data are to be left free
ASIDES = (0.0, -0.4, 0.4)  # of a callout's width from its middle to the anchor
APART_PX = (6.0, 2.0)  # between callouts
EDGE_PX = 10.0  # between callouts and the picture's upper and lower edge
STEP_COST, ASIDE_COST, COVER_COST, CROSSING_COST = 0.05, 0.5, 6.0, (0.9, 0.45)
LONG_STEPS, LONG_COST = 12, 0.15  # leaders longer than that lose what they name
OVER_COST = 0.15  # of a leader, for a step of it that runs over things
MOST_COST = 2.0  # of a callout beyond the nearest
STAYING = 0.7  # what a callout may gain by another place and still stays where it was
MOST_COVERED, SURE_CALLOUTS = 0.35, 1  # share of a callout that may hide things; the nearest one always stands
CELL_PX = (96.0, 44.0)  # px at 1080 lines: the grid that thins crowds out
CELL_CALLOUTS = 3
CALLOUT_LIMIT = 120
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
    """Indices of at most 120 callouts worth placing, nearest first, then by priority: few of any crowd.

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
    cover: ScreenCover | None = None,
    before_px: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """(indices of the callouts that found room (m,), their rectangles (m, 4) x, y, width, height in whole px).

    anchors_px (n, 2) and sizes_px (n, 2) in the order of who goes first; y counts from the top. A callout stands above
    its anchor and steps up where it would cover another or an obstacle (k, 4); who finds no room is left out.
    Rectangles lie inside the viewport; near its left and right edge they slide inward, the anchor still under them.
    With a `cover` they step further up and aside to where they hide little, and all but the first are left out
    where they would hide much. `before_px` (n, 2): where the rectangle stood from its anchor in the picture before,
    NaN for none: it stays there while that is nearly as good.
    """
    width, height = viewport_px
    scale = screen_scale(height)
    margin = EDGE_PX * scale if cover else 0.0
    taken = _Taken(len(anchors_px), obstacles, scale if cover else 0.0)
    sizes = np.ceil(sizes_px)
    places, cost, may_stand = _candidates(anchors_px, sizes, viewport_px, cover, before_px)
    index: list[int] = []
    rectangles = []
    for k in np.flatnonzero((0 <= anchors_px[:, 0]) & (anchors_px[:, 0] <= width) & (sizes[:, 0] <= width)).tolist():
        total, size = cost[k], sizes[k]
        tops = places[k, :, 1]
        is_free = taken.leaves_free(places[k], size) & (tops >= margin) & (tops + size[1] <= height - margin)
        if cover is not None and is_free.any():
            total = total + taken.crossings(places[k], size, anchors_px[k])
            if len(index) >= SURE_CALLOUTS:
                is_free &= may_stand[k] & (total <= MOST_COST)
        if not is_free.any():
            continue
        left, top = places[k, np.where(is_free, total, np.inf).argmin()]
        taken.add(left, top, size, anchors_px[k])
        index.append(k)
        rectangles.append((left, top, *size))
    return np.array(index, int), np.array(rectangles).reshape(-1, 4)


def _candidates(
    anchors: np.ndarray,
    sizes: np.ndarray,
    viewport_px: tuple[int, int],
    cover: ScreenCover | None,
    before_px: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(places (n, m, 2) to try for each callout, their cost (n, m), whether they hide little (n, m))."""
    scale = screen_scale(viewport_px[1])
    rises, asides = _tries(cover is not None)
    lefts = np.clip(anchors[:, :1] - (0.5 + asides) * sizes[:, :1], 0, np.maximum(viewport_px[0] - sizes[:, :1], 0))
    tops = np.round(anchors[:, 1:] - rises * scale) - sizes[:, 1:]
    places = np.stack([np.floor(lefts), tops], -1)
    steps = rises / STEP_PX
    height_cost = steps * STEP_COST + np.maximum(steps - LONG_STEPS, 0.0) * LONG_COST
    cost = np.tile(height_cost + np.abs(asides) * ASIDE_COST, (len(anchors), 1))
    if cover is None:
        return places, cost, np.ones(cost.shape, bool)
    shares = cover.shares(np.concatenate([places, np.broadcast_to(sizes[:, None], places.shape)], -1))
    over = _hidden_by_leaders(cover, tops + sizes[:, 1:], anchors) / (STEP_PX * scale)
    cost += shares * COVER_COST + over * OVER_COST
    if before_px is not None:
        moved = np.abs(places - (anchors + before_px)[:, None]).max(-1)
        cost -= STAYING * (moved < STEP_PX / 2 * scale)
    return places, cost, shares <= MOST_COVERED


def _hidden_by_leaders(cover: ScreenCover, tops: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """(n, m) px of leaders from heights (n, m) down to anchors (n, 2) that run over things."""
    long = np.maximum(anchors[:, 1:] - tops, 0.0)
    left = np.broadcast_to(anchors[:, :1] - 0.5, tops.shape)
    return cover.shares(np.stack([left, tops, np.ones(tops.shape), long], -1)) * long


def _tries(is_far: bool) -> tuple[np.ndarray, np.ndarray]:
    """(px at 1080 lines above the anchor, shares of the width to the left of the middle) of the places to try."""
    rises = LIFT_PX + STEP_PX * np.arange((FAR_STEPS if is_far else STEPS) + 1)
    asides = np.array(ASIDES if is_far else (0.0,))
    return np.repeat(rises, len(asides)), np.tile(asides, len(rises))


class _Taken:
    """Rectangles on the picture where no callout may stand, and leaders that none should cross."""

    def __init__(self, count: int, obstacles: np.ndarray | None, scale: float) -> None:
        self._first = self._count = 0 if obstacles is None else len(obstacles)
        self._boxes = np.empty((self._count + count, 4))  # left, top, right, bottom
        self._leaders = np.empty((self._count + count, 3))  # x, top, bottom
        self._apart = np.array(APART_PX) * scale
        if obstacles is not None:
            self._boxes[: self._count] = np.concatenate([obstacles[:, :2], obstacles[:, :2] + obstacles[:, 2:]], 1)

    def leaves_free(self, places: np.ndarray, size: np.ndarray) -> np.ndarray:
        """(n,) bool: rectangles at places (n, 2) cover nothing that is taken."""
        others, (left, top) = self._boxes[: self._count], (places - self._apart).T[:, :, None]
        right, bottom = (places + size + self._apart).T[:, :, None]
        beside = (others[:, 2] <= left) | (others[:, 0] >= right)
        return np.asarray((beside | (others[:, 3] <= top) | (others[:, 1] >= bottom)).all(1))

    def crossings(self, places: np.ndarray, size: np.ndarray, anchor: np.ndarray) -> np.ndarray:
        """(n,) float64, cost of leaders that rectangles would cover, and callouts that theirs would pass behind."""
        x, top, bottom = self._leaders[self._first : self._count].T
        (left, upper), (right, lower) = places.T[:, :, None], (places + size).T[:, :, None]
        covered = (left < x) & (x < right) & (upper < bottom) & (lower > top)
        boxes = self._boxes[self._first : self._count]
        passed = (boxes[:, 0] < anchor[0]) & (anchor[0] < boxes[:, 2])
        passed = passed & (boxes[:, 3] > lower) & (boxes[:, 1] < anchor[1])
        return np.asarray(covered.sum(1) * CROSSING_COST[0] + passed.sum(1) * CROSSING_COST[1])

    def add(self, left: float, top: float, size: np.ndarray, anchor: np.ndarray) -> None:
        """Another callout."""
        self._boxes[self._count] = left, top, left + size[0], top + size[1]
        self._leaders[self._count] = anchor[0], top + size[1], anchor[1]
        self._count += 1
