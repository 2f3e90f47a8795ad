"""Slabs in the scene: what operators give, as standing boxes with lattices inside: shapes, never made-up values."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..engine.scene import Boxes, WeightGrid
from ..engine.theme import Theme
from .layer_volumes import FLOOR_GAP, Slab
from .placement import Layout, Placed
from .style import diverging, kind_color

__all__ = ["lattices", "placed_slabs", "slab_bounds", "slab_boxes"]

LATTICE_LIGHT = 0.2  # of all leaves of a slab together: shapes do not outshine weights


def placed_slabs(layout: Layout) -> Iterator[tuple[Placed, Slab]]:
    """(layer, its slab) of all slabs, in order."""
    for layer in layout.layers:
        if layer.volume.slab is not None:
            yield layer, layer.volume.slab


def slab_bounds(layer: Placed, slab: Slab) -> tuple[np.ndarray, np.ndarray]:
    """(lower, upper) corners of the box, (3,) float64 each."""
    half = np.array([slab.thickness, slab.height, slab.depth]) / 2
    middle = np.array([layer.x + slab.x, FLOOR_GAP + slab.height / 2, layer.z])
    return middle - half, middle + half


def slab_boxes(layout: Layout, theme: Theme) -> Boxes:
    """All slabs as glass in the colors of their kinds."""
    bounds = [slab_bounds(layer, slab) for layer, slab in placed_slabs(layout)]
    colors = [(*kind_color(layer.volume.kind, theme.name), 1.0) for layer, _ in placed_slabs(layout)]
    lower, upper = (np.array([box[side] for box in bounds]).reshape(-1, 3) for side in (0, 1))
    return Boxes(lower, upper, np.array(colors, np.float32).reshape(-1, 4), style="slab")


def lattices(layout: Layout, theme: Theme) -> Iterator[WeightGrid]:
    """Neutral lattices, one a leaf: shape only."""
    for layer, slab in placed_slabs(layout):
        rows, columns = slab.lattice
        lower, upper = slab_bounds(layer, slab)
        du, dv = np.array([0.0, slab.height / rows, 0.0]), np.array([0.0, 0.0, slab.depth / columns])
        for leaf in range(slab.leaves):
            x = lower[0] + slab.thickness * (leaf + 0.5) / slab.leaves
            origin = np.array([x, lower[1], lower[2]]) + (du + dv) / 2
            light = LATTICE_LIGHT / slab.leaves
            colors = diverging(theme.name)
            yield WeightGrid(origin, du, dv, np.zeros(3), None, 1.0, (rows, columns), colors, light)
