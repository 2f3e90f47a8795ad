"""Light of weights: tables follow the law of brightness, means are exact, conserve light and survive bad values."""

import numpy as np
import pytest
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
    for given in (values, values[::-1]):
        for got, expected in zip(
            compiled.block_means(given, 2.5, TABLES.overview, block),
            definition.block_means(given, 2.5, TABLES.overview, block),
            strict=True,
        ):
            assert got.dtype == expected.dtype
            np.testing.assert_array_equal(got, expected)


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
