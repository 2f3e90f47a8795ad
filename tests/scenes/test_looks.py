"""Looks: what color and height say of every weight, on which scale, and the way from look to look and back."""

import numpy as np
import pytest
from safetensors import numpy as reference
from tensornaut.engine.commands import CommandTable
from tensornaut.engine.detail import Detail
from tensornaut.engine.kernels.colorize import FIELD, HEIGHT_UNIT, UNIT, light_tables
from tensornaut.engine.tile_data import Source, samples_of
from tensornaut.engine.tiles import TilePool
from tensornaut.engine.view import Eye, Frame, look_at, perspective
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.focus import EASE_S, WHOLE, Focus, say_block, show_focus
from tensornaut.scenes.look_words import distribution, points_words
from tensornaut.scenes.looks import LOOKS, RANGES, SIGN_HEIGHT, VALUE, Look
from tensornaut.scenes.network_scene import build, show_look
from tensornaut.scenes.session import Session
from tensornaut.scenes.strings import text
from tensornaut.scenes.style import THEMES

DARK, LIGHT = THEMES["dark"], THEMES["light"]
NAMES = {  # a transformer's block, whose parts are of three kinds
    "blocks.0.attention.query.weight": (24, 24),
    "blocks.0.attention.query.bias": (24,),
    "blocks.0.norm1.weight": (24,),
    "blocks.0.mlp.fc1.weight": (96, 24),
    "blocks.0.mlp.fc2.weight": (24, 96),
}


def arrays_of(seed=1):
    random = np.random.default_rng(seed)
    return {
        name: (random.standard_normal(shape) * 0.02 * (k + 1) + 0.01 * k).astype("f4")
        for k, (name, shape) in enumerate(NAMES.items())
    }


@pytest.fixture
def network(tmp_path):
    reference.save_file(arrays_of(), tmp_path / "model.safetensors")
    return open_network(str(tmp_path / "model.safetensors"))


def built_of(network, look=VALUE, theme=DARK):
    return build(network, theme, Analysis(), look)


def part_of(built, end):
    return next(part for part in built.grids if built.network.tensors[part.tensor].name.endswith(end))


def samples(grid, theme=DARK):
    """(channels of light, share) of every weight of a grid, as tiles have them."""
    tables = light_tables(grid.colors, theme.ink, theme.text, grid.law, grid.near_law)
    values = grid.values if grid.painted is None else grid.painted
    source = Source(values, grid.value_range, grid.shape, tables, grid.center, grid.reduce == "peak")
    light, height = samples_of(source, slice(0, grid.shape[0]), slice(0, grid.shape[1]), (1, 1))
    channels = [(light >> np.uint64(k * FIELD)).astype(int) & ((1 << FIELD) - 1) for k in range(3)]
    return np.stack(channels, -1) / UNIT, height / HEIGHT_UNIT


def words(labels):
    return [piece.text for piece in labels.texts]


def legend_of(built):
    return words(built.overview_words.children[1].drawable) + words(built.overview_words.children[0].drawable)


def test_a_scene_begins_with_values(network):
    built = built_of(network)
    for part in built.grids:
        tensor = network.tensors[part.tensor]
        assert (part.grid.center, part.grid.reduce, part.grid.painted, part.grid.law) == (0.0, "mean", None, None)
        assert part.grid.value_range == built.analysis.facts(tensor).value_range


def test_magnitudes_rise_from_the_zero_plane_and_shine_by_size(network):
    grid = part_of(built_of(network, Look("magnitude")), "fc1.weight").grid
    light, share = samples(grid)
    values = grid.values.read(slice(0, 96), slice(0, 24))
    np.testing.assert_allclose(share, np.minimum(np.abs(values) / grid.value_range, 1), atol=1e-4)
    order = np.argsort(np.abs(values), axis=None)
    brightness = light.sum(-1).ravel()[order]
    assert (np.diff(brightness) >= -1e-3).all() and brightness[-1] > 5 * brightness[0]


def test_z_scores_are_counted_from_the_mean(network):
    grid = part_of(built_of(network, Look("zscore")), "fc2.weight").grid
    values = grid.values.read(slice(0, 24), slice(0, 96)).astype(float)
    expected = np.clip((values - values.mean()) / values.std() / 3, -1, 1)
    np.testing.assert_allclose(samples(grid)[1], expected, atol=1e-4)


