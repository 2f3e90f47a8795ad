"""The budget of frames in motion goes to what holds the rate, and stays there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensornaut.engine.outputs.pace import LEAST, MOST, Pace

TARGET_S = 1 / 30


def fly(pace, frames, fixed_s, cost_s, noise=0.0, seed=0):
    """(frames,) budgets of a flight past more and less samples, on a machine of these times."""
    random = np.random.default_rng(seed)
    budgets = []
    for frame in range(frames):
        wanted = 800_000 + 700_000 * np.sin(frame / 9)
        samples = int(min(wanted, pace.budget))
        pace.drew(samples, (fixed_s + cost_s * samples) * (1 + noise * random.standard_normal()))
        budgets.append(pace.budget)
    return np.array(budgets)


@pytest.mark.parametrize(("fixed_s", "cost_s"), [(0.005, 1e-7), (0.01, 3e-8), (0.02, 5e-8)])
def test_the_rate_is_held(fixed_s, cost_s):
    pace = Pace(TARGET_S)
    fly(pace, 400, fixed_s, cost_s)
    assert fixed_s + cost_s * pace.budget == pytest.approx(TARGET_S, rel=0.15)


def test_a_fast_machine_draws_all_and_a_slow_one_something():
    fast, slow = Pace(TARGET_S), Pace(TARGET_S)
    fly(fast, 400, 0.002, 1e-9)
    fly(slow, 400, 0.001, 1e-6)
    assert fast.budget == pytest.approx(MOST, rel=0.11)
    assert LEAST <= slow.budget < 2 * LEAST


def test_samples_are_not_given_up_for_what_takes_its_time_without_them():
    pace = Pace(TARGET_S)
    fly(pace, 400, 0.080, 3e-8)
    assert pace.budget > 500_000


def test_it_recovers_when_others_leave_the_machine():
    pace = Pace(TARGET_S)
    free = fly(pace, 400, 0.01, 5e-8)[-1]
    busy = fly(pace, 200, 0.02, 3e-7)[-1]
    assert busy < free / 2
    assert fly(pace, 400, 0.01, 5e-8)[-1] == pytest.approx(free, rel=0.25)


@settings(max_examples=25)
@given(st.floats(0.001, 0.1), st.floats(2e-9, 5e-7), st.integers(0, 1000))
def test_it_neither_jumps_nor_swings(fixed_s, cost_s, seed):
    budgets = fly(Pace(TARGET_S), 600, fixed_s, cost_s, 0.1, seed)
    assert (budgets >= LEAST * 0.99).all()
    assert (budgets <= MOST * 1.01).all()
    change = budgets[1:] / budgets[:-1]
    assert change.min() > 0.8
    assert change.max() < 1.15
    settled = budgets[300:]
    assert settled.max() < 2.5 * settled.min()
