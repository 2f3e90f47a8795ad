"""What a gamepad says: sticks that rest are still, all directions are even, buttons run commands once."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine.gamepad import COMMANDS, Pad, changes, sticks_of
from tensornaut.engine.sticks import STILL_STICKS

REST = [0.0, 0.0, 0.0, 0.0, -1.0, -1.0]


def sticks_at(**axes):
    names = ("left_x", "left_y", "right_x", "right_y", "left_trigger", "right_trigger")
    return sticks_of([axes.get(name, rest) for name, rest in zip(names, REST, strict=True)])


@given(st.tuples(*[st.floats(-0.12, 0.12)] * 4), st.tuples(*[st.floats(-1, -0.92)] * 2))
def test_a_worn_pad_at_rest_is_still(sticks, triggers):
    assert sticks_of([*sticks, *triggers]) == STILL_STICKS


def test_each_axis_does_its_own():
    assert sticks_at(left_x=1).right == 1 and sticks_at(left_x=-1).right == -1
    assert sticks_at(left_y=1).back == 1 and sticks_at(left_y=-1).back == -1  # forward is up on the stick
    assert sticks_at(right_x=1).turn_right == 1
    assert sticks_at(right_y=-1).turn_up == 1
    assert sticks_at(right_trigger=1).boost == 1 and sticks_at(left_trigger=1).boost == -1
    assert sticks_at(left_trigger=1, right_trigger=1).boost == 0


@given(st.floats(0, 1), st.floats(0, math.tau))
def test_a_stick_keeps_its_direction_and_grows_evenly_from_the_dead_zone(length, angle):
    x, y = length * math.cos(angle), length * math.sin(angle)
    flown, more = sticks_at(left_x=x, left_y=y), sticks_at(left_x=1.05 * x, left_y=1.05 * y)
    assert math.hypot(flown.right, flown.back) <= min(length, 1) + 1e-9
    assert math.hypot(more.right, more.back) >= math.hypot(flown.right, flown.back) - 1e-9
    assert flown.right * y == pytest.approx(flown.back * x, abs=1e-9)


def test_looking_aims_finer_than_flying():
    assert 0 < sticks_at(right_x=0.5).turn_right < sticks_at(left_x=0.5).right


@given(st.lists(st.floats(), min_size=6, max_size=6))
def test_no_pad_makes_faster_than_full(axes):
    sticks = sticks_of(axes)
    assert all(-1 <= value <= 1 for value in vars(sticks).values())


@given(st.frozensets(st.integers(0, 14)), st.frozensets(st.integers(0, 14)))
def test_a_button_tells_when_it_goes_down_and_when_it_comes_up(before, now):
    told = changes(Pad(down=before), Pad(down=now))
    assert {(button, pressed) for button, _, pressed in told} == {
        (button, button in now) for button in before ^ now if button in COMMANDS
    }
    assert all(name == COMMANDS[button] for button, name, _ in told)
    assert changes(Pad(down=now), Pad(down=now)) == []
