"""Beacons: peaks at the end of their scale are where they are drawn, and no name covers them."""

import numpy as np
import pytest
from tensornaut.engine.beacons import MOST, beacons
from tensornaut.engine.detail import Detail
from tensornaut.engine.picking import pick
from tensornaut.engine.scene import Node, Scene, WeightGrid
from tensornaut.engine.text_layout import layout_callouts
from tensornaut.engine.tiles import TilePool
from tensornaut.engine.values import ArrayValues
from tensornaut.engine.view import Eye, Frame, look_at, perspective
from tensornaut.scenes.style import THEMES, diverging

SIZE = 320, 200
SIDE = 600


@pytest.fixture
def seen():
    """A function: (detail, eye) of a frame of a matrix of small numbers but for some outliers."""
    pools = []

    def prepared(outliers, reduce="peak"):
        values = np.full((SIDE, SIDE), 0.01, np.float32)
        for place, value in outliers.items():
            values[place] = value
        steps = [np.array(step, float) for step in ((0, 0, 1), (1, 0, 0), (0, 12, 0))]
        source = ArrayValues(values, str(outliers))
        grid = WeightGrid(np.zeros(3), *steps, source, 1.0, values.shape, diverging("dark"), reduce=reduce)
        root = Node("root", children=[Node(drawable=grid)])
        scene = Scene(root, THEMES["dark"], np.array([0.0, -12, 0]), np.array([SIDE, 12.0, SIDE]), sample_px=8.0)
        pools.append(TilePool(1 << 24))
        detail = Detail(scene, pools[-1])
        view = look_at(np.array([300.0, 400.0, 1100.0]), np.array([300.0, 0.0, 300.0]))
        eye = Eye(view, perspective(0.7, SIZE[0] / SIZE[1], 0.1, 5000), (0, 0, *SIZE))
        detail.prepare(Frame(0, 0.0, (eye,)))
        return detail, eye

    yield prepared
    for pool in pools:
        pool.close()


def test_a_beacon_is_where_its_weight_can_be_picked(seen):
    outliers = {(100, 200): 5.0, (400, 350): -7.0, (599, 0): np.float32(1e30)}
    detail, eye = seen(outliers)
    found = beacons(detail, eye)
    assert len(found) == len(outliers)
    held = set()
    for x, y, width, height in found:
        picked = pick(detail, eye, x + width / 2, SIZE[1] - (y + height / 2))
        held |= {
            (row, col)
            for row, col in outliers
            if picked.rows.start <= row < picked.rows.stop and picked.cols.start <= col < picked.cols.stop
        }
    assert held == set(outliers)


def test_only_peaks_at_the_end_of_their_scale_are_beacons(seen):
    assert len(beacons(*seen({(100, 200): 0.9}))) == 0
    assert len(beacons(*seen({(100, 200): 5.0}, reduce="mean"))) == 0


def test_where_many_are_at_the_end_none_is_special(seen):
    many = {(70 * (k // 8) + 20, 70 * (k % 8) + 20): 3.0 for k in range(MOST + 1)}
    assert len(beacons(*seen(many))) == 0


def test_names_make_room_for_beacons(seen):
    (beacon,) = beacons(*seen({(300, 300): 5.0}))
    middle = beacon[:2] + beacon[2:] / 2
    anchors, sizes = np.array([middle + (0, 40)]), np.array([[80.0, 30.0]])
    for obstacles, covers in ((None, True), (beacon[None], False)):
        index, (rectangle,) = layout_callouts(anchors, sizes, SIZE, obstacles)
        inside = (rectangle[:2] <= middle) & (middle < rectangle[:2] + rectangle[2:])
        assert len(index) == 1 and inside.all() == covers
