import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensornaut.engine.gpu import GraphicsError
from tensornaut.engine.rasterize import MORPH, Batch, DefinitionRasterizer, Pool, eye_rows, gl_chains, pack, unpack
from tensornaut.engine.rasterize.batch import SUM_LIMIT, prepare
from tensornaut.engine.rasterize.gl_compute import ComputeRasterizer
from tensornaut.engine.rasterize.gl_tiles import LIGHT_SLOTS, PoolMirror, holds, tile_words
from tensornaut.engine.view import Eye, frustum

DEFINITION = DefinitionRasterizer()
BAR = 0.995  # share of pixels that are equal


@pytest.fixture(scope="module")
def computes(context):
    """Small sprites added up in shared memory and by chains, on the software driver; skips where it cannot compute."""
    try:
        made = ComputeRasterizer(context, shares=True), ComputeRasterizer(context, shares=False)
    except GraphicsError as error:
        pytest.skip(str(error))
    yield made
    context.check("compute")
    for rasterizer in made:
        rasterizer.close()


@pytest.fixture(params=["shared memory", "chains"])
def compute(request, computes, context):
    yield computes[request.param == "chains"]
    context.check("compute")


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


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    tiles=st.integers(0, 6),
    cell=st.floats(0.005, 3.0),
    size_px=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    minimum_px=st.sampled_from([0.6, 1.5, 2.0, 3.7]),
)
def test_any_batch_is_drawn_as_by_the_definition(computes, scenes, seed, tiles, cell, size_px, minimum_px):
    batch, pool, near, rows = scenes.random(seed, tiles, cell, size_px)
    expected = DEFINITION.light(batch, pool, near, rows, size_px, minimum_px)
    nearest = DEFINITION.nearest(batch, pool, rows, size_px)
    for compute in computes:
        assert equal_share(compute.light(batch, pool, near, rows, size_px, minimum_px), expected) >= BAR
        assert equal_share(compute.nearest(batch, pool, rows, size_px), nearest) >= BAR


@pytest.mark.parametrize("spacing_px", [0.2, 0.7, 1.0, 1.7, 2.6])
def test_grids_as_they_are_mostly_drawn(compute, scenes, spacing_px):
    """Tiles that are themselves, with sprites of the smallest size or larger ones, which have programs of their own."""
    size_px = (120, 80)
    batch, pool, rows = scenes.grid(spacing_px, 0.9, (0.4, 0.6, 0.1), size_px)
    expected = DEFINITION.light(batch, pool, scenes.near(), rows, size_px)
    assert expected.any()
    assert equal_share(compute.light(batch, pool, scenes.near(), rows, size_px), expected) >= BAR


def test_tiles_are_sorted_by_what_draws_them(scenes):
    batch, pool, _ = mixed(scenes)
    setup = prepare(batch, eye_rows(scenes.eye(90, 70)), pool)
    tiles = tile_words(setup, 1.5)
    assert (tiles.small, tiles.plain, len(tiles.words)) == (2, 4, 6)
    assert sorted(tiles.words[:, 29].tolist()) == list(range(6))
    assert set(tiles.words[tiles.plain :, 29].tolist()) == {4, 5}


def test_tiles_whose_light_lies_in_different_buffers_are_drawn_in_one_picture(compute, scenes, monkeypatch):
    """A pool whose light takes two blocks, and chains that hold two tiles at a time."""
    monkeypatch.setattr(gl_chains, "TILES_AT_ONCE", 2)
    corners = np.array([[x, y, -60] for x in (-9, 3) for y in (-9, -3, 3)])
    batch, near = scenes.single(corners, [(0.9, 0.5, 0.1)] * 6, cell=0.1)[0], scenes.near()
    slots = LIGHT_SLOTS + 2
    pool = Pool(np.zeros((slots, 32, 32), np.uint64), np.zeros((slots, 32, 32), np.int16), np.zeros(slots, np.int64))
    batch.slot[:] = LIGHT_SLOTS, 0, LIGHT_SLOTS + 1, 1, LIGHT_SLOTS - 1, 2
    pool.light[batch.slot] = pack(np.random.default_rng(0).uniform(0, 1, (6, 32, 32, 3)))
    batch.counts[:], batch.du[:], batch.dv[:] = 32, (0.2, 0, 0), (0, 0.2, 0)
    rows = eye_rows(scenes.eye(90, 70))
    assert tile_words(prepare(batch, rows, pool), 1.5).small_by_block.tolist() == [4, 2, 0, 0]
    expected = DEFINITION.light(batch, pool, near, rows, (90, 70))
    assert expected.any()
    assert equal_share(compute.light(batch, pool, near, rows, (90, 70)), expected) >= BAR


