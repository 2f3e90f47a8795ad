"""A network as a scene graph: glass trays with weights, connections, words and the ground."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..engine.scene import Boxes, Labels, Node, Scene, WeightGrid
from ..engine.theme import Theme
from ..engine.values import ColumnWindow, Magnitudes
from ..loaders.network import Network, Tensor
from .analysis import Analysis
from .connections import arc_lines, flow_lines, stream_lines, turn_lines
from .labels import block_titles, callouts, heading
from .layer_volumes import GLASS_HEIGHT, PADDING, Strip, Tray
from .legend import legend
from .placement import Frame, Layout, Placed, Plate, place
from .slabs import lattices, placed_slabs, slab_bounds, slab_boxes
from .spans import span_lines, span_titles
from .style import diverging, kind_color

__all__ = ["GridPart", "NetworkScene", "box_corners", "build", "main_bounds", "tray_bounds"]

POOL_SPREAD = 9.0  # world units that a pool of light reaches beyond its tray
POOL_ALPHA = 0.20
SHADOW = (0.10, 0.17, 0.28)


@dataclass(frozen=True)
class GridPart:
    """A drawable with what it shows."""

    grid: WeightGrid
    tensor: int  # index into the network's tensors
    first_column: int  # of the tensor's matrix
    layer: int  # index into the layout's layers
    tray: Tray


@dataclass
class NetworkScene:
    """A scene with the way back from pictures to the network."""

    scene: Scene
    network: Network
    layout: Layout
    analysis: Analysis
    grids: list[GridPart]
    glass: Boxes  # one box a tray, in the order of layers and their trays
    callouts: Node  # names of layers
    overview_words: Node  # heading and legend of the whole network
    layer_words: Node  # those of the layer in focus
    focus: tuple[int, float] = (-1, 0.0)  # layer and depth that the scene shows now
    words: tuple[int, bool, bool] = (-1, False, True)  # what its words are of: layer; veiled; with rulers

    @property
    def legend_height_px(self) -> float:
        """From the picture's lower edge to the top of the whole network's legend, px at 1080 lines."""
        labels = (node.drawable for node in self.overview_words.children if isinstance(node.drawable, Labels))
        texts = [text for drawable in labels for text in drawable.texts if text.anchor[1] == 1]
        return -min((text.offset_px[1] for text in texts), default=0.0)

    def glass_corners(self) -> np.ndarray:
        """(8 n, 3) float64: all corners of all trays and slabs; those of the bounds where there is none."""
        return self.glass_lattice(2)

    def glass_lattice(self, a_side: int) -> np.ndarray:
        """(a_side^3 n, 3) float64: so many places a side in each tray and slab, the corners among them."""
        lower, upper = _volumes(self.layout)
        if not len(lower):
            lower, upper = self.scene.lower[None], self.scene.upper[None]
        return _box_places(lower, upper, a_side)


def build(network: Network, theme: Theme, analysis: Analysis) -> NetworkScene:
    """The scene of a whole network."""
    layout = place(network)
    root = Node(network.name)
    root.add(Node("ground", drawable=_pools(network, layout, theme, analysis)))
    if layout.plates or layout.frames:
        root.add(Node("plates", drawable=_plates(layout, theme)))
    root.add(Node("block titles", drawable=block_titles(layout)))
    glass = _glass(layout, theme)
    root.add(Node("glass", drawable=glass))
    root.add(Node("slabs", drawable=slab_boxes(layout, theme)))
    root.add(Node("span titles", drawable=span_titles(layout)))
    for lines in (stream_lines(layout, theme), turn_lines(layout, theme), span_lines(layout, theme)):
        root.add(Node("streams", drawable=lines))
    weights = root.add(Node("weights"))
    grids = list(_grids(network, layout, theme, analysis))
    for part in grids:
        weights.add(Node(network.tensors[part.tensor].name, drawable=part.grid))
    for lattice in lattices(layout, theme):
        weights.add(Node("lattice", drawable=lattice))
    for lines in (flow_lines(layout, theme), *arc_lines(layout, theme)):
        root.add(Node("connections", drawable=lines))
    layer_names = root.add(Node("callouts", drawable=callouts(network, layout, theme)))
    scene = Scene(root, theme, *_bounds(layout))
    overview_words, layer_words = root.add(Node("overview words")), root.add(Node("layer words"))
    overview_words.add(Node("heading", drawable=heading(network, theme)))
    drawn = sum(tray.rows * tray.columns for _, _, tray in layout.trays())
    left_out = network.parameter_count - drawn
    for drawable in legend([layer.volume for layer in layout.layers], theme, scene.floor_step, left_out):
        overview_words.add(Node("legend", drawable=drawable))
    return NetworkScene(scene, network, layout, analysis, grids, glass, layer_names, overview_words, layer_words)


def box_corners(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """(8 n, 3) float64: the corners of n boxes given by (n, 3) float64 each."""
    return _box_places(lower, upper, 2)


def _box_places(lower: np.ndarray, upper: np.ndarray, a_side: int) -> np.ndarray:
    share = np.array(np.meshgrid(*[np.linspace(0, 1, a_side)] * 3)).reshape(3, -1).T[:, None, :]
    return (lower * (1 - share) + upper * share).reshape(-1, 3)


def tray_bounds(layer: Placed, tray: Tray) -> tuple[np.ndarray, np.ndarray]:
    """(lower, upper) corners of the glass, (3,) float64 each."""
    half = np.array([tray.size[0] / 2 + PADDING, GLASS_HEIGHT * tray.height, tray.size[1] / 2 + PADDING])
    middle = np.array([layer.x + tray.x, tray.zero_y, layer.z + tray.z])
    return middle - half, middle + half


def main_bounds(layer: Placed) -> tuple[np.ndarray, np.ndarray]:
    """(lower, upper) corners of a layer's largest tray, or of its slab."""
    if layer.volume.main is not None:
        return tray_bounds(layer, layer.volume.main)
    assert layer.volume.slab is not None  # a volume has one of them
    return slab_bounds(layer, layer.volume.slab)


