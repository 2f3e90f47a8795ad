"""Many small vectors at once in CUDA, run on the CPU: the summaries that the definition gives."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays, from_dtype
from tensornaut.engine.kernels import summarize_small as definition
from tensornaut.engine.kernels import summarize_small_cupy as on_device

TYPES = ["float64", "float32", "float16", "int64", "uint64", "int32", "int16", "uint8", "int8", "bool"]


def facts(summary):
    """All of a summary, for comparison by bits."""
    values = [getattr(summary, column.name) for column in fields(summary)]
    return [(value.dtype, value.tobytes()) if isinstance(value, np.ndarray) else repr(value) for value in values]


def check(rows, dtype=None):
    expected = [facts(summary) for summary in definition.summarize_many(rows, dtype)]
    assert [facts(summary) for summary in on_device.summarize_many(rows, dtype)] == expected


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_rows_have_the_summaries_of_the_definition(gpu, data):
    dtype = np.dtype(data.draw(st.sampled_from(TYPES)))
    shape = data.draw(st.tuples(st.integers(0, 4), st.integers(0, 40)))
    check(data.draw(arrays(dtype, shape, elements=from_dtype(dtype))))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "uint32", "int8", "bool"])
@pytest.mark.parametrize("length", [1, 15, 17, 500, 4095, 4096, 4097])
def test_of_any_length(gpu, monkeypatch, dtype, length):
    monkeypatch.setattr(on_device, "AT_ONCE", 3)
    rows = np.random.default_rng(length).normal(0, 9, (5, length)).astype(dtype)
    if rows.dtype.kind == "f":
        rows[1, 0], rows[2], rows[3] = np.nan, np.inf, -0.0
    check(rows)


def test_of_more_rows_than_there_are_groups(gpu):
    check(np.random.default_rng(0).normal(0, 1e200, (50, 100)))
    check(np.random.default_rng(0).integers(0, 9, (50, 100)).astype(np.uint8))


@pytest.mark.parametrize("length", [1, 30, 900])
def test_of_bits_of_bfloat16_and_its_numbers(gpu, length):
    words = np.random.default_rng(1).integers(0, 1 << 16, (3, length)).astype(np.uint16)
    check(words, "bfloat16")
    check((words.astype(np.uint32) << 16).view(np.float32), "bfloat16")


def test_complex_numbers_are_refused(gpu):
    with pytest.raises(ValueError, match="complex64"):
        on_device.summarize_many(np.ones((2, 3), np.complex64))
