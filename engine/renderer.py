"""The renderer: one eye's picture from a scene, pass by pass.

Order: ground, floor pools and plates, floor text, back faces and edges of glass, lines behind, solids, data, cubes,
front faces and edges, lines in front, words. Nothing writes depth but solids and cubes.
"""

from __future__ import annotations

from typing import TypeVar, cast

import numpy as np

from .beacons import beacons
from .detail import Detail
from .gpu import Context
from .kernels.errors import InputError
from .painters.background import BackgroundPainter
from .painters.boxes import BoxPainter
from .painters.cube_rulers import cube_rulers
from .painters.cubes import CubePainter
from .painters.data import DataPainter
from .painters.kept import KeptPictures
from .painters.label_parts import RECTANGLE, Placed
from .painters.labels import LabelColors, LabelPainter
from .painters.lines import LinePainter
from .painters.shapes import screen_rectangles
from .painters.solids import SolidPainter
from .rasterize import AUTO
from .scene import Boxes, Drawable, Images, Labels, Lines, Points, Scene, ScreenShapes, Surface, Text, walk
from .screen_cover import ScreenCover, screen_cover
from .text_layout import EM
from .tiles import BUDGET_BYTES, TilePool
from .view import Eye, Frame, clip_from_world

__all__ = ["Renderer"]

NO_SHAPES = np.zeros(0, RECTANGLE)
HORIZON_PX = 22.0  # of the line that small words keep off
PANEL_PX = 60.0  # shorter rectangles on the picture are no ground for words

D = TypeVar("D", bound=Drawable)


