"""Callouts find places that do not overlap, inside the picture, the same every time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine.screen_cover import ScreenCover
from tensornaut.engine.text_layout import MIN_SIZE_PX, layout_callouts, least_size_px, nearest_by_cell, screen_scale

VIEWPORTS = [(1920, 1080), (1280, 720), (400, 300)]


def crowd(seed, count, viewport):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 1, (count, 2)) * viewport, rng.uniform((30, 18), (180, 50), (count, 2))


@given(st.integers(0, 2**32 - 1), st.integers(0, 120), st.sampled_from(VIEWPORTS))
def test_rectangles_lie_inside_the_viewport_and_apart_from_each_other_and_from_obstacles(seed, count, viewport):
    anchors, sizes = crowd(seed, count, viewport)
    obstacles = np.array([[0, 0, 150, 90], [viewport[0] - 120, viewport[1] - 80, 120, 80.0]])
    index, rectangles = layout_callouts(anchors, sizes, viewport, obstacles)
    assert len(index) == len(rectangles) and (np.diff(index) > 0).all()
    assert (rectangles[:, :2] >= 0).all() and (rectangles[:, :2] + rectangles[:, 2:] <= viewport).all()
    everything = np.concatenate([obstacles, rectangles])
    low, high = everything[:, :2], everything[:, :2] + everything[:, 2:]
    overlap = ((low[:, None] < high[None]) & (low[None] < high[:, None])).all(2)
    np.fill_diagonal(overlap, False)
    overlap[:2, :2] = False
    assert not overlap.any()


@pytest.mark.parametrize("viewport", VIEWPORTS)
def test_a_lonely_callout_stands_34_px_above_its_anchor_with_the_anchor_in_its_middle(viewport):
    scale = screen_scale(viewport[1])
    anchor = np.array([[viewport[0] / 2, viewport[1] * 0.7]])
    index, rectangles = layout_callouts(anchor, np.array([[100.0, 40.0]]), viewport)
    x, y, width, height = rectangles[0]
    assert index.tolist() == [0]
    assert anchor[0, 1] - (y + height) == pytest.approx(34 * scale, abs=1)
    assert x + width / 2 == pytest.approx(anchor[0, 0], abs=1)


def test_who_collides_steps_up_and_the_ninth_at_one_place_is_left_out():
    anchors = np.tile([[600.0, 700.0]], (12, 1))
    index, rectangles = layout_callouts(anchors, np.tile([[80.0, 13.0]], (12, 1)), (1920, 1080))
    assert index.tolist() == list(range(8))
    assert np.diff(rectangles[:, 1]).tolist() == [-14.0] * 7


def cover_of(*rectangles, viewport=(1920, 1080), strength=1.0):
    """What rectangles x, y, width, height cover, a row of cells each way at most besides."""
    cells = np.zeros((68, 121))
    cell_px = viewport[1] / 68
    for x, y, width, height in rectangles:
        rows, columns = slice(round(y / cell_px), round((y + height) / cell_px)), slice(round(x / cell_px), None)
        cells[rows, columns] = 0.0
        cells[rows, round(x / cell_px) : round((x + width) / cell_px)] = strength
    sums = np.zeros((69, 122))
    sums[1:, 1:] = cells.cumsum(0).cumsum(1)
    return ScreenCover(sums, cell_px)


def test_a_callout_stands_above_what_lies_over_its_anchor():
    anchor, size = np.array([[600.0, 700.0]]), np.array([[120.0, 50.0]])
    _, (low,) = layout_callouts(anchor, size, (1920, 1080), cover=cover_of())
    _, (high,) = layout_callouts(anchor, size, (1920, 1080), cover=cover_of((300, 560, 600, 160)))
    assert low[1] + low[3] == 700 - 34
    assert high[1] + high[3] <= 570 and high[0] <= 600 <= high[0] + high[2]


def test_a_callout_steps_aside_where_that_is_nearer_than_above():
    anchor, size = np.array([[600.0, 700.0]]), np.array([[200.0, 50.0]])
    _, (aside,) = layout_callouts(anchor, size, (1920, 1080), cover=cover_of((620, 300, 600, 420)))
    assert aside[0] + aside[2] <= 640 and aside[1] + aside[3] == 700 - 34


def test_where_all_is_covered_only_the_nearest_callout_stands():
    anchors = np.array([[300.0, 700.0], [900.0, 700.0], [1500.0, 700.0]])
    index, _ = layout_callouts(anchors, np.full((3, 2), 60.0), (1920, 1080), cover=cover_of((0, 0, 1920, 1080)))
    assert index.tolist() == [0]


def test_a_callout_stays_where_it_was_while_that_is_nearly_as_good():
    anchor, size = np.array([[600.0, 700.0]]), np.array([[120.0, 50.0]])
    before = np.array([[-60.0, -50.0 - 34 - 5 * 14]])
    _, (kept,) = layout_callouts(anchor, size, (1920, 1080), None, cover_of(), before)
    assert kept[1] - anchor[0, 1] == before[0, 1]
    far = np.array([[-60.0, -50.0 - 34 - 17 * 14]])
    _, (moved,) = layout_callouts(anchor, size, (1920, 1080), None, cover_of(), far)
    assert moved[1] + moved[3] == 700 - 34


@given(st.integers(0, 2**32 - 1), st.integers(0, 60))
def test_callouts_over_things_lie_inside_and_apart_from_each_other(seed, count):
    viewport = 1280, 720
    anchors, sizes = crowd(seed, count, viewport)
    cover = cover_of(*np.random.default_rng(seed).uniform(0, 600, (5, 4)), viewport=viewport)
    _, rectangles = layout_callouts(anchors, sizes, viewport, None, cover)
    low, high = rectangles[:, :2], rectangles[:, :2] + rectangles[:, 2:]
    assert (low >= 0).all() and (high <= viewport).all()
    overlap = ((low[:, None] < high[None]) & (low[None] < high[:, None])).all(2)
    np.fill_diagonal(overlap, False)
    assert not overlap.any()


def test_near_the_edge_a_callout_slides_inward():
    index, rectangles = layout_callouts(np.array([[5.0, 500], [1915, 500]]), np.full((2, 2), 60.0), (1920, 1080))
    assert rectangles[:, 0].tolist() == [0, 1860]


def test_of_10000_callouts_at_most_120_are_tried_nearest_first():
    rng = np.random.default_rng(5)
    places, distance = rng.uniform(0, 1, (10_000, 2)) * (1920, 1080), rng.uniform(1, 100, 10_000)
    chosen = nearest_by_cell(places, distance, np.zeros(10_000), np.zeros(10_000, bool), 1.0)
    assert len(chosen) == 120
    assert chosen[0] == distance.argmin()
    assert (distance[chosen[1:]] > distance[chosen[:-1]] * 0.9).all()


def test_among_callouts_equally_near_priority_decides_and_what_was_shown_counts_as_nearer():
    places, distance = np.tile([[500.0, 500.0]], (2, 1)), np.array([10.0, 10.2])
    nobody = np.zeros(2, bool)
    assert nearest_by_cell(places, distance, np.array([0.0, 1.0]), nobody, 1.0)[0] == 1
    assert nearest_by_cell(places, np.array([10.0, 13.0]), np.array([0.0, 1.0]), nobody, 1.0)[0] == 0
    assert nearest_by_cell(places, np.array([10.0, 10.5]), np.zeros(2), np.array([False, True]), 1.0)[0] == 1


@pytest.mark.parametrize(("size", "height", "expected"), [(15, 1080, 15), (15, 720, 12), (44, 720, 35), (13, 2160, 26)])
def test_text_is_never_smaller_than_12_px(size, height, expected):
    assert least_size_px(size, height) == expected >= MIN_SIZE_PX
