"""The scene graph: plain data in a fixed order, with a number that says when it changed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine.scene import Boxes, Drawable, Images, Labels, Lines, Node, Points, Scene, Surface, Text, walk
from tensornaut.scenes.style import THEMES


def moved(x=0.0, y=0.0, z=0.0):
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return matrix


def names(root):
    return [node.name for _, node in walk(root)]


def family():
    root = Node("root")
    first = root.add(Node("first"))
    first.add(Node("first.a"))
    first.add(Node("first.b"))
    root.add(Node("second")).add(Node("second.a"))
    return root


def test_parents_come_first_then_children_in_their_order():
    assert names(family()) == ["root", "first", "first.a", "first.b", "second", "second.a"]


def test_what_is_invisible_hides_all_below_it():
    root = family()
    root.children[0].visible = False
    assert names(root) == ["root", "second", "second.a"]
    root.visible = False
    assert names(root) == []


def test_places_are_those_of_the_parents_then_their_own():
    turn = np.array([[0.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])  # +x becomes +y
    root = Node("root", moved(x=10))
    root.add(Node("turned", turn)).add(Node("inner", moved(x=5)))
    root.add(Node("beside", moved(z=1)))
    places = {node.name: world @ (1, 0, 0, 1) for world, node in walk(root)}
    assert places["root"][:3] == pytest.approx((11, 0, 0))
    assert places["turned"][:3] == pytest.approx((10, 1, 0))
    assert places["inner"][:3] == pytest.approx((10, 6, 0))
    assert places["beside"][:3] == pytest.approx((11, 0, 1))


def test_a_node_used_twice_stands_at_both_places():
    shared = Node("shared")
    root = Node("root")
    for x in (1, 2):
        root.add(Node(f"at {x}", moved(x=x), children=[shared]))
    assert [world[0, 3] for world, node in walk(root) if node is shared] == [1, 2]


@given(st.recursive(st.just([]), lambda inner: st.lists(inner, max_size=4), max_leaves=30))
def test_every_node_is_visited_once(shape):
    def built(part):
        node = Node(children=[built(child) for child in part])
        made.append(node)
        return node

    made = []
    root = built(shape)
    visited = [node for _, node in walk(root)]
    assert len(visited) == len(made) == len({id(node) for node in visited})
    assert visited[0] is root


def test_a_deep_tree_is_walked():
    root = node = Node("0")
    for depth in range(1, 5000):
        node = node.add(Node(str(depth)))
    assert len(names(root)) == 5000


def test_touching_says_that_the_content_changed():
    color, place = np.ones((1, 4), np.float32), np.zeros((1, 3))
    drawables = [
        Points(place, color),
        Boxes(place, place + 1, color),
        Lines(np.zeros((2, 3)), np.array([0, 2]), color),
        Labels([Text("a", np.zeros(3))]),
        Surface(np.zeros((3, 3)), np.array([[0, 1, 2]], np.int32), np.ones((3, 4), np.float32)),
        Images(np.zeros((1, 2, 2, 4), np.uint8), place, place + 1, place + 2),
    ]
    for drawable in drawables:
        assert isinstance(drawable, Drawable) and drawable.revision == 0
        drawable.touch()
        drawable.touch()
        assert drawable.revision == 2


def test_drawables_are_told_apart_by_identity():
    first, second = (Points(np.zeros((1, 3)), np.ones((1, 4), np.float32)) for _ in range(2))
    assert first != second and len({first, second}) == 2


def test_nodes_do_not_share_what_they_start_with():
    first, second = Node(), Node()
    first.add(Node())
    first.parent_from_node[0, 3] = 5
    assert second.children == [] and second.parent_from_node[0, 3] == 0


def test_a_scene_is_as_long_as_its_longest_side():
    scene = Scene(Node(), THEMES["dark"], np.array([-1.0, 0.0, 2.0]), np.array([4.0, 30.0, 3.0]))
    assert scene.length == 30