def _volumes(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """(lower, upper) corners of all trays and slabs, (n, 3) float64 each."""
    lower, upper = _corners(layout)
    boxes = [slab_bounds(layer, slab) for layer, slab in placed_slabs(layout)]
    if not boxes:
        return lower, upper
    return np.append(lower, [box[0] for box in boxes], 0), np.append(upper, [box[1] for box in boxes], 0)


def _corners(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    boxes = [tray_bounds(layer, tray) for _, layer, tray in layout.trays()]
    if not boxes:
        return np.zeros((0, 3)), np.zeros((0, 3))
    return np.array([lower for lower, _ in boxes]), np.array([upper for _, upper in boxes])


def _glass(layout: Layout, theme: Theme) -> Boxes:
    lower, upper = _corners(layout)
    colors = [(*kind_color(layer.volume.kind, theme.name), 1.0) for _, layer, _ in layout.trays()]
    return Boxes(lower, upper, np.array(colors, np.float32).reshape(-1, 4))


def _pools(network: Network, layout: Layout, theme: Theme, analysis: Analysis) -> Boxes:
    """Light on the floor: mostly the mean color of the data above, a little of its kind; shadows in a light theme."""
    lower, upper = _volumes(layout)
    colors = []
    for _, layer, tray in layout.trays():
        kind = np.array(kind_color(layer.volume.kind, theme.name))
        data = analysis.facts(network.tensors[tray.tensor]).mean_color(diverging(theme.name))
        color = np.array(SHADOW) if theme.ink else 0.8 * data + 0.2 * kind
        colors.append((*color, POOL_ALPHA))
    for layer, _ in placed_slabs(layout):
        colors.append((*(SHADOW if theme.ink else kind_color(layer.volume.kind, theme.name)), POOL_ALPHA))
    spread = np.array([POOL_SPREAD, 0.0, POOL_SPREAD])
    return Boxes(lower - spread, upper + spread, np.array(colors, np.float32).reshape(-1, 4), style="floor")


def _plates(layout: Layout, theme: Theme) -> Boxes:
    grounds: list[Plate | Frame] = [*layout.plates, *layout.frames]
    lower = np.array([(ground.x0, 0.0, ground.z0) for ground in grounds])
    upper = np.array([(ground.x1, 0.0, ground.z1) for ground in grounds])
    colors = np.tile(np.array([*theme.glass, 0.045], np.float32), (len(lower), 1))
    return Boxes(lower, upper, colors, style="plate")


def _grids(network: Network, layout: Layout, theme: Theme, analysis: Analysis) -> Iterator[GridPart]:
    """The implicit grids of all trays, one for each strip."""
    for number, layer, tray in layout.trays():
        tensor = network.tensors[tray.tensor]
        value_range = analysis.facts(tensor).value_range
        for strip in tray.strips:
            grid = _grid(tensor, layer, tray, strip, value_range, theme)
            yield GridPart(grid, tray.tensor, strip.first_column, number, tray)


def _grid(tensor: Tensor, layer: Placed, tray: Tray, strip: Strip, value_range: float, theme: Theme) -> WeightGrid:
    along, across = np.array([tray.cell, 0.0, 0.0]), np.array([0.0, 0.0, tray.cell])
    du, dv = (along, across) if tray.columns_across else (across, along)
    middle = np.array([layer.x + tray.x, tray.zero_y, layer.z + tray.z])
    corner = middle - np.array([tray.size[0] / 2, 0.0, tray.size[1] / 2]) + (du + dv) / 2
    numbers = Magnitudes(tensor) if tensor.dtype.startswith("complex") else tensor
    values = numbers if len(tray.strips) == 1 else ColumnWindow(numbers, strip.first_column, strip.columns)
    return WeightGrid(
        origin=corner + strip.offset_cells * du,
        du=du,
        dv=dv,
        dh=np.array([0.0, tray.height, 0.0]),
        values=None if tensor.dtype == "string" else values,
        value_range=value_range,
        shape=(tray.rows, strip.columns),
        colors=diverging(theme.name),
    )


def _bounds(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = _volumes(layout)
    if not len(lower):
        return np.array([-10.0, 0.0, -10.0]), np.array([10.0, 5.0, 10.0])
    return np.append(lower, [[lower[0, 0], 0.0, lower[0, 2]]], 0).min(0), upper.max(0)
