"""Arithmetic and logic with broadcasting, as onnxruntime does it, integers included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.forward.arithmetic import BINARY, FOLDED, UNARY, mean, mod, where

two = mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=4)
seeds = st.integers(0, 1000)
LOGIC = ("And", "Or", "Xor", "Not")
BITS = ("BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot")


def numbers(seed, shape, kind):
    random = np.random.default_rng(seed)
    if kind in LOGIC:
        return random.random(shape) < 0.5
    if kind in BITS:
        return random.integers(-100, 100, shape)
    return np.asarray(np.abs(random.standard_normal(shape)) + 0.1, np.float32)


@pytest.mark.parametrize("kind", BINARY)
@settings(max_examples=12)
@given(shapes=two, seed=seeds)
def test_two_arrays(onnx_says, same, kind, shapes, seed):
    a, b = (np.asarray(numbers(seed + k, shape, kind)) for k, shape in enumerate(shapes.input_shapes))
    same(BINARY[kind](a, b), onnx_says(kind, a, b))


@pytest.mark.parametrize("kind", ["Add", "Sub", "Mul", "Div"])
@settings(max_examples=12)
@given(shapes=two, seed=seeds)
def test_integers_stay_integers(onnx_says, same, kind, shapes, seed):
    a, b = (np.asarray(np.random.default_rng(seed).integers(1, 9, shape)) for shape in shapes.input_shapes)
    a = a * np.where(a % 2, -1, 1)
    same(BINARY[kind](a, b), onnx_says(kind, a, b))


@pytest.mark.parametrize("kind", UNARY)
def test_one_array(onnx_says, same, kind):
    x = numbers(0, (3, 7), kind)
    if kind not in LOGIC + BITS:
        x = np.clip(x, 0.1, 0.9) + (1 if kind == "Acosh" else 0)
        x = x if kind in ("Log", "Sqrt", "Acosh") else x * np.where(np.arange(7) % 2, -1, 1).astype(np.float32)
        x = x.astype(np.float32)
    same(UNARY[kind](x), onnx_says(kind, x))


@pytest.mark.parametrize("kind", FOLDED)
def test_many_arrays(onnx_says, same, kind):
    arrays = [numbers(0, (2, 3), kind), numbers(1, (3,), kind), numbers(2, (2, 1), kind)]
    same(FOLDED[kind](*arrays), onnx_says(kind, *arrays))
    same(mean(*arrays), onnx_says("Mean", *arrays))


def test_what_is_left_of_a_division(onnx_says, same):
    a, b = np.array([-7, 7, -7, 7]), np.array([3, 3, -3, -3])
    same(mod(a, b), onnx_says("Mod", a, b))
    same(mod(a, b, fmod=1), onnx_says("Mod", a, b, fmod=1))


def test_a_choice(onnx_says, same):
    condition, a, b = np.array([[True], [False]]), numbers(0, (2, 3), ""), numbers(1, (3,), "")
    same(where(condition, a, b), onnx_says("Where", condition, a, b))


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError):
        BINARY["Div"](np.array([1]), np.array([0]))
    with pytest.raises(InputError):
        mod(np.array([1]), np.array([0]))
    row = np.broadcast_to(np.float32(1), (1 << 20,))
    with pytest.raises(InputError, match="at most"):
        BINARY["Add"](row, row[:, None])