def test_signs_have_two_colors_and_zero_a_third(tmp_path):
    values = np.array([[-3.0, -1e-30, 0.0, -0.0, 1e-30, 5.0]] * 4, np.float32)
    reference.save_file({"a.weight": values}, tmp_path / "model.safetensors")
    grid = built_of(open_network(str(tmp_path / "model.safetensors")), Look("sign")).grids[0].grid
    light, share = samples(grid)
    np.testing.assert_array_equal(share[0], [-1, -1, 0, 0, 1, 1])
    assert len(np.unique(light[0], axis=0)) == 3
    assert (light[0, 0] == light[0, 1]).all() and (light[0, 4] == light[0, 5]).all()


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_outliers_blaze_and_the_rest_is_quiet(tmp_path, theme):
    values = np.random.default_rng(2).standard_normal((200, 200)).astype(np.float32)
    values[3, 4], values[5, 6] = 30.0, -30.0
    reference.save_file({"a.weight": values}, tmp_path / "model.safetensors")
    grid = built_of(open_network(str(tmp_path / "model.safetensors")), Look("outlier"), theme).grids[0].grid
    assert grid.reduce == "peak" and abs(grid.center) < 0.05
    light, share = samples(grid, theme)
    power = light.sum(-1)
    assert share[3, 4] == 1 and share[5, 6] == -1
    rest = np.abs(values) < 4.5
    assert min(power[3, 4], power[5, 6]) > 4 * power[rest].max()
    assert np.abs(light[3, 4] - light[5, 6]).max() > 0.3  # the sign is a color


def test_a_row_has_one_color_and_rows_are_ordered_by_their_norm(network):
    grid = part_of(built_of(network, Look("rownorm")), "fc1.weight").grid
    light, share = samples(grid)
    assert (share == share[:, :1]).all() and (light == light[:, :1]).all()
    norms = np.linalg.norm(grid.values.read(slice(0, 96), slice(0, 24)).astype(float), axis=1)
    order = np.argsort(norms)
    assert (np.diff(share[order, 0]) >= 0).all() and share[order[-1], 0] > 0.9 > -0.9 > share[order[0], 0]


def test_of_a_vector_each_number_is_a_row(network):
    grid = part_of(built_of(network, Look("rownorm")), "query.bias").grid
    values = np.abs(grid.values.read(slice(0, 1), slice(0, 24)))[0]
    share = samples(grid)[1][0]
    assert (np.diff(share[np.argsort(values)]) >= 0).all() and len(np.unique(share)) > 12


@pytest.mark.parametrize("name", LOOKS)
def test_the_model_or_a_kind_of_layer_shares_a_scale(network, name):
    scales = {}
    for reach in RANGES:
        built = built_of(network, Look(name, reach))
        scales[reach] = {
            network.tensors[part.tensor].name: (part.grid.center, part.grid.value_range) for part in built.grids
        }
    if name == "sign":
        assert len({scale for reach in RANGES for scale in scales[reach].values()}) == 1
        return
    assert len(set(scales["tensor"].values())) == len(NAMES)
    assert len(set(scales["model"].values())) == 1
    kinds = scales["kind"]
    assert kinds["blocks.0.mlp.fc1.weight"] == kinds["blocks.0.mlp.fc2.weight"]
    assert kinds["blocks.0.mlp.fc1.weight"] != kinds["blocks.0.norm1.weight"]


def test_the_range_of_a_model_is_that_of_all_its_values(network):
    built = built_of(network, Look("value", "model"))
    every = np.abs(np.concatenate([array.ravel() for array in arrays_of().values()]))
    assert built.grids[0].grid.value_range == pytest.approx(np.quantile(every, 0.995), rel=0.02)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("reach", RANGES)
def test_a_look_shown_later_is_the_same_as_one_built_with(network, name, reach, theme):
    look = Look(name, reach, heights=False)
    later, at_once = built_of(network, theme=theme), built_of(network, look, theme)
    for built in (later, at_once):
        show_focus(built, Focus(1, 1.0))
    show_look(later, Look("outlier"))
    show_focus(later, Focus(1, 1.0))
    show_look(later, look)
    for built in (later, at_once):
        show_focus(built, Focus(1, 1.0))
    for one, other in zip(later.grids, at_once.grids, strict=True):
        for field in ("center", "value_range", "reduce", "law", "near_law", "typical"):
            assert getattr(one.grid, field) == getattr(other.grid, field), field
        assert (one.grid.colors == other.grid.colors).all() and (one.grid.dh == other.grid.dh).all()
        assert (one.grid.painted is None) == (other.grid.painted is None)
        if one.grid.painted is not None:
            assert one.grid.painted.key == other.grid.painted.key
    assert later.scene.sample_px == at_once.scene.sample_px
    np.testing.assert_array_equal(later.pools.colors, at_once.pools.colors)
    for one, other in zip(later.layer_words.children, at_once.layer_words.children, strict=True):
        if hasattr(one.drawable, "texts"):
            assert words(one.drawable) == words(other.drawable)


