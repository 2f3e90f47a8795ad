"""The way of the light as a line at the bottom of the picture: where it is, and what it passes when."""

from __future__ import annotations

import numpy as np

from ..engine.scene import Labels, Node, ScreenShapes, Text
from ..engine.text_layout import screen_scale
from ..engine.theme import Theme
from .legend import WIDTH_PX
from .placement import Layout
from .strings import text
from .wave import Wave

__all__ = ["LEFT_PX", "LINE_Y_PX", "Timeline", "length_px"]

LEFT_PX, LINE_Y_PX, LABEL_Y_PX = 66.0, -84.0, -66.0  # from the lower left corner, px at 1080 lines
GAP_PX, LEAST_PX, MOST_PX = 110.0, 260.0, 1180.0
LINE_PX, KNOB_PX, TICK_PX = 2.5, 13.0, 12.0
TRACK_ALPHA, DONE_ALPHA, TICK_ALPHA = 0.26, 0.92, 0.5
ABOVE_PX, BELOW_PX, BESIDE_PX, RADIUS_PX, GROUND_ALPHA = 32.0, 56.0, 28.0, 14.0, 0.80  # of what hides data behind it
MOST_BLOCKS, MOST_PARTS, LONGEST_NAME = 6, 9, 20
EM_PX, BETWEEN_PX = 9.0, 16.0  # of a letter; between words


class Timeline:
    """Drawables of the line; `node` is to be added to a scene."""

    def __init__(self, layout: Layout, wave: Wave, theme: Theme) -> None:
        self._marks, self._wave, self._theme = _marks(layout, wave), wave, theme
        places, colors = np.zeros((0, 4)), np.zeros((0, 4), np.float32)
        self._shapes = ScreenShapes(np.zeros((0, 2)), places, colors, colors, np.zeros(0))
        self._labels = Labels([])
        self._size_px = (0, 0)
        self.node = Node("timeline")
        for drawable in (self._shapes, self._labels):
            self.node.add(Node(drawable=drawable))

    def show(self, place: float, size_px: tuple[int, int]) -> None:
        """Brings the knob to a place in the wave. `size_px` (width, height) of the picture."""
        length = length_px(size_px)
        done = length * min(max(place / max(self._wave.length, 1e-9), 0.0), 1.0)
        if size_px != self._size_px:
            self._size_px = size_px
            self._labels.texts = self._texts(length)
            self._labels.touch()
        half, ground = LINE_PX / 2, (LEFT_PX - BESIDE_PX, LINE_Y_PX - ABOVE_PX, length + 2 * BESIDE_PX)
        ticks = [length * at / max(self._wave.length, 1e-9) for at, _ in self._marks if at > 0]
        rows = [
            (*ground, ABOVE_PX + BELOW_PX, GROUND_ALPHA, RADIUS_PX),
            (LEFT_PX, LINE_Y_PX - half, length, LINE_PX, TRACK_ALPHA, half),
            *((LEFT_PX + x, LINE_Y_PX - TICK_PX / 2, 1.5, TICK_PX, TICK_ALPHA, 0.0) for x in ticks),
            (LEFT_PX, LINE_Y_PX - half, max(done, LINE_PX), LINE_PX, DONE_ALPHA, half),
            (LEFT_PX + done - KNOB_PX / 2, LINE_Y_PX - KNOB_PX / 2, KNOB_PX, KNOB_PX, 1.0, KNOB_PX / 2),
        ]
        self._shapes.fractions = np.tile([0.0, 1.0], (len(rows), 1))
        self._shapes.rectangles_px = np.array([row[:4] for row in rows])
        colors = [self._theme.floor, *[self._theme.text] * (len(rows) - 1)]
        tints = [(*color, row[4]) for color, row in zip(colors, rows, strict=True)]
        self._shapes.left = self._shapes.right = np.array(tints, np.float32)
        self._shapes.radius_px = np.array([row[5] for row in rows])
        self._shapes.touch()

    def _texts(self, length: float) -> list[Text]:
        """A word below the middle of each part, where there is room for it."""
        place, color = np.array([0.0, 1.0]), (*self._theme.text2, 1.0)
        texts, free = [], -1e9
        ends = [at for at, _ in self._marks[1:]] + [self._wave.length]
        for (at, words), end in zip(self._marks, ends, strict=True):
            x = LEFT_PX + length * (at + end) / 2 / max(self._wave.length, 1e-9)
            reach = EM_PX * len(words) / 2
            x = max(x, LEFT_PX + reach)
            if x - reach < free or not words:
                continue
            free = x + reach + BETWEEN_PX
            texts.append(Text(words, place, "screen", size=17, color=color, offset_px=(x, LABEL_Y_PX), align="center"))
        return texts


def length_px(size_px: tuple[int, int]) -> float:
    """Length of the line in a picture of (width, height) px; as places on the picture, for 1080 lines."""
    room = size_px[0] / screen_scale(size_px[1]) - LEFT_PX - WIDTH_PX - GAP_PX
    return min(max(room, LEAST_PX), MOST_PX)


def _marks(layout: Layout, wave: Wave) -> list[tuple[float, str]]:
    """(place in the wave, words) where parts begin: blocks where there are few, else first names of layers.

    Of very many parts only the first and the last are named.
    """
    few = len(layout.plates) <= MOST_BLOCKS
    marks: list[tuple[float, str]] = []
    for number, stage in enumerate(wave.stages):
        layer = layout.layers[stage.layers[0]]
        if layer.block >= 0 and few:
            words = text("scene.block", number=layer.block + 1)
        elif layer.block >= 0:
            words = text("run.blocks", count=len(layout.plates))
        else:
            words = layer.volume.path.lstrip("/.").replace("/", ".").partition(".")[0][:LONGEST_NAME]
        if not marks or marks[-1][1] != words:
            marks.append((float(number), words))
    if len(marks) > MOST_PARTS:
        return [marks[0], (marks[1][0], ""), marks[-1]]
    return marks
