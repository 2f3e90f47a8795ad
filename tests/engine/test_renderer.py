"""The renderer as a whole: what is in a scene is in the picture, and nothing else."""

from pathlib import Path

import numpy as np
import pytest
from tensornaut.engine import loop
from tensornaut.engine.gpu import Target, read_pixels
from tensornaut.engine.outputs.offscreen import OffscreenClock
from tensornaut.engine.renderer import Renderer
from tensornaut.engine.scene import Boxes, Labels, Lines, Node, Points, Scene, ScreenShapes, Surface, Text, WeightGrid
from tensornaut.engine.values import ArrayValues
from tensornaut.engine.view import Eye, Frame, look_at, perspective
from tensornaut.loaders.open import open_network
from tensornaut.scenes.session import Session
from tensornaut.scenes.style import DARK, diverging

pytestmark = pytest.mark.gl
SIZE = (320, 180)
RED = (1.0, 0.0, 0.0, 1.0)


def eye_of():
    pose = look_at(np.array([0.0, 10.0, 20.0]), np.zeros(3))
    return Eye(pose, perspective(np.radians(40), 16 / 9, 0.1, 200), (0, 0, *SIZE))


class Last:
    """Keeps the last picture."""

    def receive(self, frame, eye, framebuffer):
        self.pixels = read_pixels(framebuffer, eye.viewport)[..., :3].astype(int)

    def close(self):
        pass


@pytest.fixture
def draw(context):
    def picture(*nodes):
        root = Node()
        for node in nodes:
            root.add(node)
        scene = Scene(root, DARK, np.array([-8.0, 0.0, -8.0]), np.array([8.0, 4.0, 8.0]))
        renderer, last = Renderer(context, scene), Last()
        clock = OffscreenClock(context, SIZE, 1, 1, lambda index, time_s: (eye_of(),))
        loop.run(clock, [last], renderer.prepare, renderer.draw)
        clock.close()
        return last.pixels

    return picture


def box(style, color=RED, half=1.0, z=0.0):
    lower, upper = np.array([[-half, 0.0, z - half]]), np.array([[half, 2 * half, z + half]])
    return Node(drawable=Boxes(lower, upper, np.array([color], np.float32), style=style))


def grid():
    values = ArrayValues(np.random.default_rng(0).normal(size=(16, 16)).astype(np.float32), "values")
    du, dh, dv = np.eye(3)
    return Node(drawable=WeightGrid(np.array([-7.5, 2.0, -7.5]), du, dv, dh, values, 2.0, (16, 16), diverging("dark")))


SQUARE = np.array([[-2.0, 0.5, 0.0], [2.0, 0.5, 0.0], [2.0, 3.0, 0.0], [-2.0, 3.0, 0.0]])
EVERY_KIND = {
    "glass": lambda: box("glass", half=3.0),
    "slab": lambda: box("slab", half=3.0),
    "solid": lambda: box("solid"),
    "floor": lambda: box("floor", half=4.0),
    "plate": lambda: box("plate", half=4.0),
    "points": lambda: Node(drawable=Points(np.array([[0.0, 1.0, 0.0]]), np.array([RED], np.float32), 3.0)),
    "surface": lambda: Node(
        drawable=Surface(SQUARE, np.array([[0, 1, 2]], np.int32), np.array([RED] * 4, np.float32))
    ),
    "lines": lambda: Node(drawable=Lines(SQUARE, np.array([0, 4]), np.array([RED], np.float32), 3.0)),
    "arcs": lambda: Node(drawable=Lines(SQUARE, np.array([0, 4]), np.array([RED], np.float32), 3.0, 1.0, "front")),
    "callout": lambda: Node(drawable=Labels([Text("weight", np.array([0.0, 1.0, 0.0]))])),
    "floor text": lambda: Node(drawable=Labels([Text("BLOCK", np.zeros(3), "floor", size=4.0)])),
    "screen text": lambda: Node(drawable=Labels([Text("title", np.array([0.2, 0.2]), "screen", size=60)])),
    "rectangle": lambda: Node(
        drawable=ScreenShapes(
            np.array([[0.1, 0.1]]), np.array([[0.0, 0.0, 90.0, 90.0]]), np.array([RED]), np.array([RED]), np.zeros(1)
        )
    ),
    "weights": grid,
}


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_kind_of_drawable_is_seen_unless_its_node_is_hidden(draw, kind):
    empty = draw()
    node = EVERY_KIND[kind]()
    assert (np.abs(draw(node) - empty).max(2) > 20).sum() > 20
    node.visible = False
    assert np.array_equal(draw(node), empty)


