"""Flying by hand: where keys, mouse and wheel take the camera, whatever the frame rate."""

import math

import numpy as np
import pytest
from tensornaut.engine.commands import CommandTable
from tensornaut.engine.controls import FlyControls
from tensornaut.engine.flight import Flight, Key
from tensornaut.engine.movement import movement_commands
from tensornaut.engine.surroundings import Surroundings
from tensornaut.engine.view import clip_from_world

SIZE = (640, 360)
LOWER, UPPER = np.array([[-50, -1, -50], [100, -1, -50]]), np.array([[50, 1, 50], [200, 1, 50]])


@pytest.fixture
def controls():
    return FlyControls(Surroundings((0, 40, 160), (0, 0, 0), math.radians(36), LOWER, UPPER))


def let(controls, seconds, rate=60):
    for _ in range(round(seconds * rate)):
        controls.update(1 / rate)


def seen_at(controls, point):
    """(x, y) in the picture, -1 to 1."""
    clip = clip_from_world(controls.eye(SIZE)) @ np.append(point, 1.0)
    assert clip[3] > 0
    return clip[:2] / clip[3]


@pytest.mark.parametrize(
    ("key", "along"),
    [("W", (0, 0, -1)), ("S", (0, 0, 1)), ("A", (-1, 0, 0)), ("D", (1, 0, 0)), ("E", None), ("Q", None)],
)
def test_each_key_moves_its_way_and_stops_when_let_go(controls, key, along):
    table = CommandTable()
    for command in movement_commands(controls):
        table.add(command)
    start, axes = controls.camera.position, controls.camera.world_from_eye[:3, :3]
    command = table.by_key(key)
    assert command.held
    table.run(command.name, pressed=True)
    let(controls, 0.5)
    assert controls.is_moving
    table.run(command.name, pressed=False)
    let(controls, 1.5)
    assert not controls.is_moving
    moved = controls.camera.position - start
    expected = axes @ along if along else np.array([0, 1.0 if key == "E" else -1.0, 0])
    assert moved @ expected > 10
    assert np.allclose(moved / np.linalg.norm(moved), expected, atol=1e-9)
    rest = controls.camera.position
    let(controls, 1)
    assert (controls.camera.position == rest).all()


def test_the_way_flown_does_not_depend_on_the_frame_rate(controls):
    ends = []
    for rate in (30, 60, 240):
        other = FlyControls(Surroundings((0, 40, 160), (0, 0, 0), 0.6, LOWER, UPPER))
        other.hold("forward", True)
        let(other, 1, rate)
        other.hold("forward", False)
        let(other, 1, rate)
        ends.append(other.camera.position)
    assert np.linalg.norm(ends[0] - ends[2]) < 0.03 * np.linalg.norm(ends[2] - (0, 40, 160))
    assert np.linalg.norm(ends[1] - ends[2]) < 0.02 * np.linalg.norm(ends[2] - (0, 40, 160))


def test_speed_follows_the_distance_and_shift_makes_it_faster():
    def flown(height, *held):
        controls = FlyControls(Surroundings((0, height, 0.001), (0, 0, 0), 0.6, LOWER, UPPER))
        for name in held:
            controls.hold(name, True)
        let(controls, 0.2)
        return np.linalg.norm(controls.camera.position - (0, height, 0.001))

    assert flown(2001, "left") == pytest.approx(100 * flown(21, "left"), rel=0.02)
    assert flown(2001, "left", "fast") == pytest.approx(4 * flown(2001, "left"), rel=0.1)
    assert flown(1, "left") > 0.1  # right at a thing it still moves


def test_two_directions_are_no_faster_than_one(controls):
    ways = []
    for held in (["right"], ["right", "up"]):
        other = FlyControls(Surroundings((0, 40, 160), (0, 0, 0), 0.6, LOWER, UPPER))
        for name in held:
            other.hold(name, True)
        let(other, 0.1)
        ways.append(np.linalg.norm(other.camera.position - (0, 40, 160)))
    assert ways[1] == pytest.approx(ways[0], rel=0.01)


def test_the_wheel_changes_the_speed_while_moving(controls):
    before = controls.pace
    controls.hold("forward", True)
    controls.wheel(2)
    assert controls.pace == pytest.approx(before * 1.25**2)
    controls.wheel(-200)
    assert 0 < controls.pace < before


def test_the_wheel_brings_nearer_what_is_under_the_mouse_and_never_past_it(controls):
    direction = controls.direction_at(400, 200, SIZE)
    reach = (40 - 1) / -direction[1]  # to the upper face of the box
    point = controls.camera.position + direction * reach
    before = seen_at(controls, point)
    controls.wheel(3, direction)
    let(controls, 1)
    assert np.allclose(seen_at(controls, point), before, atol=1e-6)
    away = np.linalg.norm(controls.camera.position - point)
    assert away == pytest.approx(1 + (reach - 1) * 0.85**3, rel=1e-3)
    for _ in range(100):
        controls.wheel(1, direction)
        let(controls, 0.1)
    let(controls, 1)
    assert np.linalg.norm(controls.camera.position - point) == pytest.approx(1, abs=0.01)
    assert not controls.is_moving


