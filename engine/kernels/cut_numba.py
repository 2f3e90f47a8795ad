"""The cut, compiled: the same tiles as `cut.cut`, found depth first."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from .cut import COVER_PX, NEAREST, PASSES, TILE, CutEyes, CutGrids, Tiles, growth

__all__ = ["cut"]

GROWTH = tuple(growth(number) for number in range(PASSES))
STACK = 128  # three waiting siblings a level, 31 levels
TABLE, LIST, COUNTS = "float64[:, ::1]", "float64[::1]", "int64[::1]"
GRIDS = f"{TABLE}, {TABLE}, {TABLE}, {COUNTS}, {COUNTS}, {LIST}, {TABLE}, {TABLE}, {LIST}, {COUNTS}"
COVERS = "float64[:, :, :, ::1]"
EYES = f"{TABLE}, float64[:, :, ::1], {LIST}"
SHAPES = f"{TABLE}, {TABLE}, {TABLE}, {COUNTS}, {COUNTS}, {TABLE}, {TABLE}, {LIST}"


def cut(grids: CutGrids, eyes: CutEyes, tau: float, budget: int, tile_limit: int) -> Tiles:
    """As `cut.cut`."""
    capacity = max(min(budget, tile_limit), len(grids)) + 1
    places, sizes = np.empty((capacity, 4), np.int32), np.empty((capacity, 2))
    count, samples, tau = _cut(
        grids.origin, grids.du, grids.dv, grids.rows, grids.cols, grids.cell, grids.products,
        grids.normal, grids.thickness, grids.top,
        eyes.position, eyes.planes, eyes.focal_px, eyes.covers, float(tau), budget, tile_limit, places, sizes,
    )  # fmt: skip
    grid, level, row, col = (np.ascontiguousarray(places[:count, k]) for k in range(4))
    pixels, above = (np.ascontiguousarray(sizes[:count, k]) for k in range(2))
    return Tiles(grid, level, row, col, pixels, above, samples, tau)


@njit(
    f"void({SHAPES}, {EYES}, int64, int64, int64, int64, {LIST})",
    nogil=True,
    cache=True,
)
def _measure(
    origin, du, dv, rows, cols, products, normal, thickness,
    position, planes, focal_px, grid, level, row, col, result,
):  # fmt: skip
    """Into `result`: radius, distance into the view, nearness, and center of a tile's bounding sphere."""
    size = TILE << level
    first_row, first_col = row * size, col * size
    end_row, end_col = min(rows[grid], first_row + size), min(cols[grid], first_col + size)
    i, j = (first_row + end_row - 1) / 2, (first_col + end_col - 1) / 2
    high, wide = (end_row - first_row) / 2, (end_col - first_col) / 2
    uu, vv, hh = products[grid, 0], products[grid, 1], products[grid, 2]
    uv, uh, vh = products[grid, 3], products[grid, 4], products[grid, 5]
    square = ((high * high) * uu + (wide * wide) * vv) + hh
    slant = ((high * wide) * uv + high * uh) + wide * vh
    radius = math.sqrt(square + 2 * slant)
    x = (origin[grid, 0] + i * du[grid, 0]) + j * dv[grid, 0]
    y = (origin[grid, 1] + i * du[grid, 1]) + j * dv[grid, 1]
    z = (origin[grid, 2] + i * du[grid, 2]) + j * dv[grid, 2]
    inside, nearness = -np.inf, 0.0
    for eye in range(len(focal_px)):
        ax, ay, az = x - position[eye, 0], y - position[eye, 1], z - position[eye, 2]
        depth = np.inf
        for k in range(5):
            depth = min(depth, (ax * planes[eye, k, 0] + ay * planes[eye, k, 1]) + az * planes[eye, k, 2])
        distance = math.sqrt((ax * ax + ay * ay) + az * az) - radius
        above = abs((ax * normal[grid, 0] + ay * normal[grid, 1]) + az * normal[grid, 2])
        distance = max(distance, above - thickness[grid])
        inside = max(inside, depth)
        nearness = max(nearness, focal_px[eye] / max(distance, NEAREST))
    result[0], result[1], result[2] = radius, inside, nearness
    result[3], result[4], result[5] = x, y, z


@njit(f"boolean({TABLE}, {LIST}, {COVERS}, {LIST}, float64)", nogil=True, cache=True)
def _is_hidden(position, focal_px, covers, measured, step):
    """Whether each eye has a cover that hides the whole measured sphere."""
    radius = measured[0]
    for eye in range(len(focal_px)):
        x, y, z = measured[3] - position[eye, 0], measured[4] - position[eye, 1], measured[5] - position[eye, 2]
        reach = (radius + step) + COVER_PX * ((math.sqrt((x * x + y * y) + z * z) + radius) / focal_px[eye])
        behind = False
        for cover in range(covers.shape[1]):
            behind = True
            for k in range(5):
                plane = covers[eye, cover, k]
                behind &= ((x * plane[0] + y * plane[1]) + z * plane[2]) - plane[3] >= reach
            if behind:
                break
        if not behind:
            return False
    return covers.shape[1] > 0


