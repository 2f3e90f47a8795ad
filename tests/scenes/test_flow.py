"""Flows read off modules: layers in order, those on the same input side by side, blocks with what skips their parts."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.scenes.flow import inferred_flow


def paths(flow):
    return [stop.volume.path for stop in flow.stops]


@given(data=st.data())
def test_every_value_passes_in_one_stop_and_connections_lead_forward(outlines, data):
    network = data.draw(outlines)
    flow = inferred_flow(network)
    rows = Counter(tray.tensor for stop in flow.stops for tray in stop.volume.trays)
    assert rows == Counter(row for row, tensor in enumerate(network.tensors) if tensor.count)
    assert all(0 <= source < target < len(flow.stops) for source, target in flow.edges)
    assert all(0 <= skip.source <= skip.target < len(flow.stops) for skip in flow.skips)


@given(data=st.data())
def test_all_but_what_comes_first_have_something_before_them(outlines, data):
    flow = inferred_flow(data.draw(outlines))
    fed = {target for _, target in flow.edges}
    unfed = set(range(len(flow.stops))) - fed
    assert not fed or max(unfed) < min(fed)


def test_layers_follow_each_other_in_the_order_of_the_file(outline):
    flow = inferred_flow(outline({"conv1.weight": (8, 3, 3, 3), "conv2.weight": (8, 8, 3, 3), "fc.weight": (10, 8)}))
    assert paths(flow) == ["conv1", "conv2", "fc"] and flow.edges == [(0, 1), (1, 2)] and not flow.skips


def test_what_works_on_the_same_input_comes_from_one_and_leads_to_one(transformer):
    flow = inferred_flow(transformer)
    names = paths(flow)
    query, key, value, output = (
        names.index(f"layers.0.attention.{name}") for name in ("query", "key", "value", "output")
    )
    assert {target for source, target in flow.edges if source == query - 1} == {query, key, value}
    assert {source for source, target in flow.edges if target == output} == {query, key, value}


def test_stops_know_their_block(transformer):
    blocks = Counter(stop.block for stop in inferred_flow(transformer).stops)
    assert set(blocks) == {"", "layers.0", "layers.1", "layers.2"}
    assert blocks["layers.0"] == blocks["layers.1"] == blocks["layers.2"] and blocks[""] == 2


def test_two_connections_skip_the_halves_of_each_block(transformer):
    flow = inferred_flow(transformer)
    assert len(flow.skips) == 6
    for skip in flow.skips:
        assert flow.stops[skip.source].block == flow.stops[skip.target].block != ""


@pytest.mark.parametrize("shapes", [{}, {"a.weight": (0, 3)}])
def test_without_values_there_are_no_stops(outline, shapes):
    flow = inferred_flow(outline(shapes))
    assert not flow.stops and not flow.edges and not flow.skips
