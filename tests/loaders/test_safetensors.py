"""safetensors files are read as their own library reads them; those that lie are refused by name."""

import json
import pickle
import struct
import threading

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors import SafetensorError, safe_open
from safetensors import numpy as reference
from tensornaut.engine.values import Values
from tensornaut.loaders.errors import FormatError
from tensornaut.loaders.open import open_network
from tensornaut.loaders.safetensors_header import parse_header

DTYPES = ["float32", "float64", "float16", "int8", "int64", "uint16", "bool"]
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).filter(lambda name: name != "__metadata__")


def written(header, data=b"", length=None):
    """Bytes of a file with this header: a text, or something to be written as JSON."""
    raw = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def entry(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def refusal(path, content):
    """The key of the error that the file's content raises."""
    path.write_bytes(content)
    with pytest.raises(FormatError) as error:
        open_network(path)
    assert "\n" not in str(error.value)
    return error.value.key


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@st.composite
def contents(draw):
    names = draw(st.lists(NAMES, max_size=5, unique=True))
    shapes = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    return {name: draw(arrays.arrays(draw(st.sampled_from(DTYPES)), shapes)) for name in names}


@given(contents(), st.dictionaries(NAMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=3))
def test_agrees_with_the_safetensors_library(tmp_path_factory, tensors, metadata):
    path = tmp_path_factory.mktemp("files") / "model.safetensors"
    reference.save_file(tensors, path, metadata or None)  # the library writes broken JSON for empty ones
    network = open_network(path)
    assert sorted(tensor.name for tensor in network.tensors) == sorted(tensors)
    assert network.metadata == metadata
    for tensor in network.tensors:
        expected = tensors[tensor.name]
        assert (tensor.shape, tensor.dtype) == (expected.shape, expected.dtype.name)
        assert (tensor.count, tensor.byte_count) == (expected.size, expected.nbytes)
        assert tensor.values().tobytes() == expected.tobytes()


@given(contents(), st.booleans(), st.integers(0, 2))
def test_usual_and_unusual_headers_mean_the_same(tensors, is_indented, spaces):
    header = reference.save(tensors)
    compact = header[8 : 8 + struct.unpack("<Q", header[:8])[0]].rstrip(b" ")
    unusual = json.dumps(json.loads(compact), indent=spaces if is_indented else None, separators=(", ", ": ")).encode()
    usual, other = parse_header(compact, "x")[0], parse_header(unusual, "x")[0]
    assert usual.names == other.names
    for column in ("dims", "ranks", "begins", "ends"):
        assert np.array_equal(getattr(usual, column), getattr(other, column))
    assert [usual.dtype_names[code] for code in usual.dtype_codes] == [
        other.dtype_names[code] for code in other.dtype_codes
    ]


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        ("BF16", "bfloat16"),
        ("F8_E4M3", "float8_e4m3fn"),
        ("F8_E5M2", "float8_e5m2"),
        ("F8_E8M0", "float8_e8m0fnu"),
        ("F8_E4M3FNUZ", "float8_e4m3fnuz"),
        ("F8_E5M2FNUZ", "float8_e5m2fnuz"),
    ],
)
def test_small_floats_have_the_values_that_ml_dtypes_gives(path, stored, name):
    values = np.arange(-8, 8).astype(getattr(ml_dtypes, name))
    path.write_bytes(written({"x": entry([4, 4], 0, values.nbytes, stored)}, values.tobytes()))
    tensor = open_network(path).tensors[0]
    assert tensor.dtype == name
    assert np.array_equal(tensor.values(), values.astype(np.float32).reshape(4, 4), equal_nan=True)


def test_four_bit_floats_are_counted_by_item(path):
    path.write_bytes(written({"x": entry([2, 4], 0, 4, "F4")}, bytes([0x10, 0x32, 0x54, 0x76])))
    tensor = open_network(path).tensors[0]
    assert (tensor.dtype, tensor.count, tensor.byte_count) == ("float4_e2m1fn", 8, 4)
    assert tensor.values().tolist() == [[0.0, 0.5, 1.0, 1.5], [2.0, 3.0, 4.0, 6.0]]


