"""A session: the ways between the whole network, its layers and single weights, and back."""

import numpy as np
import pytest
from safetensors import numpy as reference
from tensornaut.engine.commands import CommandTable
from tensornaut.loaders.open import open_network
from tensornaut.scenes.focus import WHOLE
from tensornaut.scenes.selection import Weight, part_of, place_of, seen_at
from tensornaut.scenes.session import TOUR_S, Session
from tensornaut.scenes.views import layer_view, overview, weight_view

SHAPES = {"fc1.weight": (24, 32), "fc2.weight": (48, 24), "fc3.weight": (10, 48)}


def write_model(path, shapes=SHAPES):
    random = np.random.default_rng(1)
    reference.save_file({name: random.standard_normal(shape).astype("f4") for name, shape in shapes.items()}, path)
    return open_network(str(path))


class Visit:
    """A session with its commands, and a clock of 60 frames a second."""

    def __init__(self, network):
        self.scenes = []
        self.session = Session(network, "dark", 16 / 9, self.scenes.append)
        self.table = CommandTable()
        for command in self.session.commands():
            self.table.add(command)
        self.time_s = 0.0

    def let(self, seconds):
        for _ in range(round(seconds * 60)):
            self.time_s += 1 / 60
            self.session.controls.update(1 / 60)
            self.session.prepare(self.time_s)

    def press(self, key, seconds=2.0, **arguments):
        self.table.run(self.table.by_key(key).name, **arguments)
        self.let(seconds)

    def is_at(self, view):
        camera = self.session.controls.camera
        ahead = view.target - view.position
        return np.allclose(camera.position, view.position, atol=0.01) and np.allclose(
            camera.forward, ahead / np.linalg.norm(ahead), atol=1e-3
        )

    @property
    def layers(self):
        return self.session.built.layout.layers


@pytest.fixture
def visit(tmp_path):
    return Visit(write_model(tmp_path / "model.safetensors"))


def test_it_begins_with_the_whole_network_and_rests(visit):
    assert visit.is_at(overview(visit.session.built, 16 / 9))
    assert not visit.session.prepare(0.0)


def test_three_nearnesses_and_back(visit):
    built = visit.session.built
    visit.press("2")
    assert visit.is_at(layer_view(built, visit.layers[1], 16 / 9))
    assert built.focus == (1, 1.0)
    visit.press("3")
    assert visit.is_at(weight_view(built, visit.layers[1]))
    assert built.focus == (1, 2.0)
    visit.press("Home")
    assert visit.is_at(overview(built, 16 / 9))
    assert built.focus[1] == 0.0
    assert not visit.session.prepare(visit.time_s)


def test_home_fits_the_picture_of_now(visit):
    visit.session.aspect = 1.0
    visit.press("Home")
    assert visit.is_at(overview(visit.session.built, 1.0))


def test_every_way_can_be_taken_back(visit):
    start = overview(visit.session.built, 16 / 9)
    visit.press("2")
    visit.press("3")
    for expected in (layer_view(visit.session.built, visit.layers[1], 16 / 9), start):
        assert visit.table.undo()
        visit.let(2)
        assert visit.is_at(expected)
    assert visit.session.built.focus[1] == 0.0
    assert visit.table.redo()
    visit.let(2)
    assert visit.session.built.focus == (1, 1.0)


def test_layers_are_walked_along_the_flow_and_round(visit):
    seen = []
    for key in ("Tab", "Tab", "Tab", "Tab", "Shift+Tab"):
        visit.press(key)
        seen.append(visit.session.built.focus[0])
    assert seen == [0, 1, 2, 0, 2]
    visit.press("Home")
    visit.press("Shift+Tab")
    assert visit.session.built.focus[0] == 2


def test_the_tour_comes_back_to_the_whole_network(visit):
    visit.press("2")
    visit.press("T", TOUR_S / 2)
    assert visit.session.built.focus[0] >= 0
    visit.let(TOUR_S / 2 + 2)
    assert visit.is_at(overview(visit.session.built, 16 / 9))
    assert not visit.session.controls.is_moving


