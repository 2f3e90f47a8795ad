"""npy: one array, a short Python dictionary before its numbers.

Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html (versions 1.0 to 3.0).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from .errors import FormatError
from .limits import LARGEST_COUNT_BITS, NPY_HEADER_BYTES, RANK
from .network import Tensor, TensorTable
from .source import Source

__all__ = ["MAGIC", "NpyHeader", "matches", "read", "read_header"]

MAGIC = b"\x93NUMPY"
# Patterns are texts: compiled when a header is read, and then kept by `re`.
SPACE = r"[ \t\n]*"
ITEM = (
    rf"{SPACE}(['\"])(descr|fortran_order|shape)\1{SPACE}:{SPACE}"
    rf"(?:(['\"])(?P<text>[^'\"\\]*)\3|(?P<truth>True|False)|\((?P<sizes>[0-9L, \t\n]*)\)){SPACE}(?:,|(?=\}}))"
)
STRUCTURED = rf"['\"]descr['\"]{SPACE}:{SPACE}[\[(]"
SIZE = rf"{SPACE}(?:0|[1-9][0-9]{{0,17}})L?{SPACE}"
SIZES = rf"(?:{SIZE},)*(?:{SIZE})?{SPACE}"
TYPE = r"([<>|=]?)([A-Za-z])([0-9]{0,9})(\[.*)?"
DTYPE_NAMES = {
    "b1": "bool",
    **{f"f{size}": f"float{8 * size}" for size in (2, 4, 8)},
    **{f"i{size}": f"int{8 * size}" for size in (1, 2, 4, 8)},
    **{f"u{size}": f"uint{8 * size}" for size in (1, 2, 4, 8)},
    **{f"c{size}": f"complex{8 * size}" for size in (8, 16)},
}
TEXT_BYTES = {"U": 4, "S": 1, "a": 1}  # of one character


@dataclass(frozen=True)
class NpyHeader:
    """What stands before the numbers."""

    shape: tuple[int, ...]
    dtype: str
    item_bytes: int
    fortran: bool
    big_endian: bool
    data_start: int  # bytes from the magic string

    @property
    def count(self) -> int:
        return math.prod(self.shape)


def matches(start: bytes) -> bool:
    """True for the first bytes of an npy file."""
    return start.startswith(MAGIC)


def read(source: Source) -> tuple[TensorTable, tuple[str, ...]]:
    """The array, named "array", and what is to be said. Raises FormatError."""
    with source.open() as file:
        header = read_header(lambda start, count: file.read(start, min(count, source.size - start)), source.path)
    expected = header.data_start + header.count * header.item_bytes
    if expected > source.size:
        raise FormatError(source.path, "truncated", size=source.size, expected=expected)
    spare = source.size - expected
    notes = (f"left out: {spare} bytes behind the array",) if spare else ()
    return TensorTable.of([tensor("array", header, source, header.data_start)]), notes


def tensor(name: str, header: NpyHeader, source: Source, place: int) -> Tensor:
    """The tensor of a header whose numbers begin at `place`."""
    byte_count = header.count * header.item_bytes
    return Tensor(
        name, header.shape, header.dtype, header.count, byte_count, source, place, header.fortran, header.big_endian
    )


def read_header(read_at: Callable[[int, int], bytes], path: str) -> NpyHeader:
    """The header at the start of what `read_at(start, count)` reads; fewer bytes mean its end. Raises FormatError."""
    start = read_at(0, 12)
    if len(start) < 10 or not matches(start) or start[6] not in (1, 2, 3) or start[7]:
        raise FormatError(path, "npy_header", found=start[:8].hex(" "))
    length_bytes = 2 if start[6] == 1 else 4
    length = int.from_bytes(start[8 : 8 + length_bytes], "little")
    if length > NPY_HEADER_BYTES:
        raise FormatError(path, "header_size", found=length, expected=f"at most {NPY_HEADER_BYTES}")
    raw = read_at(8 + length_bytes, length)
    if len(raw) < length:
        raise FormatError(path, "truncated", size=8 + length_bytes + len(raw), expected=8 + length_bytes + length)
    text = raw.decode("utf-8" if start[6] == 3 else "latin-1", "replace")
    if re.search(STRUCTURED, text):
        raise FormatError(path, "npy_type", found="records of several fields")
    found = _items(text, path)
    dtype, item_bytes, big_endian = _dtype(found["descr"], path)
    header = NpyHeader(
        _shape(found["shape"], path),
        dtype,
        item_bytes,
        found["fortran_order"] == "True",
        big_endian,
        8 + length_bytes + length,
    )
    if header.count >> LARGEST_COUNT_BITS:
        raise FormatError(path, "npy_header", found="a shape of too many elements")
    return header


def _items(text: str, path: str) -> dict[str, str]:
    """The three entries of the dictionary, as texts."""
    found: dict[str, str] = {}
    groups = {"descr": "text", "fortran_order": "truth", "shape": "sizes"}
    at = 1
    while text.startswith("{") and (match := re.compile(ITEM).match(text, at)):
        value = match[groups[match[2]]]
        if value is None or match[2] in found:
            break
        found[match[2]] = value
        at = match.end()
    if found.keys() != groups.keys() or text[at:].strip(" \t\n") != "}":
        raise FormatError(path, "npy_header", found=text.strip()[:80] or "nothing")
    return found


def _shape(text: str, path: str) -> tuple[int, ...]:
    parts = [part.strip().rstrip("L") for part in text.split(",")]
    is_tuple = len(parts) > 1 or not parts[0]
    if not re.fullmatch(SIZES, text) or not is_tuple:
        raise FormatError(path, "npy_header", found=f"the shape ({text[:80]})")
    shape = tuple(int(part) for part in parts if part)
    if len(shape) > RANK:
        raise FormatError(path, "npy_header", found=f"{len(shape)} axes")
    return shape


def _dtype(text: str, path: str) -> tuple[str, int, bool]:
    """Our name of the type, bytes of an item, and whether the high byte comes first."""
    match = re.fullmatch(TYPE, text)
    if not match or match[4]:
        raise FormatError(path, "npy_type", found=text[:40])
    order, letter, size = match[1], match[2], match[3]
    if letter == "O":
        raise FormatError(path, "npy_objects")
    if letter in TEXT_BYTES and size:
        return "string", int(size) * TEXT_BYTES[letter], order == ">"
    if letter + size not in DTYPE_NAMES:
        raise FormatError(path, "npy_type", found=text)
    return DTYPE_NAMES[letter + size], int(size), order == ">"
