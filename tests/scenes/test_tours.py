"""Tours: smooth level flights from the overview back to it, above the floor and outside the glass.

TOURS in the environment sets over how many random networks they are flown (default 12).
"""

import math
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tensornaut.engine.view import clip_from_world
from tensornaut.scenes.analysis import BINS, Analysis, Facts
from tensornaut.scenes.focus import WHOLE, show_focus
from tensornaut.scenes.network_scene import build
from tensornaut.scenes.placement import place_flow
from tensornaut.scenes.slabs import placed_slabs, slab_bounds
from tensornaut.scenes.style import THEMES
from tensornaut.scenes.tours import default_tour
from tensornaut.scenes.views import overview, typical_layer

SECONDS, ASPECT = 12.0, 16 / 9
SIZE_PX = (1280, 720)


class Unread(Analysis):
    """An analysis of networks without a file."""

    def begin(self, tensors):
        pass

    def facts(self, tensor):
        return Facts(1.0, None, None, None, None, np.zeros(BINS, np.int64), 0.0, True)

    def sample(self, tensor):
        return np.zeros((0, 0)), True


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
    built = toured[0]
    tour = default_tour(built, ASPECT, 2 * SECONDS)
    shown = [tour.focus.at(time_s) for time_s in np.linspace(0, 2 * SECONDS, 1201)]
    typical, last = typical_layer(built), len(built.layout.layers) - 1
    assert any((focus.layer, focus.depth) == (typical, 2.0) for focus in shown)
    assert any(focus.layer == last and focus.depth > 0.5 for focus in shown)  # it has its words


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


RATE = 60
MOST_SPEED = 3.0  # of the eye, distances to what it looks at in a second: so the picture at most doubles in a quarter
MOST_CHANGE = 12.0  # of that speed in a second: from rest to full speed it takes a quarter of a second or more
MOST_TURN_RAD = math.radians(75)  # in a second: what enters a picture 57 degrees wide is seen for most of one
LEVEL_RAD = math.radians(0.1)
RAYS = np.stack(np.meshgrid(np.linspace(-0.95, 0.95, 24), np.linspace(-0.95, 0.95, 14)), -1).reshape(-1, 2)
ALONG = np.linspace(0, 1, 129)[:, None]
AXES = np.concatenate([0.5 + (ALONG - 0.5) * axis for axis in np.eye(3)])[:, None]  # places on a box's middle lines
LEAST_COVERED, LEAST_EXTENT = 0.03, 0.1  # of the picture by boxes; of its height from box to box, if less is covered


def flown(tour, seconds):
    """((n,) times, (n, 4, 4) poses, (n,) distances to what is looked at), a frame each."""
    times = np.arange(round(seconds * RATE) + 1) / RATE
    poses = np.array([tour.flight.camera_at(time_s)[0] for time_s in times])
    targets = np.array([tour.flight.target_at(time_s) for time_s in times])
    return times, poses, np.linalg.norm(poses[:, :3, 3] - targets, axis=1)


def boxes_at(built, focus):
    """((n, 3) lower, (n, 3) upper) corners of all that nothing may fly into, while this is in focus."""
    show_focus(built, focus)
    slabs = [slab_bounds(layer, slab) for layer, slab in placed_slabs(built.layout)]
    lower, upper = (np.array([box[side] for box in slabs]).reshape(-1, 3) for side in (0, 1))
    return np.append(built.glass.lower, lower, 0), np.append(built.glass.upper, upper, 0)


def worth_seeing(eye, lower, upper):
    """1 or more if boxes cover a good part of the picture, or if thin ones reach across a good part of it."""
    places = RAYS / (eye.clip_from_eye[0, 0], eye.clip_from_eye[1, 1])
    rays = np.c_[places, -np.ones(len(places))] @ eye.world_from_eye[:3, :3].T
    slope = 1 / np.where(np.abs(rays) < 1e-12, 1e-12, rays)[:, None]
    ends = np.stack([(lower - eye.position) * slope, (upper - eye.position) * slope])
    enter, leave = ends.min(0).max(2), ends.max(0).min(2)
    covered = ((enter <= leave) & (leave > 0)).any(1).mean()
    if covered >= LEAST_COVERED:
        return covered / LEAST_COVERED
    points = lower * (1 - AXES) + upper * AXES
    clip = np.append(points, np.ones((*points.shape[:2], 1)), 2) @ clip_from_world(eye).T
    is_seen = (np.abs(clip[..., :2]) < clip[..., 3:]).all(2, keepdims=True)
    place = clip[..., :2] / np.where(is_seen, clip[..., 3:], 1) * (ASPECT / 2, 0.5)
    extent = np.where(is_seen, place, -9).max((0, 1)) - np.where(is_seen, place, 9).min((0, 1))
    return max(covered / LEAST_COVERED, extent.max() / LEAST_EXTENT)


