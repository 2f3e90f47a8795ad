"""Placement: every layer has a place of its own, in the order of the flow, on the plate of its block."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.scenes.layer_volumes import PADDING
from tensornaut.scenes.placement import MEMBER_GAP, place
from tensornaut.scenes.style import KINDS


def glass(layer, tray):
    """(x0, z0, x1, z1) of a tray's glass."""
    half_x, half_z = tray.size[0] / 2 + PADDING, tray.size[1] / 2 + PADDING
    x, z = layer.x + tray.x, layer.z + tray.z
    return x - half_x, z - half_z, x + half_x, z + half_z


def apart(one, other):
    """How far two rectangles are apart; negative when they overlap."""
    return max(one[0] - other[2], other[0] - one[2], one[1] - other[3], other[1] - one[3])


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
