"""A run of a network shown in its scene: sheets of what layers gave, weights by what they did, and the wave of light.

The layout is made once for the shapes of a run: another run of the same shapes changes drawables' values and revisions
only. What is shown is a function of the run and of a place in the wave.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from ..engine.kernels.colorize import INK_NEAR, INK_OVERVIEW, NEAR, OVERVIEW, BrightnessLaw
from ..engine.kernels.names import clean
from ..engine.picking import Pick
from ..engine.runners.program import Program, Trace
from ..engine.scene import Boxes, Lines, Node
from ..engine.values import InstantValues, Values, matrix_shape
from .contributions import Contributions
from .labels import short_name
from .legend import run_legend
from .light_front import LightFront
from .lit_links import LitLinks
from .looks import VALUE, magnitude_colors
from .network_scene import NetworkScene, show_look
from .placement import Layout
from .sheets import Sheet, sheets_of, signature
from .slabs import placed_slabs
from .streams import Streams
from .strings import text
from .style import diverging, kind_color
from .timeline import Timeline
from .wave import Wave
from .weight_words import NAME_LIMIT, BlockWords

__all__ = ["Activations"]

USUAL_PX = (1280, 720)
RANGE_SHARE = 0.995  # of values that are inside a scale
GAIN = 1.65  # of weights' brightness: what the light has passed is dimmed again, so that the light itself stands out
CONTRIBUTION = BrightnessLaw(0.12, 1.75, 0.75)
SHARES = BrightnessLaw(0.85, 0.40, 1.0)  # whose colors are dark where they are small: nothing is to be dimmed
CONTRIBUTION_INK = BrightnessLaw(0.30, 0.70, 0.75)
GLASS, GLASS_AHEAD = 0.36, 0.10  # alpha of glass around sheets
RISE = 0.45  # share of the way of the light through a layer after which its sheet begins to shine
LATTICE, SLABS, STREAMS = "lattice", "slabs", "streams"  # names of nodes


class Activations:
    """Shows runs of a program in a scene; `close` gives the scene back as it was. `place` is where the light is."""

    def __init__(self, built: NetworkScene, program: Program) -> None:
        self.built, self.program = built, program
        self.place: float | None = None
        self.sheets: list[Sheet] = []
        self.trace: Trace | None = None
        self._shown: dict[int, np.ndarray] = {}  # contributions by tensor
        self._signature: tuple = ()
        self._theme = built.scene.theme
        self._contributions = Contributions(built.network, program)
        self._front = LightFront(self._theme)
        self._node = Node("run")
        self._glass = Boxes(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 4), np.float32), style="slab")
        self._streams = Streams(_lines_of(built.scene.root), built.layout, self._theme)
        slabs = next(node.drawable for node in built.scene.root.children if node.name == SLABS)
        assert isinstance(slabs, Boxes)
        self._slabs, self._slab_layers = slabs, _slab_layers(built.layout)
        self._slab_alpha = slabs.colors[:, 3].copy()
        self._lattices = _lattices(built)
        self._size_px = USUAL_PX
        self.wave = Wave(built.layout, [False] * len(built.layout.layers), self._theme.ink)
        self._links = LitLinks(built.scene.root, built.layout, self.wave)
        self._timeline = Timeline(built.layout, self.wave, self._theme)

    def show(self, inputs: Mapping[str, np.ndarray], trace: Trace) -> None:
        """Shows a run; the light stays where it is, or is at the end."""
        wanted = signature(inputs, trace)
        if wanted != self._signature:
            self._signature = wanted
            self._lay_out(inputs, trace)
        self.trace = trace
        arrays = {**inputs, **trace.arrays}
        for sheet in self.sheets:
            self._fill(sheet, arrays[sheet.name])
        self._streams.carry(self._channels(arrays))
        self.dress(arrays)
        place, self.place = self.place, None
        self.light(self.wave.length if place is None else place, self._size_px)

    def light(self, place: float, size_px: tuple[int, int] = USUAL_PX) -> None:
        """Brings the light to a place in the wave: 0 before the network, `wave.length` behind it.

        `size_px` is (width, height) of the picture.
        """
        if (place, size_px) == (self.place, self._size_px):
            return
        self.place, self._size_px = place, size_px
        self._timeline.show(place, size_px)
        lights = self.wave.lights(place)
        self.built.wave = lights
        shine = np.array([1.0 if sheet.layer < 0 else _shine(lights.passed[sheet.layer]) for sheet in self.sheets])
        for sheet, share in zip(self.sheets, shine.tolist(), strict=True):
            sheet.grid.emphasis = share
        own = np.array([sheet.own_glass for sheet in self.sheets], bool)
        self._glass.colors[:, 3] = GLASS_AHEAD + (GLASS - GLASS_AHEAD) * shine[own]
        self._glass.touch()
        if self._slab_layers:
            self._slabs.colors[:, 3] = self._slab_alpha * lights.frames[self._slab_layers]
            self._slabs.touch()
        self._streams.light(lights.passed)
        self._links.light(place, lights.passed)
        front = self.wave.front(place)
        self._front.show(front, self.name_of(front.layer) if front is not None else "")

    def name_of(self, layer: int) -> str:
        """What a layer is called inside its block."""
        placed = self.built.layout.layers[layer]
        block = self.built.layout.plates[placed.block].path if placed.block >= 0 else ""
        return short_name(placed.volume.path, block)

    def dress(self, arrays: Mapping[str, np.ndarray] | None = None) -> None:
        """Lets weights show what they did; to be called again when their look was changed."""
        built, ink = self.built, self._theme.ink
        if built.look.name != VALUE.name or self.trace is None:
            return
        if arrays is not None:
            self._shown = dict(self._contributions.of(arrays))
        for part in built.grids:
            grid, numbers = part.grid, self._shown.get(part.tensor)
            if numbers is None:
                far, near = (INK_OVERVIEW, INK_NEAR) if ink else (OVERVIEW, NEAR)
                grid.law, grid.near_law = (far, near) if ink else (_brighter(far), _brighter(near))
                grid.touch()
                continue
            grid.center, grid.value_range = 0.0, _range(numbers)
            grid.law = CONTRIBUTION_INK if ink else CONTRIBUTION
            grid.near_law = INK_NEAR if ink else _brighter(NEAR)
            grid.painted = _columns(numbers, part.first_column, grid.shape[1])
            grid.touch()

    def words(self, pick: Pick) -> BlockWords | None:
        """Words on what was picked; None when it is nothing that a run gave."""
        sheet = next((sheet for sheet in self.sheets if sheet.grid is pick.grid), None)
        if sheet is None or pick.grid.values is None:
            return None
        name = clean(sheet.name, NAME_LIMIT)
        if pick.count > 1:
            numbers = np.asarray(pick.read(), np.float64)
            facts = text("pointed.facts", **{
                "mean": f"{numbers.mean():.5g}", "min": f"{numbers.min():.5g}", "max": f"{numbers.max():.5g}"
            })  # fmt: skip
            rows, columns = (f"{part.start}:{part.stop}" for part in (pick.rows, pick.cols))
            return BlockWords(text("pointed.values", count=f"{pick.count:,}"), (facts, f"{name}[{rows}, {columns}]"))
        index = sheet.mosaic.index(pick.rows.start, pick.cols.start)
        if index is None:
            return None
        number = np.asarray(pick.read()).reshape(-1)[0]
        about = f"{pick.grid.values.dtype}   {text('quality.exact')}"
        where = f"{name}[{', '.join(map(str, index))}]"
        return BlockWords(f"{number:+.6g}" if number else "0", (where, about))

    def close(self) -> None:
        """The scene as it was before."""
        root = self.built.scene.root
        for node in (self._node, self._front.node, self._timeline.node):
            if node in root.children:
                root.children.remove(node)
        for nodes in self._lattices.values():
            for node in nodes:
                node.visible = True
        self._streams.reset()
        self._links.reset()
        self._slabs.colors[:, 3] = self._slab_alpha
        self._slabs.touch()
        self.built.wave = self.built.told = self.built.sheets = None
        self.built.scene.revision += 1
        show_look(self.built, self.built.look)

    def _lay_out(self, inputs: Mapping[str, np.ndarray], trace: Trace) -> None:
        built, theme = self.built, self._theme
        self.sheets = sheets_of(built.network, built.layout, inputs, trace, theme.name)
        ran = {sheet.layer for sheet in self.sheets}
        self.wave = Wave(built.layout, [number in ran for number in range(len(built.layout.layers))], theme.ink)
        own = [sheet for sheet in self.sheets if sheet.own_glass]
        kinds = ["input" if s.layer < 0 else built.layout.layers[s.layer].volume.kind for s in own]
        lower, upper = (np.array([getattr(s, side) for s in own]).reshape(-1, 3) for side in ("lower", "upper"))
        built.sheets = lower, upper
        colors = [(*kind_color(kind, theme.name), GLASS) for kind in kinds]
        self._glass.lower, self._glass.upper = built.sheets
        self._glass.colors = np.array(colors, np.float32).reshape(-1, 4)
        self._node.children = [Node("glass", drawable=self._glass)]
        self._node.children += [Node(sheet.name, drawable=sheet.grid) for sheet in self.sheets]
        for number, nodes in self._lattices.items():
            for node in nodes:
                node.visible = number not in ran
        root = built.scene.root
        if self._node not in root.children:
            weights = next(k for k, node in enumerate(root.children) if node.name == "weights")
            root.children[weights:weights] = [self._node]
            root.add(self._front.node)
            root.add(self._timeline.node)
        shares = any(sheet.shares for sheet in self.sheets)
        batch = max((len(array) for array in inputs.values() if array.ndim > 1), default=1)
        built.told = run_legend(theme, shares, built.scene.floor_step, batch, self._contributions.left_out)
        built.scene.revision += 1
        show_look(built, built.look)

    def _fill(self, sheet: Sheet, array: np.ndarray) -> None:
        whole = np.asarray(array)
        first = whole[0] if whole.ndim > 1 else whole
        matrix = sheet.mosaic.matrix(first)
        if matrix.dtype.kind in "ib":
            matrix = matrix.astype(np.float32)
        grid = sheet.grid
        grid.values = _instant(matrix, sheet.name)
        has_no_sign = sheet.shares and matrix.min() >= 0
        grid.value_range = 1.0 if has_no_sign and matrix.max() <= 1 else _range(first)
        grid.law = grid.near_law = SHARES if has_no_sign else None
        grid.colors = (magnitude_colors if has_no_sign else diverging)(self._theme.name)
        grid.touch()

    def _channels(self, arrays: Mapping[str, np.ndarray]) -> dict[int, np.ndarray]:
        """Mean values of the channels of what each layer gives, by layer."""
        found = {}
        for sheet in self.sheets:
            array = arrays[sheet.name]
            if array.ndim < 2 or array.dtype.kind != "f":
                continue
            first = array[0].astype(np.float64)
            means = first.mean((1, 2)) if first.ndim == 3 else first.mean(0) if first.ndim == 2 else first.reshape(-1)
            found[sheet.layer] = np.where(np.isfinite(means), means, 0.0)
        return found


def _instant(matrix: np.ndarray, name: str) -> InstantValues:
    matrix = np.ascontiguousarray(matrix)
    return InstantValues(matrix, f"{name} {hashlib.blake2b(matrix.data, digest_size=16).hexdigest()}")


def _columns(numbers: np.ndarray, first: int, columns: int) -> Values:
    """The columns of one strip of a tensor's matrix."""
    matrix = numbers.reshape(matrix_shape(numbers.shape))
    return _instant(matrix[:, first : first + columns], "contribution")


