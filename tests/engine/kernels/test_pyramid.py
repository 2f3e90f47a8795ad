"""Levels of a pyramid: right against plain NumPy, and the same bits in both versions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensornaut.engine.kernels import pyramid as definition
from tensornaut.engine.kernels import pyramid_numba as compiled
from tensornaut.engine.kernels.pyramid import coarser, pyramid_of

TYPES = ["float32", "float64", "float16", "int8", "uint8", "int16", "uint16", "int32", "uint64", "bool"]
COLUMNS = ("mean", "min", "max", "count")


def bits(level):
    return [(getattr(level, name).dtype, getattr(level, name).tobytes()) for name in COLUMNS]


@st.composite
def matrices(draw):
    """A random body, with special numbers strewn in; some not contiguous."""
    dtype = np.dtype(draw(st.sampled_from(TYPES)))
    shape = draw(st.sampled_from([(0, 5), (5, 0), (1, 1), (8, 64), (17, 130), (9, 7), (24, 200), (3, 64)]))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    with np.errstate(over="ignore", invalid="ignore"):
        matrix = random.normal(0, 10.0 ** draw(st.integers(-40, 4)), shape).astype(dtype)
    if matrix.size:
        special = draw(arrays.arrays(dtype, 6, elements=arrays.from_dtype(dtype)))
        matrix.flat[random.integers(0, matrix.size, draw(st.integers(0, 6)))] = special[0]
        matrix.flat[random.integers(0, matrix.size, 6)] = np.where(random.random(6) < 0.5, special, matrix.flat[0])
    return draw(st.sampled_from([matrix, matrix[::2, ::-1], np.asfortranarray(matrix)]))


@given(arrays.arrays(np.float32, st.tuples(st.integers(0, 20), st.integers(0, 20))))
def test_every_block_has_the_mean_and_extremes_of_its_finite_numbers(matrix):
    level = pyramid_of(matrix)
    assert level.mean.shape == tuple(-(-side // 8) for side in matrix.shape)
    for (i, j), mean in np.ndenumerate(level.mean):
        block = matrix[8 * i : 8 * i + 8, 8 * j : 8 * j + 8].astype(np.float64)
        finite = block[np.isfinite(block)]
        assert level.count[i, j] == len(finite)
        if not len(finite):
            assert np.isnan([mean, level.min[i, j], level.max[i, j]]).all()
            continue
        assert (level.min[i, j], level.max[i, j]) == (finite.min(), finite.max())
        assert np.isclose(mean, finite.mean(), rtol=1e-12, atol=1e-12 * np.abs(finite).max())


@given(matrices())
def test_both_versions_give_the_same_bits_for_every_type(matrix):
    level = definition.pyramid_of(matrix)
    assert bits(compiled.pyramid_of(matrix)) == bits(level)
    for factor in (2, 8):
        above = definition.coarser(level, factor)
        assert bits(compiled.coarser(level, factor)) == bits(above)
        assert bits(compiled.coarser(above, 2)) == bits(definition.coarser(above, 2))


@given(arrays.arrays(np.uint16, (16, 70)))
def test_bits_of_bfloat16_are_its_numbers(words):
    numbers = (words.astype(np.uint32) << 16).view(np.float32)
    expected = bits(definition.pyramid_of(numbers))
    assert bits(definition.pyramid_of(words, "bfloat16")) == expected
    assert bits(compiled.pyramid_of(words, "bfloat16")) == expected


@pytest.mark.parametrize("factor", [2, 8])
def test_a_coarser_level_is_that_of_larger_blocks(factor):
    matrix = np.random.default_rng(0).normal(size=(100, 300))
    matrix[5:40, 7:90], matrix[0, 0] = np.nan, np.inf
    level, side = coarser(pyramid_of(matrix), factor), 8 * factor
    for (i, j), mean in np.ndenumerate(level.mean):
        block = matrix[side * i : side * (i + 1), side * j : side * (j + 1)]
        finite = block[np.isfinite(block)]
        assert level.count[i, j] == len(finite)
        if len(finite):
            assert (level.min[i, j], level.max[i, j]) == (finite.min(), finite.max())
            assert np.isclose(mean, finite.mean(), rtol=0, atol=1e-14)
