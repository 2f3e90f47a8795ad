"""Values: whatever has shape, dtype, key and read is drawn; the engine does not ask what it is."""

import ast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine.values import ArrayValues, ColumnWindow, Values, matrix_shape
from tensornaut.loaders.open import open_network

ARRAY = np.arange(2 * 3 * 5, dtype=np.float32).reshape(2, 3, 5)


@pytest.fixture
def tensor(tmp_path):
    """The array as a file says it."""
    np.save(tmp_path / "a.npy", ARRAY)
    return open_network(tmp_path / "a.npy").tensors[0]


def test_arrays_windows_and_tensors_of_files_are_values_by_shape(tensor):
    array = ArrayValues(ARRAY, "array")
    for values in (array, ColumnWindow(array, 2, 9), tensor):
        assert isinstance(values, Values)
        assert isinstance(values.key, str) and values.dtype == "float32"
    assert not isinstance(ARRAY, Values)


def test_every_holder_reads_the_same_part_of_the_same_matrix(tensor):
    matrix = ARRAY.reshape(2, 15)
    for values in (ArrayValues(ARRAY, "array"), tensor):
        assert values.shape == (2, 3, 5)
        part = values.read(slice(1, 2), slice(3, 12, 4))
        assert part.dtype == np.float32 and np.array_equal(part, matrix[1:2, 3:12:4])


def test_a_vector_is_one_row_and_a_scalar_one_cell():
    assert [matrix_shape(shape) for shape in ((), (7,), (4, 5), (4, 5, 6), (0, 3))] == [
        (1, 1), (1, 7), (4, 5), (4, 30), (0, 3),
    ]  # fmt: skip
    assert ArrayValues(np.float64(3.5), "scalar").read(slice(0, 1), slice(0, 1)).tolist() == [[3.5]]
    assert ArrayValues(np.arange(4), "vector").read(slice(0, 1), slice(1, 3)).tolist() == [[1, 2]]


@given(st.data())
def test_a_window_of_columns_reads_what_the_whole_reads_there(data):
    columns = data.draw(st.integers(1, 20))
    first = data.draw(st.integers(0, columns - 1))
    width = data.draw(st.integers(1, columns - first))
    start = data.draw(st.integers(0, width - 1))
    stop = data.draw(st.integers(start, width))
    step = data.draw(st.integers(1, 5))
    matrix = np.arange(3 * columns).reshape(3, columns)
    window = ColumnWindow(ArrayValues(matrix, "whole"), first, width)
    assert window.shape == (3, width)
    expected = matrix[:, first : first + width][1:3, start:stop:step]
    assert np.array_equal(window.read(slice(1, 3), slice(start, stop, step)), expected)


def test_keys_tell_windows_and_tensors_apart(tensor, tmp_path):
    whole = ArrayValues(ARRAY, "whole")
    windows = [ColumnWindow(whole, first, columns) for first, columns in ((0, 5), (5, 5), (0, 6))]
    assert len({whole.key, *(window.key for window in windows)}) == 4
    assert ColumnWindow(whole, 0, 5).key == windows[0].key
    assert open_network(tmp_path / "a.npy").tensors[0].key == tensor.key
    np.save(tmp_path / "a.npy", ARRAY[:1])
    assert open_network(tmp_path / "a.npy").tensors[0].key != tensor.key


def test_the_engine_never_imports_a_loader(checkout, project_files):
    for path in project_files:
        if path.startswith("engine/") and path.endswith(".py"):
            tree = ast.parse((checkout / path).read_text("utf-8"))
            modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
            assert not [name for name in modules if name.split(".")[0] == "loaders"], path
