"""Summaries on their way through pipes and files: the same bits come out."""

from dataclasses import fields, replace

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tensornaut.engine.kernels.pyramid import pyramid_of
from tensornaut.engine.kernels.summarize import BINS, TensorSummary, fold, summarize_block
from tensornaut.engine.summaries import from_bytes, joined, parted, to_bytes

DTYPES = st.sampled_from(["float64", "float32", "float16", "int64", "uint64", "int16", "int8", "bool", "complex64"])
VECTORS = DTYPES.flatmap(lambda dtype: arrays(dtype, st.integers(0, 60)))
MATRICES = arrays(np.float64, st.tuples(st.integers(0, 20), st.integers(0, 20)))


def assert_same(one, other):
    for field in fields(TensorSummary):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes()), field.name
        elif field.name == "pyramid" and a is not None:
            assert all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in ("mean", "min", "max"))
            assert a.mean.shape == b.mean.shape
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


@given(arrays(np.float32, st.integers(1, 60)), MATRICES)
def test_small_floats_and_pyramids_too(values, matrix):
    with np.errstate(all="ignore"):
        level = pyramid_of(matrix)
    small = values.astype(ml_dtypes.bfloat16).astype(np.float32)
    summary = replace(summarize_block(small, "bfloat16"), pyramid=level)
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
