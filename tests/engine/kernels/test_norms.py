"""Norms of rows and columns: those of NumPy, and the same bits in both versions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensornaut.engine.kernels import norms as definition
from tensornaut.engine.kernels import norms_numba as compiled

TYPES = ["float32", "float64", "float16", "int8", "uint16", "int64", "bool"]
SHAPES = st.tuples(st.integers(0, 12), st.integers(0, 40))
MATRICES = st.sampled_from(TYPES).flatmap(lambda dtype: arrays.arrays(dtype, SHAPES))


def bits(norms):
    return norms.rows.tobytes(), norms.columns.tobytes()


@given(MATRICES, st.booleans())
def test_both_versions_give_the_same_bits_for_every_type(matrix, turned):
    matrix = matrix[:, ::-1].T if turned else matrix
    assert bits(compiled.norms_of(matrix)) == bits(definition.norms_of(matrix))


@pytest.mark.parametrize("shape", [(3000, 1), (1, 3000), (700, 500), (5, 33)])
def test_norms_are_those_of_numpy_over_finite_numbers(shape):
    matrix = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    matrix.flat[:2] = np.nan, np.inf
    found, finite = compiled.norms_of(matrix), np.nan_to_num(matrix.astype(float), nan=0, posinf=0)
    assert bits(found) == bits(definition.norms_of(matrix))
    assert np.allclose(found.rows, np.linalg.norm(finite, axis=1), rtol=1e-13)
    assert np.allclose(found.columns, np.linalg.norm(finite, axis=0), rtol=1e-13)


def test_bits_of_bfloat16_are_its_numbers():
    words = np.array([[0x4040, 0xC080]], np.uint16)  # 3, -4
    for version in (definition, compiled):
        assert version.norms_of(words, "bfloat16").rows.tolist() == [5]
