"""Runs in a scene: exact numbers where they stand, layouts that stay, and a picture that depends on run and place."""

import numpy as np
import pytest
from safetensors.numpy import save_file
from tensornaut.engine.commands import CommandTable
from tensornaut.engine.detail import Detail
from tensornaut.engine.picking import Pick
from tensornaut.engine.view import Frame
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.focus import WHOLE, show_focus
from tensornaut.scenes.looks import Look
from tensornaut.scenes.network_scene import build
from tensornaut.scenes.runs import Runs
from tensornaut.scenes.session import Session
from tensornaut.scenes.style import THEMES
from tensornaut.scenes.views import overview

SIZE_PX = 320, 180
MODELS = ("digits.safetensors", "digits.onnx")


def image(seed=0):
    return {"image": np.random.default_rng(seed).random((1, 1, 8, 8), np.float32)}


def shown(network, seed=0, theme="dark"):
    built = build(network, THEMES[theme], Analysis())
    runs = Runs(built)
    runs.show(image(seed), runs.compute(image(seed)), play=False)
    return built, runs


@pytest.fixture(scope="module", params=MODELS)
def network(checkout, request):
    return open_network(checkout / "assets" / "demo" / request.param)


@pytest.fixture(scope="module")
def digits(checkout):
    return open_network(checkout / "assets" / "demo" / MODELS[0])


def sheet_of(runs, name):
    return next(sheet for sheet in runs.shown.sheets if sheet.name == name)


def said(built):
    """Lines of the legend of a run."""
    return {piece.text for piece in built.told[0].texts}


def test_every_layer_shows_what_it_passes_on(network):
    built, runs = shown(network)
    stops = {number for number, layer in enumerate(built.layout.layers) if layer.depth == 0}
    with_data = {sheet.layer for sheet in runs.shown.sheets}
    assert {layer for layer in stops if built.layout.layers[layer].volume.trays} <= with_data


def test_values_are_those_of_the_run_at_their_index(network):
    _, runs = shown(network)
    arrays = {**image(), **runs.trace.arrays}
    for sheet in runs.shown.sheets:
        array = arrays[sheet.name]
        first = array[0] if array.ndim > 1 else array
        matrix = sheet.grid.values.read(slice(0, sheet.grid.shape[0]), slice(0, sheet.grid.shape[1]))
        for row, column in ((0, 0), (sheet.mosaic.rows - 1, sheet.mosaic.columns - 1)):
            assert matrix[row, column] == first.reshape(sheet.mosaic.shape)[sheet.mosaic.index(row, column)]


def test_words_name_value_index_and_number(digits):
    _, runs = shown(digits)
    sheet = sheet_of(runs, "stem.relu1")
    pick = Pick(sheet.grid, slice(9, 10), slice(2, 3), "exact", np.zeros(3))
    words, index = runs.words(pick), sheet.mosaic.index(9, 2)
    number = runs.trace.arrays["stem.relu1"][0][index]
    assert float(words.title) == pytest.approx(number, rel=1e-5)
    assert words.lines[0] == f"stem.relu1[{', '.join(map(str, index))}]"
    gap = Pick(sheet.grid, slice(8, 9), slice(2, 3), "exact", np.zeros(3))
    assert runs.words(gap) is None


def test_attention_has_one_map_a_head_and_the_scale_of_shares(digits):
    _, runs = shown(digits)
    sheet = sheet_of(runs, "blocks.0.attention.softmax")
    assert sheet.mosaic.count == 3 and sheet.grid.value_range == 1.0 and sheet.shares


def test_another_run_of_the_same_shapes_changes_values_and_revisions_only(network):
    built, runs = shown(network)
    sheets, revision = list(runs.shown.sheets), built.scene.revision
    keys = [sheet.grid.values.key for sheet in sheets]
    runs.show(image(1), runs.compute(image(1)), play=False)
    assert runs.shown.sheets == sheets and built.scene.revision == revision
    assert all(sheet.grid.values.key != key for sheet, key in zip(sheets, keys, strict=True))


def test_another_number_of_inputs_at_once_is_laid_out_anew(digits):
    built, runs = shown(digits)
    revision = built.scene.revision
    two = {"image": np.zeros((2, 1, 8, 8), np.float32)}
    runs.show(two, runs.compute(two), play=False)
    assert built.scene.revision > revision and sheet_of(runs, "logits").grid.shape == (1, 10)


def samples(built, place):
    """(light, gain) of all tiles of a small exact picture with the light at a place."""
    show_focus(built, WHOLE)
    detail = Detail(built.scene)
    eye = overview(built, SIZE_PX[0] / SIZE_PX[1]).eye(SIZE_PX, built.scene.length)
    detail.prepare(Frame(0, 0.0, (eye,)))
    batch = detail.batch(eye)
    return detail.pool.data.light[batch.slot].copy(), batch.gain.copy()


def test_a_picture_depends_on_the_run_and_the_place_alone(digits):
    found = []
    for way in ((2.5,), (9.0, 0.0, 4.0, 2.5)):
        built, runs = shown(digits)
        for place in way:
            runs.shown.light(place, SIZE_PX)
            show_focus(built, WHOLE)
        found.append(samples(built, 2.5))
    for one, two in zip(*found, strict=True):
        assert np.array_equal(one, two)