def test_the_mouse_turns_the_head_by_a_tenth_of_a_degree_per_pixel(controls):
    before = controls.camera
    controls.look(100, 50)
    assert controls.camera.yaw_rad - before.yaw_rad == pytest.approx(math.radians(10))
    assert controls.camera.pitch_rad - before.pitch_rad == pytest.approx(math.radians(-5))
    assert (controls.camera.position == before.position).all()
    controls.look(0, -100_000)
    assert math.radians(85) < controls.camera.pitch_rad < math.pi / 2
    assert controls.camera.world_from_eye[1, 0] == 0


def test_looking_right_moves_the_picture_left(controls):
    controls.look(20, 0)
    assert seen_at(controls, (0, 0, 0))[0] < -0.01


@pytest.mark.parametrize("point", [None, (30, 1, 20)])
def test_an_orbit_keeps_its_point_in_place_in_the_picture(controls, point):
    controls.begin_orbit(point)
    pivot = np.array(point if point else (0, 1, 4), float)
    before, away = seen_at(controls, pivot), np.linalg.norm(controls.camera.position - pivot)
    position = controls.camera.position
    controls.orbit(80, -30)
    controls.update(1 / 60)
    assert np.allclose(seen_at(controls, pivot), before, atol=1e-9)
    assert np.linalg.norm(controls.camera.position - pivot) == pytest.approx(away)
    assert np.linalg.norm(controls.camera.position - position) > 10
    assert controls.camera.world_from_eye[1, 0] == 0


def test_dragging_right_turns_the_near_side_right(controls):
    near = np.array((0, 1, 50.0))
    before = seen_at(controls, near)
    controls.begin_orbit((0, 0, 0))
    controls.orbit(40, 0)
    controls.update(1 / 60)
    assert seen_at(controls, near)[0] > before[0] + 0.01


def test_an_orbit_let_go_in_motion_stands_still_after_a_quarter_second(controls):
    controls.begin_orbit()
    for _ in range(10):
        controls.orbit(8, 0)
        controls.update(1 / 60)
    controls.end_orbit()
    yaws = []
    for _ in range(30):
        controls.update(1 / 60)
        yaws.append(math.degrees(controls.camera.yaw_rad))
    assert yaws[3] > yaws[0]  # it swings out
    assert abs(yaws[-1] - yaws[15]) < 0.5
    let(controls, 1)
    assert not controls.is_moving


def test_home_comes_back_in_900_ms_eased_and_can_be_taken_back(controls):
    start = controls.camera
    controls.look(300, 40)
    controls.hold("right", True)
    let(controls, 1)
    controls.hold("right", False)
    let(controls, 1)
    away = controls.camera
    undo = controls.home()
    places = []
    for _ in range(54):
        controls.update(1 / 60)
        places.append(controls.camera.position)
    assert np.allclose(places[-1], start.position, atol=1e-6)
    assert controls.camera.pitch_rad == pytest.approx(start.pitch_rad)
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert steps[0] < 0.2 * steps.max() and steps[-1] < 0.2 * steps.max()
    let(controls, 0.1)
    assert not controls.is_moving
    undo()
    let(controls, 1)
    assert np.allclose(controls.camera.position, away.position, atol=1e-6)
    assert np.allclose(controls.camera.forward, away.forward, atol=1e-6)


def test_an_orbit_held_still_before_it_is_let_go_stays(controls):
    controls.begin_orbit()
    controls.orbit(60, 0)
    frames = 0
    while controls.is_moving:  # as a window does: at rest nothing is updated
        controls.update(1 / 60)
        frames += 1
    place = controls.camera.position
    controls.end_orbit()
    controls.update(1 / 60)
    assert frames < 30 and np.linalg.norm(controls.camera.position - place) < 0.2


def test_a_flight_is_followed_to_its_end(controls):
    keys = [Key(2.0 + second, np.array((0, 50, 100 * second + 1.0)), np.zeros(3), 0.5) for second in range(3)]
    controls.follow(Flight(keys))
    let(controls, 1)
    assert np.allclose(controls.camera.position, keys[1].position, atol=1e-6)
    let(controls, 2)
    assert np.allclose(controls.camera.position, keys[2].position, atol=1e-6) and not controls.is_moving


