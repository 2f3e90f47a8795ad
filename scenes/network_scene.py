"""A network as a scene graph: glass trays with weights, connections, words and the ground."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..engine.kernels.colorize import OVERVIEW
from ..engine.kernels.pyramid import Pyramid
from ..engine.scene import Boxes, Labels, Node, Scene, ScreenShapes, WeightGrid
from ..engine.theme import Theme
from ..engine.values import ColumnWindow, Magnitudes, Values
from ..loaders.network import Network, Tensor
from .analysis import Analysis
from .connections import arc_lines, flow_lines, stream_lines, turn_lines
from .labels import block_titles, callouts, heading
from .layer_volumes import BLOCK, GLASS_HEIGHT, PADDING, Strip, Tray
from .legend import legend, point_line
from .looks import VALUE, Appearance, Look, appearance, dress, painted_values, sample_px
from .placement import Frame, Layout, Placed, Plate, place
from .scales import Scales
from .slabs import lattices, placed_slabs, slab_bounds, slab_boxes
from .spans import span_lines, span_titles
from .strings import text
from .style import diverging, kind_color

if TYPE_CHECKING:
    from .wave import Lights

__all__ = [
    "GridPart",
    "NetworkScene",
    "box_corners",
    "box_places",
    "build",
    "main_bounds",
    "real_numbers",
    "show_at",
    "show_look",
    "strip_of",
    "tray_bounds",
    "write_points",
]

POOL_SPREAD = 9.0  # world units that a pool of light reaches beyond its tray
POOL_ALPHA = 0.20
OUT_OF_DATE = (-2, False, True)  # words of no focus
SHORT_PX, SHORTEST_PX = 600, 300  # lines of a picture: fewer have no room for all words, or for a legend
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
    pools: Boxes  # of light below trays, then slabs
    callouts: Node  # names of layers
    overview_words: Node  # heading and legend of the whole network
    layer_words: Node  # those of the layer in focus
    point_words: Node  # what a point stands for
    scales: Scales
    look: Look = VALUE
    block: tuple[int, int] = (0, 0)  # of the largest block of weights that a point in focus stands for; 0: not known
    has_cubes: bool = False  # whether weights in focus are drawn as cubes
    layer_legend: Labels | None = None  # words of the legend of the layer in focus
    layer_of: tuple[list[WeightGrid], np.ndarray] | None = None  # layers of the grids that were drawn last, -1 for none
    focus: tuple[int, float] = (-1, 0.0)  # layer and depth that the scene shows now
    relief: float = 1.0  # height of a full share that it shows now, in heights of a value
    words: tuple[int, bool, bool] = (-1, False, True)  # what its words are of: layer; veiled; with rulers
    wave: Lights | None = None  # brightness by layer while a run is shown
    shown_wave: Lights | None = None  # that the scene shows now
    sheets: tuple[np.ndarray, np.ndarray] | None = None  # (lower, upper), (n, 3) each, of what a run added
    told: tuple[Labels, ScreenShapes] | None = None  # legend of a run, in place of that of weights
    height_px: int = 1080  # of pictures of it

    @property
    def is_short(self) -> bool:
        """Whether pictures have little room for words."""
        return self.height_px < SHORT_PX

    @property
    def has_legend(self) -> bool:
        """Whether pictures have room for one."""
        return self.height_px >= SHORTEST_PX

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
        if self.sheets is not None:
            lower, upper = np.append(lower, self.sheets[0], 0), np.append(upper, self.sheets[1], 0)
        if not len(lower):
            lower, upper = self.scene.lower[None], self.scene.upper[None]
        return box_places(lower, upper, a_side)


def build(network: Network, theme: Theme, analysis: Analysis, look: Look = VALUE) -> NetworkScene:
    """The scene of a whole network."""
    analysis.begin(network.tensors)
    layout = place(network)
    root = Node(network.name)
    pools = _pools(layout, theme)
    root.add(Node("ground", drawable=pools))
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
    grids = list(_grids(network, layout, theme))
    for part in grids if analysis.pyramids else ():
        if pyramid := analysis.pyramids.get(network.tensors[part.tensor].key):
            part.grid.pyramid = strip_of(pyramid, part.first_column, part.grid.shape[1])
    for part in grids:
        weights.add(Node(network.tensors[part.tensor].name, drawable=part.grid))
    for lattice in lattices(layout, theme):
        weights.add(Node("lattice", drawable=lattice))
    for lines in (flow_lines(layout, theme), *arc_lines(layout, theme)):
        root.add(Node("connections", drawable=lines))
    layer_names = root.add(Node("callouts", drawable=callouts(network, layout, theme)))
    scene = Scene(root, theme, *_bounds(layout), axes=(text("scene.rows"), text("scene.columns")))
    overview_words, layer_words = root.add(Node("overview words")), root.add(Node("layer words"))
    overview_words.add(Node("heading", drawable=heading(network, theme)))
    point_words = root.add(Node("point words"))
    built = NetworkScene(
        scene,
        network,
        layout,
        analysis,
        grids,
        glass,
        pools,
        layer_names,
        overview_words,
        layer_words,
        point_words,
        Scales(analysis, network, layout, look.name, look.scale),
    )
    show_look(built, look)
    return built


def show_look(built: NetworkScene, look: Look) -> None:
    """Shows weights by a look. Heights follow when the focus is shown."""
    built.look, theme, analysis = look, built.scene.theme, built.analysis
    built.scales = Scales(analysis, built.network, built.layout, look.name, look.scale)
    how: dict[int, Appearance] = {}
    painted: dict[int, Values | None] = {}
    for part in built.grids:
        tensor = built.network.tensors[part.tensor]
        if part.tensor not in how:
            how[part.tensor] = appearance(look, built.scales.of(part.tensor), theme)
            painted[part.tensor] = painted_values(look, real_numbers(tensor)) if tensor.is_readable else None
        window = _window(painted[part.tensor], part.tray, part.first_column, part.grid.shape[1])
        dress(part.grid, look, how[part.tensor], analysis.facts(tensor).value_range, window)
    _color_pools(built, how)
    built.scene.sample_px = sample_px(look)
    if built.words[0] >= 0:
        built.words = OUT_OF_DATE
    _write_legend(built)


def show_at(built: NetworkScene, height_px: int) -> None:
    """Words as many as pictures of this height have room for."""
    before, built.height_px = (built.is_short, built.has_legend), height_px
    if (built.is_short, built.has_legend) != before:
        _write_legend(built)


def _write_legend(built: NetworkScene) -> None:
    """The legend of the whole network."""
    layout, scene = built.layout, built.scene
    drawn = sum(tray.rows * tray.columns for _, _, tray in layout.trays())
    left_out = built.network.parameter_count - drawn
    volumes = [layer.volume for layer in layout.layers]
    shown = built.told or legend(
        volumes, scene.theme, scene.floor_step, left_out, built.look, built.scales, built.is_short
    )
    del built.overview_words.children[1:]
    for drawable in shown if built.has_legend else ():
        built.overview_words.add(Node("legend", drawable=drawable))
    write_points(built)


def write_points(built: NetworkScene) -> None:
    """What a point stands for, in the legend that is shown."""
    shown, theme = built.layer_legend, built.scene.theme
    if shown is None:
        labels = (node.drawable for node in built.overview_words.children[1:])
        shown = next((drawable for drawable in labels if isinstance(drawable, Labels)), None)
    below, line = built.layer_legend is not None, None
    if shown is not None:
        line = point_line(shown, theme, built.look, built.block, built.has_cubes, below)
    built.point_words.drawable = line


def box_corners(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """(8 n, 3) float64: the corners of n boxes given by (n, 3) float64 each."""
    return box_places(lower, upper, 2)


def box_places(lower: np.ndarray, upper: np.ndarray, a_side: int) -> np.ndarray:
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


def _pools(layout: Layout, theme: Theme) -> Boxes:
    """Light on the floor, not yet of the color of the data; shadows in a light theme."""
    lower, upper = _volumes(layout)
    trays, slabs = [layer for _, layer, _ in layout.trays()], [layer for layer, _ in placed_slabs(layout)]
    colors = [SHADOW if theme.ink else kind_color(layer.volume.kind, theme.name) for layer in (*trays, *slabs)]
    rgba = np.array([(*color, POOL_ALPHA) for color in colors], np.float32).reshape(-1, 4)
    spread = np.array([POOL_SPREAD, 0.0, POOL_SPREAD])
    return Boxes(lower - spread, upper + spread, rgba, style="floor")


def _color_pools(built: NetworkScene, how: dict[int, Appearance]) -> None:
    """Mostly the mean color of the data above, a little of its kind."""
    theme = built.scene.theme
    if theme.ink:
        return
    for k, (_, layer, tray) in enumerate(built.layout.trays()):
        shown, facts = how[tray.tensor], built.analysis.facts(built.network.tensors[tray.tensor])
        data = facts.mean_color(shown.colors, shown.shares(facts.value_range), shown.laws[0] or OVERVIEW)
        built.pools.colors[k, :3] = 0.8 * data + 0.2 * np.array(kind_color(layer.volume.kind, theme.name))
    built.pools.touch()


def _plates(layout: Layout, theme: Theme) -> Boxes:
    grounds: list[Plate | Frame] = [*layout.plates, *layout.frames]
    lower = np.array([(ground.x0, 0.0, ground.z0) for ground in grounds])
    upper = np.array([(ground.x1, 0.0, ground.z1) for ground in grounds])
    colors = np.tile(np.array([*theme.glass, 0.045], np.float32), (len(lower), 1))
    return Boxes(lower, upper, colors, style="plate")


def _grids(network: Network, layout: Layout, theme: Theme) -> Iterator[GridPart]:
    """The implicit grids of all trays, one for each strip; no look yet."""
    for number, layer, tray in layout.trays():
        tensor = network.tensors[tray.tensor]
        for strip in tray.strips:
            yield GridPart(_grid(tensor, layer, tray, strip, theme), tray.tensor, strip.first_column, number, tray)


def _grid(tensor: Tensor, layer: Placed, tray: Tray, strip: Strip, theme: Theme) -> WeightGrid:
    along, across = np.array([tray.cell, 0.0, 0.0]), np.array([0.0, 0.0, tray.cell])
    du, dv = (along, across) if tray.columns_across else (across, along)
    values = None if tensor.dtype == "string" else real_numbers(tensor)
    middle = np.array([layer.x + tray.x, tray.zero_y, layer.z + tray.z])
    corner = middle - np.array([tray.size[0] / 2, 0.0, tray.size[1] / 2]) + (du + dv) / 2
    return WeightGrid(
        origin=corner + strip.offset_cells * du,
        du=du,
        dv=dv,
        dh=np.array([0.0, tray.height, 0.0]),
        values=_window(values, tray, strip.first_column, strip.columns),
        value_range=1.0,
        shape=(tray.rows, strip.columns),
        colors=diverging(theme.name),
    )


def strip_of(pyramid: Pyramid, first_column: int, columns: int) -> Pyramid:
    """The part of a tensor's pyramid that is of one strip: strips begin where blocks do."""
    here = slice(first_column // BLOCK, first_column // BLOCK - (-columns // BLOCK))
    return pyramid.map(lambda column: column[:, here])


def real_numbers(tensor: Tensor) -> Values:
    """What a picture shows of a tensor: real numbers."""
    return Magnitudes(tensor) if tensor.dtype.startswith("complex") else tensor


def _window(values: Values | None, tray: Tray, first_column: int, columns: int) -> Values | None:
    """The columns of one strip; None of none."""
    return values if values is None or len(tray.strips) == 1 else ColumnWindow(values, first_column, columns)


def _bounds(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = _volumes(layout)
    if not len(lower):
        return np.array([-10.0, 0.0, -10.0]), np.array([10.0, 5.0, 10.0])
    return np.append(lower, [[lower[0, 0], 0.0, lower[0, 2]]], 0).min(0), upper.max(0)