@pytest.mark.parametrize("name", LOOKS)
def test_every_revision_changes_with_the_look(network, name):
    built = built_of(network)
    before = [part.grid.revision for part in built.grids]
    show_look(built, Look(name, "model"))
    assert all(part.grid.revision > revision for part, revision in zip(built.grids, before, strict=True))


def test_without_heights_weights_lie_on_the_zero_plane(network):
    built = built_of(network, Look(heights=False))
    show_focus(built, WHOLE)
    assert all((part.grid.dh == 0).all() for part in built.grids)
    thickness = built.glass.upper[:, 1] - built.glass.lower[:, 1]
    assert (thickness > 0).all() and (thickness <= 1.0).all()
    show_look(built, VALUE)
    show_focus(built, WHOLE)
    assert all(part.grid.dh[1] == part.tray.height for part in built.grids)


@pytest.mark.parametrize("name", LOOKS)
def test_the_legend_names_the_look_and_what_shares_a_scale(network, name):
    title = "WEIGHT" if name == "value" else text(f"look.{name}").upper()
    for reach in RANGES:
        shown = legend_of(built_of(network, Look(name, reach)))
        assert title in shown
        if name != "sign":
            assert any(text(f"legend.reach.{reach}") in line for line in shown)
    assert any(line.startswith("color: ") for line in legend_of(built_of(network, Look(name, heights=False))))


def test_the_legend_of_a_model_has_its_numbers(network):
    built = built_of(network, Look("value", "model"))
    end = f"{built.grids[0].grid.value_range:+.4g}"
    assert end in legend_of(built) and end.replace("+", "−") in legend_of(built)


def test_the_legend_of_kinds_has_the_scale_of_each(network):
    built = built_of(network, Look("value", "kind"))
    grid = part_of(built, "fc1.weight").grid
    assert f"± {grid.value_range:.3g}" in legend_of(built)


@pytest.mark.parametrize("name", LOOKS)
def test_the_legend_says_what_a_point_stands_for(network, name):
    built = built_of(network, Look(name))
    show_focus(built, WHOLE)
    detail = Detail(built.scene, TilePool(1 << 22))
    for focus in (WHOLE, Focus(1, 1.0)):
        show_focus(built, focus)
        for distance in (60.0, 2000.0, 60.0):
            target = built.grids[0].grid.origin
            view = look_at(target + np.array([0.0, distance, 1.0]), target)
            detail.prepare(Frame(0, 0.0, (Eye(view, perspective(0.6, 1.5, 0.1, 1e5), (0, 0, 300, 200)),)))
            say_block(built, detail)
            (line,) = words(built.point_words.drawable)
            layer_of = [next(part.layer for part in built.grids if part.grid is grid) for grid in detail.grids]
            drawn = [
                [min(1 << level, side) for side in extent.tolist()]
                for grid, level, extent in zip(detail.drawn.grid, detail.drawn.level, detail.drawn.extent, strict=True)
                if focus.layer in (-1, layer_of[grid])
            ]
            rows, columns = max(drawn, key=np.prod)
            assert (rows * columns > 1) == (distance > 1000)
            assert line == (
                "each point = 1 weight"
                if rows * columns == 1
                else text("legend.peaks" if name == "outlier" else "legend.points", block=f"{rows} × {columns}")
            )
    detail.pool.close()


@pytest.mark.parametrize(
    ("block", "said"), [((1, 1 << 19), "1 × 512 Ki"), ((64, 64), "64 × 64"), ((12_345, 2), "12,345 × 2")]
)
def test_blocks_are_named_by_their_rows_and_columns(block, said):
    assert points_words(Look(), block, False) == text("legend.points", block=said)


