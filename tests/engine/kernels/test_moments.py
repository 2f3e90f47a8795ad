import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tensornaut.engine.kernels.moments import folded, of_counts

WHOLE = st.integers(-50, 50).map(float)


def moments(values):
    away = values - values.mean() if len(values) else values
    powers = [(away**power).sum() for power in (2, 3, 4)]
    return np.array([len(values), values.mean() if len(values) else 0, *powers, np.abs(values).sum()])


@given(st.lists(arrays(np.float64, st.integers(0, 6), elements=WHOLE), max_size=9))
def test_folded_runs_have_the_moments_of_all_numbers(runs):
    rows = np.array([moments(run) for run in runs]).reshape(len(runs), 6)
    expected = moments(np.concatenate(runs)) if runs else np.zeros(6)
    assert folded(rows) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@given(st.lists(arrays(np.float64, st.integers(0, 6), elements=WHOLE), max_size=4))
def test_leading_axes_are_folded_one_by_one(runs):
    rows = np.array([moments(run) for run in runs]).reshape(len(runs), 6)
    assert folded(np.stack([rows, rows])).tobytes() == np.stack([folded(rows)] * 2).tobytes()


def test_huge_numbers_beside_empty_runs_make_no_nan():
    rows = np.array([[0, 0, 0, 0, 0, 0], [1, 1e300, 0, 0, 0, 1e300]], float)
    assert folded(rows).tolist() == rows[1].tolist()


@given(arrays(np.float64, 5, elements=WHOLE), arrays(np.int64, 5, elements=st.integers(0, 9)))
def test_counted_numbers_have_the_moments_of_the_repeated_ones(values, counts):
    assert of_counts(values, counts) == pytest.approx(moments(np.repeat(values, counts)), rel=1e-9, abs=1e-6)
