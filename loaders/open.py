"""`open(path)`: tells by its content what a file is, and reads it. A folder opens as the model that it holds."""

from __future__ import annotations

import os
from pathlib import Path

from . import safetensors
from .errors import FormatError
from .grouping import arrange, module_tree
from .limits import SNIFFED_BYTES
from .network import Network
from .source import Source

__all__ = ["open", "open_network"]


def open_network(path: str | os.PathLike[str]) -> Network:
    """The network in a file or folder. Reads what describes the tensors, not their data.

    Raises InputError where there is nothing to read, FormatError where it is no model or a damaged one.
    """
    source = Source.of(path)
    with source.open() as file:
        start = file.read(0, min(SNIFFED_BYTES, source.size))
    if not safetensors.matches(start, source.size):
        raise FormatError(os.fspath(path), "not_a_model", found="x")
    shard = safetensors.read(source)
    tensors, structure, notes = arrange(shard.tensors)
    return Network(
        name=Path(path).stem,
        format="safetensors",
        path=source.path,
        tensors=tensors,
        structure=structure,
        modules=lambda: module_tree(tensors),
        metadata=shard.metadata,
        notes=(*shard.notes, *notes),
    )


open = open_network  # loaders.open.open(path)
