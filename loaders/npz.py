"""npz: a zip archive of npy files.

Source: https://numpy.org/doc/stable/reference/generated/numpy.savez.html.
"""

from __future__ import annotations

import zipfile
from dataclasses import replace

from ..engine.kernels.names import clean
from . import archive, npy
from .archive import matches
from .errors import FormatError
from .limits import LISTED, NPY_HEADER_BYTES
from .network import Tensor, TensorTable
from .source import OpenFile, Source

__all__ = ["foreign_kind", "matches", "read"]

SUFFIX = ".npy"
FOREIGN = (  # a name in the archive, what it is then
    ("policy.pth", "a stable-baselines3 archive"),
    ("model.weights.h5", "a Keras archive"),
    ("[Content_Types].xml", "an Office document"),
    ("AndroidManifest.xml", "an Android package"),
    ("META-INF/MANIFEST.MF", "a Java archive"),
)


def foreign_kind(entries: list[zipfile.ZipInfo]) -> str | None:
    """What else an archive is by the names in it; None where they tell nothing."""
    names = {entry.filename.rpartition("/")[2] for entry in entries} | {entry.filename for entry in entries}
    return next((kind for name, kind in FOREIGN if name in names), None)


def read(source: Source) -> tuple[TensorTable, tuple[str, ...]]:
    """The arrays that can be read, named by their members, and notes on the others. Raises FormatError when there is
    no array that can be read."""
    with source.open() as file:
        entries = archive.directory(file)
        arrays = [entry for entry in entries if entry.filename.endswith(SUFFIX)]
        if not arrays:
            kind = foreign_kind(entries)
            if kind:
                raise FormatError(source.path, "not_supported", found=kind)
            raise FormatError(source.path, "archive_without_arrays")
        tensors, problems = _tensors(file, entries)
    if not tensors:
        raise FormatError(source.path, "no_arrays_readable", count=len(arrays), reason=problems[0])
    if len(problems) > LISTED:
        problems = [*problems[:LISTED], f"left out: {len(problems) - LISTED} more members"]
    return TensorTable.of(tensors), tuple(problems)


def _tensors(file: OpenFile, entries: list[zipfile.ZipInfo]) -> tuple[list[Tensor], list[str]]:
    tensors: dict[str, Tensor] = {}
    problems = []
    cache = archive.UnpackedCache()
    size = stored_size = 0
    ends = [entry.header_offset for entry in entries[1:]] + [file.source.size]
    for entry, end in zip(entries, ends, strict=True):
        name = entry.filename.removesuffix(SUFFIX)
        size, stored_size = size + entry.file_size, stored_size + entry.compress_size
        found: Tensor | str
        if name == entry.filename:
            found = "it is no array"
        elif name in tensors:
            found = "its name stands twice"
        elif archive.too_large(size, stored_size):
            found = f"with those before it, {size} bytes unpack from {stored_size}"
            size, stored_size = size - entry.file_size, stored_size - entry.compress_size
        else:
            found = _tensor(file, entry, end, name, cache)
        if isinstance(found, str):
            problems.append(f"left out: {clean(entry.filename, 80)}: {clean(found)}")
        else:
            tensors[name] = found
    return list(tensors.values()), problems


def _tensor(file: OpenFile, entry: zipfile.ZipInfo, end: int, name: str, cache: archive.UnpackedCache) -> Tensor | str:
    """The array of one member, or why there is none."""
    problem = archive.problem(entry)
    if problem:
        return problem
    member = archive.member(file, entry, end, cache)
    if isinstance(member, str):
        return member
    try:
        head = member.head(file, NPY_HEADER_BYTES + 12)
        header = npy.read_header(lambda start, count: head[start : start + count], file.source.path)
    except FormatError as error:
        return str(error)
    if header.data_start + header.count * header.item_bytes != member.size:
        return f"its shape wants {header.count * header.item_bytes} bytes of {member.size - header.data_start}"
    tensor = npy.tensor(name, header, file.source, member.start + header.data_start)
    if not member.deflated:
        return tensor
    return replace(tensor, packed=archive.Inflated(member, header.data_start))
