"""Outliers in CUDA, run on the CPU: those of the definition, equal ones in the same order."""

import numpy as np
import pytest
from tensornaut.engine.kernels import outliers as definition
from tensornaut.engine.kernels import outliers_cupy as on_device

RANDOM = np.random.default_rng(0)
NORMAL = RANDOM.normal(0, 1, 5000)
WITH_HOLES = np.where(RANDOM.random(5000) < 0.2, np.nan, NORMAL)
CASES = {
    "normal": NORMAL,
    "holes": WITH_HOLES,
    "equal": np.full(3000, -2.5),
    "zeros": np.zeros(3000),
    "nothing finite": np.full(100, np.inf),
    "two kinds": np.where(np.arange(4000) % 7 == 0, 1.0, -1.0),
    "few": np.array([1.0, -3.0, 3.0]),
    "none": np.zeros(0),
}


def check(values, most, dtype=None, first=0):
    expected = definition.outliers_of(values, most, dtype, first)
    found = on_device.outliers_of(values, most, dtype, first)
    assert found.index.tolist() == expected.index.tolist()
    assert found.value.tobytes() == expected.value.tobytes() and found.index.dtype == expected.index.dtype


@pytest.mark.parametrize("few", [0, 50, 1 << 16])
@pytest.mark.parametrize("case", CASES)
def test_the_same_outliers_however_few_may_be_gathered(gpu, monkeypatch, case, few):
    monkeypatch.setattr(on_device, "FEW", few)
    monkeypatch.setattr(on_device, "CHUNK", 256)
    for dtype in (np.float32, np.float64):
        for most in (0, 1, 64, 10_000):
            check(CASES[case].astype(dtype), most, None, 1000)


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.uint16, np.int64, np.bool_])
def test_outliers_of_other_types(gpu, dtype):
    check((NORMAL * 30).astype(np.int64).clip(0, 127).astype(dtype), 20)


def test_outliers_of_bits(gpu):
    check(RANDOM.integers(0, 1 << 16, 3000).astype(np.uint16), 30, "bfloat16")
    check(RANDOM.integers(0, 256, 3000).astype(np.uint8), 30, "float8_e5m2")
