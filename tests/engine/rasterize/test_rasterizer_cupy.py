"""The rasterizer in CUDA, run on the CPU: the bits of the definition."""

import numpy as np
import pytest
from tensornaut.engine.rasterize import Batch, DefinitionRasterizer, Pool, RasterizerChoice, eye_rows, pack, unpack
from tensornaut.engine.rasterize.batch import SUM_LIMIT
from tensornaut.engine.rasterize.rasterizer_cupy import CudaRasterizer

DEFINITION = DefinitionRasterizer()
CASES = [  # seed, tiles, cell, size, smallest sprite
    (0, 6, 0.005, (64, 48), 1.5),
    (1, 6, 0.05, (64, 48), 1.5),
    (2, 5, 0.3, (90, 70), 0.6),
    (3, 5, 0.3, (90, 70), 3.7),
    (4, 3, 2.0, (50, 40), 2.0),
    (5, 0, 1.0, (7, 5), 1.5),
    (6, 4, 0.02, (1, 1), 1.5),
    (7, 8, 0.1, (300, 200), 1.0),
]


@pytest.fixture
def rasterizer(gpu):
    return CudaRasterizer()


@pytest.mark.parametrize(("seed", "tiles", "cell", "size_px", "minimum_px"), CASES)
def test_light_has_the_bits_of_the_definition(rasterizer, scenes, seed, tiles, cell, size_px, minimum_px):
    batch, pool, near, rows = scenes.random(seed, tiles, cell, size_px)
    for shine in (True, False):
        expected = DEFINITION.light(batch, pool, near, rows, size_px, minimum_px, shine)
        assert np.array_equal(rasterizer.light(batch, pool, near, rows, size_px, minimum_px, shine), expected)
    for ink in (True, False):
        assert np.array_equal(rasterizer.resolve(expected, ink), DEFINITION.resolve(expected, ink))


@pytest.mark.parametrize(("seed", "tiles", "cell", "size_px", "minimum_px"), CASES)
def test_nearest_has_the_bits_of_the_definition(rasterizer, scenes, seed, tiles, cell, size_px, minimum_px):
    batch, pool, _, rows = scenes.random(seed, tiles, cell, size_px)
    expected = DEFINITION.nearest(batch, pool, rows, size_px)
    assert np.array_equal(rasterizer.nearest(batch, pool, rows, size_px), expected)
    colors = np.random.default_rng(seed).integers(0, 1 << 32, (2, 512)).astype(np.uint32)
    shown = DEFINITION.resolve_nearest(expected, batch, pool, colors)
    assert np.array_equal(rasterizer.resolve_nearest(expected, batch, pool, colors), shown)


@pytest.mark.parametrize("spacing_px", [0.3, 1.0, 3.0])
def test_grids_as_they_are_mostly_drawn(rasterizer, scenes, spacing_px):
    size_px = (60, 40)
    batch, pool, rows = scenes.grid(spacing_px, 0.9, (0.4, 0.6, 0.1), size_px)
    near = scenes.near()
    found = rasterizer.light(batch, pool, near, rows, size_px)
    assert found.any() and np.array_equal(found, DEFINITION.light(batch, pool, near, rows, size_px))


@pytest.mark.parametrize(("cell", "side"), [(0.02, 16), (0.2, 16), (3.0, 3)])
def test_sums_stop_at_their_limit(rasterizer, scenes, cell, side):
    """Many bright samples in one pixel, in one tile and in many."""
    count, color = 16, (1.9, 0.1, 1.0)
    batch, pool = scenes.single([scenes.position(30, 20, 5)] * count, [color] * count, cell)
    batch.counts[:] = side
    pool.light[:] = pack(np.array(color))
    near, rows = scenes.near(color), eye_rows(scenes.eye())
    expected = DEFINITION.light(batch, pool, near, rows, scenes.size_px)
    assert np.array_equal(rasterizer.light(batch, pool, near, rows, scenes.size_px), expected)
    assert (cell < 0.1) == (unpack(expected).max() < SUM_LIMIT)


def test_slots_are_copied_when_they_were_written(rasterizer, scenes):
    batch, pool, near, rows = scenes.random(8, 4, 0.1, (64, 48))
    pool = Pool(pool.light, pool.height, np.zeros(len(pool.height), np.int64))
    first = rasterizer.light(batch, pool, near, rows, (64, 48))
    pool.light[:] = pool.light[::-1].copy()
    assert np.array_equal(rasterizer.light(batch, pool, near, rows, (64, 48)), first)  # nobody said that it was written
    pool.writes[:] += 1
    changed = rasterizer.light(batch, pool, near, rows, (64, 48))
    assert not np.array_equal(changed, first)
    assert np.array_equal(changed, DEFINITION.light(batch, pool, near, rows, (64, 48)))


def test_a_tile_that_points_beyond_the_pool_is_refused(rasterizer, scenes):
    batch, pool, near, rows = scenes.random(5, 4, 0.2, (80, 60))
    for name, wrong in (("slot", 3), ("table", 2), ("counts", 33)):
        broken = Batch(**{**vars(batch), name: np.full_like(getattr(batch, name), wrong)})
        with pytest.raises(ValueError, match=name):
            rasterizer.light(broken, pool, near, rows, (80, 60))


def test_it_draws_where_it_is_wanted(gpu, scenes):
    batch, pool, near, rows = scenes.random(1, 3, 0.1, (40, 30))
    chosen = RasterizerChoice(wanted="cuda").rasterizer(batch)
    assert chosen.name == "cuda"
    picture = chosen.resolve(chosen.light(batch, pool, near, rows, (40, 30)))
    assert np.array_equal(picture, DEFINITION.resolve(DEFINITION.light(batch, pool, near, rows, (40, 30))))