def mixed(scenes):
    """Six tiles of 8 x 8 samples before `scenes.eye(90, 70)`: two far, two near, two that still morph."""
    corners = np.array([[-9, -9, -60], [3, 3, -60], [-0.5, -0.5, -1], [0.1, 0.0, -0.5], [-9, 3, -60], [3, -9, -60]])
    batch, pool = scenes.single(corners, [(0.9, 0.5, 0.1)] * 6, cell=0.1)
    random = np.random.default_rng(0)
    pool.light[:] = pack(random.uniform(0, 1, (*pool.light.shape, 3)))
    pool.height[:] = random.integers(-32767, 32768, pool.height.shape)
    batch.counts[:] = 8
    batch.du[:], batch.dv[:], batch.dh[:] = (0.1, 0, 0), (0, 0.1, 0), (0, 0, 0.2)
    batch.morph[4:] = MORPH // 2, MORPH - 1
    batch.above[4:, 0], batch.above[4:, 1], batch.above[4:, 2] = batch.corner[4:], (0.2, 0, 0), (0, 0.2, 0)
    return batch, pool, scenes.near()


def test_small_large_and_morphing_tiles_in_one_batch(compute, scenes):
    batch, pool, near = mixed(scenes)
    rows = eye_rows(scenes.eye(90, 70))
    expected = DEFINITION.light(batch, pool, near, rows, (90, 70))
    assert equal_share(compute.light(batch, pool, near, rows, (90, 70)), expected) >= BAR
    nearest = DEFINITION.nearest(batch, pool, rows, (90, 70))
    assert equal_share(compute.nearest(batch, pool, rows, (90, 70)), nearest) >= BAR


@pytest.mark.parametrize("ink", [False, True])
def test_the_picture_stays_on_the_gpu_and_shows_the_sums(compute, scenes, context, ink):
    batch, pool, near = mixed(scenes)
    rows = eye_rows(scenes.eye(90, 70))
    expected = DEFINITION.resolve(DEFINITION.light(batch, pool, near, rows, (90, 70), 1.5, not ink), ink)
    for _ in range(2):  # a picture leaves nothing for the next
        shown = content(context.gl, compute.picture(batch, pool, near, rows, (90, 70), 1.5, ink), (90, 70))
        assert np.mean((shown == expected).all(-1)) >= BAR


def test_the_picture_of_nearest_samples_shows_their_colors(compute, scenes, context):
    batch, pool, _ = mixed(scenes)
    rows = eye_rows(scenes.eye(90, 70))
    colors = np.random.default_rng(0).integers(1, 1 << 32, (1, 512)).astype(np.uint32)
    expected = DEFINITION.resolve_nearest(DEFINITION.nearest(batch, pool, rows, (90, 70)), batch, pool, colors)
    assert expected.any()
    shown = content(context.gl, compute.picture_nearest(batch, pool, rows, (90, 70), colors), (90, 70))
    assert np.mean((shown == expected).all(-1)) >= BAR


def content(gl, texture, size_px):
    width, height = size_px
    picture = np.empty((height, width, 4), np.uint8)
    gl.glBindTexture(gl.GL_TEXTURE_2D, texture.id)
    gl.glPixelStorei(gl.GL_PACK_ALIGNMENT, 1)
    gl.glGetTexImage(gl.GL_TEXTURE_2D, 0, gl.GL_RGBA, gl.GL_UNSIGNED_BYTE, picture)
    gl.glBindTexture(gl.GL_TEXTURE_2D, 0)
    return picture


@pytest.mark.parametrize(("cell", "side"), [(0.02, 16), (0.2, 16), (3.0, 3)])
def test_sums_stop_at_their_limit(compute, scenes, cell, side):
    """Many bright samples in one pixel, in one tile and in many."""
    color = (1.9, 0.1, 1.0)
    batch, pool = scenes.single([scenes.position(30, 20, 5)] * 16, [color] * 16, cell)
    batch.counts[:] = side
    pool.light[:] = pack(np.array(color))
    near, rows = scenes.near(color), eye_rows(scenes.eye())
    expected = DEFINITION.light(batch, pool, near, rows, scenes.size_px)
    assert np.array_equal(compute.light(batch, pool, near, rows, scenes.size_px), expected)
    assert (cell < 0.1) == (unpack(expected).max() < SUM_LIMIT)


def test_memory_is_that_of_the_pool_and_larger_pools_are_refused(computes):
    slots = 40
    pool = Pool(np.zeros((slots, 32, 32), np.uint64), np.zeros((slots, 32, 32), np.int16), np.zeros(slots, np.int64))
    mirror = PoolMirror(pool)
    assert slots * 10 * 1024 <= mirror.bytes <= slots * 10 * 1024 + 1024
    mirror.close()
    assert mirror.bytes == 0
    huge = np.broadcast_to(np.int16(0), (4 * LIGHT_SLOTS + 1, 32, 32))
    assert not holds(Pool(huge, huge))
    with pytest.raises(GraphicsError):
        PoolMirror(Pool(huge, huge))


def test_a_tile_that_points_beyond_the_pool_is_refused(compute, scenes):
    batch, pool, near, rows = scenes.random(5, 4, 0.2, (80, 60))
    for name, wrong in (("slot", 3), ("table", 2), ("counts", 33)):
        broken = Batch(**{**vars(batch), name: np.full_like(getattr(batch, name), wrong)})
        with pytest.raises(ValueError, match=name):
            compute.light(broken, pool, near, rows, (80, 60))
