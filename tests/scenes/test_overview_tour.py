"""The tour around the whole model: everything stays in the picture, and the end is the beginning."""

import numpy as np
import pytest
from tensornaut.engine.view import clip_from_world
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.focus import WHOLE
from tensornaut.scenes.network_scene import build
from tensornaut.scenes.overview_tour import overview_tour
from tensornaut.scenes.style import THEMES

SIZE_PX = (1280, 720)
SECONDS = 8.0


@pytest.fixture
def demo(checkout):
    network = open_network(str(checkout / "assets" / "demo" / "digits.safetensors"))
    return build(network, THEMES["dark"], Analysis())


def test_all_glass_is_in_the_picture_all_the_time(demo):
    tour = overview_tour(demo, 16 / 9, SECONDS)
    corners = demo.glass_corners()
    for time_s in np.linspace(0, SECONDS, 33):
        eye = tour.eye(time_s, SIZE_PX, demo.scene.length)
        clip = np.append(corners, np.ones((len(corners), 1)), 1) @ clip_from_world(eye).T
        assert (clip[:, 3] > tour.near).all() and (np.abs(clip[:, :2]) <= clip[:, 3:]).all()
        assert tour.focus.at(time_s) == WHOLE


def test_it_ends_where_it_began_and_goes_to_both_sides(demo):
    tour = overview_tour(demo, 16 / 9, SECONDS)
    poses = [tour.eye(share * SECONDS, SIZE_PX, demo.scene.length).world_from_eye for share in (0, 0.25, 0.75, 1)]
    assert np.allclose(poses[0], poses[3])
    left, right = (poses[k][0, 2] - poses[0][0, 2] for k in (1, 2))
    assert min(abs(left), abs(right)) > 0.1 and left * right < 0


def test_the_horizon_is_level_and_the_eye_never_jumps(demo):
    tour = overview_tour(demo, 16 / 9, SECONDS)
    eyes = [tour.eye(time_s, SIZE_PX, demo.scene.length) for time_s in np.linspace(0, SECONDS, 241)]
    assert max(abs(eye.world_from_eye[1, 0]) for eye in eyes) < 1e-9
    steps = np.linalg.norm(np.diff([eye.position for eye in eyes], axis=0), axis=1)
    assert steps.max() < 4 * np.median(steps) + 1e-9
