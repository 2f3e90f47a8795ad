"""Flows of graphs: what computes on data is a stop, weights belong to what uses them, none is lost or drawn twice."""

from collections import Counter
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from tensornaut.loaders.open import open_network
from tensornaut.scenes.graph_flow import graph_flow
from tensornaut.scenes.placement import place

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
IMAGE = (1, 8, 16, 16)


@pytest.fixture(scope="session")
def opened(tmp_path_factory):
    """A function: the network of an ONNX file of these nodes; weights are (name, shape) or (name, list of integers)."""
    folder, numbers = tmp_path_factory.mktemp("graphs"), count()

    def network(nodes, weights=(), inputs=(("x", IMAGE),), outputs=()):
        values = [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in inputs]
        given = [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs]
        graph = helper.make_graph(nodes, "g", values, given, [_tensor(*weight) for weight in weights])
        imports = [helper.make_opsetid("", 17), helper.make_opsetid("strange.domain", 1)]
        path = folder / f"model{next(numbers)}.onnx"
        path.write_bytes(helper.make_model(graph, opset_imports=imports).SerializeToString())
        return open_network(path)

    return network


def _tensor(name, content):
    if isinstance(content, list):
        return helper.make_tensor(name, INT64, [len(content)], content)
    return helper.make_tensor(name, FLOAT, content, np.ones(content, np.float32).ravel())


def node(kind, inputs, outputs, **settings):
    return helper.make_node(kind, inputs.split(), outputs.split(), **settings)


def paths(flow):
    return [stop.volume.path for stop in flow.stops]


def kinds(flow):
    return [stop.volume.kind for stop in flow.stops]


def drawn(flow):
    """Rows of the tensors of a flow and of all inside it."""
    stack, rows = [flow], Counter()
    while stack:
        for stop in stack.pop().stops:
            rows.update(tray.tensor for tray in stop.volume.trays)
            stack.extend(stop.inner)
    return rows


def names_in(network, stop):
    return {network.tensors[tray.tensor].name for tray in stop.volume.trays}


def test_norm_and_activation_are_folded_into_their_convolution(opened):
    nodes = [
        node("Conv", "x conv.weight", "a"),
        node("BatchNormalization", "a bn.scale bn.shift bn.mean bn.var", "b"),
        node("Relu", "b", "y"),
    ]
    norms = [(f"bn.{part}", (8,)) for part in ("scale", "shift", "mean", "var")]
    network = opened(nodes, [("conv.weight", (8, 8, 3, 3)), *norms])
    flow = graph_flow(network)
    assert kinds(flow) == ["input", "conv"] and flow.edges == [(0, 1)]
    assert paths(flow) == ["x", "conv"]
    assert names_in(network, flow.stops[1]) == {"conv.weight", *(name for name, _ in norms)}


def test_a_residual_sum_is_a_merge_with_an_arc_past_what_it_skips(opened):
    nodes = [
        node("Conv", "x w0", "a"),
        node("Conv", "a w1", "b"),
        node("Conv", "b w2", "c"),
        node("Add", "c a", "d"),
        node("Conv", "d w3", "y"),
    ]
    network = opened(nodes, [(f"w{k}", (8, 8, 3, 3)) for k in range(4)])
    flow = graph_flow(network)
    assert kinds(flow) == ["input", "conv", "conv", "conv", "merge", "conv"]
    assert set(flow.edges) == {(0, 1), (1, 2), (2, 3), (3, 4), (1, 4), (4, 5)}
    (arc,) = place(network).arcs
    layers = place(network).layers
    assert layers[1].x < arc.x0 < layers[2].x and layers[3].x < arc.x1 < layers[4].x


def test_branches_become_branches(opened):
    nodes = [
        node("Conv", "x squeeze", "a"),
        node("Conv", "a left", "b"),
        node("Conv", "a right", "c"),
        node("Concat", "b c", "y", axis=1),
    ]
    network = opened(nodes, [(name, (8, 8, 1, 1)) for name in ("squeeze", "left", "right")])
    flow = graph_flow(network)
    assert set(flow.edges) == {(0, 1), (1, 2), (1, 3), (2, 4), (3, 4)}
    layout = place(network)
    assert layout.layers[2].x == layout.layers[3].x and not layout.arcs


