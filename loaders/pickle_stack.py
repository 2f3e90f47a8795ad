"""The stack, the memo and the bytes of a pickle that is being read; what each opcode does stands in pickle_opcodes."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from .limits import PICKLE_MARKS, PICKLE_MEMO, PICKLE_STACK
from .pickle_objects import Global, Inert, Make

__all__ = ["Cut", "Damage", "Machine", "made"]


class Damage(ValueError):  # noqa: N818
    """Says what of the bytes is no pickle."""


class Cut(Damage):
    """The bytes end before the pickle does."""


class Machine:
    """A stack, a memo, and a place in the bytes."""

    __slots__ = ("at", "data", "globals", "makers", "marks", "memo", "stack", "stored")

    def __init__(self, data: bytes, at: int, makers: Mapping[tuple[str, str], Make], stored: Make | None) -> None:
        self.data, self.at = data, at
        self.makers, self.stored = makers, stored
        self.stack: list[Any] = []  # above the last mark
        self.marks: list[list[Any]] = []  # what lies below each mark
        self.memo: dict[int, Any] = {}
        self.globals: dict[tuple[str, str], Global] = {}

    def check_sizes(self) -> None:
        """Raises Damage where there is more at once than any model has."""
        if len(self.stack) > PICKLE_STACK or len(self.marks) > PICKLE_MARKS or len(self.memo) > PICKLE_MEMO:
            raise Damage("more objects at once than any model has")

    def take(self, count: int) -> bytes:
        """The next bytes."""
        end = self.at + count
        if end > len(self.data):
            raise Cut
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def number(self, layout: struct.Struct) -> Any:
        """The next number."""
        (value,) = layout.unpack_from(self.data, self.at)
        self.at += layout.size
        return value

    def line(self, limit: int) -> bytes:
        """The next bytes up to the end of the line, which is left out."""
        end = self.data.find(b"\n", self.at, self.at + limit + 1)
        if end < 0:
            if self.at + limit < len(self.data):
                raise Damage(f"a line of more than {limit} bytes")
            raise Cut
        taken = self.data[self.at : end]
        self.at = end + 1
        return taken

    def above_mark(self) -> list[Any]:
        """What was pushed since the last mark, which goes with it."""
        items, self.stack = self.stack, self.marks.pop()
        return items

    def global_of(self, module: str, name: str) -> Global:
        """One object for each (module, name)."""
        pair = module, name
        found = self.globals.get(pair)
        if found is None:
            found = self.globals[pair] = Global(module, name, self.makers.get(pair))
        return found


def made(maker: Any, arguments: Any, keywords: Any = None) -> Any:
    """What is put in the place of a call."""
    if type(maker) is Global and maker.make is not None and type(arguments) is tuple and keywords is None:
        try:
            return maker.make(arguments)
        except (ValueError, IndexError):
            pass
    return Inert(maker, arguments, keywords)
