"""What a pickle holds, as inert data: names of things in modules that nobody imports, and what was to be made of them.

Numbers, texts, bytes, None, lists and tuples are Python's own. Dictionaries and sets are lists here, so that nothing
out of a file is hashed or compared. Shared and cyclic parts are shared and cyclic here too: who walks must count.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["PYTHON_OBJECTS", "Dict", "Global", "Inert", "Make", "Set", "bytes_of", "entries_of"]

BYTEARRAYS = {f"{module}.{kind}" for module in ("builtins", "__builtin__") for kind in ("bytes", "bytearray")}
ENCODED = {"_codecs.encode", *BYTEARRAYS}  # a text and "latin1"
LATIN: tuple[list[str], ...] = ([], ["latin1"], ["latin-1"])
Make = Callable[[Any], Any]  # arguments -> object; raises ValueError where they do not fit


class Global:
    """The name of something in a module. `make` is what we put in its place, if anything."""

    __slots__ = ("make", "module", "name")

    def __init__(self, module: str, name: str, make: Make | None = None) -> None:
        self.module, self.name, self.make = module, name, make

    @property
    def title(self) -> str:
        """module.name"""
        return f"{self.module}.{self.name}" if self.module else self.name


class Dict:
    """A dictionary of any kind. Its pairs in the order in which they were set."""

    __slots__ = ("initial", "pairs", "state")

    def __init__(self, initial: Any = None) -> None:
        self.initial = initial  # pairs that it was made of, as Python 2 wrote them
        self.pairs: list[tuple[Any, Any]] = []
        self.state: Any = None  # further attributes

    def entries(self) -> Iterator[tuple[Any, Any]]:
        """(key, value); where all keys are texts, each key once, with its last value."""
        if isinstance(self.initial, Dict) and self.initial.initial is None:
            yield from self.initial.pairs
        elif isinstance(self.initial, list | tuple):
            yield from (tuple(pair) for pair in self.initial if isinstance(pair, list | tuple) and len(pair) == 2)
        if all(type(key) is str for key, _ in self.pairs):
            yield from dict(self.pairs).items()
        else:
            yield from self.pairs

    def get(self, name: str) -> Any:
        """The value of a text key; None where there is none."""
        found = None
        for key, value in self.entries():
            if type(key) is str and key == name:
                found = value
        return found


class Set:
    """A set of any kind."""

    __slots__ = ("items",)

    def __init__(self, items: list[Any] | tuple[Any, ...]) -> None:
        self.items = items


class Inert:
    """An object that nobody makes: what was to be called, with which arguments, and what was to be put into it."""

    __slots__ = ("arguments", "items", "keywords", "maker", "pairs", "state")

    def __init__(self, maker: Any, arguments: Any = (), keywords: Any = None) -> None:
        self.maker, self.arguments, self.keywords = maker, arguments, keywords
        self.state: Any = None
        self.items: list[Any] | None = None  # appended, or added
        self.pairs: list[tuple[Any, Any]] | None = None  # set by key

    @property
    def title(self) -> str:
        """module.name of its class or maker."""
        return self.maker.title if isinstance(self.maker, Global) else "object"


def entries_of(state: Any) -> Iterator[tuple[Any, Any]]:
    """(name, value) of an object's state: a dictionary, or a pair of them (attributes, slots)."""
    parts = state if isinstance(state, tuple) and len(state) == 2 else (state,)
    if all(part is None or isinstance(part, Dict) for part in parts):
        for part in parts:
            if part is not None:
                yield from part.entries()


def bytes_of(value: Any, longest: int = sys.maxsize) -> bytes | None:
    """Bytes, also in the ways in which older protocols write them; None for what is none, or more than `longest`."""
    if isinstance(value, Inert) and value.title in BYTEARRAYS and type(value.arguments) is tuple:
        first = value.arguments[0] if value.arguments else b""
        if len(value.arguments) < 2:  # of bytes
            value = first
    if isinstance(value, bytes | bytearray):
        return bytes(value) if len(value) <= longest else None
    if not isinstance(value, Inert) or value.title not in ENCODED or type(value.arguments) is not tuple:
        return None
    text, *encoding = value.arguments or ("",)
    if type(text) is not str or len(text) > longest or encoding not in LATIN:
        return None
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return None


def _dict(arguments: Any) -> Dict:
    if arguments == ():
        return Dict()
    (initial,) = arguments
    return Dict(initial)


def _default_dict(arguments: Any) -> Dict:
    return Dict(arguments[1] if len(arguments) > 1 else None)


def _set(arguments: Any) -> Set:
    if arguments == ():
        return Set([])
    (items,) = arguments
    if not isinstance(items, list | tuple):
        raise ValueError("no items")
    return Set(items)


def _reconstructed(arguments: Any) -> Inert:
    """As protocols 0 and 1 make objects: (class, the class above it, and what that is made of)."""
    kind, _, initial = arguments
    return Inert(kind, () if initial is None else (initial,))


def _new(arguments: Any) -> Inert:
    return Inert(arguments[0], arguments[1:]) if arguments else Inert(None)


def _complex(arguments: Any) -> complex:
    real, imaginary = arguments
    if type(real) is not float or type(imaginary) is not float:
        raise ValueError("no numbers")
    return complex(real, imaginary)


PYTHON_OBJECTS: dict[tuple[str, str], Make] = {
    ("collections", "OrderedDict"): _dict,
    ("collections", "Counter"): _dict,
    ("collections", "defaultdict"): _default_dict,
    **{(module, "dict"): _dict for module in ("builtins", "__builtin__")},
    **{(module, kind): _set for module in ("builtins", "__builtin__") for kind in ("set", "frozenset")},
    **{(module, "complex"): _complex for module in ("builtins", "__builtin__")},
    **{(module, "_reconstructor"): _reconstructed for module in ("copyreg", "copy_reg")},
    **{(module, "__newobj__"): _new for module in ("copyreg", "copy_reg")},
}
