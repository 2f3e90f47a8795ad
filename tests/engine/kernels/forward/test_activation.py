"""Functions of one number: both versions give what onnxruntime or torch give, at every size of number."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.forward.activation import clip, prelu

floats = st.floats(-1e4, 1e4, width=32) | st.floats(-6, 6, width=32)
some = arrays(np.float32, array_shapes(min_dims=0, max_dims=3, max_side=5), elements=floats)

OF_ONNX = {
    "Celu": {"alpha": 0.7},
    "Elu": {"alpha": 0.7},
    "Erf": {},
    "Gelu": {},
    "HardSigmoid": {"alpha": 0.3, "beta": 0.4},
    "HardSwish": {},
    "LeakyRelu": {"alpha": 0.1},
    "Mish": {},
    "Relu": {},
    "Selu": {},
    "Sigmoid": {},
    "Softplus": {},
    "Softsign": {},
    "Tanh": {},
    "ThresholdedRelu": {"alpha": 0.5},
}


@pytest.mark.parametrize("kind", OF_ONNX)
@settings(max_examples=20)
@given(x=some)
def test_both_versions_give_what_onnx_gives(versions, onnx_says, same, kind, x):
    expected = onnx_says(kind, x, **OF_ONNX[kind])
    for version in versions(kind):
        same(version(x, **OF_ONNX[kind]), expected)


@settings(max_examples=20)
@given(x=some)
def test_gelu_by_tanh(versions, onnx_says, same, x):
    expected = onnx_says("Gelu", x, approximate="tanh")
    for version in versions("Gelu"):
        same(version(x, approximate="tanh"), expected)


@pytest.mark.parametrize("kind, alpha", [("Silu", 1.0), ("Silu", 0.5), ("QuickGelu", 1.702)])
@settings(max_examples=20)
@given(x=some)
def test_silu(versions, onnx_says, same, kind, alpha, x):
    expected = x * onnx_says("Sigmoid", np.asarray(x * np.float32(alpha)))
    for version in versions(kind):
        same(version(x, alpha=alpha), expected)


@settings(max_examples=20)
@given(x=arrays(np.float32, (2, 3, 4), elements=floats), slope=arrays(np.float32, (3, 1), elements=floats))
def test_prelu(onnx_says, same, x, slope):
    same(prelu(x, slope), onnx_says("PRelu", x, slope))


@settings(max_examples=20)
@given(x=some, low=floats, more=st.floats(0, 10, width=32))
def test_clip(onnx_says, same, x, low, more):
    bounds = np.float32(low), np.float32(low) + np.float32(more)
    same(clip(x, *map(np.array, bounds)), onnx_says("Clip", x, *map(np.array, bounds)))
    same(clip(x, np.array(bounds[0])), np.maximum(x, bounds[0]))


def test_erf_is_exact_to_the_last_bit(versions):
    x = np.linspace(-4, 4, 999, dtype=np.float32)
    expected = np.array([math.erf(float(number)) for number in x]).astype(np.float32)
    for version in versions("Erf"):
        np.testing.assert_array_max_ulp(version(x), expected, 1)


@pytest.mark.parametrize("kind", ["Sigmoid", "Silu", "Softplus", "Mish", "Gelu", "Erf"])
def test_what_is_not_a_number_stays_visible(versions, kind):
    for version in versions(kind):
        assert np.isnan(version(np.array([np.nan, 1], np.float32))[0])


def test_unknown_settings_are_refused(versions):
    for version in versions("Gelu"):
        with pytest.raises(InputError):
            version(np.ones(3, np.float32), approximate="fast")
    with pytest.raises(InputError):
        clip(np.ones(3, np.float32), np.ones(3, np.float32))
    with pytest.raises(InputError):
        prelu(np.ones(3, np.float32), np.ones((4, 3), np.float32))
