"""Whatever a file calls its tensors, a terminal stays safe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine.kernels.names import NAME_LIMIT, clean

any_text = st.text(st.characters(exclude_categories=()) | st.characters(categories=["Cc", "Cf", "Cs"]), max_size=600)


@given(any_text, st.integers(1, 300))
def test_shown_text_is_printable_encodable_and_bounded(text, limit):
    shown = clean(text, limit)
    assert shown.isprintable()
    assert len(shown) <= limit
    shown.encode("utf-8")


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=NAME_LIMIT))
def test_ordinary_names_stay_as_they_are(text):
    assert clean(text) == text


@given(any_text)
def test_cleaning_again_changes_nothing(text):
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model.layers.0.weight", "model.layers.0.weight"),
        ("卷积 1", "卷积 1"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("evil\u202egnp.exe", "evil\\u202egnp.exe"),
        ("line\nbreak\r", "line\\nbreak\\r"),
        ("\ud800", "\\ud800"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
    ],
)
def test_known_tricks_become_visible(text, expected):
    assert clean(text) == expected


def test_long_names_keep_both_ends():
    shown = clean("encoder." + "x" * 1000 + ".weight", 40)
    assert shown.startswith("encoder.") and shown.endswith(".weight") and "…" in shown and len(shown) == 40


def test_a_huge_name_costs_no_more_than_its_ends():
    shown = clean("a" * 300 + "\x00" * 5_000_000 + "b" * 300)
    assert shown == "a" * 100 + "…" + "b" * 99
