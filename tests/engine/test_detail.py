"""A frame's detail depends on the scene alone when exact, keeps light at every distance, and draws a weight once."""

import numpy as np
import pytest
from tensornaut.engine.detail import Detail
from tensornaut.engine.near_cells import CUBE_PX, NEAR_LIMIT
from tensornaut.engine.rasterize import DefinitionRasterizer, eye_rows, unpack
from tensornaut.engine.scene import Node, Scene, WeightGrid
from tensornaut.engine.tile_data import EXACT
from tensornaut.engine.tiles import SLOT_BYTES, TilePool
from tensornaut.engine.values import ArrayValues
from tensornaut.engine.view import Eye, Frame, look_at, perspective
from tensornaut.scenes.style import THEMES, diverging

SHAPES = [(256, 512), (257, 33), (1, 700), (90, 1)]


def grid_of(values, origin=(0.0, 0.0, 0.0), cell=1.0, value_range=2.0, shape=None, emphasis=1.0):
    return WeightGrid(
        origin=np.array(origin),
        du=np.array([0.0, 0.0, cell]),
        dv=np.array([cell, 0.0, 0.0]),
        dh=np.array([0.0, 3.3 * cell, 0.0]),
        values=values,
        value_range=value_range,
        shape=shape or values.array.shape,
        colors=diverging("dark"),
        emphasis=emphasis,
    )


def random_values(shape, seed):
    return ArrayValues(np.random.default_rng(seed).standard_normal(shape).astype(np.float32), f"random {seed}")


def scene_of(*grids, theme="dark"):
    root = Node("root")
    for grid in grids:
        root.add(Node("grid", drawable=grid))
    return Scene(root, THEMES[theme], np.zeros(3), np.array([1000.0, 10.0, 600.0]))


def model(shift=0.0):
    """A few matrices and vectors side by side."""
    starts = [0.0, 520.0, 560.0, 1270.0]
    return scene_of(
        *(
            grid_of(random_values(s, k), (shift + x, 0.0, 0.0))
            for k, (s, x) in enumerate(zip(SHAPES, starts, strict=True))
        )
    )


def eye_at(position, target, size_px=(640, 360), fov=0.7):
    width, height = size_px
    return Eye(
        look_at(np.array(position, float), np.array(target, float)),
        perspective(fov, width / height, 0.1, 1e6),
        (0, 0, width, height),
    )


FAR = eye_at((-400, 500, -900), (500, 0, 150))
NEAR = eye_at((40, 60, -30), (60, 0, 60))
CLOSE = eye_at((100, 9, 94), (100, 0, 100))


def content(detail, eye):
    """All that a batch says, with the pool's data in place of slots."""
    batch = detail.batch(eye)
    light, height = detail.pool.data.light[batch.slot].copy(), detail.pool.data.height[batch.slot].copy()
    inside = (np.arange(32)[:, None] < batch.counts[:, :1, None]) & (np.arange(32) < batch.counts[:, 1:, None])
    light[~inside], height[~inside] = 0, 0
    coarse = detail.pool.data.light[batch.above_at[:, 0]]
    coarse[batch.above_at[:, 0] < 0] = 0
    columns = {name: column for name, column in vars(batch).items() if name not in ("slot", "above_at")}
    columns["above_at"] = batch.above_at[:, 1:]
    return {**columns, "light": light, "height": height, "coarse": coarse, "near": detail.near.value}


def picture_of(detail, eye):
    rows = eye_rows(eye)
    return DefinitionRasterizer().light(detail.batch(eye), detail.pool.data, detail.near_tables, rows, eye.size_px)


def assert_equal_content(a, b):
    for name, column in a.items():
        np.testing.assert_array_equal(column, b[name], err_msg=name)


@pytest.mark.parametrize("eye", [FAR, NEAR, CLOSE])
def test_live_frames_become_the_exact_one(eye):
    exact, live = Detail(model()), Detail(model())
    exact.prepare(Frame(0, 0.0, (eye,)))
    for index in range(100):
        live.prepare(Frame(index, 0.0, (eye,), mode="live"))
        if not live.waiting:
            break
        live.pool.wait()
    assert len(exact.batch(eye)) > 0
    assert_equal_content(content(live, eye), content(exact, eye))


def test_tiles_that_are_still_read_are_shown_by_coarser_ones_in_place_of_nothing():
    detail = Detail(model())
    for index, eye in enumerate((FAR, NEAR, FAR, NEAR)):
        detail.prepare(Frame(index, 0.0, (eye,), (500, 100_000)[index % 2], mode="live"))
        batch = detail.batch(eye)
        assert (batch.gain > 0).all() and (batch.gain <= 1).all()
        assert np.isfinite(batch.above).all() and (batch.cell > 0).all()
        detail.pool.wait() if index == 0 else None