def test_light_ahead_is_less_than_behind(digits):
    built, runs = shown(digits)
    runs.shown.light(5.5, SIZE_PX)
    show_focus(built, WHOLE)
    first, last = built.grids[0].grid.emphasis, built.grids[-1].grid.emphasis
    assert last < 0.3 * first
    assert sheet_of(runs, "logits").grid.emphasis == 0 and sheet_of(runs, "stem.relu1").grid.emphasis == 1


def test_live_frames_show_a_new_run_at_once(digits):
    built, runs = shown(digits)
    detail = Detail(built.scene)
    eye = overview(built, SIZE_PX[0] / SIZE_PX[1]).eye(SIZE_PX, built.scene.length)
    show_focus(built, WHOLE)
    for number in range(3):
        runs.show(image(number), runs.compute(image(number)), play=False)
        detail.prepare(Frame(number, number / 60, (eye,), mode="live"))
        mine = {id(sheet.grid) for sheet in runs.shown.sheets}
        drawn = np.array([id(detail.grids[k]) in mine for k in detail.drawn.grid])
        assert drawn.any() and (detail.drawn.slot[drawn] >= 0).all()
    detail.pool.close()


def test_the_end_of_a_run_gives_the_scene_back(network):
    plain = build(network, THEMES["dark"], Analysis())
    built, runs = shown(network)
    runs.shown.light(3.0, SIZE_PX)
    show_focus(built, WHOLE)
    runs.end()
    show_focus(built, WHOLE)
    for part, other in zip(built.grids, plain.grids, strict=True):
        assert part.grid.painted is None and part.grid.law == other.grid.law
        assert part.grid.emphasis == 1 and part.grid.value_range == other.grid.value_range
    names = [node.name for node in built.scene.root.children]
    assert names == [node.name for node in plain.scene.root.children]
    assert np.array_equal(built.glass.colors, plain.glass.colors)


def test_a_session_keeps_the_run_in_another_theme_and_after_other_looks(digits):
    session = Session(digits, "dark", 16 / 9, lambda scene: None)
    table = CommandTable()
    for command in session.commands():
        table.add(command)
    session.runs.show(image(), session.runs.compute(image()), play=True)
    session.prepare(1.0)
    assert session.prepare(1.2) and session.runs.playback.place > 0
    table.run("run.play")
    place = session.runs.playback.place
    table.run("view.theme")
    session.prepare(5.0)
    assert session.runs.shown.place == place and session.runs.shown.built is session.built
    table.run("look.set", look="magnitude")
    session.prepare(6.0)
    table.run("look.set", look="value")
    contributions = session.built.grids[0].grid.painted
    assert session.look == Look() and contributions is not None
    table.run("run.scrub", share=0.25)
    session.prepare(7.0)
    assert session.runs.shown.place == 0.25 * session.runs.shown.wave.length


def test_the_legend_says_what_is_not_shown_of_a_run(tmp_path, digits):
    built, runs = shown(digits)
    whole = said(built)
    for count in (1, 12):
        inputs = {"image": np.zeros((count, 1, 8, 8), np.float32)}
        runs.show(inputs, runs.compute(inputs), play=False)
        assert said(built) - whole == ({"of 12 inputs the first is shown"} if count > 1 else set())
    random = np.random.default_rng(0)
    sides = {"a.0.weight": (1100, 1000), "a.1.weight": (8, 1100)}  # more and less than a million
    arrays = {name: random.standard_normal(shape, np.float32) for name, shape in sides.items()}
    save_file(arrays, tmp_path / "large.safetensors")
    network = open_network(tmp_path / "large.safetensors")
    built = build(network, THEMES["dark"], Analysis())
    runs = Runs(built)
    (feed,) = runs.program.inputs
    inputs = {feed.name: np.ones((1, 1000), np.float32)}
    runs.show(inputs, runs.compute(inputs), play=False)
    assert "large tensors in plain colors: 1" in said(built)
    painted = {network.tensors[part.tensor].name: part.grid.painted is not None for part in built.grids}
    assert painted == {"a.0.weight": False, "a.1.weight": True}


def test_contributions_are_weights_times_the_mean_size_of_what_comes_in(digits):
    built, runs = shown(digits)
    arrays = runs.trace.arrays
    name = "blocks.0.mlp.contract.weight"
    part = next(part for part in built.grids if digits.tensors[part.tensor].name == name)
    weights = digits.tensors[part.tensor].values()
    expected = weights * np.abs(arrays["blocks.0.mlp.relu"]).mean((0, 1))
    assert np.allclose(part.grid.painted.array, expected, rtol=1e-5)


def test_a_picture_without_the_axes_of_a_batch_is_shown_whole(digits):
    built = build(digits, THEMES["dark"], Analysis())
    runs, plain = Runs(built), image()["image"][0, 0]
    runs.show({"image": plain}, runs.compute({"image": plain}), play=False)
    assert np.array_equal(sheet_of(runs, "image").grid.values.read(slice(0, 8), slice(0, 8)), plain)
    assert not any("first" in line for line in said(built))


def test_maps_of_attention_stand_clear_of_other_sheets(digits):
    _, runs = shown(digits)
    maps = [sheet for sheet in runs.shown.sheets if sheet.shares and sheet.layer >= 0]
    others = [sheet for sheet in runs.shown.sheets if not sheet.shares]
    assert maps and min(each.lower[1] for each in maps) > max(each.upper[1] for each in others if each.own_glass)
    assert all(each.grid.law.floor > 0.5 for each in maps)  # small shares are dark by their color alone
