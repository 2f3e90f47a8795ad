"""The shell around the commands: choosing, languages, exit codes, one line for every error."""

import errno
import importlib
import os
import subprocess
import sys
import types

import pytest
from tensornaut import __version__
from tensornaut.cli.main import COMMANDS, main
from tensornaut.engine.kernels.errors import InputError
from tensornaut.scenes.strings import set_language


@pytest.fixture(autouse=True)
def english(monkeypatch, tmp_path):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield
    set_language("en")


@pytest.fixture
def command(monkeypatch):
    """Puts a command of the test's own in the place of `view`."""

    def place(action):
        def add_arguments(parser):
            parser.add_argument("source")
            parser.add_argument("--seconds", type=float)

        module = types.SimpleNamespace(add_arguments=add_arguments, run=action)
        monkeypatch.setitem(sys.modules, "tensornaut.cli.view", module)

    return place


def _raising(error):
    def run(arguments):
        raise error

    return run


def test_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in COMMANDS)


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tensornaut {__version__}\n"


def test_every_command_keeps_the_contract():
    for name in COMMANDS:
        module = importlib.import_module(f"tensornaut.cli.{name}")
        assert callable(module.add_arguments) and callable(module.run), name


@pytest.mark.parametrize(
    "words", [["m.onnx"], ["view", "m.onnx"], ["--language", "en", "m.onnx"], ["--seconds=1", "m.onnx"]]
)
def test_what_is_no_command_is_a_source_to_view(command, words):
    seen = []
    command(lambda arguments: seen.append(arguments.source) or 0)
    assert main(words) == 0
    assert seen == ["m.onnx"]


def test_language_comes_from_the_locale_or_the_option(capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert main(["--help"]) == 0
    assert "命令" in capsys.readouterr().out
    assert main(["--language", "en", "--help"]) == 0
    assert "commands" in capsys.readouterr().out
    monkeypatch.setenv("LC_ALL", "")
    monkeypatch.setenv("LC_MESSAGES", "")
    monkeypatch.setenv("LANG", "zh_TW")
    assert main(["doctor", "--help"]) == 0
    assert "选项" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["view"], ["view", "a", "b"], ["view", "a", "--seconds", "x"], ["--language", "fr", "a"]]
)
def test_a_wrong_command_line_is_one_line_and_exit_2(command, capsys, words):
    command(lambda arguments: 0)
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("tensornaut: ") and err.count("\n") == 1 and "expected" in err


def test_an_input_error_is_one_clean_line_and_exit_2(command, capsys):
    command(_raising(InputError("bad\x1b[2J\nname", "no_egl", found="line\nbreak")))
    assert main(["a"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tensornaut: bad\\x1b[2J\\nname: found no OpenGL without a window (line\\nbreak)")
    assert err.count("\n") == 1


def test_errors_speak_chinese(command, capsys):
    command(_raising(InputError("a.npy", "not_found")))
    assert main(["--language", "zh", "a.npy"]) == 2
    assert "没有找到" in capsys.readouterr().err


def test_a_fault_is_short_and_its_traceback_is_in_the_named_file(command, capsys, tmp_path):
    command(_raising(ZeroDivisionError("by zero")))
    assert main(["a"]) == 70
    err = capsys.readouterr().err
    log = tmp_path / "state" / "tensornaut" / "last-error.log"
    assert err.count("\n") == 1 and "Traceback" not in err and str(log) in err
    assert "ZeroDivisionError: by zero" in log.read_text()


def test_a_fault_is_logged_where_no_state_folder_can_be_made(command, capsys, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    command(_raising(ZeroDivisionError()))
    assert main(["a"]) == 70
    (log,) = tmp_path.glob("tensornaut-log-*/last-error.log")
    assert str(log) in capsys.readouterr().err


def test_interruption_and_full_disks(command, capsys):
    command(_raising(KeyboardInterrupt()))
    assert main(["a"]) == 130
    assert capsys.readouterr() == ("", "")
    command(_raising(OSError(errno.ENOSPC, "No space left on device", "out.mp4")))
    assert main(["a"]) == 2
    assert capsys.readouterr().err.startswith(
        "tensornaut: out.mp4: the output cannot be written (No space left on device)"
    )


def test_a_reader_that_leaves_early_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        [sys.executable, "-m", "tensornaut", "--help"], stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_standard_output_is_one_line():
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "tensornaut", "--help"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert result.returncode == 2 and result.stderr.count("\n") == 1 and "output cannot be written" in result.stderr


def test_output_survives_a_terminal_that_knows_no_chinese():
    environment = {**os.environ, "LC_ALL": "zh_CN.ISO-8859-1", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    result = subprocess.run([sys.executable, "-m", "tensornaut", "--help"], capture_output=True, env=environment)
    assert result.returncode == 0 and b"\\u" in result.stdout
