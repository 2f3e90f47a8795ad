"""What boxes cover of the picture agrees with where their points are seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine.screen_cover import ROWS, screen_cover
from tensornaut.engine.view import Eye, clip_from_world, look_at, perspective

SIZE = (640, 360)
CELL = SIZE[1] / ROWS
NO_BOX, ONE = np.zeros((0, 3)), np.ones(1)


def eye_at(position=(0.0, 8.0, 20.0), at=(0.0, 0.0, 0.0)):
    view = look_at(np.array(position), np.array(at))
    return Eye(view, perspective(np.radians(40), SIZE[0] / SIZE[1], 0.1, 500), (0, 0, *SIZE))


def places(points, eye):
    clip = np.c_[points, np.ones(len(points))] @ clip_from_world(eye).T
    return (clip[:, :2] / clip[:, 3:] * (0.5, -0.5) + 0.5) * SIZE, clip[:, 3]


@given(st.integers(0, 2**32 - 1))
def test_what_is_seen_of_a_box_is_covered_and_what_is_far_from_it_is_not(seed):
    rng = np.random.default_rng(seed)
    lower = rng.uniform(-6, 4, (1, 3))
    upper = lower + rng.uniform(1, 5, (1, 3))
    eye = eye_at(rng.uniform((-20, 3, 15), (20, 15, 25)))
    cover = screen_cover(lower, upper, ONE, eye)
    seen, _ = places(lower + rng.uniform(0.25, 0.75, (50, 3)) * (upper - lower), eye)
    corners, _ = places(np.where(np.indices((2, 2, 2)).reshape(3, -1).T, upper, lower), eye)
    inside = ((seen > CELL) & (seen < np.array(SIZE) - CELL)).all(1)
    small = np.column_stack([seen - 1, np.full_like(seen, 2)])
    if corners.max() - corners.min() > 20 * CELL:
        assert (cover.shares(small[inside]) > 0.2).all()
    low, high = corners.min(0) - 2 * CELL, corners.max(0) + 2 * CELL
    spots = rng.uniform(0, SIZE, (200, 2))
    away = ((spots < low) | (spots > high)).any(1)
    assert (cover.shares(np.column_stack([spots, np.ones_like(spots)])[away]) < 1e-9).all()


def test_a_wall_before_the_eye_covers_all_and_nothing_covers_nothing():
    everything = np.array([[0.0, 0.0, *SIZE]])
    wall = screen_cover(np.array([[-90.0, -90.0, 0.0]]), np.array([[90.0, 90.0, 1.0]]), ONE, eye_at())
    assert wall.shares(everything) == pytest.approx(1.0, abs=0.01)
    assert screen_cover(NO_BOX, NO_BOX, np.zeros(0), eye_at()).shares(everything) == 0
    behind = screen_cover(np.array([[-9.0, 7.0, 30.0]]), np.array([[9.0, 9.0, 40.0]]), ONE, eye_at())
    assert behind.shares(everything) == 0


def test_an_eye_inside_a_box_sees_it_everywhere():
    cover = screen_cover(np.full((1, 3), -50.0), np.full((1, 3), 50.0), ONE, eye_at())
    assert cover.shares(np.array([[0.0, 0.0, *SIZE]])) > 0.9


def test_what_recedes_counts_less_and_the_sky_a_little():
    lower, upper = np.array([[-90.0, -90.0, 0.0]]), np.array([[90.0, 90.0, 1.0]])
    assert screen_cover(lower, upper, np.array([0.3]), eye_at()).shares(np.array([[9.0, 9.0, 50, 50]])) == (
        pytest.approx(0.3)
    )
    sky = screen_cover(NO_BOX, NO_BOX, np.zeros(0), eye_at(), sky_px=180)
    above, below = sky.shares(np.array([[100.0, 20.0, 90, 40], [100.0, 220.0, 90, 40]]))
    assert 0 < above < 0.5 and below == 0
