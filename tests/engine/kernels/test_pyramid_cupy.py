"""Pyramids in CUDA, run on the CPU: the bits of the definition."""

import numpy as np
import pytest
from tensornaut.engine.kernels import pyramid as definition
from tensornaut.engine.kernels import pyramid_cupy as on_device
from tensornaut.engine.kernels.decode import DTYPES

SHAPES = [(1, 1), (8, 8), (7, 9), (20, 300), (65, 33), (0, 5), (5, 0)]
BY_BITS = ["bfloat16", "float8_e4m3fn", "float8_e5m2fnuz"]
PLAIN = [name for name, kind in DTYPES.items() if kind.bits >= 8 and kind.stored == name and "complex" not in name]


def matrix_of(dtype, shape, seed=0):
    """Random bits of a type, or numbers near each other with special ones, as they are stored."""
    random = np.random.default_rng(seed)
    stored = np.dtype(DTYPES[dtype].stored)
    if stored.kind == "f" and seed:
        values = random.normal(0, 1, shape).astype(stored)
        values[random.random(shape) < 0.05] = np.nan
        return values
    size = shape[0] * shape[1]
    return random.integers(0, 256, size * stored.itemsize, np.uint8).view(stored).reshape(shape)


def columns(level):
    return [(column.dtype, column.shape, column.tobytes()) for column in vars(level).values()]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("dtype", [*PLAIN, *BY_BITS, "bool"])
def test_levels_of_every_type_have_the_bits_of_the_definition(gpu, dtype, seed):
    for shape in SHAPES:
        matrix = matrix_of(dtype, shape, seed)
        if dtype == "bool":
            matrix = matrix < 128
        expected = definition.pyramid_of(matrix, dtype)
        assert columns(on_device.pyramid_of(matrix, dtype)) == columns(expected), shape


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_coarser_levels_have_the_bits_of_the_definition(gpu, dtype, factor):
    for shape in SHAPES[:5]:
        level = definition.pyramid_of(matrix_of(dtype, shape, 2))
        for _ in range(2):
            expected = definition.coarser(level, factor)
            found = on_device.coarser_on_device(gpu, level, factor)
            assert columns(found) == columns(expected)
            level = expected


def test_a_level_of_a_run_that_begins_and_ends_within_rows(gpu):
    """What is missing of the first and the last band counts as no number."""
    matrix = matrix_of("float32", (30, 50), 3)
    run = matrix.reshape(-1)[123:1234]
    holed = np.full(30 * 50, np.nan, np.float32)
    holed[123:1234] = run
    expected = definition.pyramid_of(holed.reshape(30, 50))
    assert columns(on_device.fill_level(gpu, run, None, -123, 50, 50, 4)) == columns(expected)


def test_rows_of_zeros_are_found(gpu):
    matrix = np.zeros((40, 301), np.float32)
    matrix[3, 300], matrix[7, 5], matrix[9, 0], matrix[11, 9] = 1, np.nan, 5e-45, -0.0
    found = on_device.alive_rows(gpu, np.concatenate([[9, 9], matrix.reshape(-1)]).astype(np.float32), None, 2, 301, 40)
    assert np.flatnonzero(found).tolist() == [3, 7, 9]


def test_memory_that_is_used_again_is_filled(gpu):
    matrix = matrix_of("float16", (33, 20), 1)
    level = definition.empty_level(matrix.shape, matrix.dtype)
    assert on_device.pyramid_of(matrix, None, level) is level
    assert columns(level) == columns(definition.pyramid_of(matrix))
