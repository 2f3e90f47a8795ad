"""Films and snapshots depend on scene and index alone: not on threads, on kernels, or on what was seen before."""

from importlib import import_module

import numpy as np
import pytest
from tensornaut.engine import detail, kernel_choice, loop, tile_data
from tensornaut.engine.detail import Detail
from tensornaut.engine.gpu import Target
from tensornaut.engine.outputs.offscreen import OffscreenClock
from tensornaut.engine.outputs.snapshot import SnapshotSink
from tensornaut.engine.outputs.video import VideoSink
from tensornaut.engine.rasterize import choice
from tensornaut.engine.renderer import Renderer
from tensornaut.engine.scene import Boxes, Labels, Lines, Node, Scene, ScreenShapes, Text, WeightGrid
from tensornaut.engine.tiles import SLOT_BYTES, TilePool
from tensornaut.engine.values import ArrayValues
from tensornaut.engine.view import Eye, Frame, look_at, perspective
from tensornaut.scenes.style import THEMES, diverging

pytestmark = pytest.mark.gl
SIZE = 160, 90
FRAMES = 6
DEFINITION, COMPILED = 0, 1


@pytest.fixture
def kernels(monkeypatch):
    """A function that says which version of all kernels draws from now on, whatever is ready on this machine."""

    def use(which):
        def version(name, work):
            return import_module(kernel_choice.VERSIONS[name][which], kernel_choice.__package__)

        for module in (detail, tile_data, choice):
            monkeypatch.setattr(module, "version", version)

    monkeypatch.setattr(detail, "begin_frame", lambda: None)  # nothing is compiled aside
    use(COMPILED)
    return use


def grid_of(shape, seed, origin, cell=1.0):
    values = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    values[0, 0], values[-1, -1] = np.nan, np.inf
    steps = [np.array(step, float) for step in ((0, 0, cell), (cell, 0, 0), (0, 3 * cell, 0))]
    return WeightGrid(np.array(origin, float), *steps, ArrayValues(values, str(seed)), 2.0, shape, diverging("dark"))


def scene_of(theme="dark"):
    """Some of everything that can be drawn; nothing is shared between two scenes."""
    color = np.array([[0.4, 0.8, 0.7, 1.0]], np.float32)
    lower, upper = np.array([[-2.0, -4, -2]]), np.array([[402.0, 4, 302]])
    path = np.array([(0.0, 8, 0), (200, 40, 100), (400, 8, 300)])
    words = [
        Text("layer", np.array([200.0, 6, 150]), detail="300 × 400", dot=(1, 0, 0, 1)),
        Text("BLOCK", np.array([0.0, -9, 340]), "floor", size=30.0),
        Text("weights 权重", np.array([0.02, 0.9]), "screen", size=40.0),
        *(Text(f"row {row}", np.array([60.0 + 11 * (row % 5), 2, 9.0 * row])) for row in range(30)),  # more than fit
    ]
    bar = [np.array([[0.1, 0.1]]), np.array([[0.0, 0, 300, 40]]), color, 0.5 * color, np.array([8.0])]
    drawables = [
        grid_of((300, 400), 1, (0, 0, 0)),
        grid_of((1, 700), 2, (-100, 0, 320)),
        grid_of((40, 40), 3, (430, 0, 60), cell=4.0),
        Boxes(lower, upper, color),
        Boxes(lower, upper, color, style="floor"),
        Lines(path, np.array([0, 3], np.int64), color, width_px=8.0, halo=1.0, layer="front"),
        Labels(words),
        ScreenShapes(*bar),
    ]
    root = Node("root", children=[Node(drawable=drawable) for drawable in drawables])
    return Scene(root, THEMES[theme], np.array([-100.0, -4, 0]), np.array([600.0, 4, 320]), floor_y=-10.0)


def eyes_at(index, time_s):
    """From an overview down to single weights."""
    share = index / (FRAMES - 1)
    far, near = np.array([-150.0, 300.0, 700.0]), np.array([101.0, 5.0, 103.0])
    view = look_at(far + (near - far) * share, np.array([100.0 + 80 * (1 - share), 0.0, 100.0]))
    return (Eye(view, perspective(0.5, SIZE[0] / SIZE[1], 0.1, 5000), (0, 0, *SIZE)),)


