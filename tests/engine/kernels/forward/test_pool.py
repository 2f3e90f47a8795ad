"""Pooling: both versions give what onnxruntime gives."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.forward.table import KERNELS

EXAMPLES = 40


@st.composite
def pools(draw):
    """(x, settings)."""
    rank = draw(st.sampled_from([1, 2, 2, 3]))
    kernel = [draw(st.integers(1, 3)) for _ in range(rank)]
    places = [draw(st.integers(3, 9)) for _ in range(rank)]
    x = np.random.default_rng(draw(st.integers(0, 1000))).standard_normal((2, 3, *places), np.float32)
    how = {"kernel_shape": kernel, "strides": [draw(st.integers(1, 3)) for _ in range(rank)]}
    if draw(st.booleans()):
        how["pads"] = [draw(st.integers(0, (side - 1) // 2)) for side in kernel * 2]
        how["ceil_mode"] = draw(st.integers(0, 1))
    else:
        how["auto_pad"] = draw(st.sampled_from(["SAME_UPPER", "SAME_LOWER", "VALID"]))
        how["strides"] = list(map(min, how["strides"], kernel))  # onnxruntime refuses gaps here
    return x, how


def tuples(how):
    return {name: tuple(value) if isinstance(value, list) else value for name, value in how.items()}


@settings(max_examples=EXAMPLES)
@given(pools(), st.lists(st.integers(1, 2), min_size=3, max_size=3))
def test_the_largest_in_each_window(versions, onnx_says, same, case, dilations):
    x, how = case
    if "auto_pad" not in how:
        how = {**how, "dilations": dilations[: x.ndim - 2]}
    try:
        found = [version(x, **tuples(how)) for version in versions("MaxPool")]
    except InputError:
        assume(False)
    expected = onnx_says("MaxPool", x, **how)
    for each in found:
        same(each, expected)


@settings(max_examples=EXAMPLES)
@given(pools(), st.integers(0, 1))
def test_the_mean_of_each_window(versions, onnx_says, same, case, include):
    x, how = case
    how = {**how, "count_include_pad": include}
    expected = onnx_says("AveragePool", x, **how)
    for version in versions("AveragePool"):
        same(version(x, **tuples(how)), expected)


@pytest.mark.parametrize("kind", ["GlobalAveragePool", "GlobalMaxPool"])
def test_all_places_at_once(onnx_says, same, kind):
    x = np.random.default_rng(0).standard_normal((2, 3, 5, 4), np.float32)
    same(KERNELS[kind].definition(x), onnx_says(kind, x))


def test_what_is_not_a_number_stays_visible(versions):
    x = np.array([[[[1, np.nan], [0, 2]]]], np.float32)
    for version in versions("MaxPool"):
        assert np.isnan(version(x, kernel_shape=(2, 2))).all()


@pytest.mark.parametrize("kernel", [(0, 1), (1 << 20, 1 << 20), (-1, 2), (2,), ()])
def test_windows_that_make_no_sense_are_refused(versions, kernel):
    for version in versions("MaxPool") + versions("AveragePool"):
        with pytest.raises(InputError):
            version(np.ones((1, 1, 4, 4), np.float32), kernel_shape=kernel, pads=(1 << 20,) * 4)
