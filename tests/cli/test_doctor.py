"""The doctor reports whatever the machine lacks."""

import json
import os
import subprocess
import sys

import pytest
from tensornaut.cli.main import main
from tensornaut.cli.probe import ask
from tensornaut.scenes.strings import set_language


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    for kind in ("CACHE", "STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    yield
    set_language("en")


def test_json_holds_every_part(capsys, tmp_path):
    assert main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["libraries"]["numpy"] and report["libraries"]["numba"]
    assert set(report["opengl"]) == {"egl", "window"}
    assert report["folders"]["cache"] == {"path": str(tmp_path / "cache" / "tensornaut"), "writable": True}


def test_the_report_is_one_line_for_each_part_in_both_languages(capsys):
    assert main(["--language", "zh", "doctor"]) == 0
    chinese = capsys.readouterr().out.splitlines()
    assert main(["--language", "en", "doctor"]) == 0
    english = capsys.readouterr().out.splitlines()
    assert len(chinese) == len(english) > 15
    assert any(line.startswith("缓存文件夹: ") for line in chinese)


def test_it_says_what_draws_points_and_why(capsys):
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["rasterizer"]
    if "fault" in found:
        pytest.skip(found["fault"])
    assert found["chosen"] in found["milliseconds"] and min(found["milliseconds"].values()) > 0
    assert found["reason"] == "cold" and found["chosen"] == "numpy"  # nothing was compiled in this home
    assert main(["doctor"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("points are drawn by: "))
    assert "numpy until the viewer has compiled" in line


def test_without_libegl_it_still_reports(tmp_path):
    """Files of the library's names that are no library stand before the real one."""
    for name in ("libEGL.so", "libEGL.so.1"):
        (tmp_path / name).write_text("no library")
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}
    command = [sys.executable, "-m", "tensornaut", "doctor", "--json"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0
    assert "fault" in json.loads(result.stdout)["opengl"]["egl"]


def test_a_probe_that_dies_is_one_line(monkeypatch):
    monkeypatch.setenv("PYTHONHOME", "nowhere")  # the child cannot start
    fault = ask("egl")["fault"]
    assert isinstance(fault, str) and fault and "\n" not in fault


def test_a_probe_does_not_import_from_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("open('imported', 'w')")
    (tmp_path / "numpy.py").write_text("open('imported', 'w')")
    monkeypatch.chdir(tmp_path)
    ask("egl")
    assert not (tmp_path / "imported").exists()
