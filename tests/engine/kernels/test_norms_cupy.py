"""Norms in CUDA, run on the CPU: the bits of the definition."""

import numpy as np
import pytest
from tensornaut.engine.kernels import norms as definition
from tensornaut.engine.kernels import norms_cupy as on_device


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1), (17, 33), (100, 5), (3, 1000)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int8, np.int64, np.bool_])
def test_norms_have_the_bits_of_the_definition(gpu, shape, dtype):
    random = np.random.default_rng(1)
    matrix = (random.normal(0, 30, shape)).astype(dtype)
    if matrix.size and matrix.dtype.kind == "f":
        matrix.reshape(-1)[random.integers(0, matrix.size, 3)] = [np.nan, np.inf, -0.0]
    expected, found = definition.norms_of(matrix), on_device.norms_of(matrix)
    assert found.rows.tobytes() == expected.rows.tobytes() and found.columns.tobytes() == expected.columns.tobytes()


@pytest.mark.parametrize(("dtype", "stored"), [("bfloat16", np.uint16), ("float8_e4m3fn", np.uint8)])
def test_norms_of_numbers_given_by_their_bits(gpu, dtype, stored):
    matrix = np.random.default_rng(2).integers(0, 256, (20, 40)).astype(stored) << (stored().itemsize * 8 - 8)
    expected, found = definition.norms_of(matrix, dtype), on_device.norms_of(matrix, dtype)
    assert found.rows.tobytes() == expected.rows.tobytes() and found.columns.tobytes() == expected.columns.tobytes()
