"""Rulers beside slabs: every number stands where its row or column crosses the strip, and hides nothing."""

import numpy as np
import pytest
from tensornaut.engine.near_cells import NearCells
from tensornaut.engine.painters.cube_rulers import BOTTOM, LEFT, SIZE, cube_rulers
from tensornaut.engine.painters.label_parts import RECTANGLE
from tensornaut.engine.scene import Node, Scene, WeightGrid
from tensornaut.engine.values import ArrayValues, ColumnWindow
from tensornaut.engine.view import Eye, clip_from_world, look_at, perspective
from tensornaut.scenes.style import THEMES, diverging

PICTURE = 1920, 1080
LEFT_PX, BOTTOM_PX = LEFT * SIZE, BOTTOM * SIZE
NOTHING = np.zeros(0, RECTANGLE)
START = np.array([100.0, 5.0, -40.0])


def cells(rows, cols, du, dv, pixels=100.0):
    """Near cells of a block of a matrix whose cell (0, 0) is at START."""
    row, col = (index.ravel() for index in np.meshgrid(rows, cols, indexing="ij"))
    count = len(row)
    ones, zeros, whole = np.ones(count), np.zeros(count), np.zeros(count, np.int64)
    vectors = [np.tile(np.array(vector, float), (count, 1)) for vector in (du, dv, (0, 0.4, 0))]
    base = START + row[:, None] * vectors[0] + col[:, None] * vectors[1]
    colors = np.zeros((count, 3), np.float32)
    return NearCells(base, *vectors, zeros, zeros, colors, pixels * ones, ones, whole, row, col, whole, whole, whole)


def scene_and_grids(du, dv, first_column=None):
    values = ArrayValues(np.zeros((200, 300), np.float32), "a")
    if first_column is not None:
        values = ColumnWindow(values, first_column, 100)
    grid = WeightGrid(
        START, np.array(du), np.array(dv), np.array([0, 0.4, 0]), values, 1.0, (200, 100), diverging("dark")
    )
    return Scene(Node("root"), THEMES["dark"], np.zeros(3), np.ones(3)), [grid]


def eye_over(place, yaw_deg=0.0, size_px=PICTURE, distance=1.0):
    yaw = np.radians(yaw_deg)
    back = np.array([np.sin(yaw) * 6, 8.0, np.cos(yaw) * 6]) * distance
    return Eye(look_at(place + back, place), perspective(0.6, size_px[0] / size_px[1], 0.05, 1e3), (0, 0, *size_px))


def seen_px(eye, place):
    clip = clip_from_world(eye) @ np.append(place, 1.0)
    return (clip[:2] / clip[3] * (0.5, -0.5) + 0.5) * PICTURE


def places(texts):
    """Text -> (x, y) px from the top left, of numbers only."""
    return {text.text: text.anchor * PICTURE for text in texts if text.text.replace(",", "").isdigit()}


@pytest.mark.parametrize("yaw_deg", [0.0, 12.0, -25.0])
@pytest.mark.parametrize("turned", [False, True])
def test_numbers_stand_where_their_line_of_cells_crosses_the_strip(yaw_deg, turned):
    du, dv = ((0.0, 0, 1), (1.0, 0, 0)) if not turned else ((1.0, 0, 0), (0.0, 0, 1))
    scene, grids = scene_and_grids(du, dv)
    rows, cols = (np.arange(40, 54), np.arange(7, 21)) if not turned else (np.arange(7, 21), np.arange(40, 54))
    eye = eye_over(START + 47 * np.array([0, 0, 1.0]) + 14 * np.array([1.0, 0, 0]), yaw_deg)
    strips, texts = cube_rulers(cells(rows, cols, du, dv), grids, scene, eye, NOTHING)
    assert len(strips) == 2
    found = 0
    for number, (x, y) in places(texts).items():
        at_bottom = y > PICTURE[1] - BOTTOM_PX
        step, along = ((1.0, 0, 0), (0, 0, 1.0)) if at_bottom else ((0, 0, 1.0), (1.0, 0, 0))
        line = START + int(number) * np.array(step)
        one, other = (seen_px(eye, line + k * np.array(along)) for k in ((44, 50) if at_bottom else (12, 16)))
        wanted, axis = (y, 1) if at_bottom else (LEFT_PX / 2, 0)
        crossing = one + (other - one) * (wanted - one[axis]) / (other - one)[axis]
        assert crossing[1 - axis] == pytest.approx((x, y)[1 - axis], abs=1e-3)
        found += 1
    assert found >= 8
    words = [text.text for text in texts]
    assert {"row", "column"} <= set(words)
    bottom = next(text for text in texts if text.text == ("row" if turned else "column"))
    assert bottom.anchor[1] * PICTURE[1] > PICTURE[1] - BOTTOM_PX


