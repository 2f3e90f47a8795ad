"""Statistics in CUDA, run on the CPU: the bits of the definition."""

from dataclasses import fields

import numpy as np
import pytest
from tensornaut.engine.kernels import summarize as definition
from tensornaut.engine.kernels import summarize_cupy as on_device
from tensornaut.engine.kernels.summarize import SEGMENT

SMALL_BLOCK = 2 * SEGMENT
WIDE = [np.float32, np.float64, np.int32, np.uint32, np.int64, np.uint64]
NARROW = [np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.float16]


def facts(summary):
    """All of a summary, for comparison by bits."""
    values = [getattr(summary, column.name) for column in fields(summary)]
    return [(value.dtype, value.tobytes()) if isinstance(value, np.ndarray) else repr(value) for value in values]


def vector(dtype, count, seed=0):
    """Random numbers of a type with special ones strewn in."""
    random = np.random.default_rng(seed)
    kind = np.dtype(dtype)
    if kind.kind in "iu":
        values = random.integers(np.iinfo(kind).min, np.iinfo(kind).max, count, kind, endpoint=True)
    else:
        values = random.normal(0.1, 0.3, count).astype(kind)
    if kind.kind == "f" and count:
        special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, np.finfo(kind).max, np.finfo(kind).tiny], kind)
        values[random.integers(0, count, 16)] = np.tile(special, 2)
    return values


@pytest.mark.parametrize("dtype", WIDE)
@pytest.mark.parametrize("count", [0, 1, SEGMENT, 2 * SEGMENT + 1, 9 * SEGMENT + 1234])
def test_moments_bins_and_extremes_have_the_bits_of_the_definition(gpu, dtype, count):
    values = vector(dtype, count)
    expected = definition.summarize_block(values, block=SMALL_BLOCK)
    assert facts(on_device.summarize_block(values, block=SMALL_BLOCK)) == facts(expected)


def test_a_whole_block_and_the_start_of_one(gpu):
    values = vector(np.float32, definition.BLOCK + 5000, 3)
    assert facts(on_device.summarize_block(values)) == facts(definition.summarize_block(values))


@pytest.mark.parametrize("fill", [np.nan, np.inf, 0.0, 3e38])
def test_vectors_of_one_number(gpu, fill):
    values = np.full(SEGMENT + 100, fill, np.float32)
    assert facts(on_device.summarize_block(values)) == facts(definition.summarize_block(values))


def test_numbers_whose_powers_are_beyond_float64(gpu):
    values = np.random.default_rng(1).normal(0, 1e200, 3 * SEGMENT)
    assert facts(on_device.summarize_block(values)) == facts(definition.summarize_block(values))


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("count", [0, 1, 15, 40_003])
def test_counts_of_narrow_types(gpu, dtype, count):
    values = vector(np.uint8, count) > 99 if dtype == np.bool_ else vector(dtype, count)
    assert facts(on_device.summarize_block(values)) == facts(definition.summarize_block(values))


def test_counts_of_bfloat16_as_bits_and_as_numbers(gpu):
    bits = (vector(np.float32, 50_001).view(np.uint32) >> 16).astype(np.uint16)
    expected = facts(definition.summarize_block(bits, "bfloat16"))
    assert facts(on_device.summarize_block(bits, "bfloat16")) == expected
    numbers = (bits.astype(np.uint32) << 16).view(np.float32)
    assert facts(on_device.summarize_block(numbers, "bfloat16")) == expected


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_number_that_fills_its_counter_often(gpu, dtype):
    values = np.full(150_000, 7, dtype)
    assert facts(on_device.summarize_block(values)) == facts(definition.summarize_block(values))


def test_a_gpu_with_little_shared_memory_counts_in_parts(gpu, monkeypatch):
    monkeypatch.setattr(type(gpu), "shared_bytes", 64 << 10)
    values = vector(np.float16, 30_000)
    assert facts(on_device.summarize_block(values)) == facts(definition.summarize_block(values))


def test_numbers_at_any_address(gpu):
    values = vector(np.float32, 3 * SEGMENT + 7)[3:]
    assert facts(on_device.summarize_block(values)) == facts(definition.summarize_block(values))


def test_complex_numbers_are_refused(gpu):
    with pytest.raises(ValueError, match="complex64"):
        on_device.summarize_block(np.ones(3, np.complex64))
