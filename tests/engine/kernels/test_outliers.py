"""Outliers: those of a plain sort, the same in both versions and however the numbers are cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensornaut.engine.kernels import outliers as definition
from tensornaut.engine.kernels import outliers_numba as compiled

TYPES = ["float32", "float64", "float16", "int8", "uint16", "int64", "bool"]
VERSIONS = [definition, compiled]
VECTORS = st.sampled_from(TYPES).flatmap(lambda dtype: arrays.arrays(dtype, st.integers(0, 60)))


def listed(outliers):
    return outliers.index.tolist(), outliers.value.tobytes()


@given(VECTORS, st.integers(0, 9))
def test_the_largest_magnitudes_in_falling_order(values, most):
    with np.errstate(over="ignore"):
        numbers = values.astype(np.float64)
    finite = [(-abs(number), k) for k, number in enumerate(numbers.tolist()) if np.isfinite(number)]
    expected = [k for _, k in sorted(finite)[:most]]
    for version in VERSIONS:
        found = version.outliers_of(values, most)
        assert found.index.tolist() == expected
        assert found.value.tolist() == numbers[expected].tolist()
    assert listed(definition.outliers_of(values, most)) == listed(compiled.outliers_of(values, most))


@given(VECTORS, st.integers(1, 9), st.integers(0, 60))
def test_parts_in_order_give_those_of_the_whole(values, most, cut):
    parts = [
        compiled.outliers_of(values[:cut], most),
        definition.outliers_of(values[cut:][::1], most, None, min(cut, 60)),
    ]
    assert listed(definition.fold(parts, most)) == listed(compiled.outliers_of(values, most))


@pytest.mark.parametrize("version", VERSIONS)
def test_planted_ones_are_found_among_many(version):
    values = np.random.default_rng(0).normal(size=(1 << 20) + 77).astype(np.float32)
    values[[5, 1 << 19, -1]], values[9] = [-90, 80, 90], np.inf
    found = version.outliers_of(values[::-1], 3)
    last = len(values) - 1
    assert found.index.tolist() == [0, last - 5, last - (1 << 19)] and found.value.tolist() == [90, -90, 80]


def test_bits_of_bfloat16_are_its_numbers():
    words = np.array([0x3F80, 0xC000, 0x7F80], np.uint16)  # 1, -2, infinity
    for version in VERSIONS:
        assert version.outliers_of(words, 2, "bfloat16").value.tolist() == [-2, 1]
