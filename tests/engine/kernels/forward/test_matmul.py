"""Products of matrices as onnxruntime makes them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.forward.matmul import gemm, linear, matmul

sides = st.integers(1, 5)
seeds = st.integers(0, 1000)


def numbers(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


@settings(max_examples=25)
@given(st.sampled_from([((), ()), ((2,), (2,)), ((2,), ()), ((3, 1), (1, 2)), ((), (4,))]), sides, sides, sides, seeds)
def test_matmul(onnx_says, same, before, rows, inner, columns, seed):
    a, b = numbers(seed, *before[0], rows, inner), numbers(seed + 1, *before[1], inner, columns)
    same(matmul(a, b), onnx_says("MatMul", a, b))
    same(
        matmul(a, b[..., 0]) if not before[1] else matmul(a, b),
        onnx_says("MatMul", a, b[..., 0] if not before[1] else b),
    )


@settings(max_examples=25)
@given(sides, sides, sides, st.integers(0, 1), st.integers(0, 1), st.sampled_from([1.0, 0.5]), seeds, st.data())
def test_gemm(onnx_says, same, rows, inner, columns, turn_a, turn_b, factor, seed, data):
    a = numbers(seed, *((inner, rows) if turn_a else (rows, inner)))
    b = numbers(seed + 1, *((columns, inner) if turn_b else (inner, columns)))
    shape = data.draw(st.sampled_from([None, (), (columns,), (rows, 1), (rows, columns)]))
    more = () if shape is None else (numbers(seed + 2, *shape) if shape else np.array(0.3, np.float32),)
    how = {"transA": turn_a, "transB": turn_b, "alpha": factor, "beta": 2 * factor}
    same(gemm(a, b, *more, **how), onnx_says("Gemm", a, b, *more, **how))


def test_linear_is_gemm_for_any_number_of_axes(onnx_says, same):
    x, weight, bias = numbers(0, 2, 3, 4), numbers(1, 5, 4), numbers(2, 5)
    rows = onnx_says("Gemm", x.reshape(6, 4), weight, bias, transB=1)
    same(linear(x, weight, bias), rows.reshape(2, 3, 5))


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(InputError):
        matmul(numbers(0, 2, 3), numbers(0, 2, 3))
    with pytest.raises(InputError):
        gemm(numbers(0, 2, 3), numbers(0, 3, 2), numbers(0, 4))
    with pytest.raises(InputError):
        linear(numbers(0, 2, 3), numbers(0, 2, 3), numbers(0, 3))
    huge = np.broadcast_to(np.float32(1), (1 << 20, 1))
    with pytest.raises(InputError, match="at most"):
        matmul(huge, huge.T)
