"""Words in the picture: callouts with leaders, text on the screen, text lying in the world, and rectangles behind them.

Screen text has exact sizes on whole pixels; text in the world comes from distance fields and is sharp at any angle.
"""

from __future__ import annotations

import numpy as np

from ..glyphs import ATLAS_WIDTH, FIELD_SPREAD, GlyphAtlas, with_coarser_levels
from ..gpu import Context, Instances, Texture
from ..scene import Text
from ..text_layout import Typesetter, layout_callouts, nearest_by_cell, screen_scale
from ..view import Eye
from .camera import clip_from_camera
from .label_parts import (
    RECTANGLE,
    Card,
    LabelColors,
    Line,
    Placed,
    Tint,
    glyph_rows,
    line_bounds,
    project,
    screen_lines,
    world_rows,
)

__all__ = ["RECTANGLE", "LabelColors", "LabelPainter"]

FLOOR_ALPHA = 0.9
FADE_S = 0.15


class LabelPainter:
    """Draws all text of a scene in a few batches. Expects the eye's viewport to be set and the depth test to be off."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._screen = Typesetter(GlyphAtlas())
        self._world = Typesetter(GlyphAtlas(field=True))
        self._textures: dict[GlyphAtlas, tuple[Texture, int]] = {}
        self._instances: dict[str, Instances] = {}
        self._shown: dict[int, dict[Text, float]] = {}  # target -> text -> time_s of its appearance

    def draw_floor(self, texts: list[Placed], eye: Eye, colors: LabelColors) -> None:
        """Text on the floor: before the data, under everything."""
        floor = [placed for placed in texts if placed[1].placement == "floor"]
        self._draw_in_world(floor, eye, (*colors.text2, FLOOR_ALPHA))

    def draw_front(
        self,
        texts: list[Placed],
        eye: Eye,
        colors: LabelColors,
        history: bool = False,
        time_s: float | None = None,
        avoid_px: np.ndarray | None = None,
    ) -> None:
        """Callouts and text on the screen. No callout covers `avoid_px` (n, 4): x, y from the top left, width, height.

        With `history` callouts that were shown before stay a little longer and, where `time_s` is given, new ones fade
        in; without it the picture depends on the other arguments alone.
        """
        groups: dict[str, list[Placed]] = {"callout": [], "screen": []}
        for placed in texts:
            if placed[1].placement in groups:
                groups[placed[1].placement].append(placed)
        self._screen.tidy()
        lines = [line for _, text in groups["screen"] for line in screen_lines(text, self._screen, eye, colors)]
        avoid = line_bounds(lines) if avoid_px is None else np.concatenate([line_bounds(lines), avoid_px])
        shapes = self._callouts(groups["callout"], eye, colors, history, time_s, lines, avoid)
        self.draw_screen_shapes(shapes, eye)
        self._draw_lines(lines, eye)

    def draw_screen_shapes(self, rectangles: np.ndarray, eye: Eye) -> None:
        """Rectangles on the picture, (n,) of RECTANGLE.

        `place_px` is x, y from the top left, width, height; `left` and `right` RGBA of a gradient across; `form_px` the
        radius of the corners and half the width of a blurred edge (0: sharp).
        """
        if not len(rectangles):
            return
        program = self._context.program("labels_shapes")
        program.use(size_px=eye.size_px)
        self._draw("labels_shapes", rectangles)

    def close(self) -> None:
        """Frees the GPU memory."""
        for instances in self._instances.values():
            instances.close()
        for texture, _ in self._textures.values():
            texture.close()
        self._instances.clear()
        self._textures.clear()

    def _callouts(
        self,
        texts: list[Placed],
        eye: Eye,
        colors: LabelColors,
        history: bool,
        time_s: float | None,
        lines: list[Line],
        avoid_px: np.ndarray,
    ) -> np.ndarray:
        """RECTANGLE rows of the callouts that find room beside `avoid_px`; their own lines are added to `lines`."""
        before = self._shown.get(eye.target, {}) if history else {}
        index, anchors, distance = project(texts, eye)
        priority = np.fromiter((texts[k][1].priority for k in index), float, len(index))
        kept = np.array([texts[k][1] in before for k in index], bool) if before else np.zeros(len(index), bool)
        chosen = nearest_by_cell(anchors, distance, priority, kept, screen_scale(eye.viewport[3]))
        cards = [Card(texts[index[k]][1], self._screen, eye.viewport[3]) for k in chosen]
        sizes = np.array([card.size_px for card in cards]).reshape(-1, 2)
        placed, rectangles = layout_callouts(anchors[chosen], sizes, eye.size_px, avoid_px)
        now = time_s if time_s is not None else np.inf
        shown = {cards[k].text: before.get(cards[k].text, now if before else -np.inf) for k in placed}
        if history:
            self._shown[eye.target] = shown
        leaders, panels = [np.zeros(0, RECTANGLE)], [np.zeros(0, RECTANGLE)]
        for k, rectangle in zip(placed, rectangles, strict=True):
            card = cards[k]
            alpha = 1.0 if time_s is None else min(1.0, (time_s - shown[card.text]) / FADE_S)
            leaders.append(card.leader(rectangle, anchors[chosen[k]], colors, alpha))
            panels.append(card.panel(rectangle, colors, alpha))
            lines.extend(card.lines(rectangle, colors, alpha))
        return np.concatenate(leaders + panels)  # a leader that passes another callout runs behind its panel

    def draw_on_faces(self, texts: list[Placed], eye: Eye, colors: LabelColors) -> None:
        """Text on faces of what is solid, hidden by what is nearer in the depth buffer."""
        faces = [placed for placed in texts if placed[1].placement == "face"]
        gl = self._context.gl
        gl.glEnable(gl.GL_DEPTH_TEST)
        gl.glDepthFunc(gl.GL_LEQUAL)
        gl.glDepthMask(False)
        gl.glEnable(gl.GL_POLYGON_OFFSET_FILL)
        gl.glPolygonOffset(-1.0, -4.0)  # text lies in the very plane of the face
        self._draw_in_world(faces, eye, (*colors.text, 1.0))
        gl.glDisable(gl.GL_POLYGON_OFFSET_FILL)
        gl.glDepthMask(True)
        gl.glDepthFunc(gl.GL_LESS)
        gl.glDisable(gl.GL_DEPTH_TEST)

    def _draw_in_world(self, texts: list[Placed], eye: Eye, tint: Tint) -> None:
        if not texts:
            return
        self._world.tidy()
        rows = world_rows(texts, self._world, eye, tint)
        if not len(rows):
            return
        fields = self._texture(self._world.atlas).bind(0)
        program = self._context.program("labels_world")
        program.use(
            clip_from_camera=clip_from_camera(eye), fields=fields, spread=float(FIELD_SPREAD), atlas_width=ATLAS_WIDTH
        )
        self._draw("labels_world", rows)

    def _draw_lines(self, lines: list[Line], eye: Eye) -> None:
        if not lines:
            return
        rows = glyph_rows(lines)
        glyphs = self._texture(self._screen.atlas).bind(0)
        self._context.program("labels").use(size_px=eye.size_px, glyphs=glyphs)
        self._draw("labels", rows)

    def _draw(self, name: str, rows: np.ndarray) -> None:
        """Draws one quad a row with the program of this name, which is in use; blends over what is there."""
        gl = self._context.gl
        if name not in self._instances:
            self._instances[name] = Instances(self._context.program(name), rows.dtype)
        self._instances[name].upload(rows)
        gl.glEnable(gl.GL_BLEND)
        gl.glBlendFuncSeparate(gl.GL_SRC_ALPHA, gl.GL_ONE_MINUS_SRC_ALPHA, gl.GL_ZERO, gl.GL_ONE)
        self._instances[name].draw(4)
        gl.glUseProgram(0)

    def _texture(self, atlas: GlyphAtlas) -> Texture:
        """The atlas on the GPU, as it is now."""
        texture, revision = self._textures.get(atlas) or (Texture(smooth=False), -1)
        if revision != atlas.revision:
            texture.upload(with_coarser_levels(atlas.image) if atlas.field else atlas.image)
            self._textures[atlas] = texture, atlas.revision
        return texture
