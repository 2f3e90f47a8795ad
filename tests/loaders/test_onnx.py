"""ONNX files open with every operator, tensor and value that onnx itself finds in them."""

import os
import random
import time
import tracemalloc
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from tensornaut.loaders.errors import FormatError  # noqa: E402
from tensornaut.loaders.onnx_sniff import matches  # noqa: E402
from tensornaut.loaders.onnx_tensors import DTYPE_NAMES, dtype_name  # noqa: E402
from tensornaut.loaders.open import open_network  # noqa: E402

BACKEND = sorted(Path(onnx.__path__[0], "backend/test/data").rglob("*.onnx"))
TYPES = sorted(set(TensorProto.DataType.values()) - {TensorProto.UNDEFINED, TensorProto.STRING})
PACKED_INTEGERS = {"int2", "int4", "uint2", "uint4"}
UNREADABLE = {"float6_e2m3fn", "float6_e3m2fn"}


def info(name, shape=None, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def model(nodes=(), tensors=(), inputs=(), outputs=(), **more):
    """A ModelProto with these parts."""
    functions = more.pop("functions", [])
    graph = helper.make_graph(list(nodes), "g", list(inputs), list(outputs), list(tensors), **more)
    return helper.make_model(graph, functions=functions)


@pytest.fixture
def opened(tmp_path):
    """Saves a ModelProto or bytes, and opens the file."""

    def open_model(content, name="model.onnx"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.SerializeToString())
        return open_network(path)

    return open_model


def numbers(kind, shape=(3, 5)):
    """An array of an ONNX type, of every bit pattern that fits."""
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    count = int(np.prod(shape))
    bits = np.random.default_rng(kind).integers(0, 256, count * dtype.itemsize, np.uint8)
    if kind == TensorProto.BOOL:
        bits &= 1
    if dtype.name in PACKED_INTEGERS:
        limits = ml_dtypes.iinfo(dtype)
        span = int(limits.max) - int(limits.min) + 1
        return (np.arange(count) % span + int(limits.min)).astype(dtype).reshape(shape)
    if dtype.name.startswith(("float4", "float6")):
        bits &= 15
    return bits.view(dtype).reshape(shape)


def same(tensor, expected):
    """Whether the tensor holds these numbers, NaN like NaN, bit by bit where the type is NumPy's own."""
    found = tensor.values()
    assert found.shape == expected.shape == tensor.shape and tensor.count == expected.size
    if found.dtype == expected.dtype:
        return found.tobytes() == np.ascontiguousarray(expected).tobytes()
    return np.array_equal(found, expected.astype(found.dtype), equal_nan=found.dtype.kind == "f")


def raw(kind, array):
    """A tensor whose numbers stand as bytes."""
    return numpy_helper.from_array(array, "t")


def in_field(kind, array, name="t"):
    """A tensor whose numbers stand in the field of their type."""
    tensor = TensorProto(name=name, data_type=kind, dims=array.shape)
    storage = helper.tensor_dtype_to_storage_tensor_dtype(kind)
    field = helper.tensor_dtype_to_field(kind)
    flat = np.ascontiguousarray(array).reshape(-1)
    if storage == TensorProto.INT32 and array.dtype.name in {*PACKED_INTEGERS, "float4_e2m1fn"}:
        values = np.frombuffer(numpy_helper.from_array(array).raw_data, np.uint8)
    elif kind in (TensorProto.COMPLEX64, TensorProto.COMPLEX128):
        values = flat.view(flat.real.dtype)
    elif storage == TensorProto.INT32 and array.dtype.kind not in "iu":
        values = flat.view(f"u{array.dtype.itemsize}")
    else:
        values = flat
    getattr(tensor, field).extend(values.tolist())
    return tensor


@pytest.mark.parametrize("kind", TYPES, ids=TensorProto.DataType.Name)
@pytest.mark.parametrize("shape", [(3, 5), (), (0, 4), (7,)])
@pytest.mark.parametrize(
    "write", [lambda kind, array: numpy_helper.from_array(array, "t"), in_field], ids=["raw", "field"]
)
def test_numbers_of_every_type_are_those_that_onnx_reads(opened, kind, shape, write):
    stored = write(kind, numbers(kind, shape))
    assert stored.data_type == kind
    (tensor,) = opened(model(tensors=[stored])).tensors
    assert tensor.dtype == dtype_name(kind) and tensor.name == "t" and tensor.shape == shape
    if tensor.dtype in UNREADABLE:
        assert not tensor.is_readable
        return
    assert same(tensor, numpy_helper.to_array(stored))


def test_every_type_of_onnx_has_a_name():
    assert len(DTYPE_NAMES) == max(TensorProto.DataType.values()) + 1
    for kind in TYPES:
        assert dtype_name(kind) == helper.tensor_dtype_to_np_dtype(kind).name


def test_a_tensor_of_a_type_of_the_future_is_listed(opened):
    network = opened(model(tensors=[TensorProto(name="t", data_type=99, dims=[2], raw_data=b"abc")]))
    (tensor,) = network.tensors
    assert (tensor.name, tensor.dtype, tensor.is_readable) == ("t", "type_99", False)
    assert any("type_99" in note for note in network.notes)


def test_numbers_are_found_also_where_they_are_not_packed(opened):
    """As writers of other languages do it: each with a tag of its own."""

    def repeated(number, wire, values):
        return b"".join(bytes([number << 3 | wire]) + value for value in values)

    floats = np.array([1.5, -2, 3e30], "<f4")
    tensors = [
        repeated(1, 0, [b"\3"]) + b"\x10\1" + b"\x42\1f" + repeated(4, 5, [value.tobytes() for value in floats]),
        repeated(1, 0, [b"\3"]) + b"\x10\7" + b"\x42\1i" + repeated(7, 0, [b"\5", b"\xac\2", b"\xff" * 9 + b"\1"]),
        repeated(1, 0, [b"\3"]) + b"\x10\7" + b"\x42\1m" + b"\x3a\2\5\6" + repeated(7, 0, [b"\7"]),
    ]
    graph = b"".join(b"\x2a" + bytes([len(tensor)]) + tensor for tensor in tensors)
    network = opened(b"\x08\x08\x3a" + bytes([len(graph)]) + graph)
    found = {tensor.name: tensor.values().tolist() for tensor in network.tensors}
    assert found == {"f": floats.tolist(), "i": [5, 300, -1], "m": [5, 6, 7]}


def test_texts_are_listed_and_counted(opened):
    stored = helper.make_tensor("words", TensorProto.STRING, [2, 2], ["a", "bc", "", "äö"])
    (tensor,) = opened(model(tensors=[stored])).tensors
    assert (tensor.shape, tensor.dtype, tensor.count, tensor.byte_count) == ((2, 2), "string", 4, 7)
    assert not tensor.is_readable


@pytest.mark.parametrize("is_linear", [True, False])
@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.INT8, TensorProto.BFLOAT16, TensorProto.DOUBLE])
def test_sparse_tensors_are_filled_in(opened, is_linear, kind):
    dense = np.zeros((40, 50), helper.tensor_dtype_to_np_dtype(kind))
    places = np.sort(np.random.default_rng(0).choice(2000, 300, replace=False))
    values = numbers(kind, (300,))
    dense.reshape(-1)[places] = values
    indices = places if is_linear else np.stack(np.divmod(places, 50), axis=1)
    sparse = helper.make_sparse_tensor(
        numpy_helper.from_array(values, "s"), numpy_helper.from_array(indices.astype(np.int64)), [40, 50]
    )
    network = opened(model(tensors=[numpy_helper.from_array(np.ones(2), "d")], sparse_initializer=[sparse]))
    found = {tensor.name: tensor for tensor in network.tensors}
    assert sorted(found) == ["d", "s"] and same(found["s"], dense)
    whole = found["s"].values()
    part = found["s"].read(slice(3, 31, 7), slice(2, 49, 5))
    assert np.array_equal(part, whole[3:31:7, 2:49:5], equal_nan=True)


