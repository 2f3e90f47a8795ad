"""Folders of the user are made when first asked for; where that fails, work goes on in a temporary folder."""

import subprocess
import sys
from pathlib import Path

import pytest
from tensornaut.engine import places

FOLDERS = (places.cache_folder, places.state_folder, places.config_folder)


@pytest.fixture
def home(tmp_path, monkeypatch):
    for kind in ("CACHE", "STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    monkeypatch.delenv(places.INHERITED, raising=False)
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="XDG folders")
def test_folders_are_made_where_the_user_wants_them(home):
    assert list(home.iterdir()) == []
    for folder in FOLDERS:
        assert folder().is_dir() and folder().is_relative_to(home)
        assert not places.is_temporary(folder())
    assert len({folder() for folder in FOLDERS}) == 3


def test_a_temporary_folder_stands_in_and_is_removed_at_exit(home):
    """Root may write anywhere, so files stand where the folders should be."""
    for kind in ("cache", "state", "config"):
        (home / kind).write_text("in the way")
    folder = Path(_python("print(places.cache_folder()); (places.cache_folder() / 'kernel').write_bytes(b'x' * 100)"))
    assert not folder.is_relative_to(home)
    assert not folder.parent.exists()


def test_workers_share_the_temporary_folder_of_who_started_them(home):
    (home / "cache").write_text("in the way")
    code = (
        "import subprocess, sys; mine = places.cache_folder();"
        "theirs = subprocess.check_output([sys.executable, '-c',"
        " 'from tensornaut.engine import places; print(places.cache_folder())'], text=True).strip();"
        "print(str(mine) == theirs, mine.is_dir(), places.is_temporary(mine))"
    )
    assert _python(code) == "True True True"


def _python(code: str) -> str:
    script = f"from tensornaut.engine import places; {code}"
    return subprocess.check_output([sys.executable, "-c", script], text=True).strip()
