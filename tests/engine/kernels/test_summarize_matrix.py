"""Statistics and pyramid in one pass: the same bits as apart, in both versions; runs together are the matrix."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensornaut.engine.kernels import pyramid, summarize, summarize_matrix_numba
from tensornaut.engine.kernels import summarize_matrix as definition
from tensornaut.engine.kernels.decode import decode
from tensornaut.engine.kernels.matrix_runs import LEVEL_SIDE, MatrixFacts
from tensornaut.engine.kernels.pyramid import coarser, number_type, numbers_of, pyramid_of

TYPES = ["float32", "float64", "float16", "bfloat16", "int8", "uint16", "bool", "int32", "float8_e4m3fn"]
SHAPES = [(701, 303), (9, 30_001), (3, 70_000), (1, 1), (20_000, 8), (1, 200_000), (70_000, 1), (33, 40)]
VERSIONS = [definition, summarize_matrix_numba]
COLUMNS = ("mean", "min", "max", "count")


def facts(summary):
    level = summary.run.level if summary.run else summary.pyramid
    columns = [summary.blocks, summary.bins, summary.table, *(getattr(level, name) for name in COLUMNS)]
    numbers = [summary.count, summary.nan, summary.inf, summary.zeros, summary.min, summary.max]
    if summary.run:
        numbers += [summary.run.zero_rows, summary.run.head_is_zero, summary.run.tail_is_zero]
    return (*map(repr, numbers), *(None if column is None else column.tobytes() for column in columns))


def matrix_of(shape, dtype, seed=0):
    random = np.random.default_rng(seed)
    values = random.normal(0, 3, shape).astype(np.float32)
    if values.size > 50:
        values[random.integers(0, shape[0], 2)] = 0
        values.flat[values.size // 3 : values.size // 2] = 0
    if dtype == "bfloat16":
        return (values.view(np.uint32) >> 16).astype(np.uint16)
    if dtype.startswith("float8"):
        return (values * 9).astype(np.int8).view(np.uint8)
    matrix = np.abs(values).astype(dtype) if dtype == "uint16" else values.astype(dtype)
    if matrix.dtype.kind == "f" and matrix.size > 1000:
        matrix.flat[::997], matrix.flat[5::9001] = np.nan, -np.inf
    return matrix


def runs_of(matrix, dtype, cuts, version=definition):
    flat = matrix.reshape(-1)
    bounds = [0, *cuts, flat.size]
    return [
        version.summarize_run(flat[first:last], dtype, first, matrix.shape[1])
        for first, last in zip(bounds, bounds[1:], strict=False)
        if last > first
    ]


def joined(matrix, runs):
    found = MatrixFacts(*matrix.shape)
    for run in runs:
        found.add(run.run, run.count)
    return found


def expected_level(matrix, dtype):
    return coarser(pyramid_of(numbers_of(matrix, dtype)), LEVEL_SIDE // pyramid.SIDE)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_one_pass_gives_the_bits_of_two(shape, dtype, version):
    matrix = matrix_of(shape, dtype)
    matrix.flags.writeable = False  # as it comes from a file
    flat = matrix.reshape(-1)
    found = version.summarize_run(flat, dtype, 0, shape[1])
    level = expected_level(matrix, dtype)
    assert facts(found) == facts(replace(summarize.summarize_block(flat, dtype), run=replace(found.run, level=level)))
    numbers = numbers_of(matrix, dtype)
    assert found.run.zero_rows == np.count_nonzero(~numbers.any(1))


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_both_versions_say_the_same_of_any_run(data):
    dtype = data.draw(st.sampled_from(TYPES))
    width = data.draw(st.sampled_from([1, 7, 8, 31, 300, 2000, 33_000]))
    first, count = data.draw(st.integers(0, 5 * width + 70)), data.draw(st.sampled_from([1, 40, 999, 30_000, 70_000]))
    flat = matrix_of((1, first + count), dtype)[0, first:]
    one, other = (version.summarize_run(flat, dtype, first, width) for version in VERSIONS)
    assert facts(one) == facts(other)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_runs_cut_anywhere_together_are_the_matrix(data):
    dtype = data.draw(st.sampled_from(["float32", "float64", "bfloat16", "int8"]))
    shape = data.draw(st.sampled_from([(1, 500), (40, 70), (100, 3), (70, 1), (3, 200), (97, 33)]))
    matrix = matrix_of(shape, dtype, data.draw(st.integers(0, 50)))
    cuts = sorted(data.draw(st.lists(st.integers(0, matrix.size), max_size=6)))
    found, level = joined(matrix, runs_of(matrix, dtype, cuts)), expected_level(matrix, dtype)
    assert found.zero_rows == np.count_nonzero(~numbers_of(matrix, dtype).any(1))
    for name in ("min", "max"):
        np.testing.assert_array_equal(getattr(found.level, name), getattr(level, name).astype(np.float32))
    np.testing.assert_array_equal(found.level.count, level.count)
    np.testing.assert_allclose(found.level.mean, level.mean, rtol=1e-6, atol=1e-12)


def test_where_bounds_of_blocks_are_cut_bounds_the_bits_are_those_of_the_whole():
    matrix = matrix_of((640, 96), "float32")
    found = joined(matrix, runs_of(matrix, "float32", [32 * 96, 320 * 96]))
    level = expected_level(matrix, "float32")
    assert found.level.mean.tobytes() == level.mean.astype(np.float32).tobytes()


def test_numbers_that_float32_does_not_hold_become_its_largest():
    matrix = np.array([[1e300, -1e300]])
    found = joined(matrix, runs_of(matrix, "float64", []))
    largest = np.finfo(np.float32).max
    assert (found.level.min[0, 0], found.level.max[0, 0]) == (-largest, largest)


def test_what_holds_no_finite_number_is_not_a_number():
    matrix = np.full((40, 40), np.nan, np.float32)
    matrix[:, :4] = 2
    found = joined(matrix, runs_of(matrix, "float32", [77, 700]))
    assert found.level.mean[:, 0].tolist() == [2, 2] and np.isnan(found.level.max[:, 1]).all()
    assert found.level.count.tolist() == [[128, 0], [32, 0]]


def test_bytes_are_numbers_of_their_type():
    raw = np.arange(256, dtype=np.uint8)
    found = definition.summarize_run(raw, "float8_e5m2", 0, 256)
    numbers = decode(raw, "float8_e5m2", 256)
    assert found.run.level.max[0, 0] == numbers[:32].max() and number_type(raw.dtype) == np.float32


@pytest.mark.parametrize("version", VERSIONS)
def test_numbers_at_any_address(version):
    flat = matrix_of((300, 500), "float32").reshape(-1)
    shifted = np.frombuffer(b"x" + flat.tobytes(), np.uint8)[1:].view(np.float32)
    assert facts(version.summarize_run(shifted, None, 77, 500)) == facts(definition.summarize_run(flat, None, 77, 500))
