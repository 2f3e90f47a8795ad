"""The rasterizers on a GPU through OpenGL 4.3: the bits of `definition` where the driver's float32 arithmetic is exact.

Positions are computed as on the CPU, step by step; sums are integers. The pool has a copy in buffers of the GPU, of
which slots are written again when they are drawn and have changed. Pictures stay there.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..gpu import Context, GraphicsError, Texture
from ..gpu_compute import BLOCK_BYTES, WIDE_ATOMICS, ComputeProgram, Storage, bind_picture, lacking, wide_atomics
from . import resolve as display
from .batch import EMPTY, FIELD, SUM_LIMIT, Batch, Pool, prepare
from .gl_chains import Chains
from .gl_tiles import PoolMirror, TileWords, holds, tile_words
from .sprites import Sprites, sprites

__all__ = ["ComputeRasterizer", "holds"]

TILES, TABLES, NEAR, SUMS, PAIRS = 0, 6, 7, 8, 9  # bindings, as the shaders name them
COLORS = NEAR
CURVE, CURVE_BYTES = 1, 8192  # of uniform blocks
SMALL_PARTS = 2  # groups that draw a tile of small sprites
TILES_AT_ONCE = 1 << 14
ENTRIES = 512  # of a table of colors
PIXEL_GROUP = 256
PIXEL_GROUPS = 65535
MOST_PIXELS = min(BLOCK_BYTES // 12, PIXEL_GROUP * PIXEL_GROUPS)  # whose sums fit into a block
KEPT = 8  # tables of sprites


class ComputeRasterizer:
    """Draws on the GPU of an OpenGL context, which must be current. `picture` leaves what it draws there.

    `shares`: whether small sprites are added up in memory that groups of threads share, and not chain by chain; None:
    where the driver does not draw on the processor. Raises GraphicsError where the context cannot compute.
    """

    name = "compute"
    threads = 1

    def __init__(self, context: Context, shares: bool | None = None) -> None:
        if missing := lacking(context):
            raise GraphicsError("OpenGL", "opengl_no_compute", found=missing)
        self._context = context
        self.wide = wide_atomics(context)
        shares = not context.is_software if shares is None else shares
        self._small = self._program("light_small", "PLAIN true") if shares else Chains(context, self._program)
        self._sums = self._program("light_sums", "PLAIN false")
        self._show = ComputeProgram("light_show")
        self._finders: dict[str, tuple[ComputeProgram, ComputeProgram]] = {}  # for plain tiles, for all
        self._show_nearest: ComputeProgram | None = None
        self._tiles, self._near, self._pixels, self._curve = (Storage() for _ in range(4))
        self._tables: dict[tuple[float, bool], Storage] = {}
        self._mirror: PoolMirror | None = None
        self._image = Texture(smooth=False)
        self._image_px = (0, 0)

    def light(
        self,
        batch: Batch,
        pool: Pool,
        near_tables: np.ndarray,
        rows: np.ndarray,
        size_px: tuple[int, int],
        minimum_px: float = 1.5,
        shine: bool = True,
    ) -> np.ndarray:
        """As `DefinitionRasterizer.light`, in host memory."""
        width, height = size_px
        packed = np.zeros((height, width), np.uint64)
        for first, last in self._add(batch, pool, near_tables, rows, size_px, minimum_px, shine):
            sums = self._pixels.read(np.empty(3 * width * (last - first), np.uint32))
            pixels = width * (last - first)
            red, green = np.minimum(sums[: 2 * pixels].reshape(-1, 2), SUM_LIMIT).astype(np.uint64).T
            blue = np.minimum(sums[2 * pixels :], SUM_LIMIT).astype(np.uint64)
            packed[first:last] = (red | green << np.uint64(FIELD) | blue << np.uint64(2 * FIELD)).reshape(-1, width)
        return packed

    def picture(
        self,
        batch: Batch,
        pool: Pool,
        near_tables: np.ndarray,
        rows: np.ndarray,
        size_px: tuple[int, int],
        minimum_px: float = 1.5,
        ink: bool = False,
    ) -> Texture:
        """The picture of light (see `resolve.light`; ink has no highlights), on the GPU until the next is drawn."""
        for first, last in self._add(batch, pool, near_tables, rows, size_px, minimum_px, not ink):
            self._curve.replace(display.curve(ink))
            self._curve.bind_constants(CURVE, CURVE_BYTES)
            self._paint(self._show, size_px, first, last, alpha=display.alpha(ink) / 255)
        return self._image

    def nearest(self, batch: Batch, pool: Pool, rows: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
        """As `DefinitionRasterizer.nearest`, in host memory."""
        width, height = size_px
        pixels = np.full((height, width), EMPTY)
        tiles = self._bind(tile_words(prepare(batch, rows, pool)), batch, pool)
        for first, last in _bands(size_px):
            self._reserve(8 * width * (last - first), 0xFFFFFFFF)
            for words in ((),) if self.wide else ((), ("NUMBERS",)):
                self._find(words, tiles, size_px, first, last)
            self._pixels.read(pixels[first:last])
        self._context.gl.glUseProgram(0)
        return pixels

    def picture_nearest(
        self, batch: Batch, pool: Pool, rows: np.ndarray, size_px: tuple[int, int], colors: np.ndarray
    ) -> Texture:
        """The picture of the nearest samples (see `resolve.nearest`), on the GPU until the next is drawn.

        A word holds depth and color of a pixel: of samples whose depths differ by less than one step of those that fit
        into its upper bits, from the nearest of the batch to the farthest, any may be shown.
        """
        tiles = self._bind(tile_words(prepare(batch, rows, pool, len(colors))), batch, pool)
        if self._show_nearest is None:
            self._show_nearest = ComputeProgram("nearest_show")
        bits = max(int(len(colors) * ENTRIES - 1).bit_length(), 1)
        least, most = (int(np.float32(depth).view(np.uint32)) for depth in (tiles.nearest, tiles.farthest))
        shift = max(0, (most - least).bit_length() - (32 - bits))
        self._near.replace(np.ascontiguousarray(colors, np.uint32))
        for first, last in _bands(size_px):
            self._reserve(4 * size_px[0] * (last - first), 0xFFFFFFFF)
            self._find(("PACKED",), tiles, size_px, first, last, least_depth=least, depth_shift=shift, color_bits=bits)
            self._near.bind(COLORS)
            self._paint(self._show_nearest, size_px, first, last, color_bits=bits)
        self._context.gl.glUseProgram(0)
        return self._image

    def resolve(self, sums: np.ndarray, ink: bool = False) -> np.ndarray:
        """(height, width, 4) uint8 picture of sums of light: see `resolve.light`."""
        return display.light(sums, ink)

    def resolve_nearest(self, pixels: np.ndarray, batch: Batch, pool: Pool, colors: np.ndarray) -> np.ndarray:
        """(height, width, 4) uint8 picture of the nearest samples: see `resolve.nearest`."""
        return display.nearest(pixels, batch, pool, colors)

    def close(self) -> None:
        """Gives the memory of the GPU back."""
        for storage in (self._tiles, self._near, self._pixels, self._curve, *self._tables.values()):
            storage.close()
        if isinstance(self._small, Chains):
            self._small.close()
        if self._mirror is not None:
            self._mirror.close()
        self._image.close()

    def _add(
        self,
        batch: Batch,
        pool: Pool,
        near_tables: np.ndarray,
        rows: np.ndarray,
        size_px: tuple[int, int],
        minimum_px: float,
        shine: bool,
    ) -> Iterator[tuple[int, int]]:
        """(first, last) rows whose sums stand in `_pixels`."""
        look = sprites(minimum_px, shine)
        limit = float(look.minimum_px) if len(look.small) else -1.0
        tiles = self._bind(tile_words(prepare(batch, rows, pool, len(near_tables)), limit), batch, pool)
        assert self._mirror is not None
        for first, last in _bands(size_px):
            self._near.replace(np.ascontiguousarray(near_tables, np.uint64))
            self._reserve(12 * size_px[0] * (last - first), 0)
            factor, others = float(look.small_factor), (tiles.small, len(tiles.words))
            tables = self._look(minimum_px, shine)
            if isinstance(self._small, Chains):
                self._small.add(tiles, self._mirror, tables, self._pixels, size_px, first, last, factor)
            self._near.bind(NEAR)
            tables.bind(TABLES)
            self._pixels.bind(PAIRS)
            if not isinstance(self._small, Chains):
                self._draw(self._small, (0, tiles.small), size_px, first, last, SMALL_PARTS, small_factor=factor)
            self._draw(
                self._sums, others, size_px, first, last,
                minimum_px=float(look.minimum_px), small_limit=limit, small_factor=factor,
            )  # fmt: skip
            yield first, last
        self._context.gl.glUseProgram(0)

    def _find(
        self, words: tuple[str, ...], tiles: TileWords, size_px: tuple[int, int], first: int, last: int, **more: int
    ) -> None:
        """One look at all samples by the program for which `words` are defined."""
        key = " ".join(words)
        if key not in self._finders:
            plain, every = (self._program("nearest", f"PLAIN {plain}", *words) for plain in ("true", "false"))
            self._finders[key] = plain, every
        plain, every = self._finders[key]
        self._draw(plain, (0, tiles.plain), size_px, first, last, **more)
        self._draw(every, (tiles.plain, len(tiles.words)), size_px, first, last, **more)

    def _program(self, name: str, *words: str) -> ComputeProgram:
        """A program that adds 64 bits at once where the driver says that it can."""
        exact = () if self._context.is_software else ("FUSED",)
        if not self.wide:
            return ComputeProgram(name, (*words, *exact))
        return ComputeProgram(name, (*words, *exact, "ATOMIC64"), WIDE_ATOMICS)

    def _bind(self, tiles: TileWords, batch: Batch, pool: Pool) -> TileWords:
        """The tiles, now where programs read them."""
        if self._mirror is None or self._mirror.pool is not pool:
            if self._mirror is not None:
                self._mirror.close()
            self._mirror = PoolMirror(pool)
        self._mirror.update(batch)
        self._tiles.replace(tiles.words)
        self._tiles.bind(TILES)
        return tiles

    def _reserve(self, count: int, word: int) -> None:
        """Room for so many bytes of pixels, all of this word."""
        self._pixels.reserve(count)
        self._pixels.fill(word, count)
        self._pixels.bind(SUMS)
        self._pixels.bind(PAIRS)

    def _draw(
        self,
        program: ComputeProgram,
        tiles: tuple[int, int],
        size_px: tuple[int, int],
        first: int,
        last: int,
        parts: int = 1,
        **more: float,
    ) -> None:
        """Runs a program over some tiles, `parts` groups each."""
        width, height = size_px
        for start in range(*tiles, TILES_AT_ONCE):
            program.run(
                parts * min(TILES_AT_ONCE, tiles[1] - start),
                first_tile=start, width=width, height=height, first_row=first, last_row=last, **more,
            )  # fmt: skip

    def _paint(self, program: ComputeProgram, size_px: tuple[int, int], first: int, last: int, **more: float) -> None:
        """Into rows of the picture."""
        width, height = size_px
        if self._image_px != size_px:
            self._image.upload(np.zeros((height, width, 4), np.uint8))
            self._image_px = size_px
        bind_picture(self._image)
        groups = -(-width * (last - first) // PIXEL_GROUP)
        program.run(groups, width=width, first_row=first, last_row=last, **more)

    def _look(self, minimum_px: float, shine: bool) -> Storage:
        """How sprites look."""
        key = minimum_px, shine
        if key not in self._tables:
            while len(self._tables) >= KEPT:
                self._tables.pop(next(iter(self._tables))).close()
            self._tables[key] = Storage()
            self._tables[key].replace(_table_words(sprites(minimum_px, shine)))
        return self._tables[key]


def _bands(size_px: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """(first, last) rows whose pixels fit into a buffer."""
    width, height = size_px
    rows = max(1, MOST_PIXELS // max(width, 1))
    for first in range(0, height, rows):
        yield first, min(first + rows, height)


def _table_words(look: Sprites) -> np.ndarray:
    """Sprites as light_sums.comp reads them."""
    rows = np.zeros((16 * 16, 4, 4), np.uint8)
    if len(look.small):
        rows[:, :3, :3] = look.small.reshape(-1, 3, 3)
    return np.concatenate(
        [
            rows.ravel().view(np.uint32),
            look.taps.ravel().view(np.uint32),
            look.taps_half.astype(np.uint32),
            look.taps_factor.view(np.uint32),
            look.profile.ravel().view(np.uint32),
            np.ascontiguousarray(look.highlight).ravel().view(np.uint32),
        ]
    )
