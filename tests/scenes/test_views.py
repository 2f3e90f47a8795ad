"""Views show all that they are fitted to, as near as that allows, where the picture has room for it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensornaut.engine.view import clip_from_world
from tensornaut.scenes import views

FORWARDS = [(1.0, -0.3, -0.8), (0.0, -0.5, -1.0), (-1.0, 0.2, 0.1)]
CORNERS = arrays.arrays(
    np.float64, st.tuples(st.integers(2, 12), st.just(3)), elements=st.floats(-100, 100, width=32), unique=True
)


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
