"""Stored numbers are decoded exactly, and a part of a tensor is read without the rest."""

import math
import tracemalloc

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine.kernels import decode_numba
from tensornaut.engine.kernels.decode import (
    DTYPES,
    decode,
    is_vector,
    matrix_shape,
    read_items,
    read_part,
    stored_bytes,
)

NUMBERS = sorted(name for name in DTYPES if name != "string")
SMALL_FLOATS = sorted(name for name in DTYPES if name.startswith(("float8", "bfloat16", "float4")))
PACKED = ["float4_e2m1fn", "int2", "int4", "uint2", "uint4"]


def _bits(values):
    return values.view(f"u{values.itemsize}")


@pytest.mark.parametrize("dtype", sorted(set(SMALL_FLOATS) - {"float4_e2m1fn"}))
def test_every_bit_pattern_of_small_floats_is_decoded_as_ml_dtypes_does(dtype):
    stored = np.arange(1 << DTYPES[dtype].bits, dtype=DTYPES[dtype].stored)
    expected = stored.view(getattr(ml_dtypes, dtype)).astype(np.float32)
    decoded = decode(stored.tobytes(), dtype, len(stored))
    assert decoded.dtype == np.float32
    assert np.array_equal(_bits(decoded), _bits(expected))


@pytest.mark.parametrize("dtype", PACKED)
def test_items_share_a_byte_low_bits_first(dtype):
    every_byte = np.arange(256, dtype=np.uint8)
    bits = DTYPES[dtype].bits
    halves = np.stack([every_byte >> k & (1 << bits) - 1 for k in range(0, 8, bits)], axis=1).ravel()
    kind = getattr(ml_dtypes, dtype)
    expected = halves.view(kind) if dtype == "float4_e2m1fn" else halves.astype(np.int8).astype(kind)
    decoded = decode(every_byte.tobytes(), dtype, len(halves))
    assert decoded.dtype == DTYPES[dtype].decoded
    assert np.array_equal(decoded, expected.astype(decoded.dtype))
    assert np.array_equal(np.signbit(decoded), np.signbit(expected.astype(np.float32)))
    assert len(decode(every_byte.tobytes(), dtype, 3)) == 3


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "uint16", "complex64", "complex128"])
@pytest.mark.parametrize("order", "<>")
def test_byte_order_does_not_change_values(dtype, order):
    values = np.arange(-3, 4).astype(dtype)
    raw = values.astype(np.dtype(dtype).newbyteorder(order)).tobytes()
    decoded = decode(raw, dtype, 7, big_endian=order == ">")
    assert decoded.dtype == np.dtype(dtype) and decoded.dtype.isnative
    assert np.array_equal(decoded, values)


