"""Weights as points of light: rasterized, joined to the picture, with their stems and their glow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..detail import Detail
from ..drawn import Drawn
from ..gpu import Context, Texture, draw_full_screen
from ..kernels.errors import InputError
from ..rasterize import AUTO, Batch, InMemory, OnGpu, Pool, Rasterizer, RasterizerChoice, eye_rows
from ..scene import Lines
from ..theme import Theme
from ..view import Eye, Quality
from .bloom import BRIGHT, LEVELS, BloomPainter
from .ground import Ground
from .lines import LinePainter

__all__ = ["DataPainter"]

Place = tuple[Batch, Pool, np.ndarray, np.ndarray, tuple[int, int]]  # what is drawn, and where it is seen from

SMALLEST_PX = 1.5  # of a sprite; smaller points shimmer when they move
STEM_PX = 1.3
BORDER_PX = 50  # around a part of a picture, in which sprites stand that reach into it
GLOW_LINES = 1080  # of a picture whose glow is as the blurs make it; that of larger ones is made of about as many


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
        self._ground = Ground(context)
        self._aside: tuple[Drawn, tuple, Texture | None] | None = None  # what was drawn, how it was seen, its glow

    def take_fault(self) -> InputError | None:
        """Why the rasterizer that was the fastest draws no longer, once; None while it does."""
        fault, self._choice.given_up = self._choice.given_up, None
        return fault

    def draw(
        self,
        detail: Detail,
        eye: Eye,
        theme: Theme,
        framebuffer: int,
        exact: bool = True,
        quality: Quality = "high",
    ) -> None:
        """Leaves the eye's framebuffer bound and plain blending on.

        At a lower `quality` the glow is made of a smaller picture, or left out.
        """
        self._draw_stems(detail, eye)
        if quality == "high" or not self._drawn_on_ground(detail, eye, theme, framebuffer, quality):
            self._draw_points(detail, eye, theme, framebuffer, exact, quality)
        self._context.gl.glViewport(*eye.viewport)
        self._blend("GL_SRC_ALPHA", "GL_ONE_MINUS_SRC_ALPHA")

    def _draw_points(
        self, detail: Detail, eye: Eye, theme: Theme, framebuffer: int, exact: bool, quality: Quality
    ) -> None:
        """By passes of OpenGL over the whole picture."""
        glow = self._glow_aside(detail, eye, theme) if exact and theme.bloom > 0 else None
        image = self._picture(detail, eye, theme, exact)
        if image is not None:
            self._join(image, eye, theme, framebuffer)
            if theme.bloom > 0 and glow is None and quality != "low":
                glow = self._bloom.glow(image, eye.size_px)
        if glow is not None:
            self._bloom.add(glow, eye, framebuffer, theme.bloom)

    def _drawn_on_ground(self, detail: Detail, eye: Eye, theme: Theme, framebuffer: int, quality: Quality) -> bool:
        """Joins light and ground in host memory, where the processor draws all: a copy costs less than a pass there.

        False, and nothing is drawn, where that is not possible.
        """
        if not self._context.is_software or eye.part is not None or not self._ground.is_at_hand(framebuffer):
            return False
        batch, pool = detail.batch(eye), detail.pool.data
        rasterizer = self._choice.rasterizer(batch, False, pool)
        if not isinstance(rasterizer, InMemory):
            return False
        if len(batch):
            place = batch, pool, detail.near_tables, eye_rows(eye), eye.size_px
            sums = rasterizer.light(*place, SMALLEST_PX, not theme.ink)
            shares = tuple(share * theme.bloom for _, share in LEVELS)
            glows = theme.bloom > 0 and quality != "low"
            glow = rasterizer.glow(sums, BRIGHT, (shares[0], shares[1])) if glows else None
            picture = self._ground.taken(framebuffer, eye.viewport)
            rasterizer.join(sums, picture, theme.ink, glow)
            self._ground.give_back(picture)
        return True

    def _picture(self, detail: Detail, eye: Eye, theme: Theme, exact: bool) -> Texture | None:
        """Light or ink in what the eye's target holds, until the next one; None where there is none."""
        batch, pool = detail.batch(eye if eye.part is None else eye.cropped(BORDER_PX)), detail.pool.data
        if not len(batch):
            return None
        eye = eye.cropped()
        rasterizer = self._choice.rasterizer(batch, exact, pool)
        place = batch, pool, detail.near_tables, eye_rows(eye), eye.size_px
        try:
            return self._drawn_by(rasterizer, place, theme)
        except InputError as error:
            self._choice.give_up(rasterizer, error)
        return self._drawn_by(self._choice.rasterizer(batch, exact, pool), place, theme)

    def _drawn_by(self, rasterizer: Rasterizer, place: Place, theme: Theme) -> Texture:
        """A rasterizer's picture."""
        if isinstance(rasterizer, OnGpu):
            return rasterizer.picture(*place, SMALLEST_PX, theme.ink)
        sums = rasterizer.light(*place, SMALLEST_PX, not theme.ink)
        self._image.upload(rasterizer.resolve(sums, theme.ink))
        return self._image

    def _glow_aside(self, detail: Detail, eye: Eye, theme: Theme) -> Texture | None:
        """The glow of the whole picture where the target holds a part of it, or where it is large: of a smaller one,
        because glow is as wide in all pictures. None where it comes from the picture itself, or there is none.
        """
        divisor = max(1, round(eye.size_px[1] / GLOW_LINES))
        if eye.part is None and divisor == 1:
            return None
        lens = eye.world_from_eye.tobytes(), eye.clip_from_eye.tobytes(), eye.size_px
        if self._aside is None or self._aside[0] is not detail.drawn or self._aside[1] != lens:
            small_px = (-(-eye.size_px[0] // divisor), -(-eye.size_px[1] // divisor))
            image = self._picture(detail, replace(eye, viewport=(0, 0, *small_px), part=None), theme, exact=True)
            glow = None if image is None else self._bloom.glow(image, small_px)
            self._aside = detail.drawn, lens, glow
        return self._aside[2]

    def _join(self, image: Texture, eye: Eye, theme: Theme, framebuffer: int) -> None:
        gl = self._context.gl
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, framebuffer)
        gl.glViewport(*eye.held_px)
        self._blend(*(("GL_ZERO", "GL_SRC_COLOR") if theme.ink else ("GL_ONE", "GL_ONE")))
        self._context.program("image").use(image=image.bind(0), strength=1.0)
        draw_full_screen()

    def _blend(self, source: str, target: str) -> None:
        """Alpha stays that of the target."""
        gl = self._context.gl
        gl.glEnable(gl.GL_BLEND)
        gl.glBlendFuncSeparate(getattr(gl, source), getattr(gl, target), gl.GL_ZERO, gl.GL_ONE)

    def _draw_stems(self, detail: Detail, eye: Eye) -> None:
        stems = detail.stems()
        count = len(stems.vertices)
        if count:
            offsets = np.arange(0, 2 * count + 1, 2, dtype=np.int64)
            lines = Lines(stems.vertices.reshape(-1, 3), offsets, stems.colors, width_px=STEM_PX)
            self._stems.draw([(np.eye(4), lines)], eye)
