"""Rows: long chains are folded like lines of text, in order, where few connections cross."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.scenes.rows import LONGEST_ASPECT, MOST_ROWS, ROW_GAP, SHORTEST_ROW, fold_rows

SIZES = st.lists(st.tuples(st.floats(1, 60), st.floats(5, 30), st.floats(1, 300)), min_size=1, max_size=60)


def folded(sizes, edges=()):
    """Rows of columns of one stop each; `sizes`: width, gap before and depth of each."""
    widths, gaps, depths = (list(side) for side in zip(*sizes, strict=True))
    bounds = [(-w / 2, -d / 2, w / 2, d / 2) for w, d in zip(widths, depths, strict=True)]
    return fold_rows(widths, gaps, range(len(sizes)), [0.0] * len(sizes), bounds, edges)


def aspect(rows):
    depth = rows[-1].z + rows[-1].high - rows[0].z - rows[0].low
    return max(row.right for row in rows) / depth


@given(SIZES)
def test_rows_hold_all_columns_in_order(sizes):
    rows = folded(sizes)
    starts = [row.first_column for row in rows] + [len(sizes)]
    assert starts[0] == 0 and all(a < b for a, b in zip(starts, starts[1:], strict=False))
    for row, end in zip(rows, starts[1:], strict=True):
        assert len(row.left) == end - row.first_column
        edge = 0.0
        for column, left in enumerate(row.left, row.first_column):
            width, gap, _ = sizes[column]
            assert left == pytest.approx(edge + (gap if column > row.first_column else 0))
            edge = left + width
        assert row.right == pytest.approx(edge)


@given(SIZES)
def test_each_row_stands_nearer_to_the_viewer_and_clear_of_the_one_before(sizes):
    rows = folded(sizes)
    for before, after in zip(rows, rows[1:], strict=False):
        assert after.z + after.low >= before.z + before.high + ROW_GAP - 1e-6


@given(SIZES)
def test_the_whole_is_at_most_eight_times_longer_than_deep_unless_rows_would_be_too_short(sizes):
    rows = folded(sizes)
    assert aspect(rows) <= LONGEST_ASPECT or len(rows) >= min(len(sizes) // SHORTEST_ROW, MOST_ROWS)


@given(SIZES)
def test_what_is_short_enough_stays_in_one_line(sizes):
    rows = folded(sizes)
    length = sum(w for w, _, _ in sizes) + sum(g for _, g, _ in sizes[1:])
    depth = max(d for _, _, d in sizes)
    assert (len(rows) == 1) == (length <= LONGEST_ASPECT * depth + 1e-6 or len(sizes) < 2 * SHORTEST_ROW)


def test_a_row_ends_where_fewest_connections_cross():
    sizes = [(10.0, 10.0, 20.0)] * 24
    chain = [(k, k + 1) for k in range(23)]
    arcs = [(k, k + 4) for k in range(0, 20, 5)]  # nothing is skipped between columns 4 and 5, 9 and 10, ...
    rows = folded(sizes, chain + arcs)
    assert len(rows) > 1 and all(row.first_column % 5 == 0 for row in rows)


def test_a_wide_space_is_preferred_to_end_a_row():
    sizes = [(10.0, 30.0 if k % 5 == 0 else 10.0, 20.0) for k in range(40)]
    rows = folded(sizes, [(k, k + 1) for k in range(39)])
    assert len(rows) > 1 and all(row.first_column % 5 == 0 for row in rows)


def test_no_columns_make_one_empty_row():
    (row,) = fold_rows([], [], [], [], [], [])
    assert (row.first_column, row.left, row.right) == (0, [], 0.0)


def test_a_chain_of_ten_thousand_columns_has_few_rows():
    rows = folded([(10.0, 9.0, 20.0)] * 10_000, [(k, k + 1) for k in range(9_999)])
    assert 2 <= len(rows) <= MOST_ROWS and aspect(rows) <= LONGEST_ASPECT
