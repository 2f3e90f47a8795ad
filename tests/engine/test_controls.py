"""Flying by hand: where keys, mouse and wheel take the camera, whatever the frame rate."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tensornaut.engine.commands import CommandTable
from tensornaut.engine.controls import FlyControls
from tensornaut.engine.flight import Flight, Key
from tensornaut.engine.movement import KEYS, movement_commands
from tensornaut.engine.sticks import STILL_STICKS, Sticks
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
    direction = controls.camera.direction_at(400, 200, SIZE)
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
        point = controls.camera.position + 70 * controls.camera.direction_at(x_px, y_px, SIZE)
        assert np.allclose(seen_at(controls, point), (x_px / 320 - 1, 1 - y_px / 180), atol=1e-9)


@pytest.mark.parametrize(("key", "yaw", "pitch"), [("Left", -1, 0), ("Right", 1, 0), ("Up", 0, 1), ("Down", 0, -1)])
def test_arrows_look_around_and_stop_when_let_go(controls, key, yaw, pitch):
    table = CommandTable()
    for command in movement_commands(controls):
        table.add(command)
    before, name = controls.camera, table.by_key(key).name
    table.run(name, pressed=True)
    let(controls, 0.3)
    table.run(name, pressed=False)
    let(controls, 1)
    turned = controls.camera.yaw_rad - before.yaw_rad, controls.camera.pitch_rad - before.pitch_rad
    assert np.allclose(turned, 0.3 * math.radians(55) * np.array((yaw, pitch)), rtol=0.02, atol=1e-9)
    assert np.array_equal(controls.camera.position, before.position) and not controls.is_moving


def test_arrows_with_shift_turn_the_scene_about_what_is_in_the_middle(controls):
    point, before = controls.middle, controls.camera.position
    controls.hold("fast", True)
    controls.hold("look_right", True)
    let(controls, 0.5)
    controls.hold("look_right", False)
    let(controls, 1)
    assert np.linalg.norm(controls.camera.position - before) > 20
    assert np.allclose(seen_at(controls, point), (0, 0), atol=1e-6)


def test_page_up_and_down_go_nearer_and_farther(controls):
    away = np.linalg.norm(controls.camera.position - controls.middle)
    controls.hold("nearer", True)
    let(controls, 0.5)
    controls.hold("nearer", False)
    let(controls, 1)
    near = np.linalg.norm(controls.camera.position - controls.middle)
    assert near < 0.8 * away and not controls.is_moving
    controls.hold("farther", True)
    let(controls, 0.5)
    assert np.linalg.norm(controls.camera.position - controls.middle) > near


def test_a_point_keeps_up_with_the_hand_that_moves_it_across_the_picture(controls):
    point = np.array((20.0, 1, 10))
    before = seen_at(controls, point)
    for _ in range(10):
        controls.pan(0.02, -0.01, point)
        controls.update(1 / 60)
    let(controls, 1)
    moved = (seen_at(controls, point) - before) / 2 * (SIZE[0] / SIZE[1], 1)  # in heights of the picture
    assert moved == pytest.approx((0.2, 0.1), abs=1e-3)
    assert not controls.is_moving


def test_fractions_of_notches_add_up(controls):
    other = FlyControls(Surroundings((0, 40, 160), (0, 0, 0), math.radians(36), LOWER, UPPER))
    for _ in range(20):
        controls.wheel(0.1)
    other.wheel(2.0)
    let(controls, 1)
    let(other, 1)
    assert np.allclose(controls.camera.position, other.camera.position, atol=1e-3)


def test_sticks_fly_and_look_until_they_rest(controls):
    start = controls.camera
    controls.go_to((120, 15, 30), (120, 0, 10))
    controls.steer(STILL_STICKS)
    assert controls.is_under_way  # a pad that lies there takes nothing over
    let(controls, 1)
    controls.home()
    let(controls, 1)
    for share in (1.0, 0.5):
        controls.stand(start.position, (0, 0, 0), start.fov_y_rad)
        controls.steer(Sticks(right=share))
        let(controls, 0.2)
        controls.steer(STILL_STICKS)
        let(controls, 1)
        flown = np.linalg.norm(controls.camera.position - start.position)
        assert flown == pytest.approx(share * 0.2 * controls.pace * 116, rel=0.1)
        assert not controls.is_moving
    controls.steer(Sticks(turn_right=-1.0, turn_up=0.5))
    let(controls, 0.25)
    controls.steer(STILL_STICKS)
    assert controls.camera.yaw_rad < start.yaw_rad - 0.3 and controls.camera.pitch_rad > start.pitch_rad + 0.1


def test_triggers_make_flying_faster_and_slower(controls):
    flown = {}
    for boost in (-1, 0, 1):
        controls.stand((0, 301, 0.001), (0, 0, 0), 0.6)
        controls.steer(Sticks(right=1.0, boost=boost))
        let(controls, 0.1)
        flown[boost] = controls.camera.position[0]
        controls.steer(STILL_STICKS)
        let(controls, 1)
    assert flown[1] > 3 * flown[0] > 9 * flown[-1]


FLOOR = Surroundings((0, 40, 160), (0, 5, 0), 0.6, LOWER + (0, 5, 0), UPPER + (0, 5, 0), 1.0, floor_y=0.0)
odd = st.floats(allow_nan=True, allow_infinity=True)
names = st.sampled_from(sorted(KEYS))
places = st.tuples(*[st.floats(-300, 300)] * 3)
ACTS = {
    "hold": st.tuples(names, st.booleans()),
    "look": st.tuples(odd, odd),
    "orbit": st.tuples(odd | st.floats(-400, 400), odd | st.floats(-400, 400)),
    "begin_orbit": st.tuples(st.none() | places),
    "end_orbit": st.tuples(),
    "wheel": st.tuples(odd | st.floats(-20, 20)),
    "pan": st.tuples(odd | st.floats(-2, 2), odd | st.floats(-2, 2)),
    "steer": st.tuples(st.builds(Sticks, *[st.floats(-1, 1) | odd] * 6)),
    "set_pace": st.tuples(odd),
    "home": st.tuples(),
    "update": st.tuples(st.sampled_from((1e-6, 1 / 240, 1 / 60, 0.1))),
}
act = st.one_of(*[st.tuples(st.just(name), arguments) for name, arguments in ACTS.items()])


@given(st.lists(act, max_size=30))
@example([("begin_orbit", (None,)), ("home", ()), ("orbit", (0.0, 1.0))])
def test_no_hand_leads_astray(acts):
    """Whatever is done, with whatever numbers: a level camera above the floor, not far away, and home is found."""
    controls = FlyControls(FLOOR)
    first = controls.camera
    for name, arguments in acts:
        getattr(controls, name)(*arguments)
        controls.update(1 / 60)
        camera = controls.camera
        assert np.isfinite([*camera.position, camera.yaw_rad, camera.pitch_rad, camera.fov_y_rad]).all()
        assert camera.position[1] >= 0.2 and np.linalg.norm(camera.position) < 2000
        assert abs(camera.world_from_eye[1, 0]) < 1e-12 and camera.world_from_eye[1, 1] > 0
        assert np.isfinite(controls.eye(SIZE).clip_from_eye).all()
    for name in KEYS:
        controls.hold(name, False)
    controls.steer(STILL_STICKS)
    controls.home()
    let(controls, 1)
    assert np.allclose(controls.camera.position, first.position) and not controls.is_lost(SIZE)