def test_tensors_of_unknown_types_are_left_out_with_a_note(path):
    path.write_bytes(written({"a": entry([2], 0, 8), "b": entry([9], 8, 11, "F6_E3M2")}, bytes(11)))
    network = open_network(path)
    assert [tensor.name for tensor in network.tensors] == ["a"]
    assert any("F6_E3M2" in note and "b" in note for note in network.notes)


def test_a_tensor_is_values_for_the_engine(path):
    array = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
    reference.save_file({"x": array}, path)
    tensor = open_network(path).tensors[0]
    assert isinstance(tensor, Values)
    assert np.array_equal(tensor.read(slice(1, 4, 2), slice(2, 6, 3)), array.reshape(4, 6)[1:4:2, 2:6:3])
    copy = pickle.loads(pickle.dumps(tensor))
    assert copy.key == tensor.key
    assert np.array_equal(copy.values(), array)


def test_keys_tell_contents_apart(path, tmp_path):
    array = np.zeros((2, 2), np.float32)
    reference.save_file({"x": array, "y": array}, path)
    keys = [tensor.key for tensor in open_network(path).tensors]
    assert len(set(keys)) == 2
    assert [tensor.key for tensor in open_network(path).tensors] == keys
    other = tmp_path / "other.safetensors"
    other.write_bytes(path.read_bytes())
    assert keys[0] not in [tensor.key for tensor in open_network(other).tensors]