@njit(
    f"UniTuple(int64, 2)({GRIDS}, {EYES}, {COVERS}, float64, int64, int64, {TABLE}, {COUNTS}, int32[:, ::1], {TABLE})",
    nogil=True,
    cache=True,
)
def _descend(
    origin, du, dv, rows, cols, cell, products, normal, thickness, top,
    position, planes, focal_px, covers, tau, budget, tile_limit, roots, order, places, sizes,
):  # fmt: skip
    """(tiles, samples) of one pass; more samples than the budget mean that it was given up."""
    stack, waiting, measured = np.empty((STACK, 3), np.int64), np.empty(STACK), np.empty(6)
    count, samples = 0, 0
    for place in range(len(order)):
        grid = order[place]
        level = top[grid]
        # Down to the first level of more than one tile the sphere stays the same, and only the step shrinks.
        whole = max(0, level - 5)
        waiting[0] = np.inf
        while level > whole and cell[grid] * (1 << level) * roots[grid, 2] > tau:
            waiting[0] = cell[grid] * (1 << level) * roots[grid, 2]
            level -= 1
        depth = 1
        stack[0, 0], stack[0, 1], stack[0, 2] = level, 0, 0
        while depth > 0:
            depth -= 1
            level, row, col, above = stack[depth, 0], stack[depth, 1], stack[depth, 2], waiting[depth]
            _measure(
                origin, du, dv, rows, cols, products, normal, thickness,
                position, planes, focal_px, grid, level, row, col, measured,
            )  # fmt: skip
            step = cell[grid] * (1 << level)
            size = step * measured[2]
            if not measured[1] >= -(measured[0] + step) or _is_hidden(position, focal_px, covers, measured, step):
                continue
            if size > tau and level > 0:
                for child in range(3, -1, -1):
                    child_row, child_col = 2 * row + (child >> 1), 2 * col + (child & 1)
                    first_row, first_col = (child_row * TILE) << (level - 1), (child_col * TILE) << (level - 1)
                    if first_row < rows[grid] and first_col < cols[grid]:
                        stack[depth, 0], stack[depth, 1], stack[depth, 2] = level - 1, child_row, child_col
                        waiting[depth] = size
                        depth += 1
                continue
            block = 1 << level
            high = min(TILE, ((rows[grid] + block - 1) >> level) - row * TILE)
            wide = min(TILE, ((cols[grid] + block - 1) >> level) - col * TILE)
            samples += high * wide
            if (samples > budget or count + 1 > tile_limit) and tau < np.inf:
                return count, budget + 1
            places[count, 0], places[count, 1], places[count, 2], places[count, 3] = grid, level, row, col
            sizes[count, 0], sizes[count, 1] = size, above
            count += 1
    return count, samples


@njit(
    f"Tuple((int64, int64, float64))({GRIDS}, {EYES}, {COVERS}, float64, int64, int64, int32[:, ::1], {TABLE})",
    nogil=True,
    cache=True,
)
def _cut(
    origin, du, dv, rows, cols, cell, products, normal, thickness, top,
    position, planes, focal_px, covers, tau, budget, tile_limit, places, sizes,
):  # fmt: skip
    """(tiles, samples, tau); the tiles stand in `places` and `sizes`."""
    roots, measured = np.empty((len(rows), 3)), np.empty(6)
    order, seen = np.empty(len(rows), np.int64), 0
    for grid in range(len(rows)):
        _measure(
            origin, du, dv, rows, cols, products, normal, thickness,
            position, planes, focal_px, grid, top[grid], 0, 0, measured,
        )  # fmt: skip
        roots[grid, 0], roots[grid, 1], roots[grid, 2] = measured[0], measured[1], measured[2]
        if measured[1] >= -(measured[0] + cell[grid] * (1 << top[grid])):
            order[seen] = grid
            seen += 1
    count, samples = 0, 0
    for number in range(PASSES):
        count, samples = _descend(
            origin, du, dv, rows, cols, cell, products, normal, thickness, top,
            position, planes, focal_px, covers, tau, budget, tile_limit, roots, order[:seen], places, sizes,
        )  # fmt: skip
        if samples <= budget or number == PASSES - 1:
            break
        tau *= GROWTH[number]
    return count, samples, tau
