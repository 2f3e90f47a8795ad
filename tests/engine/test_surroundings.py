"""What a hand flies through: how far it may go, and whether anything of it is seen."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine.surroundings import Surroundings
from tensornaut.engine.view import Eye, clip_from_world, look_at, perspective

LOWER, UPPER = np.array([[-50.0, 4, -50], [100, 4, -50]]), np.array([[50.0, 8, 50], [200, 4, 50]])
PLACE = Surroundings(np.array((0.0, 40, 160)), np.zeros(3), 0.6, LOWER, UPPER, closest=2.0, floor_y=0.0)
numbers = st.floats(-1e12, 1e12)


@given(st.tuples(numbers, numbers, numbers))
def test_no_place_is_below_the_floor_or_out_of_sight(position):
    position = np.array(position)
    allowed = PLACE.within(position)
    middle = (LOWER.min(0) + UPPER.max(0)) / 2
    assert allowed[1] >= 0.5 and np.linalg.norm(allowed - middle) < 1000
    assert np.allclose(PLACE.within(allowed), allowed)
    eye = Eye(look_at(allowed, middle), perspective(0.6, 1.5, *PLACE.planes(allowed)), (0, 0, 300, 200))
    corners = np.array([(x, y, z, 1.0) for x in (-50, 200) for y in (4, 8) for z in (-50, 50)])
    clip = corners @ clip_from_world(eye).T
    ahead = clip[clip[:, 3] > 0]
    seen_px = 100 * np.ptp(ahead[:, :2] / ahead[:, 3:], axis=0)
    assert seen_px.max() > 20  # the model is more than a speck


def test_places_near_the_scene_are_free():
    for position in ((0, 0.6, 0), (0, 6, 0), (400, 300, 20), (0, 40, 160)):
        assert np.array_equal(PLACE.within(np.array(position, float)), position)


@given(st.floats(-math.pi, math.pi), st.floats(-1.5, 1.5), st.floats(0.3, 3))
def test_what_is_seen_is_never_called_lost(yaw, pitch, aspect):
    position = np.array((300.0, 60, 20))
    ahead = np.array((math.cos(pitch) * math.sin(yaw), math.sin(pitch), -math.cos(pitch) * math.cos(yaw)))
    eye = Eye(look_at(position, position + ahead), perspective(0.6, aspect, 1, 5000), (0, 0, 300, 200))
    share = np.stack(np.meshgrid(*[np.linspace(0, 1, 9)] * 3), -1).reshape(-1, 1, 3)
    points = (LOWER + share * (UPPER - LOWER)).reshape(-1, 3)
    clip = np.append(points, np.ones((len(points), 1)), 1) @ clip_from_world(eye).T
    if (np.abs(clip[:, :2]) < clip[:, 3:]).all(1).any():
        assert PLACE.is_seen(eye)


@pytest.mark.parametrize(("ahead", "seen"), [((-1, -0.1, 0), True), ((1, 0, 0), False), ((0, 1, 0.01), False)])
def test_what_lies_behind_is_lost(ahead, seen):
    position = np.array((300.0, 60, 20))
    eye = Eye(look_at(position, position + ahead), perspective(0.6, 1.5, 1, 5000), (0, 0, 300, 200))
    assert PLACE.is_seen(eye) == seen