def test_detail_comes_and_goes_by_degrees_as_the_budget_of_a_flight_changes(monkeypatch):
    """Tau, which says how large samples may be, mostly moves by 6 % from frame to frame, never by a whole level."""
    monkeypatch.setattr("tensornaut.engine.detail.is_compiled", lambda name: True)
    detail, taus = Detail(model()), []
    for index in range(120):
        budget = 60_000 * (0.97**index if index < 40 else 0.3 if index < 60 else 1)
        moving = eye_at((40 + 1e-6 * index, 60, -30), (60, 0, 60))
        detail.prepare(Frame(index, 0.0, (moving,), int(budget), mode="live"))
        detail.pool.wait()
        taus.append(detail.tau)
        assert detail.samples <= budget
    assert max(taus) > 1.1 * taus[0] and taus[-1] < 1.2 * taus[0]
    np.testing.assert_allclose(taus[-20:], taus[-1])  # at rest nothing flickers
    steps = np.abs(np.diff(np.log(taus)))
    assert np.quantile(steps, 0.85) < np.log(1.07) and steps.max() < np.log(1.6)


def test_the_first_frame_after_a_flight_asks_for_all_detail(monkeypatch):
    monkeypatch.setattr("tensornaut.engine.detail.is_compiled", lambda name: True)
    detail, whole = Detail(model()), Detail(model())
    for index, eye in enumerate((FAR, NEAR)):
        detail.prepare(Frame(index, 0.0, (eye,), 5_000, mode="live"))
    assert detail.tau > 1
    detail.prepare(Frame(2, 0.0, (NEAR,), 4_000_000, mode="live"))
    assert detail.tau == 1
    detail.pool.wait()
    detail.prepare(Frame(3, 0.0, (NEAR,), 4_000_000, mode="live"))
    whole.prepare(Frame(0, 0.0, (NEAR,)))
    assert_equal_content(content(detail, NEAR), content(whole, NEAR))


def test_exact_frames_do_not_depend_on_what_was_seen_before():
    fresh, used = Detail(model()), Detail(model(), TilePool(budget_bytes=900 * SLOT_BYTES))
    for k, eye in enumerate((CLOSE, NEAR, FAR, NEAR)):
        used.prepare(Frame(k, 0.0, (eye,), budget=3000 * (k + 1), mode="live"))
    for eye in (FAR, CLOSE, NEAR):
        frame = Frame(9, 0.0, (eye,), budget=100_000)
        fresh.prepare(frame)
        used.prepare(frame)
        assert fresh.samples <= 100_000
        assert_equal_content(content(fresh, eye), content(used, eye))


@pytest.mark.parametrize("distance", [500, 2000, 8000, 50_000, 1e6])
def test_light_is_the_same_at_every_distance(distance):
    """Light x area, summed over samples; the last block of a ragged matrix counts as much as a full one."""
    detail, eye = Detail(model(), fog_start=0.0), eye_at((500, distance, 150.0), (500, 0, 149.9), fov=1.6)
    detail.prepare(Frame(0, 0.0, (eye,), budget=10**7))
    for number, grid in enumerate(detail.grids):
        mine = np.flatnonzero(detail.drawn.grid == number)
        total = np.zeros(3)
        for k in mine:
            high, wide = detail.drawn.counts[k]
            light = detail.pool.data.light[detail.drawn.slot[k], :high, :wide]
            total += unpack(light).sum((0, 1)) * detail.drawn.cell[k] ** 2
        entries = np.clip((grid.values.array.astype(float) / 2 + 1) * 512, 0, 1023).astype(int)
        exact = unpack(detail._look(grid).overview[entries]).sum((0, 1))
        np.testing.assert_allclose(total, exact, rtol=0.002 if number == 0 else 0.1)
    if distance >= 50_000:
        assert detail.drawn.level.min() > 3


def test_samples_stand_where_their_weights_do():
    """The mean place of all samples is the middle of the matrix, at every level, and none lies outside."""
    for distance in (300, 3000, 30_000, 3e6):
        detail, eye = (
            Detail(scene_of(grid_of(random_values((257, 700), 3)))),
            eye_at((350, distance, 128.01), (350, 0, 128)),
        )
        detail.prepare(Frame(0, 0.0, (eye,), budget=10**7))
        drawn, places, weights = detail.drawn, [], []
        for k in range(len(drawn)):
            i, j = np.mgrid[: drawn.counts[k, 0], : drawn.counts[k, 1]]
            at = drawn.corner[k] + i[..., None] * drawn.du[k] + j[..., None] * drawn.dv[k]
            places.append(at.reshape(-1, 3))
            weights.append(np.full(i.size, drawn.cell[k] ** 2))
        places, weights = np.concatenate(places), np.concatenate(weights)
        if distance > 300:
            np.testing.assert_allclose(np.average(places, 0, weights), [349.5, 0, 128], atol=1e-6)
        assert (places.min(0) >= [0, 0, 0]).all() and (places.max(0) <= [699, 0, 256]).all()


