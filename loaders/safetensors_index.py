"""Models in several safetensors files, named by `*.safetensors.index.json`.

Source: https://huggingface.co/docs/safetensors/metadata_parsing and the `weight_map` that Transformers writes.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..engine.kernels.errors import InputError
from ..engine.kernels.names import clean
from . import safetensors
from .errors import FormatError
from .json_text import parse_object
from .limits import INDEX_BYTES, LISTED, SHARDS
from .network import TensorTable
from .safetensors import Shard
from .source import Source, resolve, resolve_url

__all__ = ["INDEX_SUFFIX", "read"]

INDEX_SUFFIX = ".safetensors.index.json"
FORMAT = "safetensors index"


def read(source: Source, shown: Path) -> Shard:
    """All tensors that the index names and that are there. `shown`: the path as it was given, links not followed.

    Shards that are missing or damaged are left out with a note; FormatError when none is left, or when a name leads out
    of the folder.
    """
    weight_map, metadata = _index(source)
    files = list(dict.fromkeys(weight_map.values()))
    if len(files) > SHARDS:
        raise FormatError(
            source.path, "header_shape", found=f"{len(files)} files", where="weight_map", expected=f"{SHARDS}"
        )
    places = {file: _place(source, shown, file) for file in files}
    shards: dict[str, Shard] = {}
    problems: list[InputError] = []
    for file in files:
        try:
            shards[file] = safetensors.read(Source.of(places[file]))
        except InputError as error:
            problems.append(error)
    if problems and not shards:
        raise problems[0]
    tables, unlisted = [], 0
    for file, shard in shards.items():
        names = shard.tensors.all_names()
        listed = np.array([row for row, name in enumerate(names) if weight_map.get(name) == file], np.int64)
        unlisted += len(names) - len(listed)
        tables.append(shard.tensors.take(listed, names))
        metadata = {**shard.metadata, **metadata}
    tensors = TensorTable.joined(tables) if tables else TensorTable.of([])
    notes = [note for shard in shards.values() for note in shard.notes]
    notes += [f"left out: {clean(os.path.basename(error.name), 80)}: {error}" for error in problems[:LISTED]]
    if len(problems) > LISTED:
        notes.append(f"left out: {len(problems) - LISTED} more files")
    if unlisted:
        notes.append(f"left out: {unlisted} tensors that the index does not name")
    missing = len(weight_map) - len(tensors)
    if missing:
        notes.append(f"missing: {missing} tensors that the index names")
    return Shard(tensors, metadata, tuple(notes))


def _place(source: Source, shown: Path, file: str) -> str:
    """Path or address of a file that the index names. Raises FormatError."""
    return resolve_url(source.path, file) if source.is_remote else str(resolve(shown.parent, file, source.path))


def _index(source: Source) -> tuple[dict[str, str], dict[str, str]]:
    """File of each tensor; metadata as texts."""
    if source.size > INDEX_BYTES:
        raise FormatError(source.path, "header_size", found=source.size, expected=f"at most {INDEX_BYTES}")
    with source.open() as file:
        raw = file.read(0, source.size)
    content = parse_object(raw.decode("utf-8", "replace"), source.path, FORMAT)
    weight_map, metadata = content.get("weight_map"), content.get("metadata", {})
    if not isinstance(weight_map, dict) or not all(isinstance(file, str) for file in weight_map.values()):
        raise FormatError(
            source.path, "header_shape", found="something else", where="weight_map", expected="file names by tensor"
        )
    texts = metadata.items() if isinstance(metadata, dict) else ()
    return weight_map, {name: str(value) for name, value in texts if isinstance(value, str | int | float)}
