"""Statistics of runs of a matrix in CUDA, run on the CPU: the bits of the definition wherever the run begins."""

from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensornaut.engine.kernels import summarize_matrix as definition
from tensornaut.engine.kernels import summarize_matrix_cupy as on_device
from tensornaut.engine.kernels.decode import DTYPES

TYPES = ["float32", "float64", "float16", "bfloat16", "int8", "int32", "float8_e4m3fn", "uint8"]


def facts(value):
    """All of a summary, for comparison by bits."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    if is_dataclass(value):
        return [facts(getattr(value, column.name)) for column in fields(value)]
    return repr(value)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(TYPES), st.integers(1, 200), st.integers(0, 3000), st.integers(1, 4000), st.integers(0, 99))
def test_runs_of_every_kind(gpu, dtype, width, first, count, seed):
    random = np.random.default_rng(seed)
    stored = np.dtype(DTYPES[dtype].stored)
    values = random.integers(0, 256, count * stored.itemsize, np.uint8).view(stored)
    if seed % 2:  # rows of zeros among others
        values = np.where(np.arange(first, first + count) // width % 3 == 0, stored.type(0), values)
    expected = definition.summarize_run(values, dtype, first, width)
    assert facts(on_device.summarize_run(values, dtype, first, width)) == facts(expected)


@pytest.mark.parametrize("fill", [0, 1])
def test_a_run_of_one_number(gpu, fill):
    values = np.full(1000, fill, np.float32)
    for first, width in ((0, 10), (7, 10), (3, 4000), (0, 1000)):
        expected = definition.summarize_run(values, "float32", first, width)
        assert facts(on_device.summarize_run(values, "float32", first, width)) == facts(expected)
