"""What tiles of peaks hold: the same by reading and by the pyramid, and what no read can tell is called a sample."""

import numpy as np
import pytest
from tensornaut.engine.kernels.colorize import HEIGHT_UNIT, light_tables
from tensornaut.engine.kernels.cut import TILE
from tensornaut.engine.kernels.pyramid import coarser, pyramid_of
from tensornaut.engine.rasterize.batch import Pool
from tensornaut.engine.tile_data import (
    BLOCK_MEAN,
    BLOCK_PEAK,
    EXACT,
    SAMPLE,
    Source,
    known_peaks,
    take_halves,
)
from tensornaut.engine.tile_jobs import Job
from tensornaut.engine.values import ArrayValues

TABLES = light_tables(np.linspace((0.1, 0.9, 0.4), (1.0, 0.2, 0.5), 256).astype(np.float32))
RANGE = 8.0


def values_of(shape, dtype=np.float32):
    values = (np.random.default_rng(11).standard_normal(shape) * 2).astype(dtype)
    values[7, 5], values[-1, -1] = 31.0, -33.0
    if values.dtype.kind == "f":
        values[shape[0] // 2, shape[1] // 2] = np.inf
    return values


def source_of(values, pyramid=None, peaks=True, center=0.5):
    return Source(ArrayValues(values, "key"), RANGE, values.shape, TABLES, center, peaks, pyramid)


def kept_pyramid(values):
    level = coarser(pyramid_of(values), 4)
    return type(level)(level.mean.astype(np.float32), level.min, level.max, level.count.astype(np.uint16))


def load(source, level, row=0, col=0):
    return Job(source, level, np.array([1]), np.array([(row, col)])).load()


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int8])
@pytest.mark.parametrize("shape", [(1100, 2300), (64, 4200), (2049, 33)])
def test_the_pyramid_gives_the_same_tiles_as_reading(shape, dtype):
    values = values_of(shape, dtype)
    read, known = source_of(values), source_of(values, kept_pyramid(values))
    for level in (5, 6, 7):
        size = TILE << level
        for row in range(-(-shape[0] // size)):
            for col in range(-(-shape[1] // size)):
                one, other = load(read, level, row, col), load(known, level, row, col)
                assert known_peaks(known, level, row, col) is not None
                assert one.quality.tolist() == other.quality.tolist() == [BLOCK_PEAK]
                np.testing.assert_array_equal(one.light, other.light)
                np.testing.assert_array_equal(one.height, other.height)


def test_a_planted_outlier_is_seen_at_every_level():
    values = np.full((4096, 4096), 0.01, np.float32)
    values[1234, 2345] = -40.0
    source = source_of(values, kept_pyramid(values), center=0.0)
    for level in range(13):
        size = 1 << level
        row, col = 1234 // size, 2345 // size
        data = load(source, level, row // TILE, col // TILE)
        assert data.height[0, row % TILE, col % TILE] == -HEIGHT_UNIT
        assert (data.height == -HEIGHT_UNIT).sum() == 1
        assert data.light[0, row % TILE, col % TILE] == TABLES.overview[0]


def test_without_a_pyramid_a_large_tile_of_peaks_is_a_sample_and_says_so():
    values = np.zeros((4096, 4096), np.float32)
    assert load(source_of(values), 7).quality.tolist() == [SAMPLE]
    assert load(source_of(values, kept_pyramid(values)), 7).quality.tolist() == [BLOCK_PEAK]
    assert load(source_of(values, peaks=False), 4).quality.tolist() == [BLOCK_MEAN]
    assert load(source_of(values), 0).quality.tolist() == [EXACT]


def test_means_do_not_use_the_pyramid():
    values = values_of((1100, 2300))
    plain, with_pyramid = source_of(values, peaks=False), source_of(values, kept_pyramid(values), peaks=False)
    assert plain.key == with_pyramid.key
    np.testing.assert_array_equal(load(plain, 6).light, load(with_pyramid, 6).light)


def test_sources_that_look_different_have_different_keys():
    values = values_of((64, 64))
    sources = [
        source_of(values),
        source_of(values, kept_pyramid(values)),
        source_of(values, peaks=False),
        source_of(values, center=0.0),
    ]
    assert len({source.key for source in sources}) == len(sources)


def test_what_finer_tiles_show_of_peaks_is_the_farthest_sample():
    random = np.random.default_rng(3)
    light = random.integers(0, 1 << 13, (5, TILE, TILE)).astype(np.uint64)
    height = random.integers(-HEIGHT_UNIT, HEIGHT_UNIT, (5, TILE, TILE)).astype(np.int16)
    data = Pool(light, height)
    take_halves(data, np.array([[0, 1, 2, 3]]), np.array([4]), np.array([[2 * TILE, 2 * TILE]]), peaks=True)
    whole = np.block([[height[0], height[1]], [height[2], height[3]]]).astype(int)
    fours = whole.reshape(TILE, 2, TILE, 2).swapaxes(1, 2).reshape(TILE, TILE, 4)
    np.testing.assert_array_equal(np.abs(data.height[4].astype(int)), np.abs(fours).max(-1))