@pytest.mark.parametrize("take_over", ["hand", "key", "stop", "flight key", "wheel", "drag", "selection", "click"])
def test_who_takes_over_from_the_tour_stays_where_it_is(visit, take_over):
    visit.press("T", 12.0)
    shown = visit.session.built.focus
    if take_over == "hand":
        visit.session.controls.look(1, 0)
    elif take_over == "key":
        visit.press("T", 0)
    elif take_over == "flight key":
        for pressed in (True, False):
            visit.table.run("move.forward", pressed=pressed)
    elif take_over == "wheel":
        visit.session.controls.wheel(1e-9)
    elif take_over == "drag":
        visit.session.controls.begin_orbit()
        visit.session.controls.end_orbit()
    elif take_over == "selection":
        visit.table.run("value.select", tensor=0, row=0, column=0)
    elif take_over == "click":
        visit.session.end_tour()
    else:
        visit.session.stop()
    place = visit.session.controls.camera.position
    visit.let(3)
    assert np.allclose(visit.session.controls.camera.position, place, atol=1e-6)
    assert visit.session.built.focus == pytest.approx(shown, abs=0.1)
    visit.press("Home")
    assert visit.session.built.focus[1] == 0.0


def test_the_other_theme_keeps_place_and_focus(visit):
    visit.press("2")
    place = visit.session.controls.camera.position
    visit.press("L")
    assert visit.scenes[-1].theme.name == "light"
    assert visit.session.built.focus == (1, 1.0)
    assert np.array_equal(visit.session.controls.camera.position, place)
    visit.table.undo()
    assert visit.scenes[-1].theme.name == "dark"


def test_another_network_begins_anew(visit, tmp_path):
    visit.press("3")
    visit.session.open(write_model(tmp_path / "other.safetensors", {"big.weight": (300, 500)}))
    assert visit.scenes[-1] is visit.session.built.scene
    assert visit.is_at(overview(visit.session.built, 16 / 9))
    visit.let(1)
    assert visit.session.built.focus == (WHOLE.layer, 0.0)


def test_a_network_without_layers_has_only_its_overview(tmp_path):
    visit = Visit(write_model(tmp_path / "empty.safetensors", {}))
    for key in ("1", "2", "3", "Tab", "Shift+Tab", "Home", "T"):
        visit.press(key, 0.2)
    assert visit.session.built.focus[0] == -1


def test_a_weight_is_selected_let_go_and_selected_again(visit):
    visit.table.run("value.select", tensor=1, row=5, column=7)
    visit.table.run("value.select", tensor=2, row=1, column=0)
    assert visit.session.selected == Weight(2, 1, 0)
    visit.table.run("value.clear")
    assert visit.session.selected is None
    visit.table.undo()
    assert visit.session.selected == Weight(2, 1, 0)
    visit.table.undo()
    assert visit.session.selected == Weight(1, 5, 7)
    visit.table.redo()
    assert visit.session.selected == Weight(2, 1, 0)


def test_letting_go_of_nothing_is_nothing_to_take_back(visit):
    visit.press("2")
    visit.table.run("value.clear")
    visit.table.run("value.go")
    visit.table.undo()
    visit.let(2)
    assert visit.is_at(overview(visit.session.built, 16 / 9))


@pytest.mark.parametrize("place", [(9, 0, 0), (-1, 0, 0), (0, 24, 0), (0, 0, 32), (0, -1, 0)])
def test_no_weight_is_selected_where_there_is_none(visit, place):
    with pytest.raises(ValueError):
        visit.table.run("value.select", **dict(zip(("tensor", "row", "column"), place, strict=True)))
    assert visit.session.selected is None


def test_the_selected_weight_stays_with_the_theme_and_goes_with_the_network(visit, tmp_path):
    visit.table.run("value.select", tensor=0, row=1, column=2)
    visit.press("L")
    assert visit.session.selected == Weight(0, 1, 2)
    visit.session.open(write_model(tmp_path / "other.safetensors", {"big.weight": (300, 500)}))
    assert visit.session.selected is None


