"""Outputs appear whole or not at all: written beside their place, then moved there."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..kernels.errors import InputError

__all__ = ["begin", "discard", "finish", "unwritable"]


def begin(path: Path) -> Path:
    """A new empty file of a name of its own, in the folder and with the suffix of `path`.

    Raises InputError when the folder is missing or cannot be written.
    """
    part = path.absolute().parent / f".tensornaut-{secrets.token_hex(6)}{path.suffix}"
    with unwritable(path):
        part.open("xb").close()
    return part


def finish(part: Path, path: Path) -> None:
    """Moves the finished file to its place, over what may be there. Raises InputError."""
    with unwritable(path):
        try:
            os.replace(part, path)
        except OSError:
            discard(part)
            raise


def discard(part: Path) -> None:
    """Removes an unfinished file."""
    with suppress(OSError):
        part.unlink()


@contextmanager
def unwritable(path: Path) -> Iterator[None]:
    """Turns OSError into the InputError that says why `path` cannot be written."""
    try:
        yield
    except OSError as error:
        raise InputError(str(path), "output_unwritable", reason=error.strerror or str(error)) from error
