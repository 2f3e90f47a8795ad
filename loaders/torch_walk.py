"""Finds the tensors of a PyTorch object at any depth, with the names that `state_dict` gives, and its settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from ..engine.kernels.names import clean
from .limits import (
    LISTED,
    METADATA_CHARACTERS,
    METADATA_ITEMS,
    NESTING,
    WALKED,
    WALKED_AGAIN,
    WALKED_NAMES,
    WALKED_TENSORS,
)
from .pickle_objects import Dict, Inert, Set, entries_of
from .torch_objects import Compound, Storage, View
from .torch_settings import SCALARS, is_plain, setting_text

__all__ = ["NAME_SHOWN", "Contents", "not_read", "walk"]

NAME_SHOWN = 80  # characters of a name in a note
OPTIMIZER = re.compile(r"(\w+_)?optim(izer)?s?(_\w+)?", re.I)
REBUILT = re.compile(r"torch\._(utils|tensor)\._rebuild_")
STATE = ".state."  # of single parameters, in an optimizer
Entries = Iterator[tuple[Any, Any]]


@dataclass
class Contents:
    """What was found, in the order of the file."""

    tensors: list[tuple[str, View]] = field(default_factory=list)
    optimizer: list[tuple[str, View]] = field(default_factory=list)  # its state, and nothing of the model
    settings: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)  # of tensors that are not understood
    notes: list[str] = field(default_factory=list)


@dataclass
class _Level:
    """A container whose parts are being looked at."""

    container: Any
    prefix: str  # of the names of its parts
    entries: Entries
    is_optimizer: bool
    is_module: bool
    is_again: bool  # it, or one around it, was looked at before under another name


def walk(root: Any) -> Contents:
    """Tensors and settings of the object of a file. Bounded in time, memory and depth."""
    return _Walk().run(root)


def not_read(path: str, why: str) -> str:
    """What is to be said of a tensor that is left out."""
    return f"{clean(path, NAME_SHOWN) or 'the tensor'}: {why}"


class _Walk:
    def __init__(self) -> None:
        self.found = Contents()
        self.seen: set[int] = set()  # tensors of modules
        self.open: set[int] = set()  # containers around the one that is looked at
        self.levels: list[_Level] = []
        self.plain: dict[int, bool] = {}  # of lists
        self.entered: set[int] = set()  # containers, also those that are behind
        self.looked_at = self.again = self.characters = self.deeper = self.compounds = 0

    def run(self, root: Any) -> Contents:
        self.take("", root, False, False)
        while self.levels:
            level = self.levels[-1]
            entry = next(level.entries, None)
            if entry is None:
                self.levels.pop()
                self.open.discard(id(level.container))
                continue
            self.looked_at += 1
            self.again += level.is_again
            if self._is_too_much():
                self.found.notes.append("left out: what follows; there is more than any model has")
                break
            self._step(level, *entry)
        if self.deeper:
            self.found.notes.append(
                f"left out: {self.deeper} objects nested deeper than {NESTING} levels, or of long names"
            )
        if self.compounds > LISTED:
            self.found.notes.append(f"{self.compounds - LISTED} more are tensors of several parts")
        return self.found

    def _is_too_much(self) -> bool:
        if len(self.found.tensors) + len(self.found.optimizer) >= WALKED_TENSORS:
            return True
        return self.looked_at > WALKED or self.again > WALKED_AGAIN or self.characters > WALKED_NAMES

    def _step(self, level: _Level, key: Any, value: Any) -> None:
        name = key if type(key) is str else setting_text(key)
        path = f"{level.prefix}.{name}" if level.prefix else name
        if len(path) > METADATA_CHARACTERS:
            self.deeper += 1
            return
        self.characters += len(path)
        is_optimizer = level.is_optimizer
        if not is_optimizer and type(key) is str and type(value) is not View:
            is_optimizer = OPTIMIZER.fullmatch(key) is not None
        self.take(path, value, is_optimizer, level.is_module)

    def take(self, path: str, value: Any, is_optimizer: bool, in_module: bool) -> None:
        """Notes a tensor or a setting, or goes into a container."""
        kind = type(value)
        if kind is View:
            (self.found.optimizer if is_optimizer else self.found.tensors).append((path, value))
            self.again += id(value) in self.seen
            self.seen.add(id(value))
        elif kind in SCALARS or self._is_plain(value):
            if not (in_module and _is_internal(path)) and not (is_optimizer and STATE in path):
                self._set(path, value)
        elif kind is Storage or id(value) in self.open or _is_empty(value):
            return
        elif len(self.levels) >= NESTING:
            self.deeper += 1
        elif kind is Compound:
            self.compounds += 1
            if self.compounds <= LISTED:
                self.found.notes.append(f"{clean(path, NAME_SHOWN)} is a tensor of several parts: {value.about}")
            self._enter(path, value, iter(value.parts.items()), is_optimizer)
        elif kind is Inert and (parts := _module_parts(value)) is not None:
            self._set(path or "class", value.maker)
            self._enter(path, value, chain(parts, self._further(value)), is_optimizer, True)
        elif kind is Inert:
            self._set(path or "class", value.maker)
            if REBUILT.match(value.title):
                self.found.problems.append(not_read(path, f"{value.title} is not understood here"))
            self._enter(path, value, _parts_of(value), is_optimizer)
        elif kind in (Dict, list, tuple, Set):
            self._enter(path, value, _entries(value), is_optimizer)

    def _is_plain(self, value: Any) -> bool:
        """Of a list it is found out once, however often it is met."""
        if id(value) not in self.plain:
            self.looked_at += len(value) // 16 if isinstance(value, list | tuple) else 0
            self.plain[id(value)] = is_plain(value)
        return self.plain[id(value)]

    def _enter(self, path: str, value: Any, entries: Entries, is_optimizer: bool, is_module: bool = False) -> None:
        is_again = self.levels[-1].is_again if self.levels else False
        level = _Level(value, path, entries, is_optimizer, is_module, is_again or id(value) in self.entered)
        self.open.add(id(value))
        self.entered.add(id(value))
        self.levels.append(level)

    def _set(self, path: str, value: Any) -> None:
        if len(self.found.settings) < METADATA_ITEMS:
            self.found.settings.setdefault(path, setting_text(value))

    def _further(self, module: Inert) -> Entries:
        """Attributes of a module that state_dict() leaves out, without tensors that were met before."""
        for key, value in entries_of(module.state):
            if key in MODULE_PARTS or type(key) is not str or (type(value) is Set and key.startswith("_")):
                continue
            if type(value) is View and id(value) in self.seen:
                continue
            if type(value) in (list, tuple) and not self._is_plain(value):
                value = Dict([(str(k), item) for k, item in enumerate(value) if id(item) not in self.seen])
            yield key, value


MODULE_PARTS = ("_parameters", "_buffers", "_modules")


def _module_parts(value: Inert) -> Entries | None:
    """Parameters, buffers and modules of a module by name; None where the object is no module."""
    state = dict(entry for entry in entries_of(value.state) if type(entry[0]) is str and entry[0] in MODULE_PARTS)
    if len(state) < len(MODULE_PARTS) or not all(type(part) is Dict for part in state.values()):
        return None
    parts = chain.from_iterable(state[name].entries() for name in MODULE_PARTS)
    return (entry for entry in parts if entry[1] is not None)


def _is_internal(path: str) -> bool:
    """True for what every module has."""
    name = path.rpartition(".")[2]
    return name.startswith("_") or name == "training"


def _is_empty(value: Any) -> bool:
    """True for containers that hold nothing, of which there may be many."""
    if type(value) is Dict:
        return not value.pairs and value.initial is None
    return type(value) is Set and not value.items


def _entries(value: Any) -> Entries:
    if isinstance(value, Dict):
        return value.entries()
    if isinstance(value, list | tuple):
        return enumerate(value)
    return enumerate(value.items)


def _parts_of(value: Inert) -> Entries:
    """What an object of an unknown class was made of."""
    if isinstance(value.arguments, tuple):
        yield from enumerate(value.arguments)
    yield from entries_of(value.keywords)
    named = list(entries_of(value.state))
    yield from named
    if value.state is not None and not named and not isinstance(value.state, Dict):
        yield "state", value.state
    yield from enumerate(value.items or ())
    yield from value.pairs or ()
