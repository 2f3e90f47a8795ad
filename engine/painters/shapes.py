"""Rectangles on the picture as rows for the label painter."""

from __future__ import annotations

import numpy as np

from ..scene import ScreenShapes
from ..text_layout import screen_scale
from ..view import Eye
from .label_parts import RECTANGLE

__all__ = ["screen_rectangles"]


def screen_rectangles(shapes: ScreenShapes, eye: Eye) -> np.ndarray:
    """(n,) of RECTANGLE, px from the top left of the eye's picture."""
    width, height = eye.size_px
    scale = screen_scale(height)
    rows = np.zeros(len(shapes.fractions), RECTANGLE)
    rows["place_px"] = shapes.rectangles_px * scale
    rows["place_px"][:, :2] += shapes.fractions * (width, height)
    rows["left"], rows["right"] = shapes.left, shapes.right
    rows["form_px"][:, 0] = shapes.radius_px * scale
    if shapes.glyphs is not None:
        rows["glyph"] = shapes.glyphs
    return rows
