"""What people chose in the window is remembered, and nothing that goes wrong with that is heard of."""

import pytest
from tensornaut.engine import places
from tensornaut.engine.outputs.window_memory import Choices, remember, remembered


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("platformdirs.user_state_path", lambda *names, **options: tmp_path / "tensornaut")
    places._usable.cache_clear()
    yield tmp_path / "tensornaut"
    places._usable.cache_clear()


@pytest.mark.parametrize("choices", [Choices((900, 600), "light", 1.5, "low"), Choices(), Choices((900, 600))])
def test_choices_come_back(state, choices):
    assert remembered() == Choices()
    remember(choices)
    assert remembered() == choices


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[1, 2]",
        b'{"size": 3}',
        b'{"size": [1, 2, 3]}',
        b'{"size": [0, 600]}',
        b'{"size": [true, 600]}',
        b'{"size": ["900", 600]}',
        b'{"size": [1e9, 600]}',
        b'{"size": [NaN, 600]}',
        b"[" * 4096,
        b'{"size": [900, 600]}' + b" " * 5000 + b"x",
        b'{"theme": 3, "pace": "fast"}',
        b'{"theme": "", "pace": NaN}',
        b'{"pace": Infinity}',
        b'{"pace": -1}',
        b'{"pace": true}',
        b'{"quality": "best"}',
        b'{"quality": ["low"]}',
    ],
)
def test_what_is_no_choice_is_ignored(state, content):
    state.mkdir(exist_ok=True)
    (state / "window.json").write_bytes(content)
    assert remembered() in (Choices(), Choices((900, 600)))


def test_one_bad_choice_does_not_spoil_the_others(state):
    state.mkdir(exist_ok=True)
    (state / "window.json").write_text('{"size": [900, 600], "theme": 7, "pace": 2}')
    assert remembered() == Choices((900, 600), None, 2.0)


def test_a_folder_in_the_place_of_the_file_is_no_fault(state):
    (state / "window.json").mkdir(parents=True)
    remember(Choices((900, 600)))
    assert remembered() == Choices()
