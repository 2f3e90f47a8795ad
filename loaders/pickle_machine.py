"""Reads pickles of protocols 0 to 5 as data. Imports nothing and calls nothing that a file names.

What a pickle would call becomes an `Inert` object, but for the exact pairs (module, name) that the caller maps to
functions of ours. Nothing here recurses, hashes or compares what a file holds.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from .errors import FormatError
from .limits import PICKLE_MEMO, PICKLE_OPCODES, PICKLE_STACK
from .pickle_objects import PYTHON_OBJECTS, Make
from .pickle_opcodes import HANDLERS
from .pickle_stack import Cut, Damage, Machine

__all__ = ["load"]

STOP = ord(".")
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
    except (Cut, struct.error) as error:
        raise FormatError(path, "pickle_cut", size=len(data)) from error
    except IndexError as error:
        if machine.at >= len(data):
            raise FormatError(path, "pickle_cut", size=len(data)) from error
        raise FormatError(path, "pickle_damaged", reason=f"nothing to take at byte {machine.at}") from error
    except KeyError as error:
        raise FormatError(path, "pickle_damaged", reason=f"nothing kept of what byte {machine.at} wants") from error
    except (ValueError, OverflowError) as error:
        reason = str(error) if isinstance(error, Damage) else f"a malformed value before byte {machine.at}"
        raise FormatError(path, "pickle_damaged", reason=reason) from error


def _run(machine: Machine) -> Any:
    """The object on the stack when the pickle stops."""
    data, handlers = machine.data, HANDLERS
    for _ in range(PICKLE_OPCODES // BATCH):
        for _ in range(BATCH):
            code = data[machine.at]
            machine.at += 1
            if code == STOP:
                return machine.stack.pop()
            handlers[code](machine)
        if len(machine.stack) > PICKLE_STACK or len(machine.memo) > PICKLE_MEMO:
            raise Damage("more objects at once than any model has")
    raise Damage(f"more than {PICKLE_OPCODES} steps")
