"""PyTorch files are read as PyTorch reads them, bit for bit; what is wrong in one costs that tensor only.

Files in fixtures/ were written by tests/make_torch_fixtures.py; what runs on them needs no PyTorch.
"""

import importlib.util
import io
import math
import pickle
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensornaut.loaders import torch_views
from tensornaut.loaders.errors import FormatError
from tensornaut.loaders.open import open_network

HERE = Path(__file__).parent
FIXTURES = sorted((HERE / "fixtures").glob("*.pt*"))
CONTAINERS = [pytest.param(True, id="zip"), pytest.param(False, id="legacy")]


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed; the files in fixtures/ are read without it")


@pytest.fixture(scope="module")
def make(torch):
    """The script that writes the fixtures, as a module."""
    specification = importlib.util.spec_from_file_location(
        "make_torch_fixtures", HERE.parent / "make_torch_fixtures.py"
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    sys.modules["make_torch_fixtures"] = module
    return module


def assert_same(found, expected):
    """Arrays of the same type, shape and bits; where a number is none, any that is none."""
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    if found.tobytes() != expected.tobytes():
        nan = np.isnan(found)
        assert np.array_equal(nan, np.isnan(expected)) and found[~nan].tobytes() == expected[~nan].tobytes()


def assert_agrees(network, expected):
    """A network with these arrays and no others."""
    tensors = {tensor.name: tensor for tensor in network.tensors}
    assert sorted(tensors) == sorted(expected) and len(network.tensors) == len(expected)
    for name, array in expected.items():
        assert_same(tensors[name].values(), np.asarray(array))
        assert tensors[name].byte_count >= 0 and tensors[name].shape == np.shape(array)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_fixtures_are_read_as_pytorch_wrote_them(path):
    with np.load(path.with_suffix(".npz")) as expected:
        network = open_network(path)
        assert network.format == "torch"
        assert_agrees(network, dict(expected))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_parts_of_tensors_are_parts_of_the_whole(path):
    for tensor in open_network(path).tensors:
        whole = tensor.values().reshape(tensor.shape[0] if tensor.shape[1:] else 1, -1) if tensor.count else None
        if whole is not None:
            rows, columns = slice(whole.shape[0] // 2, None), slice(0, None, 2)
            assert_same(tensor.read(rows, columns), whole[rows, columns])


def test_plain_tensors_stand_in_the_file(tmp_path):
    path = HERE / "fixtures" / "state.pt"
    data = path.read_bytes()
    for tensor in open_network(path).tensors:
        assert data[tensor.offset : tensor.offset + tensor.byte_count] == tensor.values().tobytes()


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_the_model_comes_before_the_optimizer_and_settings_are_shown(suffix):
    network = open_network(HERE / "fixtures" / f"checkpoint{suffix}")
    names = network.tensors.all_names()
    first = next(row for row, name in enumerate(names) if name.startswith("optimizer."))
    assert all(name.startswith("state_dict.") for name in names[:first]) and first > 0
    assert all(name.startswith("optimizer.state.") for name in names[first:])
    optimizer = network.root.children[-1]
    assert (optimizer.kind, optimizer.tensor_range) == ("optimizer", (first, len(names)))
    assert network.structure == "inferred" and any("optimizer" in note for note in network.notes)
    expected = {"epoch": "7", "best_prec1": "91.5", "arch": "resnet", "args.milestones": "[80, 120]"}
    assert expected.items() <= network.metadata.items()


def test_a_whole_network_has_the_modules_of_its_objects():
    network = open_network(HERE / "fixtures" / "model.pt")
    blocks = [module.path for module in network.root.walk() if module.kind == "block"]
    assert blocks == ["layer1.0", "layer1.1"]
    assert network.metadata["layer1.0.conv1"] == "torch.nn.modules.conv.Conv2d"
    assert network.metadata["layer1.0.conv1.kernel_size"] == "[3, 3]"
    assert "layer1.1.scale" in network.tensors.all_names()  # state_dict() would leave it out


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_tied_tensors_are_listed_under_each_name(suffix):
    network = open_network(HERE / "fixtures" / f"views{suffix}")
    tensors = {tensor.name: tensor for tensor in network.tensors}
    assert len({tensors[name].key for name in ("encoder.weight", "decoder.0", "decoder.1.weight")}) == 1
    assert any("encoder.weight, decoder.0, decoder.1.weight" in note for note in network.notes)
    others = [tensor.key for tensor in network.tensors if not tensor.name.startswith("decoder")]
    assert len(set(others)) == len(others)  # also of views at one place, such as a square and its transpose


def test_tensors_travel(tmp_path):
    for tensor in pickle.loads(pickle.dumps(list(open_network(HERE / "fixtures" / "views.pt").tensors))):
        assert tensor.values().shape == tensor.shape


def rewritten(path, change, method=zipfile.ZIP_STORED):
    """Bytes of an archive whose members went through `change(name, data)`; None leaves a member out."""
    result = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(result, "w", method) as target:
        for name in source.namelist():
            data = change(name.partition("/")[2], source.read(name))
            if data is not None:
                target.writestr(name, data)
    return result.getvalue()


@pytest.mark.parametrize("name", ["state", "checkpoint", "views", "dtypes", "unusual", "model"])
def test_deflated_archives_are_read_too(tmp_path, name):
    source = HERE / "fixtures" / f"{name}.pt"
    path = tmp_path / "model.pt"
    path.write_bytes(rewritten(source, lambda member, data: data, zipfile.ZIP_DEFLATED))
    with np.load(source.with_suffix(".npz")) as expected:
        assert_agrees(open_network(path), dict(expected))


def test_big_endian_archives_are_read_too(tmp_path):
    source = HERE / "fixtures" / "views.pt"  # all of float32
    path = tmp_path / "model.pt"

    def swapped(member, data):
        if member.startswith("data/"):
            return np.frombuffer(data, "<f4").byteswap().tobytes()
        return b"big" if member == "byteorder" else data

    path.write_bytes(rewritten(source, swapped))
    with np.load(source.with_suffix(".npz")) as expected:
        assert_agrees(open_network(path), dict(expected))


def test_the_name_of_the_folder_and_the_order_of_members_do_not_matter(tmp_path):
    path = tmp_path / "model.bin"
    with zipfile.ZipFile(HERE / "fixtures" / "state.pt") as source, zipfile.ZipFile(path, "w") as target:
        for name in reversed(source.namelist()):
            target.writestr(name.replace("state/", "my model/"), source.read(name))
    with np.load(HERE / "fixtures" / "state.npz") as expected:
        assert_agrees(open_network(path), dict(expected))


# What PyTorch writes


def saved(torch, state, is_zip):
    """Bytes of a file."""
    file = io.BytesIO()
    torch.save(state, file, _use_new_zipfile_serialization=is_zip)
    return file.getvalue()


CUTS = ("plain", "transposed", "sliced", "expanded", "permuted", "column", "tied", "parameter")


@st.composite
def tensors(draw):
    """(index of a type, shape, cut, seed) of a tensor."""
    shape = tuple(draw(st.lists(st.integers(0, 5), max_size=4)))
    return draw(st.integers(0, 19)), shape, draw(st.sampled_from(CUTS)), draw(st.integers(0, 3))


NAMES = st.text("abcdefg_ü 0123", min_size=1, max_size=6)
STATES = st.recursive(
    tensors(),
    lambda inner: st.one_of(
        st.dictionaries(NAMES, st.one_of(inner, st.integers(), st.text(max_size=3)), max_size=4),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


def built(torch, make, plan, pool):
    """The state of a plan. `pool`: tensors made so far, of which some are tied."""
    if isinstance(plan, dict):
        return {name: built(torch, make, inner, pool) for name, inner in plan.items()}
    if isinstance(plan, list):
        return [built(torch, make, inner, pool) for inner in plan]
    if not isinstance(plan, tuple):
        return plan
    code, shape, cut, seed = plan
    if cut == "tied" and pool:
        return pool[seed % len(pool)]
    tensor = make.numbers(make.DTYPES[code], shape, seed)
    tensor = {
        "transposed": lambda: tensor.transpose(0, -1) if shape else tensor,
        "sliced": lambda: tensor[..., 1::2] if shape else tensor,
        "expanded": lambda: tensor[..., None].expand(*shape, 3),
        "permuted": lambda: tensor.permute(*range(1, len(shape)), 0) if shape else tensor,
        "column": lambda: tensor[..., 0] if shape and shape[-1] else tensor,
        "parameter": lambda: torch.nn.Parameter(tensor, requires_grad=False),
    }.get(cut, lambda: tensor)()
    pool.append(tensor)
    return tensor


@pytest.mark.parametrize("is_zip", CONTAINERS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(plan=STATES)
def test_states_are_read_as_pytorch_wrote_them(torch, make, tmp_path, is_zip, plan):
    state = built(torch, make, plan, [])
    path = tmp_path / "model.pt"
    path.write_bytes(saved(torch, state, is_zip))
    assert_agrees(open_network(path), {name: make.decoded(item) for name, item in make.flat(state).items()})


@pytest.mark.parametrize("is_zip", CONTAINERS)
@pytest.mark.parametrize("name", ["state", "checkpoint", "views", "dtypes", "unusual"])
def test_the_states_of_the_fixtures_are_read_from_this_pytorch(torch, make, tmp_path, is_zip, name):
    state = make.STATES[name]()
    path = tmp_path / "model.pt"
    path.write_bytes(saved(torch, state, is_zip))
    assert_agrees(open_network(path), {name: make.decoded(item) for name, item in make.flat(state).items()})


@pytest.mark.parametrize("is_zip", CONTAINERS)
@pytest.mark.filterwarnings("ignore:Couldn't retrieve source")
def test_whole_networks_have_the_names_of_state_dict(torch, make, tmp_path, is_zip):
    nn = torch.nn
    model = nn.ModuleDict(
        {
            "body": make.network(),
            "rnn": nn.LSTM(3, 4, num_layers=2),
            "attention": nn.MultiheadAttention(4, 2),
            "list": nn.ModuleList([nn.Embedding(5, 4), nn.LayerNorm(4)]),
            "scales": nn.ParameterDict({"a": nn.Parameter(torch.ones(2))}),
        }
    )
    path = tmp_path / "model.pt"
    path.write_bytes(saved(torch, model, is_zip))
    expected = dict(model.named_parameters()) | dict(model.named_buffers())
    network = open_network(path)
    assert_agrees(network, {name: make.decoded(item) for name, item in expected.items()})
    assert network.metadata["rnn"] == "torch.nn.modules.rnn.LSTM" and network.metadata["rnn.hidden_size"] == "4"


@pytest.mark.parametrize("protocol", range(1, 6))  # with 0, PyTorch cannot read it again
@pytest.mark.parametrize("is_zip", CONTAINERS)
def test_any_protocol_of_pickles_is_read(torch, make, tmp_path, is_zip, protocol):
    path = tmp_path / "model.pt"
    state = make.views()
    torch.save(state, path, pickle_protocol=protocol, _use_new_zipfile_serialization=is_zip)
    assert_agrees(open_network(path), {name: make.decoded(item) for name, item in make.flat(state).items()})


@pytest.mark.filterwarnings("ignore:ComplexHalf")
def test_what_has_no_numbers_here_is_listed(torch, tmp_path):
    path = tmp_path / "model.pt"
    state = {
        "meta": torch.zeros(3, 4, device="meta"),
        "half": torch.zeros(2, dtype=torch.complex32),
        "one": torch.ones(1),
    }
    torch.save(state, path)
    network = open_network(path)
    found = {tensor.name: tensor for tensor in network.tensors}
    assert [(found[name].shape, found[name].is_readable) for name in state] == [
        ((3, 4), False),
        ((2,), False),
        ((1,), True),
    ]
    assert found["half"].dtype == "complex32" and found["meta"].count == 12
    with pytest.raises(FormatError) as error:
        found["meta"].values()
    assert error.value.key == "values_absent"


@pytest.mark.filterwarnings("ignore:Sparse CSR")
def test_parts_of_sparse_and_nested_tensors_are_tensors(torch, tmp_path):
    path = tmp_path / "model.pt"
    rows = torch.tensor([0, 1, 3])
    state = {"rows": torch.sparse_csr_tensor(rows, torch.tensor([1, 0, 2]), torch.ones(3), size=(2, 3)).detach()}
    torch.save(state, path)
    network = open_network(path)
    assert sorted(network.tensors.all_names()) == ["rows.compressed_indices", "rows.plain_indices", "rows.values"]
    assert any("sparse_csr of 2 x 3" in note for note in network.notes)


def test_a_bare_tensor_has_no_name(torch, tmp_path):
    path = tmp_path / "model.pt"
    torch.save(torch.ones(2, 3), path)
    network = open_network(path)
    assert [(tensor.name, tensor.shape) for tensor in network.tensors] == [("", (2, 3))]
    assert network.root.tensor_range == (0, 1)


def test_torchscript_and_old_archives_are_called_what_they_are(tmp_path):
    path = tmp_path / "model.pt"
    with zipfile.ZipFile(path, "w") as target:
        for name in ("data.pkl", "constants.pkl", "code/__torch__.py"):
            target.writestr(f"model/{name}", b"")
    with pytest.raises(FormatError, match="TorchScript"):
        open_network(path)


# Files that lie


def record(storage="0", count=4, first=0, shape=(2, 2), strides=(2, 1), kind="FloatStorage"):
    """A pickled tensor, as PyTorch writes it."""

    def sizes(numbers):
        return b"(" + b"".join(b"I%d\n" % number for number in numbers) + b"t"

    identity = b"(S'storage'\nctorch\n%s\nS'%s'\nS'cpu'\nI%d\ntQ" % (kind.encode(), storage.encode(), count)
    hooks = b"I00\nccollections\nOrderedDict\n)R"
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + identity
        + b"I%d\n" % first
        + sizes(shape)
        + sizes(strides)
        + hooks
        + b"tR"
    )


def archive(records, storages):
    """Bytes of an archive with tensors by name."""
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as target:
        items = b"".join(b"S'%s'\n" % name.encode() + data for name, data in records.items())
        target.writestr("archive/data.pkl", b"\x80\x02}(" + items + b"u.")
        for key, data in storages.items():
            target.writestr(f"archive/data/{key}", data)
    return result.getvalue()


GOOD = np.arange(4, dtype=np.float32).tobytes()
LIES = {
    "ends behind its storage": record(first=1),
    "steps out of its storage": record(strides=(4, 1)),
    "states more than its member holds": record(count=100, shape=(10, 10), strides=(10, 1)),
    "states more than memory": record(count=2**60, shape=(2**30, 2**30), strides=(2**30, 1)),
    "has more elements than fit": record(shape=(2**40, 2**40), strides=(0, 0)),
    "repeats a number endlessly": record(shape=(2**40,), strides=(0,)),
    "repeats a number beyond 64 bits": record(shape=(2**61, 2), strides=(0, 0)),
    "has a negative size": record(shape=(-1, 2)),
    "has negative steps": record(first=3, strides=(-2, -1)),
    "begins before its storage": record(first=-1),
    "has huge steps": record(strides=(2**63, 1)),
    "has more sizes than steps": record(shape=(2, 2, 1)),
    "has no whole sizes": record().replace(b"I2\nI2\n", b"F2.0\nF2.0\n"),
    "has too many axes": record(shape=(1,) * 65, strides=(1,) * 65),
    "has no member": record(storage="7"),
    "names another folder": record(storage="../0"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_tensor_that_lies_is_left_out_and_the_good_ones_stay(tmp_path, lie):
    path = tmp_path / "model.pt"
    path.write_bytes(archive({"good": record(), "bad": LIES[lie]}, {"0": GOOD}))
    network = open_network(path)
    assert network.tensors.all_names() == ["good"]
    assert network.tensors[0].values().tobytes() == GOOD
    assert any(note.startswith("left out: bad") for note in network.notes)
    path.write_bytes(archive({"bad": LIES[lie]}, {"0": GOOD}))
    with pytest.raises(FormatError) as error:
        open_network(path)
    assert error.value.key == "no_tensors_readable" and "\n" not in str(error.value)


@pytest.mark.parametrize("kind", ["NoSuchStorage", "device"])
def test_a_tensor_of_an_unknown_storage_is_left_out(tmp_path, kind):
    path = tmp_path / "model.pt"
    path.write_bytes(archive({"good": record(), "odd": record(kind=kind)}, {"0": GOOD}))
    network = open_network(path)
    assert network.tensors.all_names() == ["good"] and any(note.startswith("left out: odd") for note in network.notes)


def test_many_tensors_that_lie_make_few_notes(tmp_path):
    path = tmp_path / "model.pt"
    path.write_bytes(archive({f"t{k}": record(first=k) for k in range(500)}, {"0": GOOD}))
    network = open_network(path)
    assert len(network.tensors) == 1 and len(network.notes) < 30


def test_tensors_that_share_bytes_do_not_add_up_to_more_than_any_file(tmp_path):
    path = tmp_path / "model.pt"
    numbers = bytes(1 << 20)
    path.write_bytes(
        archive({f"t{k}": record(count=1 << 18, shape=(1 << 18,), strides=(1,)) for k in range(500)}, {"0": numbers})
    )
    network = open_network(path)
    assert 0 < network.byte_count <= 100 * path.stat().st_size + (64 << 20)
    assert any("with those before it" in note for note in network.notes)


def test_a_name_twice_in_the_archive_is_not_trusted(tmp_path):
    path = tmp_path / "model.pt"
    path.write_bytes(archive({"good": record(), "bad": record(storage="1")}, {"0": GOOD, "1": GOOD}))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as target:
        target.writestr("archive/data/1", bytes(16))
    network = open_network(path)
    assert network.tensors.all_names() == ["good"] and any("twice" in note for note in network.notes)


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
@pytest.mark.parametrize("seed", range(3))
def test_changed_bytes_raise_nothing_but_format_errors(tmp_path, suffix, seed):
    whole = (HERE / "fixtures" / f"checkpoint{suffix}").read_bytes()
    generator = random.Random(seed)
    for _ in range(100):
        data = bytearray(whole)
        for _ in range(generator.randrange(1, 6)):
            data[generator.randrange(len(data))] = generator.choice([0, 1, 0x7F, 0x80, 0xFF, generator.randrange(256)])
        assert_harmless(tmp_path / "model.pt", bytes(data))


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
@pytest.mark.parametrize("name", ["checkpoint", "views"])
def test_files_cut_anywhere_are_refused_or_keep_what_is_whole(tmp_path, suffix, name):
    whole = (HERE / "fixtures" / f"{name}{suffix}").read_bytes()
    for size in range(1, len(whole), math.ceil(len(whole) / 200)):
        assert_harmless(tmp_path / "model.pt", whole[:size])


def test_an_older_file_that_is_cut_keeps_the_storages_before_the_cut(tmp_path):
    path = tmp_path / "model.pth"
    whole = (HERE / "fixtures" / "state.pth").read_bytes()
    path.write_bytes(whole[:-100])
    network = open_network(path)
    assert 0 < len(network.tensors) < 16 and any("left out" in note for note in network.notes)
    with np.load(HERE / "fixtures" / "state.npz") as expected:
        for tensor in network.tensors:
            assert_same(tensor.values(), expected[tensor.name])


def assert_harmless(path, data):
    """Opening and reading raises nothing but errors of one line."""
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    try:
        network = open_network(path)
        assert network.root.tensor_range == (0, len(network.tensors))
        for tensor in network.tensors:
            if tensor.is_readable:
                tensor.values()
    except FormatError as error:
        assert "\n" not in str(error)


MEASURE = """
import sys
from tensornaut.loaders.errors import FormatError
from tensornaut.loaders.open import open_network
for path in sys.argv[1:]:
    try:
        open_network(path)
    except FormatError as error:
        assert chr(10) not in str(error)
with open("/proc/self/status") as status:  # getrusage would count the memory of the process that started this one
    print(int(status.read().split("VmHWM:")[1].split()[0]) >> 10)
"""


def test_bombs_take_little_memory(tmp_path, python, cold):
    pairs = b"]q\x00" + b"".join(b"]q%c(h%ch%ce" % (k + 1, k, k) for k in range(90))
    shared = b"]q\x00" + record() + b"a" + b"".join(b"]q%c(h%ch%ce" % (k + 1, k, k) for k in range(90))
    long_name = b"}S'" + b"n" * 900_000 + b"'\n" + record() + b"s"
    bombs = [
        pairs,
        shared,
        long_name,
        b"]" * 500_000 + b"a" * 499_999,
        b"(" + b"K\x01" * 400_000 + b"l2\x86" + b"2\x86" * 60,
    ]
    for k, bomb in enumerate(bombs):
        with zipfile.ZipFile(tmp_path / f"{k}.pt", "w", zipfile.ZIP_DEFLATED) as target:
            target.writestr("archive/data.pkl", b"\x80\x02" + bomb + b".")
            target.writestr("archive/data/0", GOOD)
    with zipfile.ZipFile(tmp_path / "zeros.pt", "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("archive/data.pkl", b"\x80\x02" + record(count=1 << 30, shape=(1 << 30,), strides=(1,)) + b".")
        with target.open("archive/data/0", "w", force_zip64=True) as member:
            for _ in range(200):
                member.write(bytes(1 << 20))
    assert int(python(MEASURE, cold, *sorted(tmp_path.glob("*.pt")))) < 512


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.data())
def test_gathered_bytes_are_those_of_the_view(tmp_path_factory, shape, data):
    """Any part, at any block size, of any view."""
    strides = [data.draw(st.integers(0, 9)) for _ in shape]
    first = data.draw(st.integers(0, 5))
    end = first + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True)) + 1
    whole = np.arange(end, dtype=np.float32)
    expected = np.lib.stride_tricks.as_strided(whole[first:], shape, [4 * stride for stride in strides])
    path = tmp_path_factory.mktemp("views") / "model.pt"
    path.write_bytes(
        archive({"x": record(count=end, first=first, shape=shape, strides=strides)}, {"0": whole.tobytes()})
    )
    tensor = open_network(path).tensors[0]
    assert_same(tensor.values(), np.ascontiguousarray(expected).reshape(shape))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch_views, "BLOCK_BYTES", data.draw(st.sampled_from([4, 20, 64])))
        patch.setattr(torch_views, "GATHERED_ITEMS", data.draw(st.sampled_from([1, 3, 100])))
        assert_same(tensor.values(), np.ascontiguousarray(expected).reshape(shape))
        if tensor.packed is not None:
            start = data.draw(st.integers(0, tensor.byte_count))
            count = data.draw(st.integers(0, tensor.byte_count - start))
            assert tensor.packed.read(start, count) == expected.tobytes()[start : start + count]


def test_nothing_runs_while_a_hostile_file_is_opened(tmp_path):
    path = tmp_path / "model.pt"
    call = b"cos\nsystem\n(S'touch canary'\ntR"
    path.write_bytes(archive({"good": record(), "call": call}, {"0": GOOD}))
    command = [sys.executable, "-c", MEASURE, str(path)]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60).returncode == 0
    assert [item.name for item in tmp_path.iterdir()] == ["model.pt"]
    network = open_network(path)
    assert network.tensors.all_names() == ["good"] and network.metadata["call"] == "os.system(touch canary)"
