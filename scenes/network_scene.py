"""A network as a scene graph: glass trays with weights, connections, words and the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..engine.scene import Boxes, Node, Scene, WeightGrid
from ..engine.theme import Theme
from ..engine.values import ColumnWindow
from ..loaders.network import Network
from .analysis import Analysis
from .connections import arc_lines, stream_lines
from .labels import block_titles, callouts, heading, legend
from .layer_volumes import GLASS_HEIGHT, PADDING, Tray
from .placement import Layout, Placed, place
from .style import diverging, kind_color

__all__ = ["NetworkScene", "build"]

POOL_SPREAD = 9.0  # world units that a pool of light reaches beyond its tray
POOL_ALPHA = 0.20


@dataclass
class NetworkScene:
    """A scene with the way back from pictures to the network."""

    scene: Scene
    network: Network
    layout: Layout
    grids: list[tuple[WeightGrid, int, int]]  # (drawable, tensor index, its first column in the tensor)

    def glass_corners(self) -> np.ndarray:
        """(8 n, 3) float64: all corners of all trays; those of the bounds where there is none."""
        lower, upper = _corners(self.layout)
        if not len(lower):
            lower, upper = self.scene.lower[None], self.scene.upper[None]
        pick = np.array(np.meshgrid(*[(0, 1)] * 3)).reshape(3, -1).T[:, None, :]
        return np.where(pick == 0, lower, upper).reshape(-1, 3)


def build(network: Network, theme: Theme, analysis: Analysis) -> NetworkScene:
    """The scene of a whole network."""
    layout = place(network)
    root = Node(network.name)
    root.add(Node("ground", drawable=_pools(network, layout, theme, analysis)))
    if layout.plates:
        root.add(Node("plates", drawable=_plates(layout, theme)))
    root.add(Node("block titles", drawable=block_titles(layout)))
    root.add(Node("glass", drawable=_glass(layout, theme)))
    root.add(Node("streams", drawable=stream_lines(layout, theme)))
    grids: list[tuple[WeightGrid, int, int]] = []
    weights = root.add(Node("weights"))
    for layer in layout.layers:
        node = weights.add(Node(layer.volume.path))
        for tray in layer.volume.trays:
            for grid, first_column in _grids(network, layer, tray, theme, analysis):
                node.add(Node(network.tensors[tray.tensor].name, drawable=grid))
                grids.append((grid, tray.tensor, first_column))
    for arcs in arc_lines(layout, theme):
        root.add(Node("arcs", drawable=arcs))
    root.add(Node("callouts", drawable=callouts(network, layout, theme)))
    root.add(Node("heading", drawable=heading(network, theme)))
    lower, upper = _bounds(layout)
    scene = Scene(root, theme, lower, upper)
    for drawable in legend([layer.volume for layer in layout.layers], theme, scene.floor_step):
        root.add(Node("legend", drawable=drawable))
    return NetworkScene(scene, network, layout, grids)


def _tray_box(layer: Placed, tray: Tray) -> tuple[np.ndarray, np.ndarray]:
    """(lower, upper) corners of the glass, (3,) float64 each."""
    half = np.array([tray.size[0] / 2 + PADDING, GLASS_HEIGHT * tray.height, tray.size[1] / 2 + PADDING])
    middle = np.array([layer.x + tray.x, tray.zero_y, layer.z + tray.z])
    return middle - half, middle + half


def _corners(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    boxes = [_tray_box(layer, tray) for layer in layout.layers for tray in layer.volume.trays]
    if not boxes:
        return np.zeros((0, 3)), np.zeros((0, 3))
    return np.array([lower for lower, _ in boxes]), np.array([upper for _, upper in boxes])


def _glass(layout: Layout, theme: Theme) -> Boxes:
    lower, upper = _corners(layout)
    colors = [
        (*kind_color(layer.volume.kind, theme.name), 1.0) for layer in layout.layers for _ in layer.volume.trays
    ]
    return Boxes(lower, upper, np.array(colors, np.float32).reshape(-1, 4))


def _pools(network: Network, layout: Layout, theme: Theme, analysis: Analysis) -> Boxes:
    """Light on the floor: mostly the mean color of the data above, a little of its kind; shadows in a light theme."""
    lower, upper = _corners(layout)
    colors = []
    for layer in layout.layers:
        kind = np.array(kind_color(layer.volume.kind, theme.name))
        for tray in layer.volume.trays:
            data = analysis.mean_color(network.tensors[tray.tensor], diverging(theme.name))
            color = np.array((0.10, 0.17, 0.28)) if theme.ink else 0.8 * data + 0.2 * kind
            colors.append((*color, POOL_ALPHA))
    spread = np.array([POOL_SPREAD, 0.0, POOL_SPREAD])
    return Boxes(lower - spread, upper + spread, np.array(colors, np.float32).reshape(-1, 4), style="floor")


def _plates(layout: Layout, theme: Theme) -> Boxes:
    lower = np.array([(plate.x0, 0.0, plate.z0) for plate in layout.plates])
    upper = np.array([(plate.x1, 0.0, plate.z1) for plate in layout.plates])
    colors = np.tile(np.array([*theme.glass, 0.045], np.float32), (len(lower), 1))
    return Boxes(lower, upper, colors, style="plate")


def _grids(network: Network, layer: Placed, tray: Tray, theme: Theme, analysis: Analysis):
    """The implicit grids of a tray: (WeightGrid, first column), one for each strip."""
    tensor = network.tensors[tray.tensor]
    along, across = np.array([tray.cell, 0.0, 0.0]), np.array([0.0, 0.0, tray.cell])
    du, dv = (along, across) if tray.columns_across else (across, along)
    middle = np.array([layer.x + tray.x, tray.zero_y, layer.z + tray.z])
    corner = middle - np.array([tray.size[0] / 2, 0.0, tray.size[1] / 2]) + (du + dv) / 2
    for strip in tray.strips:
        whole = len(tray.strips) == 1
        grid = WeightGrid(
            origin=corner + strip.offset_cells * du,
            du=du,
            dv=dv,
            dh=np.array([0.0, tray.height, 0.0]),
            values=tensor if whole else ColumnWindow(tensor, strip.first_column, strip.columns),
            value_range=analysis.value_range(tensor),
            shape=(tray.rows, strip.columns),
            colors=diverging(theme.name),
        )
        yield grid, strip.first_column


def _bounds(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = _corners(layout)
    if not len(lower):
        return np.array([-10.0, 0.0, -10.0]), np.array([10.0, 5.0, 10.0])
    return np.append(lower, [[lower[0, 0], 0.0, lower[0, 2]]], 0).min(0), upper.max(0)
