"""Reads pickles of protocols 0 to 5 as data. Imports nothing and calls nothing that a file names.

What a pickle would call becomes an `Inert` object, but for the exact pairs (module, name) that the caller maps to
functions of ours. Nothing here recurses, hashes or compares what a file holds.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from .errors import FormatError
from .limits import PICKLE_OPCODES
from .pickle_objects import PYTHON_OBJECTS, Make
from .pickle_opcodes import HANDLERS
from .pickle_stack import Cut, Damage, Machine

__all__ = ["load"]

LONG_PUT, SHORT_GET, LONG_GET, SMALL_INT, MARK, TUPLE, EMPTY_TUPLE, FALSE, STOP = b"rhjK(t)\x89."
BATCH = 4096  # opcodes between two looks at the sizes of stack and memo


def load(
    data: bytes,
    path: str,
    at: int = 0,
    makers: Mapping[tuple[str, str], Make] = PYTHON_OBJECTS,
    stored: Make | None = None,
) -> tuple[Any, int]:
    """The object of the pickle that begins at data[at], and where its bytes end.

    `makers`: what makes the objects of which (module, name); `stored` gives the object of a persistent id. Raises
    FormatError for the file `path`; its key is "pickle_cut" where only bytes are missing at the end.
    """
    machine = Machine(data, at, makers, stored)
    try:
        return _run(machine), machine.at
    except (ValueError, LookupError, OverflowError, struct.error) as error:
        if isinstance(error, Cut | struct.error) or machine.at >= len(data):
            raise FormatError(path, "pickle_cut", size=len(data)) from error
        raise FormatError(path, "pickle_damaged", reason=_reason(error, machine.at)) from error


def _reason(error: Exception, at: int) -> str:
    if isinstance(error, Damage):
        return str(error)
    if isinstance(error, LookupError):
        return f"nothing is kept that byte {at} could take"
    return f"a malformed value before byte {at}"


def _run(machine: Machine) -> Any:
    """The object on the stack when the pickle stops.

    What makes up nine tenths of a state dictionary is done here, all else by HANDLERS. A number that the end of the
    bytes cuts is taken as shorter: there is no opcode behind it.
    """
    data, memo, handlers, number = machine.data, machine.memo, HANDLERS, int.from_bytes
    at, stack = machine.at, machine.stack
    try:
        for step in range(PICKLE_OPCODES):
            code = data[at]
            at += 1
            if code == LONG_PUT:
                memo[number(data[at : at + 4], "little")] = stack[-1]
                at += 4
            elif code == SHORT_GET:
                stack.append(memo[data[at]])
                at += 1
            elif code == LONG_GET:
                stack.append(memo[number(data[at : at + 4], "little")])
                at += 4
            elif code == SMALL_INT:
                stack.append(data[at])
                at += 1
            elif code == MARK:
                machine.marks.append(stack)
                machine.stack = stack = []
            elif code == TUPLE:
                items = tuple(stack)
                machine.stack = stack = machine.marks.pop()
                stack.append(items)
            elif code == EMPTY_TUPLE:
                stack.append(())
            elif code == FALSE:
                stack.append(False)
            elif code == STOP:
                return stack.pop()
            else:
                machine.at = at
                handlers[code](machine)
                at, stack = machine.at, machine.stack
            if not step % BATCH:
                machine.check_sizes()
    finally:
        machine.at = max(machine.at, at)
    raise Damage(f"more than {PICKLE_OPCODES} steps")
