"""`tensornaut snapshot`: one picture as asked for, or one line and nothing written."""

import json
import os
import subprocess
import sys
from itertools import pairwise

import av
import numpy as np
import pytest
from tensornaut.cli.main import main

CHILD = """
import json, sys
from tensornaut.cli.main import main
sys.exit(max([main(words) for words in json.loads(sys.argv[1])]))
"""
pytestmark = pytest.mark.gl


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def tensornaut(home, tmp_path):
    """Runs command lines, one after the other, in a process of their own in an empty folder."""

    def run(*lines, **variables):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        environment |= {"HOME": str(home), **variables}
        command = [sys.executable, "-c", CHILD, json.dumps([list(map(str, words)) for words in lines])]
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture
def model(checkout):
    return checkout / "assets" / "demo" / "digits.safetensors"


@pytest.fixture
def pictures(tensornaut, tmp_path, model):
    """A function: the pictures, (height, width, 3) int64, that lines of options give of a model."""

    def taken(*lines, source=model, **variables):
        names = [f"out{k}.png" for k in range(len(lines))]
        commands = [("snapshot", source, name, *line.split()) for name, line in zip(names, lines, strict=True)]
        done = tensornaut(*commands, **variables)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert sorted(entry.name for entry in tmp_path.iterdir() if entry.suffix == ".png") == names
        return [decoded(tmp_path / name) for name in names]

    return taken


def decoded(path):
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)


def contrast(shown):
    """How far the middle half of brightness spreads, and how many colors there are."""
    return shown.std(), len(np.unique(shown.reshape(-1, 3), axis=0))


def test_a_picture_has_the_size_asked_for_and_shows_something(pictures):
    sizes = ["160x90", "161x91", "16x16", "90x160"]
    for size, shown in zip(sizes, pictures(*[f"--size {size}" for size in sizes]), strict=True):
        width, height = map(int, size.split("x"))
        assert shown.shape == (height, width, 3)
        spread, colors = contrast(shown)
        assert spread > 3 and colors > 50


def test_without_options_it_is_1920_by_1080_and_dark(pictures):
    (shown,) = pictures("")
    assert shown.shape == (1080, 1920, 3) and shown.mean() < 64


def test_themes_and_cameras_give_different_pictures(pictures):
    options = ["--camera overview", "--camera layer", "--camera weight", "--theme light"]
    shown = pictures(*[f"--size 320x180 {option}" for option in options])
    for k, one in enumerate(shown):
        assert contrast(one)[0] > 5
        for other in shown[k + 1 :]:
            assert np.abs(one - other).mean() > 4
    assert shown[3].mean() > 128 > 64 > shown[0].mean()


def test_cameras_by_place_and_by_name(pictures):
    """Joined to the option or a word of its own, a place may begin with a minus."""
    places = "=-90,60,200,0,0,0", " -90,60,200,0,0,0,36", "=-90,60,200,0,0,0,20"
    names = "=layer:stem.conv2", "=weight:stem.conv2"
    shown = pictures(*[f"--size 320x180 --camera{where}" for where in (*places, *names)])
    assert (shown[0] == shown[1]).all()
    for one, other in pairwise(shown[1:]):
        assert np.abs(one - other).mean() > 2


