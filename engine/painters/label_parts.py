"""What labels are made of, as rows for the GPU: lines of glyphs, callouts with panel, leader and dot, world text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..glyphs import FIELD_SIZE_PX
from ..scene import GLYPHS, Text
from ..text_layout import Run, Typesetter, least_size_px, screen_scale
from ..theme import Color
from ..view import Eye, clip_from_world

__all__ = [
    "GLYPH",
    "RECTANGLE",
    "WORLD_GLYPH",
    "Card",
    "LabelColors",
    "Line",
    "Placed",
    "Tint",
    "glyph_rows",
    "line_bounds",
    "project",
    "screen_lines",
    "world_rows",
]

GLYPH = np.dtype([("place", "f4", 4), ("texel", "f4", 2), ("tint", "f4", 4)])
WORLD_GLYPH = np.dtype(
    [("corner", "f4", 3), ("across", "f4", 3), ("down", "f4", 3), ("box", "f4", 4), ("tint", "f4", 4)]
)
RECTANGLE = np.dtype(
    [("place_px", "f4", 4), ("left", "f4", 4), ("right", "f4", 4), ("form_px", "f4", 2), ("glyph", "f4")]
)

BASE_LINE, LINE, CAP_MIDDLE = 0.86, 1.42, 0.364  # em: base line under the top, line to line, middle of capitals
ALIGN = {"left": 0.0, "center": 0.5, "right": 1.0}
DOT_RADIUS, DOT_SPACE = 0.32, 1.0  # em of the name
LEADER_GAP_PX, PADDING_PX, PANEL_RADIUS_PX, BLUR_PX = 2.0, (8.0, 5.0), 8.0, 6.0
RECEDED = 0.2  # strength of the largest words in the world
LEGIBLE_PX = (3.0, 6.0)  # an em of text in the world, the way it is shorter: gone below, full above

Tint = tuple[float, float, float, float]  # RGBA
Placed = tuple[np.ndarray, Text]  # world_from_node (4, 4) float64, text


@dataclass(frozen=True)
class LabelColors:
    """Colors of text without one of its own."""

    text: Color
    text2: Color
    text3: Color
    panel: Color
    leader_alpha: float = 0.5
    panel_alpha: float = 0.80  # enough to read text2 over anything


@dataclass(frozen=True)
class Line:
    """A line of text at its place on the screen."""

    run: Run
    x_px: int  # pen
    y_px: int  # base line
    size_px: int
    tint: Tint


def glyph_rows(lines: list[Line]) -> np.ndarray:
    """GLYPH rows of all lines."""
    counts = [len(line.run.glyphs) for line in lines]
    glyphs = np.concatenate([line.run.glyphs for line in lines])
    rows = np.zeros(len(glyphs), GLYPH)
    rows["place"] = glyphs[:, :4]
    rows["place"][:, :2] += np.repeat(np.array([(line.x_px, line.y_px) for line in lines], np.float32), counts, axis=0)
    rows["texel"] = glyphs[:, 4:]
    rows["tint"] = np.repeat(np.array([line.tint for line in lines], np.float32), counts, axis=0)
    return rows


def line_bounds(lines: list[Line]) -> np.ndarray:
    """(n, 4) x, y, width, height in px of the lines' em boxes."""
    boxes = [(line.x_px, line.y_px - BASE_LINE * line.size_px, line.run.width, line.size_px) for line in lines]
    return np.array(boxes, float).reshape(-1, 4)


def screen_lines(text: Text, typesetter: Typesetter, eye: Eye, colors: LabelColors) -> Iterator[Line]:
    """The lines of a text on the screen; its place is the top (left, middle or right) of the first line's em box."""
    width, height = eye.size_px
    size_px = least_size_px(text.size, height)
    scale = screen_scale(height)
    x = text.anchor[0] * width + text.offset_px[0] * scale
    y = text.anchor[1] * height + text.offset_px[1] * scale
    for number, words in enumerate(text.text.split("\n")):
        run = typesetter.run(words, text.weight, size_px)
        pen = x - ALIGN[text.align] * run.width
        base = y + (BASE_LINE + LINE * number) * size_px
        yield Line(run, round(pen), round(base), size_px, text.color or (*colors.text, 1.0))