def test_positions_are_relative_to_the_eye_before_they_are_rounded():
    shift = 1e8
    near, far = Detail(model(), fog_start=0.0), Detail(model(shift), fog_start=0.0)
    moved = eye_at((40 + shift, 60, -30), (60 + shift, 0, 60))
    near.prepare(Frame(0, 0.0, (NEAR,)))
    far.prepare(Frame(0, 0.0, (moved,)))
    np.testing.assert_allclose(far.batch(moved).corner, near.batch(NEAR).corner, atol=1e-4)


def test_two_eyes_share_a_cut_and_see_their_own_part():
    left, right = eye_at((60, 30, 60), (20, 0, 60)), eye_at((300, 30, 60), (340, 0, 60))
    detail = Detail(model())
    detail.prepare(Frame(0, 0.0, (left, right)))
    one, other = set(detail.seen(left)), set(detail.seen(right))
    assert one | other == set(range(len(detail.drawn)))
    assert one - other and other - one
    assert len(detail.batch(left)) == len(one)


def test_fog_and_emphasis_dim_but_never_hide():
    scene = scene_of(
        grid_of(random_values((64, 64), 1)), grid_of(random_values((64, 64), 2), (0, 0, 9000.0), emphasis=0.5)
    )
    detail, eye = Detail(scene, fog_start=100.0), eye_at((30, 20, -60), (30, 0, 100))
    detail.prepare(Frame(0, 0.0, (eye,)))
    gain = detail.batch(eye).gain
    grid = detail.drawn.grid[detail.seen(eye)]
    assert gain[grid == 0].min() > 0.7
    np.testing.assert_allclose(gain[grid == 1], 0.35 * 0.5)
    detail.fog_start = 0.0
    assert (detail.batch(eye).gain[grid == 0] == 1).all()


def test_near_weights_are_cubes_with_the_values_of_the_file():
    scene = model()
    detail = Detail(scene)
    detail.prepare(Frame(0, 0.0, (CLOSE,)))
    near, values = detail.near, detail.grids[0].values.array
    assert 20 < len(near) <= NEAR_LIMIT
    np.testing.assert_array_equal(near.value, values[near.row, near.col])
    np.testing.assert_allclose(near.base, np.column_stack([near.col, 0 * near.row, near.row]))
    np.testing.assert_allclose(near.share, np.clip(near.value / 2, -1, 1), atol=1e-4)
    assert (near.pixels > CUBE_PX).all()


def test_a_weight_is_a_cube_or_a_point_or_on_its_way_between():
    scene = scene_of(grid_of(random_values((5, 5), 1), value_range=20.0))
    detail, light = Detail(scene), []
    for height in (6.5, 9.0, 10.0, 10.5, 11.0, 12.0, 15.0):
        eye = eye_at((2, height, 1.9), (2, 0, 2))
        detail.prepare(Frame(0, 0.0, (eye,)))
        cube = detail.near.strength.sum() / 25
        light.append((cube, unpack(picture_of(detail, eye)).sum() * height**2))
    cubes, light = np.array(light).T
    assert cubes[0] == 1 and light[0] == 0 and cubes[-1] == 0
    assert (np.diff(cubes) <= 0).all() and ((cubes > 0) & (cubes < 1)).sum() >= 3
    np.testing.assert_allclose(light, light[-1] * (1 - cubes), atol=0.1 * light[-1])


def test_stems_leave_as_points_turn_into_cubes():
    scene = scene_of(grid_of(random_values((5, 5), 1), value_range=2.0))
    detail, alpha = Detail(scene), []
    for height in (3.0, 10.5, 20.0):
        detail.prepare(Frame(0, 0.0, (eye_at((2, height, 1.9), (2, 0, 2)),)))
        alpha.append(detail.stems().colors[:, 3].sum())
    assert alpha[0] == 0 < alpha[1] < alpha[2]


def test_more_weights_than_may_be_cubes_turn_by_degrees_too():
    """The first weight left out is the size from which cubes appear: none comes or goes at once."""
    detail = Detail(scene_of(grid_of(random_values((60, 60), 1))))
    detail.prepare(Frame(0, 0.0, (eye_at((30, 28, 29.9), (30, 0, 30), (1920, 1080)),)))
    assert len(detail.near) == NEAR_LIMIT
    assert detail.near.strength[-1] < 0.01
    assert (np.abs(np.diff(detail.near.strength)) < 0.05).all()