def _range(numbers: np.ndarray) -> float:
    """What 99.5 % of the magnitudes are below; 1 where there are none."""
    sizes = np.abs(numbers).reshape(-1)
    if sizes.dtype.kind == "f" and not np.isfinite(sizes.max(initial=0)):
        sizes = sizes[np.isfinite(sizes)]
    if not sizes.size:
        return 1.0
    place = min(int(RANGE_SHARE * sizes.size), sizes.size - 1)
    found = float(np.partition(sizes, place)[place]) or float(sizes.max())
    return found or 1.0


def _brighter(law: BrightnessLaw) -> BrightnessLaw:
    return BrightnessLaw(law.floor * GAIN, law.rise * GAIN, law.power)


def _shine(passed: float) -> float:
    """Brightness of a sheet while the light passes its layer."""
    share = min(max((passed - RISE) / (1 - RISE), 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _lines_of(root: Node) -> Lines:
    """The hairlines between layers: the first of the lines."""
    found = next(node.drawable for node in root.children if node.name == STREAMS)
    assert isinstance(found, Lines)
    return found


def _lattices(built: NetworkScene) -> dict[int, list[Node]]:
    """Nodes of the neutral lattices in boxes, by layer."""
    weights = next(node for node in built.scene.root.children if node.name == "weights")
    nodes = iter([node for node in weights.children if node.name == LATTICE])
    leaves = [slab.leaves for _, slab in placed_slabs(built.layout)]
    numbers = _slab_layers(built.layout)
    return {number: [next(nodes) for _ in range(count)] for number, count in zip(numbers, leaves, strict=True)}


def _slab_layers(layout: Layout) -> list[int]:
    """Indices of layers with a box, in order."""
    return [number for number, layer in enumerate(layout.layers) if layer.volume.slab is not None]
