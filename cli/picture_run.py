"""Runs in pictures and films: the input that is given, and how far the light has come."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..engine.kernels.errors import InputError
from ..scenes.strings import text
from .main import one_line
from .progress import Progress

if TYPE_CHECKING:
    from ..scenes.activations import Activations
    from ..scenes.network_scene import NetworkScene

__all__ = ["parse_share", "shown_run"]


def parse_share(share: str) -> float:
    """A number from 0 to 1. Raises InputError."""
    if not re.fullmatch(r"[01]|0?\.[0-9]{1,9}|1\.0{1,9}", share):
        raise InputError("--at", "option_value", found=share, expected="0 to 1")
    return float(share)


def shown_run(built: NetworkScene, words: Sequence[str], cuda: bool = False) -> Activations | None:
    """The run of what `--input` gives, in the scene; None without it. Says what could not be run. Raises InputError."""
    if not words:
        return None
    from ..scenes.runs import Runs
    from .run_input import inputs_of

    runs = Runs(built, cuda)
    inputs = inputs_of(runs.program.inputs, words)
    with Progress(text("run.progress"), len(runs.program.steps)) as progress:
        trace = runs.compute(inputs, progress.advance)
    causes = [cause.error for cause in trace.causes if cause.error is not None]
    if not trace.outputs and causes:
        raise causes[0]
    for error in causes[:1]:
        print(text("run.skipped", error=one_line(error)), file=sys.stderr)
    runs.show(inputs, trace, play=False)
    return runs.shown
