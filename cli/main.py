"""The command line: chooses a command, speaks the person's language, turns errors into one line and an exit code.

Each command is a module `cli/NAME.py` with `add_arguments(parser)` and `run(arguments) -> int`, imported when chosen.
Exit: 0 done · 2 the person's input · 70 a fault of ours · 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import re
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from .. import __version__
from ..engine.kernels.errors import InputError
from ..engine.kernels.names import clean
from ..engine.places import is_temporary, state_folder
from ..scenes.strings import LANGUAGES, PATH_LIMIT, Language, language, set_language, text

__all__ = ["COMMANDS", "EXIT_FAULT", "EXIT_INPUT", "EXIT_INTERRUPT", "has_display", "main", "one_line", "run_command"]

COMMANDS = ("view", "info", "stats", "run", "snapshot", "record", "cache", "doctor", "demo")
EXIT_INPUT, EXIT_FAULT, EXIT_INTERRUPT = 2, 70, 130
NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code of the command line in `argv` (default: of this process)."""
    if argv is None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # being ended tidies up as Ctrl-C does
    _prepare_streams()
    set_language(_environment_language(os.environ))
    try:
        code = _dispatch(list(sys.argv[1:] if argv is None else argv))
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except InputError as error:
        return _complain(error)
    except KeyboardInterrupt:
        return EXIT_INTERRUPT
    except BrokenPipeError:
        _silence_stdout()
        return 0
    except OSError as error:
        if error.errno not in NO_SPACE:
            return _report_fault(error)
        _silence_stdout()
        reason = error.strerror or str(error)
        return _complain(InputError(str(error.filename or "stdout"), "output_unwritable", reason=reason))
    except Exception as error:  # the one broad net: whatever falls through everything else is a fault of ours
        return _report_fault(error)


def run_command(name: str, words: Sequence[str]) -> int:
    """Exit code of the command `name` with the command line `words`. Raises InputError where they do not fit."""
    command = import_module(f"..{name}", __name__)
    parser = _Parser(name)
    command.add_arguments(parser)
    try:
        arguments = parser.parse_args(_attached(words))
    except SystemExit:  # only --help leaves this way: it has been printed
        return 0
    set_language(arguments.language)
    return command.run(arguments)


def _attached(words: Sequence[str]) -> list[str]:
    """The words, lists of numbers that begin with a minus joined to their option: argparse takes them for options."""
    attached: list[str] = []
    for word in words:
        if attached and attached[-1].startswith("--") and re.match(r"-[0-9.][^ ]*,", word):
            attached[-1] += f"={word}"
        else:
            attached.append(word)
    return attached


def has_display(environment: Mapping[str, str] = os.environ) -> bool:
    """True when a window could be opened."""
    return sys.platform in ("win32", "darwin") or any(environment.get(key) for key in ("DISPLAY", "WAYLAND_DISPLAY"))


class _Parser(argparse.ArgumentParser):
    """argparse in the person's language, with errors of ours."""

    def __init__(self, command: str) -> None:
        self.command = command
        super().__init__(
            prog=f"tensornaut {command}".rstrip(),
            description=text(f"cli.{command}") if command else text("cli.intro"),
            formatter_class=_Formatter,
            add_help=False,
            allow_abbrev=False,
        )
        self._positionals.title, self._optionals.title = text("cli.positionals"), text("cli.options")
        self.add_argument("-h", "--help", action="help", help=text("cli.option.help"))
        self.add_argument("--language", choices=tuple(LANGUAGES), default=language(), help=text("cli.option.language"))

    def error(self, message: str) -> NoReturn:
        raise InputError(self.command or "tensornaut", "command_line", found=message, command=self.command)


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, text("cli.usage") if prefix is None else prefix)


def _dispatch(words: list[str]) -> int:
    while words and words[0].startswith("--language"):  # before the command; `_Parser` knows it after the command
        option, _, value = words.pop(0).partition("=")
        value = value or (words.pop(0) if words else "")
        if option != "--language" or value not in LANGUAGES:
            raise InputError(option, "option_value", found=value or "nothing", expected=" | ".join(LANGUAGES))
        set_language(value)  # type: ignore[arg-type]
    if not words:
        return run_command("demo", []) if has_display() else _print_help()
    if words[0] in ("-h", "--help"):
        return _print_help()
    if words[0] == "--version":
        print(f"tensornaut {__version__}")
        return 0
    if words[0] in COMMANDS:
        return run_command(words[0], words[1:])
    return run_command("view", words)


def _print_help() -> int:
    parser = _Parser("")
    parser.usage = f"tensornaut [{' | '.join(COMMANDS)}] ..."
    parser.add_argument("--version", action="version", version=__version__, help=text("cli.option.version"))
    lines = [f"  {name:<10}{text(f'cli.{name}')}" for name in COMMANDS]
    parser.epilog = "\n".join([text("cli.commands") + ":", *lines])
    print(parser.format_help(), end="")
    return 0


def _environment_language(environment: Mapping[str, str]) -> Language:
    """The language that the locale asks for, in POSIX order."""
    locale = next((environment[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(key)), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def one_line(error: InputError) -> str:
    """What it is about, and what the person can do, in the person's language."""
    message = str(error) if language() == "en" else text(f"error.{error.key}", **error.shown_facts)
    return f"{clean(error.name, PATH_LIMIT)}: {message}"


def _complain(error: InputError) -> int:
    print(f"tensornaut: {one_line(error)}", file=sys.stderr)
    return EXIT_INPUT


def _report_fault(error: Exception) -> int:
    """Prints a short message; the traceback goes into a log file that it names."""
    summary = f"{type(error).__name__}: {error}"
    try:
        message = text("cli.fault", error=summary, path=_write_log(error))
    except (OSError, InputError):
        message = text("cli.fault_unlogged", error=summary)
    print(f"tensornaut: {message}", file=sys.stderr)
    return EXIT_FAULT


def _write_log(error: Exception) -> Path:
    """File with the traceback. In a temporary folder that stays where the state folder cannot be written."""
    folder = state_folder()
    if is_temporary(folder):
        folder = Path(tempfile.mkdtemp(prefix="tensornaut-log-"))
    log = folder / "last-error.log"
    lines = traceback.format_exception(error)
    log.write_text(f"tensornaut {__version__}, Python {sys.version}\n" + "".join(lines), "utf-8", "backslashreplace")
    return log


def _prepare_streams() -> None:
    """Output never fails for a character that the terminal cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _silence_stdout() -> None:
    """What is still buffered goes nowhere, so that the interpreter's last flush does not fail again."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):  # closed, or no real file
        return
