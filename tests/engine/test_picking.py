"""What is under the cursor is the weight that stands there, with the value of the file."""

import numpy as np
import pytest
from tensornaut.engine.detail import Detail
from tensornaut.engine.picking import pick
from tensornaut.engine.rasterize import eye_rows
from tensornaut.engine.scene import Node, Scene, WeightGrid
from tensornaut.engine.values import ArrayValues
from tensornaut.engine.view import Eye, Frame, look_at, perspective
from tensornaut.scenes.style import THEMES, diverging

VALUES = np.random.default_rng(4).standard_normal((400, 600)).astype(np.float32)


def scene_of(height=1.0):
    grid = WeightGrid(
        origin=np.array([-3.0, 0.5, 7.0]),
        du=np.array([0.0, 0.0, 1.0]),
        dv=np.array([1.0, 0.0, 0.0]),
        dh=np.array([0.0, height, 0.0]),
        values=ArrayValues(VALUES, "values"),
        value_range=2.0,
        shape=VALUES.shape,
        colors=diverging("dark"),
    )
    turned = np.array([[0.8, 0, 0.6, 5], [0, 1, 0, -2], [-0.6, 0, 0.8, 9], [0, 0, 0, 1.0]])
    return Scene(Node("root", children=[Node("grid", turned, grid)]), THEMES["dark"], np.zeros(3), np.full(3, 500.0))


def place_of(scene, row, col):
    """World position of a weight's point."""
    node = scene.root.children[0]
    grid = node.drawable
    local = grid.origin + row * grid.du + col * grid.dv + np.clip(VALUES[row, col] / 2, -1, 1) * grid.dh
    return (node.parent_from_node @ np.append(local, 1))[:3]


def eye_over(target, distance):
    return Eye(
        look_at(target + distance * np.array([0.2, 0.9, 0.4]), target),
        perspective(0.7, 16 / 9, 0.01, 1e5),
        (0, 0, 640, 360),
    )


def on_screen(eye, position):
    x, y, w = eye_rows(eye) @ (position - eye.position)
    return x / w, y / w


def picked(distance, row, col, shift=(0, 0)):
    scene = scene_of()
    detail, eye = Detail(scene), eye_over(place_of(scene, row, col), distance)
    detail.prepare(Frame(0, 0.0, (eye,)))
    x, y = on_screen(eye, place_of(scene, row + shift[0], col + shift[1]))
    return detail, pick(detail, eye, x, y)


@pytest.mark.parametrize("distance", [5.0, 20.0, 60.0])  # cubes, discs, points
def test_random_weights_are_found_bit_for_bit(distance):
    places = np.random.default_rng(int(distance)).integers((5, 5), (395, 595), (12, 2)).tolist()
    for row, col in places:
        detail, found = picked(distance, row, col, (2, 3))
        assert (len(detail.near) > 0) == (distance == 5.0)
        assert (found.rows.start, found.cols.start) == (row + 2, col + 3)
        assert found.exact and found.count == 1
        assert found.read().tobytes() == VALUES[row + 2, col + 3].tobytes()
        assert found.grid is detail.grids[0]


def test_a_far_point_stands_for_a_block_and_says_of_how_many():
    detail, found = picked(4000.0, 150, 333)
    block = 1 << int(detail.drawn.level.max())
    assert block >= 4
    assert found.count > 1 and not found.exact
    assert found.quality == "block mean"
    assert found.rows.start - block <= 150 < found.rows.stop + block
    assert found.cols.start - block <= 333 < found.cols.stop + block
    assert found.read().size == found.count


def test_the_void_holds_nothing():
    scene = scene_of()
    detail, eye = Detail(scene), eye_over(place_of(scene, 0, 0), 60.0)
    detail.prepare(Frame(0, 0.0, (eye,)))
    x, y = on_screen(eye, place_of(scene, 0, 0) + np.array([-30.0, 0, -10.0]))
    assert pick(detail, eye, x, y) is None


def test_the_nearer_of_two_points_is_meant():
    scene = scene_of()
    upper = WeightGrid(
        np.array([0.0, 50.0, 0.0]), np.array([0, 0, 1.0]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]),
        ArrayValues(np.zeros((1, 1), np.float32), "one"), 1.0, (1, 1), diverging("dark"),
    )  # fmt: skip
    scene.root.add(Node("upper", drawable=upper))
    detail = Detail(scene)
    eye = eye_over(np.array([0.0, 50.0, 0.0]), 60.0)
    detail.prepare(Frame(0, 0.0, (eye,)))
    assert pick(detail, eye, *on_screen(eye, np.array([0.0, 50.0, 0.0]))).grid is upper