class Renderer:
    """Draws a scene through any list of eyes. Holds all GPU state; drawables stay plain data.

    `threads` that draw points, memory for tiles in `pool_bytes`; 0: as usual. `rasterizer`: one of `rasterize.WANTED`.
    """

    def __init__(
        self, context: Context, scene: Scene, threads: int = 0, pool_bytes: int = 0, rasterizer: str = AUTO
    ) -> None:
        self._context = context
        self.scene = scene
        self.detail = Detail(scene, TilePool(pool_bytes or BUDGET_BYTES))
        self._background = BackgroundPainter(context)
        self._below = KeptPictures(context)
        self._boxes = BoxPainter(context)
        self._lines = LinePainter(context)
        self._labels = LabelPainter(context)
        self._data = DataPainter(context, threads, rasterizer)
        self._cubes = CubePainter(self._boxes)
        self._solids = SolidPainter(context)

    @property
    def is_fading(self) -> bool:
        """Whether words of the last picture change with time alone."""
        return self._labels.is_fading

    def take_fault(self) -> InputError | None:
        """Why a GPU draws points no longer but the processor, once; None while nothing failed."""
        return self._data.take_fault()

    def show(self, scene: Scene) -> None:
        """Draws another scene from now on; what was read of values that it has too stays."""
        self.scene = scene
        self.detail = Detail(scene, self.detail.pool)

    def prepare(self, frame: Frame) -> None:
        """What all eyes of a frame share: the cut of detail and its tiles. Exact frames wait here for their data."""
        self.detail.prepare(frame)

    def draw(self, frame: Frame, eye: Eye, framebuffer: int, ground: float | None = None) -> None:
        """The finished picture of one eye in the framebuffer. Raises GraphicsError when OpenGL reports a fault.

        `ground`: an even gray, 0 to 1, in place of sky and floor.
        """
        gl, scene = self._context.gl, self.scene
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, framebuffer)
        gl.glViewport(*eye.viewport)
        gl.glDisable(gl.GL_BLEND)
        gl.glDisable(gl.GL_DEPTH_TEST)
        found = _Found(scene)
        boxes, lines, texts = found.boxes(), found.all(Lines), found.texts()
        if found.has_depth() or len(self.detail.near):  # else nobody asks, and a clear costs as much as a pass
            gl.glDepthMask(True)
            gl.glClear(gl.GL_DEPTH_BUFFER_BIT)
        self._boxes.take_glass(boxes, scene, eye)
        if ground is None and eye.part is None:
            self._below.draw(
                lambda: (frame.quality, *found.below()),
                eye,
                framebuffer,
                lambda: self._draw_below(found, frame, eye, framebuffer, None),
            )
        else:
            self._draw_below(found, frame, eye, framebuffer, ground)
        self._blend()
        self._lines.draw([(world, line) for world, line in lines if line.layer == "back"], eye)
        for offset, box in boxes:
            if box.style == "solid":
                self._boxes.draw_solid(box.lower + offset, box.upper + offset, box.colors, eye)
        self._solids.draw([*found.all(Points), *found.all(Surface), *found.all(Images)], eye)
        gl.glFlush()  # a processor that stands in for a GPU draws while points are rasterized
        self._data.draw(self.detail, eye, scene.theme, framebuffer, frame.mode == "exact", frame.quality)
        numbers = self._cubes.draw(self.detail.near, self.detail.grids, eye)
        self._labels.draw_on_faces(texts + numbers, eye, self._label_colors())
        self._solids.draw_veils(found.all(Surface), "light", eye)
        self._boxes.draw_front(eye)
        self._lines.draw([(world, line) for world, line in lines if line.layer == "front"], eye)
        shapes = np.concatenate([screen_rectangles(shape, eye) for _, shape in found.all(ScreenShapes)] or [NO_SHAPES])
        strips, ruled = cube_rulers(self.detail.near, self.detail.grids, scene, eye, shapes)
        self._labels.draw_screen_shapes(np.concatenate([strips, shapes]), eye)
        texts += [(np.eye(4), text) for text in ruled]
        sky_px = _sky_px(eye)
        line = _horizon_line(scene, eye, sky_px)
        avoid_px = np.concatenate([beacons(self.detail, eye), _panels(shapes), _panels(strips), line])
        is_live = frame.mode == "live"
        time_s, cover = frame.time_s if is_live else None, _cover(boxes, texts, eye, sky_px)
        self._labels.draw_front(texts, eye, self._label_colors(), is_live, time_s, avoid_px, cover)
        gl.glUseProgram(0)
        self._context.check("frame")

    def _draw_below(self, found: _Found, frame: Frame, eye: Eye, framebuffer: int, ground: float | None) -> None:
        """Ground, floor and the backs of glass: what stays while data change."""
        gl = self._context.gl
        gl.glDisable(gl.GL_BLEND)
        if ground is None:
            self._background.draw(self.scene, eye, framebuffer, frame.quality)
        else:
            gl.glClearColor(ground, ground, ground, 1)
            gl.glClear(gl.GL_COLOR_BUFFER_BIT)
        self._blend()
        self._boxes.draw_floor(found.boxes(), self.scene, eye)
        self._solids.draw_veils(found.all(Surface), "floor", eye)
        self._labels.draw_floor(found.texts(), eye, self._label_colors())
        self._boxes.draw_back(eye)

    def _blend(self) -> None:
        """Plain blending. Alpha stays 1: the picture is opaque whatever is drawn over it."""
        gl = self._context.gl
        gl.glEnable(gl.GL_BLEND)
        gl.glBlendFuncSeparate(gl.GL_SRC_ALPHA, gl.GL_ONE_MINUS_SRC_ALPHA, gl.GL_ZERO, gl.GL_ONE)

    def _label_colors(self) -> LabelColors:
        theme = self.scene.theme
        return LabelColors(theme.text, theme.text2, theme.text3, theme.panel)


def _panels(shapes: np.ndarray) -> np.ndarray:
    """(n, 4) x, y, width, height of the rectangles, RECTANGLE rows, that words may stand on."""
    return np.asarray(shapes["place_px"][shapes["place_px"][:, 2:].min(1, initial=np.inf) > PANEL_PX])


def _sky_px(eye: Eye) -> float:
    """From the picture's upper edge to the horizon."""
    ahead = -eye.world_from_eye[:3, 2] * (1.0, 0.0, 1.0)
    clip = clip_from_world(eye)[:, :3] @ ahead
    share = 0.5 - 0.5 * clip[1] / clip[3] if clip[3] > 1e-9 else 0.0
    return float(np.clip(share, 0.0, 1.0)) * eye.size_px[1]


