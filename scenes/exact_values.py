"""One weight exactly: its number as the shortest text that means the same bits, the bits, and where they stand."""

from __future__ import annotations

import json
import math
import os
import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

import numpy as np

from ..engine.kernels.decode import DTYPES, decode, matrix_shape
from ..loaders.item_places import ItemPlace
from ..loaders.network import Tensor

__all__ = ["ExactValue", "bit_words", "decimal_text", "exact_value", "file_name", "index_of", "json_line"]

FIELDS = {"float64": (1, 11, 52), "float32": (1, 8, 23), "float16": (1, 5, 10), "bfloat16": (1, 8, 7)}
NATIVE = {"float64", "float32", "float16"}  # whose shortest texts NumPy knows
PLAIN_POWERS = range(-5, 17)  # of ten, of numbers that are written without one
MOST_DIGITS = 17
LONGEST_BITS = 24  # that are written one by one


@dataclass(frozen=True)
class ExactValue:
    """One weight, as the file has it."""

    tensor: str
    index: tuple[int, ...]
    dtype: str
    bits: tuple[int, ...]  # unsigned; two of a complex number
    place: ItemPlace

    @property
    def text(self) -> str:
        """The number in decimals: the shortest text that means these bits."""
        parts = [decimal_text(bits, self.dtype) for bits in self.bits]
        return parts[0] if len(parts) == 1 else f"{parts[0]}{'' if parts[1].startswith('-') else '+'}{parts[1]}j"

    @property
    def magnitude(self) -> int | float:
        """|value|; that of a complex number rounded to float64."""
        numbers = [_number(bits, self.dtype) for bits in self.bits]
        return abs(numbers[0]) if len(numbers) == 1 else float(np.abs(np.complex128(complex(*numbers))))


def index_of(tensor: Tensor, row: int, column: int) -> tuple[int, ...]:
    """Index into the tensor of a place in its matrix; () of a scalar."""
    width = matrix_shape(tensor.shape)[1]
    return tuple(int(k) for k in np.unravel_index(row * width + column, tensor.shape)) if tensor.shape else ()


def exact_value(tensor: Tensor, row: int, column: int) -> ExactValue:
    """The weight in a place of the tensor's matrix. Raises FormatError when the file changed, or holds no numbers."""
    item = row * matrix_shape(tensor.shape)[1] + column
    index = index_of(tensor, row, column)
    return ExactValue(tensor.name, index, tensor.dtype, tensor.item_bits(item), tensor.item_place(item))


def json_line(value: ExactValue) -> str:
    """All of it in one line, to be pasted anywhere. What JSON has no number for is text."""
    place = value.place
    known = {
        "tensor": value.tensor,
        "index": list(value.index),
        "value": _json_number(value),
        "dtype": value.dtype,
        "bits": " ".join(_hex(bits, value.dtype) for bits in value.bits),
        "file": place.path,
        "offset": place.offset,
        "shift": place.shift or None,
        "storage": place.storage,
        "member": place.member or None,
        "inside": place.inside,
    }
    return json.dumps({name: item for name, item in known.items() if item is not None}, ensure_ascii=False)


def decimal_text(bits: int, dtype: str) -> str:
    """The shortest text of the number with these bits that means no other number of the type."""
    number = _number(bits, dtype)
    if isinstance(number, bool | int):
        return str(number).lower()
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    sign = "-" if math.copysign(1.0, number) < 0 else ""
    digits, power = _shortest(bits, dtype, abs(number))
    return sign + _written(digits, power)


def bit_words(bits: int, dtype: str) -> tuple[str, tuple[str, ...]]:
    """(hexadecimal, binary by fields: sign, exponent and mantissa of a float, all of another number that is short)."""
    size = _bits_of(dtype)
    fields = _fields(dtype)
    if fields is None:
        return _hex(bits, dtype), (f"{bits:0{size}b}",) if size <= LONGEST_BITS else ()
    words, low = [], size
    for length in fields:
        low -= length
        field = bits >> low & (1 << length) - 1
        if length:
            words.append(f"{field:0{length}b}" if length <= LONGEST_BITS else f"0x{field:0{-(-length // 4)}X}")
    return _hex(bits, dtype), tuple(words)