class Card:
    """A callout before it has a place: its lines and the size of its panel."""

    def __init__(self, text: Text, typesetter: Typesetter, height_px: int) -> None:
        self.text = text
        self._scale = screen_scale(height_px)
        self._size_px = least_size_px(text.size, height_px)
        self._name = typesetter.run(text.text, text.weight, self._size_px)
        details = text.detail.split("\n") if text.detail else []
        self._details = [typesetter.run(words, "regular", self._size_px) for words in details]
        self._indent = DOT_SPACE * self._size_px if text.dot else 0.0
        widest = max(run.width for run in [self._name, *self._details])
        under = len(details) * LINE * self._size_px
        padding_x, padding_y = (side * self._scale for side in PADDING_PX)
        self.size_px = (self._indent + widest + 2 * padding_x, 1.15 * self._size_px + under + 2 * padding_y)

    def lines(self, rectangle: np.ndarray, colors: LabelColors, alpha: float) -> Iterator[Line]:
        """The lines, in the panel's rectangle (4,) x, y, width, height in px."""
        x = round(rectangle[0] + PADDING_PX[0] * self._scale + self._indent)
        y = self._base_line(rectangle)
        red, green, blue, opacity = self.text.color or (*colors.text, 1.0)
        yield Line(self._name, x, y, self._size_px, (red, green, blue, opacity * alpha))
        for number, run in enumerate(self._details, 1):
            base = y + round(number * LINE * self._size_px)
            yield Line(run, x, base, self._size_px, (*colors.text2, alpha))

    def leader(self, rectangle: np.ndarray, anchor_px: np.ndarray, colors: LabelColors, alpha: float) -> np.ndarray:
        """One RECTANGLE row: the line from under the text down to the anchor."""
        row = np.zeros(1, RECTANGLE)
        top = round(rectangle[1] + rectangle[3] + (LEADER_GAP_PX - PADDING_PX[1]) * self._scale)
        row["place_px"] = math.floor(anchor_px[0]), top, max(1, round(self._scale)), max(round(anchor_px[1]) - top, 0)
        row["left"] = row["right"] = *colors.text2, colors.leader_alpha * alpha
        return row

    def panel(self, rectangle: np.ndarray, colors: LabelColors, alpha: float) -> np.ndarray:
        """RECTANGLE rows: the soft panel, and the dot if there is one."""
        rows = np.zeros(2 if self.text.dot else 1, RECTANGLE)
        rows["place_px"][0] = rectangle
        rows["left"][0] = *colors.panel, colors.panel_alpha * alpha
        rows["form_px"][0] = PANEL_RADIUS_PX * self._scale, BLUR_PX * self._scale
        if self.text.dot:
            radius = DOT_RADIUS * self._size_px
            middle = self._base_line(rectangle) - CAP_MIDDLE * self._size_px
            x = rectangle[0] + PADDING_PX[0] * self._scale
            rows["place_px"][1] = x, middle - radius, 2 * radius, 2 * radius
            rows["left"][1] = *self.text.dot[:3], self.text.dot[3] * alpha
            rows["glyph"][1] = GLYPHS.index(self.text.glyph)
        rows["right"] = rows["left"]
        return rows

    def _base_line(self, rectangle: np.ndarray) -> int:
        return round(rectangle[1] + PADDING_PX[1] * self._scale + BASE_LINE * self._size_px)


def _matrices(texts: list[Placed]) -> np.ndarray:
    """(n, 4, 4) float64."""
    return np.concatenate([world for world, _ in texts]).reshape(-1, 4, 4) if texts else np.zeros((0, 4, 4))


def _anchors(texts: list[Placed], matrices: np.ndarray) -> np.ndarray:
    """(n, 3) float64, world."""
    anchors = np.concatenate([text.anchor for _, text in texts]).reshape(-1, 3) if texts else np.zeros((0, 3))
    return np.einsum("nij,nj->ni", matrices[:, :3, :3], anchors) + matrices[:, :3, 3]


def _far_sides(texts: list[Placed], eye: Eye) -> np.ndarray:
    """(n, 3) float64: from the middle of what is named to its side that the eye sees uppermost, along its axes."""
    half = np.array([text.half for _, text in texts]).reshape(-1, 2)
    away = (eye.world_from_eye[:3, 1] - eye.world_from_eye[:3, 2])[[0, 2]]
    across = half * away
    far = half * across / np.maximum(np.linalg.norm(across, axis=1), 1e-9)[:, None]
    return np.column_stack([far[:, 0], np.zeros(len(far)), far[:, 1]])


