"""`tensornaut demo`: the demo model in a window with its drawing pad, or as a film where there is no display."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..scenes.strings import text
from .main import has_display, run_command

MODEL = Path(__file__).parent.parent / "assets" / "demo" / "digits.safetensors"
FILM = Path("demo.mp4")
SECONDS = "20"  # so that all of the tour has its time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Exit code of the viewer, or of recording ./demo.mp4 (1280x720, 30 pictures per second)."""
    if has_display():
        return run_command("view", [str(MODEL), "--pad", "--language", arguments.language])
    print(text("demo.recording"), flush=True)
    code = run_command("record", [str(MODEL), str(FILM), "--seconds", SECONDS, "--language", arguments.language])
    if code == 0:
        print(text("demo.recorded", path=FILM.resolve()))
    return code
