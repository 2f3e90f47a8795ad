"""The size that people gave the window last. A convenience: whatever goes wrong, nobody is told."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from ..kernels.errors import InputError
from ..places import state_folder

__all__ = ["remember_size", "remembered_size"]

FILE = "window.json"
SMALLEST, LARGEST = 64, 16_384
MOST_BYTES = 4096


def remembered_size() -> tuple[int, int] | None:
    """(width, height) in the desktop's units; None where nothing sensible was kept."""
    with suppress(OSError, InputError, ValueError, KeyError, TypeError, RecursionError):
        with _file().open("rb") as file:
            width, height = json.loads(file.read(MOST_BYTES))["size"]
        if all(type(side) is int and SMALLEST <= side <= LARGEST for side in (width, height)):
            return width, height
    return None


def remember_size(size: tuple[int, int]) -> None:
    """Keeps the size for the next time, where that is possible."""
    with suppress(OSError, InputError):
        _file().write_text(json.dumps({"size": list(size)}))


def _file() -> Path:
    return state_folder() / FILE
