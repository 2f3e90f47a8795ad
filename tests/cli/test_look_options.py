"""Looks on the command line: another picture for each, one line for wrong names, and an outlier seen from afar."""

import importlib.util
import itertools
import subprocess
import sys

import numpy as np
import pytest
from tensornaut.cli.main import main
from tensornaut.scenes.looks import LOOKS

SMALL = ("--size", "320x180")
SIDE = 4096
PLACES = [(0.25, 0.20, 40.0), (0.9, 0.1, -12.0), (0.61, 0.37, 15.0)]  # shares of rows and columns, sigmas


@pytest.fixture(scope="module")
def benchmark(checkout):
    """The program that looks for the blob of a planted outlier."""
    path = checkout / "tests" / "benchmarks" / "outlier_blob.py"
    spec = importlib.util.spec_from_file_location("outlier_blob", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def picture(warm, tmp_path, benchmark):
    """A function: the picture, (height, width, 3) uint8, of a model with options."""
    numbers = itertools.count()

    def taken(model, *options):
        target = tmp_path / f"out{next(numbers)}.png"
        command = [sys.executable, "-m", "tensornaut", "snapshot", str(model), str(target), *options]
        done = subprocess.run(command, env=warm, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return benchmark.decoded(target).astype(int)

    return taken


@pytest.mark.gl
def test_every_look_is_another_picture_and_value_is_what_is_shown_unasked(picture, checkout):
    model = checkout / "assets" / "demo" / "digits.safetensors"
    unasked = picture(model, *SMALL)
    shown = [picture(model, *SMALL, "--look", look) for look in LOOKS]
    assert (shown[0] == unasked).all()
    for k, one in enumerate(shown):
        for other in shown[k + 1 :]:
            assert (np.abs(one - other).max(-1) > 8).mean() > 0.01
    for options in (("--range", "model"), ("--range", "kind"), ("--flat",)):
        assert (np.abs(picture(model, *SMALL, *options) - unasked).max(-1) > 8).mean() > 0.01


@pytest.mark.gl
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_planted_outlier_is_a_blob_in_the_overview(picture, benchmark, tmp_path, theme):
    """At least 3 x 3 px differ from what is around by a CIE76 deltaE >= 20; the benchmark has 10^9 weights."""
    model = tmp_path / "planted.safetensors"
    start, item = benchmark.write(model, SIDE, "bfloat16")
    options = ("--look", "outlier", "--theme", theme, "--size", "1280x720")
    for row, column, sigmas in PLACES:
        with benchmark.planted(model, start, item, SIDE, row, column, sigmas, "bfloat16"):
            high, wide, difference = benchmark.blob(
                picture(model, *options), benchmark.place_of(model, row, column, sigmas > 0)
            )
        assert min(high, wide) >= 3 and difference >= 20


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--look", "beauty"], "outlier"),
        (["--look"], "--look"),
        (["--range", "galaxy"], "tensor"),
        (["--flat", "yes"], "yes"),
        (["--look", ""], "zscore"),
    ],
)
@pytest.mark.parametrize("command", [["snapshot", "out.png"], ["record", "out.mp4"], ["view"]])
def test_a_wrong_name_is_one_line_and_nothing_written(tmp_path, monkeypatch, capsys, checkout, words, said, command):
    monkeypatch.chdir(tmp_path)
    model = checkout / "assets" / "demo" / "digits.safetensors"
    assert main([command[0], str(model), *command[1:], *words]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1
    assert shown.err.startswith("tensornaut: ") and said in shown.err
    assert list(tmp_path.iterdir()) == []
