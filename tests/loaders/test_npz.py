"""npz archives are read as NumPy reads them; one bad member never costs the others."""

import io
import pickle
import threading
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensornaut.loaders import archive
from tensornaut.loaders.errors import FormatError
from tensornaut.loaders.open import open_network

NAMES = st.text("abc_/.", min_size=1, max_size=6).filter(lambda name: not name.endswith(".npy"))
ARRAYS = arrays.arrays(arrays.floating_dtypes(sizes=(32, 64)), arrays.array_shapes(min_dims=0, max_dims=3, max_side=4))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.npz"


def npy(array):
    """Bytes of a npy file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def zipped(members, method=zipfile.ZIP_DEFLATED):
    """Bytes of an archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as target:
        for name, data in members:
            target.writestr(name, data)
    return file.getvalue()


def refusal(path, content):
    """The key of the error that the content raises."""
    path.write_bytes(content)
    with pytest.raises(FormatError) as error:
        open_network(path)
    assert "\n" not in str(error.value)
    return error.value.key


@given(st.dictionaries(NAMES, ARRAYS, min_size=1, max_size=4), st.booleans())
def test_agrees_with_numpy(tmp_path_factory, members, compressed):
    path = tmp_path_factory.mktemp("files") / "model.npz"
    (np.savez_compressed if compressed else np.savez)(path, **members)
    network = open_network(path)
    assert sorted(tensor.name for tensor in network.tensors) == sorted(members)
    for tensor in network.tensors:
        expected = members[tensor.name]
        assert (tensor.shape, tensor.dtype) == (expected.shape, expected.dtype.name)
        assert (tensor.offset is None) == compressed
        assert tensor.values().tobytes() == expected.astype(expected.dtype.newbyteorder("=")).tobytes()


def test_stored_members_are_read_in_place(path):
    array = np.arange(1000.0).reshape(10, 100)
    np.savez(path, x=array)
    tensor = open_network(path).tensors[0]
    with open(path, "rb") as file:
        file.seek(tensor.offset)
        assert file.read(array.nbytes) == array.tobytes()


