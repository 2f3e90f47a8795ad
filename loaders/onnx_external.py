"""Data of ONNX tensors in files beside the model.

Source: https://onnx.ai/onnx/repo-docs/ExternalData.html.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..engine.kernels.errors import InputError
from ..engine.kernels.names import clean
from .errors import FormatError
from .limits import SHARDS
from .notes import Notes
from .source import Source, resolve

__all__ = ["ExternalFiles"]

KEYS = {"location", "offset", "length", "checksum", "basepath"}
LONGEST_NUMBER = 18  # digits


@dataclass
class ExternalFiles:
    """The files that a model names, each looked up once."""

    model: Source
    folder: Path
    notes: Notes
    _found: dict[str, Source | None] = field(default_factory=dict)

    def place(self, entries: Mapping[str, str], byte_count: int, tensor: str) -> tuple[Source, int] | None:
        """(file, place in it) of a tensor's data; None, and a note, where they are not there.

        `entries`: what the model says of the tensor. Raises FormatError where a name leads out of the model's folder.
        """
        unknown = sorted(entries.keys() - KEYS)
        if unknown:
            self.notes.add(f"not understood: {clean(unknown[0], 80)} of the external data of {clean(tensor, 80)}")
        source = self._source(entries.get("location", ""))
        if source is None:
            return None
        problem = _problem(entries.get("offset", "0"), entries.get("length", str(byte_count)), byte_count, source.size)
        if problem:
            self.notes.add(f"without values: {clean(tensor, 80)}: its external data are {problem}")
            return None
        return source, int(entries.get("offset", "0"))

    def _source(self, location: str) -> Source | None:
        if location not in self._found:
            if len(self._found) >= SHARDS:
                raise FormatError(
                    self.model.path, "header_shape", found="more", where="external data", expected=f"{SHARDS} files"
                )
            self._found[location] = self._looked_up(location)
        return self._found[location]

    def _looked_up(self, location: str) -> Source | None:
        path = resolve(self.folder, location.removeprefix("./"), self.model.path)
        try:
            return Source.of(path)
        except InputError as error:
            self.notes.add(f"missing: {clean(os.path.basename(location), 80)}: {error}")
            return None


def _problem(offset: str, length: str, byte_count: int, size: int) -> str | None:
    """Why data at this offset cannot be those of a tensor; None where they can."""
    if not all(text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER for text in (offset, length)):
        return f"offset {clean(offset, 40)} and length {clean(length, 40)}"
    if int(length) != byte_count:
        return f"{int(length)} bytes, but {byte_count} for its shape and type"
    if int(offset) + byte_count > size:
        return f"bytes to {int(offset) + byte_count} of a file of {size}"
    return None