def test_threads_may_read_together(path):
    array = np.random.default_rng(0).standard_normal((300, 300)).astype(np.float32)
    reference.save_file({"x": array}, path)
    tensor = open_network(path).tensors[0]
    wrong = []

    def read(row):
        for _ in range(50):
            if not np.array_equal(tensor.read(slice(row, row + 30), slice(10, 200)), array[row : row + 30, 10:200]):
                wrong.append(row)

    threads = [threading.Thread(target=read, args=(row,)) for row in range(0, 240, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_file_that_changed_is_not_read_as_the_old_one(path):
    reference.save_file({"x": np.zeros(4, np.float32)}, path)
    tensor = open_network(path).tensors[0]
    reference.save_file({"x": np.ones(8, np.float32)}, path)
    with pytest.raises(FormatError) as error:
        tensor.values()
    assert error.value.key == "changed"


GOOD = {"a": entry([2], 0, 8), "b": entry([1, 1], 8, 12)}
ENTRY = b'"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}'
LIES = {
    "data_overlap": written({"a": entry([2], 0, 8), "b": entry([2], 4, 12)}, bytes(12)),
    "data_gap": written({"a": entry([2], 0, 8), "b": entry([1], 12, 16)}, bytes(16)),
    "data_gap before": written({"a": entry([2], 4, 12)}, bytes(12)),
    "data_gap behind": written(GOOD, bytes(13)),
    "data_gap nothing": written({}, bytes(1)),
    "data_outside": written(GOOD, bytes(11)),
    "data_outside far": written({"a": entry([2**40], 0, 2**42)}, bytes(8)),
    "shape_bytes": written({"a": entry([3], 0, 8)}, bytes(8)),
    "shape_bytes half": written({"a": entry([3], 0, 1, "F4")}, bytes(1)),
    "duplicate_name": written(b"{" + ENTRY + b"," + ENTRY.replace(b"0,4", b"4,8") + b"}", bytes(8)),
    "duplicate_name loose": written(b'{"a": {"dtype":"F32","shape":[],"data_offsets":[0,4]}, "a": {}}', bytes(4)),
    "duplicate_name inner": written(b'{"a":{"dtype":"F32","dtype":"I32","shape":[],"data_offsets":[0,4]}}', bytes(4)),
    "header_shape range": written({"a": entry([2], 8, 0)}, bytes(8)),
    "header_shape negative": written({"a": entry([-2], 0, 8)}, bytes(8)),
    "header_shape float": written({"a": entry([2.0], 0, 8)}, bytes(8)),
    "header_shape truth": written({"a": entry([True], 0, 4)}, bytes(4)),
    "header_shape huge": written({"a": entry([10**30], 0, 8)}, bytes(8)),
    "header_shape product": written({"a": entry([2**40, 2**40], 0, 8)}, bytes(8)),
    "header_shape axes": written({"a": entry([1] * 70, 0, 4)}, bytes(4)),
    "header_shape missing": written({"a": {"dtype": "F32", "shape": [2]}}, bytes(8)),
    "header_shape list": written({"a": [1, 2]}, bytes(8)),
    "header_shape metadata": written({"__metadata__": {"x": 1}}),
    "header_json": written(b"{nothing}"),
    "header_json nan": written(b'{"a": NaN}'),
    "header_json deep": written(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "header_json digits": written(b"{" + ENTRY.replace(b"[]", b"[" + b"9" * 5000 + b"]") + b"}", bytes(4)),
    "header_json zero": written(b"{" + ENTRY.replace(b"[]", b"[01]") + b"}", bytes(4)),
    "header_json comma": written(b"{" + ENTRY + b",}", bytes(4)),
    "header_json open": written(b"{" + ENTRY, bytes(4)),
    "header_json closed": written(b"{" + ENTRY + b"}" + ENTRY.replace(b"a", b"b") + b"}", bytes(4)),
    "header_json text": written(b'{"\xff":1}'),
    "truncated header": written(GOOD, length=10_000),
    "header_size zero": written(GOOD, length=0),
    "header_size huge": written(GOOD, length=2**63),
    "not_a_model short": b"{}",
}


@pytest.mark.parametrize("lie", sorted(LIES))
def test_every_way_to_lie_has_its_own_message(path, lie):
    assert refusal(path, LIES[lie]) == lie.split()[0]


def test_a_file_cut_anywhere_is_refused(path):
    whole = reference.save({"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros(2, np.int64)})
    path.write_bytes(whole)
    assert len(open_network(path).tensors) == 2
    for size in range(len(whole)):
        assert refusal(path, whole[:size])


@given(st.data())
def test_changed_bytes_are_refused_or_read_but_nothing_else(tmp_path_factory, data):
    whole = bytearray(reference.save({"a.b": np.arange(6, dtype=np.float32), "c": np.zeros((2, 2), np.float16)}))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("files") / "model.safetensors"
    path.write_bytes(whole)
    try:
        network = open_network(path)
    except FormatError:
        return
    left_out = any(note.startswith("left out") for note in network.notes)
    try:
        with safe_open(path, "np") as file:
            theirs = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}
    except SafetensorError:  # a type that nobody knows costs us that tensor, them the file
        assert left_out
        return
    assert {tensor.name: tensor.shape for tensor in network.tensors} == theirs or left_out


SIZES = st.one_of(
    st.integers(0, 8), st.sampled_from([-1, 2**31, 2**32, 2**62, 2**63, 2**64, 10**30, 1.0, True, None, "4"])
)
ENTRIES = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "I8", "F4", "BOOL", "f32", "", 1, None, [], "X" * 17]),
        "shape": st.one_of(st.lists(SIZES, max_size=3), st.just("4")),
        "data_offsets": st.lists(SIZES, min_size=1, max_size=3),
    },
    optional={"more": st.none()},
)


@given(st.dictionaries(st.sampled_from(["a", "b", "__metadata__"]), ENTRIES, max_size=3), st.integers(0, 40))
def test_whatever_a_header_claims_the_verdict_is_that_of_the_safetensors_library(tmp_path_factory, header, size):
    path = tmp_path_factory.mktemp("files") / "model.safetensors"
    path.write_bytes(written(header, bytes(size)))
    try:
        with safe_open(path, "np") as file:
            theirs = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}
    except SafetensorError:
        theirs = None
    try:
        network = open_network(path)
    except FormatError as error:
        assert theirs is None and "\n" not in str(error)
        return
    left_out = any(note.startswith("left out") for note in network.notes)
    assert {tensor.name: tensor.shape for tensor in network.tensors} == theirs or left_out


def test_a_million_empty_tensors_cost_columns(path):
    names = [f"layers.{k}.w" for k in range(20_000)]
    path.write_bytes(written({name: entry([0], 0, 0) for name in names}))
    network = open_network(path)
    assert len(network.tensors) == 20_000 and network.parameter_count == 0
    assert network.tensors[19_999].values().shape == (0,)
