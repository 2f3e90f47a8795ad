"""What a rasterizer draws: tiles of samples, the pool their values lie in, and the eye that sees them.

Light is packed: three fields of 21 bits in a uint64 (red lowest), each counting 1/UNIT (1/8192). A field of a sample
stays below 2^14 (1.99 of light), a field of a sum stays below 2^20 and is clamped there, so the topmost bit of each
field is free to catch the carry. Integer sums do not depend on the order of tiles or on the number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..kernels.colorize import FIELD, HEIGHT_UNIT, UNIT
from ..view import Eye, clip_from_world

__all__ = [
    "EMPTY",
    "MORPH",
    "SUM_LIMIT",
    "TILE",
    "UNIT",
    "Batch",
    "Pool",
    "Setup",
    "cell_px",
    "check",
    "eye_rows",
    "pack",
    "prepare",
    "unmorphed",
    "unpack",
]

TILE = 32  # samples per side
SUM_LIMIT = (1 << 20) - 1  # the largest sum of a channel
EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)  # pixel of `nearest` that no sample met
NEAREST_W = np.float32(1e-3)  # samples nearer to the eye's plane than this are not drawn
MORPH = 128  # of a tile whose samples look like those of the coarser tile that they replace
DIAMETER = 0.84  # of a sprite, in cells


@dataclass
class Batch:
    """Tiles to draw for one eye, one row a tile. Sample (i, j) stands at corner + i*du + j*dv + height*dh.

    A tile that has just replaced a coarser one looks like that: the share `morph` / MORPH of the light and height of
    sample (i, j) is that of the coarse sample (i // 2, j // 2), counted from the first that lies in the tile. So is its
    place, whose share falls twice as fast, from 1 to 0 while that of light falls to 1/2: half moved samples lie less
    evenly than others.
    """

    corner: np.ndarray  # (n, 3) float32, sample (0, 0) on the zero plane minus the eye's position, world axes
    du: np.ndarray  # (n, 3) float32, step from row to row of samples
    dv: np.ndarray  # (n, 3) float32, step from column to column
    dh: np.ndarray  # (n, 3) float32, height of value 1
    counts: np.ndarray  # (n, 2) int32, rows and columns of samples, at most TILE
    slot: np.ndarray  # (n,) int32, index into the pool
    gain: np.ndarray  # (n,) float32, brightness factor of the tile (fog, emphasis), 0 to 1
    table: np.ndarray  # (n,) int32, which near table
    cell: np.ndarray  # (n,) float32, width of one sample's cell, world units
    morph: np.ndarray  # (n,) int32, 0 the tile itself to MORPH the coarser one
    above: np.ndarray  # (n, 3, 3) float32, corner, du and dv of the coarse samples
    above_at: np.ndarray  # (n, 3) int32, their slot, first row and column in it; slot -1: they are means of 2 x 2

    def __len__(self) -> int:
        return len(self.slot)


def unmorphed(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(morph, above, above_at) of tiles that are themselves."""
    return np.zeros(count, np.int32), np.zeros((count, 3, 3), np.float32), np.full((count, 3), -1, np.int32)


@dataclass
class Pool:
    """Decoded tiles. `height` is value / range in 1/32767, clipped to -1 to 1."""

    light: np.ndarray  # (slots, TILE, TILE) uint64, packed color x brightness, each field below 2^14
    height: np.ndarray  # (slots, TILE, TILE) int16
    writes: np.ndarray | None = None  # (slots,) int64, how often each was written; None where nobody counts

    def note(self, slots: np.ndarray) -> None:
        """Says that slots were written; rasterizers with memory of their own copy them again."""
        if self.writes is not None:
            self.writes[slots] += 1


@dataclass
class Setup:
    """A batch as one eye sees it; every rasterizer starts from these same numbers."""

    steps: np.ndarray  # (n, 4, 3) float32, (x_px * w, y_px * w, w) of corner, du, dv and one unit of height
    counts: np.ndarray  # (n, 2) int32
    slot: np.ndarray  # (n,) int32
    gain: np.ndarray  # (n,) float32
    table: np.ndarray  # (n,) int32
    diameter: np.ndarray  # (n,) float32, sprite diameter in pixels at w = 1
    morph: np.ndarray  # (n,) int32
    above: np.ndarray  # (n, 3, 3) float32, as `steps`, of corner, du and dv of the coarse samples
    above_at: np.ndarray  # (n, 3) int32


def pack(color: np.ndarray) -> np.ndarray:
    """(...) uint64 packed light of (..., 3) colors x brightness; 1.0 becomes UNIT, what exceeds 1.999 is clipped."""
    fields = np.rint(np.clip(color, 0.0, 1.999) * UNIT).astype(np.uint64)
    return fields[..., 0] | fields[..., 1] << np.uint64(FIELD) | fields[..., 2] << np.uint64(2 * FIELD)


def unpack(packed: np.ndarray) -> np.ndarray:
    """(..., 3) int64 fields of packed light, in 1/UNIT."""
    mask = np.uint64((1 << FIELD) - 1)
    shifts = np.array([0, FIELD, 2 * FIELD], np.uint64)
    return ((packed[..., None] >> shifts) & mask).astype(np.int64)


def eye_rows(eye: Eye) -> np.ndarray:
    """(3, 3) float64: maps a position relative to the eye (world axes) to (x_px * w, y_px * w, w).

    Pixels are those of the eye's viewport, counted from its lower left corner; the pixel of a position is the floor.
    """
    clip = clip_from_world(eye)[[0, 1, 3], :3]
    width_px, height_px = eye.size_px
    return np.stack([(clip[0] + clip[2]) * (width_px / 2), (clip[1] + clip[2]) * (height_px / 2), clip[2]])


def prepare(batch: Batch, rows: np.ndarray, pool: Pool, tables: int | None = None) -> Setup:
    """The batch seen through `eye_rows`, elementwise in float64: a tile's numbers do not depend on its neighbors.

    Raises ValueError when a tile has more than TILE rows or columns, or names a slot or near table that is not there.
    """
    check(batch, len(pool.height), tables)
    rows = np.asarray(rows, np.float64)
    vectors = (batch.corner, batch.du, batch.dv, np.asarray(batch.dh, np.float64) / HEIGHT_UNIT)
    return Setup(
        _seen(vectors, rows),
        np.ascontiguousarray(batch.counts, np.int32),
        np.ascontiguousarray(batch.slot, np.int32),
        np.clip(batch.gain, 0, 1).astype(np.float32),
        np.ascontiguousarray(batch.table, np.int32),
        (batch.cell.astype(np.float64) * cell_px(rows)).astype(np.float32),
        np.ascontiguousarray(batch.morph, np.int32),
        _seen(tuple(batch.above[:, k] for k in range(3)), rows),
        np.ascontiguousarray(batch.above_at, np.int32),
    )


def _seen(vectors: tuple[np.ndarray, ...], rows: np.ndarray) -> np.ndarray:
    """(n, vectors, 3) float32 through `eye_rows`."""
    seen = np.empty((len(vectors[0]), len(vectors), 3), np.float32)
    for k, vector in enumerate(vectors):
        x, y, z = np.asarray(vector, np.float64).T
        for axis, row in enumerate(rows):
            seen[:, k, axis] = (x * row[0] + y * row[1]) + z * row[2]
    return seen


def check(batch: Batch, slots: int, tables: int | None = None) -> None:
    """Raises ValueError when a tile has more than TILE rows or columns, or names a slot or table that is not there."""
    _check("counts", batch.counts, TILE + 1)
    _check("slot", batch.slot, slots)
    _check("morph", batch.morph, MORPH + 1)
    known = (batch.above_at[:, 0] >= 0) & (batch.counts > 0).all(1)
    named = batch.above_at[known]
    _check("slot", named[:, 0], slots)
    _check("above_at", named[:, 1:] + (batch.counts[known] - 1) // 2, TILE)
    if tables is not None:
        _check("table", batch.table, tables)


def cell_px(rows: np.ndarray) -> float:
    """Diameter in pixels of the sprite of a cell of one world unit, at w = 1."""
    return DIAMETER * _focal_px(np.asarray(rows, np.float64))


def _check(name: str, column: np.ndarray, end: int) -> None:
    if column.size and not 0 <= column.min() <= column.max() < end:
        raise ValueError(f"{name}: found {column.min()} to {column.max()}, expected 0 to {end - 1}")


def _focal_px(rows: np.ndarray) -> float:
    """Pixels that one world unit across covers at w = 1, vertically."""
    x, y, z = rows[2]
    forward = (x * x + y * y + z * z) ** 0.5
    across = rows[1] - rows[2] * ((rows[1][0] * x + rows[1][1] * y + rows[1][2] * z) / forward**2)
    return float((across[0] ** 2 + across[1] ** 2 + across[2] ** 2) ** 0.5)