def test_points_beside_cubes_stay():
    detail = Detail(model())
    detail.prepare(Frame(0, 0.0, (CLOSE,)))
    drawn, near = detail.drawn, detail.near
    masked = np.flatnonzero(drawn.shown_slot != drawn.slot)
    assert set(masked) == set(near.tile)
    light = detail.pool.data.light
    for tile in masked:
        high, wide = drawn.counts[tile]
        hidden = light[drawn.shown_slot[tile], :high, :wide] == 0
        assert hidden.sum() == (near.tile == tile).sum()
        assert (light[drawn.slot[tile], :high, :wide] != 0).all()
        same = light[drawn.shown_slot[tile], :high, :wide] == light[drawn.slot[tile], :high, :wide]
        assert (same | hidden).all()


def test_stems_reach_from_the_zero_plane_to_the_point():
    detail, eye = Detail(model()), eye_at((60, 40, 40), (60, 0, 80))
    detail.prepare(Frame(0, 0.0, (eye,)))
    stems = detail.stems()
    bottom, top = stems.vertices[:, 0], stems.vertices[:, 1]
    assert len(bottom) > 100
    assert (bottom[:, 1] == 0).all()
    col, row = bottom[:, 0].round().astype(int), bottom[:, 2].round().astype(int)
    expected = 3.3 * np.clip(detail.grids[0].values.array[row, col] / 2, -1, 1)
    np.testing.assert_allclose(top[:, 1], expected, atol=1e-3)
    assert stems.colors[:, 3].max() <= 0.6


def test_changed_values_are_drawn_anew():
    grid = grid_of(random_values((40, 40), 1))
    detail, eye = Detail(scene_of(grid)), eye_at((20, 100, 19), (20, 0, 20))
    frame = Frame(0, 0.0, (eye,))
    detail.prepare(frame)
    before = content(detail, eye)
    grid.values = ArrayValues(-grid.values.array, "negative")
    grid.touch()
    detail.prepare(frame)
    np.testing.assert_array_equal(content(detail, eye)["height"], -before["height"])


def test_a_scene_of_shapes_only_is_a_flat_lattice():
    detail, eye = Detail(scene_of(grid_of(None, shape=(10**5, 10**5)))), eye_at((20, 9, -60), (20, 0, 20))
    detail.prepare(Frame(0, 0.0, (eye,)))
    batch = detail.batch(eye)
    assert len(batch) > 10
    assert not detail.pool.data.height[batch.slot].any()
    assert len(detail.near) == 0


def test_an_empty_scene_draws_nothing():
    detail = Detail(scene_of())
    detail.prepare(Frame(0, 0.0, (NEAR,)))
    assert len(detail.batch(NEAR)) == len(detail.near) == len(detail.stems().vertices) == 0


def test_a_small_pool_draws_coarser_tiles():
    detail = Detail(model(), TilePool(budget_bytes=40 * SLOT_BYTES))
    detail.prepare(Frame(0, 0.0, (NEAR,)))
    assert 0 < len(detail.drawn) <= 40
    assert detail.left_out == 0


def test_unreadable_weights_are_left_out_with_a_note():
    class Broken(ArrayValues):
        def read(self, rows, cols):
            raise OSError("gone")

    detail = Detail(scene_of(grid_of(Broken(np.ones((50, 50)), "broken"))))
    for index in range(3):
        detail.prepare(Frame(index, 0.0, (eye_at((20, 6, 19), (20, 0, 20)),)))
    assert len(detail.near) == 0
    assert (detail.drawn.quality != EXACT).all()
    assert {fault[0] for fault in detail.pool.faults} == {"broken"}
    assert len(detail.pool.faults) <= 4


def test_a_live_frame_draws_no_more_than_the_definition_can_while_nothing_is_compiled(python, cold):
    code = """
import numpy as np
from tensornaut.engine.detail import DEFINITION_BUDGET, Detail
from tensornaut.engine.scene import Node, Scene, WeightGrid
from tensornaut.engine.view import Eye, Frame, look_at, perspective
from tensornaut.scenes.style import THEMES

du, dv, dh = np.array([0.0, 0, 1]), np.array([1.0, 0, 0]), np.array([0.0, 3, 0])
grid = WeightGrid(np.zeros(3), du, dv, dh, None, 1.0, (600, 1000), None)
root = Node("root")
root.add(Node("grid", drawable=grid))
scene = Scene(root, THEMES["dark"], np.zeros(3), np.array([1000.0, 1, 600]))
place = look_at(np.array([500.0, 800, 299]), np.array([500.0, 0, 300]))
eye = Eye(place, perspective(0.8, 2, 1, 1e4), (0, 0, 2000, 1000))
samples = {}
for mode in ("exact", "live"):
    detail = Detail(scene)
    for index in range(2):
        detail.prepare(Frame(index, 0.0, (eye,), 1_000_000, mode))
    samples[mode] = detail.samples
print(samples["live"] <= DEFINITION_BUDGET < samples["exact"])
"""
    assert python(code, cold) == "True\n"
