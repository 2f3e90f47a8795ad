"""Decoding of stored numbers, and reading only the bytes that a part of a tensor needs.

The NumPy definition of decoding. Every result is exact: small floats become float32, packed integers int8 or uint8.
Sources: OCP 8-bit and microscaling floating point (OFP8, MX), IEEE 754, the bfloat16 format of ml_dtypes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

__all__ = [
    "DTYPES",
    "DType",
    "decode",
    "is_by_byte",
    "is_vector",
    "matrix_shape",
    "read_items",
    "read_part",
    "stored_bytes",
    "words_of_bytes",
]

PIECE_BYTES = 128 << 10  # read and decoded at a time
WHOLE_BYTES = 64 << 20  # plain numbers in one run are read without a copy up to this size
GAP_BYTES = 4096  # bytes between two wanted runs that are cheaper to read than to skip
LONGEST_LINE = 1 << 24  # elements of a vector that is one row
WIDEST, MOST_TRIED = 8, 1 << 15  # roots of its length: a longer one is at most 64 times wider than high; divisors tried


@dataclass(frozen=True)
class DType:
    """How numbers of one type are stored."""

    bits: int  # of one item; 0: items have no fixed size
    stored: str  # NumPy type of the stored items; "uint8" where several share a byte
    decoded: str  # narrowest NumPy type that holds every value


DTYPES: dict[str, DType] = {
    **{name: DType(np.dtype(name).itemsize * 8, name, name) for name in ("float64", "float32", "float16")},
    **{name: DType(np.dtype(name).itemsize * 8, name, name) for name in ("complex64", "complex128")},
    **{f"int{bits}": DType(bits, f"int{bits}", f"int{bits}") for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": DType(bits, f"uint{bits}", f"uint{bits}") for bits in (8, 16, 32, 64)},
    "bfloat16": DType(16, "uint16", "float32"),
    "bool": DType(8, "uint8", "bool"),
    "float4_e2m1fn": DType(4, "uint8", "float32"),
    "float8_e4m3fn": DType(8, "uint8", "float32"),
    "float8_e4m3fnuz": DType(8, "uint8", "float32"),
    "float8_e5m2": DType(8, "uint8", "float32"),
    "float8_e5m2fnuz": DType(8, "uint8", "float32"),
    "float8_e8m0fnu": DType(8, "uint8", "float32"),
    "int2": DType(2, "uint8", "int8"),
    "int4": DType(4, "uint8", "int8"),
    "uint2": DType(2, "uint8", "uint8"),
    "uint4": DType(4, "uint8", "uint8"),
    "qint32": DType(32, "int32", "int32"),  # the integers of a quantized tensor, as stored
    "qint8": DType(8, "int8", "int8"),
    "quint8": DType(8, "uint8", "uint8"),
    "string": DType(0, "uint8", "object"),
}


def matrix_shape(shape: Sequence[int]) -> tuple[int, int]:
    """(rows, cols) of the matrix that a tensor is seen as: first axis x rest, leading axes of length 1 left out.

    A scalar is 1 x 1, a vector one row. One too long to be seen as a line, such as all parameters in one, has rows as
    of a text where its length has fitting divisors.
    """
    if is_vector(shape):
        return _lines_of(math.prod(shape))
    sides = _without_leading_ones(shape)
    return sides[0], math.prod(sides[1:])


def is_vector(shape: Sequence[int]) -> bool:
    """Whether no axis stands behind the first that is longer than 1: then rows of its matrix mean nothing."""
    return len(_without_leading_ones(shape)) < 2


@lru_cache(maxsize=1024)
def _lines_of(count: int) -> tuple[int, int]:
    """(rows, cols) of a vector: one row, or the most rows that are no more than columns."""
    most = math.isqrt(count) if count > LONGEST_LINE else 1
    tried = range(most, max(most // WIDEST, most - MOST_TRIED, 1), -1)
    rows = next((rows for rows in tried if count % rows == 0), 1)
    return rows, count // rows


def _without_leading_ones(shape: Sequence[int]) -> Sequence[int]:
    first = next((axis for axis, side in enumerate(shape) if side != 1), len(shape))
    return shape[first:]


def stored_bytes(dtype: str, count: int) -> int:
    """Bytes that `count` items take in a file, packed without gaps."""
    return (count * DTYPES[dtype].bits + 7) // 8


def decode(
    raw: bytes | bytearray | memoryview | np.ndarray, dtype: str, count: int, big_endian: bool = False
) -> np.ndarray:
    """(count,) numbers in the type `DTYPES[dtype].decoded`, native byte order, from the first bytes of `raw`.

    Of several items in one byte, the first is in the low bits. Not for "string". The result may share `raw`'s memory.
    """
    if not is_by_byte(dtype):
        return _meaning(_items(raw, dtype, count, big_endian), dtype)
    data = np.frombuffer(raw, np.uint8, stored_bytes(dtype, count))
    return words_of_bytes(dtype).take(data, mode="clip").view(DTYPES[dtype].decoded)[:count]


def is_by_byte(dtype: str) -> bool:
    """Whether what a byte holds is looked up in a table: numbers that share bytes, and floats of 8 bits."""
    return 0 < DTYPES[dtype].bits < 8 or dtype.startswith("float8")


@cache
def words_of_bytes(dtype: str) -> np.ndarray:
    """(256,) words: the decoded numbers that each byte holds, side by side; for types of at most 8 bits."""
    in_byte = 8 // DTYPES[dtype].bits
    numbers = _meaning(_items(bytes(range(256)), dtype, 256 * in_byte, False), dtype)
    return numbers.view(f"u{in_byte * numbers.itemsize}")


def _items(raw: bytes | bytearray | memoryview | np.ndarray, dtype: str, count: int, big_endian: bool) -> np.ndarray:
    """(count,) items as they are stored, one to an element."""
    kind = DTYPES[dtype]
    if kind.bits < 8:
        packed = np.frombuffer(raw, np.uint8, stored_bytes(dtype, count))
        in_byte = 8 // kind.bits
        items = np.empty(in_byte * len(packed), np.uint8)
        for k in range(in_byte):
            np.right_shift(packed, k * kind.bits, out=items[k::in_byte])
        items &= (1 << kind.bits) - 1
        return items[:count]
    stored = np.dtype(kind.stored).newbyteorder(">" if big_endian else "<")
    return np.frombuffer(raw, stored, count)


def _meaning(items: np.ndarray, dtype: str) -> np.ndarray:
    """The numbers that stored items stand for, in the same shape."""
    if dtype == "bfloat16":
        wide = items.astype(np.uint32)
        wide <<= 16
        return wide.view(np.float32)
    if dtype == "bool":
        return items != 0
    if dtype in ("int2", "int4"):
        sign = 1 << (DTYPES[dtype].bits - 1)
        return (items ^ sign).view(np.int8) - np.int8(sign)
    if dtype.startswith(("float4", "float8")):
        return _float_table(dtype).take(items, mode="clip")  # no index is out of range; this is the quickest mode
    return items.astype(DTYPES[dtype].decoded, copy=False)


@cache
def _float_table(dtype: str) -> np.ndarray:
    """(2**bits,) float32: the value of every bit pattern of a small float."""
    if dtype == "float8_e8m0fnu":  # powers of two, no sign
        return np.append(np.ldexp(1.0, np.arange(-127, 128)), np.nan).astype(np.float32)
    exponent_bits, mantissa_bits = int(dtype.split("_e")[1][0]), int(dtype.split("_e")[1][2])
    without_zero_sign = dtype.endswith("uz")
    bias = (1 << (exponent_bits - 1)) - (0 if without_zero_sign else 1)
    patterns = np.arange(1 << (exponent_bits + mantissa_bits))
    exponents, mantissas = patterns >> mantissa_bits, patterns & ((1 << mantissa_bits) - 1)
    leading = np.where(exponents > 0, 1.0, 0.0) + mantissas / (1 << mantissa_bits)
    half = np.ldexp(leading, np.maximum(exponents, 1) - bias)
    negative = -half
    if without_zero_sign:
        negative[0] = -np.nan
    elif dtype == "float8_e4m3fn":
        half[-1], negative[-1] = np.nan, -np.nan
    elif dtype == "float8_e5m2":
        full = exponents == exponents[-1]
        half[full] = np.where(mantissas[full] == 0, np.inf, np.nan)
        negative[full] = -half[full]
    return np.concatenate([half, negative]).astype(np.float32)


def read_part(
    read_at: Callable[[int, int], bytes],
    offset: int,
    shape: Sequence[int],
    dtype: str,
    rows: slice,
    cols: slice,
    fortran: bool = False,
    big_endian: bool = False,
) -> np.ndarray:
    """(rows, cols) part of a tensor's matrix, decoded, reading about the bytes that it needs.

    `read_at(offset, count)` gives bytes of the file, where the tensor begins at `offset`. Besides the result at most
    1 MiB is in use; only a tensor of three or more axes in Fortran order, wanted whole, needs its size once more.
    """
    fortran = fortran and not is_vector(shape)
    shape, matrix = _without_leading_ones(shape), matrix_shape(shape)
    wanted_rows, wanted_cols = range(*rows.indices(matrix[0])), range(*cols.indices(matrix[1]))
    read = _Reader(read_at, offset, dtype, big_endian)
    if not len(wanted_rows) * len(wanted_cols):
        return np.empty((len(wanted_rows), len(wanted_cols)), DTYPES[dtype].decoded)
    if not fortran or min(matrix) == 1 and len(shape) < 3:
        return read.lattice(matrix[1], wanted_rows, wanted_cols)
    if len(shape) < 3:
        return read.lattice(matrix[0], wanted_cols, wanted_rows).T
    count = math.prod(shape)
    if stored_bytes(dtype, count) <= PIECE_BYTES or len(wanted_rows) * len(wanted_cols) == count:
        whole = read.lattice(count, range(1), range(count)).reshape(shape, order="F").reshape(matrix)
        return whole[rows, cols]
    return read.scattered_columns(shape, wanted_rows, wanted_cols)


def read_items(
    read_at: Callable[[int, int], bytes], offset: int, dtype: str, first: int, count: int, big_endian: bool = False
) -> np.ndarray:
    """(count,) items that follow each other in storage, decoded. As `read_part`."""
    if not count:
        return np.empty(0, DTYPES[dtype].decoded)
    return _Reader(read_at, offset, dtype, big_endian).lattice(count, range(1), range(first, first + count))[0]


@dataclass(frozen=True)
class _Reader:
    """Reads lattices of items: runs with a fixed step, at starts with a fixed step."""

    read_at: Callable[[int, int], bytes]
    offset: int
    dtype: str
    big_endian: bool

    @property
    def bits(self) -> int:
        return DTYPES[self.dtype].bits

    def lattice(self, pitch: int, outer: range, inner: range) -> np.ndarray:
        """(outer, inner) items: item (i, j) stands at outer[i] * pitch + inner[j]."""
        span = inner[-1] - inner[0] + 1
        if inner.step == 1 and (len(outer) == 1 or (span == pitch and outer.step == 1)):
            return self._run(outer[0] * pitch + inner[0], len(outer) * len(inner)).reshape(len(outer), len(inner))
        result = np.empty((len(outer), len(inner)), DTYPES[self.dtype].decoded)
        stride = outer.step * pitch
        together = self._together(span, stride) if inner.step * self.bits < GAP_BYTES * 8 else 1
        for first in range(0, len(outer), together):
            starts = outer[first : first + together]
            if len(starts) > 1:
                items = self._stored(starts[0] * pitch + inner[0], (len(starts) - 1) * stride + span)
                lines = np.lib.stride_tricks.as_strided(
                    items,
                    (len(starts), len(inner)),
                    (stride * items.itemsize, inner.step * items.itemsize),
                    writeable=False,
                )
                result[first : first + len(starts)] = _meaning(lines, self.dtype)
                continue
            for begin, values in self._line(starts[0] * pitch, inner):
                result[first, begin : begin + len(values)] = values
        return result

    def scattered_columns(self, shape: Sequence[int], rows: range, cols: range) -> np.ndarray:
        """(rows, cols) of a tensor in Fortran order: each column of the matrix is one run."""
        result = np.empty((len(rows), len(cols)), DTYPES[self.dtype].decoded)
        for k, col in enumerate(cols):
            index = np.unravel_index(col, tuple(shape[1:]))
            place = int(np.ravel_multi_index(index, tuple(shape[1:]), order="F"))
            for begin, values in self._line(place * shape[0], rows):
                result[begin : begin + len(values), k] = values
        return result

    def _together(self, span: int, stride: int) -> int:
        """How many lines are read at once: one, unless what lies between them is small."""
        gap_bytes = (stride - span) * self.bits // 8
        if gap_bytes > GAP_BYTES or gap_bytes > 8 * span * self.bits // 8:
            return 1
        return max(1, PIECE_BYTES * 8 // (stride * self.bits))

    def _line(self, start: int, inner: range) -> Iterator[tuple[int, np.ndarray]]:
        """(index, values) of pieces of one line."""
        step_bytes = inner.step * self.bits // 8
        per_piece = 1 if step_bytes >= GAP_BYTES else max(1, PIECE_BYTES * 8 // (inner.step * self.bits))
        for begin in range(0, len(inner), per_piece):
            wanted = inner[begin : begin + per_piece]
            items = self._stored(start + wanted[0], wanted[-1] - wanted[0] + 1)
            yield begin, _meaning(items[:: inner.step], self.dtype)

    def _run(self, first: int, count: int) -> np.ndarray:
        """(count,) items that follow each other."""
        kind = DTYPES[self.dtype]
        if kind.stored == kind.decoded and count * self.bits <= WHOLE_BYTES * 8 and self.bits >= 8:
            return _meaning(self._stored(first, count), self.dtype)
        result = np.empty(count, kind.decoded)
        for begin, values in self._line(first, range(count)):
            result[begin : begin + len(values)] = values
        return result

    def _stored(self, first: int, count: int) -> np.ndarray:
        """(count,) stored items that follow each other, in one read."""
        start_bit = first * self.bits
        begin, end = start_bit // 8, (start_bit + count * self.bits + 7) // 8
        skipped = (start_bit - begin * 8) // self.bits
        raw = self.read_at(self.offset + begin, end - begin)
        return _items(raw, self.dtype, count + skipped, self.big_endian)[skipped:]
