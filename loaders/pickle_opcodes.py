"""What each opcode of a pickle does to a stack and a memo of inert objects. Calls nothing that a file names.

Nine opcodes are missing here: pickle_machine carries them out in its loop.

Source: the opcodes of protocols 0 to 5 and their meaning, as documented in Lib/pickletools.py of CPython.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable
from typing import Any

from .limits import PICKLE_LINE_BYTES, PICKLE_NAME_BYTES, PICKLE_NUMBER_BYTES
from .pickle_objects import Dict, Global, Inert, Set
from .pickle_stack import Cut, Damage, Machine, made

__all__ = ["HANDLERS"]

LARGEST_MEMO_INDEX = 2**32
INT, FLOAT = struct.Struct("<i"), struct.Struct(">d")
SHORT, LONG, LONG_LONG = struct.Struct("<H"), struct.Struct("<I"), struct.Struct("<Q")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")


def _old_text(raw: bytes) -> str | bytes:
    """A string of Python 2, which may be text or bytes."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw


def _unknown(machine: Machine) -> None:
    raise Damage(f"no opcode {machine.data[machine.at - 1]:#04x} at byte {machine.at - 1}")


HANDLERS: list[Callable[[Machine], None]] = [_unknown] * 256


def opcode(*letters: bytes) -> Callable[[Callable[[Machine], None]], Callable[[Machine], None]]:
    """Makes a function the one that carries out an opcode."""

    def register(function: Callable[[Machine], None]) -> Callable[[Machine], None]:
        for letter in letters:
            HANDLERS[letter[0]] = function
        return function

    return register


def pushes(letter: bytes, value: Callable[[Machine], Any]) -> None:
    """An opcode that pushes one value."""

    def handler(machine: Machine) -> None:
        found = value(machine)  # may change the stack
        machine.stack.append(found)

    HANDLERS[letter[0]] = handler


pushes(b"N", lambda machine: None)
pushes(b"\x88", lambda machine: True)
pushes(b"]", lambda machine: [])
pushes(b"}", lambda machine: Dict())
pushes(b"\x8f", lambda machine: Set([]))
pushes(b"J", lambda machine: machine.number(INT))
pushes(b"G", lambda machine: machine.number(FLOAT))
pushes(b"F", lambda machine: float(machine.line(PICKLE_NUMBER_BYTES)))
pushes(b"\x8a", lambda machine: int.from_bytes(machine.take(machine.take(1)[0]), "little", signed=True))
pushes(b"L", lambda machine: int(machine.line(PICKLE_NUMBER_BYTES).removesuffix(b"L")))
pushes(b"V", lambda machine: machine.line(PICKLE_LINE_BYTES).decode("raw-unicode-escape"))
pushes(b"U", lambda machine: _old_text(machine.take(machine.take(1)[0])))
pushes(b"T", lambda machine: _old_text(machine.take(machine.number(LONG))))
pushes(b"C", lambda machine: machine.take(machine.take(1)[0]))
pushes(b"B", lambda machine: machine.take(machine.number(LONG)))
pushes(b"\x8e", lambda machine: machine.take(machine.number(LONG_LONG)))
pushes(b"\x96", lambda machine: bytearray(machine.take(machine.number(LONG_LONG))))
pushes(b"\x8c", lambda machine: _text(machine.take(machine.take(1)[0])))
pushes(b"\x8d", lambda machine: _text(machine.take(machine.number(LONG_LONG))))
pushes(b"g", lambda machine: machine.memo[int(machine.line(PICKLE_NUMBER_BYTES))])
pushes(b"2", lambda machine: machine.stack[-1])
pushes(b"l", lambda machine: machine.above_mark())
pushes(b"\x91", lambda machine: Set(machine.above_mark()))
pushes(b"\x82", lambda machine: Inert(Global("copyreg", f"extension {machine.take(1)[0]}")))
pushes(b"\x83", lambda machine: Inert(Global("copyreg", f"extension {machine.number(SHORT)}")))
pushes(b"\x84", lambda machine: Inert(Global("copyreg", f"extension {machine.number(INT)}")))
pushes(b"\x97", lambda machine: Inert(Global("", "buffer outside of the file")))


@opcode(b"M")
def _short_int(machine: Machine) -> None:
    at = machine.at
    machine.at = end = at + 2
    machine.stack.append(int.from_bytes(machine.data[at:end], "little"))


@opcode(b"X")
def _medium_text(machine: Machine) -> None:
    data, start = machine.data, machine.at + 4
    machine.at = end = start + int.from_bytes(data[machine.at : start], "little")
    if end > len(data):
        raise Cut
    machine.stack.append(data[start:end].decode("utf-8", "surrogatepass"))


@opcode(b"q")
def _short_put(machine: Machine) -> None:
    machine.memo[machine.data[machine.at]] = machine.stack[-1]
    machine.at += 1


@opcode(b"p")
def _text_put(machine: Machine) -> None:
    index = int(machine.line(PICKLE_NUMBER_BYTES))
    if not 0 <= index < LARGEST_MEMO_INDEX:
        raise Damage(f"the number {index} for something kept")
    machine.memo[index] = machine.stack[-1]


@opcode(b"\x94")
def _memoize(machine: Machine) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


@opcode(b"\x80")
def _protocol(machine: Machine) -> None:
    version = machine.take(1)[0]
    if version > 5:
        raise Damage(f"pickle protocol {version}, the latest is 5")


@opcode(b"\x95")
def _frame(machine: Machine) -> None:
    if machine.number(LONG_LONG) > len(machine.data) - machine.at:
        raise Cut


