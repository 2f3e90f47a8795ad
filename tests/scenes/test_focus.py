"""Focus: what a scene shows depends on the focus alone, and on the way from one to another nothing jumps."""

from dataclasses import asdict, is_dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensornaut.engine.scene import Labels, ScreenShapes, WeightGrid, walk
from tensornaut.scenes.analysis import BINS, Analysis, Facts
from tensornaut.scenes.focus import EASE_S, WHOLE, Focus, FocusTrack, show_focus
from tensornaut.scenes.layer_volumes import GLASS_HEIGHT
from tensornaut.scenes.network_scene import build
from tensornaut.scenes.style import THEMES

LAYERS = 26  # of the transformer below
FOCUSES = st.builds(Focus, st.integers(-1, LAYERS - 1), st.one_of(st.sampled_from((0.0, 1.0, 2.0)), st.floats(0, 2)))


@pytest.fixture(scope="module")
def scene(transformer):
    made = build(transformer, THEMES["dark"], Analysis())
    assert len(made.layout.layers) == LAYERS
    return made


class Unread(Analysis):
    """An analysis of networks without a file."""

    def facts(self, tensor):
        return Facts(1.0, None, None, None, None, np.zeros(BINS, np.int64), 0.0, True)


def state(built):
    """All that is seen of a scene, as plain values."""
    parts = []
    for world, node in walk(built.scene.root):
        parts += [node.name, world.tolist()]
        if isinstance(node.drawable, WeightGrid):
            grid = node.drawable
            parts += [*map(np.ndarray.tolist, (grid.origin, grid.du, grid.dv, grid.dh)), grid.emphasis]
        elif isinstance(node.drawable, Labels):
            parts += [plain(asdict(text)) for text in node.drawable.texts]
        elif is_dataclass(node.drawable):
            parts.append(plain(vars(node.drawable)))
    return parts


def plain(values):
    shown = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()}
    shown.pop("revision", None)
    if "selected" in shown:
        shown["selected"] = any(shown["selected"] or []) and shown["selected"]
    return shown


@given(st.lists(FOCUSES, max_size=4), FOCUSES)
@settings(max_examples=25)
def test_the_scene_depends_on_the_focus_alone(scene, before, focus):
    show_focus(scene, WHOLE)
    show_focus(scene, focus)
    at_once = state(scene)
    for other in [*before, focus]:
        show_focus(scene, other)
    assert state(scene) == at_once


@given(FOCUSES)
@settings(max_examples=25)
def test_the_whole_gives_back_the_first_view(transformer, scene, focus):
    first = state(build(transformer, THEMES["dark"], scene.analysis))
    show_focus(scene, focus)
    show_focus(scene, WHOLE)
    assert state(scene) == first


@given(FOCUSES)
@settings(max_examples=50)
def test_data_stays_within_glass_and_glass_above_the_floor(scene, focus):
    show_focus(scene, focus)
    glass = {id(tray): k for k, (_, _, tray) in enumerate(scene.layout.trays())}
    for part in scene.grids:
        k, zero, height = glass[id(part.tray)], part.tray.zero_y, part.grid.dh[1]
        assert 0 < scene.glass.lower[k, 1] < zero - height and zero + height < scene.glass.upper[k, 1]
    assert (scene.glass.lower < scene.glass.upper).all()


@given(data=st.data())
@settings(max_examples=30)
def test_data_stays_within_glass_in_any_network(outlines, data):
    built = build(data.draw(outlines), THEMES["dark"], Unread())
    for layer in range(len(built.layout.layers)):
        for depth in (0.7, 1.0, 1.6, 2.0):
            show_focus(built, Focus(layer, depth))
            assert (built.glass.lower[:, 1] > 0.9).all() and (built.glass.lower < built.glass.upper).all()
            for part in built.grids:
                room = part.tray.zero_y - 1.0 if part.layer == layer else GLASS_HEIGHT * part.tray.height
                assert 0 < part.grid.dh[1] * GLASS_HEIGHT <= max(room, GLASS_HEIGHT * part.tray.height) + 1e-9


def grids_of(scene, layer):
    return [part for part in scene.grids if part.layer == layer]


