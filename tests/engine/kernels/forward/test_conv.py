"""Convolutions: both versions give what onnxruntime gives, for every shape, stride, padding, dilation and group."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.forward.conv import conv, conv_transpose

EXAMPLES = 40


@st.composite
def convolutions(draw, transposed=False):
    """(x, weight, bias or None, settings)."""
    rank = draw(st.sampled_from([1, 2, 2, 3]))
    group, inputs, outputs = (draw(st.integers(1, 3)) for _ in range(3))
    if draw(st.booleans()):
        outputs *= 5  # more than what is summed directly
    kernel = [draw(st.integers(1, 3)) for _ in range(rank)]
    strides, dilations = ([draw(st.integers(1, 3)) for _ in range(rank)] for _ in range(2))
    places = [draw(st.integers(1, 9)) for _ in range(rank)]
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    channels, n = group * inputs, draw(st.integers(1, 2))
    x = random.standard_normal((n, channels, *places), np.float32)
    shape = (channels, outputs, *kernel) if transposed else (group * outputs, inputs, *kernel)
    weight = random.standard_normal(shape, np.float32)
    bias = random.standard_normal(group * outputs, np.float32) if draw(st.booleans()) else None
    how = {"strides": strides, "dilations": dilations, "group": group}
    auto_pad = draw(st.sampled_from(["NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]))
    if auto_pad == "NOTSET":
        how["pads"] = [draw(st.integers(0, 2)) for _ in range(2 * rank)]
    elif not transposed:
        how["auto_pad"] = auto_pad
        assume(auto_pad == "VALID" or set(dilations) == {1})  # onnxruntime refuses dilation here
    if transposed:
        how["output_padding"] = [draw(st.integers(0, step - 1)) for step in strides]
    return x, weight, bias, how


def tuples(how):
    return {name: tuple(value) if isinstance(value, list) else value for name, value in how.items()}


@settings(max_examples=EXAMPLES)
@given(convolutions())
def test_both_versions_give_what_onnx_gives(versions, onnx_says, same, case):
    x, weight, bias, how = case
    try:
        found = [version(x, weight, bias, **tuples(how)) for version in versions("Conv")]
    except InputError:
        assume(False)  # a window that does not fit
    expected = onnx_says("Conv", *([x, weight] if bias is None else [x, weight, bias]), **how)
    for each in found:
        same(each, expected)


@settings(max_examples=EXAMPLES)
@given(convolutions(transposed=True))
def test_transposed_ones_too(onnx_says, same, case):
    x, weight, bias, how = case
    try:
        found = conv_transpose(x, weight, bias, **tuples(how))
    except InputError:
        assume(False)
    assume(min(found.shape) > 0)
    same(found, onnx_says("ConvTranspose", *([x, weight] if bias is None else [x, weight, bias]), **how))


def test_a_large_image_is_taken_in_parts(versions, same):
    """The columns of one are more than are laid out at once."""
    random = np.random.default_rng(0)
    x, weight = random.standard_normal((1, 16, 90, 90), np.float32), random.standard_normal((9, 16, 3, 3), np.float32)
    definition, fast = (version(x, weight, pads=(1, 1, 1, 1)) for version in versions("Conv"))
    assert 16 * 9 * 90 * 90 > 1 << 20
    same(fast, definition)


@pytest.mark.parametrize(
    "how",
    [
        {"pads": (-1, 0, 0, 0)},
        {"pads": (1 << 30,) * 4},
        {"pads": (1,)},
        {"strides": (0, 1)},
        {"strides": (-1, -1)},
        {"dilations": (1 << 40, 1)},
        {"dilations": (9, 9)},
        {"group": 0},
        {"group": 3},
        {"auto_pad": "SAME"},
        {"kernel_shape": (2, 2)},
    ],
)
def test_settings_that_make_no_sense_are_refused_before_anything_is_made(versions, how):
    x, weight = np.ones((1, 2, 8, 8), np.float32), np.ones((2, 2, 3, 3), np.float32)
    for version in versions("Conv"):
        with pytest.raises(InputError):
            version(x, weight, **how)


@pytest.mark.parametrize(
    "how",
    [
        {"pads": (9, 9, 9, 9)}, {"pads": (1,)}, {"pads": (-1, 0, 0, 0)}, {"auto_pad": "SAME"},
        {"output_padding": (1,)}, {"output_padding": (-1, 0)}, {"bias": np.ones(3, np.float32)},
        {"bias": np.ones((2, 1), np.float32)}, {"weight": np.ones((2, 1, 200, 100), np.float32)},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_of_transposed_ones_too(how):
    with pytest.raises(InputError):
        conv_transpose(**{"x": np.ones((1, 2, 4, 4), np.float32), "weight": np.ones((2, 2, 3, 3), np.float32)} | how)


def test_channels_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="channels"):
        conv(np.ones((1, 3, 8, 8), np.float32), np.ones((2, 2, 3, 3), np.float32))
