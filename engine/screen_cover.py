"""How much of a part of the picture is covered by boxes: where words may stand without hiding what they name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .view import Eye, clip_from_world

__all__ = ["ScreenCover", "screen_cover"]

ROWS = 68  # cells of the picture's height; its width has as many square ones as fit
SKY = 0.3  # how much the sky counts
MOST_BOXES = 160  # largest on the screen first
NEAR = 1e-3  # share of the farthest depth, before which edges are cut off
CORNERS = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], bool)
EDGES = np.array([(a, b) for a in range(8) for b in range(a) if (CORNERS[a] ^ CORNERS[b]).sum() == 1])


@dataclass(frozen=True)
class ScreenCover:
    """Sums of what is covered above and left of each corner of the picture's cells."""

    sums: np.ndarray  # (rows + 1, columns + 1) float64, cells
    cell_px: float

    def shares(self, rectangles_px: np.ndarray) -> np.ndarray:
        """(...) float64, 0 to 1: how much of each rectangle (..., 4) x, y, width, height is covered."""
        left, top, wide, high = np.moveaxis(rectangles_px / self.cell_px, -1, 0)
        right, bottom = left + wide, top + high
        corners = self._sum(bottom, right) - self._sum(top, right) - self._sum(bottom, left) + self._sum(top, left)
        return np.asarray(corners / np.maximum(wide * high, 1e-9))

    def _sum(self, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Between corners in proportion."""
        rows, columns = self.sums.shape
        row, column = np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)
        i, j = np.minimum(row.astype(int), rows - 2), np.minimum(column.astype(int), columns - 2)
        s, t = row - i, column - j
        upper = self.sums[i, j] * (1 - t) + self.sums[i, j + 1] * t
        return upper * (1 - s) + (self.sums[i + 1, j] * (1 - t) + self.sums[i + 1, j + 1] * t) * s


def screen_cover(
    lower: np.ndarray, upper: np.ndarray, strength: np.ndarray, eye: Eye, sky_px: float = 0.0
) -> ScreenCover:
    """What an eye sees covered by boxes (n, 3) float64 each, world; `strength` (n,) 0 to 1 is how much each counts.

    The sky, down to `sky_px` from the top, counts a little, for words stand better on the ground. Cells are of about
    16 px at 1080 lines, rows of them filled between the outermost edges of a box.
    """
    width, height = eye.size_px
    cell_px = height / ROWS
    columns = max(1, round(width / cell_px))
    spans, owner = _spans(lower, upper, eye, cell_px)
    steps = np.zeros((ROWS, columns + 1))
    box, row = np.nonzero(spans[..., 0] < spans[..., 1])
    ends = np.clip(np.round(spans[box, row]), 0, columns).astype(int)
    amount = strength[owner[box]]
    np.add.at(steps, (row, ends[:, 0]), amount)
    np.add.at(steps, (row, ends[:, 1]), -amount)
    cells = np.minimum(np.cumsum(steps, 1)[:, :-1], 1.0)
    sky = cells[: round(np.clip(sky_px / cell_px, 0, ROWS))]
    np.maximum(sky, SKY, out=sky)
    sums = np.zeros((ROWS + 1, columns + 1))
    sums[1:, 1:] = cells.cumsum(0).cumsum(1)
    return ScreenCover(sums, cell_px)


def _spans(lower: np.ndarray, upper: np.ndarray, eye: Eye, cell_px: float) -> tuple[np.ndarray, np.ndarray]:
    """((m, ROWS, 2) first and last column of the largest boxes in view in each row of cells, (m,) which box)."""
    clip = _clip_corners(lower, upper, eye)
    near = NEAR * max(float(clip[..., 3].max(initial=0.0)), 1e-6)
    owner = _largest(clip, near)
    starts, ends = clip[owner][:, EDGES[:, 0]], clip[owner][:, EDGES[:, 1]]
    is_seen = (starts[..., 3] > near) | (ends[..., 3] > near)
    starts, ends = _cut(starts, ends, near), _cut(ends, starts, near)
    scale = np.array(eye.size_px) / cell_px
    x0, y0 = np.moveaxis((starts[..., :2] / starts[..., 3:] * (0.5, -0.5) + 0.5) * scale, -1, 0)
    x1, y1 = np.moveaxis((ends[..., :2] / ends[..., 3:] * (0.5, -0.5) + 0.5) * scale, -1, 0)
    slope = (x1 - x0) / np.where(y1 == y0, 1.0, y1 - y0)
    rows = np.arange(ROWS) + 0.5
    places = x0[..., None] + slope[..., None] * (rows - y0[..., None])
    meets = is_seen[..., None] & (np.minimum(y0, y1)[..., None] <= rows) & (np.maximum(y0, y1)[..., None] > rows)
    first = np.where(meets, places, np.inf).min(1, initial=np.inf)
    last = np.where(meets, places, -np.inf).max(1, initial=-np.inf)
    return np.stack([first, last], -1), owner


def _clip_corners(lower: np.ndarray, upper: np.ndarray, eye: Eye) -> np.ndarray:
    """(n, 8, 4) float64."""
    corners = np.where(CORNERS, upper[:, None], lower[:, None])
    matrix = clip_from_world(eye)
    return corners @ matrix[:, :3].T + matrix[:, 3]


def _largest(clip: np.ndarray, near: float) -> np.ndarray:
    """Indices of the boxes in view, at most MOST_BOXES, by their size on the screen."""
    depth = np.maximum(clip[..., 3:], near)
    spots = np.clip(clip[..., :2] / depth, -1, 1)
    size = np.ptp(spots, axis=1).prod(1) * (clip[..., 3] > near).any(1)
    order = np.argsort(-size, kind="stable")[:MOST_BOXES]
    return order[size[order] > 0]


def _cut(starts: np.ndarray, ends: np.ndarray, near: float) -> np.ndarray:
    """The starts of edges, (..., 4), moved to where the edge comes before the eye."""
    behind = starts[..., 3] < near
    reach = ends[..., 3] - starts[..., 3]
    share = np.where(behind, (near - starts[..., 3]) / np.where(reach == 0, 1.0, reach), 0.0)
    moved = starts + share[..., None] * (ends - starts)
    moved[..., 3] = np.maximum(moved[..., 3], near)
    return moved