def test_a_layer_in_focus_is_taller_and_the_others_recede(scene):
    show_focus(scene, Focus(4, 1.0))
    for part in scene.grids:
        if part.layer == 4:
            assert part.grid.dh[1] > part.tray.height and part.grid.emphasis == 1
        else:
            assert part.grid.dh[1] == part.tray.height and 0 < part.grid.emphasis < 0.5
    here = [number == 4 for number, _, _ in scene.layout.trays()]
    assert scene.glass.selected.tolist() == here
    assert (scene.glass.colors[here, 3] == 1).all() and (scene.glass.colors[np.logical_not(here), 3] < 1).all()


def test_single_weights_are_flat_so_that_none_hides_another(scene):
    show_focus(scene, Focus(4, 2.0))
    assert all(part.grid.dh[1] <= 0.5 * part.tray.cell for part in grids_of(scene, 4))


def test_grids_that_change_say_so_and_the_others_do_not(scene):
    show_focus(scene, Focus(4, 1.0))
    revisions = [part.grid.revision for part in scene.grids]
    show_focus(scene, Focus(4, 2.0))
    changed = [part.grid.revision > before for part, before in zip(scene.grids, revisions, strict=True)]
    assert changed == [part.layer == 4 for part in scene.grids]
    again = [part.grid.revision for part in scene.grids]
    show_focus(scene, Focus(4, 2.0))
    assert [part.grid.revision for part in scene.grids] == again


def words(scene):
    labels = [node.drawable for _, node in walk(scene.scene.root) if isinstance(node.drawable, Labels)]
    return {text.text for label in labels for text in label.texts}


def test_words_are_those_of_the_layer_in_focus(scene):
    layer = next(k for k, layer in enumerate(scene.layout.layers) if layer.volume.path == "layers.1.attention.key")
    show_focus(scene, WHOLE)
    assert scene.network.name in words(scene) and "minimum" not in words(scene)
    show_focus(scene, Focus(layer, 1.0))
    assert "attention.key" in words(scene) and "minimum" in words(scene) and "row" in words(scene)
    assert scene.network.name not in words(scene)
    show_focus(scene, Focus(layer, 2.0))
    assert "attention.key" in words(scene) and "row" not in words(scene)
    show_focus(scene, Focus(layer, 0.3))
    assert scene.network.name in words(scene) and "minimum" not in words(scene)


def test_a_veil_stands_behind_the_heading_where_slabs_fill_the_picture(scene):
    def shapes():
        return sum(isinstance(node.drawable, ScreenShapes) for _, node in walk(scene.scene.root))

    show_focus(scene, Focus(4, 1.0))
    layer = shapes()
    show_focus(scene, Focus(4, 2.0))
    assert shapes() == layer + 1


@given(st.lists(st.tuples(st.floats(0, 1), FOCUSES), min_size=1, max_size=6))
def test_a_track_is_continuous_and_changes_layers_by_way_of_the_whole(steps):
    track, now = FocusTrack(), 0.0
    for wait, goal in steps:
        now += wait
        track.go(now, goal)
        seen = [track.at(time_s) for time_s in np.arange(0, now, 0.004)]
        check_continuous(seen)
    seen = [track.at(time_s) for time_s in np.arange(0, now + 3 * EASE_S, 0.004)]
    check_continuous(seen)
    assert seen[-1].layer == steps[-1][1].layer and seen[-1].depth == pytest.approx(steps[-1][1].depth)
    assert not track.is_moving(now + 3 * EASE_S)


def check_continuous(seen):
    for one, other in zip(seen, seen[1:], strict=False):
        if one.layer == other.layer:
            assert abs(one.depth - other.depth) < 0.05
        else:
            assert one.depth < 0.05 and other.depth < 0.05


def test_a_track_arrives_after_its_time(scene):
    track = FocusTrack()
    track.go(1.0, Focus(3, 1.0))
    assert track.at(0.9) == WHOLE and track.at(1.0).depth == 0
    assert track.is_moving(1.2) and track.at(1.0 + EASE_S) == Focus(3, 1.0) and not track.is_moving(1.0 + EASE_S)
    track.go(5.0, Focus(7, 1.0))
    assert track.at(5.0 + EASE_S).depth == pytest.approx(0) and track.at(5.0 + 2 * EASE_S) == Focus(7, 1.0)
    assert track.at(4.0) == Focus(3, 1.0)  # what was shown before stays known
