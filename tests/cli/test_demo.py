"""`tensornaut demo`: the demo model in a window, or as ./demo.mp4 where there is no display."""

import argparse
from pathlib import Path

import pytest
from tensornaut.cli import demo, record, snapshot
from tensornaut.cli.main import main
from tensornaut.loaders.open import open_network


@pytest.fixture
def ran(monkeypatch):
    """The command lines that the demo runs in place of what they name."""
    lines = []

    def run_command(name, words):
        lines.append([name, *words])
        return 0

    monkeypatch.setattr(demo, "run_command", run_command)
    return lines


def test_without_a_display_it_records_a_film_and_says_where(ran, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "has_display", lambda: False)
    assert main(["demo"]) == 0
    assert ran == [["record", str(demo.MODEL), "demo.mp4", "--seconds", demo.SECONDS, "--language", "en"]]
    assert str(tmp_path.resolve() / "demo.mp4") in capsys.readouterr().out.splitlines()[-1]


def test_with_a_display_it_opens_the_viewer(ran, monkeypatch):
    monkeypatch.setattr(demo, "has_display", lambda: True)
    assert main(["--language", "zh", "demo"]) == 0
    assert ran == [["view", str(demo.MODEL), "--pad", "--language", "zh"]]


def test_a_film_that_fails_is_not_called_recorded(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "has_display", lambda: False)
    monkeypatch.setattr(demo, "run_command", lambda name, words: 2)
    assert main(["demo"]) == 2
    assert "demo.mp4" not in capsys.readouterr().out


def test_the_demo_model_is_there_and_opens(checkout):
    assert demo.MODEL.is_file() and demo.MODEL.resolve().is_relative_to(checkout)
    assert open_network(demo.MODEL).parameter_count > 50_000


@pytest.mark.parametrize(("command", "output"), [(record, "a.mp4"), (snapshot, "a.png")])
def test_the_words_fit_the_commands(command, output):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    found = parser.parse_args([str(demo.MODEL), output])
    assert Path(found.source) == demo.MODEL and found.output == output


def test_a_film_of_the_demo_has_the_size_and_rate_promised():
    parser = argparse.ArgumentParser()
    record.add_arguments(parser)
    found = parser.parse_args(["model", "film.mp4"])
    assert (found.size, found.fps, found.seconds) == ("1280x720", 30, 12.0)
