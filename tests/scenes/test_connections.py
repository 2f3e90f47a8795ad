"""Connections: hairlines from each stage to the next, arcs where something skips layers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.scenes.connections import ARC_HEIGHT, MOST_STREAMS, arc_lines, stream_lines
from tensornaut.scenes.placement import Arc, Layout, place
from tensornaut.scenes.style import THEMES

DARK = THEMES["dark"]


def paths(lines):
    return [lines.vertices[start:stop] for start, stop in zip(lines.offsets, lines.offsets[1:], strict=False)]


@given(data=st.data())
def test_lines_are_whole_and_have_a_color_each(outlines, data):
    layout = place(data.draw(outlines))
    for lines in (stream_lines(layout, DARK), *arc_lines(layout, DARK)):
        assert lines.vertices.shape == (lines.offsets[-1], 3) and np.isfinite(lines.vertices).all()
        assert lines.offsets.dtype == np.int64 and lines.offsets[0] == 0
        assert lines.colors.shape == (len(lines.offsets) - 1, 4)
        assert all(len(path) >= 2 for path in paths(lines))


@given(data=st.data())
def test_every_layer_is_connected_to_every_one_of_the_next_stage(outlines, data):
    layout = place(data.draw(outlines))
    streams = paths(stream_lines(layout, DARK))
    for before, after in zip(layout.stages, layout.stages[1:], strict=False):
        for source in before:
            for target in after:
                x0, x1 = source.x + source.volume.bounds[2], target.x + target.volume.bounds[0]
                found = [path for path in streams if np.allclose((path[0, 0], path[-1, 0]), (x0, x1))]
                between = [path for path in found if is_before(path[0], source) and is_before(path[-1], target)]
                assert 1 <= len(between) <= MOST_STREAMS * len(before) * len(after)


def is_before(spot, layer):
    """Whether a spot lies at the height of a layer's zero plane, within its main tray's width."""
    tray = layer.volume.main
    return abs(spot[1] - tray.zero_y) < 1e-9 and abs(spot[2] - layer.z) <= tray.size[1] / 2 + 1e-9


def test_four_channels_share_a_line_and_no_gap_has_more_than_32(outline):
    for width, expected in ((48, 12), (192, 32), (1000, 32), (2, 1)):
        layout = place(outline({"a.weight": (width, width), "b.weight": (width, width)}))
        assert len(paths(stream_lines(layout, DARK))) == expected


def test_streams_stay_between_the_layers_they_connect(transformer):
    layout = place(transformer)
    gaps = [
        (max(layer.x + layer.volume.bounds[2] for layer in one), max(layer.x for layer in two))
        for one, two in zip(layout.stages, layout.stages[1:], strict=False)
    ]
    for path in paths(stream_lines(layout, DARK)):
        assert (np.diff(path[:, 0]) > 0).all() and path[:, 1].min() > 0
        assert any(x0 - 5 <= path[0, 0] and path[-1, 0] <= x1 for x0, x1 in gaps)


@pytest.mark.parametrize("length", [10.0, 60.0, 500.0])
def test_an_arc_rises_from_the_flow_and_comes_back(length):
    arcs, rings = arc_lines(Layout(arcs=[Arc(5.0, 5.0 + length)]), DARK)
    (path,) = paths(arcs)
    assert path[0, 0] == 5.0 and path[-1, 0] == 5.0 + length and (path[:, 2] == 0).all()
    assert path[0, 1] == path[-1, 1] == path[:, 1].min() > 0
    assert path[:, 1].max() - path[0, 1] == pytest.approx(min(ARC_HEIGHT, 0.42 * length), rel=0.01)
    assert np.argmax(path[:, 1]) in (23, 24)
    assert len(paths(rings)) == 4 and arcs.layer == rings.layer == "front" and arcs.halo and not rings.halo


def test_an_arc_leaves_and_arrives_at_the_heights_of_its_ends():
    arcs, _ = arc_lines(Layout(arcs=[Arc(0.0, 40.0, 0.0, 0.0, 20.0, 7.0)]), DARK)
    (path,) = paths(arcs)
    assert path[0, 1] == 20 and path[-1, 1] == 7 and path[:, 1].max() > 25


def test_without_layers_there_are_no_lines():
    for lines in (stream_lines(Layout(), DARK), *arc_lines(Layout(), DARK)):
        assert lines.vertices.shape == (0, 3) and lines.offsets.tolist() == [0] and lines.colors.shape == (0, 4)
