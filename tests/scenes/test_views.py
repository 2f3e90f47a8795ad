"""Views show all that they are fitted to, as near as that allows, where the picture has room for it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensornaut.engine.text_layout import screen_scale
from tensornaut.engine.view import clip_from_world
from tensornaut.scenes import views
from tensornaut.scenes.analysis import BINS, Analysis, Facts
from tensornaut.scenes.labels import rulers
from tensornaut.scenes.legend import LAYER_PX, WIDTH_PX
from tensornaut.scenes.network_scene import box_corners, build, show_at, tray_bounds
from tensornaut.scenes.style import THEMES

FORWARDS = [(1.0, -0.3, -0.8), (0.0, -0.5, -1.0), (-1.0, 0.2, 0.1)]
CORNERS = arrays.arrays(
    np.float64, st.tuples(st.integers(2, 12), st.just(3)), elements=st.floats(-100, 100, width=32), unique=True
)


class Unread(Analysis):
    """An analysis of networks without a file."""

    def facts(self, tensor):
        return Facts(1.0, None, None, None, None, np.zeros(BINS, np.int64), 0.0, True)


def seen(view, corners, aspect):
    """(n, 2) normalized device coordinates of the corners; all are before the eye."""
    eye = view.eye((round(900 * aspect), 900), 1e6)
    clip = np.c_[corners, np.ones(len(corners))] @ clip_from_world(eye).T
    assert (clip[:, 3] > 0).all()
    return clip[:, :2] / clip[:, 3:]


@pytest.mark.parametrize("room", [views.OVERVIEW_ROOM, views.LAYER_ROOM])
@given(corners=CORNERS, forward=st.sampled_from(FORWARDS), aspect=st.sampled_from([0.5, 1.0, 16 / 9, 2.4]))
def test_a_fitted_view_is_the_nearest_that_shows_everything_in_its_room(room, corners, forward, aspect):
    forward = np.array(forward) / np.linalg.norm(forward)
    view = views._fitted(corners, forward, math.radians(36), aspect, room)
    spots = seen(view, corners, aspect)
    half = (spots.max(0) - spots.min(0)) / 2
    filled = half / (room.width, room.height)
    nearest_depth = ((corners - view.position) @ forward).min()
    assert filled.max() <= 1 + 1e-6
    assert filled.max() >= 1 - 1e-6 or nearest_depth <= 2 * views.NEAREST
    assert np.allclose((spots.max(0) + spots.min(0)) / 2, (-room.left, -room.below), atol=1e-6)
    assert np.allclose((view.target - view.position) / np.linalg.norm(view.target - view.position), forward)


def of_network(network):
    built = build(network, THEMES["dark"], Analysis())
    return built, built.layout.layers[views.typical_layer(built)]


@pytest.mark.parametrize("aspect", [0.6, 1.0, 16 / 9, 2.4])
def test_the_overview_shows_all_glass_below_the_heading(transformer, aspect):
    built, _ = of_network(transformer)
    spots = seen(views.overview(built, aspect), built.glass_corners(), aspect)
    assert np.abs(spots[:, 0]).max() <= 0.90 + 1e-6
    assert spots[:, 1].min() >= -0.9 and spots[:, 1].max() <= 0.5  # of -1 to 1: the lower three quarters


@pytest.mark.parametrize(
    "shapes", [((600, 600), (600, 600)), ((8, 8),) * 9, ((2, 2), (900, 900)), ((900, 900), (2, 2))]
)
def test_no_glass_of_the_overview_stands_where_the_legend_is(outline, shapes):
    tensors = {f"layer{k}.weight": shape for k, shape in enumerate(shapes)}
    built = build(outline(tensors), THEMES["dark"], Unread())
    spots = seen(views.overview(built, 16 / 9), built.glass_corners(), 16 / 9)
    from_corner_px = (1 + spots * (-1, 1)) / 2 * (1920, 1080)
    assert built.legend_height_px > 100
    assert not (from_corner_px < (WIDTH_PX, built.legend_height_px)).all(1).any()
    assert (np.ptp(spots, axis=0) / 2).max() >= 0.6


@pytest.mark.parametrize("size", [(960, 540), (1280, 720), (1920, 1080), (3840, 2160)])
def test_the_legends_corner_is_free_in_pictures_of_every_size(outline, size):
    built = build(outline({f"layer{k}.weight": (600, 600) for k in range(4)}), THEMES["dark"], Unread())
    whole_px = built.legend_height_px
    show_at(built, size[1])
    assert (built.legend_height_px < whole_px) == (size[1] < 600)
    aspect = size[0] / size[1]
    spots = seen(views.overview(built, aspect), built.glass_corners(), aspect)
    from_corner_px = (1 + spots * (-1, 1)) / 2 * size
    legend_px = np.array([WIDTH_PX, built.legend_height_px]) * screen_scale(size[1])
    assert not (from_corner_px < legend_px).all(1).any()


def test_no_more_is_left_free_for_the_legend_than_it_takes(outline):
    built = build(outline({"a.weight": (2, 2), "b.weight": (600, 600)}), THEMES["dark"], Unread())
    view = views.overview(built, 16 / 9)
    forward = view.target - view.position
    titles = [*views.block_titles(built.layout).texts, *views.span_titles(built.layout).texts]
    corners = np.append(built.glass_corners(), views._ends_of(titles), 0)
    room = views._room(0.64, 0.85)
    narrow = views._fitted(corners, forward / np.linalg.norm(forward), math.radians(36), 16 / 9, room)
    assert np.linalg.norm(forward) < np.linalg.norm(narrow.target - narrow.position)


@pytest.mark.parametrize("aspect", [0.6, 1.0, 16 / 9, 2.4])
@pytest.mark.parametrize("shape", [(48, 192), (4, 90_000), (50_257, 16), (1, 1), (5,)])
def test_a_layers_view_shows_its_whole_matrix_beside_the_legend(outline, shape, aspect):
    built = build(outline({"fc.weight": shape}), THEMES["dark"], Unread())
    (layer,) = built.layout.layers
    lower, upper = tray_bounds(layer, layer.volume.main)
    spots = seen(views.layer_view(built, layer, aspect), box_corners(lower[None], upper[None]), aspect)
    assert np.abs(spots).max() <= 0.90 + 1e-6
    from_corner_px = (1 + spots * (-1, 1)) / 2 * (1080 * aspect, 1080)
    assert aspect < 1.5 or not (from_corner_px < (WIDTH_PX, LAYER_PX)).all(1).any()


def test_the_numbers_beside_a_layer_are_not_behind_the_legend(outline):
    built = build(outline({"fc.weight": (192, 48)}), THEMES["dark"], Unread())
    (layer,) = built.layout.layers
    places = np.array([text.anchor for text in rulers(layer, THEMES["dark"]).texts])
    from_corner_px = (1 + seen(views.layer_view(built, layer, 16 / 9), places, 16 / 9) * (-1, 1)) / 2 * (1920, 1080)
    assert not (from_corner_px < (WIDTH_PX, LAYER_PX)).all(1).any()


@pytest.mark.parametrize("shape", [(48, 192), (192, 48), (4, 90_000), (50_257, 16), (1, 1), (1_000_000,)])
def test_single_weights_are_seen_from_near_with_their_rows_level(outline, shape):
    built = build(outline({"fc.weight": shape}), THEMES["dark"], Unread())
    (layer,) = built.layout.layers
    tray, view = layer.volume.main, views.weight_view(built, layer)
    eye = view.eye((1600, 900), built.scene.length)
    assert np.allclose(eye.world_from_eye[:3, 0], (1, 0, 0), atol=1e-12)  # x runs level to the right
    assert np.linalg.norm(view.position - view.target) == pytest.approx(10.5 * tray.cell)
    lower, upper = tray_bounds(layer, tray)
    assert (lower <= view.target).all() and (view.target <= upper).all()
    clip = np.append(view.target, 1) @ clip_from_world(eye).T
    assert (np.abs(clip[:3]) < clip[3]).all()  # between the near and the far plane


@pytest.mark.parametrize("name", views.NAMED)
def test_views_are_level_and_above_the_floor(transformer, name):
    built, _ = of_network(transformer)
    view = views.view_named(built, name, 16 / 9)
    world_from_eye = view.eye((1600, 900), built.scene.length).world_from_eye
    assert world_from_eye[1, 0] == pytest.approx(0) and world_from_eye[1, 1] > 0
    assert view.position[1] > 0 and world_from_eye[1, 2] > 0  # looking down


def test_the_views_go_nearer_one_by_one(transformer):
    built, layer = of_network(transformer)
    distances = []
    for name in views.NAMED:
        view = views.view_named(built, name, 16 / 9)
        distances.append(np.linalg.norm(view.position - view.target))
    assert distances == sorted(distances, reverse=True) and distances[0] > 2 * distances[1] > 4 * distances[2]


def test_the_typical_layer_is_the_largest_of_the_first_block(transformer, outline):
    built, layer = of_network(transformer)
    assert layer.volume.path == "layers.0.mlp.fc1"
    flat = build(outline({"a.weight": (4, 4), "b.weight": (9, 9), "c.weight": (5, 5)}), THEMES["dark"], Unread())
    assert flat.layout.layers[views.typical_layer(flat)].volume.path == "b"


def test_a_network_without_layers_has_its_overview_as_every_view(outline):
    built = build(outline({}), THEMES["dark"], Unread())
    assert views.typical_layer(built) == -1
    shown = [views.view_named(built, name, 1.5) for name in views.NAMED]
    assert all((view.position == shown[0].position).all() for view in shown)
