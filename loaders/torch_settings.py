"""What a checkpoint holds besides tensors, as short texts: numbers, names, lists of them, objects by their class."""

from __future__ import annotations

import struct
from typing import Any

from ..engine.kernels.names import clean
from .limits import METADATA_CHARACTERS
from .pickle_objects import Dict, Global, Inert, Set, bytes_of
from .torch_objects import Compound, Storage, View

__all__ = ["SCALARS", "is_plain", "setting_text"]

SCALARS = {type(None), bool, int, float, complex, str, bytes, bytearray, Global}
SHOWN = 16  # items of a list
SHOWN_BITS = 4000  # longer numbers are not written out: the time would grow with their square
LONGEST = 16  # bytes of a number
ENCODED = "_codecs.encode"  # how older protocols write bytes
NUMPY_SCALARS = {"numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"}
NUMPY_ARRAYS = {"numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"}
NUMPY_CODES = {"f2": "e", "f4": "f", "f8": "d", "b1": "?"}
NUMPY_CODES |= {"i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q"}


def is_plain(value: Any) -> bool:
    """True for what is shown as one setting: a scalar, or a list of nothing but scalars."""
    kind = type(value)
    if kind is Inert:
        return value.title in NUMPY_SCALARS | NUMPY_ARRAYS or _is_bare(value)
    return kind in SCALARS or kind in (list, tuple) and set(map(type, value)) <= SCALARS


def _is_bare(value: Inert) -> bool:
    """True for an object of scalars and nothing else, such as a device."""
    if value.keywords is not None or value.state is not None or value.items or value.pairs:
        return False
    arguments = value.arguments
    return type(arguments) is tuple and len(arguments) <= SHOWN and set(map(type, arguments)) <= SCALARS


def setting_text(value: Any) -> str:
    """The text of one setting, at most METADATA_CHARACTERS long."""
    return clean(_text(value, 2), METADATA_CHARACTERS)


def _text(value: Any, depth: int) -> str:
    """Nothing is followed deeper than `depth`."""
    if type(value) is str:
        return value[: 2 * METADATA_CHARACTERS]
    if type(value) is int and value.bit_length() > SHOWN_BITS:
        return f"a number of {value.bit_length()} bits"
    if value is None or type(value) in (bool, int, float, complex):
        return str(value)
    if isinstance(value, bytes | bytearray):
        return f"{len(value)} bytes"
    if isinstance(value, Global):
        return value.title
    if isinstance(value, list | tuple | Set):
        return _list_text(value.items if isinstance(value, Set) else value, depth)
    if isinstance(value, Inert):
        return _object_text(value, depth)
    if isinstance(value, Dict):
        return "a dictionary"
    return {View: "a tensor", Compound: "a tensor", Storage: "a storage"}.get(type(value), "an object")


def _list_text(items: list[Any] | tuple[Any, ...], depth: int) -> str:
    if not depth:
        return f"a list of {len(items)}"
    shown = [_text(item, depth - 1) for item in items[:SHOWN]]
    return f"[{', '.join(shown)}{', …' if len(items) > SHOWN else ''}]"


def _object_text(value: Inert, depth: int) -> str:
    arguments = value.arguments if isinstance(value.arguments, tuple) else ()
    if value.title in NUMPY_SCALARS:
        number = _numpy_number(arguments)
        return value.title if number is None else str(number)
    if value.title in NUMPY_ARRAYS:
        state = value.state
        shape = state[1] if isinstance(state, tuple) and len(state) > 1 else ()
        return f"a NumPy array {_text(shape, 1)}"
    if value.title == ENCODED and arguments and type(arguments[0]) is str:
        return f"{len(arguments[0])} bytes"
    if not depth or not arguments:
        return value.title
    return f"{value.title}({', '.join(_text(item, depth - 1) for item in arguments[:SHOWN])})"


def _numpy_number(arguments: tuple[Any, ...]) -> Any:
    """The number of numpy.core.multiarray.scalar(dtype, bytes); None where that is none of the usual ones."""
    if len(arguments) != 2 or not isinstance(arguments[0], Inert):
        return None
    dtype, raw = arguments[0], arguments[1]
    data = raw[:LONGEST].encode("utf-8", "surrogatepass") if type(raw) is str else bytes_of(raw, LONGEST)
    code = dtype.arguments[0] if isinstance(dtype.arguments, tuple) and dtype.arguments else None
    letter = NUMPY_CODES.get(code) if type(code) is str else None
    if letter is None or data is None or len(data) != struct.calcsize(letter):
        return None
    is_big = isinstance(dtype.state, tuple) and len(dtype.state) > 1 and dtype.state[1] == ">"
    return struct.unpack((">" if is_big else "<") + letter, data)[0]