def test_transparent_pictures_leave_out_sky_and_floor(tensornaut, model, tmp_path):
    words = ("snapshot", model, "--size", "320x180", "--transparent", "--theme")
    done = tensornaut((*words, "dark", "dark.png"), (*words, "light", "light.png"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for name in ("dark.png", "light.png"):
        with av.open(str(tmp_path / name)) as container:
            frame = next(container.decode(video=0))
            assert frame.format.name == "rgba"
            alpha = frame.to_ndarray(format="rgba")[..., 3]
        assert (alpha == 0).mean() > 0.2 and alpha.max() > 200
        assert (alpha[60:140] > 0).mean() > 0.3  # where the model is


UNASKED = ("--camera overview --theme dark", "--threads 1", "--threads 3")


def test_the_overview_in_the_dark_is_what_is_shown_unasked_by_any_number_of_threads(pictures):
    first, *others = pictures(*[f"--size 320x180 {more}" for more in ("", *UNASKED)])
    assert all((other == first).all() for other in others)


def test_the_data_is_in_the_middle_of_the_overview(pictures):
    """Colors of values, which nothing else has, are found around the middle and not above it."""
    (shown,) = pictures("--size 480x270")  # without a legend, whose scale has them too
    colorful = shown.max(2) - shown.min(2) > 90
    assert colorful[90:240].mean() > 0.004 and colorful[:90].mean() < 0.001


def test_words_are_in_the_language_asked_for(pictures):
    english, chinese = pictures("--size 640x360 --language en", "--size 640x360 --language zh")
    changed = np.abs(english - chinese).max(2) > 40
    assert changed[:100, :300].any() and changed[-200:, -300:].any()


def test_an_upper_case_suffix_is_one_too_and_an_older_file_is_replaced(tensornaut, model, tmp_path):
    (tmp_path / "OUT.PNG").write_bytes(b"older")
    assert tensornaut(("snapshot", model, "OUT.PNG", "--size", "32x32")).returncode == 0
    assert decoded(tmp_path / "OUT.PNG").shape == (32, 32, 3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["out.png", "--size", "15x90"], "--size: found 15x90"),
        (["out.png", "--size", "16385x90"], "--size: found 16385x90, expected WIDTHxHEIGHT, 16 to 16384"),
        (["out.png", "--size", "90"], "--size: found 90"),
        (["out.png", "--size", "0x0"], "--size"),
        (["out.png", "--size", "-5x9"], "--size"),
        (["out.png", "--threads", "-3"], "--threads: found -3"),
        (["out.png", "--threads", "many"], "--threads: found many"),
        (["out.png", "--camera", "moon"], "--camera: found moon"),
        (["out.png", "--camera", "layer:"], "--camera: found layer:"),
        (["out.png", "--camera", "layer:stem.con1"], "expected stem.conv1"),
        (["out.png", "--camera", "1,2,3"], "--camera: found 1,2,3"),
        (["out.png", "--camera=-1,2,3,-1,2,3"], "--camera: found -1,2,3,-1,2,3"),
        (["out.png", "--camera", "-1,nan,3,4,5,6"], "--camera: found -1,nan,3,4,5,6"),
        (["out.png", "--camera", "1,2,3,4,5,6,179"], "FOV 1 to 150"),
        (["out.png", "--transparent=yes"], "--transparent"),
        (["out.png", "--theme", "blue"], "--theme"),
        (["out.jpg"], "out.jpg: found the ending .jpg"),
        (["out"], "out: found the ending -"),
        (["nowhere/out.png"], "nowhere/out.png"),
        (["folder.png"], "folder.png"),
        ([], "OUT.png"),
        (["out.png", "more"], "more"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_nothing_written(tmp_path, monkeypatch, capsys, model, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    assert main(["snapshot", str(model), *words]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1
    assert shown.err.startswith("tensornaut: ") and said in shown.err
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.png"]


@pytest.mark.parametrize("content", [None, b"", b"no model at all"])
def test_what_is_no_model_is_one_line_and_nothing_written(tmp_path, monkeypatch, capsys, content):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "model.bin").write_bytes(content)
    before = sorted(tmp_path.iterdir())
    assert main(["snapshot", "model.bin", "out.png"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("tensornaut: model.bin: ") and error.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_that_cannot_be_written_is_one_line(tensornaut, model, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    if os.access(folder, os.W_OK):  # as root: a folder that takes no files from anybody
        folder = "/proc" if os.path.isdir("/proc") else pytest.skip("nothing is closed to root here")
    done = tensornaut(("snapshot", model, f"{folder}/out.png", "--size", "32x32"))
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"tensornaut: {folder}/out.png: ")


def test_a_home_that_cannot_be_written_is_no_obstacle(pictures):
    assert pictures("--size 64x64", HOME="/proc/nowhere")[0].shape == (64, 64, 3)


def test_a_home_without_anything_is_no_obstacle(pictures, tmp_path):
    (tmp_path / "empty").mkdir()
    assert pictures("--size 64x64", HOME=str(tmp_path / "empty"))[0].shape == (64, 64, 3)


CAMERAS = [f"--size 160x90 --camera {camera}" for camera in ("overview", "layer", "weight")]


def test_a_file_that_holds_no_tensors_has_a_picture(pictures, tmp_path):
    (tmp_path / "none.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    assert all(shown.shape == (90, 160, 3) for shown in pictures(*CAMERAS, source="none.safetensors"))


def test_tensors_of_any_type_have_a_picture(pictures, tmp_path):
    arrays = {"nothing": np.zeros((0, 3))}
    for dtype in ("float16", "float64", "int64", "bool", "complex64"):
        arrays[f"{dtype}.weight"] = np.arange(-40, 40).reshape(8, 10).astype(dtype)
        arrays[f"{dtype}.scale"] = np.array(1, dtype)
    np.savez(tmp_path / "odd.npz", **arrays)
    assert all(contrast(shown)[1] > 50 for shown in pictures(*CAMERAS, source="odd.npz"))


def test_values_that_are_no_numbers_have_a_picture(pictures, tmp_path):
    np.save(tmp_path / "odd.npy", np.array([[np.nan, np.inf], [-np.inf, 1e38]], np.float32))
    assert all(contrast(shown)[1] > 50 for shown in pictures(*CAMERAS, source="odd.npy"))