def test_a_tour_begins_with_a_smooth_way_to_its_start(controls):
    keys = [Key(5.0 + second, np.array((0, 50, 100 * second + 1.0)), np.zeros(3), 0.5) for second in range(3)]
    flight, start = Flight(keys), controls.camera.position
    controls.tour(flight)
    controls.update(1 / 60)
    assert np.linalg.norm(controls.camera.position - start) < 5
    assert controls.is_touring(flight) and controls.flown_s is None
    let(controls, 0.95)
    assert controls.flown_s == pytest.approx(5, abs=0.1)
    let(controls, 1.9)
    assert np.allclose(controls.camera.position, keys[2].position, atol=1)
    let(controls, 0.5)
    assert not controls.is_touring(flight) and not controls.is_moving


def test_a_tour_from_its_first_view_does_not_linger_there(controls):
    camera = controls.camera
    here = camera.position, camera.position + 100 * camera.forward, camera.fov_y_rad
    keys = [Key(0.0, *here), Key(4.0, *here), Key(6.0, np.array((0.0, 9.0, 60.0)), np.zeros(3), 0.5)]
    undo = controls.tour(Flight(keys))
    let(controls, 0.5)
    assert np.linalg.norm(controls.camera.position - camera.position) > 1
    undo()
    let(controls, 1)
    assert np.allclose(controls.camera.position, camera.position) and not controls.is_moving


@pytest.mark.parametrize("after_s", [0.3, 2.0])
def test_a_hand_ends_a_tour_for_good(controls, after_s):
    flight = Flight([Key(second, np.array((0, 50, 100 * second + 1.0)), np.zeros(3), 0.5) for second in range(3)])
    controls.tour(flight)
    let(controls, after_s)
    controls.wheel(0.001)
    place = controls.camera.position
    let(controls, 2)
    assert not controls.is_touring(flight) and np.allclose(controls.camera.position, place, atol=0.1)


def test_an_eased_move_can_be_taken_back(controls):
    before = controls.camera
    undo = controls.go_to((30, 20, 90), (0, 0, 0), 0.3)
    let(controls, 1)
    assert controls.camera.fov_y_rad == pytest.approx(0.3)
    undo()
    let(controls, 1)
    assert np.allclose(controls.camera.position, before.position)
    assert np.allclose(controls.camera.forward, before.forward)
    assert controls.camera.fov_y_rad == pytest.approx(before.fov_y_rad)


def test_another_scene_is_entered_at_its_first_view_with_keys_still_held(controls):
    controls.go_to((120, 15, 30), (120, 0, 10))
    controls.hold("forward", True)
    controls.enter(Surroundings((0, 0, 9), (0, 0, 0), 0.5, np.array([[-1, -1, -1]]), np.array([[1, 1, 1]])))
    assert np.allclose(controls.camera.position, (0, 0, 9)) and controls.is_moving
    controls.hold("forward", False)
    controls.home()
    let(controls, 1)
    assert np.allclose(controls.camera.position, (0, 0, 9))


def test_data_that_stands_up_from_a_sheet_is_not_cut_off(controls):
    sheet = np.array([[-50, 0, -50]]), np.array([[50, 0, 50]])
    for height, cut_off in ((0.0, True), (12.0, False)):
        controls.enter(Surroundings((0, 10, 0), (1, 9, 0), 0.6, *sheet, height=height))
        eye = controls.eye(SIZE)
        near = eye.clip_from_eye[2, 3] / (eye.clip_from_eye[2, 2] - 1)
        assert (near > 1) == cut_off


def test_any_input_takes_over_from_an_eased_move(controls):
    controls.go_to((120, 15, 30), (120, 0, 10))
    let(controls, 0.3)
    controls.look(1, 0)
    place = controls.camera.position
    let(controls, 1)
    assert (controls.camera.position == place).all()


@pytest.mark.parametrize("position", [(0, 40, 160), (0, 1.5, 0), (0, 0, 0), (0, 9000, 20000)])
def test_the_planes_hold_everything(position):
    controls = FlyControls(Surroundings(position, np.array(position) + (1, -1, -1), 0.6, LOWER, UPPER))
    eye = controls.eye(SIZE)
    corners = np.array([(x, y, z) for x in (-50, 200) for y in (-1, 1) for z in (-50, 50)], float)
    near = eye.clip_from_eye[2, 3] / (eye.clip_from_eye[2, 2] - 1)
    far = eye.clip_from_eye[2, 3] / (eye.clip_from_eye[2, 2] + 1)
    assert 0 < near < far < 1e7 * near
    assert far > np.linalg.norm(corners - position, axis=1).max()
    nearest = np.linalg.norm(np.clip(position, LOWER, UPPER) - position, axis=1).min()
    assert near < max(nearest, 0.1)
    assert eye.viewport == (0, 0, *SIZE)


def test_a_direction_is_that_of_the_pixel(controls):
    for x_px, y_px in ((0, 0), (640, 360), (100, 300)):
        point = controls.camera.position + 70 * controls.direction_at(x_px, y_px, SIZE)
        assert np.allclose(seen_at(controls, point), (x_px / 320 - 1, 1 - y_px / 180), atol=1e-9)
