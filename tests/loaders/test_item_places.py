"""Where an item stands is where its bits are found by somebody who only has the file and this answer."""

import io
import zipfile
import zlib
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tensornaut.engine.kernels.decode import DTYPES
from tensornaut.loaders.errors import FormatError
from tensornaut.loaders.open import open_network

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.pt*"))
TYPES = {
    "FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "INT64", "INT32", "INT8", "UINT4", "INT4", "BOOL", "COMPLEX64",
    "FLOAT8E4M3FN", "FLOAT4E2M1",
}  # fmt: skip
ITEMS = 40  # looked at of each tensor


def looked_up(place, bits, components, big_endian=False):
    """The bits that stand in the file where `place` says."""
    data = Path(place.path).read_bytes()
    if place.storage == "zero":
        assert place.offset is None
        return (0,) * components
    if place.storage == "varint":
        number, end = 0, next(k for k in range(10) if data[place.offset + k] < 128)
        for k in range(end + 1):
            number |= (data[place.offset + k] & 127) << 7 * k
        return (number >> place.shift & (1 << bits) - 1,)
    start = place.offset
    if place.storage == "deflated":
        assert place.offset is None
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data, start = archive.read(place.member), place.inside
    size = max(bits // 8, 1)
    parts = [data[start + k * size : start + (k + 1) * size] for k in range(components)]
    numbers = [int.from_bytes(part, "big" if big_endian else "little") for part in parts]
    return tuple(number >> place.shift & (1 << bits) - 1 for number in numbers)


def assert_found(tensor, signed=False):
    """Items of a tensor are found in the file, and their bits mean what `values` says."""
    components = 2 if tensor.dtype.startswith("complex") else 1
    bits = DTYPES[tensor.dtype].bits // components
    values = tensor.values().reshape(-1)
    for item in np.unique(np.linspace(0, tensor.count - 1, min(ITEMS, tensor.count)).astype(int)).tolist():
        place, found = tensor.item_place(item), tensor.item_bits(item)
        if not signed:
            expected = looked_up(place, bits, components, tensor.big_endian)
            assert found == expected
        raw = b"".join(number.to_bytes(max(bits // 8, 1), "little") for number in found)
        dtype = np.dtype(getattr(ml_dtypes, tensor.dtype, None) or tensor.dtype.removeprefix("q"))
        meant = np.frombuffer(raw, dtype)[0].astype(values.dtype)
        assert meant.tobytes() == values[item].tobytes() or np.isnan(meant) and np.isnan(values[item])


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f2", ">i8", "|b1", "<c8", ">c16", "|u1"])
def test_of_npy_also_by_columns_and_big_end_first(tmp_path, order, dtype):
    array = (np.arange(60).reshape(3, 4, 5) - 7).astype(dtype)
    np.save(tmp_path / "a.npy", np.asarray(array, order=order))
    (tensor,) = open_network(tmp_path / "a.npy").tensors
    assert_found(tensor)
    assert tensor.item_place(0).storage == "plain"


@pytest.mark.parametrize("compressed", [True, False])
def test_of_archives(tmp_path, compressed):
    array = np.random.default_rng(0).standard_normal((30, 7)).astype("f4")
    (np.savez_compressed if compressed else np.savez)(tmp_path / "a.npz", first=array, second=array[::2])
    for tensor in open_network(tmp_path / "a.npz").tensors:
        assert_found(tensor)
        assert tensor.item_place(3).storage == ("deflated" if compressed else "plain")


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_of_pytorch_also_of_views(path):
    storages = set()
    for tensor in open_network(path).tensors:
        if tensor.is_readable and tensor.count:
            storage = tensor.item_place(0).storage
            storages.add(storage)
            assert_found(tensor, signed=storage in ("conjugate", "negative"))
    assert "view" in storages or "views" not in path.name


def test_of_pytorch_deflated(tmp_path):
    with zipfile.ZipFile(FIXTURES[0].parent / "views.pt") as source:
        with zipfile.ZipFile(tmp_path / "m.pt", "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                target.writestr(name, source.read(name))
    for tensor in open_network(tmp_path / "m.pt").tensors:
        if tensor.count:
            assert_found(tensor)
            assert tensor.item_place(0).storage == "deflated"


def numbers(kind):
    """An array of an ONNX type; of every bit pattern, as far as there are."""
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    values = np.arange(-35, 70)
    if dtype.name in ("int4", "uint4", "float4_e2m1fn"):
        values = np.abs(values) % 7
    return values.astype(dtype).reshape(7, 15)


def in_fields(kind, array):
    """A tensor whose numbers stand in fields of their type, as protobuf packs them."""
    tensor = TensorProto(name="t", data_type=kind, dims=array.shape)
    flat = array.reshape(-1)
    if array.dtype.name in ("int4", "uint4", "float4_e2m1fn"):
        flat = np.frombuffer(numpy_helper.from_array(array).raw_data, np.uint8)
    elif array.dtype.kind == "c":
        flat = flat.view(flat.real.dtype)
    elif array.dtype.kind not in "iuf" or array.dtype == np.float16:
        flat = flat.view(f"u{array.dtype.itemsize}")
    getattr(tensor, helper.tensor_dtype_to_field(kind)).extend(flat.tolist())
    return tensor


@pytest.mark.parametrize("write", [lambda kind, array: numpy_helper.from_array(array, "t"), in_fields])
@pytest.mark.parametrize("kind", sorted(TYPES))
def test_of_onnx_raw_and_in_fields(tmp_path, kind, write):
    number = TensorProto.DataType.Value(kind)
    graph = helper.make_graph([], "g", [], [], [write(number, numbers(number))])
    onnx.save(helper.make_model(graph), tmp_path / "m.onnx")
    (tensor,) = open_network(tmp_path / "m.onnx").tensors
    assert_found(tensor)


def test_of_onnx_in_a_field_each(tmp_path):
    floats, longs = np.array([1.5, -2, 3e30], "<f4"), [b"\x05", b"\xac\x02", b"\xff" * 9 + b"\x01"]
    tensors = [
        b"\x08\x03\x10\x01\x42\x01f" + b"".join(b"\x25" + number.tobytes() for number in floats),
        b"\x08\x03\x10\x07\x42\x01i" + b"".join(b"\x38" + number for number in longs),
    ]
    graph = b"".join(b"\x2a" + bytes([len(tensor)]) + tensor for tensor in tensors)
    (tmp_path / "m.onnx").write_bytes(b"\x08\x08\x3a" + bytes([len(graph)]) + graph)
    found = {tensor.name: tensor for tensor in open_network(tmp_path / "m.onnx").tensors}
    assert [found[name].item_place(1).storage for name in "fi"] == ["fields", "varint"]
    for tensor in found.values():
        assert_found(tensor)


def test_of_many_varints_beyond_one_block(tmp_path):
    values = np.random.default_rng(2).integers(-(2**62), 2**62, 60_000) >> np.arange(60_000) % 60
    graph = helper.make_graph([], "g", [], [], [in_fields(TensorProto.INT64, values)])
    onnx.save(helper.make_model(graph), tmp_path / "m.onnx")
    (tensor,) = open_network(tmp_path / "m.onnx").tensors
    assert tensor.item_place(0).storage == "varint"
    assert_found(tensor)


def test_of_sparse_tensors_what_is_there_and_what_is_not(tmp_path):
    places, values = np.array([3, 17, 1999]), np.array([1.5, -2.25, 7], np.float32)
    sparse = helper.make_sparse_tensor(numpy_helper.from_array(values, "s"), numpy_helper.from_array(places), [40, 50])
    graph = helper.make_graph([], "g", [], [], [], sparse_initializer=[sparse])
    onnx.save(helper.make_model(graph), tmp_path / "m.onnx")
    (tensor,) = open_network(tmp_path / "m.onnx").tensors
    for item, value in zip(places.tolist(), values, strict=True):
        place = tensor.item_place(item)
        assert place.storage == "sparse"
        assert looked_up(place, 32, 1) == tensor.item_bits(item) == (int(value.view(np.uint32)),)
    assert tensor.item_place(4).storage == "zero" and tensor.item_bits(4) == (0,)


def test_half_bytes_are_told_apart(tmp_path):
    packed = numpy_helper.from_array(np.array([[1, -2], [3, 7]], ml_dtypes.int4), "t")
    onnx.save(helper.make_model(helper.make_graph([], "g", [], [], [packed])), tmp_path / "m.onnx")
    (tensor,) = open_network(tmp_path / "m.onnx").tensors
    places = [tensor.item_place(item) for item in range(4)]
    assert [place.offset - places[0].offset for place in places] == [0, 0, 1, 1]
    assert [place.shift for place in places] == [0, 4, 0, 4]
    assert [tensor.item_bits(item) for item in range(4)] == [(1,), (14,), (3,), (7,)]


def test_what_is_not_there_has_no_place(tmp_path):
    text = helper.make_tensor("words", TensorProto.STRING, [1], ["a"])
    onnx.save(helper.make_model(helper.make_graph([], "g", [], [], [text])), tmp_path / "m.onnx")
    (tensor,) = open_network(tmp_path / "m.onnx").tensors
    with pytest.raises(FormatError):
        tensor.item_place(0)


def test_a_file_that_changed_is_said(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", a=np.arange(9))
    (tensor,) = open_network(tmp_path / "a.npz").tensors
    (tmp_path / "a.npz").write_bytes(zlib.compress(b"other"))
    with pytest.raises(FormatError):
        tensor.item_bits(3)
