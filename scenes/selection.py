"""A single weight of a network: where it stands in the scene, and the frame and lines that mark it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..engine.picking import Pick
from ..engine.rasterize.batch import eye_rows
from ..engine.scene import Lines, Node
from ..engine.values import matrix_shape
from ..engine.view import Eye
from ..loaders.network import Network
from .network_scene import GridPart, NetworkScene

__all__ = ["Weight", "part_of", "place_of", "seen_at", "share_of", "show_selection", "stands_in", "weight_of"]

NODE = "selection"
FRAME_PX, LINE_PX = 2.2, 1.3
LINE_ALPHA = 0.45
SIDE, THICKNESS = 0.86, 0.30  # of a cell: a little larger than the slab of a weight


@dataclass(frozen=True)
class Weight:
    """A place in the matrix of a tensor."""

    tensor: int  # index into the network's tensors
    row: int
    column: int


def stands_in(network: Network, weight: Weight) -> bool:
    """Whether the network has such a place."""
    if not 0 <= weight.tensor < len(network.tensors):
        return False
    rows, columns = matrix_shape(network.tensors.shape(weight.tensor))
    return 0 <= weight.row < rows and 0 <= weight.column < columns


def weight_of(built: NetworkScene, pick: Pick) -> Weight | None:
    """The first weight of what was picked; None when it is none of this scene."""
    part = next((part for part in built.grids if part.grid is pick.grid), None)
    return None if part is None else Weight(part.tensor, pick.rows.start, part.first_column + pick.cols.start)


def part_of(built: NetworkScene, weight: Weight) -> GridPart | None:
    """The drawable that shows a weight; None when it is not drawn."""
    for part in built.grids:
        if part.tensor == weight.tensor and 0 <= weight.column - part.first_column < part.grid.shape[1]:
            return part
    return None


def place_of(part: GridPart, weight: Weight, share: float = 0.0) -> np.ndarray:
    """(3,) float64 world: where the weight's point stands."""
    grid = part.grid
    column = weight.column - part.first_column
    return grid.origin + weight.row * grid.du + column * grid.dv + share * grid.dh


def share_of(part: GridPart, number: float) -> float:
    """Height of a number that the drawable shows, -1 to 1; 0 of what is no finite number."""
    share = (number - part.grid.center) / part.grid.value_range
    return min(max(share, -1.0), 1.0) if np.isfinite(share) else 0.0


def seen_at(built: NetworkScene, weight: Weight, eye: Eye) -> tuple[float, float] | None:
    """Where an eye sees a weight, px from the top left of its picture; None where it does not."""
    part = part_of(built, weight)
    if part is None:
        return None
    x, y, w = eye_rows(eye) @ (place_of(part, weight) - eye.position)
    width, height = eye.size_px
    if w <= 0 or not (0 <= x / w < width and 0 <= y / w < height):
        return None
    return float(x / w), float(height - y / w)


def show_selection(built: NetworkScene, weight: Weight | None, share: float = 0.0) -> None:
    """Marks a weight, whose share is `share`, in the scene; None: none is marked."""
    node = next((child for child in built.scene.root.children if child.name == NODE), None)
    part = part_of(built, weight) if weight is not None else None
    if part is None or weight is None:
        if node is not None:
            node.visible = False
        return
    if node is None:
        node = built.scene.root.add(Node(NODE))
        for width_px in (LINE_PX, FRAME_PX):
            lines = Lines(np.zeros((0, 3)), np.zeros(1, np.int64), np.zeros((0, 4)), width_px)
            lines.layer = "back" if width_px == LINE_PX else "front"  # cubes hide the lines between them
            node.add(Node(drawable=lines))
    node.visible = True
    color = built.scene.theme.selection
    _draw(node.children[0], _cross(part, weight, share), (*color, LINE_ALPHA))
    _draw(node.children[1], _frame(part, weight, share), (*color, 1.0))


def _draw(node: Node, lines: list[np.ndarray], color: tuple[float, ...]) -> None:
    drawable = node.drawable
    assert isinstance(drawable, Lines)
    vertices = np.concatenate(lines)
    if np.array_equal(drawable.vertices, vertices):
        return
    drawable.vertices = vertices
    drawable.offsets = np.cumsum([0, *map(len, lines)])
    drawable.colors = np.tile(np.array(color, np.float32), (len(lines), 1))
    drawable.touch()


def _cross(part: GridPart, weight: Weight, share: float) -> list[np.ndarray]:
    """Its row and its column on the zero plane, as far as they are in one drawable, and from there up to its point."""
    grid, column = part.grid, weight.column - part.first_column
    ends = np.array([[-0.5], [0.5]])

    def line(step: np.ndarray, place: int, count: int) -> np.ndarray:
        at_weight = place_of(part, weight)
        return at_weight + (np.array([[-place], [count - 1 - place]]) + ends) * step

    stem = np.stack([place_of(part, weight), place_of(part, weight, share)])
    return [line(grid.dv, column, grid.shape[1]), line(grid.du, weight.row, grid.shape[0]), stem]


def _frame(part: GridPart, weight: Weight, share: float) -> list[np.ndarray]:
    """The edges of a box around the weight."""
    grid, top = part.grid, place_of(part, weight, share)
    du, dv = grid.du * SIDE / 2, grid.dv * SIDE / 2
    cell = np.sqrt(np.linalg.norm(grid.du) * np.linalg.norm(grid.dv))
    corners = np.array([-du - dv, -du + dv, du + dv, du - dv]) + top
    lower = corners - np.array([0.0, THICKNESS * cell, 0.0])
    loops = [np.concatenate([side, side[:1]]) for side in (corners, lower)]
    return [*loops, *(np.stack(pair) for pair in zip(corners, lower, strict=True))]
