import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensornaut.engine.rasterize import EMPTY, UNIT, Batch, DefinitionRasterizer

DEFINITION = DefinitionRasterizer()
SEEDS = st.integers(0, 2**32 - 1)
TILES = st.integers(0, 6)
CELLS = st.floats(0.005, 3.0)
SIZES = st.tuples(st.integers(1, 90), st.integers(1, 90))


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, tiles=TILES, cell=CELLS, size_px=SIZES, minimum_px=st.sampled_from([0.6, 1.5, 2.0, 3.7]))
def test_light_has_the_bits_of_the_definition_on_any_number_of_threads(
    compiled, scenes, seed, tiles, cell, size_px, minimum_px
):
    batch, pool, near, rows = scenes.random(seed, tiles, cell, size_px)
    expected = DEFINITION.light(batch, pool, near, rows, size_px, minimum_px)
    for rasterizer in compiled.values():
        assert np.array_equal(rasterizer.light(batch, pool, near, rows, size_px, minimum_px), expected)


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, tiles=TILES, cell=CELLS, size_px=SIZES)
def test_nearest_has_the_bits_of_the_definition_on_any_number_of_threads(compiled, scenes, seed, tiles, cell, size_px):
    batch, pool, _, rows = scenes.random(seed, tiles, cell, size_px)
    expected = DEFINITION.nearest(batch, pool, rows, size_px)
    colors = np.random.default_rng(seed).integers(0, 1 << 32, (2, 512)).astype(np.uint32)
    shown = DEFINITION.resolve_nearest(expected, batch, pool, colors)
    for rasterizer in compiled.values():
        assert np.array_equal(rasterizer.nearest(batch, pool, rows, size_px), expected)
        assert np.array_equal(rasterizer.resolve_nearest(expected, batch, pool, colors), shown)


@pytest.mark.parametrize("ink", [False, True])
def test_pictures_of_light_equal_those_of_the_definition(compiled, ink):
    fields = np.random.default_rng(0).integers(0, 1 << 20, (3, 50, 70)) >> np.arange(70) % 20
    red, green, blue = fields.astype(np.uint64)
    sums = red | green << np.uint64(21) | blue << np.uint64(42)
    assert np.array_equal(compiled[2].resolve(sums, ink), DEFINITION.resolve(sums, ink))


def test_the_order_of_tiles_does_not_change_light(rasterizer, scenes):
    batch, pool, near, rows = scenes.random(5, 40, 0.2, (80, 60))
    order = np.random.default_rng(0).permutation(len(batch))
    turned = Batch(**{name: column[order] for name, column in vars(batch).items()})
    first = rasterizer.light(batch, pool, near, rows, (80, 60))
    assert first.any()
    assert np.array_equal(rasterizer.light(turned, pool, near, rows, (80, 60)), first)


def test_a_frame_leaves_nothing_for_the_next(compiled, scenes):
    batch, pool, near, rows = scenes.random(5, 40, 0.2, (80, 60))
    empty = Batch(**{name: column[:0] for name, column in vars(batch).items()})
    for rasterizer in compiled.values():
        first = rasterizer.light(batch, pool, near, rows, (80, 60)), rasterizer.nearest(batch, pool, rows, (80, 60))
        assert not rasterizer.light(empty, pool, near, rows, (80, 60)).any()
        assert (rasterizer.nearest(empty, pool, rows, (80, 60)) == EMPTY).all()
        again = rasterizer.light(batch, pool, near, rows, (80, 60)), rasterizer.nearest(batch, pool, rows, (80, 60))
        assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_a_tile_that_points_beyond_the_pool_is_refused(rasterizer, scenes):
    batch, pool, near, rows = scenes.random(5, 4, 0.2, (80, 60))
    for name, wrong in (("slot", 3), ("table", 2), ("counts", 33)):
        broken = Batch(**{**vars(batch), name: np.full_like(getattr(batch, name), wrong)})
        with pytest.raises(ValueError, match=name):
            rasterizer.light(broken, pool, near, rows, (80, 60))


@pytest.mark.parametrize("ink", [False, True])
def test_light_joined_in_memory_is_what_blending_its_picture_gives(compiled, ink):
    random = np.random.default_rng(1)
    red, green, blue = (random.integers(0, 1 << 20, (3, 50, 70)) >> np.arange(70) % 20).astype(np.uint64)
    sums = red | green << np.uint64(21) | blue << np.uint64(42)
    ground = random.integers(0, 256, (50, 70, 4)).astype(np.uint8)
    shown, before = compiled[2].resolve(sums, ink)[..., :3].astype(int), ground[..., :3].astype(int)
    expected = np.rint(before * shown / 255) if ink else np.minimum(before + shown, 255)
    alpha = ground[..., 3].copy()
    compiled[2].join(sums, ground, ink, None)
    assert np.abs(ground[..., :3] - expected).max() <= 0.5
    assert np.array_equal(ground[..., 3], alpha)


def test_a_glow_lies_around_what_is_bright_and_keeps_its_light(compiled):
    sums = np.zeros((200, 300), np.uint64)
    sums[96:104, 144:152] = UNIT  # red, as bright as can be
    glow = compiled[2].glow(sums, (0.1, 0.4), (1.0, 0.0))
    light = compiled[2].resolve(sums)[100, 148, 0]
    assert glow.shape == (25, 38, 3)
    assert np.unravel_index(glow[..., 0].argmax(), glow.shape[:2]) == (12, 18)
    assert glow[..., 0].sum() == pytest.approx(float(light), rel=0.01)
    assert not glow[..., 1:].any()
    assert not compiled[2].glow(sums // np.uint64(20), (0.1, 0.4), (1.0, 0.0)).any()
    wide = compiled[2].glow(sums, (0.1, 0.4), (0.0, 1.0))
    assert (wide[..., 0] > 0).sum() > 2 * (glow[..., 0] > 0).sum()
