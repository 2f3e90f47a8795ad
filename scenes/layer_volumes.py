"""Layers as volumes: which trays a layer's tensors become, their cells, sizes and places inside the layer.

Local frame of a layer: +x along the flow, +z across it, the middle of the layer at the origin, y = 0 on the floor.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ..engine.kernels.decode import is_vector, matrix_shape

__all__ = ["Slab", "Strip", "Tray", "Volume", "layer_volume", "slab_for", "tray_for"]

PADDING = 1.2  # glass stands this far from the outermost cells
FLOOR_GAP = 4.0  # from floor to glass
GLASS_HEIGHT = 1.12  # half height of the glass, in heights of a full value
BIAS_GAP = 2.6
BLOCK = 32  # columns of a block of a pyramid
STRIP_GAP = 2.0  # cells between the strips of a folded matrix
FEW_ROWS, LONG_VECTOR, LONGEST_BAND = 4, 1 << 16, 1 << 24  # matrices of fewer rows are folded between these lengths
MOST_STRIPS, MOST_LINES = 512, 64  # each is a grid of its own
FULL_CELLS = 192  # up to so many cells a side, one cell is one world unit
LONGEST_ASPECT = 6.0  # longer matrices are folded into strips
UNKNOWN_CELLS, UNKNOWN_SIDE = 32, 9.0  # a side that the file does not tell; the box of a value of unknown shape
VECTOR_HEIGHT = 3.0
LATTICE_STEP = 2.4  # between the points of a slab
MOST_LEAVES = 7
THINNEST = 4.0  # slabs so many times higher than deep lie down
SLAB_GAP = 5.0  # from the trays to the slab that they make


@dataclass(frozen=True)
class Strip:
    """A run of columns of a matrix, drawn as one grid."""

    first_column: int
    columns: int
    offset_cells: float  # across the strips, from the first cell of the first strip


@dataclass(frozen=True)
class Tray:
    """One tensor as a glass tray with cells."""

    tensor: int  # index into the network's tensors
    rows: int
    columns: int
    strips: tuple[Strip, ...]
    cell: float  # world units a cell
    columns_across: bool  # True: columns run along z, rows along x; False: the other way round
    height: float  # world units of a value at the end of the range
    x: float = 0.0  # middle of the tray in its layer
    z: float = 0.0
    in_lines: bool = False  # a vector, in several lines as of a text

    @cached_property
    def size(self) -> tuple[float, float]:
        """(along x, along z) of the cells, world units."""
        strip_columns = max(strip.columns for strip in self.strips)
        rows = self.strips[-1].offset_cells + self.rows
        along_columns, along_rows = strip_columns * self.cell, rows * self.cell
        return (along_rows, along_columns) if self.columns_across else (along_columns, along_rows)

    @property
    def zero_y(self) -> float:
        """Height of the zero plane above the floor."""
        return FLOOR_GAP + GLASS_HEIGHT * self.height


@dataclass(frozen=True)
class Slab:
    """What an operator gives, as a standing box: a feature map, a sequence, a vector. Sides grow by the logarithm."""

    shape: tuple[int | str | None, ...] | None  # without the batch; None: not known
    thickness: float  # along x, of channels
    height: float  # along y
    depth: float  # along z
    lattice: tuple[int, int]  # points along y and z
    leaves: int  # lattices one behind the other
    x: float = 0.0  # middle of the slab in its layer


@dataclass(frozen=True)
class Volume:
    """A layer: its trays and its slab, placed. It has at least one of them."""

    path: str
    kind: str
    trays: tuple[Tray, ...]
    slab: Slab | None = None

    @cached_property
    def main(self) -> Tray | None:
        """The tray with most cells."""
        return max(self.trays, key=lambda tray: tray.rows * tray.columns, default=None)

    @property
    def cells(self) -> int:
        """Of the main tray."""
        return self.main.rows * self.main.columns if self.main else 0

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """(x0, z0, x1, z1) including the glass."""
        sides = [(tray.x, tray.z, tray.size[0] / 2 + PADDING, tray.size[1] / 2 + PADDING) for tray in self.trays]
        if self.slab:
            sides.append((self.slab.x, 0.0, self.slab.thickness / 2, self.slab.depth / 2))
        return (
            min(x - dx for x, _, dx, _ in sides),
            min(z - dz for _, z, _, dz in sides),
            max(x + dx for x, _, dx, _ in sides),
            max(z + dz for _, z, _, dz in sides),
        )

    @property
    def middle_y(self) -> float:
        """Height at which data enters and leaves."""
        if self.slab is not None:
            return FLOOR_GAP + self.slab.height / 2
        return self.main.zero_y if self.main is not None else FLOOR_GAP

    @property
    def anchor_x(self) -> float:
        """Where its name is fastened: on the slab if that is the highest part, else in the middle."""
        return self.slab.x if self.slab and FLOOR_GAP + self.slab.height == self.top else 0.0

    @property
    def top(self) -> float:
        """Highest glass above the floor."""
        slab = FLOOR_GAP + self.slab.height if self.slab else 0.0
        return max([slab, *(tray.zero_y + GLASS_HEIGHT * tray.height for tray in self.trays)])


def shown_length(cells: int) -> float:
    """World units that a side of so many cells takes: 1 each up to 192, then growing by the logarithm."""
    if cells <= FULL_CELLS:
        return float(cells)
    return FULL_CELLS * (1 + 0.5 * math.log2(cells / FULL_CELLS))


def _strips(rows: int, columns: int) -> tuple[Strip, ...]:
    """Columns cut into runs so that the tray is at most LONGEST_ASPECT times longer than wide, or as near as it gets.

    Vectors stay whole, but for long ones, which become bands of lines. Lines are few, because a tile holds no more than
    one of them; of the longest all would have to be read to draw them so.
    """
    few, count = rows < FEW_ROWS, 1
    if not few or LONG_VECTOR < columns <= LONGEST_BAND:
        ideal = math.sqrt(columns / (LONGEST_ASPECT * (rows + STRIP_GAP)))
        count = max(1, min(math.ceil(ideal), math.ceil(columns / FULL_CELLS), MOST_LINES if few else MOST_STRIPS))
    width = math.ceil(columns / count)
    if count > 1:  # whole blocks of the tensor's pyramid
        width = math.ceil(width / BLOCK) * BLOCK
    starts = range(0, columns, width)
    return tuple(Strip(start, min(width, columns - start), k * (rows + STRIP_GAP)) for k, start in enumerate(starts))


def tray_for(tensor: int, shape: Sequence[int]) -> Tray | None:
    """The tray of one tensor, at the origin; None when it holds nothing. The longer side lies across the flow."""
    rows, columns = matrix_shape(tuple(shape))
    if not rows * columns:
        return None
    strips = _strips(rows, columns)
    across_rows = strips[-1].offset_cells + rows
    longer, shorter = max(across_rows, strips[0].columns), min(across_rows, strips[0].columns)
    cell = shown_length(int(longer)) / longer
    height = min(max(0.07 * shorter * cell, 1.5), 12.0)
    in_lines = across_rows > 1 and is_vector(shape)
    return Tray(tensor, rows, columns, strips, cell, strips[0].columns >= across_rows, height, in_lines=in_lines)


def slab_for(shape: Sequence[int | str | None] | None) -> Slab:
    """The slab of a value of this shape, whose first axis is the batch. Unknown sides count as 32."""
    if shape is None or not len(shape):
        return Slab(None if shape is None else (), 1.6, UNKNOWN_SIDE, UNKNOWN_SIDE, (6, 6), 1)
    inner = tuple(shape[1:]) if len(shape) > 1 else tuple(shape)
    sides = [side if isinstance(side, int) and side > 0 else UNKNOWN_CELLS for side in inner]
    if len(sides) == 1:
        depth = _side(sides[0])
        return Slab(inner, 1.6, VECTOR_HEIGHT, depth, _lattice(VECTOR_HEIGHT, depth), 1)
    height, depth = _side(sides[-2]), _side(sides[-1])
    if height > THINNEST * depth:
        height, depth = depth, height
    channels = math.prod(sides[:-2]) if len(sides) > 2 else 1
    thickness = 1.2 + math.log2(1 + channels / 4)
    leaves = min(max(round(math.log2(channels)), 1), MOST_LEAVES)
    return Slab(inner, thickness, height, depth, _lattice(height, depth), leaves)


def _side(cells: int) -> float:
    """World units of a side of a feature map."""
    return max(8.6 * math.log2(1 + cells / 8), 2.0)


def _lattice(height: float, depth: float) -> tuple[int, int]:
    return max(round(height / LATTICE_STEP), 1), max(round(depth / LATTICE_STEP), 1)


def layer_volume(
    path: str, kind: str, tensors: Iterable[tuple[int, Sequence[int]]], slab: Slab | None = None
) -> Volume | None:
    """The trays of a layer: vectors (bias, scale, shift) stand in a row behind the matrix, which is in the middle.

    The slab stands behind all. `tensors` are (index, shape). None when there is neither a value nor a slab.
    """
    trays = [tray for index, shape in tensors if (tray := tray_for(index, shape))]
    if not trays:
        return Volume(path, kind, (), slab) if slab else None
    main = max(trays, key=lambda tray: tray.rows * tray.columns)
    placed, x = [main], main.size[0] / 2
    for tray in trays:
        if tray is main:
            continue
        x += BIAS_GAP + 2 * PADDING + tray.size[0] / 2
        placed.append(replace(tray, x=x, height=min(tray.height, main.height)))
        x += tray.size[0] / 2
    if slab:
        x += PADDING + SLAB_GAP + slab.thickness / 2
        slab, x = replace(slab, x=x), x + slab.thickness / 2
    middle = (x - main.size[0] / 2) / 2
    trays = [replace(tray, x=tray.x - middle) for tray in placed]
    return Volume(path, kind, tuple(trays), replace(slab, x=slab.x - middle) if slab else None)