def check_tour(built, seconds, every=6):
    """All that makes a tour a pleasure to watch."""
    tour = default_tour(built, ASPECT, seconds)
    times, poses, distances = flown(tour, seconds)
    assert np.isfinite(poses).all() and (poses[:, 1, 3] > 0).all()
    assert np.abs(np.arcsin(poses[:, 1, 0])).max() < LEVEL_RAD and (poses[:, 1, 1] >= 0).all()
    velocity = np.diff(poses[:, :3, 3], axis=0) * RATE / np.minimum(distances[1:], distances[:-1])[:, None]
    turning = np.linalg.norm(np.diff(poses[:, :3, 2], axis=0), axis=1) * RATE
    haste = max(1.0, 24.0 / seconds)  # a short tour may be faster
    assert np.linalg.norm(velocity, axis=1).max() < MOST_SPEED * haste
    assert np.linalg.norm(np.diff(velocity, axis=0), axis=1).max() * RATE < MOST_CHANGE * haste**2
    assert turning.max() < MOST_TURN_RAD * haste
    least = 0.0
    for frame in range(0, len(times), every):
        lower, upper = boxes_at(built, tour.focus.at(times[frame]))
        position = poses[frame, :3, 3]
        assert not ((lower < position) & (position < upper)).all(1).any(), f"in glass at {times[frame]:.2f} s"
        if len(lower) and frame % (5 * every) == 0:
            eye = tour.eye(times[frame], SIZE_PX, built.scene.length)
            worth = worth_seeing(eye, lower, upper)
            least = min(1.0, 0.8 * worth) if frame == 0 else least  # the whole of a single number is small
            assert worth >= least, f"nothing to be seen at {times[frame]:.2f} s"


TOURS = int(os.environ.get("TOURS", "12"))
flying = settings(
    max_examples=TOURS // 2,
    derandomize="TOURS" not in os.environ,
    phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes here
    suppress_health_check=list(HealthCheck),
    deadline=None,
)


@given(data=st.data())
@flying
def test_tours_of_random_networks_are_smooth_level_and_full_and_meet_no_glass(outlines, data):
    network, seconds = data.draw(outlines), data.draw(st.sampled_from((10.0, 24.0, 60.0)))
    check_tour(build(network, THEMES["dark"], Unread()), seconds)


@given(data=st.data())
@flying
def test_so_are_those_of_random_graphs(outline, flows, data):
    """With slabs, branches, and graphs inside operators."""
    layout, seconds = place_flow(data.draw(flows)), data.draw(st.sampled_from((10.0, 24.0, 60.0)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tensornaut.scenes.network_scene.place", lambda network: layout)
        built = build(outline({f"{k}.weight": (8, 8) for k in range(3)}), THEMES["dark"], Unread())
    check_tour(built, seconds)


def test_so_is_that_of_thousands_of_layers(outline):
    shapes = {f"blocks.{k // 4}.fc{k % 4}.weight": (64, 16 + k % 32) for k in range(2000)}
    check_tour(build(outline(shapes), THEMES["dark"], Unread()), 24.0, every=48)


@pytest.mark.parametrize("seconds", [0.1, 1.0, 60.0])
def test_tours_take_as_long_as_asked(outline, seconds):
    _, tour = tour_of(outline(NETWORKS["mlp"]), seconds)
    assert tour.flight.start_s == 0 and tour.flight.duration_s == pytest.approx(seconds)
    tour.focus.at(seconds)


def test_a_network_without_layers_has_a_tour_that_stands(outline):
    built, tour = tour_of(outline({}))
    shown = eyes(built, tour, 5)[1]
    assert all((eye.world_from_eye == shown[0].world_from_eye).all() for eye in shown)
