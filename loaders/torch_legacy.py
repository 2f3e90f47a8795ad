"""PyTorch's container before 1.6: several pickles after each other, then the bytes of all storages.

Source: torch/serialization.py of PyTorch 2.13 (`_legacy_save`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import FormatError
from .limits import PICKLE_BYTES
from .pickle_machine import load
from .pickle_objects import Dict
from .source import OpenFile
from .torch_objects import ITEM_BYTES, TORCH_OBJECTS, Storage, stored
from .torch_views import Region

__all__ = ["MAGIC", "matches", "read"]

MAGIC = 0x1950A86A20F9469CFC6C
MAGIC_BYTES = b"\x8a\n" + MAGIC.to_bytes(10, "little")
LEAD = 48  # bytes in which the magic number stands in any protocol
VERSION = 1001
FIRST_PIECE = 256 << 10  # bytes that hold the pickles of most files
GROWTH = 8
COUNT_BYTES = 8  # before each storage


def matches(start: bytes) -> bool:
    """True for the first bytes of such a file."""
    return MAGIC_BYTES in start[:LEAD] or str(MAGIC).encode() in start[:LEAD]


def read(file: OpenFile) -> tuple[Any, Mapping[str, Region | str]]:
    """The object of the file and its storages, each a region or why it cannot be read. Raises FormatError."""
    size, piece = file.source.size, FIRST_PIECE
    while True:
        taken = min(piece, size, PICKLE_BYTES)
        try:
            return _Pickles(file.read(0, taken), file).read()
        except FormatError as error:
            if error.key != "pickle_cut" or taken in (size, PICKLE_BYTES):
                raise
        piece *= GROWTH


class _Pickles:
    """The pickles in the first bytes of a file."""

    def __init__(self, data: bytes, file: OpenFile) -> None:
        self.data, self.file, self.at = data, file, 0
        self.found: dict[str, Storage] = {}

    def read(self) -> tuple[Any, Mapping[str, Region | str]]:
        magic, version, about = self._next(), self._next(), self._next()
        if magic != MAGIC or version != VERSION:
            raise FormatError(self.file.source.path, "pickle_damaged", reason=f"version {version!s:.40}")
        root, keys = self._next(), self._next()
        big_endian = type(about) is Dict and about.get("little_endian") is False
        return root, self._storages(keys if type(keys) is list else [], big_endian)

    def _next(self) -> Any:
        value, self.at = load(self.data, self.file.source.path, self.at, TORCH_OBJECTS, self._stored)
        return value

    def _stored(self, identity: Any) -> Any:
        """As torch_objects.stored; remembers the items of each storage, whose size the file does not state again."""
        value = stored(identity)
        if type(value) is Storage:
            self.found.setdefault(value.key, Storage(value.key, value.dtype, identity[4]))
        return value

    def _storages(self, keys: list[Any], big_endian: bool) -> dict[str, Region | str]:
        """Regions in the order in which they follow the pickles; where one is wrong, nobody knows where others are."""
        places: dict[str, Region | str] = {}
        at, size = self.at, self.file.source.size
        problem = ""
        for key in keys:
            storage = self.found.get(key) if type(key) is str else None
            if storage is None or key in places or problem:
                problem = problem or "a storage before it is not known"
                continue
            byte_count = storage.count * ITEM_BYTES[storage.dtype]
            if at + COUNT_BYTES + byte_count > size:
                problem = f"it would end at byte {at + COUNT_BYTES + byte_count} of {size}"
            elif int.from_bytes(self.file.read(at, COUNT_BYTES), "little") != storage.count:
                problem = "its sizes contradict each other"
            if problem:
                places[key] = problem
                problem = f"a storage before it cannot be read: {problem}"
                continue
            places[key] = Region(self.file.source, at + COUNT_BYTES, byte_count, big_endian=big_endian)
            at += COUNT_BYTES + byte_count
        return {**dict.fromkeys(self.found, problem or "the file has no numbers for it"), **places}
