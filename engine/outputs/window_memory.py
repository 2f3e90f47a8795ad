"""What people chose in the window last: size, theme, speed, quality. Whatever goes wrong, nobody is told."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..kernels.errors import InputError
from ..places import state_folder
from ..view import QUALITIES, Quality

__all__ = ["Choices", "remember", "remembered"]

FILE = "window.json"
SMALLEST, LARGEST = 64, 16_384
MOST_BYTES = 4096
LONGEST_NAME = 32


@dataclass(frozen=True)
class Choices:
    """None where nothing sensible was kept."""

    size: tuple[int, int] | None = None  # (width, height) in the desktop's units
    theme: str | None = None
    pace: float | None = None  # `FlyControls.pace`
    quality: Quality | None = None  # of frames in motion


def remembered() -> Choices:
    """What was chosen last."""
    kept: Any = None
    with suppress(OSError, InputError, ValueError, RecursionError), _file().open("rb") as file:
        kept = json.loads(file.read(MOST_BYTES))
    if not isinstance(kept, dict):
        return Choices()
    quality = next((name for name in QUALITIES if name == kept.get("quality")), None)
    return Choices(_size(kept.get("size")), _name(kept.get("theme")), _positive(kept.get("pace")), quality)


def remember(choices: Choices) -> None:
    """Keeps it for the next time, where that is possible."""
    with suppress(OSError, InputError):
        _file().write_text(json.dumps(asdict(choices)))


def _size(kept: Any) -> tuple[int, int] | None:
    is_pair = isinstance(kept, list) and len(kept) == 2
    return (kept[0], kept[1]) if is_pair and all(type(k) is int and SMALLEST <= k <= LARGEST for k in kept) else None


def _name(kept: Any) -> str | None:
    return kept if isinstance(kept, str) and 0 < len(kept) <= LONGEST_NAME else None


def _positive(kept: Any) -> float | None:
    return float(kept) if type(kept) in (int, float) and 0 < kept < 1e6 and math.isfinite(kept) else None


def _file() -> Path:
    return state_folder() / FILE
