"""The window's size is remembered, and nothing that goes wrong with that is heard of."""

import pytest
from tensornaut.engine import places
from tensornaut.engine.outputs.window_size import remember_size, remembered_size


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("platformdirs.user_state_path", lambda *names, **options: tmp_path / "tensornaut")
    places._usable.cache_clear()
    yield tmp_path / "tensornaut"
    places._usable.cache_clear()


def test_a_size_comes_back(state):
    assert remembered_size() is None
    remember_size((900, 600))
    assert remembered_size() == (900, 600)


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
    ],
)
def test_what_is_no_size_is_ignored(state, content):
    state.mkdir(exist_ok=True)
    (state / "window.json").write_bytes(content)
    assert remembered_size() in (None, (900, 600))


def test_a_folder_in_the_place_of_the_file_is_no_fault(state):
    (state / "window.json").mkdir(parents=True)
    remember_size((900, 600))
    assert remembered_size() is None
