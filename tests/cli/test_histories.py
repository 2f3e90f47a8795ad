"""An exact picture depends on what is asked for alone: after any viewing it has the bytes of one of a fresh process.

TENSORNAUT_HISTORIES says how many random histories are tried.
"""

import os
import random
import subprocess
import sys
from argparse import Namespace

import numpy as np
import pytest
from tensornaut.cli.picture import open_scene
from tensornaut.engine import loop
from tensornaut.engine.detail import Detail
from tensornaut.engine.gpu import Target
from tensornaut.engine.outputs.offscreen import OffscreenClock
from tensornaut.engine.outputs.snapshot import SnapshotSink
from tensornaut.engine.renderer import Renderer
from tensornaut.engine.tiles import SLOT_BYTES, TilePool
from tensornaut.engine.view import Eye, Frame, look_at, perspective
from tensornaut.scenes.focus import WHOLE, Focus, say_block, show_focus
from tensornaut.scenes.looks import LOOKS, RANGES, Look
from tensornaut.scenes.network_scene import show_look
from tensornaut.scenes.views import NAMED, typical_layer, view_named

pytestmark = pytest.mark.gl
COUNT = int(os.environ.get("TENSORNAUT_HISTORIES", "10"))
SIZE = 240, 135
WANTED = [  # theme, camera, look
    ("dark", "overview", "value"),
    ("dark", "layer", "value"),
    ("dark", "weight", "value"),
    ("light", "overview", "outlier"),
    ("light", "layer", "rownorm"),
    ("light", "weight", "sign"),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A file with a matrix large enough to be sampled, small ones, and vectors."""
    numbers = np.random.default_rng(0)
    shapes = {
        "a.weight": (2600, 2300),
        "a.bias": (2600,),
        "b.weight": (60, 90),
        "c.weight": (33, 2100),
        "d.weight": (7, 7),
    }
    path = tmp_path_factory.mktemp("model") / "model.npz"
    np.savez(path, **{name: numbers.standard_t(3, shape).astype(np.float32) for name, shape in shapes.items()})
    return path


@pytest.fixture(scope="module")
def fresh(model, tmp_path_factory):
    """A function: the bytes of a picture made by `tensornaut snapshot` in a process of its own."""
    home, taken = tmp_path_factory.mktemp("home"), {}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")} | {
        "HOME": str(home)
    }

    def picture(theme, camera, look):
        key = theme, camera, look
        if key not in taken:
            out = home / f"{len(taken)}.png"
            command = [sys.executable, "-m", "tensornaut", "snapshot", str(model), str(out)]
            command += ["--size", "{}x{}".format(*SIZE), "--theme", theme, "--camera", camera, "--look", look]
            done = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, done.stderr
            taken[key] = out.read_bytes()
        return taken[key]

    return picture


def view_around(renderer, built, chance):
    """Some live frames as a person causes them: flights, jumps, looks, other sizes, more or less time for a frame."""
    lower, upper = built.scene.lower, built.scene.upper
    place = np.array([chance.uniform(low, high) for low, high in zip(lower, upper, strict=True)])
    for index in range(chance.randrange(4, 16)):
        if chance.random() < 0.4:
            place = np.array([chance.uniform(low, high) for low, high in zip(lower - 50, upper + 50, strict=True)])
        if chance.random() < 0.2:
            show_look(built, Look(chance.choice(LOOKS[:4]), chance.choice(RANGES), chance.random() < 0.5))
        layer = chance.randrange(len(built.layout.layers)) if chance.random() < 0.3 else None
        show_focus(built, WHOLE if layer is None else Focus(layer, chance.uniform(0, 2)))
        place = place * (1, chance.uniform(0.3, 1.0), 1) + (0, chance.uniform(0.5, 30), 0)
        toward = np.array([chance.uniform(low, high) for low, high in zip(lower, upper, strict=True)])
        size = chance.choice([(120, 80), (300, 200)])
        eye = Eye(
            look_at(place, toward), perspective(chance.uniform(0.3, 1.2), size[0] / size[1], 0.1, 1e4), (0, 0, *size)
        )
        frame = Frame(index, index / 60, (eye,), int(10 ** chance.uniform(2.5, 5.5)), "live")
        renderer.prepare(frame)
        say_block(built, renderer.detail)
        target = Target(*size)
        renderer.draw(frame, eye, target.framebuffer)
        target.close()
        if chance.random() < 0.3:
            renderer.detail.pool.wait()


@pytest.mark.parametrize("seed", range(COUNT))
def test_an_exact_picture_has_the_same_bytes_after_any_history(context, tmp_path, model, fresh, seed):
    chance = random.Random(seed)
    theme, camera, look = WANTED[seed % len(WANTED)] if seed < len(WANTED) else chance.choice(WANTED)
    built = open_scene(Namespace(source=str(model), theme=theme, look=look, range="tensor", flat=False), SIZE[1])
    renderer = Renderer(context, built.scene)
    slots = chance.choice([3000, 6000, 26_000])  # few: tiles are given up and read again
    renderer.detail = Detail(built.scene, TilePool(slots * SLOT_BYTES))
    view_around(renderer, built, chance)
    show_look(built, Look(look))
    depth = NAMED.index(camera)
    show_focus(built, Focus(typical_layer(built), float(depth)) if depth else WHOLE)
    eye = view_named(built, camera, SIZE[0] / SIZE[1]).eye(SIZE, built.scene.length)
    clock = OffscreenClock(context, SIZE, count=1, rate=1, eyes_at=lambda index, time_s: (eye,))

    def prepare(frame):
        renderer.prepare(frame)
        say_block(built, renderer.detail)

    loop.run(clock, [SnapshotSink(tmp_path / "out.png")], prepare, renderer.draw)
    clock.close()
    renderer.detail.pool.close()
    assert (tmp_path / "out.png").read_bytes() == fresh(theme, camera, look)
