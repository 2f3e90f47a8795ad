"""PyTorch files: state dictionaries, checkpoints and whole models, in both containers. Nothing of them is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from ..engine.kernels.names import clean
from . import archive, torch_archive, torch_legacy
from .errors import FormatError
from .limits import LISTED
from .safetensors import Shard
from .source import Source
from .tensors import Tensor, TensorTable
from .torch_objects import Storage, View
from .torch_settings import setting_text
from .torch_views import Placement, Region, place, region_of
from .torch_walk import NAME_SHOWN, not_read, walk

__all__ = ["matches", "read"]

Storages = Mapping[str, Region | str]


def matches(start: bytes) -> bool:
    """True for the first bytes of a PyTorch file, as far as those tell; of a zip archive its members do."""
    return torch_legacy.matches(start) or torch_archive.is_archive([archive.first_name(start)])


def read(source: Source) -> Shard:
    """The tensors of one file. Reads what describes them, not their numbers. Raises FormatError."""
    with source.open() as file:
        is_zip = archive.matches(file.read(0, min(source.size, 4)))
        root, storages = torch_archive.read(file) if is_zip else torch_legacy.read(file)
        contents = walk(root)
        rows = _Rows(source, storages, contents.problems)
        model, optimizer = rows.placed(contents.tensors), rows.placed(contents.optimizer)
    if rows.problems and not model and not optimizer:
        raise FormatError(source.path, "no_tensors_readable", count=len(rows.problems), reason=rows.problems[0])
    notes = [*contents.notes, *_listed("left out", rows.problems), *_listed("tied", _ties(chain(model, optimizer)))]
    if optimizer:
        notes.append(f"{len(optimizer)} tensors are the optimizer's state: they are listed, not drawn")
    settings = {**contents.settings, **rows.quantizers}
    return Shard(rows.table(model), settings, tuple(notes), rows.table(optimizer))


@dataclass(slots=True)
class _Row:
    """A tensor and where it stands."""

    name: str
    view: View
    placement: Placement


class _Rows:
    """Tensors of a file on their way to a table."""

    def __init__(self, source: Source, storages: Storages, problems: list[str]) -> None:
        self.source, self.storages, self.problems = source, storages, problems
        self.quantizers: dict[str, str] = {}
        self.big_endian = False
        self.byte_count = 0  # of all tensors, also of those that share their bytes

    def placed(self, tensors: list[tuple[str, View]]) -> list[_Row]:
        """Those that can be read; of the others it is noted why."""
        rows = []
        for name, view in tensors:
            found = self._place(view)
            if isinstance(found, str):
                self.problems.append(not_read(name, found))
                continue
            rows.append(_Row(name, view, found))
            if view.quantizer is not None:
                self.quantizers[f"{name}.quantization"] = setting_text(view.quantizer)
        return rows

    def _place(self, view: View) -> Placement | str:
        if view.storage is None:
            return place(view, None, self.source)
        storage = self.storages[view.storage.key]
        if isinstance(storage, str):
            return storage
        self.big_endian = storage.big_endian
        found = place(view, region_of(storage, view.storage), self.source)
        if isinstance(found, str):
            return found
        self.byte_count += found.byte_count
        if archive.too_large(self.byte_count, self.source.size):
            self.byte_count -= found.byte_count
            return f"with those before it, {self.byte_count + found.byte_count} bytes out of {self.source.size}"
        return found

    def table(self, rows: list[_Row]) -> TensorTable:
        """The tensors as columns."""
        return TensorTable.of([self._tensor(row.name, row.placement) for row in rows])

    def _tensor(self, name: str, item: Placement) -> Tensor:
        return Tensor(
            name,
            item.shape,
            item.dtype,
            item.count,
            item.byte_count,
            self.source,
            item.start,
            item.fortran,
            self.big_endian,
            item.packed,
        )


def _ties(rows: Iterator[_Row]) -> list[str]:
    """What is to be said of tensors that are one and the same under several names."""
    names: dict[object, list[str]] = {}
    for row in rows:
        view = row.view
        if row.placement.count and type(view.storage) is Storage:
            identity = view.storage.key, view.storage.first, view.first, row.placement.shape, tuple(view.strides)
            names.setdefault(identity, []).append(row.name)
    return [_tie(same) for same in names.values() if len(same) > 1]


def _tie(names: list[str]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(clean(name, NAME_SHOWN) for name in names[:4]) + more + " are one tensor"


def _listed(about: str, notes: list[str]) -> list[str]:
    """The first notes, and the number of the others."""
    shown = [f"{about}: {note}" for note in notes[:LISTED]]
    return [*shown, f"{about}: {len(notes) - LISTED} more"] if len(notes) > LISTED else shown
