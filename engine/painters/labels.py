"""Words in the picture: callouts with leaders, text on the screen, text lying in the world, and rectangles behind them.

Screen text has exact sizes on whole pixels; text in the world comes from distance fields and is sharp at any angle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..glyphs import ATLAS_WIDTH, FIELD_SPREAD, GlyphAtlas, with_coarser_levels
from ..gpu import Context, Instances, Texture
from ..scene import Text
from ..screen_cover import ScreenCover
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
LARGE_PX = 60.0  # an em of words on the floor, px at 1080 lines: larger ones recede before what is near
FADE_S = 0.15

Key = tuple[str, str, bytes]


@dataclass(frozen=True)
class _Callout:
    """A callout of the picture before."""

    strength: float  # 0 to 1
    offset_px: tuple[float, float]  # from its anchor to its rectangle
    is_leaving: bool = False

    @property
    def is_fading(self) -> bool:
        return self.is_leaving or self.strength < 1


@dataclass(frozen=True)
class _Shown:
    """Callouts of the picture before."""

    callouts: dict[Key, _Callout]
    time_s: float = 0.0

    def after(
        self, keys: list[Key], anchors: np.ndarray, standing: dict[int, np.ndarray], placed: int, time_s: float | None
    ) -> _Shown:
        """Those of the next picture: the first `placed` of `standing` grow stronger, the others weaker."""
        step = 1.0 if time_s is None else max(time_s - self.time_s, 0.0) / FADE_S
        now = {}
        for number, (k, rectangle) in enumerate(standing.items()):
            before = self.callouts.get(keys[k])
            start = before.strength if before else 0.0
            is_leaving = number >= placed
            strength = max(start - step, 0.0) if is_leaving else min(start + step, 1.0)
            if not self.callouts or time_s is None:
                strength = 1.0
            elif before is None:
                strength = 0.0
            if strength or not is_leaving:
                offset = rectangle[0] - anchors[k, 0], rectangle[1] - anchors[k, 1]
                now[keys[k]] = _Callout(strength, offset, is_leaving)
        return _Shown(now, time_s or 0.0)


NONE_SHOWN = _Shown({})
NEW = _Callout(0.0, (np.nan, np.nan))


def _key(text: Text) -> Key:
    """What a callout says and where: the same in a scene that was worded again."""
    return text.text, text.detail, text.anchor.tobytes()


def _leaving(
    before: _Shown, keys: list[Key], anchors: np.ndarray, sizes: np.ndarray, standing: dict[int, np.ndarray]
) -> dict[int, np.ndarray]:
    """Callouts that stand no longer, with their rectangles where nothing new stands there."""
    left: dict[int, np.ndarray] = {}
    boxes = np.array(list(standing.values())).reshape(-1, 4)
    for k, key in enumerate(keys):
        if k in standing or key not in before.callouts:
            continue
        low = np.round(anchors[k] + before.callouts[key].offset_px)
        high = low + np.ceil(sizes[k])
        if not ((boxes[:, :2] < high) & (low < boxes[:, :2] + boxes[:, 2:])).all(1).any():
            left[k] = np.array([*low, *(high - low)])
    return left


class LabelPainter:
    """Draws all text of a scene in a few batches. Expects the eye's viewport to be set and the depth test to be off."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._screen = Typesetter(GlyphAtlas())
        self._world = Typesetter(GlyphAtlas(field=True))
        self._textures: dict[GlyphAtlas, tuple[Texture, int]] = {}
        self._instances: dict[str, Instances] = {}
        self._shown: dict[int, _Shown] = {}  # by target
        self._layouts: dict[int, tuple[tuple, tuple[np.ndarray, np.ndarray]]] = {}  # by target: of what, the last one
        self.is_fading = False  # whether callouts of the last picture change with time alone

    def draw_floor(self, texts: list[Placed], eye: Eye, colors: LabelColors) -> None:
        """Text on the floor: before the data, under everything."""
        floor = [placed for placed in texts if placed[1].placement == "floor"]
        self._draw_in_world(floor, eye, (*colors.text2, FLOOR_ALPHA), LARGE_PX)

    def draw_front(
        self,
        texts: list[Placed],
        eye: Eye,
        colors: LabelColors,
        history: bool = False,
        time_s: float | None = None,
        avoid_px: np.ndarray | None = None,
        cover: ScreenCover | None = None,
    ) -> None:
        """Callouts and text on the screen. No callout covers `avoid_px` (n, 4): x, y from the top left, width, height.

        Callouts stand where they hide little of what is `cover`ed. With `history` those that were shown before stay a
        little longer and, where `time_s` is given, new ones fade in and old ones out; without it the picture depends on
        the other arguments alone.
        """
        groups: dict[str, list[Placed]] = {"callout": [], "screen": []}
        for placed in texts:
            if placed[1].placement in groups:
                groups[placed[1].placement].append(placed)
        self._screen.tidy()
        lines = [line for _, text in groups["screen"] for line in screen_lines(text, self._screen, eye, colors)]
        avoid = line_bounds(lines) if avoid_px is None else np.concatenate([line_bounds(lines), avoid_px])
        shapes = self._callouts(groups["callout"], eye, colors, history, time_s, lines, avoid, cover)
        self.draw_screen_shapes(shapes, eye)
        self._draw_lines(lines, eye)

    def draw_screen_shapes(self, rectangles: np.ndarray, eye: Eye) -> None:
        """Rectangles on the picture, (n,) of RECTANGLE.

        `place_px` is x, y from the top left, width, height; `left` and `right` RGBA of a gradient across; `form_px` the
        radius of the corners and half the width of a blurred edge (0: sharp); `glyph` an index in GLYPHS.
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

    def _laid_out(
        self,
        eye: Eye,
        anchors: np.ndarray,
        sizes: np.ndarray,
        avoid_px: np.ndarray,
        cover: ScreenCover | None,
        offsets: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `layout_callouts`; the last one again while an eye stands still."""
        given = anchors, sizes, avoid_px, offsets, np.zeros(0) if cover is None else cover.sums
        content = eye.size_px, cover is None, *(array.tobytes() for array in given)
        if self._layouts.get(eye.target, ((), ()))[0] != content:
            self._layouts[eye.target] = content, layout_callouts(anchors, sizes, eye.size_px, avoid_px, cover, offsets)
        return self._layouts[eye.target][1]

    def _callouts(
        self,
        texts: list[Placed],
        eye: Eye,
        colors: LabelColors,
        history: bool,
        time_s: float | None,
        lines: list[Line],
        avoid_px: np.ndarray,
        cover: ScreenCover | None,
    ) -> np.ndarray:
        """RECTANGLE rows of the callouts that find room beside `avoid_px`; their own lines are added to `lines`."""
        before = self._shown.get(eye.target, NONE_SHOWN) if history else NONE_SHOWN
        index, anchors, distance = project(texts, eye)
        keys = [_key(texts[k][1]) for k in index]
        priority = np.fromiter((texts[k][1].priority for k in index), float, len(index))
        kept = np.fromiter((key in before.callouts for key in keys), bool, len(index))
        chosen = nearest_by_cell(anchors, distance, priority, kept, screen_scale(eye.viewport[3]))
        cards = [Card(texts[index[k]][1], self._screen, eye.viewport[3]) for k in chosen]
        anchors, keys = anchors[chosen], [keys[k] for k in chosen]
        sizes = np.array([card.size_px for card in cards]).reshape(-1, 2)
        offsets = np.array([before.callouts.get(key, NEW).offset_px for key in keys]).reshape(-1, 2)
        placed, rectangles = self._laid_out(eye, anchors, sizes, avoid_px, cover, offsets)
        standing = dict(zip(placed.tolist(), rectangles, strict=True))
        if time_s is not None:
            standing |= _leaving(before, keys, anchors, sizes, standing)
        now = before.after(keys, anchors, standing, len(placed), time_s)
        self.is_fading = time_s is not None and any(callout.is_fading for callout in now.callouts.values())
        if history:
            self._shown[eye.target] = now
        leaders, panels = [np.zeros(0, RECTANGLE)], [np.zeros(0, RECTANGLE)]
        for k, rectangle in standing.items():
            callout = now.callouts.get(keys[k])
            if callout is None:
                continue
            card, alpha = cards[k], callout.strength
            leaders.append(card.leader(rectangle, anchors[k], colors, alpha))
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

    def _draw_in_world(self, texts: list[Placed], eye: Eye, tint: Tint, large_px: float = np.inf) -> None:
        if not texts:
            return
        self._world.tidy()
        rows = world_rows(texts, self._world, eye, tint, large_px)
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
