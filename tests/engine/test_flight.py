"""Flights pass their keys, smoothly, with a level horizon and without overshoot; they depend on time alone."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine.flight import Climb, Flight, Key, angles, level_pose, way_length
from tensornaut.engine.view import look_at


def key(time_s, position, target, fov=36):
    return Key(time_s, np.array(position, float), np.array(target, float), math.radians(fov))


TOUR = [  # far, a layer, single weights (held), another layer, far
    key(0.0, (-900, 300, 1200), (200, 0, 0)),
    key(1.0, (-900, 300, 1200), (200, 0, 0)),
    key(3.0, (-40, 60, 110), (0, 10, 0), 30),
    key(5.0, (360, 50, 90), (400, 10, 0), 30),
    key(7.0, (403, 11, 2.5), (402, 8, 1), 34),
    key(8.0, (403, 11, 2.5), (402, 8, 1), 34),
    key(10.0, (900, 50, 100), (960, 10, 0), 30),
    key(12.0, (-900, 300, 1200), (200, 0, 0)),
]
coordinate = st.floats(-1000, 1000)
place = st.tuples(coordinate, coordinate, coordinate)


@st.composite
def tours(draw):
    count = draw(st.integers(1, 5))
    gaps = draw(st.lists(st.floats(0.3, 4), min_size=count, max_size=count))
    keys = []
    for time_s in np.cumsum(gaps):
        target, distance = np.array(draw(place)), draw(st.floats(0.5, 3000))
        pose = level_pose(target, draw(st.floats(-9, 9)), draw(st.floats(-1.5, 1.5)))
        keys.append(Key(float(time_s), target + pose[:3, 2] * distance, target, draw(st.floats(0.3, 1.5))))
    return keys


@given(tours())
def test_every_key_is_passed(keys):
    flight = Flight(keys)
    for stop in keys:
        pose, fov = flight.camera_at(stop.time_s)
        away = np.linalg.norm(stop.target - stop.position)
        assert np.allclose(pose[:3, 3], stop.position, rtol=0, atol=1e-6 * (1 + away))
        assert np.allclose(pose, look_at(stop.position, stop.target), atol=1e-6 * (1 + away))
        assert fov == pytest.approx(stop.fov_y_rad)


@given(tours(), st.floats(-1, 20))
def test_the_horizon_is_level_and_the_pose_rigid(keys, time_s):
    pose, fov = Flight(keys).camera_at(time_s)
    assert pose[1, 0] == 0 and pose[1, 1] >= 0
    assert np.allclose(pose[:3, :3].T @ pose[:3, :3], np.eye(3), atol=1e-12) and np.linalg.det(pose[:3, :3]) > 0
    assert min(stop.fov_y_rad for stop in keys) - 1e-6 <= fov <= max(stop.fov_y_rad for stop in keys) + 1e-6


def sampled(flight, start_s, end_s, count):
    poses = [flight.camera_at(time_s) for time_s in np.linspace(start_s, end_s, count)]
    return np.array([np.append(pose[:3].ravel(), fov) for pose, fov in poses])


@given(tours())
def test_velocity_is_continuous_everywhere(keys):
    """One-sided differences around each key agree, ever better with a smaller step."""
    flight = Flight(keys)
    for stop in keys[1:-1]:
        jumps = []
        for step_s in (1e-3, 1e-4):
            before, at, after = sampled(flight, stop.time_s - step_s, stop.time_s + step_s, 3)
            away = 1 + np.linalg.norm(stop.target - stop.position)
            jumps.append(np.abs(after - 2 * at + before).max() / step_s / away)
        assert jumps[1] < 0.2 * jumps[0] + 1e-3


def test_the_tour_has_no_jump_in_place_direction_or_speed():
    """At 480 frames a second no view differs visibly from its neighbors, and velocity changes little by little."""
    samples = sampled(Flight(TOUR), 0, 12, 12 * 480 + 1)
    turning = np.diff(samples[:, [0, 1, 2, 4, 5, 6, 8, 9, 10]], axis=0) * 480
    assert np.abs(turning).max() < 4  # rad/s
    assert np.abs(np.diff(turning, axis=0)).max() < 0.1
    moving = np.diff(samples[:, [3, 7, 11]], axis=0)
    assert np.abs(np.diff(moving, axis=0)).max() < 0.05 * np.abs(moving).max()


def test_a_held_view_stands_still():
    flight = Flight(TOUR)
    for start_s, end_s in ((0, 1), (7, 8)):
        samples = sampled(flight, start_s, end_s, 31)
        assert np.allclose(samples, samples[0], atol=1e-9)


def test_it_flies_on_through_a_key_on_the_way():
    line = [key(time_s, (100 * time_s, 50, 200), (100 * time_s, 0, 0)) for time_s in range(4)]
    flight = Flight(line)
    speed = (flight.camera_at(1.01)[0][0, 3] - flight.camera_at(0.99)[0][0, 3]) / 0.02
    assert speed > 30


@given(tours())
def test_the_look_direction_does_not_overshoot(keys):
    flight = Flight(keys)
    for before, after in zip(keys[:-1], keys[1:], strict=True):
        ends = [angles(stop.target - stop.position)[1] for stop in (before, after)]
        poses = [flight.camera_at(time_s)[0] for time_s in np.linspace(before.time_s, after.time_s, 20)]
        pitches = [angles(-pose[:3, 2])[1] for pose in poses]
        assert min(ends) - 1e-4 <= min(pitches) and max(pitches) <= max(ends) + 1e-4


def test_yaw_takes_the_short_way():
    flight = Flight([key(0, (0, 0, 0), (1, 0, 10)), key(1, (0, 0, 0), (-1, 0, 10))])
    assert all(flight.camera_at(time_s)[0][2, 2] < -0.99 for time_s in np.linspace(0, 1, 11))


def test_apparent_speed_is_even_though_the_distance_falls_a_thousandfold():
    """Into the depth with a shift: the picture's motion, over the visible height, never races at the end."""
    flight = Flight([key(0, (0, 0, 3000), (0, 0, 0)), key(2, (300, 0, 3), (300, 0, 0))])
    samples = sampled(flight, 0, 2, 401)
    apparent = np.abs(np.diff(samples[:, 3])) * 200 / (2 * samples[1:, 11] * math.tan(math.radians(18)))
    zoom = np.abs(np.diff(np.log(samples[:, 11]))) * 200
    assert apparent.max() < 4 and zoom.max() < 8


