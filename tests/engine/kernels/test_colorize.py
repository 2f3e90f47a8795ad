"""Light of weights: tables follow the law of brightness, means are exact, conserve light and survive bad values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensornaut.engine.kernels import colorize as definition
from tensornaut.engine.kernels import colorize_numba as compiled
from tensornaut.engine.kernels.colorize import ENTRIES, FIELD, HEIGHT_UNIT, UNIT, light_tables, plain_tables
from tensornaut.engine.rasterize import batch

COLORS = np.linspace((0.1, 0.9, 0.4), (1.0, 0.2, 0.5), 256).astype(np.float32)
TABLES = light_tables(COLORS)


def fields(packed):
    return np.stack([(packed >> np.uint64(k * FIELD)).astype(np.int64) & ((1 << FIELD) - 1) for k in range(3)], -1)


def test_light_is_packed_as_the_rasterizers_read_it():
    assert (UNIT, FIELD, HEIGHT_UNIT) == (batch.UNIT, batch.FIELD, batch.HEIGHT_UNIT)
    assert fields(TABLES.overview).max() < 1 << 14


def test_tables_are_color_times_brightness():
    for value in (-1.0, -0.4, 0.3, 1.0):
        entry = min(int((value + 1) * ENTRIES / 2), ENTRIES - 1)
        color = COLORS[round((value + 1) / 2 * 255)]
        expected = (0.14 + 1.15 * abs(value) ** 1.15) * color * UNIT
        np.testing.assert_allclose(fields(TABLES.overview)[entry], expected, atol=0.02 * UNIT)
    near = (0.40 + 0.85) * COLORS[255] * UNIT
    np.testing.assert_allclose(fields(TABLES.near)[511], near, atol=0.02 * UNIT)


def test_ink_absorbs_what_its_color_lacks():
    white = light_tables(np.ones((2, 3)), ink=True)
    assert fields(white.overview[:ENTRIES]).max() == 0
    black = light_tables(np.zeros((2, 3)), ink=True)
    np.testing.assert_allclose(fields(black.overview)[[0, ENTRIES // 2]] / UNIT, [[1.0] * 3, [0.34] * 3], atol=0.01)


def test_a_lattice_without_values_is_flat():
    table = plain_tables((0.6, 0.7, 0.8)).overview[:ENTRIES]
    assert (table == table[0]).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "int64", "bool"])
@pytest.mark.parametrize(
    ("shape", "block"), [((32, 32), (1, 1)), ((70, 45), (4, 4)), ((1, 1000), (1, 64)), ((130, 513), (64, 256))]
)
def test_the_compiled_version_gives_the_same_integers(dtype, shape, block):
    values = (np.random.default_rng(3).standard_normal(shape) * 3).astype(dtype)
    if values.dtype.kind == "f":
        values.flat[::7], values.flat[::11], values.flat[::13] = np.nan, np.inf, -np.inf
    values.flags.writeable = False  # as what is read of a file
    for layout in (values, values[::-1]):
        for got, expected in zip(
            compiled.block_means(layout, 2.5, TABLES.overview, block),
            definition.block_means(layout, 2.5, TABLES.overview, block),
            strict=True,
        ):
            assert got.dtype == expected.dtype
            np.testing.assert_array_equal(got, expected)


BLOCKS = st.sampled_from([(1, 1), (2, 2), (4, 4), (1, 64), (32, 1), (128, 128)])
KINDS = st.sampled_from(["float16", "float32", "float64", "int8", "uint16", "int64", "bool"])


@st.composite
def matrices(draw):
    """Numbers of any type, many of them equal, some of them not finite."""
    shape = draw(st.tuples(st.integers(1, 40), st.integers(1, 70)))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = (random.integers(-4, 5, shape) * draw(st.sampled_from([0.25, 1.0, 40.0]))).astype(draw(KINDS))
    if values.dtype.kind == "f":
        bad = random.random(shape) < draw(st.sampled_from([0.0, 0.02, 1.0]))
        values[bad] = random.choice([np.nan, np.inf, -np.inf], bad.sum())
    return values


@settings(max_examples=60, deadline=None)
@given(matrices(), BLOCKS, st.sampled_from([0.0, 0.25, -7.5]))
def test_both_versions_give_the_same_means_and_peaks_around_any_center(values, block, center):
    both = [version.block_means(values, 1.5, TABLES.overview, block, center) for version in (definition, compiled)]
    np.testing.assert_array_equal(both[0], both[1])
    peaks = [version.block_peaks(values, center, block) for version in (definition, compiled)]
    assert peaks[0].dtype == peaks[1].dtype == np.float64
    np.testing.assert_array_equal(*peaks)


def test_a_peak_of_zero_has_no_sign_in_any_version():
    zeros = np.random.default_rng(0).choice([-0.0, 0.0], (40, 30)).astype(np.float32)
    for version in (definition, compiled):
        for center in (0.0, 0.5, -0.5):
            assert not version.block_peaks(zeros, center, (4, 2)).view(np.uint64).any()


@settings(max_examples=60, deadline=None)
@given(matrices(), BLOCKS, st.sampled_from([0.0, 0.25, -7.5]))
def test_a_peak_is_a_value_of_its_block_and_none_is_farther(values, block, center):
    peaks = definition.block_peaks(values, center, block)
    for (i, j), peak in np.ndenumerate(peaks):
        part = values[i * block[0] : (i + 1) * block[0], j * block[1] : (j + 1) * block[1]].astype(np.float64)
        if not np.isfinite(part).all():
            assert np.isnan(peak)
        else:
            assert peak in part
            assert abs(peak - center) == np.abs(part - center).max()
            assert peak == part[np.abs(part - center) == abs(peak - center)].max()  # of equal ones the larger


def test_the_center_has_no_height_and_the_middle_color():
    light, height = definition.block_means(np.array([[3.0, 4.0, 2.0]]), 1.0, TABLES.overview, (1, 1), 3.0)
    np.testing.assert_array_equal(height[0], [0, HEIGHT_UNIT, -HEIGHT_UNIT])
    np.testing.assert_array_equal(light[0], TABLES.overview[[ENTRIES // 2, ENTRIES - 1, 0]])


def test_single_weights_keep_height_and_color():
    values = np.array([[-9.0, -0.5, 0.0, 0.25, 1.0, np.nan, np.inf]], np.float32)
    light, height = definition.block_means(values, 1.0, TABLES.overview, (1, 1))
    np.testing.assert_array_equal(height[0], [-HEIGHT_UNIT, -16383, 0, 8192, HEIGHT_UNIT, 0, 0])
    entries = [0, 256, 512, 640, ENTRIES - 1, ENTRIES, ENTRIES]
    np.testing.assert_array_equal(light[0], TABLES.overview[entries])
    assert (fields(light[0, 5:]) == UNIT).all()  # white


@pytest.mark.parametrize("block", [2, 8, 64])
def test_means_conserve_light(block):
    values = np.random.default_rng(5).standard_normal((128, 192)).astype(np.float32)
    values[3, 5] = np.nan
    fine, fine_height = definition.block_means(values, 1.7, TABLES.overview, (1, 1))
    coarse, coarse_height = definition.block_means(values, 1.7, TABLES.overview, (block, block))
    np.testing.assert_allclose(fields(coarse).mean((0, 1)), fields(fine).mean((0, 1)), atol=0.5)
    np.testing.assert_allclose(coarse_height.mean(), fine_height.mean(), atol=0.5)


def test_one_bad_value_does_not_spoil_its_block():
    values = np.full((8, 8), 0.5)
    clean_light, clean_height = definition.block_means(values, 1.0, TABLES.overview, (8, 8))
    values[2, 2] = np.inf
    light, height = definition.block_means(values, 1.0, TABLES.overview, (8, 8))
    assert abs(int(height[0, 0]) - int(clean_height[0, 0]) * 63 / 64) <= 1
    assert (np.abs(fields(light) - fields(clean_light)) <= UNIT / 32).all()
