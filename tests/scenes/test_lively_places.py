"""Places where numbers are worth reading: as wanted in a full matrix, where the numbers are in an empty one."""

import numpy as np
import pytest
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.lively_places import lively_place
from tensornaut.scenes.network_scene import build
from tensornaut.scenes.style import THEMES


def place_in(written, array):
    built = build(written({"fc.weight": array.astype(np.float32)}), THEMES["dark"], Analysis())
    return lively_place(built, built.layout.layers[0].volume.main, 0.7, 0.7)


def test_in_a_full_matrix_it_is_where_it_was_wanted(written):
    weight = place_in(written, np.random.default_rng(1).normal(size=(200, 100)))
    assert (weight.row, weight.column) == (140, 70)


@pytest.mark.parametrize("shape", [(200, 100), (700, 900)])
def test_in_an_empty_one_it_is_among_what_there_is(written, shape):
    array = np.zeros(shape)
    array[24:48, 32:56] = 1 + np.random.default_rng(1).random((24, 24))
    weight = place_in(written, array)
    assert 24 <= weight.row < 48 and 32 <= weight.column < 56


@pytest.mark.parametrize("shape", [(1,), (1, 1), (3, 5), (64,), (40, 1), (1, 3000)])
@pytest.mark.parametrize("value", [0.0, 1.0, np.nan])
def test_it_always_is_one_of_the_matrix(written, shape, value):
    array = np.full(shape, value)
    weight = place_in(written, array)
    rows, columns = (1, shape[0]) if len(shape) == 1 else shape
    assert 0 <= weight.row < rows and 0 <= weight.column < columns