def test_a_long_crossing_backs_away():
    flight = Flight([key(0, (0, 0, 10), (0, 0, 0)), key(2, (1000, 0, 10), (1000, 0, 0))])
    assert 300 < flight.camera_at(1)[0][2, 3] < 1500


def test_before_and_after_are_the_ends_and_single_views_are_fine():
    flight = Flight(TOUR)
    assert (flight.camera_at(-5)[0] == flight.camera_at(0)[0]).all()
    assert np.allclose(flight.camera_at(50)[0], flight.camera_at(12)[0])
    assert flight.duration_s == 12
    alone = Flight(TOUR[:1])
    assert alone.duration_s == 0 and np.allclose(alone.camera_at(3)[0][:3, 3], (-900, 300, 1200))


@pytest.mark.parametrize("times", [[], [1, 1], [2, 1]])
def test_times_must_increase(times):
    with pytest.raises(ValueError):
        Flight([key(time_s, (0, 0, 1), (0, 0, 0)) for time_s in times])


def test_a_key_needs_a_direction():
    with pytest.raises(ValueError):
        Flight([key(0, (1, 2, 3), (1, 2, 3))])


@given(st.lists(st.floats(0, 5), min_size=4, max_size=30), st.floats(-1, 20))
def test_a_climb_is_between_the_knots_around(shares, time_s):
    climb = Climb(0.0, 0.5, np.array(shares))
    around = np.clip(math.floor(time_s / 0.5) + np.arange(-1, 3), 0, len(shares) - 1)
    near = [shares[k] for k in around]
    assert min(near) - 1e-9 <= climb.at(time_s) <= max(near) + 1e-9


@given(tours(), st.floats(0, 3), st.floats(-1, 20))
def test_a_climb_lifts_the_eye_and_keeps_what_it_looks_at_in_the_middle(keys, share, time_s):
    flight, climb = Flight(keys), Climb(0.0, 1.0, np.full(5, share))
    plain, lifted = flight.camera_at(time_s)[0], flight.climbing(climb).camera_at(time_s)[0]
    distance = flight.distance_at(time_s)
    assert np.allclose(lifted[:3, 3] - plain[:3, 3], (0, share * distance, 0), atol=1e-6 * (1 + distance))
    target = flight.target_at(time_s)
    away = np.linalg.norm(target - lifted[:3, 3])
    if away > 1e-3 * distance:
        assert np.allclose(lifted[:3, 3] - lifted[:3, 2] * away, target, atol=1e-6 * (1 + distance))
    assert lifted[1, 0] == 0 and lifted[1, 1] >= 0


def test_a_way_is_the_longer_the_more_passes_grows_and_turns():
    here = key(0, (0, 0, 10), (0, 0, 0))
    assert way_length(here, here) == 0
    assert way_length(here, key(0, (0, 0, 10 * math.e), (0, 0, 0))) == pytest.approx(1)
    assert way_length(here, key(0, (10, 0, 0), (0, 0, 0))) == pytest.approx(math.pi)
    near, far = (way_length(here, key(0, (x, 0, 10), (x, 0, 0))) for x in (3, 300))
    assert 0 < near < far < 15  # it backs away to cross long distances
