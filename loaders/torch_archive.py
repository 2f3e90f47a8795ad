"""PyTorch's zip container: `data.pkl`, and beside it one member for each storage.

Source: torch/serialization.py and caffe2/serialize/inline_container.h of PyTorch 2.13.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from . import archive
from .errors import FormatError
from .limits import PICKLE_BYTES
from .pickle_machine import load
from .source import OpenFile
from .torch_objects import TORCH_OBJECTS, stored
from .torch_views import Region

__all__ = ["PICKLE", "Storages", "foreign_kind", "is_archive", "read"]

PICKLE = "data.pkl"
BYTE_ORDERS = {b"little": False, b"big": True}
FOREIGN = (  # a member beside data.pkl, what the archive is then
    ("constants.pkl", "a TorchScript archive"),
    (".data/extern_modules", "a package of PyTorch modules"),
)


def is_archive(names: list[str]) -> bool:
    """True for an archive with these members."""
    return any(_is_pickle(name) for name in names)


def _is_pickle(name: str) -> bool:
    folder, _, last = name.rpartition("/")
    return last == PICKLE and "/" not in folder


def foreign_kind(names: list[str]) -> str | None:
    """What an archive is that looks like one of tensors, and is none."""
    last = {name.partition("/")[2] for name in names}
    return next((kind for name, kind in FOREIGN if name in last), None)


class Storages(Mapping[str, Region | str]):
    """Where the bytes of each storage stand, or why they cannot be read; found when asked for."""

    def __init__(self, file: OpenFile, entries: list[zipfile.ZipInfo], prefix: str) -> None:
        self.file = file
        self.cache = archive.UnpackedCache()
        self.ends = [entry.header_offset for entry in entries[1:]] + [file.source.size]
        self.rows: dict[str, int] = {}
        self.twice: set[str] = set()
        for row, entry in enumerate(entries):
            if entry.filename in self.rows:
                self.twice.add(entry.filename)
            self.rows[entry.filename] = row
        self.entries, self.prefix = entries, prefix
        self.big_endian = False
        self.known: dict[str, Region | str] = {}

    def __getitem__(self, key: str) -> Region | str:
        if key not in self.known:
            found = self.member(f"data/{key}")
            self.known[key] = found if isinstance(found, str) else self._region(found)
        return self.known[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)

    def member(self, name: str) -> archive.Member | str:
        """A member of the archive, or why it cannot be read."""
        full = self.prefix + name
        row = self.rows.get(full)
        if row is None:
            return "the archive has no numbers for it"
        if full in self.twice:
            return "the archive has its numbers twice"
        problem = archive.problem(self.entries[row])
        return problem or archive.member(self.file, self.entries[row], self.ends[row], self.cache)

    def _region(self, member: archive.Member) -> Region:
        deflated = member if member.deflated else None
        return Region(self.file.source, member.start, member.size, deflated, big_endian=self.big_endian)

    def content(self, name: str, limit: int) -> bytes | None:
        """All bytes of a small member; None where there is none. Raises FormatError."""
        if self.prefix + name not in self.rows:
            return None
        member = self.member(name)
        path = self.file.source.path
        if isinstance(member, str):
            raise FormatError(path, "archive_damaged", reason=f"{name}: {member}")
        if member.size > limit:
            raise FormatError(path, "archive_damaged", reason=f"{name} of {member.size} bytes, at most {limit}")
        return member.unpack() if member.deflated else self.file.read(member.start, member.size)


def read(file: OpenFile) -> tuple[Any, Storages]:
    """The object of the file and its storages. Raises FormatError."""
    path = file.source.path
    entries = archive.directory(file)
    names = [entry.filename for entry in entries]
    kind = foreign_kind(names)
    if kind:
        raise FormatError(path, "not_supported", found=kind)
    pickles = [name for name in names if _is_pickle(name)]
    if len(pickles) != 1:
        raise FormatError(path, "archive_damaged", reason=f"{len(pickles)} members {PICKLE}, one expected")
    storages = Storages(file, entries, pickles[0].removesuffix(PICKLE))
    order = storages.content("byteorder", 16) or b"little"
    if order not in BYTE_ORDERS:
        raise FormatError(path, "archive_damaged", reason="byteorder is neither little nor big")
    storages.big_endian = BYTE_ORDERS[order]
    data = storages.content(PICKLE, PICKLE_BYTES) or b""
    return load(data, path, 0, TORCH_OBJECTS, stored)[0], storages
