"""What changed while it is looked at is said once, in one line that says what to do."""

import os

import numpy as np
import pytest
from safetensors import numpy as reference
from tensornaut.engine.detail import Detail
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.picking import pick
from tensornaut.engine.tile_data import READ_FAULTS
from tensornaut.engine.view import Frame
from tensornaut.loaders.network import Tensor
from tensornaut.loaders.open import open_network
from tensornaut.scenes.lost_files import LostFiles
from tensornaut.scenes.session import Session

SHAPES = {"fc1.weight": (96, 64), "fc1.bias": (96,), "fc2.weight": (48, 96), "out.weight": (10, 48)}
FAULTS = [("key", "it is as it is")]


def save(path, seed=0, shapes=SHAPES):
    random = np.random.default_rng(seed)
    reference.save_file({name: random.standard_normal(shape).astype("f4") for name, shape in shapes.items()}, path)
    return path


def replace_by(make):
    def change(path):
        other = path.with_name("other")
        make(other)
        os.replace(other, path)

    return change


def grow(path):
    with path.open("ab") as file:
        file.write(b"more")


def make_folder(path):
    path.unlink()
    path.mkdir()


CHANGES = {  # what is done, and what is said
    "truncated": (lambda path: os.truncate(path, path.stat().st_size // 2), "has become shorter"),
    "within its header": (lambda path: os.truncate(path, 5), "has become shorter"),
    "emptied": (lambda path: os.truncate(path, 0), "has become shorter"),
    "grown": (grow, "has become longer"),
    "replaced": (replace_by(lambda path: save(path, seed=1)), "was written anew"),
    "replaced by another model": (replace_by(lambda path: save(path, shapes={"x": (500, 500)})), "has become longer"),
    "deleted": (os.unlink, "is gone"),
    "a folder": (make_folder, "is no file any more"),
    "a pipe": (replace_by(os.mkfifo), "is no file any more"),
}


@pytest.fixture
def model(tmp_path):
    return save(tmp_path / "model.safetensors")


@pytest.fixture(params=CHANGES)
def change(request):
    return CHANGES[request.param]


def test_a_change_is_said_once_whatever_comes_of_it(model, change):
    make, said = change
    lost = LostFiles(open_network(model))
    assert lost.words([]) is None
    make(model)
    words = lost.words(FAULTS * 3)
    assert said in words and "model.safetensors" in words and "F5" in words and "\n" not in words
    model.rmdir() if model.is_dir() else model.unlink(missing_ok=True)
    assert [lost.words(FAULTS) for _ in range(3)] == [None] * 3


def test_damage_in_a_file_that_stayed_is_said_once_and_a_change_after_it(model):
    lost = LostFiles(open_network(model))
    assert "it is as it is" in lost.words(FAULTS)
    assert lost.words(FAULTS) is None
    model.unlink()
    assert "gone" in lost.words(FAULTS)
    assert lost.words(FAULTS) is None


def test_what_was_read_stays_in_view_and_nothing_is_read_again(model, change, monkeypatch):
    def fly(times):
        for index in range(times):
            session.prepare(float(index))
            session.controls.update(0.2)
            eye = session.controls.eye((640, 360))
            detail.prepare(Frame(index, float(index), (eye,), mode="live"))
            detail.pool.wait()
        return eye

    def lights():
        return detail.pool.data.light[detail.drawn.slot[detail.drawn.slot >= 0]]

    session = Session(open_network(model), "dark", 16 / 9, lambda scene: None)
    detail = Detail(session.built.scene)
    fly(20)
    whole = lights().copy()
    assert whole.any() and detail.waiting == 0
    change[0](model)
    fly(3)
    assert np.array_equal(lights(), whole) and detail.pool.faults == []
    session.go_to_weights()
    eye = fly(30)
    keys = [key for key, _ in detail.pool.faults]
    assert keys and len(keys) == len(set(keys)) and detail.waiting == 0
    assert lights().any()  # through coarser tiles
    found = next(f for x in range(300, 340) for y in range(160, 200) if (f := pick(detail, eye, x, y)) is not None)
    with pytest.raises(READ_FAULTS):
        found.read()
    monkeypatch.setattr(Tensor, "read", lambda *part: pytest.fail("it was read again"))
    fly(5)
    assert [key for key, _ in detail.pool.faults] == keys
    session.go_home()
    fly(20)
    assert np.array_equal(lights(), whole)


def test_what_needs_the_file_is_refused_as_often_as_it_is_asked_for(model):
    lost = LostFiles(open_network(model))
    assert lost.refusal() is None
    model.unlink()
    assert "is gone" in lost.refusal()
    assert [("F5" in lost.refusal(), lost.words(FAULTS)) for _ in range(2)] == [(True, None)] * 2


def test_every_command_goes_on_when_the_file_is_gone(model):
    session = Session(open_network(model), "dark", 16 / 9, lambda scene: None)
    model.unlink()
    commands = {command.name: command for command in session.commands() if not command.held}
    quick = [command for command in commands.values() if not command.arguments] + [commands["look.next"]] * 6
    for time_s, command in enumerate([*quick, commands["view.layer"], *quick]):
        command.run()
        session.prepare(float(time_s))
        session.controls.update(1.0)
    assert {fault for _, fault in session.built.analysis.faults}


def test_opening_again_keeps_the_camera_where_the_same_tensors_are(model):
    def position():
        return session.controls.eye((640, 360)).position

    shown = []
    session = Session(open_network(model), "dark", 16 / 9, shown.append)
    session.go_to_layer(1)
    for time_s in range(5):
        session.prepare(float(time_s))
        session.controls.update(1.0)
    before = position()
    save(model, seed=1)
    assert session.reopen(open_network(model))
    session.prepare(6.0)
    assert np.array_equal(position(), before) and session.built.focus[0] == 1
    assert shown == [session.built.scene]
    first = session.built.grids[0].grid.values.read(slice(0, 1), slice(0, 8))
    name = session.built.network.tensors[session.built.grids[0].tensor].name
    assert np.array_equal(first[0], reference.load_file(model)[name].reshape(-1)[:8])
    save(model, shapes={"other.weight": (8, 8)})
    assert not session.reopen(open_network(model))
    assert not np.array_equal(position(), before)


@pytest.mark.parametrize("what", [what for what in CHANGES if not what.startswith("replaced")])
def test_opening_again_what_is_no_model_any_more_changes_nothing(model, what):
    session = Session(open_network(model), "dark", 16 / 9, lambda scene: None)
    built = session.built
    CHANGES[what][0](model)
    with pytest.raises(InputError):
        session.reopen(open_network(model))
    assert session.built is built
