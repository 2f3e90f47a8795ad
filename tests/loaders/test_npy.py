"""npy files are read as NumPy reads them; what NumPy would have to run, or could not have written, is refused."""

import struct

import ml_dtypes  # noqa: F401  registers its types with NumPy, whose files must not be mistaken for numbers
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensornaut.loaders.errors import FormatError
from tensornaut.loaders.open import open_network

SCALARS = st.one_of(
    arrays.boolean_dtypes(),
    arrays.integer_dtypes(endianness="<"),
    arrays.integer_dtypes(endianness=">"),
    arrays.unsigned_integer_dtypes(endianness=">"),
    arrays.floating_dtypes(endianness="<", sizes=(16, 32, 64)),
    arrays.floating_dtypes(endianness=">", sizes=(16, 32, 64)),
    arrays.complex_number_dtypes(sizes=(64, 128)),
)
SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "array.npy"


@given(arrays.arrays(SCALARS, SHAPES), st.booleans(), st.sampled_from([(1, 0), (2, 0), (3, 0)]))
def test_agrees_with_numpy(tmp_path_factory, array, fortran, version):
    path = tmp_path_factory.mktemp("files") / "array.npy"
    array = np.asfortranarray(array) if fortran else array
    with open(path, "wb") as file:
        np.lib.format.write_array(file, array, version)
    network = open_network(path)
    (tensor,) = network.tensors
    assert (network.format, network.structure, tensor.name) == ("npy", "flat", "array")
    assert (tensor.shape, tensor.dtype, tensor.byte_count) == (array.shape, array.dtype.name, array.nbytes)
    values = tensor.values()
    assert values.dtype.isnative
    assert values.tobytes() == np.ascontiguousarray(array).astype(array.dtype.newbyteorder("=")).tobytes()


@given(st.data())
def test_parts_of_arrays_in_fortran_order_are_those_of_numpy(tmp_path_factory, data):
    array = np.asfortranarray(np.arange(60.0).reshape(data.draw(st.sampled_from([(6, 10), (3, 4, 5), (60,)]))))
    path = tmp_path_factory.mktemp("files") / "array.npy"
    np.save(path, array)
    matrix = array.reshape(1, -1) if array.ndim == 1 else array.reshape(len(array), -1)
    rows, cols = (slice(data.draw(st.integers(0, size)), size, data.draw(st.integers(1, 3))) for size in matrix.shape)
    assert np.array_equal(open_network(path).tensors[0].read(rows, cols), matrix[rows, cols])


@pytest.mark.parametrize("array", [np.array(["a", "bcd"]), np.array([b"xy"]), np.array(["é"], dtype=">U3")])
def test_texts_are_counted_but_have_no_numbers(path, array):
    np.save(path, array)
    (tensor,) = open_network(path).tensors
    assert (tensor.dtype, tensor.count, tensor.byte_count) == ("string", array.size, array.nbytes)
    with pytest.raises(FormatError) as error:
        tensor.values()
    assert error.value.key == "dtype_unreadable"


def written(header, data=b"", version=1):
    """Bytes of a file with this text as its header."""
    raw = header.encode("latin-1") + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(raw)) + raw + data


def header(descr="'<f4'", order="False", shape="(2,)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


GOOD = [
    header(),
    header(shape="(2L,)"),
    "{'shape': (2,), 'descr': '<f4', 'fortran_order': False}",
    '{"descr": "<f4", "fortran_order": False, "shape": (2, )}   ',
]
BAD = {
    "npy_objects": header("'|O'"),
    "npy_type records": header("[('a', '<f4'), ('b', '<i8')]"),
    "npy_type void": header("'<V2'"),
    "npy_type dates": header("'<M8[ns]'"),
    "npy_type wide": header("'<f16'"),
    "npy_type unknown": header("'<q7'"),
    "npy_header number": header(shape="2"),
    "npy_header no tuple": header(shape="(2)"),
    "npy_header negative": header(shape="(-2,)"),
    "npy_header zeros": header(shape="(02,)"),
    "npy_header spaces": header(shape="(2,\xa0)"),
    "npy_header digits": header(shape="(" + "9" * 5000 + ",)"),
    "npy_header product": header(shape="(9000000000000000, 9000000000000000)"),
    "npy_header axes": header(shape="(" + "1, " * 65 + ")"),
    "npy_header call": header("__import__('os').system('true')"),
    "npy_header twice": "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
    "npy_header missing": "{'descr': '<f4', 'shape': (2,)}",
    "npy_header more": "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 'y'}",
    "npy_header behind": header() + "import os",
    "npy_header empty": "",
    "npy_type deep": "{'descr': " + "(" * 4000,
    "header_size": header() + " " * 10_001,
    "truncated": header(shape="(3,)"),
    "truncated far": header(shape="(1000000000000,)"),
}


@pytest.mark.parametrize("text", GOOD)
def test_headers_of_all_writers_are_understood(path, text):
    path.write_bytes(written(text, np.array([1.5, 2.5], "<f4").tobytes()))
    assert open_network(path).tensors[0].values().tolist() == [1.5, 2.5]


@pytest.mark.parametrize("lie", sorted(BAD))
def test_every_way_to_lie_has_its_own_message(path, lie):
    path.write_bytes(written(BAD[lie], bytes(8)))
    with pytest.raises(FormatError) as error:
        open_network(path)
    assert error.value.key == lie.split()[0]
    assert "\n" not in str(error.value)


def test_types_that_numpy_cannot_name_are_refused(path):
    np.save(path, np.zeros(3, "bfloat16"))
    with pytest.raises(FormatError) as error:
        open_network(path)
    assert error.value.key == "npy_type"


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_file_cut_anywhere_is_refused(path, version):
    whole = written(header(shape="(2, 3)"), np.zeros(6, "<f4").tobytes(), version)
    path.write_bytes(whole)
    assert open_network(path).tensors[0].shape == (2, 3)
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(FormatError):
            open_network(path)


@pytest.mark.parametrize("version", [b"\0\0", b"\4\0", b"\xff\0", b"\1\1"])
def test_unknown_versions_are_refused(path, version):
    path.write_bytes(written(header(), bytes(8)).replace(b"\1\0", version, 1))
    with pytest.raises(FormatError) as error:
        open_network(path)
    assert error.value.key == "npy_header"


def test_bytes_behind_the_array_are_noted(path):
    path.write_bytes(written(header(), bytes(11)))
    assert any("3 bytes" in note for note in open_network(path).notes)


@given(st.data())
def test_changed_bytes_are_refused_or_mean_what_numpy_reads(tmp_path_factory, data):
    whole = bytearray(written(header(shape="(2, 3)"), np.arange(6, dtype="<f4").tobytes()))
    for _ in range(data.draw(st.integers(1, 3))):
        at, byte = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 255))
        change = data.draw(st.sampled_from([slice(at, at + 1), slice(at, at)]))
        whole[change] = data.draw(st.sampled_from([bytes([byte]), b"", b"9", b"'", b",", b"(", b"u8"]))
    path = tmp_path_factory.mktemp("files") / "array.npy"
    path.write_bytes(whole)
    try:
        (tensor,) = open_network(path).tensors
        values = tensor.values()
    except FormatError as error:
        assert "\n" not in str(error)
        return
    theirs = np.load(path, allow_pickle=False)
    assert (tensor.shape, tensor.dtype) == (theirs.shape, theirs.dtype.name)
    assert values.tobytes() == np.ascontiguousarray(theirs).astype(theirs.dtype.newbyteorder("=")).tobytes()
