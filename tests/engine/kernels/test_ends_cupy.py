"""Ends in CUDA, run on the CPU: counted where the definition counts them, and as many."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tensornaut.engine.kernels import ends as definition
from tensornaut.engine.kernels import ends_cupy as on_device
from tensornaut.engine.kernels.summarize import summarize_block

FLOATS = st.sampled_from(
    [np.float32(number) for number in (0.0, -0.0, 1.5, -1.5, 3e38, 1e-45, np.nan, np.inf, -np.inf)]
)


def check(values, dtype=None):
    summary = summarize_block(values, dtype)
    expected = definition.ends_of(summary, values)
    assert on_device.ends_of(summary, values) == expected
    return expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([np.float32, np.float64]).flatmap(lambda kind: arrays(kind, st.integers(0, 40), elements=FLOATS))
)
def test_of_few_numbers_all_are_counted(gpu, values):
    check(values)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("limits", [(-9, 9), (-0.5, 0.5), (-9, 0.5)])
def test_of_many_numbers_those_where_something_was_clipped(gpu, dtype, limits):
    values = np.random.default_rng(0).normal(0, 1, 70_001).clip(*limits).astype(dtype)
    assert [found is not None for found in check(values)] == [abs(limit) < 1 for limit in limits]


@pytest.mark.parametrize("dtype", [np.int32, np.float16, np.uint8])
def test_of_other_types_none_are_counted(gpu, dtype):
    assert check(np.ones(100, dtype)) == (None, None)
