"""Sheets: where what layers give stands in the scene of their network, made once for the shapes of a run.

What an operator gives stands in its box; where a layer has none, behind its trays, across the flow. Maps of attention
stand before the layer that uses them, above all else, as other sheets stand close by. Columns run across the flow as
channels of trays do, rows from above.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..engine.runners.program import Output, Trace
from ..engine.scene import WeightGrid
from ..loaders.network import Network
from .flow import Stop
from .layer_volumes import FLOOR_GAP
from .mosaics import Mosaic, mosaic_for, shown_shape
from .placement import Layout, Placed
from .programs import layer_outputs
from .slabs import slab_bounds
from .style import diverging

__all__ = ["Sheet", "sheets_of", "signature"]

ARRANGING = {  # kernels that compute no numbers
    *("Cast", "Concat", "Expand", "Flatten", "Identity", "Reshape", "Shape", "Slice", "Split", "Squeeze"),
    *("Tile", "Transpose", "Unsqueeze", "Range", "ConstantOfShape", "Pad"),
}
SHARES = {"Softmax"}  # kernels whose outputs are shares of 1
BESIDE = 3.2  # world units from a layer's glass
STOREY = 22.0  # that maps of attention stand higher than other sheets
INPUT_BEFORE, INPUT_CELL, INPUT_SIDE = 12.0, 2.0, 24.0
TALLEST, WIDEST = 18.0, 150.0
INSIDE = 0.8  # from the glass of a box to what stands in it
BAR = 3.4  # height of a full value of a vector
RELIEF = 0.7  # of a value in a sheet, toward where data comes from
THICK = 0.9  # half, of glass around a sheet
AROUND = 0.9


@dataclass(frozen=True, eq=False)
class Sheet:
    """One output as a grid that stands across the flow."""

    name: str  # of the value
    path: str  # of the layer
    layer: int  # index into the layout's layers, -1 for an input that is none
    shares: bool  # of 1, or an input: without a sign unless there are numbers below 0
    mosaic: Mosaic
    grid: WeightGrid
    lower: np.ndarray  # (3,) float64, of the glass around it
    upper: np.ndarray
    own_glass: bool  # False: it stands in the box of its operator


def signature(inputs: Mapping[str, np.ndarray], trace: Trace) -> tuple:
    """What a layout of sheets depends on."""
    shapes = [(output.name, output.array.shape) for output in trace.outputs]
    return tuple((name, array.shape) for name, array in inputs.items()), tuple(shapes)


def sheets_of(
    network: Network, layout: Layout, inputs: Mapping[str, np.ndarray], trace: Trace, theme: str
) -> list[Sheet]:
    """Sheets in the order of the flow: inputs, then of each layer its maps of attention and what it passes on."""
    stops = [number for number, layer in enumerate(layout.layers) if layer.depth == 0]
    fed = [Output(name, "", "Input", array, 0.0) for name, array in inputs.items()]
    known = replace(trace, outputs=[*fed, *trace.outputs])
    given = layer_outputs(network, [Stop(layout.layers[number].volume) for number in stops], known)
    placed = {output.name for outputs in given for output in outputs}
    sheets = [_before_all(output, layout, theme) for output in fed if output.name not in placed and output.array.size]
    for number, outputs in zip(stops, given, strict=True):
        sheets += _sheets(number, layout, outputs, theme)
    return sheets


def _sheets(number: int, layout: Layout, outputs: Sequence[Output], theme: str) -> Iterator[Sheet]:
    shown = [output for output in outputs if output.array.size and output.array.dtype.kind in "fiub"]
    computed = [output for output in shown if output.kernel not in ARRANGING] or shown
    layer = layout.layers[number]
    depth = layer.volume.bounds[3] - layer.volume.bounds[1]
    for output in computed:
        if _is_attention(output) and output is not computed[-1]:
            x = layer.x + layer.volume.bounds[0] - BESIDE
            yield _standing(output, number, layer.volume.path, (x, layer.z), depth, theme, storey=STOREY)
    if computed:
        yield _passed_on(computed[-1], number, layout, theme)


def _passed_on(output: Output, number: int, layout: Layout, theme: str) -> Sheet:
    layer = layout.layers[number]
    if layer.volume.slab is not None:
        return _in_slab(output, number, layer, theme)
    bounds = layer.volume.bounds
    after = [other for other in layout.layers if other.stage == layer.stage + 1]
    beside = [other for other in layout.layers if other.stage == layer.stage]
    depth = bounds[3] - bounds[1]
    if len(after) == 1 and len(beside) == 1:
        depth = max(depth, after[0].volume.bounds[3] - after[0].volume.bounds[1])
    place = layer.x + bounds[2] + BESIDE, layer.z
    return _standing(output, number, layer.volume.path, place, min(depth, WIDEST), theme)


def _is_attention(output: Output) -> bool:
    """Whether it tells how much each token looks at each other one."""
    shape = output.array.shape
    return output.kernel in SHARES and (len(shape) > 3 or len(shape) == 3 and shape[-1] == shape[-2])


def _before_all(output: Output, layout: Layout, theme: str) -> Sheet:
    first = min(layout.layers, key=lambda layer: (layer.stage, layer.x + layer.volume.bounds[0]))
    place = first.x + first.volume.bounds[0] - INPUT_BEFORE, first.z
    return _standing(output, -1, output.name, place, INPUT_SIDE, theme, INPUT_CELL)


def _standing(
    output: Output,
    number: int,
    path: str,
    place: tuple[float, float],
    width: float,
    theme: str,
    most: float = 1.0,
    storey: float = 0.0,
) -> Sheet:
    """A sheet on the floor's gap at (x, z), or so much higher, as wide as it may be."""
    tallest = max(TALLEST, INPUT_SIDE if number < 0 else 0.0)
    mosaic = mosaic_for(shown_shape(output.array.shape), width, tallest)
    rows, columns = mosaic.size
    wide, high = min(most, width / columns), min(most, tallest / rows)
    if mosaic.count > 1 or max(rows, columns) < 4 * min(rows, columns):
        wide = high = min(wide, high)
    if rows == 1:
        high = 2.2 * BAR
    size = np.array([0.0, rows * high, columns * wide])
    lower = np.array([place[0], FLOOR_GAP + AROUND + storey, place[1] - size[2] / 2])
    return _sheet(output, number, path, mosaic, lower, lower + size, theme, True)


