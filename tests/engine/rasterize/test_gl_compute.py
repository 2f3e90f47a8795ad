import numpy as np
import pytest
from tensornaut.engine.gpu import GraphicsError
from tensornaut.engine.rasterize import DefinitionRasterizer, eye_rows
from tensornaut.engine.rasterize.gl_compute import ComputeRasterizer
from tensornaut.engine.view import Eye, frustum

DEFINITION = DefinitionRasterizer()
BAR = 0.995  # share of pixels that are equal


@pytest.fixture
def compute(context):
    """On the software driver that the tests have; skips where it has no compute shaders."""
    try:
        return ComputeRasterizer(context)
    except GraphicsError as error:
        pytest.skip(str(error))


def equal_share(a, b):
    return float(np.mean(a == b))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("cell", "minimum_px", "shine"), [(0.01, 1.5, True), (0.2, 1.5, False), (2.0, 2.0, True)])
def test_light_is_that_of_the_definition(compute, scenes, seed, cell, minimum_px, shine):
    batch, pool, near, rows = scenes.random(seed, 6, cell, (90, 70))
    expected = DEFINITION.light(batch, pool, near, rows, (90, 70), minimum_px, shine)
    assert expected.any()
    assert equal_share(compute.light(batch, pool, near, rows, (90, 70), minimum_px, shine), expected) >= BAR


@pytest.mark.parametrize("seed", range(6))
def test_nearest_samples_are_those_of_the_definition(compute, scenes, seed):
    batch, pool, _, rows = scenes.random(seed, 6, 0.2, (90, 70))
    expected = DEFINITION.nearest(batch, pool, rows, (90, 70))
    assert equal_share(compute.nearest(batch, pool, rows, (90, 70)), expected) >= BAR


def test_each_of_two_eyes_with_skewed_frusta_sees_what_the_definition_shows(compute, scenes):
    batch, pool, near, _ = scenes.random(3, 6, 0.2, (90, 70))
    for left, right in ((-0.12, 0.08), (-0.08, 0.12)):
        eye = Eye(np.eye(4), frustum(left, right, -0.09, 0.11, 0.1, 100), (0, 0, 90, 70))
        expected = DEFINITION.light(batch, pool, near, eye_rows(eye), (90, 70))
        assert equal_share(compute.light(batch, pool, near, eye_rows(eye), (90, 70)), expected) >= BAR


def test_a_tile_that_changed_is_drawn_as_it_is_now(compute, scenes):
    batch, pool, near, rows = scenes.random(1, 6, 0.2, (90, 70))
    compute.light(batch, pool, near, rows, (90, 70))
    pool.light[:] = np.roll(pool.light, 1, axis=2)
    if pool.writes is not None:
        pool.note(np.arange(len(pool.light)))
    expected = DEFINITION.light(batch, pool, near, rows, (90, 70))
    assert equal_share(compute.light(batch, pool, near, rows, (90, 70)), expected) >= BAR
