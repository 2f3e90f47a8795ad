"""Axes made one number, as onnxruntime does it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.forward.reduce import REDUCTIONS, arg_max, arg_min, cum_sum

SHAPE = (2, 3, 4)


def numbers(seed):
    return np.asarray(np.abs(np.random.default_rng(seed).standard_normal(SHAPE)) + 0.1, np.float32)


@pytest.mark.parametrize("kind", REDUCTIONS)
@settings(max_examples=15)
@given(axes=st.none() | st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True), keep=st.integers(0, 1))
def test_reductions(onnx_says, same, kind, axes, keep):
    x = numbers(0)
    more = () if axes is None else (np.array(axes),)
    same(REDUCTIONS[kind](x, *more, keepdims=keep), onnx_says(kind, x, *more, keepdims=keep))


@settings(max_examples=15)
@given(st.integers(-3, 2), st.integers(0, 1), st.integers(0, 1))
def test_places(onnx_says, same, axis, keep, last):
    x = np.random.default_rng(0).integers(0, 3, SHAPE).astype(np.float32)
    how = {"axis": axis, "keepdims": keep, "select_last_index": last}
    same(arg_max(x, **how), onnx_says("ArgMax", x, **how))
    same(arg_min(x, **how), onnx_says("ArgMin", x, **how))


@settings(max_examples=15)
@given(st.integers(-3, 2), st.integers(0, 1), st.integers(0, 1))
def test_sums_so_far(onnx_says, same, axis, exclusive, reverse):
    x, how = numbers(0), {"exclusive": exclusive, "reverse": reverse}
    same(cum_sum(x, np.array(axis), **how), onnx_says("CumSum", x, np.array(axis), **how))


def test_axes_that_are_not_there_are_refused():
    with pytest.raises(InputError):
        REDUCTIONS["ReduceSum"](numbers(0), np.array([3]))
    with pytest.raises(InputError):
        REDUCTIONS["ReduceSum"](numbers(0), np.array([0, -3]))
    with pytest.raises(InputError):
        arg_max(np.zeros((0, 2), np.float32))
