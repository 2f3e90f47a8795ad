"""Tiles behind the cubes of the nearest zoom are neither refined nor read, and nobody sees a difference."""

import numpy as np
import pytest
from tensornaut.engine import detail as detail_module
from tensornaut.engine.covers import covers_of
from tensornaut.engine.detail import Detail
from tensornaut.engine.gpu import Target, read_pixels
from tensornaut.engine.renderer import Renderer
from tensornaut.engine.scene import Node, Scene, WeightGrid
from tensornaut.engine.values import ArrayValues
from tensornaut.engine.view import Eye, Frame, look_at, perspective
from tensornaut.scenes.style import THEMES, diverging

SIZE = 640, 360


class Counted(ArrayValues):
    """Values that know how many were read."""

    count = 0

    def read(self, rows, cols):
        part = super().read(rows, cols)
        self.count += part.size
        return part


def scene_of(theme):
    """A matrix, and 60 below it a larger one with many more weights."""
    random = np.random.default_rng(0)
    root, grids = Node("root"), []
    for side, cell, y in ((20, 1.0, 0.0), (3000, 0.05, -60.0)):
        steps = [np.array(step, float) for step in ((0, 0, cell), (cell, 0, 0), (0, 0.3 * cell, 0))]
        values = Counted(random.standard_normal((side, side)).astype(np.float32), f"{side}")
        middle = 10 - side * cell / 2
        grids.append(WeightGrid(np.array([middle, y, middle]), *steps, values, 2.0, (side, side), diverging(theme)))
        root.add(Node("grid", drawable=grids[-1]))
    return Scene(root, THEMES[theme], np.array([-70.0, -60, -70]), np.array([80.0, 1, 80]), floor_y=-70.0), grids


def eyes(apart=0.0):
    """From 2 above the upper matrix, down: a cell is about 240 px."""
    found = []
    for side in (-1, 1) if apart else (0,):
        place = look_at(np.array([10.0 + side * apart / 2, 2.0, 10.3]), np.array([10.0 + side * apart / 2, 0, 10]))
        found.append(Eye(place, perspective(0.65, SIZE[0] / SIZE[1], 0.05, 1000), (0, 0, *SIZE)))
    return tuple(found)


@pytest.fixture
def uncovered(monkeypatch):
    """A function after which cubes hide nothing."""
    none = lambda near, positions: np.zeros((len(positions), 0, 5, 4))  # noqa: E731
    return lambda: monkeypatch.setattr(detail_module, "covers_of", none)


@pytest.mark.parametrize("apart", [0.0, 0.06])
def test_hidden_tiles_are_neither_drawn_nor_read(uncovered, apart):
    samples, read = [], []
    for _ in range(2):
        scene, grids = scene_of("dark")
        detail = Detail(scene)
        detail.prepare(Frame(0, 0.0, eyes(apart)))
        lower = detail.drawn.grid == 1
        samples.append(detail.drawn.counts[lower].prod(1).sum())
        read.append(grids[1].values.count)
        uncovered()
    assert 0 < samples[0] < 0.75 * samples[1]
    assert 0 < read[0] < 0.9 * read[1]


def test_a_live_frame_at_rest_leaves_out_what_an_exact_one_does(monkeypatch):
    monkeypatch.setattr(detail_module, "is_compiled", lambda name: True)  # no smaller budget
    scene, _ = scene_of("dark")
    exact, live = Detail(scene), Detail(scene)
    exact.prepare(Frame(0, 0.0, eyes()))
    for index in range(50):
        live.prepare(Frame(index, 0.0, eyes(), mode="live"))
        live.pool.wait()
    for name in ("grid", "level", "first", "counts"):
        np.testing.assert_array_equal(getattr(live.drawn, name), getattr(exact.drawn, name))


@pytest.mark.gl
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_picture_without_hidden_tiles_is_the_same(context, uncovered, theme):
    """The same bytes in the light theme; in the dark one what is hidden may add its glow to what is seen: 1 of 255."""
    pictures = []
    for _ in range(2):
        scene, _ = scene_of(theme)
        renderer, target = Renderer(context, scene), Target(*SIZE)
        frame = Frame(0, 0.0, eyes())
        renderer.prepare(frame)
        renderer.draw(frame, frame.eyes[0], target.framebuffer)
        pictures.append(read_pixels(target.framebuffer, frame.eyes[0].viewport).astype(int))
        target.close()
        uncovered()
    assert np.abs(pictures[0] - pictures[1]).max() <= (1 if theme == "dark" else 0)


def test_without_cubes_there_are_no_covers():
    scene, _ = scene_of("dark")
    detail = Detail(scene)
    far = Eye(look_at(np.array([10.0, 60, 10.3]), np.array([10.0, 0, 10])), eyes()[0].clip_from_eye, (0, 0, *SIZE))
    detail.prepare(Frame(0, 0.0, (far,)))
    assert covers_of(detail.near, far.position[None]).shape == (1, 0, 5, 4)
