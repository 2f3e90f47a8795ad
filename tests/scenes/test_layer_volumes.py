"""Volumes: a tensor is a tray of cells of one size, a layer its trays in a row."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.scenes.layer_volumes import (
    BIAS_GAP,
    BLOCK,
    FLOOR_GAP,
    FULL_CELLS,
    GLASS_HEIGHT,
    LONGEST_ASPECT,
    PADDING,
    layer_volume,
    shown_length,
    tray_for,
)

SHAPES = st.lists(st.one_of(st.integers(1, 20), st.integers(1, 3000)), max_size=4).map(tuple)


@given(SHAPES)
def test_strips_cover_every_column_once_in_order(shape):
    tray = tray_for(3, shape)
    assert tray.tensor == 3 and tray.rows * tray.columns == math.prod(shape)
    columns = [column for strip in tray.strips for column in (strip.first_column, strip.first_column + strip.columns)]
    assert columns[0] == 0 and columns[-1] == tray.columns
    assert columns[1:-1:2] == columns[2::2]
    assert all(strip.columns > 0 for strip in tray.strips)


@given(SHAPES)
def test_strips_of_a_tray_lie_side_by_side(shape):
    tray = tray_for(0, shape)
    for before, after in zip(tray.strips, tray.strips[1:], strict=False):
        assert after.offset_cells - before.offset_cells >= tray.rows + 1
        assert after.columns <= before.columns
    long = max(strip.columns for strip in tray.strips) * tray.cell
    wide = (tray.strips[-1].offset_cells + tray.rows) * tray.cell
    assert sorted(tray.size) == pytest.approx(sorted((long, wide)))


@given(SHAPES)
def test_the_longer_side_lies_across_the_flow(shape):
    along, across = tray_for(0, shape).size
    assert along <= across


@given(st.integers(4, 400), st.integers(1, 1 << 22))
def test_a_wide_matrix_is_folded_until_it_is_no_sliver(rows, columns):
    tray = tray_for(0, (rows, columns))
    if len(tray.strips) > 1:
        assert columns > LONGEST_ASPECT * rows
    long = max(strip.columns for strip in tray.strips)
    least = long - BLOCK + 1  # strips are whole blocks of columns but for the last one
    assert all(strip.first_column % BLOCK == 0 for strip in tray.strips)
    assert least <= FULL_CELLS or least <= LONGEST_ASPECT * (tray.strips[-1].offset_cells + rows + 2)


@pytest.mark.parametrize("shape", [(), (1,), (192,), (48, 192), (4, 3, 3, 3)])
def test_a_cell_is_one_unit_up_to_192_cells(shape):
    assert tray_for(0, shape).cell == 1.0


@given(st.integers(1, 10**12), st.integers(1, 10**12))
def test_longer_sides_are_shown_longer_but_by_less(one, other):
    shorter, longer = sorted((one, other))
    assert shown_length(shorter) <= shown_length(longer)
    assert shown_length(longer) / longer <= shown_length(shorter) / shorter + 1e-12
    assert shown_length(longer) < 20 * FULL_CELLS


@pytest.mark.parametrize("shape", [(0,), (0, 4), (4, 0), (2, 0, 3)])
def test_what_holds_nothing_has_no_tray(shape):
    assert tray_for(0, shape) is None
    assert layer_volume("a", "linear", [(0, shape)]) is None


@given(SHAPES)
def test_glass_stands_above_the_floor_and_data_within_it(shape):
    tray = tray_for(0, shape)
    assert tray.zero_y - GLASS_HEIGHT * tray.height == pytest.approx(FLOOR_GAP)
    assert tray.height > 0 and GLASS_HEIGHT > 1


def test_height_is_a_share_of_the_shorter_side_with_limits():
    assert tray_for(0, (48, 48)).height == pytest.approx(3.36)
    assert tray_for(0, (1, 48)).height == 1.5
    assert tray_for(0, (192, 192)).height == 12.0


@given(st.lists(SHAPES, min_size=1, max_size=6))
def test_trays_of_a_layer_stand_in_a_row_behind_the_main_one(shapes):
    volume = layer_volume("a.b", "linear", enumerate(shapes))
    assert {tray.tensor for tray in volume.trays} == set(range(len(shapes)))
    assert volume.main.rows * volume.main.columns == max(map(math.prod, shapes))
    assert volume.trays[0] == volume.main
    for before, after in zip(volume.trays, volume.trays[1:], strict=False):
        gap = (after.x - after.size[0] / 2) - (before.x + before.size[0] / 2)
        assert gap == pytest.approx(BIAS_GAP + 2 * PADDING)
        assert after.height <= volume.main.height
    x0, z0, x1, z1 = volume.bounds
    assert x0 == pytest.approx(-x1) and z0 == pytest.approx(-z1)
    assert volume.top == max(tray.zero_y + GLASS_HEIGHT * tray.height for tray in volume.trays)


def test_long_vectors_become_bands_and_no_matrix_very_many_grids():
    assert len(tray_for(0, (50_257,)).strips) == len(tray_for(0, (10**9,)).strips) == 1
    band = tray_for(0, (1_000_000,))
    assert 1 < len(band.strips) <= 64
    assert min(band.size) > 4 and max(band.size) < 1000
    assert len(tray_for(0, (4, 10**9)).strips) <= 512
