"""Boxes: glass trays around data, plates and pools of light on the floor, opaque cubes of single weights."""

from __future__ import annotations

import numpy as np

from ..gpu import Context, Instances
from ..scene import Boxes, Scene
from ..view import Eye
from .camera import clip_from_camera

__all__ = ["BoxPainter"]

GLASS = np.dtype(
    [
        ("lower", "f4", 3),
        ("upper", "f4", 3),
        ("tint", "f4", 4),
        ("shade", "f4", 2),
        ("edge", "f4", 4),
        ("width_px", "f4"),
    ]
)
FLAT = np.dtype([("lower", "f4", 3), ("upper", "f4", 3), ("tint", "f4", 4), ("softness", "f4")])
SOLID = np.dtype([("lower", "f4", 3), ("upper", "f4", 3), ("tint", "f4", 4)])

# Pixels per world unit under which glass fades, so that a far chain does not burn to a white line.
FADE_PPU = 2.6
FACE_ALPHA, SELECTED_FACE_ALPHA, SLAB_FACE_ALPHA = 0.05, 0.07, 0.17
PLANE_ALPHA = 0.05


class BoxPainter:
    """Draws all boxes of a scene in a handful of batches; positions are made relative to the camera in float64."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._glass = Instances(context.program("glass"), GLASS)
        self._edges = Instances(context.program("edges", "lines"), GLASS)
        self._flat = Instances(context.program("flat"), FLAT)
        self._solid = Instances(context.program("solid"), SOLID)
        self._planes = np.zeros(0, FLAT)

    def draw_floor(self, boxes: list[tuple[np.ndarray, Boxes]], scene: Scene, eye: Eye) -> None:
        """Pools of light (or shadows) and plates; `boxes` are (offset (3,), drawable)."""
        rows = [_floor_rows(offset, box, scene, eye) for offset, box in boxes if box.style in ("floor", "plate")]
        self._draw_flat(rows, eye)

    def take_glass(self, boxes: list[tuple[np.ndarray, Boxes]], scene: Scene, eye: Eye) -> None:
        """The glass that `draw_back` and `draw_front` draw."""
        glass = [_glass_rows(offset, box, scene, eye) for offset, box in boxes if box.style in ("glass", "slab")]
        rows = np.concatenate(glass) if glass else np.zeros(0, GLASS)
        self._planes = _plane_rows(rows[rows["shade"][:, 1] == 0])
        self._glass.upload(rows)
        self._edges.upload(rows)

    def draw_back(self, eye: Eye) -> None:
        """Back faces, zero planes and back edges of glass; what stands inside is drawn after this."""
        self._draw_glass(eye, front=False)
        self._draw_flat([self._planes], eye)
        self._draw_edges(eye, front=False)

    def draw_front(self, eye: Eye) -> None:
        """Front faces and front edges of glass."""
        self._draw_glass(eye, front=True)
        self._draw_edges(eye, front=True)

    def draw_solid(self, lower: np.ndarray, upper: np.ndarray, colors: np.ndarray, eye: Eye) -> None:
        """Opaque cubes with depth: (n, 3) world corners, (n, 4) colors whose alpha fades to the ground."""
        gl = self._context.gl
        rows = np.zeros(len(lower), SOLID)
        rows["lower"], rows["upper"], rows["tint"] = lower - eye.position, upper - eye.position, colors
        self._solid.upload(rows)
        gl.glEnable(gl.GL_DEPTH_TEST)
        gl.glDepthMask(True)
        self._context.program("solid").use(clip_from_camera=clip_from_camera(eye))
        gl.glBlendFuncSeparate(gl.GL_ONE, gl.GL_ONE_MINUS_SRC_ALPHA, gl.GL_ZERO, gl.GL_ONE)
        self._solid.draw(36, strip=False)
        gl.glBlendFuncSeparate(gl.GL_SRC_ALPHA, gl.GL_ONE_MINUS_SRC_ALPHA, gl.GL_ZERO, gl.GL_ONE)
        gl.glDisable(gl.GL_DEPTH_TEST)

    def _draw_glass(self, eye: Eye, front: bool) -> None:
        self._context.program("glass").use(clip_from_camera=clip_from_camera(eye), front=front)
        self._glass.draw(36, strip=False)

    def _draw_edges(self, eye: Eye, front: bool) -> None:
        self._context.program("edges", "lines").use(
            clip_from_camera=clip_from_camera(eye), size_px=eye.size_px, front=front, glow=False
        )
        self._edges.draw(72, strip=False)

    def _draw_flat(self, rows: list[np.ndarray], eye: Eye) -> None:
        if not rows:
            return
        self._flat.upload(np.concatenate(rows))
        self._context.program("flat").use(clip_from_camera=clip_from_camera(eye))
        self._flat.draw(4)


def _pixels_per_unit(lower: np.ndarray, upper: np.ndarray, eye: Eye) -> np.ndarray:
    """(n,) float64 at the nearest point of each box, in a picture of up to 1080 lines; relative to the camera."""
    nearest = np.clip(0.0, lower, upper)
    return eye.focal_px / max(1.0, eye.size_px[1] / 1080) / np.maximum(np.linalg.norm(nearest, axis=1), 1e-3)


def _glass_rows(offset: np.ndarray, boxes: Boxes, scene: Scene, eye: Eye) -> np.ndarray:
    lower, upper = boxes.lower + (offset - eye.position), boxes.upper + (offset - eye.position)
    selected = np.zeros(len(lower), bool) if boxes.selected is None else boxes.selected
    slab = boxes.style == "slab"
    ppu = _pixels_per_unit(lower, upper, eye)
    fade = np.clip(ppu / FADE_PPU, 0.10, 1.0)
    rows = np.zeros(len(lower), GLASS)
    rows["lower"], rows["upper"] = lower, upper
    kind = boxes.colors[:, :3]
    rows["tint"][:, :3] = 0.5 * kind + 0.5 * np.asarray(scene.theme.glass)
    rows["tint"][:, 3] = boxes.colors[:, 3]
    face = np.where(selected, SELECTED_FACE_ALPHA, SLAB_FACE_ALPHA if slab else FACE_ALPHA)
    rows["shade"][:, 0] = face * fade * boxes.colors[:, 3]
    rows["shade"][:, 1] = slab
    rows["edge"][:, :3] = 0.75 * kind + 0.25 * np.asarray(scene.theme.edge)
    rows["edge"][:, 3] = np.where(selected, 0.85, 0.42) * fade * np.clip(ppu / 3, 0.5, 1.0) * boxes.colors[:, 3]
    scale = eye.viewport[3] / 1080
    rows["width_px"] = np.maximum(0.8, np.where(selected, 1.6, 1.15) * scale)
    return rows


def _plane_rows(glass: np.ndarray) -> np.ndarray:
    """One quad in the middle of each tray: the zero plane."""
    rows = np.zeros(len(glass), FLAT)
    middle = 0.5 * (glass["lower"][:, 1] + glass["upper"][:, 1])
    rows["lower"], rows["upper"], rows["tint"] = glass["lower"], glass["upper"], glass["tint"]
    rows["lower"][:, 1] = middle
    rows["tint"][:, 3] = PLANE_ALPHA * glass["shade"][:, 0] / FACE_ALPHA
    return rows


def _floor_rows(offset: np.ndarray, boxes: Boxes, scene: Scene, eye: Eye) -> np.ndarray:
    shift = offset - eye.position
    rows = np.zeros(len(boxes.lower), FLAT)
    rows["lower"], rows["upper"] = boxes.lower + shift, boxes.upper + shift
    rows["lower"][:, 1] = scene.floor_y - eye.position[1]
    rows["tint"] = boxes.colors
    rows["softness"] = 0.35 if boxes.style == "floor" else 0.0
    return rows