def project(texts: list[Placed], eye: Eye) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(indices of the texts whose anchor is in the picture (m,), places (m, 2) px from the top left, distance (m,)).

    The place is above the far side of what is named, so that a leader up from it leaves that free.
    """
    anchors = _anchors(texts, _matrices(texts)) + _far_sides(texts, eye)
    clip = np.concatenate([anchors, np.ones((len(anchors), 1))], 1) @ clip_from_world(eye).T
    distance = clip[:, 3]
    inside = (distance > 1e-6) & (np.abs(clip[:, :2]) <= np.maximum(distance, 1e-6)[:, None]).all(1)
    index = np.flatnonzero(inside)
    unit = clip[index, :2] / distance[index, None] * (0.5, -0.5) + 0.5
    return index, unit * eye.size_px, distance[index]


def world_rows(
    texts: list[Placed], typesetter: Typesetter, eye: Eye, tint: Tint, large_px: float = np.inf
) -> np.ndarray:
    """WORLD_GLYPH rows of text lying in planes with normal +y; each line's capitals are centered on its place.

    What is too small to read is left out, and fades before that; an em of more than `large_px`, at 1080 lines, recedes.
    `tint` is for text without a color.
    """
    matrices = _matrices(texts)
    relative = _anchors(texts, matrices) - eye.position
    size = np.array([text.size for _, text in texts])
    visible, alpha = _legible(relative, size, matrices[:, :3, 1], eye, large_px)
    items = [
        (k, number, typesetter.run(words, texts[k][1].weight), ALIGN[texts[k][1].align])
        for k in visible
        for number, words in enumerate(texts[k][1].text.split("\n"))
    ]
    if not items:
        return np.zeros(0, WORLD_GLYPH)
    counts = [len(run.glyphs) for _, _, run, _ in items]
    rights = np.array([texts[k][1].right for k in visible], float)
    ups = np.cross((0.0, 1.0, 0.0), rights)
    frames = np.zeros((len(texts), 3, 3))  # right, down, place
    for column, vectors in enumerate((rights, -ups)):
        turned = np.einsum("nij,nj->ni", matrices[visible, :3, :3], vectors)
        frames[visible, column] = turned * (size[visible] / FIELD_SIZE_PX / np.linalg.norm(turned, axis=1))[:, None]
    frames[:, 2] = relative
    tints = np.zeros((len(texts), 4), np.float32)
    tints[visible] = [texts[k][1].color or tint for k in visible]
    tints[:, 3] *= alpha
    glyphs = np.concatenate([run.glyphs for _, _, run, _ in items])
    shifts = [(-align * run.width, (CAP_MIDDLE + LINE * number) * FIELD_SIZE_PX) for _, number, run, align in items]
    owner = np.repeat([k for k, _, _, _ in items], counts)
    place = glyphs[:, :2] + np.repeat(np.array(shifts), counts, axis=0)
    right, down, origin = (frames[owner, column] for column in range(3))
    rows = np.zeros(len(glyphs), WORLD_GLYPH)
    rows["corner"] = origin + right * place[:, :1] + down * place[:, 1:]
    rows["across"], rows["down"] = right * glyphs[:, 2:3], down * glyphs[:, 3:4]
    rows["box"] = glyphs[:, [4, 5, 2, 3]]
    rows["tint"] = tints[owner]
    return rows


def _legible(
    relative: np.ndarray, size: np.ndarray, normals: np.ndarray, eye: Eye, large_px: float
) -> tuple[np.ndarray, np.ndarray]:
    """(indices of text that can be read (m,), strength of all (n,)): by the em's projection where it is shorter."""
    depth = -relative @ eye.world_from_eye[:3, 2]
    distance = np.maximum(np.linalg.norm(relative, axis=1), 1e-9)
    flatness = np.abs(np.einsum("ni,ni->n", relative, normals)) / (distance * np.linalg.norm(normals, axis=1))
    em_px = size * eye.focal_px / np.maximum(distance, size * 0.01) * flatness
    low, high = LEGIBLE_PX
    alpha = np.clip((em_px - low) / (high - low), 0.0, 1.0)
    over = em_px * 1080 / eye.viewport[3] / large_px
    alpha = alpha * np.clip(1 / np.maximum(over, 1.0) ** 2, RECEDED, 1.0)
    return np.flatnonzero((alpha > 0) & (depth > -8 * size)), alpha
