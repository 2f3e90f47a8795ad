"""Which file of a folder is its model."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from ..engine.kernels.errors import InputError
from .errors import FormatError
from .limits import FOLDER_ENTRIES
from .safetensors_index import INDEX_SUFFIX

__all__ = ["model_file"]

PREFERRED = ("model" + INDEX_SUFFIX, "model.safetensors", "pytorch_model.bin")
SUFFIXES = (INDEX_SUFFIX, ".safetensors", ".onnx", ".pt", ".pth", ".npz", ".npy")
SHOWN = 4


def model_file(folder: Path) -> Path:
    """The file to open. Raises FormatError when there is none, or more than one and none goes before the others."""
    names = _names(folder)
    for preferred in PREFERRED:
        if preferred in names:
            return folder / preferred
    for suffix in SUFFIXES:
        candidates = [name for name in names if name.endswith(suffix)]
        if len(candidates) > 1:
            shown = ", ".join(candidates[:SHOWN]) + (", ..." if len(candidates) > SHOWN else "")
            raise FormatError(str(folder), "ambiguous_folder", count=len(candidates), found=shown)
        if candidates:
            return folder / candidates[0]
    raise FormatError(str(folder), "empty_folder")


def _names(folder: Path) -> list[str]:
    """Names in the folder, sorted, hidden ones left out."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, FOLDER_ENTRIES)]
    except OSError as error:
        raise InputError(str(folder), "unreadable", reason=error.strerror or str(error)) from error
    return sorted(name for name in names if not name.startswith("."))
