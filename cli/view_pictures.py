"""Pictures of what a window shows, taken when they are asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.kernels.errors import InputError
from ..engine.kernels.names import clean
from ..engine.places import state_folder
from ..scenes.strings import text
from .main import one_line

if TYPE_CHECKING:
    import numpy as np

    from ..engine.view import Eye, Frame

__all__ = ["Pictures"]

NAME_LIMIT = 80


class Pictures:
    """Writes NAME-1.png and so on. `name()` is what the model is called; `say` is told where a picture went."""

    def __init__(self, name: Callable[[], str], say: Callable[[str], None]) -> None:
        self._name, self._say = name, say
        self._wanted = 0

    def want(self) -> None:
        """One more, of the next eye that is finished."""
        self._wanted += 1

    def receive(self, frame: Frame, eye: Eye, framebuffer: int) -> None:
        """Writes what was asked for, into the first folder that takes it."""
        from ..engine.gpu import read_pixels

        while self._wanted:
            self._wanted -= 1
            self._say(self._written(read_pixels(framebuffer, eye.viewport)[..., :3]))

    def _written(self, rgb: np.ndarray) -> str:
        """Where the picture is now, or why nowhere."""
        from ..engine.outputs.png import write_png

        words = ""
        for folder in (Path.cwd(), Path.home(), state_folder()):
            path = _free_path(folder, self._name())
            try:
                write_png(path, rgb)
            except InputError as error:
                words = one_line(error)
                continue
            return text("view.saved", path=path)
        return words


def _free_path(folder: Path, name: str) -> Path:
    """NAME-1.png, or the next number that is free; the name as every file system takes it."""
    stem = re.sub(r"[^\w.-]+", "_", clean(name, NAME_LIMIT)).strip("._") or "model"
    number = 1
    while (path := folder / f"{stem}-{number}.png").exists():
        number += 1
    return path
