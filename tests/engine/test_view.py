"""Eyes: known points of the world fall on known pixels, through any frustum."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tensornaut.engine.rasterize import eye_rows
from tensornaut.engine.view import Eye, Frame, clip_from_world, frustum, look_at, perspective

SIZE = 640, 480
COORDINATES = st.tuples(*[st.floats(-50, 50)] * 3).map(np.array)


def eye_of(view=None, lens=None, viewport=(0, 0, *SIZE)):
    view = np.eye(4) if view is None else view
    return Eye(view, perspective(np.pi / 2, SIZE[0] / SIZE[1], 0.1, 100) if lens is None else lens, viewport)


def on_screen(eye, position):
    """(x_px from the left, y_px from the bottom, depth from -1 at near to 1 at far)."""
    clip = clip_from_world(eye) @ np.append(position, 1.0)
    place = clip[:3] / clip[3]
    return (place[0] + 1) / 2 * eye.size_px[0], (place[1] + 1) / 2 * eye.size_px[1], place[2]


def test_what_is_straight_ahead_is_in_the_middle():
    assert on_screen(eye_of(), (0, 0, -5))[:2] == pytest.approx((320, 240))


def test_a_right_angle_reaches_the_upper_edge_at_the_distance():
    assert on_screen(eye_of(), (0, 5, -5))[:2] == pytest.approx((320, 480))
    assert on_screen(eye_of(), (5, 0, -5))[:2] == pytest.approx((320 + 240, 240))  # square pixels: right is +x


def test_near_and_far_bound_the_depth():
    eye = eye_of()
    assert on_screen(eye, (0, 0, -0.1))[2] == pytest.approx(-1)
    assert on_screen(eye, (0, 0, -100))[2] == pytest.approx(1)
    depths = [on_screen(eye, (0, 0, -distance))[2] for distance in (0.1, 1, 10, 100)]
    assert depths == sorted(depths)


def test_extents_of_an_asymmetric_frustum_are_the_edges_of_the_picture():
    eye = eye_of(lens=frustum(-1.0, 3.0, -0.5, 2.5, 2.0, 100.0))
    for x, x_px in ((-1.0, 0), (3.0, 640), (1.0, 320)):
        for y, y_px in ((-0.5, 0), (2.5, 480), (1.0, 240)):
            assert on_screen(eye, (x, y, -2.0))[:2] == pytest.approx((x_px, y_px))
            assert on_screen(eye, (5 * x, 5 * y, -10.0))[:2] == pytest.approx((x_px, y_px))


def test_a_symmetric_frustum_is_a_perspective():
    top = 0.1 * np.tan(np.radians(20))
    assert frustum(-2 * top, 2 * top, -top, top, 0.1, 50) == pytest.approx(perspective(np.radians(40), 2, 0.1, 50))


def test_a_view_looks_at_its_target_with_a_level_horizon():
    eye = eye_of(look_at(np.array([10.0, 4.0, -3.0]), np.array([1.0, 2.0, 3.0])))
    assert eye.position == pytest.approx([10, 4, -3])
    assert on_screen(eye, (1, 2, 3))[:2] == pytest.approx((320, 240))
    above, beside = on_screen(eye, (1, 3, 3)), eye.world_from_eye[:3, 0]
    assert above[0] == pytest.approx(320) and above[1] > 240
    assert beside[1] == pytest.approx(0)


@pytest.mark.parametrize("height", [5.0, -5.0])
def test_looking_straight_down_or_up_keeps_x_to_the_right(height):
    eye = eye_of(look_at(np.array([2.0, height, 7.0]), np.array([2.0, 0.0, 7.0])))
    x, y, _ = on_screen(eye, (3, 0, 7))
    assert x > 320 and y == pytest.approx(240)


@example(np.array([0.0, -26.0, 0.0]), np.array([2.0**-24, 34.0, 0.0]), np.zeros(3))  # all but straight up
@given(COORDINATES, COORDINATES, COORDINATES)
def test_a_view_keeps_lengths_and_turns_back(position, target, place):
    if np.linalg.norm(position - target) < 1e-3:
        return
    eye = eye_of(look_at(position, target))
    rotation = eye.world_from_eye[:3, :3]
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1)
    assert eye.world_from_eye @ eye.eye_from_world == pytest.approx(np.eye(4), abs=1e-9)
    seen = eye.eye_from_world @ np.append(place, 1)
    assert np.linalg.norm(seen[:3]) == pytest.approx(np.linalg.norm(place - position), abs=1e-6)


@given(COORDINATES, st.tuples(*[st.floats(0.1, 2)] * 4))
def test_rasterizers_and_opengl_agree_where_a_point_is(place, extents):
    left, right, bottom, top = extents
    view = look_at(np.array([60.0, 70.0, 80.0]), np.zeros(3))
    eye = eye_of(view, frustum(-left, right, -bottom, top, 1.0, 500.0), (7, 9, *SIZE))
    x, y, w = eye_rows(eye) @ (place - eye.position)
    assert (x / w, y / w) == pytest.approx(on_screen(eye, place)[:2], abs=1e-6)


def test_the_left_eye_sees_near_things_farther_right_by_the_parallax():
    shift, depth = 0.064, 2.0
    left, right = (np.eye(4), np.eye(4))
    left[0, 3], right[0, 3] = -shift / 2, shift / 2
    eyes = [eye_of(view) for view in (left, right)]
    seen = [on_screen(eye, (0, 0, -depth))[0] for eye in eyes]
    assert seen[0] - seen[1] == pytest.approx(eyes[0].focal_px * shift / depth)
    assert seen[0] > 320 > seen[1]
    far = [on_screen(eye, (0, 0, -1e6))[0] for eye in eyes]
    assert far[0] - far[1] == pytest.approx(0, abs=1e-3)


def test_focal_length_is_that_of_the_viewport():
    assert eye_of().focal_px == pytest.approx(240)
    assert eye_of(viewport=(0, 0, 1280, 960)).focal_px == pytest.approx(480)
    assert eye_of(viewport=(5, 6, 70, 80)).size_px == (70, 80)


def test_eyes_and_frames_are_said_once():
    eye = eye_of()
    frame = Frame(3, 0.1, (eye,))
    assert frame.mode == "exact"  # whoever may be late has to say so
    with pytest.raises(AttributeError):
        frame.index = 4
    with pytest.raises(AttributeError):
        eye.target = 1