def file_name(place: ItemPlace) -> str:
    """Name of the file without its folder."""
    return os.path.basename(place.path)


def _hex(bits: int, dtype: str) -> str:
    return f"0x{bits:0{-(-_bits_of(dtype) // 4)}X}"


def _part_of(dtype: str) -> str:
    """Type of the real part of a complex number."""
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def _bits_of(dtype: str) -> int:
    return DTYPES[_part_of(dtype)].bits


def _fields(dtype: str) -> tuple[int, int, int] | None:
    """Bits of sign, exponent and mantissa; None of what is no float."""
    small = re.match(r"float\d_e(\d)m(\d)", dtype)
    if small is None:
        return FIELDS.get(_part_of(dtype))
    exponent, mantissa = map(int, small.groups())
    return _bits_of(dtype) - exponent - mantissa, exponent, mantissa


def _number(bits: int, dtype: str) -> bool | int | float:
    """What the bits mean, exactly."""
    dtype = _part_of(dtype)
    raw = bits.to_bytes(max(DTYPES[dtype].bits // 8, 1), "little")
    return decode(raw, dtype, 1)[0].item()


def _shortest(bits: int, dtype: str, number: float) -> tuple[str, int]:
    """(digits, power of ten of the first one) of a number >= 0."""
    dtype = _part_of(dtype)
    if not number:
        return "0", 0
    if dtype in NATIVE:
        words = np.format_float_scientific(np.dtype(dtype).type(number), unique=True, trim="-")
        digits, power = words.split("e")
        return digits.replace(".", ""), int(power)
    return _shortest_between(Decimal(number), *_neighbors(bits, dtype, number))


def _neighbors(bits: int, dtype: str, number: float) -> tuple[Decimal, Decimal]:
    """Half way to the next lower and the next higher magnitude of a small float."""
    sign_bits = (_fields(dtype) or (0, 0, 0))[0]
    magnitude = bits & (1 << _bits_of(dtype) - sign_bits) - 1
    exact = Decimal(number)
    below = Decimal(abs(_number(magnitude - 1, dtype))) if magnitude else Decimal(0)
    above = abs(_number(magnitude + 1, dtype)) if magnitude + 1 < 1 << _bits_of(dtype) - sign_bits else math.inf
    higher = Decimal(above) if math.isfinite(above) else exact + (exact - below)
    return (exact + below) / 2, (exact + higher) / 2


def _shortest_between(exact: Decimal, low: Decimal, high: Decimal) -> tuple[str, int]:
    """Digits and power of the shortest number between two bounds; the closest one of these."""
    found = exact
    for digits in range(1, MOST_DIGITS + 1):
        rounded = [Context(prec=digits, rounding=way).create_decimal(exact) for way in (ROUND_FLOOR, ROUND_CEILING)]
        inside = [number for number in rounded if low < number < high]
        if inside:
            found = min(inside, key=lambda number: abs(number - exact))
            break
    _, places, _ = found.normalize().as_tuple()
    return "".join(map(str, places)), found.adjusted()


def _written(digits: str, power: int) -> str:
    """A number with a point, or with a power of ten where it would be long."""
    if power not in PLAIN_POWERS:
        return f"{digits[0]}{'.' * (len(digits) > 1)}{digits[1:]}e{power:+d}"
    if power < 0:
        return f"0.{'0' * (-power - 1)}{digits}"
    whole = digits[: power + 1].ljust(power + 1, "0")
    return f"{whole}.{digits[power + 1 :] or '0'}"


def _json_number(value: ExactValue) -> object:
    number = _number(value.bits[0], value.dtype)
    if len(value.bits) > 1 or isinstance(number, float) and not math.isfinite(number):
        return value.text
    return number if isinstance(number, bool | int) else float(value.text)