@given(st.sampled_from(NUMBERS), st.binary(max_size=64), st.booleans())
def test_both_versions_give_the_same_bits_for_every_type(dtype, raw, big_endian):
    count = len(raw) * 8 // DTYPES[dtype].bits
    expected = decode(raw, dtype, count, big_endian)
    found = decode_numba.decode(raw, dtype, count, big_endian)
    assert (found.dtype, found.shape, found.tobytes()) == (expected.dtype, expected.shape, expected.tobytes())
    assert decode_numba.decode(raw, dtype, count // 2).tobytes() == decode(raw, dtype, count // 2).tobytes()


def test_any_byte_but_zero_is_true():
    assert decode(bytes([0, 1, 2, 255]), "bool", 4).tolist() == [False, True, True, True]


def test_the_result_fits_no_narrower_type():
    assert all(np.dtype(DTYPES[name].decoded).itemsize * 8 >= DTYPES[name].bits for name in NUMBERS)


@pytest.mark.parametrize(
    ("shape", "matrix"),
    [
        *(((), (1, 1)), ((5,), (1, 5)), ((2, 3), (2, 3)), ((2, 3, 4), (2, 12)), ((0,), (1, 0)), ((3, 0, 2), (3, 0))),
        *(((1, 5, 6), (5, 6)), ((1, 1, 4), (1, 4)), ((1, 1, 1), (1, 1))),
    ],
)
def test_every_shape_is_seen_as_a_matrix(shape, matrix):
    assert matrix_shape(shape) == matrix


@st.composite
def parts(draw):
    shape = tuple(draw(st.lists(st.integers(0, 7), max_size=4)))
    dtype = draw(st.sampled_from(NUMBERS))
    rows, cols = (_slice(draw, size) for size in matrix_shape(shape))
    return shape, dtype, rows, cols, draw(st.booleans()), draw(st.booleans())


def _slice(draw, size):
    start = draw(st.integers(0, size))
    return slice(start, draw(st.integers(start, size)), draw(st.integers(1, 4)))


class File:
    """Bytes that count what is read of them."""

    def __init__(self, data, offset=0):
        self.data, self.offset, self.read_bytes, self.reads = data, offset, 0, 0

    def read_at(self, offset, count):
        assert self.offset <= offset and offset + count <= self.offset + len(self.data)
        self.read_bytes += count
        self.reads += 1
        return self.data[offset - self.offset : offset - self.offset + count]


@given(parts(), st.integers(0, 2**32))
def test_a_part_is_that_part_of_the_whole(part, seed):
    shape, dtype, rows, cols, fortran, big_endian = part
    count = math.prod(shape)
    data = np.random.default_rng(seed).bytes(stored_bytes(dtype, count))
    order = "F" if fortran else "C"
    whole = decode(data, dtype, count, big_endian).reshape(shape, order=order).reshape(matrix_shape(shape))
    file = File(data, offset=17)
    found = read_part(file.read_at, 17, shape, dtype, rows, cols, fortran, big_endian)
    assert found.dtype == DTYPES[dtype].decoded and found.dtype.isnative
    assert found.shape == whole[rows, cols].shape
    assert np.array_equal(found.tobytes(), np.ascontiguousarray(whole[rows, cols]).tobytes())


class Zeros(File):
    def __init__(self):
        super().__init__(b"")

    def read_at(self, offset, count):
        self.read_bytes += count
        self.reads += 1
        return bytes(count)


LARGE = (1 << 20, 1 << 20)
TILE = slice(1 << 19, (1 << 19) + 32)


@pytest.mark.parametrize("fortran", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int4"])
def test_a_tile_of_a_huge_matrix_reads_the_tile(dtype, fortran):
    file = Zeros()
    tile = read_part(file.read_at, 0, LARGE, dtype, TILE, TILE, fortran)
    assert tile.shape == (32, 32)
    assert file.read_bytes <= 2 * stored_bytes(dtype, 32 * 32)


def test_a_lattice_of_a_huge_matrix_reads_single_items():
    file = Zeros()
    lattice = slice(0, 1 << 20, 1 << 15)
    assert read_part(file.read_at, 0, LARGE, "float32", lattice, lattice).shape == (32, 32)
    assert file.read_bytes == 32 * 32 * 4


def test_rows_side_by_side_are_one_read():
    file = Zeros()
    read_part(file.read_at, 0, (1000, 1000), "float32", slice(10, 20), slice(None))
    assert (file.reads, file.read_bytes) == (1, 40_000)


def test_narrow_rows_are_read_together():
    file = Zeros()
    read_part(file.read_at, 0, (100_000, 16), "float32", slice(None), slice(2, 10))
    assert file.reads <= 64


@pytest.mark.parametrize(
    ("shape", "dtype", "rows", "cols", "fortran"),
    [
        (LARGE, "float32", TILE, TILE, False),
        (LARGE, "float8_e4m3fn", slice(0, 1 << 20, 1 << 14), slice(0, 1 << 20, 1 << 12), False),
        ((4000, 4000), "bfloat16", slice(None), slice(0, 4000, 7), False),
        ((4000, 4000), "int4", slice(None), slice(None), False),
        ((40, 300, 1000), "float32", slice(0, 40, 2), slice(0, 300_000, 99), True),
    ],
)
def test_memory_is_the_part_and_at_most_one_mebibyte_more(shape, dtype, rows, cols, fortran):
    file = Zeros()
    read_part(file.read_at, 0, shape, dtype, slice(0, 1), slice(0, 1))  # tables are made once
    tracemalloc.start()
    try:
        part = read_part(file.read_at, 0, shape, dtype, rows, cols, fortran)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= part.nbytes + (1 << 20) + 65_536


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1 << 24, (1, 1 << 24)),
        (1 << 30, (1 << 15, 1 << 15)),
        (10**9, (31_250, 32_000)),
        (10**9 + 7, (1, 10**9 + 7)),  # a prime
        ((1 << 61) - 1, (1, (1 << 61) - 1)),  # nobody waits for the divisors of such
    ],
)
def test_vectors_too_long_for_a_line_have_rows_where_their_length_has_divisors(count, expected):
    assert matrix_shape((1, count)) == expected
    assert is_vector((1, count)) and not is_vector((count, 1))


def test_rows_of_a_long_vector_follow_each_other():
    rows, columns = matrix_shape((1 << 26,))
    place = rows // 2 * columns + 7
    holder = bytearray(16)

    def read_at(offset, count):
        assert offset == place and count == 16
        return bytes(holder)

    holder[:] = bytes(range(16))
    for fortran in (False, True):  # which says nothing of a vector
        part = read_part(read_at, 0, (1 << 26,), "uint8", slice(rows // 2, rows // 2 + 1), slice(7, 23), fortran)
        assert part.tolist() == [list(range(16))]
    assert read_items(read_at, 0, "uint8", place, 16).tolist() == list(range(16))
