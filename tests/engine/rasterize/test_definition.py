import numpy as np
import pytest
from tensornaut.engine.rasterize import EMPTY, LIGHT_SHARE, UNIT, Batch, Pool, eye_rows, pack, unpack
from tensornaut.engine.rasterize.batch import SUM_LIMIT

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def drawn_light(rasterizer, scenes, positions, colors, cell=0.1):
    batch, pool = scenes.single(positions, colors, cell)
    return rasterizer.light(batch, pool, scenes.near(), eye_rows(scenes.eye()), scenes.size_px)


def test_packed_light_is_unpacked_to_its_fields():
    assert unpack(pack(np.array([[0.5, 1.0, 5.0]]))).tolist() == [[UNIT // 2, UNIT, round(1.999 * UNIT)]]


def test_a_sample_lights_the_pixel_it_is_seen_in(rasterizer, scenes):
    sums = unpack(drawn_light(rasterizer, scenes, [scenes.position(40, 10, 5)], [RED]))
    assert np.unravel_index(sums[..., 0].argmax(), (48, 64)) == (10, 40)
    assert not sums[..., 1:].any()
    assert set(np.argwhere(sums[..., 0])[:, 0]) <= {9, 10, 11}


def test_a_large_sprite_reaches_as_far_as_its_disc(rasterizer, scenes):
    cell = 20 / 0.84 * 5 / 24  # 20 px across at depth 5
    sums = unpack(drawn_light(rasterizer, scenes, [scenes.position(30, 20, 5)], [RED], cell))
    line = sums[20, :, 1] / UNIT  # the near table is gray
    assert (line[22:39] > 0.35).all()
    assert line[18] < 0.15 > line[42]
    assert not sums[:, :9].any() and not sums[:, 52:].any()


def test_sprites_at_the_edge_are_drawn_in_part(rasterizer, scenes):
    for cell in (0.1, 0.5, 5.0):  # small, soft, disc
        outside = scenes.position(-1, 20, 5)
        sums = drawn_light(rasterizer, scenes, [outside], [RED], cell)
        assert sums[20, 0] > 0
        assert not sums[:, -1].any()


def test_samples_behind_the_eye_and_off_the_picture_are_dropped(rasterizer, scenes):
    away = [-scenes.position(32, 24, 5), scenes.position(900, 24, 5), scenes.position(30, -900, 5), np.zeros(3)]
    for cell in (0.1, 3.0):
        assert not drawn_light(rasterizer, scenes, away, [RED] * 4, cell).any()
    batch, pool = scenes.single(away, [RED] * 4)
    assert (rasterizer.nearest(batch, pool, eye_rows(scenes.eye()), scenes.size_px) == EMPTY).all()


def test_a_nearer_sample_hides_a_farther_one(rasterizer, scenes):
    batch, pool = scenes.single([scenes.position(40, 10, 9), scenes.position(40, 10, 3)], [RED, BLUE])
    pixels = rasterizer.nearest(batch, pool, eye_rows(scenes.eye()), scenes.size_px)
    depth, identity = np.array([pixels[10, 40] >> np.uint64(32)], np.uint32), int(pixels[10, 40]) & 0xFFFFFFFF
    assert depth.view(np.float32)[0] == pytest.approx(3)
    assert identity == 1024
    assert (pixels != EMPTY).sum() == 1


def test_nearest_names_tile_row_and_column(rasterizer, scenes):
    batch, pool = scenes.single([scenes.position(2, 3, 6)] * 2, [RED, RED])
    batch.du[1] = scenes.position(1, 0, 6) - scenes.position(0, 0, 6)
    batch.dv[1] = scenes.position(0, 1, 6) - scenes.position(0, 0, 6)
    batch.corner[0] *= 2
    batch.counts[1] = (20, 10)
    pixels = rasterizer.nearest(batch, pool, eye_rows(scenes.eye()), scenes.size_px)
    assert int(pixels[3 + 7, 2 + 19]) & 0xFFFFFFFF == 1024 + 19 * 32 + 7
    assert (pixels != EMPTY).sum() == 200


def test_height_lifts_a_sample(rasterizer, scenes):
    batch, pool = scenes.single([scenes.position(20, 20, 6)], [RED])
    batch.dh[0] = scenes.position(0, 8, 6) - scenes.position(0, 0, 6)
    pool.height[:] = -32767
    pixels = rasterizer.nearest(batch, pool, eye_rows(scenes.eye()), scenes.size_px)
    assert np.argwhere(pixels != EMPTY).tolist() == [[12, 20]]


def test_colors_of_nearest_samples_come_from_their_value(rasterizer, scenes):
    batch, pool = scenes.single([scenes.position(20, 20, 6), scenes.position(30, 20, 6)], [RED, RED])
    pool.height[0], pool.height[1] = -32767, 32767
    colors = np.arange(512, dtype=np.uint32)[None] | np.uint32(0xFF000000)
    pixels = rasterizer.nearest(batch, pool, eye_rows(scenes.eye()), scenes.size_px)
    picture = rasterizer.resolve_nearest(pixels, batch, pool, colors)
    assert picture[20, 20].tolist() == [0, 0, 0, 255]
    assert picture[20, 30].tolist() == [255, 1, 0, 255]
    assert picture[0, 0].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("diameter", [0.4, 1.2, 1.5, 1.7, 2.5, 5.9, 7.0])
def test_the_light_of_a_sprite_does_not_depend_on_where_it_falls(rasterizer, scenes, diameter):
    totals = []
    for shift in np.linspace(0, 1, 23):
        position = scenes.position(30 + shift, 20 + shift * 0.37, 5)
        sums = drawn_light(rasterizer, scenes, [position], [(1.5, 0, 0)], diameter / 0.84 * 5 / 24)
        totals.append(unpack(sums)[..., 0].sum())
    assert np.ptp(totals) <= 0.01 * np.mean(totals)  # within half a percent of the middle
    if diameter < 6:
        assert np.mean(totals) == pytest.approx(1.5 * UNIT * LIGHT_SHARE * (diameter / 0.84) ** 2, rel=0.005)


@pytest.mark.parametrize("elevation_deg", [20, 50, 89])
@pytest.mark.parametrize("spacing_px", [0.5, 0.9, 1.4, 2.0])
def test_a_grid_gives_its_share_of_light_at_any_distance(compiled, scenes, spacing_px, elevation_deg):
    elevation, color, size_px = np.radians(elevation_deg), np.array([0.8, 0.3, 0.1]), (160, 120)
    batch, pool, rows = scenes.grid(spacing_px, elevation, color, size_px)
    sums = unpack(compiled[1].light(batch, pool, scenes.near(), rows, size_px))[20:-20, 20:-20]
    expected = LIGHT_SHARE * color / np.sin(elevation)
    assert sums.mean((0, 1)) / UNIT == pytest.approx(expected, rel=0.03)


def test_gain_dims(rasterizer, scenes):
    for cell in (0.1, 0.5, 5.0):
        batch, pool = scenes.single([scenes.position(30, 20, 5)], [RED], cell)
        eye = eye_rows(scenes.eye()), scenes.size_px
        full = unpack(rasterizer.light(batch, pool, scenes.near(), *eye)).sum()
        batch.gain[:] = 0.25
        assert unpack(rasterizer.light(batch, pool, scenes.near(), *eye)).sum() == pytest.approx(full / 4, rel=0.01)


def test_sums_are_clamped_and_do_not_spill_into_other_channels(rasterizer, scenes):
    light = np.full((1, 32, 32), pack(np.array([1.9, 0.01, 0.0])), np.uint64)
    batch, _ = scenes.single([scenes.position(30, 20, 5)], [RED], 0.5)
    batch.counts[:] = 32
    pool = Pool(light, np.zeros((1, 32, 32), np.int16))
    one = rasterizer.light(batch, pool, scenes.near(), eye_rows(scenes.eye()), scenes.size_px)
    many = Batch(**{name: np.repeat(column, 5, 0) for name, column in vars(batch).items()})
    five = rasterizer.light(many, pool, scenes.near(), eye_rows(scenes.eye()), scenes.size_px)
    assert unpack(five)[20, 30, 0] == unpack(five)[..., 0].max() == SUM_LIMIT
    assert np.array_equal(unpack(five)[..., 1], 5 * unpack(one)[..., 1])
    assert not unpack(five)[..., 2].any()


def test_light_is_plain_up_to_the_shoulder_and_ink_absorbs(rasterizer):
    sums = pack(np.array([[[0.0, 0.5, 0.8], [1.0, 1.5, 1.99]]]))
    light = rasterizer.resolve(sums)
    assert light[0, 0].tolist() == [0, 128, 204, 0]
    assert 209 < light[0, 1, 0] < light[0, 1, 1] < light[0, 1, 2] <= 255
    ink = rasterizer.resolve(sums, ink=True)
    assert ink[0, 0].tolist() == [255, round(255 * np.exp(-0.5)), round(255 * np.exp(-0.8)), 255]
