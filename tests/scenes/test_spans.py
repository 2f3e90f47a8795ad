"""Spans: brackets under what works at one size of picture."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tensornaut.scenes.flow import Flow
from tensornaut.scenes.placement import place_flow
from tensornaut.scenes.spans import size_spans, span_lines, span_titles
from tensornaut.scenes.style import THEMES


def chain(stop, *shapes):
    stops = [stop(f"s{k}", value=(1, *shape)) for k, shape in enumerate(shapes)]
    return place_flow(Flow(stops=stops, edges=[(k, k + 1) for k in range(len(stops) - 1)]))


def test_neighbors_of_one_size_share_a_bracket(stop):
    layout = chain(stop, (3, 64, 64), (8, 32, 32), (16, 32, 32), (8, 32, 32), (8, 16, 16), (10,))
    spans = size_spans(layout)
    assert [span.size for span in spans] == [(64, 64), (32, 32), (16, 16)]
    edges = [(layer.x + layer.volume.bounds[0], layer.x + layer.volume.bounds[2]) for layer in layout.layers]
    assert (spans[1].x0, spans[1].x1) == (edges[1][0], edges[3][1])
    assert [text.text for text in span_titles(layout).texts] == ["32 × 32"]  # the others are too short


def test_a_size_that_comes_back_has_a_bracket_of_its_own(stop):
    layout = chain(stop, (8, 32, 32), (8, 32, 32), (8, 16, 16), (8, 32, 32))
    assert [span.size for span in size_spans(layout)] == [(32, 32), (16, 16), (32, 32)]


def test_what_is_no_feature_map_has_no_bracket(stop):
    layout = chain(stop, (10,), (128, 64), ("n", "m", 4), (512, 1, 1))
    assert not size_spans(layout) and not span_titles(layout).texts
    assert span_lines(layout, THEMES["dark"]).offsets.tolist() == [0]


def test_a_rows_end_ends_a_bracket(stop):
    layout = chain(stop, *[(8, 14, 14)] * 120)
    assert len(layout.turns) > 0 and len(size_spans(layout)) == len(layout.turns) + 1


@given(data=st.data())
@settings(max_examples=40)
def test_brackets_lie_before_all_that_they_span(flows, data):
    layout = place_flow(data.draw(flows))
    spans = size_spans(layout)
    for span in spans:
        for layer in layout.layers:
            x0, _, x1, z1 = layer.volume.bounds
            if not layer.depth and span.x0 <= layer.x + x0 and layer.x + x1 <= span.x1 and not layout.turns:
                assert layer.z + z1 < span.z
    lines = span_lines(layout, THEMES["dark"])
    assert len(lines.offsets) == len(spans) + 1 == len(lines.colors) + 1
    assert lines.vertices.shape == (4 * len(spans), 3) and (lines.vertices[:, 1] == 0).all()
    assert np.isfinite(lines.vertices).all()