def test_compressed_members_travel_and_are_read_by_many_threads(path):
    array = np.random.default_rng(0).standard_normal((50, 40))
    np.savez_compressed(path, x=array, y=array + 1)
    tensors = pickle.loads(pickle.dumps(list(open_network(path).tensors)))
    found = {}

    def read(k):
        found[k] = tensors[k % 2].read(slice(5, 50, 3), slice(0, 7))

    threads = [threading.Thread(target=read, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(found[k], (array + k % 2)[5:50:3, :7]) for k in range(8))
    assert len({tensor.key for tensor in tensors}) == 2


def test_what_cannot_be_read_is_noted_and_the_rest_is_shown(path):
    good = npy(np.ones(3, np.float32))
    path.write_bytes(
        zipped(
            [
                ("good.npy", good),
                ("objects.npy", npy(np.array([{}, None], object))),
                ("records.npy", npy(np.zeros(2, [("a", "f4")]))),
                ("short.npy", good[:-4]),
                ("long.npy", good + b"more"),
                ("nonsense.npy", b"nonsense"),
                ("readme.txt", b"hello"),
            ]
        )
    )
    network = open_network(path)
    assert [tensor.name for tensor in network.tensors] == ["good"]
    for name in ("objects.npy", "records.npy", "short.npy", "long.npy", "nonsense.npy", "readme.txt"):
        assert sum(name in note for note in network.notes) == 1


def test_many_bad_members_make_few_notes(path):
    path.write_bytes(zipped([(f"{k}.txt", b"") for k in range(500)] + [("x.npy", npy(np.zeros(1)))]))
    network = open_network(path)
    assert len(network.tensors) == 1 and len(network.notes) <= 25


def test_names_that_stand_twice_are_shown_once(path):
    with pytest.warns(UserWarning, match="Duplicate"):
        content = zipped([("x.npy", npy(np.zeros(1))), ("x.npy", npy(np.ones(2)))])
    path.write_bytes(content)
    network = open_network(path)
    assert len(network.tensors) == 1 and any("twice" in note for note in network.notes)


def test_an_archive_in_which_nothing_can_be_read_is_refused(path):
    assert refusal(path, zipped([("a.npy", b"x"), ("b.npy", npy(np.array([{}], object)))])) == "no_arrays_readable"


@pytest.mark.parametrize("name", ["policy.pth", "model.weights.h5", "[Content_Types].xml"])
def test_other_archives_are_called_what_they_are(path, name):
    assert refusal(path, zipped([(name, b"x")])) == "not_supported"


@pytest.mark.parametrize("members", [[], [("readme.txt", b"x")]])
def test_archives_without_arrays_are_refused(path, members):
    assert refusal(path, zipped(members)) == "archive_without_arrays"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_cut_anywhere_is_refused(path, method):
    whole = zipped([("a.npy", npy(np.arange(4.0))), ("b.npy", npy(np.zeros((2, 2))))], method)
    for size in range(1, len(whole)):
        assert refusal(path, whole[:size])


def test_bombs_are_left_out_before_they_unpack(path):
    zeros = 100 << 20
    head = npy(np.zeros(0, np.uint8)).replace(b"(0,), }" + b" " * 12, b"(%d,), }" % zeros + b" " * 30)[:128]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        with target.open("bomb.npy", "w") as member:
            member.write(head)
            for _ in range(zeros >> 20):
                member.write(bytes(1 << 20))
        target.writestr("x.npy", npy(np.zeros(1)))
    network = open_network(path)
    assert [tensor.name for tensor in network.tensors] == ["x"]
    assert any("bomb.npy" in note and "unpack" in note for note in network.notes)


def test_members_that_share_bytes_are_left_out(path):
    content = bytearray(zipped([("a.npy", npy(np.arange(4.0))), ("b.npy", npy(np.arange(4.0)))], zipfile.ZIP_STORED))
    second = content.rindex(b"PK\x01\x02")
    content[second + 42 : second + 46] = bytes(4)  # its data begin where those of the first do
    path.write_bytes(content)
    network = open_network(path)
    assert len(network.tensors) == 1 and any("overlaps" in note for note in network.notes)


def test_a_member_that_is_not_what_it_declares_is_refused_when_read(path):
    array = np.arange(500.0)
    content = bytearray(zipped([("a.npy", npy(array))]))
    content[content.rindex(b"PK\x01\x02") + 16] ^= 1  # its checksum
    path.write_bytes(content)
    tensor = open_network(path).tensors[0]
    with pytest.raises(FormatError) as error:
        tensor.values()
    assert error.value.key == "archive_damaged"


def test_encrypted_members_are_left_out(path):
    content = bytearray(zipped([("a.npy", npy(np.zeros(1))), ("b.npy", npy(np.zeros(1)))]))
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    network = open_network(path)
    assert len(network.tensors) == 1 and any("encrypted" in note for note in network.notes)


@given(st.data())
def test_changed_bytes_raise_nothing_but_format_errors(tmp_path_factory, data):
    whole = bytearray(zipped([("a.npy", npy(np.arange(9.0))), ("b.npy", npy(np.zeros((2, 2))))]))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(4, len(whole) - 1))] = data.draw(st.sampled_from([0, 1, 80, 127, 128, 255]))
    path = tmp_path_factory.mktemp("files") / "model.npz"
    path.write_bytes(whole)
    try:
        for tensor in open_network(path).tensors:
            tensor.values()
    except FormatError as error:
        assert "\n" not in str(error)


def test_the_cache_of_unpacked_members_is_bounded(path, monkeypatch):
    monkeypatch.setattr(archive, "UNPACKED_CACHE_BYTES", 3000)
    np.savez_compressed(path, **{f"x{k}": np.full(128, float(k)) for k in range(6)})
    tensors = list(open_network(path).tensors)
    for k, tensor in enumerate(tensors):
        assert tensor.values().tolist() == [float(k)] * 128
    cache = tensors[0].packed.member.cache
    assert sum(map(len, cache._kept.values())) <= 3000
