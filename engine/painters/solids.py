"""What is neither grid nor box: explicit points, surfaces, flat pictures. Drawn with depth, so nearer hides farther."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from ..gpu import Context, Instances, Texture
from ..scene import Drawable, Images, Points, Surface
from ..view import Eye
from .camera import clip_from_camera

__all__ = ["SolidPainter"]

POINT = np.dtype([("place", "f4", 3), ("tint", "f4", 4), ("diameter", "f4")])
TRIANGLE = np.dtype([(name, "f4", 3) for name in "abc"] + [(f"tint_{name}", "f4", 4) for name in "abc"])
PICTURE = np.dtype([("corner", "f4", 3), ("across", "f4", 3), ("up", "f4", 3)])

Placed = tuple[np.ndarray, Drawable]  # world_from_node (4, 4), drawable


class SolidPainter:
    """Draws one batch for all points and one for all surfaces; pictures one by one, each with its texture."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._points = Instances(context.program("points"), POINT)
        self._triangles = Instances(context.program("surfaces"), TRIANGLE)
        self._picture = Instances(context.program("pictures"), PICTURE)
        self._textures: WeakKeyDictionary[Images, tuple[int, list[Texture]]] = WeakKeyDictionary()

    def draw(self, solids: list[Placed], eye: Eye) -> None:
        """Expects plain blending to be on; leaves the depth test off."""
        points = [_point_rows(world, solid, eye) for world, solid in solids if isinstance(solid, Points)]
        surfaces = [(world, solid) for world, solid in solids if isinstance(solid, Surface) and solid.style == "solid"]
        triangles = [_triangle_rows(world, solid, eye) for world, solid in surfaces]
        images = [(world, solid) for world, solid in solids if isinstance(solid, Images)]
        if not (points or triangles or images):
            return
        gl = self._context.gl
        gl.glEnable(gl.GL_DEPTH_TEST)
        if triangles:
            self._triangles.upload(np.concatenate(triangles))
            self._context.program("surfaces").use(clip_from_camera=clip_from_camera(eye))
            self._triangles.draw(3, strip=False)
        for world, solid in images:
            self._draw_images(world, solid, eye)
        if points:
            self._points.upload(np.concatenate(points))
            self._context.program("points").use(
                clip_from_camera=clip_from_camera(eye), size_px=eye.size_px, focal_px=eye.focal_px
            )
            self._points.draw(4)
        gl.glDisable(gl.GL_DEPTH_TEST)

    def draw_veils(self, surfaces: list[tuple[np.ndarray, Surface]], style: str, eye: Eye) -> None:
        """Draws surfaces of a style that hide nothing. Expects plain blending to be on and the depth test off."""
        rows = [_triangle_rows(world, surface, eye) for world, surface in surfaces if surface.style == style]
        if rows:
            self._triangles.upload(np.concatenate(rows))
            self._context.program("surfaces").use(clip_from_camera=clip_from_camera(eye))
            self._triangles.draw(3, strip=False)

    def _draw_images(self, world: np.ndarray, images: Images, eye: Eye) -> None:
        rows = np.zeros(len(images.images), PICTURE)
        rows["corner"] = _relative(world, images.origin, eye)
        rows["across"], rows["up"] = (side @ world[:3, :3].T for side in (images.du, images.dv))
        for k, texture in enumerate(self._uploaded(images)):
            self._picture.upload(rows[k : k + 1])
            self._context.program("pictures").use(clip_from_camera=clip_from_camera(eye), image=texture.bind(0))
            self._picture.draw(4)

    def _uploaded(self, images: Images) -> list[Texture]:
        """One texture a picture, as the pictures are now."""
        revision, textures = self._textures.get(images, (-1, []))
        if revision != images.revision:
            for texture in textures:
                texture.close()
            textures = [Texture() for _ in images.images]
            for texture, image in zip(textures, images.images, strict=True):
                texture.upload(image)
            self._textures[images] = images.revision, textures
        return textures


def _relative(world: np.ndarray, places: np.ndarray, eye: Eye) -> np.ndarray:
    """(n, 3) float64: places of a node relative to the camera."""
    return places @ world[:3, :3].T + (world[:3, 3] - eye.position)


def _point_rows(world: np.ndarray, points: Points, eye: Eye) -> np.ndarray:
    rows = np.zeros(len(points.positions), POINT)
    rows["place"], rows["tint"] = _relative(world, points.positions, eye), points.colors
    rows["diameter"] = points.size
    farthest_first = np.argsort(-np.linalg.norm(rows["place"], axis=1), kind="stable")
    return rows[farthest_first]


def _triangle_rows(world: np.ndarray, surface: Surface, eye: Eye) -> np.ndarray:
    places = _relative(world, surface.vertices, eye)
    rows = np.zeros(len(surface.triangles), TRIANGLE)
    for name, corner in zip("abc", surface.triangles.T, strict=True):
        rows[name], rows[f"tint_{name}"] = places[corner], surface.colors[corner]
    return rows
