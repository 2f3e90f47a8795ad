"""The quality of frames in motion: as good as the rate allows, without swinging, and what a person chose."""

import numpy as np
import pytest
from tensornaut.engine.outputs.quality import Governor

TARGET_S = 1 / 30


def fly(governor, frames, times_s, noise=0.0):
    """Qualities of a flight, on a machine where frames take these times, by quality."""
    random, seen = np.random.default_rng(0), []
    for _ in range(frames):
        seen.append(governor.quality)
        governor.drew(times_s[governor.quality] * (1 + noise * random.standard_normal()))
    return seen


@pytest.mark.parametrize(
    ("times_ms", "expected"),
    [((5, 6, 8), "high"), ((20, 28, 60), "medium"), ((30, 60, 90), "low"), ((90, 100, 120), "low")],
)
def test_it_is_the_best_that_holds_the_rate_and_stays(times_ms, expected):
    times_s = {name: taken / 1000 for name, taken in zip(("low", "medium", "high"), times_ms, strict=True)}
    seen = fly(Governor(TARGET_S), 900, times_s, noise=0.1)
    assert seen[-1] == expected
    assert set(seen[300:]) == {expected}


def test_it_rises_again_when_the_machine_is_free():
    governor = Governor(TARGET_S)
    fly(governor, 300, dict.fromkeys(("low", "medium", "high"), 0.08))
    assert governor.quality == "low"
    fly(governor, 600, dict.fromkeys(("low", "medium", "high"), 0.01))
    assert governor.quality == "high"


def test_single_slow_frames_change_nothing_and_the_best_is_not_passed():
    governor = Governor(TARGET_S, "medium")
    for frame in range(600):
        governor.drew(2.0 if frame % 50 == 0 else 0.01)
        assert governor.quality == "medium"


def test_a_choice_stays():
    governor = Governor(TARGET_S)
    governor.chosen = "high"
    assert set(fly(governor, 300, dict.fromkeys(("low", "medium", "high"), 0.5))) == {"high"}
    governor.chosen = None
    assert fly(governor, 300, dict.fromkeys(("low", "medium", "high"), 0.5))[-1] == "low"
