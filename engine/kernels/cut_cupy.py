"""The cut on a GPU: the same tiles in the same order as `cut.cut`, all matrices a level down at a time.

What there is of matrices lies on the device and stays there; tiles come to host memory, where they are asked for.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from .cut import PASSES, CutEyes, CutGrids, Tiles, growth
from .machine_cupy import CudaText, Machine, machine

__all__ = ["TEXT", "cut", "placed"]

TEXT = CudaText("cut", ("plant", "refine", "count_leaves", "line_up", "gather"))
THREADS, LINE_THREADS, GROUPS = 128, 1024, 8
KEPT, SAMPLES, FULL, MADE = range(4)  # in the totals; behind the last: nodes of each round
ONE_TILE = 5  # levels from the top down to which a matrix is one tile
NODES = 1 << 16  # for which there is room at first
NO_LIMIT = np.iinfo(np.int64).max
OF_GRIDS = ("origin", "du", "dv", "rows", "cols", "cell", "products", "normal", "thickness")
OF_EYES = ("position", "planes", "focal_px", "covers")


def placed(grids: CutGrids) -> CutGrids:
    """The grids with their columns on the device."""
    gpu = machine()
    return CutGrids(*(gpu.from_host(getattr(grids, column.name)) for column in fields(grids)))


def cut(grids: CutGrids, eyes: CutEyes, tau: float, budget: int, tile_limit: int) -> Tiles:
    """As `cut.cut`, of grids whose columns lie on a device, read there; eyes and tiles in host memory."""
    gpu = machine()
    tree = _Tree(gpu, grids, eyes, max(NODES, 2 * len(grids)))
    for number in range(PASSES):
        limits = (budget, tile_limit) if number < PASSES - 1 else (NO_LIMIT, NO_LIMIT)
        count, samples = tree.grow(tau, *limits)
        if samples <= limits[0] and count <= limits[1]:
            break
        tau *= growth(number)
    places, sizes = tree.gathered(count)
    grid, level, row, col = (np.ascontiguousarray(places[:, k]) for k in range(4))
    pixels, above = (np.ascontiguousarray(sizes[:, k]) for k in range(2))
    return Tiles(grid, level, row, col, pixels, above, samples, float(tau))


class _Tree:
    """Nodes of all matrices, round by round; a pass grows them anew."""

    def __init__(self, gpu: Machine, grids: CutGrids, eyes: CutEyes, capacity: int) -> None:
        self._gpu, self._roots = gpu, len(grids)
        self._grids = [gpu.array(getattr(grids, name)) for name in OF_GRIDS]
        sides = np.int32(len(eyes.focal_px)), np.int32(eyes.covers.shape[1])
        self._eyes = [*(gpu.from_host(np.ascontiguousarray(getattr(eyes, name))) for name in OF_EYES), *sides]
        self._rounds = 1 + max(0, int(gpu.to_host(gpu.array(grids.top)).max(initial=0)) - ONE_TILE)
        self._totals = gpu.zeros(MADE + self._rounds + 1, np.uint64)
        self._make_room(capacity)

    def grow(self, tau: float, budget: int, tile_limit: int) -> tuple[int, int]:
        """(tiles, samples) of one pass; when they are more than is allowed, not all of them were counted."""
        while True:
            totals = self._pass(tau, budget, tile_limit)
            if not totals[FULL] or totals[KEPT] > tile_limit or totals[SAMPLES] > budget:
                return totals[KEPT], totals[SAMPLES]
            self._make_room(2 * self._capacity)

    def gathered(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """(grid, level, row, col) (n, 4) int32 and (pixels, above) (n, 2) float64 of the last pass, in host memory."""
        gpu, roots = self._gpu, np.int64(self._roots)
        places, sizes = gpu.empty((count, 4), np.int32), gpu.empty((count, 2), np.float64)
        if count:
            for number in reversed(range(self._rounds)):
                self._over_nodes("count_leaves", *self._nodes, np.int32(number), self._totals)
            gpu.launch(TEXT, "line_up", (1,), LINE_THREADS, self._nodes[-1], roots)
            for number in range(self._rounds):
                self._over_nodes("gather", *self._nodes, np.int32(number), self._totals, places, sizes)
        return gpu.to_host(places), gpu.to_host(sizes)

    def _pass(self, tau: float, budget: int, tile_limit: int) -> list[int]:
        self._totals[...] = 0
        self._totals[MADE : MADE + 1] = self._roots
        scene, wanted = (*self._grids, *self._eyes), np.float64(tau)
        if self._roots:
            self._over_nodes("plant", *scene, np.int64(self._roots), wanted, *self._nodes)
            limits = np.int64(min(budget, NO_LIMIT)), np.int64(min(tile_limit, NO_LIMIT)), np.int64(self._capacity)
            for number in range(self._rounds):
                self._over_nodes(
                    "refine", *scene, *self._nodes, wanted, *limits, np.int32(number), self._totals
                )  # fmt: skip
        return [int(total) for total in self._gpu.to_host(self._totals)]

    def _make_room(self, capacity: int) -> None:
        self._capacity, gpu = capacity, self._gpu
        self._nodes: list[Any] = [
            gpu.empty((capacity, 4), np.int32),
            *(gpu.empty(capacity, np.float64) for _ in range(2)),  # pixels, above
            *(gpu.empty(capacity, np.int32) for _ in range(3)),  # first child, children, tiles below
        ]

    def _over_nodes(self, kernel: str, *arguments: Any) -> None:
        self._gpu.launch(TEXT, kernel, (GROUPS * self._gpu.processors,), THREADS, *arguments)
