"""Norms: both versions give what onnxruntime (where it has the operator) and torch give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.forward.norm import batch_norm, local_response_norm

EXAMPLES = 25
seeds = st.integers(0, 1000)


def numbers(seed, *shape):
    return (np.random.default_rng(seed).standard_normal(shape) * 3 + 1).astype(np.float32)


@pytest.fixture(scope="module")
def wide():
    """wide(name, *arguments): a function of torch in float64, rounded at the end."""
    torch = pytest.importorskip("torch", reason="a second implementation in float64 is torch's")

    def of(name, *arguments):
        given = [torch.from_numpy(each).double() if isinstance(each, np.ndarray) else each for each in arguments]
        return getattr(torch.nn.functional, name)(*given).numpy().astype(np.float32)

    return of


@settings(max_examples=EXAMPLES)
@given(array_shapes(min_dims=1, max_dims=4, max_side=6), st.data(), seeds)
def test_layer_norm(versions, wide, same, shape, data, seed):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    behind = shape[axis % len(shape) :]
    x, scale, bias = numbers(seed, *shape), numbers(seed + 1, *behind), numbers(seed + 2, *behind)
    expected = wide("layer_norm", x, behind, scale, bias, 1e-3)
    for version in versions("LayerNormalization"):
        same(version(x, scale, bias, axis=axis, epsilon=1e-3), expected)


@settings(max_examples=EXAMPLES)
@given(array_shapes(min_dims=1, max_dims=3, max_side=9), seeds)
def test_rms_norm(versions, wide, same, shape, seed):
    x, scale = numbers(seed, *shape), numbers(seed + 1, shape[-1])
    expected = wide("rms_norm", x, shape[-1:], scale, 1e-5)
    for version in versions("RMSNormalization"):
        same(version(x, scale, epsilon=1e-5), expected)


@settings(max_examples=EXAMPLES)
@given(st.integers(1, 3), st.integers(1, 3), array_shapes(min_dims=1, max_dims=2, max_side=5), seeds)
def test_group_norm(versions, wide, same, groups, share, places, seed):
    channels = groups * share
    x, scale, bias = numbers(seed, 2, channels, *places), numbers(seed + 1, channels), numbers(seed + 2, channels)
    expected = wide("group_norm", x, groups, scale, bias, 1e-3)
    for version in versions("GroupNormalization"):
        same(version(x, scale, bias, num_groups=groups, epsilon=1e-3), expected)


@settings(max_examples=EXAMPLES)
@given(array_shapes(min_dims=3, max_dims=4, min_side=2, max_side=5), seeds)
def test_instance_norm(versions, wide, same, shape, seed):
    x, scale, bias = numbers(seed, *shape), numbers(seed + 1, shape[1]), numbers(seed + 2, shape[1])
    expected = wide("group_norm", x, shape[1], scale, bias, 1e-3)
    for version in versions("InstanceNormalization"):
        same(version(x, scale, bias, epsilon=1e-3), expected)


def test_groups_and_instances_as_onnx_has_them(versions, onnx_says, same):
    """Large groups: onnxruntime adds in float32, and loses digits in small ones."""
    x, scale, bias = numbers(0, 2, 6, 20, 20), numbers(1, 6), numbers(2, 6)
    grouped = onnx_says("GroupNormalization", x, scale, bias, num_groups=3, epsilon=1e-3, opset=21)
    each = onnx_says("InstanceNormalization", x, scale, bias, epsilon=1e-3)
    layer = onnx_says("LayerNormalization", x, scale[0] * x[0], bias[0] * x[1], axis=1, epsilon=1e-3)
    for version in versions("LayerNormalization"):
        same(version(x, scale[0] * x[0], bias[0] * x[1], axis=1, epsilon=1e-3), layer)
    for version in versions("GroupNormalization"):
        same(version(x, scale, bias, num_groups=3, epsilon=1e-3), grouped)
    for version in versions("InstanceNormalization"):
        same(version(x, scale, bias, epsilon=1e-3), each)


@settings(max_examples=EXAMPLES)
@given(array_shapes(min_dims=2, max_dims=4, max_side=5), seeds)
def test_batch_norm(onnx_says, same, shape, seed):
    x, *stored = numbers(seed, *shape), *(numbers(seed + k, shape[1]) for k in (1, 2, 3))
    variance = np.abs(numbers(seed + 4, shape[1])) + np.float32(0.1)
    same(batch_norm(x, *stored, variance), onnx_says("BatchNormalization", x, *stored, variance))


@settings(max_examples=EXAMPLES)
@given(st.integers(1, 7), st.sampled_from([1, 3, 5]), seeds)
def test_local_response_norm(onnx_says, same, channels, size, seed):
    x = numbers(seed, 2, channels, 3, 2)
    how = {"size": size, "alpha": 0.01, "beta": 0.6, "bias": 2.0}
    same(local_response_norm(x, **how), onnx_says("LRN", x, **how))


def test_a_constant_group_becomes_zero(versions):
    for version in versions("LayerNormalization"):
        assert np.array_equal(version(np.full((2, 5), 7, np.float32)), np.zeros((2, 5)))


def test_sizes_that_do_not_fit_are_refused(versions):
    x, three = np.ones((1, 4, 2), np.float32), np.ones(3, np.float32)
    for version in versions("GroupNormalization"):
        with pytest.raises(InputError):
            version(x, three, three, num_groups=3)
        with pytest.raises(InputError):
            version(x[0, 0, 0], three, three, num_groups=1)
    for version in versions("InstanceNormalization"):
        with pytest.raises(InputError):
            version(x, three, three)
        with pytest.raises(InputError):
            version(three, three, three)
    with pytest.raises(InputError):
        batch_norm(x, three, three, three, three)


@pytest.mark.parametrize("shape", [(3,), (5, 1, 4, 2)])
def test_a_scale_that_would_change_the_shape_is_refused(versions, shape):
    x = np.ones((1, 4, 2), np.float32)
    for version in versions("LayerNormalization") + versions("RMSNormalization"):
        with pytest.raises(InputError):
            version(x, np.ones(shape, np.float32))
