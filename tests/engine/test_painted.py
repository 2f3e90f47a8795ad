"""What is painted in place of values agrees with NumPy, whatever part is asked for in whatever order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensornaut.engine import painted
from tensornaut.engine.painted import Absolutes, RowNorms, Signs
from tensornaut.engine.values import ArrayValues, ColumnWindow, Values

EVERYTHING = slice(None), slice(None)


def values_of(shape, dtype=np.float32):
    values = (np.random.default_rng(1).standard_normal(shape) * 9).astype(dtype)
    if values.dtype.kind == "f":
        values.flat[3], values.flat[5] = np.nan, -np.inf
    return ArrayValues(values, "key")


@pytest.mark.parametrize("kind", [Absolutes, Signs, RowNorms])
def test_they_are_values_with_a_key_of_their_own(kind):
    source = values_of((6, 7))
    shown = kind(source)
    assert isinstance(shown, Values)
    assert shown.shape == (6, 7) and shown.key != source.key
    assert shown.key == kind(values_of((6, 7))).key
    assert len({kind(source).key for kind in (Absolutes, Signs, RowNorms)}) == 3


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.float64, np.int8, np.uint8, np.int64, np.bool_])
def test_absolutes_and_signs_of_every_type(dtype):
    source = values_of((9, 11), dtype)
    exact = source.array.astype(np.float64)
    np.testing.assert_array_equal(Absolutes(source).read(*EVERYTHING), np.abs(exact))
    signs = np.where(np.isfinite(exact), np.sign(exact), np.nan)
    np.testing.assert_array_equal(Signs(source).read(*EVERYTHING), signs)


def test_the_lowest_integer_has_a_magnitude():
    assert Absolutes(ArrayValues(np.array([[-128]], np.int8), "a")).read(*EVERYTHING) == 128


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_row_norms_are_those_of_whole_rows(data):
    rows, columns = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 30))
    source = values_of((rows, max(columns, 6)))
    finite = np.where(np.isfinite(source.array), source.array, 0).astype(np.float64)
    expected = np.sqrt((finite**2).sum(1)).astype(np.float32)
    shown = RowNorms(source, kept=data.draw(st.sampled_from([1, 7, 1000])))
    for _ in range(4):
        start = data.draw(st.integers(0, rows - 1))
        stop, step = data.draw(st.integers(start + 1, rows)), data.draw(st.integers(1, 5))
        cols = slice(2, 6, data.draw(st.integers(1, 3)))
        part = shown.read(slice(start, stop, step), cols)
        assert part.shape == source.array[start:stop:step, cols].shape
        np.testing.assert_allclose(part, np.broadcast_to(expected[start:stop:step, None], part.shape), rtol=1e-6)


def test_row_norms_do_not_depend_on_what_was_asked_for_before(monkeypatch):
    monkeypatch.setattr(painted, "AT_ONCE", 64)  # rows are read one by one, in pieces
    source = values_of((50, 200))
    whole = RowNorms(source).read(*EVERYTHING)[:, 0]
    other = RowNorms(source, kept=4)
    for row in (49, 3, 17, 3, 0):
        assert other.read(slice(row, row + 1), slice(0, 1)) == whole[row]
    np.testing.assert_array_equal(other.read(slice(0, 50, 7), slice(5, 6))[:, 0], whole[::7])


def test_a_remembered_row_is_not_read_again():
    reads = []

    class Counted(ArrayValues):
        def read(self, rows, cols):
            reads.append(rows)
            return super().read(rows, cols)

    shown = RowNorms(Counted(values_of((40, 20)).array, "key"))
    shown.read(slice(0, 32), slice(0, 10))
    before = len(reads)
    shown.read(slice(0, 32), slice(10, 20))
    shown.read(slice(4, 8), slice(0, 1))
    assert len(reads) == before
    shown.read(slice(32, 40), slice(0, 1))
    assert len(reads) > before


def test_no_norm_is_infinite():
    norms = RowNorms(ArrayValues(np.full((2, 9), 3e38, np.float32), "a")).read(*EVERYTHING)
    assert np.isfinite(norms).all()


def test_a_strip_is_painted_by_its_whole_rows():
    source = values_of((8, 96))
    strip = ColumnWindow(RowNorms(source), 32, 32)
    np.testing.assert_array_equal(strip.read(*EVERYTHING), RowNorms(source).read(*EVERYTHING)[:, 32:64])