def test_columns_of_a_folded_matrix_have_the_numbers_of_the_file():
    du, dv = (0.0, 0, 1), (1.0, 0, 0)
    near, eye = cells(np.arange(40, 54), np.arange(7, 21), du, dv), eye_over(START + np.array([14.0, 0, 47]))
    plain, folded = (
        cube_rulers(near, grids, scene, eye, NOTHING)[1]
        for scene, grids in (scene_and_grids(du, dv), scene_and_grids(du, dv, 64))
    )
    low = [{number: place for number, place in places(texts).items() if place[1] > 1030} for texts in (plain, folded)]
    assert low[0] and {int(number) + 64 for number in low[0]} == {int(number) for number in low[1]}


def test_no_number_stands_on_a_panel_nor_beside_points():
    du, dv = (0.0, 0, 1), (1.0, 0, 0)
    scene, grids = scene_and_grids(du, dv)
    eye = eye_over(START + np.array([14.0, 0, 47]))
    panel = np.zeros(1, RECTANGLE)
    panel["place_px"] = 900, 600, 800, 470
    _, texts = cube_rulers(cells(np.arange(40, 54), np.arange(7, 21), du, dv), grids, scene, eye, panel)
    assert not [place for place in places(texts).values() if place[1] > 1030 and 900 < place[0] < 1700]
    for near in (cells(np.arange(0), np.arange(0), du, dv), cells(np.arange(4), np.arange(4), du, dv, pixels=30.0)):
        strips, texts = cube_rulers(near, grids, scene, eye, NOTHING)
        assert not len(strips) and not texts


def test_numbers_that_would_touch_are_thinned():
    du, dv = (0.0, 0, 0.1), (0.1, 0, 0)
    scene, grids = scene_and_grids(du, dv)
    near, eye = cells(np.arange(40, 90), np.arange(7, 60), du, dv), eye_over(START + np.array([3.0, 0, 6.5]))
    numbers = places(cube_rulers(near, grids, scene, eye, NOTHING)[1])
    across = sorted(place[0] for place in numbers.values() if place[1] > 1030)
    down = sorted(place[1] for place in numbers.values() if place[1] <= 1030)
    assert len(across) > 2 and len(down) > 2
    assert np.diff(across).min() >= 4.4 * SIZE and np.diff(down).min() >= 1.9 * SIZE


def test_numbers_come_and_go_by_degrees():
    """A frame of growing by 2 % changes the opacity of no number by more than a third."""
    du, dv = (0.0, 0, 1), (1.0, 0, 0)
    scene, grids = scene_and_grids(du, dv)
    before = None
    for step in range(120):
        eye = eye_over(START + np.array([30.0, 0, 60]), 5.0, distance=6.0 * 0.98**step)
        near = cells(np.arange(55, 65), np.arange(25 + step % 2, 35), du, dv)
        _, texts = cube_rulers(near, grids, scene, eye, NOTHING)
        now = {(text.text, text.align): text.color[3] for text in texts}
        if before is not None:
            for key in before.keys() | now.keys():
                assert abs(before.get(key, 0.0) - now.get(key, 0.0)) < 0.33, (step, key)
        before = now


def test_a_small_picture_has_room_for_no_rulers():
    du, dv = (0.0, 0, 1), (1.0, 0, 0)
    scene, grids = scene_and_grids(du, dv)
    eye = eye_over(START + np.array([14.0, 0, 47]), size_px=(320, 180))
    strips, texts = cube_rulers(cells(np.arange(40, 54), np.arange(7, 21), du, dv), grids, scene, eye, NOTHING)
    assert not len(strips) and not texts
