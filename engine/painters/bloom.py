"""Bloom: the glow around bright data, blurred at a quarter and a sixteenth of the size."""

from __future__ import annotations

from ..gpu import Context, Target, Texture, draw_full_screen
from ..view import Eye

__all__ = ["BRIGHT", "LEVELS", "BloomPainter"]

THRESHOLD = 0.32
BRIGHT = (0.3 * THRESHOLD, 1.4 * THRESHOLD + 1e-4)  # peaks of what begins to glow, and of what glows in full
LEVELS = ((4, 0.55), (16, 0.50))  # divisor of the size, strength
PASSES = 2


class BloomPainter:
    """Adds the glow of an image to the framebuffer. Targets are kept from frame to frame."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._targets: dict[tuple[int, int, int], Target] = {}

    def glow(self, image: Texture, size_px: tuple[int, int]) -> Texture:
        """The glow of an image of this size, a quarter of it; until an image of the same size is given."""
        gl = self._context.gl
        gl.glDisable(gl.GL_BLEND)
        glows, source, source_px = [], image, size_px
        for level, (divisor, _) in enumerate(LEVELS):
            small = (max(size_px[0] // divisor, 1), max(size_px[1] // divisor, 1))
            glow = self._target(*small, 2 * level)
            threshold = 0.0 if level else THRESHOLD
            self._pass("shrink", source, glow, pixel=(1 / source_px[0], 1 / source_px[1]), threshold=threshold)
            scratch = self._target(*small, 2 * level + 1)
            for _ in range(PASSES):
                self._pass("blur", glow.color, scratch, pixel=(1 / small[0], 0.0))
                self._pass("blur", scratch.color, glow, pixel=(0.0, 1 / small[1]))
            glows.append(glow)
            source, source_px = glow.color, small
        self._blend()
        # All into the finest glow first: only one is enlarged to the whole picture.
        (_, share), *others = LEVELS
        for glow, (_, other) in zip(glows[1:], others, strict=True):
            self._add(glow.color, glows[0].framebuffer, (0, 0, *glows[0].size_px), other / share)
        return glows[0].color

    def add(self, glow: Texture, eye: Eye, framebuffer: int, strength: float) -> None:
        """Adds what `glow` gave, over the eye's viewport. Leaves the framebuffer bound, blending on and additive."""
        self._blend()
        self._add(glow, framebuffer, eye.viewport, LEVELS[0][1] * strength)

    def _blend(self) -> None:
        gl = self._context.gl
        gl.glEnable(gl.GL_BLEND)
        gl.glBlendFuncSeparate(gl.GL_ONE, gl.GL_ONE, gl.GL_ZERO, gl.GL_ONE)

    def _add(self, image: Texture, framebuffer: int, viewport: tuple[int, int, int, int], strength: float) -> None:
        gl = self._context.gl
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, framebuffer)
        gl.glViewport(*viewport)
        self._context.program("image").use(image=image.bind(0), strength=strength)
        draw_full_screen()

    def _pass(self, fragment: str, source: Texture, target: Target, **uniforms: object) -> None:
        gl = self._context.gl
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, target.framebuffer)
        gl.glViewport(0, 0, *target.size_px)
        self._context.program("image", fragment).use(image=source.bind(0), **uniforms)
        draw_full_screen()

    def _target(self, width_px: int, height_px: int, use: int) -> Target:
        key = (width_px, height_px, use)
        if key not in self._targets:
            if len(self._targets) >= 16:  # sizes of a window that is being resized
                for target in self._targets.values():
                    target.close()
                self._targets.clear()
            self._targets[key] = Target(width_px, height_px, depth=False)
        return self._targets[key]