def test_the_legend_calls_cubes_cubes(network):
    built = built_of(network, Look())
    show_focus(built, Focus(1, 2.0))
    detail = Detail(built.scene, TilePool(1 << 22))
    part = next(part for part in built.grids if part.layer == 1)
    target = part.grid.origin + part.grid.du * 2 + part.grid.dv * 2
    said = []
    for distance in (5.0, 60.0):
        view = look_at(target + np.array([0.0, distance, 1.0]), target)
        detail.prepare(Frame(0, 0.0, (Eye(view, perspective(0.6, 1.5, 0.1, 1e5), (0, 0, 300, 200)),)))
        say_block(built, detail)
        said += words(built.point_words.drawable)
    assert said == ["each cube = 1 weight", "each point = 1 weight"]
    detail.pool.close()


@pytest.mark.parametrize("name", LOOKS)
def test_bars_count_every_number_once(network, name):
    built = built_of(network, Look(name))
    for part in built.grids:
        tensor = network.tensors[part.tensor]
        found = distribution(built.analysis, tensor, built.look, built.scales.of(part.tensor))
        counted = found.counts.sum()
        if name == "sign":
            assert sum(found.shares) == pytest.approx(1)
        else:
            assert counted == (part.tray.rows if name == "rownorm" and part.tray.rows > 1 else tensor.count)
        assert 0 <= found.beyond < 0.2


class Visit:
    """A session with its commands, and a clock of 60 frames a second."""

    def __init__(self, network, **options):
        self.session = Session(network, "dark", 16 / 9, lambda scene: None, **options)
        self.table = CommandTable()
        for command in self.session.commands():
            self.table.add(command)
        self.time_s = 0.0

    def let(self, seconds):
        for _ in range(round(seconds * 60)):
            self.time_s += 1 / 60
            self.session.prepare(self.time_s)

    def press(self, key):
        self.table.run(self.table.by_key(key).name)
        self.let(1 / 60)

    @property
    def height(self):
        part = self.session.built.grids[0]
        return part.grid.dh[1] / part.tray.height


def test_keys_go_through_all_looks_and_scales_and_undo_goes_back(network):
    visit = Visit(network)
    seen = [visit.session.look]
    for _ in LOOKS:
        visit.press("V")
        seen.append(visit.session.look)
        assert visit.session.built.look == visit.session.look
    assert [look.name for look in seen] == [*LOOKS, LOOKS[0]]
    visit.press("Shift+V")
    assert visit.session.look.name == LOOKS[-1]
    for reach in (*RANGES[1:], RANGES[0]):
        visit.press("R")
        assert visit.session.look.scale == reach
    for _ in range(len(LOOKS) + 1 + len(RANGES)):
        assert visit.table.undo()
    assert visit.session.look == VALUE == visit.session.built.look
    assert visit.table.redo() and visit.session.look.name == LOOKS[1]


def test_heights_come_and_go_within_400_ms(network):
    visit = Visit(network)
    visit.let(0.1)
    visit.press("H")
    shown = []
    while visit.session.prepare(visit.time_s):
        shown.append(visit.height)
        visit.let(1 / 60)
    assert 0 < len(shown) <= round(EASE_S * 60) + 1
    assert (np.diff(shown) <= 0).all() and max(-np.diff(shown)) < 0.2
    assert visit.height == 0
    visit.table.undo()
    visit.let(1.0)
    assert visit.height == 1


def test_signs_are_two_low_sheets(network):
    visit = Visit(network, look=Look("sign"))
    visit.let(0.1)
    assert visit.height == pytest.approx(SIGN_HEIGHT)


def test_a_look_can_be_set_by_name_and_other_names_are_refused(network):
    visit = Visit(network)
    visit.table.run("look.set", look="outlier", scale="model", heights=False)
    assert visit.session.look == Look("outlier", "model", heights=False)
    visit.table.run("look.set", look="sign")
    assert visit.session.look == Look("sign", "model", heights=False)
    with pytest.raises(ValueError, match="outlier"):
        visit.table.run("look.set", look="beauty")
    with pytest.raises(ValueError, match="tensor"):
        visit.table.run("look.set", scale="galaxy")
    assert visit.session.look == Look("sign", "model", heights=False)


def test_themes_and_further_models_keep_the_look(network):
    visit = Visit(network, look=Look("outlier", "kind"))
    visit.press("L")
    assert visit.session.built.look == Look("outlier", "kind")
    assert visit.session.built.scene.theme.name == "light"
    assert all(part.grid.reduce == "peak" for part in visit.session.built.grids)
    visit.session.open(network)
    assert visit.session.built.look == Look("outlier", "kind")