def film(context, folder, renderer):
    """Bytes of a film and of the snapshot of its last picture."""
    folder.mkdir(exist_ok=True)
    clock = OffscreenClock(context, SIZE, FRAMES, 30, eyes_at)
    sinks = [VideoSink(folder / "a.mp4", SIZE, 30), SnapshotSink(folder / "a.png"), SnapshotSink(folder / "b.png", 1)]
    assert loop.run(clock, sinks, renderer.prepare, renderer.draw) == FRAMES
    clock.close()
    return [(folder / name).read_bytes() for name in ("a.mp4", "a.png", "b.png")]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_two_runs_and_any_number_of_threads_give_the_same_bytes(context, tmp_path, kernels, theme):
    films = [film(context, tmp_path, Renderer(context, scene_of(theme), threads)) for threads in (1, 1, 2, 8)]
    assert films[0] == films[1] == films[2] == films[3]
    assert len(set(map(len, films[0]))) == 3


def test_the_definition_and_the_compiled_kernels_draw_the_same_film(context, tmp_path, kernels):
    films = []
    for which in (DEFINITION, COMPILED):
        kernels(which)
        renderer = Renderer(context, scene_of())
        films.append(film(context, tmp_path, renderer))
    assert films[0] == films[1]


def watch(context, renderer, target, frames=40):
    """Looks around live as a person does: other places, another size, few samples, tiles that come late."""
    random = np.random.default_rng(0)
    for index in range(frames):
        position = random.uniform((-200, 1, -200), (600, 200, 600))
        view = look_at(position, random.uniform((0, 0, 0), (400, 0, 300)))
        eye = Eye(view, perspective(1.0, 1.5, 0.1, 5000), (0, 0, 120, 80))
        frame = Frame(index, index / 60, (eye,), (3_000, 100_000)[index % 2], "live")
        renderer.prepare(frame)
        renderer.draw(frame, eye, target.framebuffer)


@pytest.mark.parametrize("slots", [160, 20_000])  # few: tiles are given up and read again all the time
def test_what_was_seen_live_before_changes_nothing(context, tmp_path, kernels, slots):
    def renderer_of(scene):
        made = Renderer(context, scene)
        made.detail = Detail(scene, TilePool(slots * SLOT_BYTES))
        return made

    fresh = film(context, tmp_path, renderer_of(scene_of()))
    renderer, target = renderer_of(scene_of()), Target(120, 80)
    watch(context, renderer, target)
    assert film(context, tmp_path, renderer) == fresh
    watch(context, renderer, target, 3)
    assert film(context, tmp_path, renderer) == fresh
    target.close()


def test_a_picture_does_not_depend_on_the_pictures_before_it(context, tmp_path, kernels):
    def pictures(renderer, order):
        clock = OffscreenClock(context, SIZE, len(order), 30, lambda index, time_s: eyes_at(order[index], time_s))
        sinks = [SnapshotSink(tmp_path / f"{place}.png", index) for index, place in enumerate(order)]
        loop.run(clock, sinks, renderer.prepare, renderer.draw)
        clock.close()
        return [(tmp_path / f"{place}.png").read_bytes() for place in sorted(order)]

    there = list(range(FRAMES))
    renderer = Renderer(context, scene_of())
    forward = pictures(renderer, there)
    assert pictures(renderer, there[::-1]) == forward
    assert [pictures(Renderer(context, scene_of()), [place])[0] for place in there] == forward


def test_the_film_shows_points_and_cubes_and_not_the_same_picture_twice(context, tmp_path, kernels):
    renderer, seen = Renderer(context, scene_of()), []

    def draw(frame, eye, framebuffer):
        renderer.draw(frame, eye, framebuffer)
        seen.append((renderer.detail.samples, len(renderer.detail.near), renderer.detail.waiting))

    clock = OffscreenClock(context, SIZE, FRAMES, 30, eyes_at)
    sinks = [SnapshotSink(tmp_path / f"{index}.png", index) for index in range(FRAMES)]
    loop.run(clock, sinks, renderer.prepare, draw)
    clock.close()
    samples, cubes, waiting = zip(*seen, strict=True)
    assert min(samples) > 100 and cubes[0] == 0 and cubes[-1] > 0 and set(waiting) == {0}
    assert len({(tmp_path / f"{index}.png").read_bytes() for index in range(FRAMES)}) == FRAMES
