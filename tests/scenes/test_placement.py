"""Placement: every layer has a place of its own, in the order of the flow, on the plate of its block."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensornaut.scenes.flow import Flow
from tensornaut.scenes.layer_volumes import PADDING
from tensornaut.scenes.network_scene import tray_bounds
from tensornaut.scenes.placement import MEMBER_GAP, place, place_flow
from tensornaut.scenes.slabs import placed_slabs, slab_bounds
from tensornaut.scenes.style import KINDS


def glass(layer, tray):
    """(x0, z0, x1, z1) of a tray's glass."""
    half_x, half_z = tray.size[0] / 2 + PADDING, tray.size[1] / 2 + PADDING
    x, z = layer.x + tray.x, layer.z + tray.z
    return x - half_x, z - half_z, x + half_x, z + half_z


def apart(one, other):
    """How far two rectangles are apart; negative when they overlap."""
    return max(one[0] - other[2], other[0] - one[2], one[1] - other[3], other[1] - one[3])


def volumes(layout):
    """((n, 3) lower, (n, 3) upper) corners of all trays with their glass and of all slabs."""
    boxes = [tray_bounds(layer, tray) for _, layer, tray in layout.trays()]
    boxes += [slab_bounds(layer, slab) for layer, slab in placed_slabs(layout)]
    return (np.array([box[side] for box in boxes]).reshape(-1, 3) for side in (0, 1))


def flow_of(layer):
    """Name of the flow that a layer of `flows` belongs to."""
    return layer.volume.path.rpartition(":")[0]


def is_inside(name, other):
    """Whether one flow of `flows` is another or inside it."""
    return name == other or name.startswith(f"{other}.")


@given(data=st.data())
@settings(max_examples=40)
def test_no_two_volumes_of_a_graph_meet(flows, data):
    lower, upper = volumes(place_flow(data.draw(flows)))
    for k in range(len(lower)):
        apart = np.maximum(lower[k + 1 :] - upper[k], lower[k] - upper[k + 1 :]).max(1, initial=-1)
        assert (apart > 0.5).all()


@given(data=st.data())
@settings(max_examples=40)
def test_inner_graphs_stay_in_their_frame_and_all_else_outside(flows, data):
    layout = place_flow(data.draw(flows))
    frames = {frame.name: (frame.x0, frame.z0, frame.x1, frame.z1) for frame in layout.frames}
    for layer in layout.layers:
        x0, z0, x1, z1 = layer.volume.bounds
        box = (x0 + layer.x, z0 + layer.z, x1 + layer.x, z1 + layer.z)
        for name, frame in frames.items():
            if is_inside(flow_of(layer), name):
                assert frame[0] < box[0] and frame[1] < box[1] and box[2] < frame[2] and box[3] < frame[3]
            else:
                assert apart(frame, box) > 0
    assert {flow_of(layer) for layer in layout.layers} <= {"", *frames}


@given(data=st.data())
@settings(max_examples=40)
def test_frames_are_apart_or_inside_one_another(flows, data):
    frames = place_flow(data.draw(flows)).frames
    for number, one in enumerate(frames):
        for other in frames[number + 1 :]:
            gap = apart((one.x0, one.z0, one.x1, one.z1), (other.x0, other.z0, other.x1, other.z1))
            assert (gap < 0) == (is_inside(one.name, other.name) or is_inside(other.name, one.name))


@given(data=st.data())
@settings(max_examples=40)
def test_every_connection_of_a_graph_is_a_link_an_arc_or_a_turn(flows, data):
    flow = data.draw(flows)
    flow.stops = [type(stop)(stop.volume) for stop in flow.stops]
    layout = place_flow(flow)
    assert len(layout.layers) == len(flow.stops) and not layout.frames
    assert len(layout.links) + len(layout.arcs) <= len(flow.edges)
    if not layout.turns:
        assert len(layout.links) + len(layout.arcs) == len(flow.edges)
    assert set(layout.links) <= set(flow.edges)


def test_a_residual_connection_is_an_arc_over_what_it_skips(stop):
    stops = [stop(f"s{k}", value=(1, 16, 28, 28)) for k in range(4)]
    layout = place_flow(Flow(stops=stops, edges=[(0, 1), (1, 2), (2, 3), (0, 3)]))
    (arc,) = layout.arcs
    assert layout.links == [(0, 1), (1, 2), (2, 3)]
    assert layout.layers[0].x < arc.x0 < layout.layers[1].x and layout.layers[2].x < arc.x1 < layout.layers[3].x
    assert {layer.z for layer in layout.layers} == {0.0}


def test_branches_stand_side_by_side(stop):
    stops = [stop(f"s{k}", value=(1, 16, 28, 28)) for k in range(4)]
    layout = place_flow(Flow(stops=stops, edges=[(0, 1), (0, 2), (1, 3), (2, 3)]))
    one, other = layout.layers[1:3]
    assert one.x == other.x and one.z == pytest.approx(-other.z) and not layout.arcs


def test_what_repeats_has_a_steady_rhythm(stop):
    stops = [stop(f"s{k}", value=(1, 16, 28, 28)) for k in range(9)]
    layout = place_flow(Flow(stops=stops, edges=[(k, k + 1) for k in range(8)]))
    steps = {round(b.x - a.x, 6) for a, b in zip(layout.layers, layout.layers[1:], strict=False)}
    assert len(steps) == 1


def test_a_long_chain_is_folded_and_its_rows_are_connected(stop):
    stops = [stop(f"s{k}", value=(1, 16, 28, 28)) for k in range(200)]
    layout = place_flow(Flow(stops=stops, edges=[(k, k + 1) for k in range(199)]))
    x0, z0, x1, z1 = layout.bounds
    assert (x1 - x0) <= 8 * (z1 - z0) and layout.turns
    assert len(layout.links) == 199 - len(layout.turns)


