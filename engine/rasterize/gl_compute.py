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
from .batch import EMPTY, FIELD, SUM_LIMIT, TILE, Batch, Pool, Setup, prepare
from .sprites import Sprites, sprites

__all__ = ["ComputeRasterizer", "holds"]

TILES, HEIGHTS, LIGHTS, TABLES, NEAR, SUMS, PAIRS = 0, 1, 2, 6, 7, 8, 9  # bindings, as the shaders name them
CURVE = COLORS = NEAR
LIGHT_BLOCKS = 4
SAMPLES = TILE * TILE
LIGHT_SLOTS, HEIGHT_SLOTS = BLOCK_BYTES // (8 * SAMPLES), BLOCK_BYTES // (2 * SAMPLES)
WORDS = 32  # of a tile
TILES_AT_ONCE = 1 << 15
PIXEL_GROUP = 256
PIXEL_GROUPS = 65535
MOST_PIXELS = min(BLOCK_BYTES // 12, PIXEL_GROUP * PIXEL_GROUPS)  # whose sums fit into a block
KEPT = 8  # tables of sprites


def holds(pool: Pool) -> bool:
    """Whether buffers of the GPU can hold the pool."""
    return len(pool.height) <= min(HEIGHT_SLOTS, LIGHT_SLOTS * LIGHT_BLOCKS)


class ComputeRasterizer:
    """Draws on the GPU of an OpenGL context, which must be current. `picture` leaves what it draws there.

    Raises GraphicsError where the context cannot compute.
    """

    name = "compute"
    threads = 1

    def __init__(self, context: Context) -> None:
        if missing := lacking(context):
            raise GraphicsError("OpenGL", "opengl_no_compute", found=missing)
        self._context = context
        self.wide = wide_atomics(context)
        defined = (*(("ATOMIC64",) if self.wide else ()), *(() if context.is_software else ("FUSED",)))
        extensions = WIDE_ATOMICS if self.wide else ()
        self._sums = ComputeProgram("light_sums", defined, extensions)
        self._show = ComputeProgram("light_show")
        self._nearest: list[ComputeProgram] = []
        self._defined, self._extensions = defined, extensions
        self._tiles, self._near, self._pixels, self._curve = (Storage() for _ in range(4))
        self._tables: dict[tuple[float, bool], Storage] = {}
        self._mirror: _Mirror | None = None
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
            self._pixels.fill(0)
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
            self._curve.bind(CURVE)
            self._paint(self._show, size_px, first, last, alpha=display.alpha(ink) / 255)
        return self._image

    def nearest(self, batch: Batch, pool: Pool, rows: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
        """As `DefinitionRasterizer.nearest`, in host memory."""
        width, height = size_px
        pixels = np.full((height, width), EMPTY)
        for first, last in self._find(batch, pool, rows, size_px):
            self._pixels.read(pixels[first:last])
        return pixels

    def picture_nearest(
        self, batch: Batch, pool: Pool, rows: np.ndarray, size_px: tuple[int, int], colors: np.ndarray
    ) -> Texture:
        """The picture of the nearest samples (see `resolve.nearest`), on the GPU until the next is drawn."""
        for first, last in self._find(batch, pool, rows, size_px):
            self._near.replace(np.ascontiguousarray(colors, np.uint32))
            self._near.bind(COLORS)
            self._paint(self._nearest[-1], size_px, first, last)
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
        """(first, last) rows whose sums stand in `_pixels`; who takes them leaves zeros there."""
        setup, look = prepare(batch, rows, pool, len(near_tables)), sprites(minimum_px, shine)
        self._bind(setup, batch, pool)
        limit = float(look.minimum_px) if len(look.small) else -1.0
        for first, last in _bands(size_px):
            self._near.replace(np.ascontiguousarray(near_tables, np.uint64))
            self._near.bind(NEAR)
            self._look(minimum_px, shine).bind(TABLES)
            self._reserve(12 * size_px[0] * (last - first), 0)
            self._draw(
                self._sums, len(batch), size_px, first, last,
                minimum_px=float(look.minimum_px), small_limit=limit, small_factor=float(look.small_factor),
            )  # fmt: skip
            yield first, last
        self._context.gl.glUseProgram(0)

    def _find(self, batch: Batch, pool: Pool, rows: np.ndarray, size_px: tuple[int, int]) -> Iterator[tuple[int, int]]:
        """(first, last) rows whose nearest samples stand in `_pixels`."""
        if not self._nearest:
            passes = ((), ("NUMBERS",)) if not self.wide else ((),)
            finders = [ComputeProgram("nearest", (*self._defined, *more), self._extensions) for more in passes]
            self._nearest = [*finders, ComputeProgram("nearest_show")]
        self._bind(prepare(batch, rows, pool), batch, pool)
        for first, last in _bands(size_px):
            self._reserve(8 * size_px[0] * (last - first), None)
            self._pixels.fill(0xFFFFFFFF)
            for program in self._nearest[:-1]:
                self._draw(program, len(batch), size_px, first, last)
            yield first, last
            self._pixels.fill(0)
        self._context.gl.glUseProgram(0)

    def _bind(self, setup: Setup, batch: Batch, pool: Pool) -> None:
        if self._mirror is None or self._mirror.pool is not pool:
            if self._mirror is not None:
                self._mirror.close()
            self._mirror = _Mirror(pool)
        self._mirror.update(batch)
        self._tiles.replace(_words(setup))
        self._tiles.bind(TILES)

    def _reserve(self, count: int, fill: int | None) -> None:
        """Room for pixels, which hold zeros between pictures."""
        if count > self._pixels.bytes:
            self._pixels.reserve(count)
            self._pixels.fill(0)
        self._pixels.bind(SUMS)
        self._pixels.bind(PAIRS)

    def _draw(
        self, program: ComputeProgram, count: int, size_px: tuple[int, int], first: int, last: int, **more: float
    ) -> None:
        width, height = size_px
        for start in range(0, count, TILES_AT_ONCE):
            program.run(
                min(TILES_AT_ONCE, count - start),
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


class _Mirror:
    """A pool's data on the GPU: a slot is copied when it is drawn and was written since it was copied."""

    def __init__(self, pool: Pool) -> None:
        slots = len(pool.height)
        if not holds(pool):
            raise GraphicsError("OpenGL", "no_target", found=f"{slots} tiles")
        self.pool = pool
        self._copied = np.full(slots, -1, np.int64)  # writes of a slot when it was copied
        self._heights, self._lights = Storage(), [Storage() for _ in range(LIGHT_BLOCKS)]
        self._heights.reserve(max(slots, 1) * SAMPLES * 2)
        for k, block in enumerate(self._lights):
            block.reserve(min(max(slots - k * LIGHT_SLOTS, 0), LIGHT_SLOTS) * SAMPLES * 8 or 16)

    def update(self, batch: Batch) -> None:
        """Copies what the batch shows, and binds it."""
        slots = np.unique(np.concatenate([batch.slot, batch.above_at[batch.above_at[:, 0] >= 0, 0]])).astype(np.int64)
        if self.pool.writes is not None:
            slots = slots[self.pool.writes[slots] != self._copied[slots]]
            self._copied[slots] = self.pool.writes[slots]
        for first, last in _runs(slots):
            self._heights.write(first * SAMPLES * 2, self.pool.height[first:last])
            number, start = divmod(first, LIGHT_SLOTS)
            self._lights[number].write(start * SAMPLES * 8, self.pool.light[first:last])
        self._heights.bind(HEIGHTS)
        for k, block in enumerate(self._lights):
            block.bind(LIGHTS + k)

    def close(self) -> None:
        for storage in (self._heights, *self._lights):
            storage.close()


def _runs(slots: np.ndarray) -> Iterator[tuple[int, int]]:
    """(first, last) of slots that follow each other within a block; sorted slots."""
    ends = np.flatnonzero((np.diff(slots) != 1) | (slots[1:] % LIGHT_SLOTS == 0)) + 1
    for run in np.split(slots, ends) if len(slots) else ():
        yield int(run[0]), int(run[-1]) + 1


def _bands(size_px: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """(first, last) rows whose pixels fit into a buffer."""
    width, height = size_px
    rows = max(1, MOST_PIXELS // max(width, 1))
    for first in range(0, height, rows):
        yield first, min(first + rows, height)


def _words(setup: Setup) -> np.ndarray:
    """(n, WORDS) uint32: tiles as tile_samples.glsl reads them."""
    words = np.zeros((len(setup.slot), WORDS), np.uint32)
    floats = words.view(np.float32)
    floats[:, :12] = setup.steps.reshape(-1, 12)
    floats[:, 12:21] = setup.above.reshape(-1, 9)
    floats[:, 21], floats[:, 22] = setup.gain, setup.diameter
    words[:, 23] = setup.counts[:, 0] | setup.counts[:, 1] << 8 | setup.morph << 16
    words[:, 24], words[:, 25] = setup.slot, setup.table
    words[:, 26:29] = setup.above_at.view(np.uint32)
    return words


def _table_words(look: Sprites) -> np.ndarray:
    """Sprites as light_sums.comp reads them."""
    small = look.small if len(look.small) else np.zeros(16 * 16 * 9, np.uint8)
    rows = np.zeros((16 * 16 * 3, 4), np.uint8)
    rows[:, :3] = small.reshape(-1, 3)
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
