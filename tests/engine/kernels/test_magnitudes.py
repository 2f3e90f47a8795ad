"""Complex numbers count by magnitude, real ones as they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensornaut.engine.kernels.magnitudes import as_real


@given(arrays.arrays(st.sampled_from([np.complex64, np.complex128]), st.tuples(st.integers(0, 4), st.integers(0, 4))))
def test_magnitudes_of_any_complex_numbers(values):
    found = as_real(values)
    assert found.dtype == np.float64 and found.shape == values.shape
    with np.errstate(all="ignore"):
        wide = values.astype(np.complex128)
        expected = np.hypot(wide.real, wide.imag)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300)


def test_a_magnitude_beyond_float64_is_infinite():
    assert as_real(np.array([1.7e308 + 1.7e308j]))[0] == np.inf


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8", "uint64", "bool"])
def test_real_numbers_stay_what_they_are(dtype):
    values = np.ones(3, dtype)
    assert as_real(values) is values