def test_nearer_solids_hide_farther_ones_in_any_order(draw):
    near, far = box("solid", RED, z=4.0), box("solid", (0.0, 0.0, 1.0, 1.0), z=-4.0, half=0.6)
    first, second = draw(near, far), draw(far, near)
    assert np.array_equal(first, second)
    assert (first[..., 0] > first[..., 2] + 40).sum() > 100


def test_a_node_moves_all_below_it(draw):
    moved = Node(parent_from_node=np.array([[1.0, 0, 0, 3.0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
    moved.add(box("solid"))
    here, there = (np.nonzero(picture[..., 0] > 120)[1].mean() for picture in (draw(box("solid")), draw(moved)))
    assert there > here + 20


def test_what_lies_below_the_data_is_drawn_anew_once_it_changes(context):
    def scene_of(color, words):
        text = Text(words, np.array([-4.0, 0.0, 4.0]), "floor", size=2.0)
        root = Node(children=[box("glass", color), box("plate", half=6.0), Node(drawable=Labels([text]))])
        return Scene(root, DARK, np.array([-8.0, 0.0, -8.0]), np.array([8.0, 4.0, 8.0]))

    def pictures(renderer, count):
        last, seen = Last(), []
        clock = OffscreenClock(context, SIZE, count, 1, lambda index, time_s: (eye_of(),))
        loop.run(clock, [last, loop.Watcher(lambda *_: seen.append(last.pixels))], renderer.prepare, renderer.draw)
        clock.close()
        return seen

    scene = scene_of(RED, "one")
    renderer = Renderer(context, scene)
    first, *others = pictures(renderer, 4)
    assert all(np.array_equal(first, other) for other in others)
    green = (0.0, 1.0, 0.0, 1.0)
    glass, _, labels = scene.root.children
    for change, same in (
        (lambda: glass.drawable.colors.__setitem__(0, green), scene_of(green, "one")),
        (lambda: setattr(labels.drawable.texts[0], "text", "two"), scene_of(green, "two")),
    ):
        change()
        changed, again, kept = pictures(renderer, 3)
        assert np.array_equal(changed, pictures(Renderer(context, same), 1)[0]) and not np.array_equal(changed, first)
        assert np.array_equal(changed, again) and np.array_equal(changed, kept)
        first = changed


DEMO = Path(__file__).resolve().parents[2] / "assets" / "demo" / "digits.safetensors"
CALLS = ("glDrawArrays", "glDrawArraysInstanced", "glDrawElements", "glBlitFramebuffer", "glDispatchCompute")


@pytest.mark.parametrize("quality", ["low", "high"])
@pytest.mark.parametrize("view", ["view.overview", "view.layer", "view.weight"])
def test_a_frame_of_a_network_is_drawn_in_few_calls(context, monkeypatch, view, quality):
    session = Session(open_network(DEMO), "dark", 16 / 9, lambda scene: None)
    next(command for command in session.commands() if command.name == view).run()
    renderer, target, calls = Renderer(context, session.built.scene), Target(640, 360), []
    for name in CALLS:
        call = getattr(context.gl, name, None)
        if call is not None:
            monkeypatch.setattr(context.gl, name, lambda *given, call=call: calls.append(call) or call(*given))
    for index in range(4):
        session.controls.update(1.0)
        eye = session.controls.eye(target.size_px)
        frame = Frame(index, float(index), (eye,), mode="live", quality=quality)
        session.prepare(frame.time_s)
        renderer.prepare(frame)
        calls.clear()
        renderer.draw(frame, eye, target.framebuffer)
    target.close()
    assert 5 < len(calls) <= 60
