"""Lines with a width in pixels, soft edges and, for arcs, a glow."""

from __future__ import annotations

import numpy as np

from ..gpu import Context, Instances
from ..scene import Lines
from ..view import Eye
from .camera import clip_from_camera

__all__ = ["LinePainter"]

SEGMENT = np.dtype([("start", "f4", 3), ("end", "f4", 3), ("tint", "f4", 4), ("width_px", "f4")])
# Widths and strengths of the two glows around a line with halo 1, pixels at 1080 lines.
HALOS = ((9.0, 0.10), (4.0, 0.16))


class LinePainter:
    """Draws all lines of one layer in one batch, and their glows in a second."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._core = Instances(context.program("lines"), SEGMENT)
        self._glow = Instances(context.program("lines"), SEGMENT)

    def draw(self, lines: list[tuple[np.ndarray, Lines]], eye: Eye) -> None:
        """`lines` are (world_from_node (4, 4), drawable)."""
        scale = eye.viewport[3] / 1080
        core, glow = [np.zeros(0, SEGMENT)], [np.zeros(0, SEGMENT)]
        for world_from_node, drawable in lines:
            rows = _segments(world_from_node, drawable, eye)
            rows["width_px"] = max(0.8, drawable.width_px * scale)
            core.append(rows)
            for width_px, alpha in HALOS if drawable.halo else ():
                halo = rows.copy()
                halo["width_px"] = 2 * width_px * scale
                halo["tint"][:, 3] *= alpha * drawable.halo
                glow.append(halo)
        program = self._context.program("lines")
        for instances, parts, is_glow in ((self._glow, glow, True), (self._core, core, False)):
            rows = np.concatenate(parts)
            if not len(rows):
                continue
            instances.upload(rows)
            program.use(clip_from_camera=clip_from_camera(eye), size_px=eye.size_px, glow=is_glow)
            instances.draw(4)


def _segments(world_from_node: np.ndarray, lines: Lines, eye: Eye) -> np.ndarray:
    """Rows of all segments, relative to the camera."""
    world = lines.vertices @ world_from_node[:3, :3].T + (world_from_node[:3, 3] - eye.position)
    lengths = np.diff(lines.offsets)
    first = np.ones(len(world), bool)
    first[np.asarray(lines.offsets[1:]) - 1] = False  # the last vertex of a line starts no segment
    index = np.flatnonzero(first)
    rows = np.zeros(len(index), SEGMENT)
    rows["start"], rows["end"] = world[index], world[index + 1]
    rows["tint"] = np.repeat(lines.colors, lengths - 1, axis=0)
    return rows