def _horizon_line(scene: Scene, eye: Eye, sky_px: float) -> np.ndarray:
    """(1, 4) x, y, width, height of the bright line in the distance, (0, 4) where there is none in view."""
    width, height = eye.size_px
    if not scene.theme.horizon_line or not 0 < sky_px < height:
        return np.zeros((0, 4))
    tall = HORIZON_PX * height / 1080
    return np.array([(0.0, sky_px - tall / 2, width, tall)])


def _cover(boxes: list[tuple[np.ndarray, Boxes]], texts: list[Placed], eye: Eye, sky_px: float) -> ScreenCover:
    """What glass and words on the floor cover of the picture; what recedes counts less."""
    shown = [(offset, box) for offset, box in boxes if box.style in ("glass", "slab")]
    words = [(world[:3, 3] + text.anchor, text) for world, text in texts if text.placement == "floor"]
    middles = np.array([place for place, _ in words]).reshape(-1, 3)
    halves = np.array([_half_of(text) for _, text in words]).reshape(-1, 3)
    lower = np.concatenate([middles - halves, *(box.lower + offset for offset, box in shown)])
    upper = np.concatenate([middles + halves, *(box.upper + offset for offset, box in shown)])
    alpha = np.concatenate([np.ones(len(words)), *(box.colors[:, 3] for _, box in shown)])
    return screen_cover(lower, upper, np.clip(alpha, 0.0, 1.0) ** 4, eye, sky_px)


def _half_of(text: Text) -> np.ndarray:
    """(3,) half sides of words that lie centered on the floor."""
    right = np.abs(np.asarray(text.right, float))
    return np.asarray(text.size / 2 * (right * EM * len(text.text) + right[::-1]))


class _Found:
    """The visible drawables of a scene by their kind, found in one walk."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._found: dict[type, list[tuple[np.ndarray, Drawable]]] = {}
        for world, node in walk(scene.root):
            if node.drawable is not None:
                self._found.setdefault(type(node.drawable), []).append((world, node.drawable))

    def all(self, kind: type[D]) -> list[tuple[np.ndarray, D]]:
        """(world_from_node, drawable) of all of one kind, in scene order."""
        return cast("list[tuple[np.ndarray, D]]", self._found.get(kind, []))

    def boxes(self) -> list[tuple[np.ndarray, Boxes]]:
        """(offset (3,), drawable)."""
        return [(world[:3, 3], box) for world, box in self.all(Boxes)]

    def texts(self) -> list[tuple[np.ndarray, Text]]:
        """(world_from_node, text)."""
        return [(world, text) for world, labels in self.all(Labels) for text in labels.texts]

    def has_depth(self) -> bool:
        """Whether anything hides what is behind it."""
        solid = [*self.all(Points), *self.all(Surface), *self.all(Images)]
        return bool(solid) or any(box.style == "solid" for _, box in self.all(Boxes))

    def below(self) -> tuple:
        """All that `Renderer._draw_below` shows."""
        scene = self._scene
        shown: list[tuple[np.ndarray, Drawable | Text]] = [*self.all(Boxes), *self.all(Surface), *self.texts()]
        below = [(world, part) for world, part in shown if _lies_below(part)]
        return scene.theme, scene.floor_y, scene.floor_step, scene.length, [_content(*placed) for placed in below]


def _lies_below(part: Drawable | Text) -> bool:
    if isinstance(part, Text):
        return part.placement == "floor"
    return isinstance(part, Boxes) and part.style != "solid" or isinstance(part, Surface) and part.style == "floor"


def _content(world: np.ndarray, part: Drawable | Text) -> list:
    """What can be compared: arrays as bytes. What was touched may be as it was."""
    values = [world, *(value for name, value in vars(part).items() if name != "revision")]
    return [value.tobytes() if isinstance(value, np.ndarray) else value for value in values]
