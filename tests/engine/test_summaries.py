"""Summaries on their way through pipes and files: the same bits come out."""

from dataclasses import fields

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tensornaut.engine.kernels.summarize import BINS, TensorSummary, fold, summarize_block
from tensornaut.engine.summaries import from_bytes, joined, parted, summarize, to_bytes

DTYPES = st.sampled_from(["float64", "float32", "float16", "int64", "uint64", "int16", "int8", "bool", "complex64"])
VECTORS = DTYPES.flatmap(lambda dtype: arrays(dtype, st.integers(0, 60)))


def assert_same(one, other):
    for field in fields(TensorSummary):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes()), field.name
        elif field.name == "run" and a is not None:
            names = ("mean", "min", "max", "count")
            assert all(getattr(a.level, name).tobytes() == getattr(b.level, name).tobytes() for name in names)
            assert a.level.mean.shape == b.level.mean.shape
            assert (a.zero_rows, a.head_is_zero, a.tail_is_zero) == (b.zero_rows, b.head_is_zero, b.tail_is_zero)
        else:
            assert (type(a), a) == (type(b), b), field.name


@given(VECTORS)
def test_bytes_give_back_the_summary_bit_by_bit(values):
    summary = summarize_block(values)
    data = to_bytes(summary)
    found = from_bytes(data)
    assert_same(found, summary)
    assert to_bytes(found) == data
    assert_same(fold([found, found]), fold([summary, summary]))


@given(arrays(np.float32, st.integers(1, 60)), st.integers(0, 50), st.integers(1, 40))
def test_small_floats_and_runs_of_a_matrix_too(values, first, width):
    small = values.astype(ml_dtypes.bfloat16).astype(np.float32)
    summary = summarize(small, "bfloat16", first, width)
    assert summary.run is not None
    assert_same(from_bytes(to_bytes(summary)), summary)


@given(st.lists(st.tuples(st.integers(0, BINS - 1), st.integers(1, 2**62)), max_size=30))
def test_counts_of_any_size_fit(counts):
    bins = np.zeros(BINS, np.int64)
    for place, count in counts:
        bins[place] = count
    summary = TensorSummary(7, 0, 0, 0, -1.5, 2, np.zeros((1, 6)), bins)
    assert_same(from_bytes(to_bytes(summary)), summary)


def test_few_numbers_take_few_bytes():
    values = np.random.default_rng(0).normal(0, 1, 1 << 18).astype(np.float16)
    assert len(to_bytes(summarize_block(values))) < values.nbytes / 4
    assert len(to_bytes(summarize_block(values[:10]))) < 1000


@given(VECTORS, st.data())
def test_a_part_of_the_bytes_is_no_summary(values, data):
    whole = to_bytes(summarize_block(values))
    with pytest.raises(ValueError):
        from_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(st.lists(st.binary(max_size=50), max_size=10), st.data())
def test_pieces_that_were_joined_part_again(pieces, data):
    whole = joined(pieces)
    assert parted(whole) == pieces
    if pieces:
        with pytest.raises(ValueError):
            parted(whole[: data.draw(st.integers(0, len(whole) - 1))])
