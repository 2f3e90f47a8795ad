"""Softmax and its logarithm along any axis: both versions give what onnxruntime gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes


@pytest.mark.parametrize("kind", ["Softmax", "LogSoftmax"])
@settings(max_examples=30)
@given(shape=array_shapes(min_dims=1, max_dims=4, max_side=6), data=st.data(), seed=st.integers(0, 1000))
def test_both_versions_give_what_onnx_gives(versions, onnx_says, same, kind, shape, data, seed):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = (np.random.default_rng(seed).standard_normal(shape) * 30).astype(np.float32)
    expected = onnx_says(kind, x, axis=axis)
    old = onnx_says(kind, x, axis=axis % len(shape), opset=11)
    for version in versions(kind):
        same(version(x, axis=axis), expected)
        same(version(x, axis=axis, flattened=1), old)


def test_what_is_masked_gets_nothing(versions):
    x = np.array([[0, -np.inf, 0]], np.float32)
    for version in versions("Softmax"):
        assert np.array_equal(version(x), [[0.5, 0, 0.5]])


def test_large_numbers_do_not_overflow(versions):
    x = np.array([[1e30, 1e30, -1e30]], np.float32)
    for version in versions("Softmax"):
        assert np.array_equal(version(x), [[0.5, 0.5, 0]])
