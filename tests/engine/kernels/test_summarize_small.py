"""Many small vectors at once have the summaries that each has alone, bit by bit."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays, from_dtype
from tensornaut.engine.kernels.summarize import TensorSummary, summarize_block
from tensornaut.engine.kernels.summarize_small import summarize_many

TYPES = ["float64", "float32", "float16", "int64", "uint64", "int32", "int16", "uint8", "int8", "bool", "complex64"]


def assert_same(one, other):
    for field in fields(TensorSummary):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes()), field.name
        else:
            assert (type(a), repr(a)) == (type(b), repr(b)), field.name


@given(st.data())
def test_rows_are_summarized_as_each_alone(data):
    dtype = np.dtype(data.draw(st.sampled_from(TYPES)))
    shape = data.draw(st.tuples(st.integers(0, 4), st.integers(0, 40)))
    rows = data.draw(arrays(dtype, shape, elements=from_dtype(dtype)))
    for row, found in zip(rows, summarize_many(rows), strict=True):
        assert_same(found, summarize_block(row))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "int8"])
@pytest.mark.parametrize("count", [1, 15, 16, 17, 500, 4095, 4096, 4097, 9000])
def test_of_any_length(dtype, count):
    rows = (np.random.default_rng(count).normal(0, 9, (3, count))).astype(dtype)
    if rows.dtype.kind == "f":
        rows[1, 0], rows[2] = np.nan, np.inf
    for row, found in zip(rows, summarize_many(rows), strict=True):
        assert_same(found, summarize_block(row))


@given(arrays(np.uint16, st.tuples(st.integers(1, 3), st.integers(1, 30))))
def test_of_bits_of_bfloat16_and_its_numbers(words):
    numbers = (words.astype(np.uint32) << 16).view(np.float32)
    for rows in (words, numbers):
        for row, found in zip(rows, summarize_many(rows, "bfloat16"), strict=True):
            assert_same(found, summarize_block(row, "bfloat16"))
