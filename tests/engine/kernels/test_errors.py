"""Errors name the thing, say what was found and what to do, and survive a trip between processes."""

import pickle

import pytest
from tensornaut.engine.kernels.errors import MESSAGES, InputError, TensornautError


def test_message_is_filled_and_cleaned():
    error = InputError("model.bin", "no_egl", found="bad\x1b[2Jdriver")
    assert isinstance(error, TensornautError)
    assert str(error).startswith("found no OpenGL without a window (bad\\x1b[2Jdriver), expected")


def test_wrong_keys_and_missing_facts_fail_at_once():
    with pytest.raises(KeyError):
        InputError("a", "there_is_no_such_message")
    with pytest.raises(KeyError):
        InputError("a", "no_egl")


def test_errors_travel_between_processes():
    error = InputError("out.mp4", "output_unwritable", reason="disk full")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.name, copy.key, copy.facts, str(copy)) == (
        InputError,
        "out.mp4",
        "output_unwritable",
        {"reason": "disk full"},
        str(error),
    )


@pytest.mark.parametrize("key", sorted(MESSAGES))
def test_every_message_is_one_line_that_says_what_was_expected(key):
    assert "expected" in MESSAGES[key] and "\n" not in MESSAGES[key] and not MESSAGES[key].endswith(".")
