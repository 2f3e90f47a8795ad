"""Tours: smooth level flights from the overview back to it, above the floor and outside the glass."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tensornaut.scenes.analysis import BINS, Analysis, Facts
from tensornaut.scenes.focus import WHOLE, show_focus
from tensornaut.scenes.network_scene import build
from tensornaut.scenes.style import THEMES
from tensornaut.scenes.tours import default_tour
from tensornaut.scenes.views import overview, typical_layer

SECONDS, ASPECT = 12.0, 16 / 9
SIZE_PX = (1280, 720)


class Unread(Analysis):
    """An analysis of networks without a file."""

    def facts(self, tensor):
        return Facts(1.0, None, None, None, None, np.zeros(BINS, np.int64), 0.0, True)


def tour_of(network, seconds=SECONDS):
    built = build(network, THEMES["dark"], Unread())
    return built, default_tour(built, ASPECT, seconds)


def eyes(built, tour, count):
    times = np.linspace(0, SECONDS, count)
    return times, [tour.eye(time_s, SIZE_PX, built.scene.length) for time_s in times]


def enters_glass(built, tour, time_s, eye):
    show_focus(built, tour.focus.at(time_s))
    inside = (built.glass.lower < eye.position) & (eye.position < built.glass.upper)
    return bool(inside.all(1).any())


NETWORKS = {
    "mlp": {"fc1.weight": (64, 784), "fc1.bias": (64,), "fc2.weight": (10, 64), "fc2.bias": (10,)},
    "one layer": {"fc.weight": (12, 12)},
    "one value": {"scale": ()},
    "long vector": {"table.weight": (1_000_000,)},
    "language model": {
        "embed.weight": (50_257, 768),
        **{
            f"layers.{block}.{name}.weight": shape
            for block in range(12)
            for name, shape in {
                "norm1": (768,),
                "attention.query": (768, 768),
                "attention.key": (768, 768),
                "attention.value": (768, 768),
                "mlp.fc1": (3072, 768),
                "mlp.fc2": (768, 3072),
            }.items()
        },
        "norm.weight": (768,),
        "head.weight": (50_257, 768),
    },
    "convolutions": {f"conv{k}.weight": (2**k, 2 ** (k - 1), 3, 3) for k in range(1, 9)},
}


@pytest.fixture(params=NETWORKS)
def toured(request, outline):
    return tour_of(outline(NETWORKS[request.param]))


def test_a_tour_begins_and_ends_at_the_overview(toured):
    built, tour = toured
    view = overview(built, ASPECT)
    for time_s in (0.0, SECONDS):
        eye = tour.eye(time_s, SIZE_PX, built.scene.length)
        assert np.allclose(eye.position, view.position, atol=1e-6 * built.scene.length)
        assert np.allclose(eye.world_from_eye, view.eye(SIZE_PX, built.scene.length).world_from_eye, atol=1e-4)
        assert tour.focus.at(time_s) == WHOLE
    assert tour.flight.duration_s == pytest.approx(SECONDS)


def test_the_horizon_stays_level_and_the_eye_above_the_floor(toured):
    for eye in eyes(*toured, 241)[1]:
        assert eye.world_from_eye[1, 0] == pytest.approx(0, abs=1e-9)
        assert eye.world_from_eye[1, 1] > 0
        assert eye.position[1] > 0.5


def test_position_and_direction_change_evenly(toured):
    """From one hundredth of a second to the next neither jumps, nor does its speed."""
    built, tour = toured
    times, shown = eyes(built, tour, 1 + round(SECONDS * 100))
    positions = np.array([eye.position for eye in shown])
    forward = np.array([-eye.world_from_eye[:3, 2] for eye in shown])
    reach = np.linalg.norm(positions - positions[0], axis=1).max() + 1
    assert np.linalg.norm(np.diff(positions, axis=0), axis=1).max() < 0.05 * reach
    assert np.linalg.norm(np.diff(positions, 2, axis=0), axis=1).max() < 0.01 * reach
    assert np.linalg.norm(np.diff(forward, axis=0), axis=1).max() < 0.1


def test_the_eye_never_enters_glass(toured):
    built, tour = toured
    for time_s, eye in zip(*eyes(built, tour, 241), strict=True):
        assert not enters_glass(built, tour, time_s, eye), f"at {time_s:.2f} s"


def test_a_tour_brings_a_typical_layer_its_weights_and_the_output_into_focus(toured):
    built, tour = toured
    shown = [tour.focus.at(time_s) for time_s in np.linspace(0, SECONDS, 1201)]
    typical, last = typical_layer(built), len(built.layout.layers) - 1
    assert any((focus.layer, focus.depth) == (typical, 2.0) for focus in shown)
    assert any((focus.layer, focus.depth) == (last, 1.0) for focus in shown)


def test_what_the_eye_looks_at_is_never_cut_off(toured):
    built, tour = toured
    for time_s, eye in zip(*eyes(built, tour, 121), strict=True):
        away = built.glass_corners() - eye.position
        assert np.linalg.norm(away, axis=1).max() < far_of(eye)
        target = tour.flight._state_at(time_s)[:3]
        assert near_of(eye) < np.linalg.norm(target - eye.position)


def near_of(eye):
    a, b = eye.clip_from_eye[2, 2], eye.clip_from_eye[2, 3]
    return b / (a - 1)


def far_of(eye):
    a, b = eye.clip_from_eye[2, 2], eye.clip_from_eye[2, 3]
    return b / (a + 1)


@given(data=st.data())
@settings(max_examples=20, phases=[Phase.explicit, Phase.generate])  # shrinking takes minutes here
def test_tours_of_random_networks_stay_above_the_floor(outlines, data):
    built, tour = tour_of(data.draw(outlines))
    for eye in eyes(built, tour, 61)[1]:
        assert np.isfinite(eye.world_from_eye).all() and eye.position[1] > 0


@pytest.mark.parametrize("seconds", [0.1, 1.0, 60.0])
def test_tours_take_as_long_as_asked(outline, seconds):
    _, tour = tour_of(outline(NETWORKS["mlp"]), seconds)
    assert tour.flight.start_s == 0 and tour.flight.duration_s == pytest.approx(seconds)
    tour.focus.at(seconds)


def test_a_network_without_layers_has_a_tour_that_stands(outline):
    built, tour = tour_of(outline({}))
    shown = eyes(built, tour, 5)[1]
    assert all((eye.world_from_eye == shown[0].world_from_eye).all() for eye in shown)
