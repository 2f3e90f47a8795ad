"""Pictures and films of runs: the light where it was asked for, the same each time; what is wrong is one line."""

import numpy as np
import pytest
from tensornaut.cli.main import main
from tensornaut.cli.picture_run import parse_share
from tensornaut.engine.kernels.errors import InputError


@pytest.fixture
def model(checkout):
    return str(checkout / "assets" / "demo" / "digits.safetensors")


@pytest.fixture
def digit(tmp_path):
    np.save(tmp_path / "digit.npy", np.random.default_rng(0).random((8, 8), np.float32))
    return str(tmp_path / "digit.npy")


def picture(tmp_path, name, *words):
    path = tmp_path / f"{name}.png"
    assert main(["snapshot", words[0], str(path), *words[1:], "--size", "320x180"]) == 0
    return path.read_bytes()


def test_pictures_of_a_run_differ_by_place_and_are_the_same_each_time(model, digit, tmp_path, context):
    there = [picture(tmp_path, "a", model, "--input", digit, "--at", "0.5") for _ in range(2)]
    assert there[0] == there[1]
    others = {picture(tmp_path, "b", model), picture(tmp_path, "c", model, "--input", digit)}
    assert len({there[0], *others}) == 3


def test_a_film_of_a_run_has_its_pictures(model, digit, tmp_path, context):
    av = pytest.importorskip("av")
    film = tmp_path / "film.mp4"
    words = ["--input", digit, "--size", "160x90", "--fps", "10", "--seconds", "0.6"]
    assert main(["record", model, str(film), *words]) == 0
    with av.open(str(film)) as opened:
        pictures = [frame.to_ndarray(format="gray").astype(int) for frame in opened.decode(video=0)]
    assert len(pictures) == 6
    assert np.abs(pictures[0] - pictures[3]).mean() > 0.5


@pytest.mark.parametrize("share", ["0", "0.25", ".5", "1", "1.0"])
def test_shares_are_numbers_from_0_to_1(share):
    assert parse_share(share) == float(share)


@pytest.mark.parametrize("share", ["-1", "1.5", "half", "", "nan", "1e-3"])
def test_others_are_refused(share):
    with pytest.raises(InputError):
        parse_share(share)


def test_an_input_that_does_not_fit_is_one_line(model, tmp_path, capsys):
    np.save(tmp_path / "wide.npy", np.zeros((3, 5), np.float32))
    assert main(["snapshot", model, str(tmp_path / "a.png"), "--input", str(tmp_path / "wide.npy")]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("tensornaut: image:") and len(said.splitlines()) == 1
    assert not (tmp_path / "a.png").exists()
