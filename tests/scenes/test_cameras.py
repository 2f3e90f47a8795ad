"""Cameras by name and by place: what a person says is where the picture is taken from."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine.kernels.errors import InputError
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.cameras import Camera, parse_camera, stand
from tensornaut.scenes.focus import WHOLE, Focus
from tensornaut.scenes.network_scene import build
from tensornaut.scenes.style import THEMES
from tensornaut.scenes.views import NAMED, layer_view, typical_layer, view_named, weight_view

ASPECT = 16 / 9
COORDINATE = st.floats(-1e6, 1e6).map(lambda number: round(number, 3))


@pytest.fixture
def demo(checkout):
    network = open_network(str(checkout / "assets" / "demo" / "digits.safetensors"))
    return build(network, THEMES["dark"], Analysis())


@given(
    st.lists(COORDINATE, min_size=6, max_size=6).filter(lambda numbers: numbers[:3] != numbers[3:]), st.floats(1, 150)
)
def test_a_place_is_taken_as_it_is_said(numbers, fov_deg):
    view = parse_camera(",".join(map(repr, [*numbers, fov_deg]))).view
    assert view.position.tolist() == numbers[:3] and view.target.tolist() == numbers[3:]
    assert view.fov_y_rad == math.radians(fov_deg)
    assert parse_camera(", ".join(map(repr, numbers))).view.fov_y_rad == pytest.approx(math.radians(36))


@pytest.mark.parametrize(
    "words",
    ["", "moon", "overview:fc", "layer:", "1,2,3,4,5", "1,2,3,4,5,6,7,8", "1,2,3,1,2,3", "1,2,3,4,5,inf", "1,2,3,4,5,x",
     "1,2,3,4,5,2e9", "1,2,3,4,5,6,0", "1,2,3,4,5,6,151", "1_0,2,3,4,5,6"],
)  # fmt: skip
def test_what_is_no_camera_is_said(words):
    with pytest.raises(InputError) as raised:
        parse_camera(words)
    assert raised.value.name == "--camera" and raised.value.key == "option_value"


@given(st.text(max_size=12))
def test_no_words_do_anything_else_than_be_a_camera_or_an_input_error(words):
    try:
        assert isinstance(parse_camera(words), Camera)
    except InputError as error:
        assert error.name == "--camera"


@pytest.mark.parametrize("name", NAMED)
def test_nearnesses_are_those_of_the_typical_layer(demo, name):
    view, focus = stand(demo, parse_camera(name), ASPECT)
    expected = view_named(demo, name, ASPECT)
    assert (view.position == expected.position).all() and (view.target == expected.target).all()
    depth = NAMED.index(name)
    assert focus == (Focus(typical_layer(demo), float(depth)) if depth else WHOLE)


def test_every_layer_and_every_tensor_of_it_has_a_name(demo):
    for number, layer in enumerate(demo.layout.layers):
        view, focus = stand(demo, parse_camera(f"layer:{layer.volume.path}"), ASPECT)
        assert (view.position == layer_view(demo, layer, ASPECT).position).all() and focus == Focus(number, 1.0)
        for tray in layer.volume.trays:
            name = demo.network.tensors[tray.tensor].name
            view, focus = stand(demo, parse_camera(f"weight:{name}"), ASPECT)
            assert (view.position == weight_view(demo, layer, tray).position).all() and focus == Focus(number, 2.0)


def test_a_name_that_is_not_there_is_answered_with_those_like_it(demo):
    with pytest.raises(InputError) as raised:
        stand(demo, parse_camera("layer:stem.conv9"), ASPECT)
    assert "stem.conv1" in str(raised.value)


def test_a_place_has_nothing_in_focus(demo):
    view, focus = stand(demo, parse_camera("-1,2,3,4,5,6"), ASPECT)
    assert focus == WHOLE and np.allclose(view.position, (-1, 2, 3))