def test_graphs_deep_inside_each_other_are_placed(stop):
    flow = Flow("deepest", [stop("last")])
    for depth in range(60):
        flow = Flow(str(depth), [type(flow.stops[0])(stop(str(depth)).volume, inner=(flow,))])
    assert len(place_flow(flow).layers) == 61


@given(data=st.data())
def test_no_two_trays_of_a_network_overlap(outlines, data):
    layout = place(data.draw(outlines))
    rectangles = [glass(layer, tray) for _, layer, tray in layout.trays()]
    for k, rectangle in enumerate(rectangles):
        assert all(apart(rectangle, other) > 2 for other in rectangles[k + 1 :])


@given(data=st.data())
def test_every_value_of_a_network_is_drawn_exactly_once(outlines, data):
    network = data.draw(outlines)
    layout = place(network)
    drawn = Counter(tray.tensor for _, _, tray in layout.trays())
    holding = {row for row, tensor in enumerate(network.tensors) if tensor.count}
    assert set(drawn) == holding and set(drawn.values()) <= {1}
    cells = sum(tray.rows * strip.columns for _, _, tray in layout.trays() for strip in tray.strips)
    assert cells == network.parameter_count


@given(data=st.data())
def test_stages_follow_each_other_along_x_in_the_order_of_the_tensors(outlines, data):
    layout = place(data.draw(outlines))
    stages = layout.stages
    for before, after in zip(stages, stages[1:], strict=False):
        end = max(layer.x + layer.volume.bounds[2] for layer in before)
        begin = min(layer.x + layer.volume.bounds[0] for layer in after)
        assert begin - end >= MEMBER_GAP - 1e-6
    assert [layer.stage for layer in layout.layers] == sorted(layer.stage for layer in layout.layers)


@given(data=st.data())
def test_a_plate_carries_the_layers_of_its_block_and_no_others(outlines, data):
    layout = place(data.draw(outlines))
    for number, plate in enumerate(layout.plates):
        assert plate.number == number + 1
        for _, layer, tray in layout.trays():
            x0, z0, x1, z1 = glass(layer, tray)
            inside = plate.x0 < x0 and x1 < plate.x1 and plate.z0 < z0 and z1 < plate.z1
            assert inside == (layer.block == number)
            if not inside:
                assert x1 < plate.x0 or x0 > plate.x1
    for before, after in zip(layout.plates, layout.plates[1:], strict=False):
        assert before.x1 < after.x0


@pytest.mark.parametrize("names", [("query", "key", "value"), ("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj")])
def test_layers_that_share_their_input_stand_side_by_side(outline, names):
    shapes = {f"layers.{block}.attn.{name}.weight": (16, 16) for block in range(2) for name in (*names, "o_proj")}
    layout = place(outline(shapes))
    stages = [sorted(layer.volume.path.rpartition(".")[2] for layer in stage) for stage in layout.stages]
    assert stages == [sorted(names), ["o_proj"]] * 2
    first = layout.stages[0]
    assert len({layer.x for layer in first}) == 1
    places = [layer.z for layer in first]
    assert places == sorted(places) and sum(places) == pytest.approx(0)


@pytest.mark.parametrize("inner", ["base_layer.weight", "lora_A.weight"])
def test_layers_side_by_side_may_have_parts(outline, inner):
    names = ("query", "key", "value")
    shapes = {f"attn.{name}.{part}": (8, 8) for name in names for part in ("lora_B.weight", inner)}
    layout = place(outline(shapes))
    assert [len(layer.volume.trays) for layer in layout.layers] == [2, 2, 2] and len(layout.stages) == 1


def test_blocks_are_numbered_and_have_skip_connections_of_their_own(transformer):
    layout = place(transformer)
    assert [plate.path for plate in layout.plates] == ["layers.0", "layers.1", "layers.2"]
    assert {layer.volume.path for layer in layout.layers if layer.block < 0} == {"embed", "head"}
    assert len(layout.arcs) == 6
    for plate in layout.plates:
        inside = [arc for arc in layout.arcs if plate.x0 < arc.x0 < arc.x1 < plate.x1]
        assert len(inside) == 2 and inside[0].x1 == inside[1].x0
    assert len({round(plate.x1 - plate.x0, 6) for plate in layout.plates}) == 1  # the same rhythm


def test_the_flow_of_a_network_is_centered_on_the_axis(transformer):
    for stage in place(transformer).stages:
        z0 = min(layer.z + layer.volume.bounds[1] for layer in stage)
        z1 = max(layer.z + layer.volume.bounds[3] for layer in stage)
        assert z0 == pytest.approx(-z1)


@given(data=st.data())
def test_every_layer_is_of_a_kind_that_has_a_color_and_a_name(outlines, data):
    layout = place(data.draw(outlines))
    assert {layer.volume.kind for layer in layout.layers} <= set(KINDS)


def test_a_network_without_values_has_no_places(outline):
    for shapes in ({}, {"a.weight": (0, 3), "b.weight": (4, 0)}):
        layout = place(outline(shapes))
        assert not layout.layers and not layout.plates and not layout.arcs and not list(layout.trays())


def test_a_deep_tree_is_placed_without_recursion(outline):
    layout = place(outline({"a." * 3000 + "weight": (2, 2), "a." * 1500 + "bias": (2,)}))
    assert sum(tray.rows * tray.columns for _, _, tray in layout.trays()) == 6
