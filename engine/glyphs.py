"""Glyphs: characters of the shipped fonts as pictures in one growing atlas. Knows no OpenGL: an array and its revision.

Two sorts of atlas: *coverage* at exact pixel sizes for text on the screen, in four horizontal phases of a quarter
pixel, and *distance fields* of one large size for text in the world. FreeType is imported with the first glyph.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "ATLAS_WIDTH",
    "FIELD_SIZE_PX",
    "FIELD_SPREAD",
    "FONTS",
    "PHASES",
    "PHASES_UP_TO_PX",
    "Fonts",
    "Glyph",
    "GlyphAtlas",
    "distance_field",
    "font_file",
    "shipped_fonts",
    "tracking",
    "with_coarser_levels",
]

FONTS = Path(__file__).resolve().parent.parent / "assets" / "fonts"
# The fallback has what Inter lacks.
FILES = {"light": "Inter-Light", "regular": "Inter-Regular", "semibold": "Inter-SemiBold", "fallback": "NotoSansSC"}

PHASES = 4  # horizontal positions of a glyph within a pixel
PHASES_UP_TO_PX = 64  # larger glyphs have one: a pixel is nothing to them
FIELD_SIZE_PX = 64  # em of glyphs in a distance field
FIELD_SPREAD = 6  # texels on either side of an outline that a distance field tells apart
FIELD_CELL = 8  # glyphs of a distance field start at multiples of this, so that three coarser levels do not mix them
ATLAS_WIDTH = 1024  # of distance fields
COVERAGE_WIDTH = 2048
FIRST_HEIGHT = 128
CAPITALS_TRACKING = 0.06  # em
BOX_ADVANCE = 0.62  # em, width of the box that stands for a character no font has


@dataclass(frozen=True)
class Glyph:
    """Where a character's picture lies in the atlas and where it goes: px at the glyph's size, x right, y down."""

    x: int  # texel of the top left corner
    y: int
    width: int  # texels = px; 0 for blanks
    height: int
    left: float  # px from the pen to the left edge
    top: float  # px from the base line to the top edge, negative above it
    advance: float  # px to the next pen position


class Fonts:
    """The faces of one folder. Inter for all it has, Noto Sans SC for the rest."""

    def __init__(self, folder: Path = FONTS) -> None:
        self._folder = folder
        self._faces: dict[str, Any] = {}
        self._size_px: dict[str, int] = {}
        self._metrics: dict[tuple[str, str], tuple[str, int, float, float]] = {}

    def metrics(self, character: str, weight: str) -> tuple[str, int, float, float]:
        """(font, glyph index, advance in em, shift to the right in em); index 0: no font has it.

        Digits are as wide as the widest of them, so that numbers stand in columns.
        """
        key = (character, weight)
        if key not in self._metrics:
            self._metrics[key] = self._measured(character, weight)
        return self._metrics[key]

    def _measured(self, character: str, weight: str) -> tuple[str, int, float, float]:
        for font in (weight, "fallback"):
            index = self._face(font).get_char_index(character)
            if not index:
                continue
            advance = self._advance(font, index)
            if not (character.isascii() and character.isdigit()):
                return font, index, advance, 0.0
            widest = max(self._advance(font, self._face(font).get_char_index(digit)) for digit in "0123456789")
            return font, index, widest, (widest - advance) / 2
        return weight, 0, BOX_ADVANCE, 0.0

    def _advance(self, font: str, index: int) -> float:
        import freetype

        face = self._face(font)
        return face.get_advance(index, freetype.FT_LOAD_NO_SCALE) / face.units_per_EM

    def coverage(
        self, font: str, index: int, size_px: int, shift_px: float, hinted: bool
    ) -> tuple[np.ndarray, int, int]:
        """((height, width) uint8, left px, top px above the base line) of a glyph moved right by `shift_px`."""
        import freetype

        face = self._face(font)
        if self._size_px.get(font) != size_px:
            face.set_char_size(size_px * 64, size_px * 64, 72, 72)
            self._size_px[font] = size_px
        # Light hinting moves outlines up and down only: crisp base lines, spacing untouched.
        hinting = freetype.FT_LOAD_TARGET_LIGHT if hinted else freetype.FT_LOAD_NO_HINTING
        face.load_glyph(index, hinting | freetype.FT_LOAD_NO_BITMAP)
        slot = face.glyph._FT_GlyphSlot
        freetype.FT_Outline_Translate(ctypes.byref(slot.contents.outline), round(shift_px * 64), 0)
        face.glyph.render(freetype.FT_RENDER_MODE_NORMAL)
        bitmap = slot.contents.bitmap
        left, top, shape = slot.contents.bitmap_left, slot.contents.bitmap_top, (bitmap.rows, bitmap.pitch)
        if not bitmap.rows:
            return np.zeros((0, 0), np.uint8), left, top
        pixels = np.frombuffer(ctypes.string_at(bitmap.buffer, shape[0] * shape[1]), np.uint8)
        return pixels.reshape(shape)[:, : bitmap.width], left, top

    def _face(self, font: str) -> Any:
        if font not in self._faces:
            import freetype

            self._faces[font] = freetype.Face(str(font_file(font, self._folder)))
        return self._faces[font]


def tracking(text: str) -> float:
    """Space added after each character, em: words in capitals stand wider apart."""
    return CAPITALS_TRACKING if len(text) > 3 and text.isupper() else 0.0


@cache
def shipped_fonts() -> Fonts:
    """The fonts in assets/, opened once."""
    return Fonts()


def font_file(font: str, folder: Path = FONTS) -> Path:
    """The file of a weight ("light", "regular", "semibold") or of the "fallback". Raises FileNotFoundError."""
    for path in sorted(folder.glob(f"{FILES[font]}*.[ot]t[fc]")):
        return path
    raise FileNotFoundError(folder / FILES[font])


class GlyphAtlas:
    """Pictures of glyphs packed on shelves into one array that grows; `revision` rises whenever the array changes.

    Coordinates of a glyph stay valid until `clear`, which raises `generation`.
    """

    def __init__(self, fonts: Fonts | None = None, field: bool = False) -> None:
        self._fonts = fonts or shipped_fonts()
        self.field = field
        self.revision = 0
        self.generation = 0
        self._reset()

    def _reset(self) -> None:
        width = ATLAS_WIDTH if self.field else COVERAGE_WIDTH
        self.image = np.zeros((FIRST_HEIGHT, width), np.uint8)  # coverage, or distance around 128
        self._glyphs: dict[tuple[str, str, int, int], Glyph] = {}
        self._shelves: list[list[int]] = []  # y, height, texels used

    def clear(self) -> None:
        """Forgets all glyphs."""
        self._reset()
        self.revision += 1
        self.generation += 1

    @property
    def used_height(self) -> int:
        """Rows of the array that hold glyphs."""
        return self._shelves[-1][0] + self._shelves[-1][1] if self._shelves else 0

    def advance(self, character: str, weight: str) -> float:
        """Width of a character, em."""
        return self._fonts.metrics(character, weight)[2]

    def measure(self, text: str, size_px: float, weight: str = "regular") -> float:
        """Width of a line, px. Draws nothing."""
        widths = sum(self.advance(character, weight) for character in text)
        return size_px * (widths + tracking(text) * len(text))

    def glyph(self, character: str, weight: str, size_px: int, phase: int = 0) -> Glyph:
        """The character's place in the atlas, drawn at first use; `phase` moves it right by phase / PHASES px."""
        key = (character, weight, size_px, phase)
        if key not in self._glyphs:
            self._glyphs[key] = self._draw(*key)
        return self._glyphs[key]

    def _draw(self, character: str, weight: str, size_px: int, phase: int) -> Glyph:
        font, index, advance, shift = self._fonts.metrics(character, weight)
        if index:
            move = shift * size_px + phase / PHASES
            picture, left, top = self._fonts.coverage(font, index, size_px, move, hinted=not self.field)
        else:
            picture, left, top = _missing_box(size_px)
        if not picture.size:
            return Glyph(0, 0, 0, 0, 0.0, 0.0, advance * size_px)
        if self.field:
            picture = distance_field(picture, FIELD_SPREAD)
            left, top = left - FIELD_SPREAD, top + FIELD_SPREAD
        height, width = picture.shape
        x, y = self._place(width, height)
        self.image[y : y + height, x : x + width] = picture
        self.revision += 1
        return Glyph(x, y, width, height, float(left), float(-top), advance * size_px)

    def _place(self, width: int, height: int) -> tuple[int, int]:
        """Top left corner of a free rectangle with an empty border to the right of and under it."""
        cell = FIELD_CELL if self.field else 1
        width, height = ((side // cell + 1) * cell + (cell if cell > 1 else 0) for side in (width, height))
        for shelf in self._shelves:
            if height <= shelf[1] <= 1.25 * height + 2 and shelf[2] + width <= self.image.shape[1]:
                shelf[2] += width
                return shelf[2] - width, shelf[0]
        y = self.used_height
        while y + height > len(self.image):
            self.image = np.concatenate([self.image, np.zeros_like(self.image)])
        self._shelves.append([y, height, width])
        return 0, y


def with_coarser_levels(image: np.ndarray) -> np.ndarray:
    """(height, 15/8 width) uint8: the picture and, to its right, three coarser levels, each the mean of 2 x 2."""
    levels = [image]
    for _ in range(3):
        fine = levels[-1].astype(np.uint16)
        sums = fine[::2, ::2] + fine[1::2, ::2] + fine[::2, 1::2] + fine[1::2, 1::2]
        levels.append(((sums + 2) >> 2).astype(np.uint8))
    padded = [np.pad(level, ((0, len(image) - len(level)), (0, 0))) for level in levels]
    return np.concatenate(padded, 1)


def _missing_box(size_px: int) -> tuple[np.ndarray, int, int]:
    """The outlined box for a character that no font has, as `Fonts.coverage` gives glyphs."""
    height, width, border = round(0.72 * size_px), round(0.46 * size_px), max(1, size_px // 14)
    picture = np.full((height, width), 255, np.uint8)
    picture[border:-border, border:-border] = 0
    return picture, round(0.08 * size_px), height


def distance_field(coverage: np.ndarray, spread: int) -> np.ndarray:
    """(height + 2 spread, width + 2 spread) uint8: 128 on the outline, 255 `spread` texels inside, 0 as many outside.

    `coverage` is (height, width) uint8; partly covered texels place the outline within them.
    """
    cover = np.pad(coverage, spread).astype(np.float32) / 255
    far = np.float32(4 * spread * spread)
    outside = np.where(cover <= 0, far, np.maximum(0.5 - cover, 0) ** 2)
    inside = np.where(cover >= 1, far, np.maximum(cover - 0.5, 0) ** 2)
    distance = np.sqrt(_nearest(inside, spread)) - np.sqrt(_nearest(outside, spread))
    return np.clip(np.round(128 + distance * (127.5 / spread)), 0, 255).astype(np.uint8)


def _nearest(squares: np.ndarray, reach: int) -> np.ndarray:
    """Least of squares[q] + |p - q|^2 over all q within `reach` texels along each axis, for every p."""
    for axis in (0, 1):
        best = squares.copy()
        for step in range(1, reach + 1):
            ahead, behind = [slice(None)] * 2, [slice(None)] * 2
            ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
            moved = squares + np.float32(step * step)
            np.minimum(best[tuple(behind)], moved[tuple(ahead)], out=best[tuple(behind)])
            np.minimum(best[tuple(ahead)], moved[tuple(behind)], out=best[tuple(ahead)])
        squares = best
    return squares