def test_arithmetic_on_shapes_is_no_layer(opened):
    nodes = [
        node("Conv", "x w", "a"),
        node("Shape", "a", "s"),
        node("Gather", "s zero", "n", axis=0),
        node("Unsqueeze", "n axes", "n1"),
        node("Concat", "n1 rest", "target", axis=0),
        node("Reshape", "a target", "r"),
        node("Gemm", "r fc.weight", "y"),
    ]
    weights = [("w", (8, 8, 1, 1)), ("fc.weight", (2048, 10)), ("zero", [0]), ("axes", [0]), ("rest", [-1])]
    network = opened(nodes, weights)
    flow = graph_flow(network)
    assert kinds(flow) == ["input", "conv", "linear"] and flow.edges == [(0, 1), (1, 2)]
    small = {row for row, tensor in enumerate(network.tensors) if tensor.dtype == "int64"}
    assert not small & drawn(flow).keys()


def test_weights_that_are_prepared_belong_to_the_operator_that_uses_them(opened):
    nodes = [
        node("Transpose", "fc.weight", "turned"),
        node("Quant", "turned scale", "rounded", domain="strange.domain"),
        node("MatMul", "x rounded", "y"),
    ]
    network = opened(nodes, [("fc.weight", (10, 32)), ("scale", (1,))], inputs=[("x", (1, 32))])
    flow = graph_flow(network)
    assert kinds(flow) == ["input", "linear"]
    assert names_in(network, flow.stops[1]) == {"fc.weight", "scale"}


def test_weights_used_twice_are_drawn_with_the_first_that_uses_them(opened):
    nodes = [node("Conv", "x w", "a"), node("Conv", "a w", "y")]
    flow = graph_flow(opened(nodes, [("w", (8, 8, 3, 3))]))
    assert [len(stop.volume.trays) for stop in flow.stops] == [0, 1, 0] and flow.edges == [(0, 1), (1, 2)]


def test_weights_that_nothing_uses_stand_apart(opened):
    flow = graph_flow(opened([node("Relu", "x", "y")], [("lost", (4, 4))]))
    assert paths(flow) == ["x", "lost"] and not flow.edges


def test_operators_of_unknown_domains_are_shown(opened):
    nodes = [
        node("Conv", "x w", "a"),
        node("FancyLayer", "a big", "b", domain="strange.domain", name="fancy"),
        node("TwoThings", "a b", "y", domain="strange.domain"),
    ]
    network = opened(nodes, [("w", (8, 8, 1, 1)), ("big", (16, 16))])
    flow = graph_flow(network)
    assert len(flow.stops) == 4 and names_in(network, flow.stops[2]) == {"big"}
    assert paths(flow)[3] == "TwoThings" and set(flow.edges) == {(0, 1), (1, 2), (1, 3), (2, 3)}


def branch(name, *nodes, weights=()):
    """A graph inside an operator, which gives the last node's output."""
    output = helper.make_tensor_value_info(nodes[-1].output[0], FLOAT, None)
    return helper.make_graph(list(nodes), name, [], [output], [_tensor(*weight) for weight in weights])


def test_both_branches_of_a_condition_are_inside_their_stop(opened):
    one = branch("one", node("MatMul", "a w1", "p"), node("MatMul", "p w2", "p1"))
    other = branch("other", node("MatMul", "a w3", "q"))
    nodes = [node("MatMul", "x w0", "a"), node("If", "flag", "y", then_branch=one, else_branch=other)]
    network = opened(nodes, [(f"w{k}", (8, 8)) for k in range(4)], inputs=[("x", (1, 8)), ("flag", ())])
    flow = graph_flow(network)
    inside = {inner.name: inner for inner in flow.stops[-1].inner}
    assert set(inside) == {"one", "other"}
    assert len(inside["one"].stops) == 2 and inside["one"].edges == [(0, 1)]
    assert names_in(network, inside["other"].stops[0]) == {"w3"}
    assert sorted(drawn(flow)) == [0, 1, 2, 3] and set(drawn(flow).values()) == {1}
    layout = place(network)
    assert {frame.name for frame in layout.frames} == {"one", "other"}


