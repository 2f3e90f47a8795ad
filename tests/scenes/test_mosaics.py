"""Arrays as matrices: every number stands once, where its index says."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.scenes.mosaics import mosaic_for, shown_shape

SHAPES = st.lists(st.integers(1, 9), min_size=1, max_size=4).map(tuple)


@given(SHAPES, st.floats(5, 200), st.floats(5, 40))
def test_every_number_stands_at_its_index_and_nowhere_else(shape, width, height):
    array = np.arange(1, 1 + np.prod(shape), dtype=np.float32).reshape(shape)
    mosaic = mosaic_for(shape, width, height)
    matrix = mosaic.matrix(array)
    assert matrix.shape == mosaic.size
    found = []
    for (row, column), number in np.ndenumerate(matrix):
        index = mosaic.index(row, column)
        assert number == (0 if index is None else array[index])
        found += [] if index is None else [index]
    assert len(found) == len(set(found)) == array.size


@given(st.integers(1, 64), st.integers(1, 16), st.integers(1, 16), st.floats(10, 200), st.floats(10, 40))
def test_no_other_number_of_maps_side_by_side_gives_larger_cells(count, rows, columns, width, height):
    mosaic = mosaic_for((count, rows, columns), width, height)

    def cell(across):
        down = -(-count // across)
        return min(1.0, width / (across * (columns + mosaic.gap)), height / (down * (rows + mosaic.gap)))

    assert cell(mosaic.across) >= 0.998 * max(map(cell, range(1, count + 1))) or count == 1


def test_of_a_batch_the_first_is_shown():
    assert shown_shape((5, 3, 8)) == (3, 8) and shown_shape((7,)) == (7,) and shown_shape(()) == (1,)
