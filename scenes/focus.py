"""Focus: one layer brought forward. Its own heading, histogram and rulers; taller in its tray, then flat for numbers.

What is shown is a function of the focus alone, so a film's picture depends on its time only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..engine.detail import Detail
from ..engine.scene import Drawable, Labels, Node, ScreenShapes
from .labels import callouts, layer_heading, rulers
from .layer_volumes import GLASS_HEIGHT, Tray
from .legend import layer_legend, veil
from .look_words import distribution
from .looks import relief_of
from .network_scene import NetworkScene, tray_bounds, write_points

__all__ = ["WHOLE", "Focus", "FocusTrack", "ReliefTrack", "reword", "say_block", "show_focus", "shown_height"]

EASE_S = 0.4

TALLER = 1.7  # height of the layer in focus, in heights of the overview
FLAT_CELLS = 0.40  # height where numbers are read, cells
FLOOR_SPACE = 1.0  # between the floor and the glass of the layer in focus
RECEDED = 0.30  # brightness of other layers' data
RECEDED_GLASS = 0.55


@dataclass(frozen=True)
class Focus:
    """`depth`: 0 the whole network, 1 the layer, 2 its single weights; values between while moving there."""

    layer: int  # index into Layout.layers, -1 for none
    depth: float = 0.0


WHOLE = Focus(-1)


class FocusTrack:
    """Focus as a function of time: every change takes 0.4 s; another layer is reached by way of the whole network."""

    def __init__(self, start: Focus = WHOLE) -> None:
        self._changes: list[tuple[float, Focus, Focus]] = [(-math.inf, start, start)]  # time_s, from, to

    def go(self, time_s: float, goal: Focus) -> None:
        """Begins to change at a time, which is not before that of the last call."""
        now = self.at(time_s)
        self._changes = [change for change in self._changes if change[0] <= time_s]
        if now.layer != goal.layer and now.depth > 0:
            self._changes.append((time_s, now, Focus(now.layer)))
            time_s, now = time_s + EASE_S, Focus(goal.layer)
        start = now if now.layer == goal.layer else Focus(goal.layer)
        self._changes.append((time_s, start, goal))

    def at(self, time_s: float) -> Focus:
        """The focus at a time."""
        begun_s, start, goal = next(change for change in reversed(self._changes) if change[0] <= time_s)
        share = min((time_s - begun_s) / EASE_S, 1.0)
        return Focus(goal.layer, start.depth + (goal.depth - start.depth) * share * share * (3 - 2 * share))

    def is_moving(self, time_s: float) -> bool:
        """Whether the focus still changes at or after a time."""
        return time_s < self._changes[-1][0] + EASE_S


class ReliefTrack:
    """Height of a full share, in heights of a value, as a function of time: every change takes 0.4 s."""

    def __init__(self, start: float) -> None:
        self._begun_s, self._start, self.goal = -math.inf, start, start

    def go(self, time_s: float, goal: float) -> None:
        """Begins to change at a time, which is not before that of the last call."""
        self._begun_s, self._start, self.goal = time_s, self.at(time_s), goal

    def at(self, time_s: float) -> float:
        """The height at a time."""
        share = min((time_s - self._begun_s) / EASE_S, 1.0)
        return self._start + (self.goal - self._start) * share * share * (3 - 2 * share)

    def is_moving(self, time_s: float) -> bool:
        """Whether it still changes at or after a time."""
        return time_s < self._begun_s + EASE_S


def show_focus(built: NetworkScene, focus: Focus, relief: float | None = None) -> None:
    """Changes the scene to this focus.

    `relief`: height of a full share, in heights of a value; None: that of the look.
    """
    relief = relief_of(built.look) if relief is None else relief
    words = _words(focus)
    near, flat = _nearness(focus)
    if built.focus != (focus.layer, focus.depth) or built.relief != relief:
        built.focus, built.relief = (focus.layer, focus.depth), relief
        _shape_data(built, focus.layer, near, flat, relief)
        _shape_glass(built, focus.layer, near, flat, relief)
        _light(built, focus.layer, near)
    elif built.wave is not built.shown_wave:
        _light(built, focus.layer, near)
    if words != built.words:
        built.words = words
        _show_words(built, *words)


def say_block(built: NetworkScene, detail: Detail) -> None:
    """Lets the legend say what was prepared of the layer in focus: cubes, or for how many weights a point stands."""
    if built.layer_of is None or built.layer_of[0] is not detail.grids:
        known = {id(part.grid): part.layer for part in built.grids}
        layers = np.array([known.get(id(grid), -1) for grid in detail.grids], np.int64)
        built.layer_of = detail.grids, layers
    layers, wanted = built.layer_of[1], built.words[0]
    is_told = (layers >= 0) if wanted < 0 else (layers == wanted)
    told = np.flatnonzero(is_told[detail.drawn.grid])
    sides = np.minimum(np.int64(1) << detail.drawn.level[told].astype(np.int64)[:, None], detail.drawn.extent[told])
    block = (0, 0)
    if len(told):
        rows, columns = sides[sides.astype(float).prod(1).argmax()].tolist()
        block = rows, columns
    has_cubes = bool((detail.near.strength[is_told[detail.near.grid]] >= 1).any())
    if (block, has_cubes) != (built.block, built.has_cubes):
        built.block, built.has_cubes = block, has_cubes
        write_points(built)


def reword(built: NetworkScene, tensor: int) -> bool:
    """Writes the words of the layer in focus again, if they are of this tensor. True: they were."""
    layer = built.words[0]
    main = built.layout.layers[layer].volume.main if layer >= 0 else None
    if main is None or main.tensor != tensor:
        return False
    _show_words(built, *built.words)
    return True


def _nearness(focus: Focus) -> tuple[float, float]:
    """(how far the layer has come forward, how flat it is), 0 to 1."""
    return min(max(focus.depth, 0.0), 1.0), min(max(focus.depth - 1.0, 0.0), 1.0)


def _words(focus: Focus) -> tuple[int, bool, bool]:
    """What words a focus has, as `NetworkScene.words`."""
    near, flat = _nearness(focus)
    return (focus.layer if near > 0.5 else -1, flat > 0.5, flat < 0.5)


def shown_height(tray: Tray, near: float, flat: float) -> float:
    """Height of a full value of the layer in focus, world units: grown within the room above the floor, then flat."""
    tall = min(TALLER * tray.height, (tray.zero_y - FLOOR_SPACE) / GLASS_HEIGHT)
    height = tray.height + max(tall - tray.height, 0.0) * near
    return height + (FLAT_CELLS * tray.cell - height) * flat


def _shape_data(built: NetworkScene, layer: int, near: float, flat: float, relief: float) -> None:
    for part in built.grids:
        height = shown_height(part.tray, near, flat) if part.layer == layer else part.tray.height
        height *= relief
        if part.grid.dh[1] != height:
            part.grid.dh = np.array([0.0, height, 0.0])
            part.grid.touch()


def _shape_glass(built: NetworkScene, layer: int, near: float, flat: float, relief: float) -> None:
    """Glass is as high as its data; flat glass keeps out of the way of an eye near single weights."""
    glass = built.glass
    selected = np.zeros(len(glass.lower), bool)
    for k, (number, placed, tray) in enumerate(built.layout.trays()):
        lower, upper = tray_bounds(placed, tray)
        height = tray.height
        if number == layer:
            selected[k] = near > 0.5
            height = shown_height(tray, near, flat)
        if number == layer or relief != 1.0:
            half = GLASS_HEIGHT * max(height * relief, min(height, FLAT_CELLS * tray.cell))
            lower[1], upper[1] = tray.zero_y - half, tray.zero_y + half
        glass.lower[k], glass.upper[k] = lower, upper
    glass.selected = selected
    glass.touch()


def _light(built: NetworkScene, layer: int, near: float) -> None:
    """Brightness of data and frames: layers that are not in focus recede, and so does what a wave has not reached."""
    data, frames = np.ones(len(built.layout.layers)), np.ones(len(built.layout.layers))
    if layer >= 0:
        others = max(2 * near - 1, 0.0)  # they recede when words change
        data -= (1.0 - RECEDED) * others
        frames -= (1.0 - RECEDED_GLASS) * others
        data[layer] = frames[layer] = 1.0
    if built.wave is not None:
        data, frames = data * built.wave.data, frames * built.wave.frames
    built.shown_wave = built.wave
    for part in built.grids:
        part.grid.emphasis = float(data[part.layer])
    built.glass.colors[:, 3] = frames[[number for number, _, _ in built.layout.trays()]]
    built.glass.touch()


def _show_words(built: NetworkScene, layer: int, veiled: bool, with_rulers: bool) -> None:
    """The overview's heading and legend, or those of a layer."""
    built.overview_words.visible = layer < 0
    built.layer_words.children.clear()
    built.callouts.drawable = callouts(built.network, built.layout, built.scene.theme, without=layer)
    built.layer_legend = None
    if layer >= 0:
        _show_layer_words(built, layer, veiled, with_rulers)
    write_points(built)


def _show_layer_words(built: NetworkScene, layer: int, veiled: bool, with_rulers: bool) -> None:
    placed, theme = built.layout.layers[layer], built.scene.theme
    drawables: list[Drawable] = [veil(theme)] if veiled else []
    drawables.append(layer_heading(built.network, built.layout, placed, theme))
    if placed.volume.main is not None and built.has_legend:
        built.layer_legend, shapes = _layer_legend(built, placed.volume.main.tensor)
        drawables += [shapes, built.layer_legend]
    if with_rulers:
        drawables.append(rulers(placed, theme))
    for drawable in drawables:
        built.layer_words.add(Node("focus", drawable=drawable))


def _layer_legend(built: NetworkScene, tensor: int) -> tuple[Labels, ScreenShapes]:
    facts, scale = built.analysis.told(built.network.tensors[tensor]), built.scales.of(tensor)
    if built.look.name == "rownorm":  # of a sample of the rows, also where all numbers are known
        facts = replace(facts, exact=built.analysis.facts(built.network.tensors[tensor]).exact)
    found = distribution(built.analysis, built.network.tensors[tensor], built.look, scale)
    return layer_legend(facts, built.scene.theme, built.look, scale, found)