def test_the_body_of_a_loop_is_inside_its_stop(opened):
    float_value, flag = helper.make_tensor_value_info("s", FLOAT, (1, 8)), TensorProto.BOOL
    body = helper.make_graph(
        [node("MatMul", "s w", "m"), node("Identity", "go", "go1")],
        "body",
        [helper.make_tensor_value_info("i", INT64, ()), helper.make_tensor_value_info("go", flag, ()), float_value],
        [helper.make_tensor_value_info("go1", flag, ()), helper.make_tensor_value_info("m", FLOAT, (1, 8))],
    )
    nodes = [helper.make_node("Loop", ["", "", "x"], ["y"], body=body)]
    network = opened(nodes, [("w", (8, 8))], inputs=[("x", (1, 8))])
    (inner,) = graph_flow(network).stops[-1].inner
    assert inner.name == "body" and sum(len(stop.volume.trays) for stop in inner.stops) == 1


def test_a_table_is_an_embedding_and_picking_from_data_is_none(opened):
    table = opened([node("Gather", "words ids", "y")], [("words", (50, 8))], inputs=[("ids", (1, 4))])
    assert kinds(graph_flow(table)) == ["input", "embedding"]
    nodes = [node("MatMul", "x w", "a"), node("Gather", "a i", "y")]
    picked = opened(nodes, [("w", (8, 8))], inputs=[("x", (1, 8)), ("i", ())])
    assert kinds(graph_flow(picked))[-1] == "other"


def test_an_empty_graph_has_no_stops(opened):
    flow = graph_flow(opened([], inputs=()))
    assert not flow.stops and not flow.edges


def test_without_inputs_everything_is_data(opened):
    flow = graph_flow(opened([node("MatMul", "a b", "y")], [("a", (4, 4)), ("b", (4, 4))], inputs=()))
    assert kinds(flow) == ["linear"] and len(flow.stops[0].volume.trays) == 2


def test_nodes_in_the_wrong_order_and_cycles_are_drawn_all_the_same(opened):
    weights = [(f"w{k}", (8, 8, 1, 1)) for k in range(3)]
    backward = [node("Conv", "b w2", "y"), node("Conv", "a w1", "b"), node("Conv", "x w0", "a")]
    around = [node("Conv", "y w0", "a"), node("Conv", "a w1", "b"), node("Add", "b x", "y")]
    for nodes in (backward, around):
        network = opened(nodes, weights)
        flow = graph_flow(network)
        assert all(source < target for source, target in flow.edges)
        assert set(drawn(flow)) == {0, 1, 2}
        place(network)


VALUES = [f"v{k}" for k in range(6)] + ["x", "w0", "w1", "small", ""]
KINDS = ("Conv", "MatMul", "Add", "Concat", "Relu", "Shape", "Gather", "Reshape", "Transpose", "LSTM", "Strange")
NODES = st.builds(
    lambda kind, inputs, outputs: helper.make_node(kind, inputs, outputs),
    st.sampled_from(KINDS),
    st.lists(st.sampled_from(VALUES), max_size=4),
    st.lists(st.sampled_from(VALUES[:6]), max_size=2),
)


@given(st.lists(NODES, max_size=12), st.booleans())
@settings(max_examples=60)
def test_whatever_the_graph_every_weight_is_drawn_once_and_data_flows_forward(opened, nodes, has_input):
    weights = [("w0", (8, 8, 1, 1)), ("w1", (8,)), ("small", [1, 2])]
    network = opened(nodes, weights, inputs=[("x", IMAGE)] if has_input else ())
    flow = graph_flow(network)
    assert Counter(network.tensors[row].name for row in drawn(flow).elements()) == Counter(["w0", "w1"])
    assert all(0 <= source < target < len(flow.stops) for source, target in flow.edges)
    place(network)
