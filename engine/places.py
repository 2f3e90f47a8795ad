"""Where files of ours may lie: folders of the user, or a temporary folder where those cannot be written."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import platformdirs

from .kernels.errors import InputError

__all__ = ["INHERITED", "cache_folder", "config_folder", "is_temporary", "state_folder"]

INHERITED = "TENSORNAUT_TEMPORARY_FOLDER"  # environment variable: workers use the temporary folder of who started them


def cache_folder() -> Path:
    """A writable folder for what can be computed again.

    Raises InputError where not even a temporary folder can be made; the same holds for the other folders.
    """
    return _usable(platformdirs.user_cache_path("tensornaut", appauthor=False), "cache")


def state_folder() -> Path:
    """A writable folder for logs and for what was opened last."""
    return _usable(platformdirs.user_state_path("tensornaut", appauthor=False), "state")


def config_folder() -> Path:
    """A writable folder for settings."""
    return _usable(platformdirs.user_config_path("tensornaut", appauthor=False), "config")


def is_temporary(folder: Path) -> bool:
    """True when this folder of ours goes away with the process."""
    root = os.environ.get(INHERITED)
    return root is not None and folder.is_relative_to(root)


@cache
def _usable(wanted: Path, kind: str) -> Path:
    """`wanted`, made if need be, or its stand-in. Only trying to write tells: root and full disks fool the rest."""
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=wanted).close()
    except OSError:
        stand_in = _temporary_root(str(wanted)) / kind
        stand_in.mkdir(exist_ok=True)
        return stand_in
    return wanted


def _temporary_root(wanted: str) -> Path:
    """The temporary folder of this process, or of the one that started it; its maker removes it at exit."""
    inherited = os.environ.get(INHERITED)
    if inherited and os.path.isdir(inherited):
        return Path(inherited)
    try:
        root = tempfile.mkdtemp(prefix="tensornaut-")
    except OSError as error:
        raise InputError(wanted, "cache_unwritable") from error
    os.environ[INHERITED] = root
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    return Path(root)