@opcode(b"I")
def _text_int(machine: Machine) -> None:
    line = machine.line(PICKLE_NUMBER_BYTES)
    machine.stack.append({b"00": False, b"01": True}[line] if line in (b"00", b"01") else int(line))


@opcode(b"\x8b")
def _long(machine: Machine) -> None:
    count = machine.number(INT)
    if not 0 <= count <= PICKLE_NUMBER_BYTES:
        raise Damage(f"a number of {count} bytes")
    machine.stack.append(int.from_bytes(machine.take(count), "little", signed=True))


@opcode(b"S")
def _quoted(machine: Machine) -> None:
    line = machine.line(PICKLE_LINE_BYTES)
    if len(line) < 2 or line[0] != line[-1] or line[0] not in b"\"'":
        raise Damage("a text without quotes")
    machine.stack.append(_old_text(codecs.escape_decode(line[1:-1])[0]))  # type: ignore[attr-defined]


@opcode(b"0")
def _pop(machine: Machine) -> None:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.above_mark()


@opcode(b"1")
def _pop_mark(machine: Machine) -> None:
    machine.above_mark()


@opcode(b"\x85")
def _tuple_of_1(machine: Machine) -> None:
    machine.stack[-1] = (machine.stack[-1],)


@opcode(b"\x86")
def _tuple_of_2(machine: Machine) -> None:
    second = machine.stack.pop()
    machine.stack[-1] = (machine.stack[-1], second)


@opcode(b"\x87")
def _tuple_of_3(machine: Machine) -> None:
    third, second = machine.stack.pop(), machine.stack.pop()
    machine.stack[-1] = (machine.stack[-1], second, third)


@opcode(b"d")
def _dict_of_items(machine: Machine) -> None:
    items = machine.above_mark()
    machine.stack.append(Dict())
    _set_items(machine.stack[-1], items)


@opcode(b"s")
def _set_item(machine: Machine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    _set_items(machine.stack[-1], [key, value])


@opcode(b"u")
def _set_several(machine: Machine) -> None:
    items = machine.above_mark()
    _set_items(machine.stack[-1], items)


def _set_items(target: Any, items: list[Any]) -> None:
    if len(items) % 2:
        raise Damage("a key without a value")
    pairs = zip(items[::2], items[1::2], strict=True)
    if type(target) is Dict:
        target.pairs.extend(pairs)
    elif type(target) is Inert:
        target.pairs = target.pairs or []
        target.pairs.extend(pairs)
    else:
        raise Damage(f"keys for {type(target).__name__}")


@opcode(b"a")
def _append(machine: Machine) -> None:
    item = machine.stack.pop()
    _append_items(machine.stack[-1], [item])


@opcode(b"e", b"\x90")
def _append_several(machine: Machine) -> None:
    items = machine.above_mark()
    _append_items(machine.stack[-1], items)


def _append_items(target: Any, items: list[Any]) -> None:
    if type(target) is list:
        target.extend(items)
    elif type(target) is Set and type(target.items) is list:
        target.items.extend(items)
    elif type(target) is Inert:
        target.items = target.items or []
        target.items.extend(items)
    else:
        raise Damage(f"items for {type(target).__name__}")


@opcode(b"b")
def _build(machine: Machine) -> None:
    state = machine.stack.pop()
    target = machine.stack[-1]
    if not hasattr(target, "state"):
        raise Damage(f"a state for {type(target).__name__}")
    target.state = state


@opcode(b"c")
def _global(machine: Machine) -> None:
    module = _text(machine.line(PICKLE_NAME_BYTES))
    machine.stack.append(machine.global_of(module, _text(machine.line(PICKLE_NAME_BYTES))))


@opcode(b"\x93")
def _global_by_stack(machine: Machine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    if type(name) is not str or type(module) is not str or len(name) + len(module) > PICKLE_NAME_BYTES:
        raise Damage("a name that is no name")
    machine.stack.append(machine.global_of(module, name))


@opcode(b"R", b"\x81")
def _call(machine: Machine) -> None:
    arguments = machine.stack.pop()
    machine.stack[-1] = made(machine.stack[-1], arguments)


@opcode(b"\x92")
def _call_with_keywords(machine: Machine) -> None:
    keywords, arguments = machine.stack.pop(), machine.stack.pop()
    machine.stack[-1] = made(machine.stack[-1], arguments, keywords)


@opcode(b"i")
def _instance(machine: Machine) -> None:
    _global(machine)
    kind = machine.stack.pop()
    arguments = machine.above_mark()
    machine.stack.append(made(kind, tuple(arguments)))


@opcode(b"o")
def _object(machine: Machine) -> None:
    kind, *arguments = machine.above_mark()
    machine.stack.append(made(kind, tuple(arguments)))


@opcode(b"P")
def _stored_by_line(machine: Machine) -> None:
    machine.stack.append(_stored(machine, _text(machine.line(PICKLE_LINE_BYTES))))


@opcode(b"Q")
def _stored_by_stack(machine: Machine) -> None:
    machine.stack[-1] = _stored(machine, machine.stack[-1])


def _stored(machine: Machine, identity: Any) -> Any:
    if machine.stored is not None:
        try:
            return machine.stored(identity)
        except (ValueError, IndexError):
            pass
    return Inert(Global("", "persistent id"), (identity,))


@opcode(b"\x98")
def _read_only(machine: Machine) -> None:
    if not machine.stack:
        raise Damage("nothing to protect")
