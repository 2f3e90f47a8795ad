"""What is said of a block of weights is what NumPy says of it, with a pyramid and without."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine import block_facts
from tensornaut.engine.block_facts import known_facts, peak_in, read_facts
from tensornaut.engine.kernels.pyramid import coarser, pyramid_of
from tensornaut.engine.picking import Pick
from tensornaut.engine.scene import WeightGrid
from tensornaut.engine.values import ArrayValues
from tensornaut.scenes.style import diverging

X, Y, Z = np.eye(3)


def grid_of(values, center=0.0, with_pyramid=False):
    grid = WeightGrid(np.zeros(3), Z, X, Y, ArrayValues(values, "v"), 1.0, values.shape, diverging("dark"), 1.0, center)
    if with_pyramid:
        level = coarser(pyramid_of(values), 4)
        grid.pyramid = level
    return grid


def block_of(grid, level, row, col):
    """The block in this place among blocks of 2^level weights a side."""
    side = 1 << level
    rows, cols = (
        slice(k * side, min((k + 1) * side, length)) for k, length in zip((row, col), grid.shape, strict=True)
    )
    return Pick(grid, rows, cols, "block mean", np.zeros(3))


def matrix(seed, rows, cols, bad=0, dtype=np.float32):
    random = np.random.default_rng(seed)
    values = random.standard_normal((rows, cols)).astype(dtype)
    values.reshape(-1)[random.integers(0, values.size, bad)] = random.choice([np.nan, np.inf, -np.inf], bad)
    return values


def assert_facts(found, part):
    finite = part[np.isfinite(part)].astype(np.float64)
    assert (found.count, found.finite, found.exact) == (part.size, len(finite), True)
    if len(finite):
        assert (found.minimum, found.maximum) == (finite.min(), finite.max())
        assert found.mean == pytest.approx(finite.mean(), rel=1e-6, abs=1e-7)
    else:
        assert (found.mean, found.minimum, found.maximum) == (None, None, None)


@given(st.integers(0, 99), st.integers(1, 200), st.integers(1, 200), st.integers(0, 9), st.integers(5, 8))
def test_known_and_read_facts_are_those_of_numpy(seed, rows, cols, bad, level):
    values = matrix(seed, rows, cols, bad)
    grid = grid_of(values, with_pyramid=True)
    for row in range(-(-rows >> level)):
        for col in range(-(-cols >> level)):
            found = block_of(grid, level, row, col)
            part = values[found.rows, found.cols]
            assert_facts(known_facts(found), part)
            assert_facts(read_facts(found), part)


@given(
    st.integers(0, 99), st.integers(1, 150), st.integers(1, 150), st.integers(0, 2), st.integers(1, 8), st.booleans()
)
def test_the_peak_is_the_weight_farthest_from_the_center(seed, rows, cols, bad, level, with_pyramid):
    values = matrix(seed, rows, cols, bad)
    grid = grid_of(values, 0.3, with_pyramid)
    block = block_of(grid, level, 0, 0)
    found, part = peak_in(block), values[block.rows, block.cols].astype(np.float64)
    away = np.where(np.isfinite(part), np.abs(part - np.float64(0.3)), np.inf)
    assert (found.count, found.quality, found.exact) == (1, "exact", True)
    assert away[found.rows.start - block.rows.start, found.cols.start - block.cols.start] == away.max()


def test_of_equally_far_weights_the_higher_one_is_the_peak():
    values = np.zeros((64, 64), np.float32)
    values[3, 5], values[40, 50], values[41, 2] = -2, 2, -2
    for with_pyramid in (True, False):
        found = peak_in(block_of(grid_of(values, 0.0, with_pyramid), 6, 0, 0))
        assert (found.rows.start, found.cols.start) == (40, 50)


def test_a_peak_of_float64_is_found_where_float32_cannot_tell_it_apart():
    values = np.ones((64, 64))
    values[37, 41] = 1 + 1e-12
    grid = grid_of(values)
    level = coarser(pyramid_of(values), 4)
    grid.pyramid = type(level)(*(getattr(level, name).astype("f4") for name in ("mean", "min", "max", "count")))
    found = peak_in(block_of(grid, 6, 0, 0))
    assert (found.rows.start, found.cols.start) == (37, 41)


@pytest.mark.parametrize("dtype", [np.int64, np.bool_, np.uint8, np.float16])
def test_numbers_of_every_kind(dtype):
    values = (np.random.default_rng(3).integers(0, 90, (40, 40)) - (dtype == np.int64) * 45).astype(dtype)
    grid = grid_of(values)
    assert_facts(read_facts(block_of(grid, 5, 0, 0)), values[:32, :32])
    assert np.abs(peak_in(block_of(grid, 5, 1, 1)).read().astype(float)) == np.abs(values[32:, 32:].astype(float)).max()


def test_a_block_too_large_to_be_read_is_sampled_and_says_so(monkeypatch):
    monkeypatch.setattr(block_facts, "READ_LIMIT", 1000)
    monkeypatch.setattr(block_facts, "SAMPLED", 400)
    block = block_of(grid_of(np.full((100, 90), 2.5, np.float32)), 7, 0, 0)
    found = read_facts(block)
    assert (found.count, found.exact) == (9000, False) and 200 <= found.read <= 400
    assert (found.mean, found.minimum, found.maximum) == (2.5, 2.5, 2.5)
    assert peak_in(block) is None and known_facts(block) is None


def test_what_is_no_longer_wanted_is_not_read():
    assert read_facts(block_of(grid_of(matrix(0, 64, 64)), 6, 0, 0), lambda: False) is None


def test_a_lattice_without_values_has_none():
    grid = grid_of(matrix(0, 64, 64))
    grid.values = None
    block = block_of(grid, 6, 0, 0)
    assert known_facts(block) is None and read_facts(block) is None and peak_in(block) is None
