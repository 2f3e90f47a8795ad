"""Arrays out of numbers that say where, how many or of which type, as onnxruntime does it."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.forward import lookup

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@settings(max_examples=30)
@given(st.integers(-3, 2), st.data())
def test_gather(onnx_says, same, axis, data):
    size = X.shape[axis]
    places = data.draw(arrays(np.int64, st.sampled_from([(), (2,), (2, 3)]), elements=st.integers(-size, size - 1)))
    same(lookup.gather(X, places, axis=axis), onnx_says("Gather", X, places, axis=axis))


def test_gather_of_single_elements(onnx_says, same):
    places = np.array([[[0, -1], [1, 0]]])
    same(lookup.gather_elements(X, places, axis=1), onnx_says("GatherElements", X, places, axis=1))
    places = np.array([[1, 2], [0, -1]])
    same(lookup.gather_nd(X, places), onnx_says("GatherND", X, places))


def test_types(onnx_says, same):
    from onnx import TensorProto

    x = np.array([0, 1.7, -1.7, 200], np.float32)
    for name, code in (("int64", TensorProto.INT64), ("bool", TensorProto.BOOL), ("float64", TensorProto.DOUBLE)):
        same(lookup.as_type(x, to=name), onnx_says("Cast", x, to=code))
    same(lookup.cast_like(x, np.zeros(1, np.int32)), x.astype(np.int32))


@settings(max_examples=50)
@given(arrays(np.float32, 5, elements=st.floats(width=32)))
def test_small_floats_are_rounded_and_kept_wide(x):
    with np.errstate(over="ignore"):
        for name in ("float16", "bfloat16"):
            found, expected = lookup.as_type(x, to=name), x.astype(np.dtype(getattr(ml_dtypes, name, np.float16)))
            assert found.dtype == np.float32
            assert np.array_equal(found, expected.astype(np.float32), equal_nan=True)


def test_made_of_numbers(onnx_says, same):
    shape, value = np.array([2, 3]), np.array([1.5], np.float32)
    same(lookup.constant_of_shape(shape, value), np.full((2, 3), 1.5, np.float32))
    same(lookup.constant_of_shape(shape), np.zeros((2, 3), np.float32))
    for numbers in ((0, 7, 2), (5, 0, -1), (3, 3, 1)):
        ends = [np.array(number) for number in numbers]
        same(lookup.range_(*ends), onnx_says("Range", *ends))
    ends = [np.array(number, np.float32) for number in (0.5, 3, 0.75)]
    same(lookup.range_(*ends), onnx_says("Range", *ends))
    same(lookup.shape_of(X, start=-2), np.array([3, 4]))
    same(lookup.size_of(X), np.array(24))


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_one_hot(onnx_says, same, axis):
    more = np.array([0, -1, 5]), np.array(4), np.array([0.25, 2], np.float32)
    same(lookup.one_hot(*more, axis=axis) if axis < 2 else None, onnx_says("OneHot", *more, axis=axis))


def test_the_largest(onnx_says, same):
    x = np.random.default_rng(0).permutation(24).reshape(2, 3, 4).astype(np.float32)
    for axis, largest in ((-1, 1), (1, 0)):
        found = lookup.top_k(x, np.array([2]), axis=axis, largest=largest)
        for each, expected in zip(
            found, onnx_says("TopK", x, np.array([2]), axis=axis, largest=largest, outputs=2), strict=True
        ):
            same(each, expected)


def test_triangles_and_places(onnx_says, same):
    for upper, k in ((1, 0), (0, -1), (1, 2**40)):
        shown = np.array(max(-9, min(9, k)))
        same(lookup.trilu(X, np.array(k), upper=upper), onnx_says("Trilu", X, shown, upper=upper))
    same(lookup.non_zero(X), onnx_says("NonZero", X))


FAR = np.array([1 << 40])


@pytest.mark.parametrize(
    "call",
    [
        lambda: lookup.gather(X, np.array([2])),
        lambda: lookup.gather(X, np.array([0.5])),
        lambda: lookup.gather(X, np.array([(1 << 64) - 1], np.uint64)),  # which is no -1
        lambda: lookup.gather(X, np.broadcast_to(np.int8(0), (1 << 15, 1 << 15))),
        lambda: lookup.gather_elements(X, np.array([0])),
        lambda: lookup.gather_nd(X, np.array([[0, 9]])),
        lambda: lookup.as_type(X, to="string"),
        lambda: lookup.constant_of_shape(np.array([1 << 20, 1 << 20])),
        lambda: lookup.constant_of_shape(np.array([-1])),
        lambda: lookup.range_(np.array([0]), FAR, np.array([1])),
        lambda: lookup.range_(np.array([0]), FAR, np.array([0])),
        lambda: lookup.range_(np.array(0.0), np.array(np.inf), np.array(1.0)),
        lambda: lookup.one_hot(np.array([0]), FAR, np.array([0, 1])),
        lambda: lookup.top_k(X, FAR),
        lambda: lookup.trilu(X[0, 0]),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_made(call):
    with pytest.raises(InputError):
        call()