def two_values_at(places, shape):
    """A sparse tensor."""
    values, indices = np.ones(2, np.float32), np.array(places, np.int64)
    return helper.make_sparse_tensor(numpy_helper.from_array(values, "s"), numpy_helper.from_array(indices), shape)


@pytest.mark.parametrize("places", [[0, 9], [-1, 2]])
def test_an_index_outside_of_a_sparse_tensor_is_refused(opened, places):
    sparse = helper.make_sparse_tensor(
        numpy_helper.from_array(np.ones(2, np.float32), "s"),
        numpy_helper.from_array(np.array(places, np.int64)),
        [3, 3],
    )
    (tensor,) = opened(model(sparse_initializer=[sparse])).tensors
    with pytest.raises(FormatError):
        tensor.values()


def test_a_sparse_tensor_of_a_petabyte_is_not_filled_in(opened):
    sparse = helper.make_sparse_tensor(
        numpy_helper.from_array(np.ones(2, np.float32), "s"),
        numpy_helper.from_array(np.array([0, 1])),
        [1 << 25, 1 << 25],
    )
    network = opened(model(sparse_initializer=[sparse]))
    assert not network.tensors[0].is_readable and any("s: it would fill" in note for note in network.notes)


def external(**entries):
    """A tensor of four numbers whose data stand in another file."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 2], data_location=TensorProto.EXTERNAL)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


@pytest.fixture
def data(tmp_path):
    array = np.arange(8, dtype=np.float32)
    (tmp_path / "data.bin").write_bytes(array.tobytes())
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "data.bin").write_bytes(array[::-1].tobytes())
    return array


@pytest.mark.parametrize(
    ("entries", "first"),
    [
        ({"location": "data.bin", "offset": 8, "length": 16}, 2),
        ({"location": "data.bin"}, 0),
        ({"location": "./data.bin", "offset": 16, "checksum": "0"}, 4),
    ],
)
def test_data_in_another_file_are_read_from_there(opened, data, entries, first):
    network = opened(model(tensors=[external(**entries)]))
    assert network.notes == ()
    assert np.array_equal(network.tensors[0].values(), data[first : first + 4].reshape(2, 2))
    assert network.tensors[0].path.endswith("data.bin")


def test_data_in_a_folder_below_are_read_from_there(opened, data):
    network = opened(model(tensors=[external(location="part/data.bin", offset=0, length=16)]))
    assert np.array_equal(network.tensors[0].values().ravel(), data[::-1][:4])


@pytest.mark.parametrize(
    "entries",
    [
        {"location": "gone.bin"},
        {"location": "data.bin", "offset": 20},
        {"location": "data.bin", "offset": 0, "length": 12},
        {"location": "data.bin", "offset": -4, "length": 16},
        {"location": "data.bin", "offset": 0, "length": -1},
        {"location": "data.bin", "offset": 1 << 62, "length": 16},
        {"location": "data.bin", "offset": "9" * 30},
        {"location": "data.bin", "offset": "0x10"},
        {"location": "part"},
    ],
)
def test_data_that_are_not_there_leave_a_tensor_without_values_and_a_note(opened, data, entries):
    other = numpy_helper.from_array(data, "other")
    network = opened(model(tensors=[external(**entries), other]))
    found = {tensor.name: tensor for tensor in network.tensors}
    assert not found["w"].is_readable and found["other"].is_readable
    assert len(network.notes) == 1
    with pytest.raises(FormatError):
        found["w"].values()


def test_unknown_keys_of_external_data_are_not_obeyed(opened, data):
    network = opened(model(tensors=[external(location="data.bin", __class__="x")]))
    assert network.tensors[0].is_readable and "__class__" in network.notes[0]


ESCAPES = [
    "../secret.bin",
    "/etc/passwd",
    "a/../../secret.bin",
    "link.bin",
    "folder/secret.bin",
    "C:\\secret",
    "",
    "\0",
]


def _holders(tensor):
    """A model that has the tensor in each place where a model can have one."""
    plain = numpy_helper.from_array(np.zeros(4, np.int64))
    branch = helper.make_graph([], "b", [], [info("w")], [tensor])
    return {
        "initializer": model(tensors=[tensor]),
        "sparse": model(sparse_initializer=[helper.make_sparse_tensor(tensor, plain, [9])]),
        "constant": model([helper.make_node("Constant", [], ["c"], value=tensor)]),
        "branch": model([helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)]),
    }


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize("holder", ["initializer", "sparse", "constant", "branch"])
def test_no_name_leads_out_of_the_folder(tmp_path, opened, name, holder):
    (tmp_path / "secret.bin").write_bytes(bytes(64))
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "folder").symlink_to(tmp_path)
    with pytest.raises(FormatError) as error:
        opened(_holders(external(location=name))[holder], "model/model.onnx")
    assert error.value.key == "name_unsafe"


def test_attributes_do_not_lead_out_of_the_folder_either(opened):
    node = helper.make_node("ConstantOfShape", ["s"], ["y"], value=external(location="../secret.bin"))
    network = opened(model([node]))
    with pytest.raises(FormatError):
        network.ops[0]


def branches():
    """A model with graphs in operators, two levels deep; each has a constant and an initializer."""
    constant = numpy_helper.from_array(np.float32([1, 2]))
    deep = helper.make_graph(
        [
            helper.make_node("Constant", [], ["k"], value=constant),
            helper.make_node("Add", ["k", "x"], ["z"], name="sum"),
        ],
        "deep",
        [],
        [info("z")],
        [numpy_helper.from_array(np.zeros(3), "w")],
    )
    inner = helper.make_graph(
        [helper.make_node("If", ["q"], ["z"], name="again", then_branch=deep, else_branch=deep)],
        "inner",
        [info("q", [], TensorProto.BOOL)],
        [info("z", ["n", 2])],
        [numpy_helper.from_array(np.zeros(2), "v")],
    )
    return model(
        [
            helper.make_node("Relu", ["a"], ["x"]),
            helper.make_node("Loop", ["n", "c"], ["y"], name="loop", body=inner),
            helper.make_node("Neg", ["y"], ["b"]),
        ],
        inputs=[info("a", [2])],
        outputs=[info("b", [2])],
    )


def test_graphs_inside_operators_are_theirs(opened):
    network = opened(branches())
    assert len(network.ops) == 3
    assert network.edges.tolist() == [[0, 1], [1, 2]]  # what is taken deep inside is taken by the loop
    (body,) = network.ops[1].graphs
    assert body is not None and network.ops[1].attributes["body"].name == body.name == "inner"
    assert [port.name for port in body.inputs] == ["q"] and body.outputs[0].shape == ("n", 2)
    first, second = body.ops[0].graphs
    assert [op.kind for op in first.ops] == [op.kind for op in second.ops] == ["Constant", "Add"]
    assert first.edges.tolist() == [[0, 1]] and first.ops[1].name == "sum"


def test_inner_tensors_are_listed_apart_under_names_of_their_own(opened):
    network = opened(branches())
    assert len(network.tensors) == 0
    names = network.inner_tensors.all_names()
    assert len(set(names)) == len(names) == 5
    assert set(names) >= {"loop.body.v", "loop.body.again.then_branch.w", "loop.body.again.else_branch.k"}


def test_a_name_that_two_operators_have_does_not_mix_their_graphs(opened):
    graphs = [
        helper.make_graph([helper.make_node(kind, ["a"], ["z"])], kind, [], [info("z")]) for kind in ("Neg", "Abs")
    ]
    nodes = [helper.make_node("If", ["c"], [f"y{k}"], name="same", then_branch=graph) for k, graph in enumerate(graphs)]
    network = opened(model(nodes))
    assert [op.graphs[0].ops[0].kind for op in network.ops] == ["Neg", "Abs"]


def test_functions_are_graphs_beside_the_main_one(opened):
    constant = helper.make_node("Constant", [], ["two"], value_float=2.0)
    double = helper.make_node("Mul", ["x", "two"], ["y"])
    alpha = helper.make_node("LeakyRelu", ["y"], ["z"])
    alpha.attribute.add(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT)
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("my", 1)]
    function = helper.make_function("my", "Double", ["x"], ["z"], [constant, double, alpha], opsets, ["slope"])
    call = helper.make_node("Double", ["a"], ["b"], domain="my", slope=0.5)
    network = opened(model([call], functions=[function]))
    assert (network.ops[0].kind, network.ops[0].domain) == ("Double", "my")
    body = network.functions["my:Double"]
    assert [op.kind for op in body.ops] == ["Constant", "Mul", "LeakyRelu"]
    assert [port.name for port in (*body.inputs, *body.outputs)] == ["x", "z"]
    assert body.ops[2].attributes == {"alpha": "@slope"}
    (tensor,) = network.inner_tensors
    assert tensor.name == "Double.two" and tensor.values() == 2


def test_operators_that_nobody_knows_are_listed_like_others(opened):
    node = helper.make_node("Warp", ["a", "", "w"], ["b"], domain="com.example", strength=3, mode="fast", at=[1.5, 2.0])
    network = opened(model([node], [numpy_helper.from_array(np.ones((2, 2), np.float32), "w")]))
    (op,) = network.ops
    assert (op.kind, op.domain, op.inputs) == ("Warp", "com.example", ("a", "", "w"))
    assert op.attributes == {"strength": 3, "mode": "fast", "at": (1.5, 2.0)}
    assert op.module == network.root.children[0].path == "Warp_0"


def test_constants_are_read_in_every_way_in_which_they_are_written(opened):
    indices, values = numpy_helper.from_array(np.array([1])), numpy_helper.from_array(np.float32([5]), "s")
    ways = {
        "value": (numpy_helper.from_array(np.int16([[1, 2]])), [[1, 2]]),
        "value_float": (1.5, 1.5),
        "value_floats": ([1.5, 2.5], [1.5, 2.5]),
        "value_int": (-7, -7),
        "value_ints": ([1, -2, 300], [1, -2, 300]),
        "value_string": ("word", None),
        "value_strings": (["one", "two"], None),
        "sparse_value": (helper.make_sparse_tensor(values, indices, [3]), [0, 5, 0]),
    }
    nodes = [helper.make_node("Constant", [], [way], **{way: value}) for way, (value, _) in ways.items()]
    found = {tensor.name: tensor for tensor in opened(model(nodes)).inner_tensors}
    assert list(found) == list(ways) or set(found) == set(ways)
    for way, (_, expected) in ways.items():
        if expected is None:
            assert found[way].dtype == "string" and found[way].count == (2 if way.endswith("s") else 1)
        else:
            assert found[way].values().tolist() == expected


def test_what_a_model_says_of_itself_is_metadata(opened):
    made = model()
    made.producer_name, made.doc_string, made.model_version = "tests", "for tests", 3
    made.metadata_props.add(key="author", value="somebody")
    made.metadata_props.add(key="producer", value="another")
    made.opset_import.add(domain="ai.onnx.ml", version=2)
    made.training_info.add()
    network = opened(made)
    facts = network.metadata
    assert (facts["producer"], facts["description"], facts["model_version"]) == ("tests", "for tests", "3")
    assert (facts["author"], facts["metadata.producer"], facts["graph"]) == ("somebody", "another", "g")
    assert facts["opset"].endswith(", ai.onnx.ml 2") and facts["ir_version"] == str(made.ir_version)
    assert any("training" in note for note in network.notes)


def test_ports_of_every_type_are_described(opened):
    tensor = helper.make_tensor_type_proto(TensorProto.FLOAT, ["n", None, 3])
    sequence = helper.make_sequence_type_proto(tensor)
    inputs = [
        helper.make_value_info("t", tensor),
        helper.make_value_info("s", sequence),
        helper.make_value_info("o", helper.make_optional_type_proto(sequence)),
        helper.make_value_info("m", helper.make_map_type_proto(TensorProto.STRING, tensor)),
        info("u"),
    ]
    network = opened(model(inputs=inputs))
    assert [(port.name, port.dtype) for port in network.inputs] == [
        ("t", "float32"),
        ("s", "sequence(float32)"),
        ("o", "optional(sequence(float32))"),
        ("m", "map(float32)"),
        ("u", "float32"),
    ]
    assert network.inputs[0].shape == ("n", None, 3) and network.inputs[4].shape == ()


def test_inputs_with_a_default_are_not_what_is_fed(opened):
    network = opened(model(tensors=[numpy_helper.from_array(np.ones(2), "w")], inputs=[info("x"), info("w")]))
    assert [port.name for port in network.inputs] == ["x", "w"]
    assert [port.name for port in network.fed_inputs] == ["x"]


def small_cnn():
    """Two convolutions with a residual connection and a classifier, nodes named as torch does."""
    tensors = {
        "layer1.0.conv1.weight": (4, 3, 3, 3),
        "layer1.0.conv1.bias": (4,),
        "layer1.0.bn1.weight": (4,),
        "layer1.0.bn1.bias": (4,),
        "layer1.0.bn1.running_mean": (4,),
        "layer1.0.bn1.running_var": (4,),
        "fc.weight": (16, 10),
        "fc.bias": (10,),
    }
    names, block = list(tensors), "/layer1/layer1.0"
    nodes = [
        helper.make_node("Conv", ["x", *names[:2]], ["a"], name=f"{block}/conv1/Conv", pads=[1] * 4),
        helper.make_node(
            "BatchNormalization", ["a", *names[2:6]], ["b"], name="/layer1/layer1.0/bn1/BatchNormalization"
        ),
        helper.make_node("Relu", ["b"], ["c"], name=f"{block}/relu/Relu"),
        helper.make_node("Add", ["a", "c"], ["d"], name=f"{block}/Add"),
        helper.make_node("MaxPool", ["d"], ["e"], name="/pool/MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("GlobalAveragePool", ["e"], ["f"]),
        helper.make_node("Flatten", ["e"], ["g"]),
        helper.make_node("MatMul", ["g", "fc.weight"], ["h"], name="/fc/MatMul"),
        helper.make_node("Add", ["h", "fc.bias"], ["i"], name="/fc/Add"),
        helper.make_node("Softmax", ["i"], ["y"]),
    ]
    stored = [numpy_helper.from_array(np.ones(shape, np.float32), name) for name, shape in reversed(tensors.items())]
    return model(nodes, stored, [info("x", ["n", 3, 4, 4])], [info("y", None)])


def test_names_of_tensors_become_modules_in_the_order_of_the_flow(opened):
    network = opened(small_cnn())
    leaves = [module for module in network.root.walk() if not module.children]
    assert [(leaf.path, leaf.kind) for leaf in leaves] == [
        ("layer1.0.conv1", "conv"),
        ("layer1.0.bn1", "norm"),
        ("fc", "output"),
    ]
    assert [network.tensors.name(leaf.tensor_range[0]) for leaf in leaves] == [
        "layer1.0.conv1.weight",
        "layer1.0.bn1.weight",
        "fc.weight",
    ]
    assert [leaf.op_range for leaf in leaves] == [(0, 1), (1, 2), (7, 9)]
    assert [op.module for op in network.ops][:5] == ["layer1.0.conv1", "layer1.0.bn1", "layer1.0", "layer1.0", ""]
    assert network.structure == "graph" and [3, 4] in network.edges.tolist()


def test_names_of_operators_become_modules_where_those_of_tensors_say_nothing(opened):
    made = small_cnn()
    renamed = {tensor.name: f"onnx::Conv_{k}" for k, tensor in enumerate(made.graph.initializer)}
    for tensor in made.graph.initializer:
        tensor.name = renamed[tensor.name]
    for node in made.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
    network = opened(made)
    assert {module.path: module.kind for module in network.root.walk() if not module.children} == {
        "layer1.0.conv1": "conv",
        "layer1.0.bn1": "norm",
        "fc": "output",
    }


def test_a_tensor_that_is_prepared_belongs_to_the_operator_that_it_is_prepared_for(opened):
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Transpose", ["w"], ["t"], name="early"),
        helper.make_node("DequantizeLinear", ["t", "scale"], ["d"]),
        helper.make_node("Gemm", ["r", "d"], ["y"], name="dense"),
    ]
    tensors = [numpy_helper.from_array(np.ones((2, 2), np.int8), "w"), numpy_helper.from_array(np.float32(1), "scale")]
    network = opened(model(nodes, [*tensors, numpy_helper.from_array(np.ones(1), "lost")]))
    leaves = [module for module in network.root.walk() if not module.children]
    assert [(leaf.path, leaf.kind, leaf.tensor_range) for leaf in leaves] == [
        ("dense", "output", (0, 2)),
        ("unused", "other", (2, 3)),
    ]


def test_shapes_follow_through_common_operators(opened):
    shapes = opened(small_cnn()).shapes
    assert {name: shapes[name] for name in "abcdefhiy"} == {
        **dict.fromkeys("abcd", ("n", 4, 4, 4)),
        "e": ("n", 4, 2, 2),
        "f": ("n", 4, 1, 1),
        **dict.fromkeys("hiy", ("n", 10)),
    }
    assert shapes["g"] == ("n", 16)


@pytest.mark.parametrize("path", [path for path in BACKEND if "light" in path.parts], ids=lambda path: path.stem)
def test_shapes_are_those_that_onnx_infers(path):
    stated = onnx.shape_inference.infer_shapes(onnx.load(path)).graph.value_info
    expected = {value.name: helper.make_graph([], "g", [value], []).input[0].type.tensor_type for value in stated}
    found = open_network(path).shapes
    compared = 0
    for name, kind in expected.items():
        sizes = tuple(side.dim_value for side in kind.shape.dim if side.HasField("dim_value"))
        if len(sizes) == len(kind.shape.dim) and None not in found.get(name, (None,)):
            assert found[name] == sizes, name
            compared += 1
    assert compared > len(expected) * 0.9


def test_shapes_of_nonsense_are_just_not_known(opened):
    nodes = [
        helper.make_node("Conv", ["x", "x"], ["a"], strides=[0, 0], pads="wrong"),
        helper.make_node("Transpose", ["x"], ["b"], perm=[7, 8]),
        helper.make_node("Reshape", ["x", "y"], ["c"]),
        helper.make_node("Concat", [], ["d"]),
        helper.make_node("MaxPool", ["x"], []),
        helper.make_node("Relu", ["nobody"], ["f"]),
    ]
    shapes = opened(model(nodes, inputs=[info("x", [1, 2, 3, 4]), info("y", [2**40])])).shapes
    assert set(shapes) <= {"x", "y", "c"}


@pytest.mark.parametrize("path", BACKEND, ids=lambda path: "/".join(path.parts[-2:]))
def test_every_model_of_onnx_itself_opens_with_its_counts(path):
    graph = onnx.load(path, load_external_data=False).graph
    network = open_network(path)
    assert len(network.ops) == len(graph.node)
    assert len(network.tensors) == len(graph.initializer) + len(graph.sparse_initializer)
    assert [port.name for port in network.inputs] == [value.name for value in graph.input]
    assert [port.name for port in network.outputs] == [value.name for value in graph.output]
    for op, node in zip(network.ops, graph.node, strict=True):
        assert (op.name, op.kind, op.domain) == (
            node.name,
            node.op_type,
            node.domain.removeprefix("ai.onnx") and node.domain,
        )
        assert (list(op.inputs), list(op.outputs)) == (list(node.input), list(node.output))
        assert list(op.attributes) == [attribute.name for attribute in node.attribute]
    stored = {tensor.name: tensor for tensor in graph.initializer}
    for tensor in network.tensors[:100]:
        assert same(tensor, numpy_helper.to_array(stored[tensor.name]))
    assert network.root.tensor_range == (0, len(network.tensors))


OTHER_MESSAGES = {
    "GraphDef": b"\x0a\x10\x0a\x01x\x12\x0bPlaceholder" + b"\x12\x00",
    "SavedModel": b"\x08\x01\x12\x20\x0a\x1e\x12\x05serve" + bytes(25),
    "caffemodel": b"\x0a\x05LeNet\xa2\x06\x04\x0a\x02ip",
    "Core ML": b"\x08\x04\x12\x07\x0a\x05\x0a\x01x\x1a\x00\xc2\x25\x02\x08\x01",
    "text": b"hello, this is a text",
    "JSON": b'{"a": 1}',
    "zeros": bytes(64),
    "pickle": b"\x80\x04\x95" + bytes(20),
}


@pytest.mark.parametrize("kind", sorted(OTHER_MESSAGES))
def test_other_files_are_not_taken_for_onnx(kind):
    data = OTHER_MESSAGES[kind]
    assert not any(matches(data[:length]) for length in range(len(data) + 1))


def test_models_are_recognized_by_content_whatever_their_name(opened):
    for name in ("model.onnx", "model.pb", "model"):
        assert opened(small_cnn(), name).format == "onnx"
    graph_first = model().graph.SerializeToString()
    assert matches(b"\x3a" + bytes([len(graph_first)]) + graph_first + b"\x08\x08")


def test_the_suffix_decides_where_the_content_is_damaged(opened):
    with pytest.raises(FormatError) as error:
        opened(b"\x08\x08\x12\xff\x01pytorch\0", "model.onnx")
    assert error.value.key == "protobuf_damaged"


def damaged(data, change):
    """What must be true of any change to a model: it opens, and what can be read can be read, or one error tells."""
    try:
        network = change(data)
        network.root.walk()
        list(network.ops)
        assert isinstance(network.shapes, dict)
        for tensor in (*network.tensors, *network.inner_tensors):
            if tensor.is_readable and tensor.count < 1 << 20:
                tensor.values()
    except FormatError as error:
        assert "\n" not in str(error)


@pytest.fixture
def sample(opened):
    """A model with something of everything."""
    made = small_cnn()
    made.graph.initializer.append(in_field(TensorProto.INT64, np.array([5, 300, -2]), "ints"))
    made.graph.initializer.append(in_field(TensorProto.FLOAT16, np.float16([1, 2]), "halves"))
    made.graph.initializer.append(helper.make_tensor("words", TensorProto.STRING, [1], ["a"]))
    indices, values = numpy_helper.from_array(np.array([1])), numpy_helper.from_array(np.float32([5]), "s")
    made.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [3]))
    made.graph.node.extend(branches().graph.node)
    made.graph.value_info.append(info("a", [1, 2]))
    return made.SerializeToString()


def test_models_cut_off_anywhere_open_or_say_why(opened, sample):
    opened(sample)
    for length in np.linspace(1, len(sample) - 1, 300).astype(int).tolist():
        damaged(sample[:length], opened)


def test_changed_bytes_are_understood_or_refused(opened, sample):
    generator = random.Random(7)
    for _ in range(400):
        data = bytearray(sample)
        for _ in range(generator.choice([1, 1, 2, 8])):
            data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
        damaged(bytes(data), opened)


def test_lying_sizes_cost_nothing(opened):
    """Claims of huge tensors are listed without values, or refused, before anything is allocated."""
    claims = [[1 << 40], [1 << 20, 1 << 20], [1 << 62, 1 << 62], [-1], [2] * 70, [0, 1 << 40]]
    tracemalloc.start()
    begin = time.monotonic()
    for dims in claims:
        made = model(tensors=[TensorProto(name="t", data_type=TensorProto.FLOAT, dims=dims, raw_data=bytes(8))])
        damaged(made, opened)
    assert tracemalloc.get_traced_memory()[1] < 8 << 20 and time.monotonic() - begin < 60
    tracemalloc.stop()


def test_a_tensor_with_too_few_bytes_has_no_values_and_the_others_have_theirs(opened):
    bad = TensorProto(name="bad", data_type=TensorProto.FLOAT, dims=[3], raw_data=bytes(8))
    short = in_field(TensorProto.INT32, np.arange(4, dtype=np.int32), "short")
    short.dims[0] = 5
    network = opened(model(tensors=[bad, short, numpy_helper.from_array(np.ones(2), "good")]))
    assert {tensor.name: tensor.is_readable for tensor in network.tensors} == {
        "bad": False,
        "short": False,
        "good": True,
    }
    assert len(network.notes) == 2


def test_graphs_nested_too_deeply_are_refused(opened):
    graph = helper.make_graph([], "g", [], [])
    for _ in range(33):
        node = onnx.NodeProto(op_type="If")
        node.attribute.add(name="b", type=onnx.AttributeProto.GRAPH, g=graph)
        graph = helper.make_graph([node], "g", [], [])
    data = graph.SerializeToString()
    with pytest.raises(FormatError) as error:
        opened(b"\x08\x08\x3a" + _length(len(data)) + data)
    assert error.value.key == "protobuf_too_much"


def _length(size):
    data = bytearray()
    while size > 127:
        data.append(size & 127 | 128)
        size >>= 7
    return bytes([*data, size])


def test_a_function_that_calls_itself_is_just_shown(opened):
    call = helper.make_node("Again", ["x"], ["y"], domain="my")
    function = helper.make_function("my", "Again", ["x"], ["y"], [call], [helper.make_opsetid("my", 1)])
    network = opened(model([call], functions=[function]))
    assert [op.kind for op in network.functions["my:Again"].ops] == ["Again"] and network.ops[0].graphs == ()


def test_twice_the_same_name_and_operators_out_of_order_are_noted(opened):
    nodes = [helper.make_node("Relu", ["b"], ["c"]), helper.make_node("Neg", ["a"], ["b"])]
    tensors = [numpy_helper.from_array(np.ones(2), "w"), numpy_helper.from_array(np.ones(3), "w")]
    network = opened(model(nodes, tensors))
    assert len(network.tensors) == 2 and len(network.notes) == 2


def test_a_gigabyte_of_numbers_is_not_read(tmp_path):
    """64 tensors of 16 MiB in one file cost some small reads; two of their numbers two more."""
    made = model(tensors=[TensorProto(name=f"w{k}", data_type=TensorProto.FLOAT, dims=[2048, 2048]) for k in range(64)])
    path = tmp_path / "large.onnx"
    size = 2048 * 2048 * 4
    parts = [tensor.SerializeToString() + b"\x4a" + _length(size) for tensor in made.graph.initializer]
    total = sum(len(part) + size + 1 + len(_length(len(part) + size)) for part in parts)
    with open(path, "wb") as file:
        file.write(b"\x08\x08\x3a" + _length(total))
        for part in parts:
            file.write(b"\x2a" + _length(len(part) + size) + part)
            file.seek(size - 4, os.SEEK_CUR)
            file.write(np.float32(7).tobytes())
    open_network(path)
    tracemalloc.start()
    network = open_network(path)
    assert network.tensors[63].read(slice(2047, 2048), slice(2046, 2048)).tolist() == [[0, 7]]
    assert tracemalloc.get_traced_memory()[1] < 2 << 20
    tracemalloc.stop()
    assert (len(network.tensors), network.byte_count) == (64, 1 << 30)


def test_a_folder_with_an_onnx_model_opens(tmp_path):
    (tmp_path / "model.onnx").write_bytes(small_cnn().SerializeToString())
    (tmp_path / "readme.txt").write_text("hello")
    assert open_network(tmp_path).format == "onnx"
