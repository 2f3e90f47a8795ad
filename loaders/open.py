"""`open(path)`: tells by its content what a file is, and reads it. A folder opens as the model that it holds.

An address (https://, s3://, ...) opens where the format can be read in parts.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

from .errors import FormatError
from .folder import model_file
from .foreign import is_lfs_pointer, not_a_model, other_model
from .grouping import arrange, module_tree, with_optimizer
from .limits import SNIFFED_BYTES
from .network import Network
from .safetensors import Shard
from .safetensors_index import INDEX_SUFFIX
from .source import Source, is_url
from .source_url import path_of
from .tensors import TensorTable

__all__ = ["open", "open_network"]


@dataclass(frozen=True)
class _Format:
    """A format. Its module, which recognizes and reads it, is imported when a file may be of it."""

    name: str
    suffixes: tuple[str, ...]
    module_name: str
    result: Callable[[ModuleType, Source, Path], Shard | Network]  # of reading a file, given its path as shown
    in_parts: bool = False  # what describes its tensors stands together, so it can be read over a network

    @property
    def module(self) -> ModuleType:
        """With `read`, and with `matches(start)`, which is True for the first bytes of a file of the format."""
        return import_module(f".{self.module_name}", __package__)

    def read(self, source: Source, shown: Path) -> Shard | Network:
        """What a file holds. Raises FormatError."""
        return self.result(self.module, source, shown)


FORMATS = (
    _Format("safetensors", (".safetensors",), "safetensors", lambda module, source, shown: module.read(source), True),
    _Format("npy", (".npy",), "npy", lambda module, source, shown: _arrays(*module.read(source)), True),
    _Format("torch", (".pt", ".pth"), "torch_file", lambda module, source, shown: module.read(source)),
    _Format("onnx", (".onnx",), "onnx", lambda module, *file: module.read(*file)),
    _Format("npz", (".npz",), "npz", lambda module, source, shown: _arrays(*module.read(source))),
)
TORCH = next(format for format in FORMATS if format.name == "torch")
INDEX = _Format("safetensors", (), "safetensors_index", lambda module, *file: module.read(*file), True)


def open_network(path: str | os.PathLike[str]) -> Network:
    """The network in a file or folder, or behind an address. Reads what describes the tensors, not their data.

    Raises InputError where there is nothing to read, FormatError where it is no model or a damaged one.
    """
    address = os.fspath(path)
    if is_url(address):
        shown, source = Path(path_of(address)), Source.of(address)
        name = shown.stem or address
    else:
        given = Path(path)
        shown = model_file(given) if given.is_dir() else given
        source, name = Source.of(shown), _name(given)
    format = _recognize(source, shown)
    if source.is_remote and not format.in_parts:
        raise FormatError(address, "remote_format", found=format.name)
    shard = format.read(source, shown)
    if isinstance(shard, Network):
        return replace(shard, name=name, path=address)
    tensors, structure, notes = arrange(shard.tensors)
    return Network(
        name=name,
        format=format.name,
        path=address,
        tensors=TensorTable.joined([tensors, shard.optimizer]) if len(shard.optimizer) else tensors,
        structure=structure,
        modules=lambda: with_optimizer(module_tree(tensors), shard.optimizer),
        metadata=shard.metadata,
        notes=(*shard.notes, *notes),
    )


open = open_network  # as loaders.open.open(path)


def _recognize(source: Source, shown: Path) -> _Format:
    """The format of the file: what its content says, then its suffix. Raises FormatError."""
    told = source.path if source.is_remote else str(shown)
    if not source.size:
        raise FormatError(told, "empty_file")
    with source.open() as file:
        start = file.read(0, min(SNIFFED_BYTES, source.size))
    if is_lfs_pointer(start):
        raise FormatError(told, "lfs_pointer")
    if shown.name.endswith(INDEX_SUFFIX) and start.lstrip()[:1] == b"{":
        return INDEX
    suffix = shown.suffix.lower()
    by_content = next((format for format in FORMATS if format.module.matches(start)), None)
    if by_content and by_content.name == "npz" and _has_tensors(source):
        return TORCH
    if by_content:
        return by_content
    thing = not_a_model(start)
    if thing:
        raise FormatError(told, "not_a_model", found=thing)
    other = other_model(start, suffix)
    if other:
        raise FormatError(told, "not_supported", found=other)
    by_suffix = next((format for format in FORMATS if suffix in format.suffixes), None)
    if not by_suffix:
        raise FormatError(told, "not_a_model", found="bytes of no format that is known here")
    return by_suffix


def _has_tensors(source: Source) -> bool:
    """True for a zip archive that is PyTorch's, though it does not begin as PyTorch writes it."""
    from . import archive, torch_archive

    with source.open() as file:
        return torch_archive.is_archive([entry.filename for entry in archive.directory(file)])


def _arrays(tensors, notes: tuple[str, ...]) -> Shard:
    return Shard(tensors, {}, notes)


def _name(path: Path) -> str:
    """What to call the model: the file's name without suffix; in the Hub's cache the name of its repository."""
    real = Path(os.path.abspath(path))
    for place in real.parents:
        if place.name == "snapshots" and place.parent.name.startswith("models--"):
            return place.parent.name.removeprefix("models--").replace("--", "/")
    return real.stem if path.is_file() else real.name
