"""Lines with a width in pixels, soft edges and, for arcs, a glow."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from ..gpu import Context, Instances
from ..scene import Lines
from ..view import Eye
from .camera import clip_from_camera

__all__ = ["LinePainter"]

SEGMENT = np.dtype([("start", "f4", 3), ("end", "f4", 3), ("tint", "f4", 4), ("width_px", "f4"), ("apart", "f4", 2)])
WORDS, ALPHA, WIDTH, APART = 13, 9, 10, 11  # float32 of a segment, and where some of them stand
# Widths and strengths of the two glows around a line with halo 1, pixels at 1080 lines.
HALOS = ((9.0, 0.10), (4.0, 0.16))


class LinePainter:
    """Draws all lines of one layer in one batch, and their glows in a second."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._core = Instances(context.program("lines"), SEGMENT)
        self._glow = Instances(context.program("lines"), SEGMENT)
        self._kept: WeakKeyDictionary[Lines, _Kept] = WeakKeyDictionary()

    def draw(self, lines: list[tuple[np.ndarray, Lines]], eye: Eye) -> None:
        """`lines` are (world_from_node (4, 4), drawable)."""
        scale = eye.viewport[3] / 1080
        core, glow = [np.zeros((0, WORDS), np.float32)], [np.zeros((0, WORDS), np.float32)]
        for world_from_node, drawable in lines:
            rows = self._segments(world_from_node, drawable, eye)
            rows[:, WIDTH] = max(0.8, drawable.width_px * scale)
            core.append(rows)
            for width_px, alpha in HALOS if drawable.halo else ():
                halo = rows.copy()
                halo[:, WIDTH] = 2 * width_px * scale
                halo[:, ALPHA] *= alpha * drawable.halo
                glow.append(halo)
        program = self._context.program("lines")
        for instances, parts, is_glow in ((self._glow, glow, True), (self._core, core, False)):
            rows = np.concatenate(parts)
            if not len(rows):
                continue
            instances.upload(rows.view(SEGMENT)[:, 0])
            program.use(clip_from_camera=clip_from_camera(eye), size_px=eye.size_px, glow=is_glow)
            instances.draw(4)

    def _segments(self, world_from_node: np.ndarray, lines: Lines, eye: Eye) -> np.ndarray:
        """(n, WORDS) float32 rows of all segments, relative to the camera; until this is called again."""
        kept = self._kept.get(lines)
        if kept is None or kept.revision != lines.revision:
            kept = self._kept[lines] = _Kept.of(lines)
        turn, shift = world_from_node[:3, :3], world_from_node[:3, 3] - eye.position
        # Not by `@`: its threads would fight for processors with those that draw.
        turned = lines.vertices if (turn == np.eye(3)).all() else np.einsum("ij,nj->ni", turn, lines.vertices)
        world = (turned + shift).astype(np.float32)
        kept.rows[:, :3], kept.rows[:, 3:6] = world[kept.first], world[kept.first + 1]
        return kept.rows


@dataclass(frozen=True)
class _Kept:
    """What stays of a drawable from frame to frame."""

    revision: int
    first: np.ndarray  # (n,) int64, vertex where each segment starts
    rows: np.ndarray  # (n, WORDS) float32, SEGMENT with their colors

    @classmethod
    def of(cls, lines: Lines) -> _Kept:
        starts = np.ones(len(lines.vertices), bool)
        starts[np.asarray(lines.offsets[1:]) - 1] = False  # the last vertex of a line starts no segment
        first = np.flatnonzero(starts)
        rows = np.zeros((len(first), WORDS), np.float32)
        rows[:, 6 : ALPHA + 1] = np.repeat(lines.colors, np.diff(lines.offsets) - 1, axis=0)
        if lines.apart is not None:
            count = np.diff(lines.offsets)
            line = np.repeat(np.arange(len(count)), count - 1)
            share = (first - np.asarray(lines.offsets)[line]) / np.maximum(count[line] - 1, 1)
            step = 1 / np.maximum(count[line] - 1, 1)
            start, end = lines.apart[line].T
            rows[:, APART] = start + (end - start) * share
            rows[:, APART + 1] = start + (end - start) * (share + step)
        return cls(lines.revision, first, rows)
