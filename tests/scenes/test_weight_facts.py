"""Rank, row and column of a weight are those that NumPy finds; what is not exact says so, and is true all the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine.summaries import summarize
from tensornaut.loaders.open import open_network
from tensornaut.scenes import weight_facts
from tensornaut.scenes.weight_facts import column_facts, counted_rank, known_rank, row_facts

DTYPES = ["f4", "f8", "f2", "i1", "i8", "u2", "?", "c8"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("arrays")


def tensor_of(folder, array):
    np.save(folder / "a.npy", array)
    return open_network(folder / "a.npy").tensors[0]


def numbers(seed, shape, dtype, bad):
    """Numbers of a type, many of them alike, some NaN or infinite."""
    random = np.random.default_rng(seed)
    array = (random.standard_normal(shape) * 40).round(random.integers(0, 3)).astype(dtype)
    if array.dtype.kind in "fc":
        array.reshape(-1)[random.integers(0, array.size, bad)] = random.choice([np.nan, np.inf, -np.inf, 0], bad)
    if array.dtype == np.int8:
        array.reshape(-1)[random.integers(0, array.size, bad)] = -128
    return array


def magnitudes_of(array):
    return np.abs(array.astype(np.complex128 if array.dtype.kind == "c" else np.float64))


@given(st.integers(0, 999), st.sampled_from(DTYPES), st.integers(0, 5), st.sampled_from("CF"))
def test_ranks_are_those_of_numpy(folder, seed, dtype, bad, order):
    array = np.asarray(numbers(seed, (9, 31), dtype, bad), order=order)
    tensor, all_of = tensor_of(folder, array), magnitudes_of(array)
    summary = summarize(np.ascontiguousarray(array).reshape(-1), tensor.dtype)
    for magnitude in all_of.reshape(-1)[:: 1 + seed % 7].tolist():
        exact, known = counted_rank(tensor, magnitude), known_rank(summary, magnitude)
        if np.isnan(magnitude):
            assert exact is None and known is None
            continue
        above = int((all_of > magnitude).sum())
        assert (exact.first, exact.last, exact.exact) == (above + 1, above + 1, True)
        assert exact.alike == int((all_of == magnitude).sum())
        assert exact.of == known.of == int((~np.isnan(all_of)).sum())
        assert known.first <= exact.first <= known.last
        assert known.exact or dtype in ("f4", "f8", "i8", "c8")
        if known.alike is not None:
            assert known.alike == exact.alike


@given(st.integers(0, 999), st.sampled_from(DTYPES), st.integers(0, 5), st.sampled_from("CF"))
def test_rows_and_columns_are_those_of_numpy(folder, seed, dtype, bad, order):
    array = np.asarray(numbers(seed, (9, 31), dtype, bad), order=order)
    tensor = tensor_of(folder, array)
    for line, found in ((array[5], row_facts(tensor, 5)), (array[:, 7], column_facts(tensor, 7))):
        line = magnitudes_of(line) if dtype == "c8" else line
        finite = line[np.isfinite(line)].astype(np.float64)
        assert (found.count, found.exact, found.odd) == (len(line), True, len(line) - len(finite))
        assert found.zeros == int((finite == 0).sum())
        assert (found.minimum, found.maximum) == (finite.min(), finite.max())
        for name, expected in (
            ("mean", finite.mean()), ("std", finite.std()), ("l2", np.sqrt((finite * finite).sum()))
        ):  # fmt: skip
            assert getattr(found, name) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_the_largest_of_many_is_known_without_reading():
    values = np.random.default_rng(1).standard_normal(70_000).astype("f4")
    values[777] = 9
    assert known_rank(summarize(values, "float32"), 9.0).exact
    rank = known_rank(summarize(values, "float32"), float(abs(values[5])))
    assert not rank.exact and rank.last - rank.first < 7000


def test_a_line_too_long_is_sampled_and_says_so(folder, monkeypatch):
    monkeypatch.setattr(weight_facts, "MOST_APART", 10)
    monkeypatch.setattr(weight_facts, "MOST_IN_RUN", 20)
    tensor = tensor_of(folder, np.full((64, 70), 2.5, np.float32))
    column, row = column_facts(tensor, 3), row_facts(tensor, 3)
    assert (column.count, column.exact, row.count, row.exact) == (64, False, 70, False)
    assert column.read <= 10 and row.read <= 20
    assert (column.mean, row.mean, row.std) == (2.5, 2.5, 0)


def test_many_pieces_are_one_line(folder, monkeypatch):
    monkeypatch.setattr(weight_facts, "LINES_AT_ONCE", 7)
    monkeypatch.setattr(weight_facts, "AT_ONCE", 16)
    array = numbers(4, (50, 60), "f4", 3)
    tensor = tensor_of(folder, array)
    for line, found in ((array[5], row_facts(tensor, 5)), (array[:, 7], column_facts(tensor, 7))):
        assert found.count == len(line)
        assert found.mean == pytest.approx(line[np.isfinite(line)].astype(float).mean())
    assert counted_rank(tensor, 3.0).first == int((np.abs(array) > 3).sum()) + 1


def test_what_is_no_longer_wanted_is_given_up(folder):
    tensor = tensor_of(folder, np.ones((4, 4)))
    assert counted_rank(tensor, 1.0, lambda: False) is None
    assert row_facts(tensor, 0, lambda: False) is None and column_facts(tensor, 0, lambda: False) is None
