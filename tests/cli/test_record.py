"""`tensornaut record`: a film of exactly the frames asked for, or one line and no file."""

import os
import signal
import subprocess
import sys
import time

import av
import numpy as np
import pytest
from tensornaut.cli.main import main

CHILD = "import sys; from tensornaut.cli.main import main; sys.exit(main(sys.argv[1:]))"
pytestmark = pytest.mark.gl


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def start(home, tmp_path):
    """Starts a command line in a process of its own, in an empty folder."""

    def started(*words):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        command = [sys.executable, "-c", CHILD, *map(str, words)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, env={**environment, "HOME": str(home)}, cwd=tmp_path, **pipes)

    return started


@pytest.fixture
def record(start):
    """Runs `record` to its end."""

    def run(*words):
        with start("record", *words) as process:
            out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    return run


@pytest.fixture
def model(checkout):
    return checkout / "assets" / "demo" / "digits.safetensors"


def decoded(path):
    """(frames (height, width, 3), times in seconds, rate) of a film."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        shown = [frame.to_ndarray(format="rgb24").astype(int) for frame in frames]
        return shown, [frame.time for frame in frames], stream.average_rate


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_a_film_has_exactly_seconds_times_rate_frames(record, model, tmp_path, suffix):
    name = f"film{suffix}"
    assert record(model, name, "--size", "160x90", "--fps", "10", "--seconds", "0.7") == (0, "", "")
    shown, times_s, rate = decoded(tmp_path / name)
    assert len(shown) == 7 and rate == 10
    assert times_s == pytest.approx([k / 10 for k in range(7)], abs=1e-3)
    assert all(frame.shape == (90, 160, 3) for frame in shown)
    assert all(frame.std() > 3 for frame in shown)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_film_moves_and_begins_with_the_overview(record, model, tmp_path):
    assert record(model, "film.mp4", "--size", "160x90", "--fps", "4", "--seconds", "6")[0] == 0
    shown, _, _ = decoded(tmp_path / "film.mp4")
    assert len(shown) == 24
    changes = [np.abs(one - other).mean() for one, other in zip(shown[2:-2], shown[3:-1], strict=True)]
    assert sum(change > 1 for change in changes) > 12
    assert main(["snapshot", str(model), str(tmp_path / "overview.png"), "--size", "160x90"]) == 0
    (overview,), _, _ = decoded(tmp_path / "overview.png")
    assert np.abs(shown[0] - overview).mean() < 6 < 10 < np.abs(shown[12] - overview).mean()


def test_around_the_overview_the_film_ends_as_it_began_and_all_of_it_shows_the_whole(record, model, tmp_path):
    words = ("--size", "640x360", "--fps", "2", "--seconds", "8", "--flight", "overview")
    assert record(model, "film.mp4", *words)[0] == 0
    shown, _, _ = decoded(tmp_path / "film.mp4")
    assert len(shown) == 16
    same, other = (np.abs(shown[one] - shown[two]).mean() for one, two in ((0, 8), (4, 12)))
    assert other > 2 * same


def test_two_runs_give_the_same_bytes_also_with_other_threads(record, model, tmp_path):
    for name, threads in (("one.mp4", "1"), ("two.mp4", "2")):
        words = (model, name, "--size", "160x90", "--fps", "5", "--seconds", "1", "--threads", threads)
        assert record(*words) == (0, "", "")
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_themes_and_odd_sizes(record, model, tmp_path):
    words = ("--size", "161x91", "--fps", "2", "--seconds", "0.5", "--theme", "light")
    assert record(model, "film.mp4", *words) == (0, "", "")
    (shown,), _, _ = decoded(tmp_path / "film.mp4")
    assert shown.shape == (92, 162, 3) and shown.mean() > 128


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["film.mp4", "--fps", "0"], "--fps: found 0"),
        (["film.mp4", "--fps", "241"], "--fps: found 241"),
        (["film.mp4", "--fps", "2.5"], "--fps"),
        (["film.mp4", "--seconds", "0"], "--seconds: found 0"),
        (["film.mp4", "--seconds", "-1"], "--seconds: found -1"),
        (["film.mp4", "--seconds", "nan"], "--seconds: found nan"),
        (["film.mp4", "--seconds", "inf"], "--seconds: found inf"),
        (["film.mp4", "--seconds", "1e9"], "--seconds: found 1e+09"),
        (["film.mp4", "--size", "10x10"], "--size: found 10x10"),
        (["film.mp4", "--size", "0x720"], "--size: found 0x720"),
        (["film.mp4", "--size", "8193x720"], "--size: found 8193x720"),
        (["film.mp4", "--flight", "moon"], "--flight"),
        (["film.mp4", "--threads", "-1"], "--threads: found -1"),
        (["film.gif"], "film.gif: found the ending .gif"),
        (["nowhere/film.mp4"], "nowhere/film.mp4"),
        (["folder.mp4"], "folder.mp4"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_nothing_written(tmp_path, monkeypatch, capsys, model, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.mp4").mkdir()
    assert main(["record", str(model), *words]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1
    assert shown.err.startswith("tensornaut: ") and said in shown.err
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.mp4"]


def test_what_is_no_model_is_one_line_and_nothing_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["record", "model.bin", "film.mp4"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("tensornaut: model.bin: ") and error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_line(record, model, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    if os.access(folder, os.W_OK):  # as root: a folder that takes no files from anybody
        folder = "/proc" if os.path.isdir("/proc") else pytest.skip("nothing is closed to root here")
    code, out, err = record(model, f"{folder}/film.mp4", "--size", "64x64", "--seconds", "1")
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert err.startswith(f"tensornaut: {folder}/film.mp4: ")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("ending", "older"), [(signal.SIGINT, b""), (signal.SIGINT, b"older")])
def test_a_film_that_is_interrupted_leaves_things_as_they_were(start, model, tmp_path, ending, older):
    if older:
        (tmp_path / "film.mp4").write_bytes(older)
    with start("record", model, "film.mp4", "--size", "320x180", "--seconds", "600") as process:
        wait_for_part(tmp_path)
        process.send_signal(ending)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "")
    assert [entry.name for entry in tmp_path.iterdir()] == (["film.mp4"] if older else [])
    assert not older or (tmp_path / "film.mp4").read_bytes() == older


def wait_for_part(folder):
    """Until the unfinished film holds something."""
    for _ in range(600):
        if any(entry.stat().st_size for entry in folder.glob(".tensornaut-*")):
            return
        time.sleep(0.1)
    pytest.fail("no film was begun")