def test_to_the_selected_weight_also_on_a_small_tray(tmp_path):
    visit = Visit(write_model(tmp_path / "model.safetensors", {"fc.weight": (300, 700), "fc.bias": (300,)}))
    names = [tensor.name for tensor in visit.session.built.network.tensors]
    for name, row, column in (("fc.bias", 0, 211), ("fc.weight", 250, 611)):
        weight = Weight(names.index(name), row, column)
        visit.table.run("value.select", tensor=weight.tensor, row=row, column=column)
        visit.press("G", 6)
        eye = visit.session.controls.eye((640, 360))
        x_px, y_px = seen_at(visit.session.built, weight, eye)
        assert (x_px, y_px) == pytest.approx((320, 180), abs=2)
        part = part_of(visit.session.built, weight)
        distance = np.linalg.norm(place_of(part, weight) - eye.position)
        assert distance < 12 * np.linalg.norm(part.grid.du)


def test_back_and_forward_through_places(visit):
    built = visit.session.built
    visit.press("2")
    visit.press("Tab")
    layers = [layer_view(built, visit.layers[index], 16 / 9) for index in (1, 2)]
    assert visit.is_at(layers[1])
    visit.press("Alt+Left")
    assert visit.is_at(layers[0]) and built.focus == (1, 1.0)
    visit.press("Alt+Left")
    visit.press("Alt+Left")  # there is nothing before
    assert visit.is_at(overview(built, 16 / 9)) and built.focus[1] == 0.0
    visit.press("Alt+Right")
    assert visit.is_at(layers[0])
    visit.press("Tab")
    assert visit.is_at(layers[1])  # walks on from there
    visit.press("Alt+Right")  # what was ahead is forgotten
    assert visit.is_at(layers[1])


def test_back_from_where_a_hand_has_flown(visit):
    visit.press("3")
    view = weight_view(visit.session.built, visit.layers[1])
    visit.session.controls.hold("back", True)
    visit.let(1.5)
    visit.session.controls.hold("back", False)
    visit.let(1)
    flown = visit.session.controls.camera
    visit.press("Alt+Left")
    assert visit.is_at(view)
    visit.press("Alt+Right")
    assert np.allclose(visit.session.controls.camera.position, flown.position)


def test_back_in_the_middle_of_a_way_leads_to_where_it_began(visit):
    visit.press("2", 0.3)
    visit.press("Alt+Left")
    assert visit.is_at(overview(visit.session.built, 16 / 9))
    visit.press("T", 5)
    visit.press("Alt+Left")
    assert visit.is_at(overview(visit.session.built, 16 / 9)) and visit.session.is_home


def test_going_back_can_be_taken_back_and_then_walked_on(visit):
    visit.press("2")
    visit.press("Tab")
    visit.press("Alt+Left")
    visit.table.undo()
    visit.let(2)
    assert visit.is_at(layer_view(visit.session.built, visit.layers[2], 16 / 9))
    visit.press("Tab")
    assert visit.session.built.focus[0] == 0  # round, from the last


def test_another_network_has_no_places_before_it(visit, tmp_path):
    visit.press("2")
    visit.session.open(write_model(tmp_path / "other.safetensors", {"big.weight": (300, 500)}))
    visit.press("Alt+Left")
    assert visit.is_at(overview(visit.session.built, 16 / 9))


def test_the_whole_network_is_fitted_to_a_window_of_another_size(visit):
    session = visit.session
    assert session.resize((500, 500)) and visit.is_at(overview(session.built, 1.0))
    assert not session.resize((500, 500))
    visit.press("2")
    near = session.controls.camera
    assert not session.resize((900, 500))
    assert session.controls.camera is near  # who looks at something else goes on with that
    visit.press("Home")
    assert visit.is_at(overview(session.built, 1.8))
    session.controls.look(5, 0)
    assert not session.resize((640, 360))


@pytest.mark.parametrize("index", [0, 1, 2])
def test_the_layer_ahead_is_the_one_next_to_the_middle_of_the_picture(visit, index):
    layer = visit.layers[index]
    above = np.array((layer.x, 400.0, 0.1))
    visit.session.controls.stand(above, np.array((layer.x, 0.0, 0.0)), 0.6)
    assert visit.session.layer_ahead() == index


def test_a_hand_does_not_sink_through_the_floor(visit):
    visit.session.controls.hold("down", True)
    visit.let(10)
    assert 0 < visit.session.controls.camera.position[1] < 5