def _in_slab(output: Output, number: int, layer: Placed, theme: str) -> Sheet:
    """A sheet that fills the box of its operator."""
    assert layer.volume.slab is not None
    lower, upper = slab_bounds(layer, layer.volume.slab)
    middle = (lower[0] + upper[0]) / 2
    lower, upper = lower + INSIDE, upper - INSIDE
    lower[0] = upper[0] = middle
    room = upper - lower
    scale = 1e3 / max(room[1:])  # cells of any size: the box is not to scale
    mosaic = mosaic_for(shown_shape(output.array.shape), room[2] * scale, room[1] * scale)
    if mosaic.count > 1:
        aspect = room[2] / room[1] * mosaic.rows / mosaic.columns
        mosaic = replace(mosaic, across=min(max(round((mosaic.count * aspect) ** 0.5), 1), mosaic.count))
    return _sheet(output, number, layer.volume.path, mosaic, lower, upper, theme, False)


def _sheet(
    output: Output, number: int, path: str, mosaic: Mosaic, lower: np.ndarray, upper: np.ndarray, theme: str, own: bool
) -> Sheet:
    """The sheet between two corners in a plane across the flow."""
    rows, columns = mosaic.size
    room = upper - lower
    if rows == 1:  # a vector: bars up and down from the middle
        du, dh = np.array([-1.0, 0.0, 0.0]), np.array([0.0, room[1] / 2.2, 0.0])
        origin = np.array([lower[0], (lower[1] + upper[1]) / 2, lower[2] + room[2] / columns / 2])
    else:
        du, dh = np.array([0.0, -room[1] / rows, 0.0]), np.array([-RELIEF, 0.0, 0.0])
        origin = np.array([lower[0], upper[1] + du[1] / 2, lower[2] + room[2] / columns / 2])
    dv = np.array([0.0, 0.0, room[2] / columns])
    grid = WeightGrid(origin, du, dv, dh, None, 1.0, (rows, columns), diverging(theme))
    shares = output.kernel in SHARES or output.kernel == "Input"
    glass = np.array([THICK, AROUND, AROUND])
    return Sheet(output.name, path, number, shares, mosaic, grid, lower - glass, upper + glass, own)
