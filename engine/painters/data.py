"""Weights as points of light: rasterized, joined to the picture, with their stems and their glow."""

from __future__ import annotations

import numpy as np

from ..detail import Detail
from ..gpu import Context, Texture, draw_full_screen
from ..rasterize import AUTO, RasterizerChoice, eye_rows
from ..rasterize.gl_compute import ComputeRasterizer
from ..scene import Lines
from ..theme import Theme
from ..view import Eye
from .bloom import BloomPainter
from .lines import LinePainter

__all__ = ["DataPainter"]

SMALLEST_PX = 1.5  # of a sprite; smaller points shimmer when they move
STEM_PX = 1.3


class DataPainter:
    """Draws the weights of a prepared frame. Light is added to what lies below, ink is multiplied onto it.

    `rasterizer`: one of `rasterize.WANTED`; InputError where there is no such one.
    """

    def __init__(self, context: Context, threads: int = 0, rasterizer: str = AUTO) -> None:
        self._context = context
        self._choice = RasterizerChoice(threads, rasterizer, context)
        self._image = Texture(smooth=False)
        self._stems = LinePainter(context)
        self._bloom = BloomPainter(context)

    def draw(self, detail: Detail, eye: Eye, theme: Theme, framebuffer: int, exact: bool = True) -> None:
        """Leaves the eye's framebuffer bound and plain blending on."""
        self._draw_stems(detail, eye)
        batch, pool = detail.batch(eye), detail.pool.data
        if not len(batch):
            return
        rasterizer = self._choice.rasterizer(batch, exact, pool)
        place = batch, pool, detail.near_tables, eye_rows(eye), eye.size_px
        if isinstance(rasterizer, ComputeRasterizer):
            self._join(rasterizer.picture(*place, SMALLEST_PX, theme.ink), eye, theme, framebuffer)
            return
        sums = rasterizer.light(*place, SMALLEST_PX, not theme.ink)
        self._image.upload(rasterizer.resolve(sums, theme.ink))
        self._join(self._image, eye, theme, framebuffer)

    def _join(self, image: Texture, eye: Eye, theme: Theme, framebuffer: int) -> None:
        gl = self._context.gl
        source, target = (gl.GL_ZERO, gl.GL_SRC_COLOR) if theme.ink else (gl.GL_ONE, gl.GL_ONE)
        gl.glBlendFuncSeparate(source, target, gl.GL_ZERO, gl.GL_ONE)
        self._context.program("image").use(image=image.bind(0), strength=1.0)
        draw_full_screen()
        if theme.bloom > 0:
            self._bloom.draw(image, eye, framebuffer, theme.bloom)
        gl.glBlendFuncSeparate(gl.GL_SRC_ALPHA, gl.GL_ONE_MINUS_SRC_ALPHA, gl.GL_ZERO, gl.GL_ONE)

    def _draw_stems(self, detail: Detail, eye: Eye) -> None:
        stems = detail.stems()
        count = len(stems.vertices)
        if count:
            offsets = np.arange(0, 2 * count + 1, 2, dtype=np.int64)
            lines = Lines(stems.vertices.reshape(-1, 3), offsets, stems.colors, width_px=STEM_PX)
            self._stems.draw([(np.eye(4), lines)], eye)
