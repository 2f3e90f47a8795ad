"""Only regular files are read, only inside their bounds, only inside the model's folder."""

import os
import pickle
import socket

import pytest
from tensornaut.engine.kernels.errors import InputError
from tensornaut.loaders.errors import FormatError
from tensornaut.loaders.source import Source, resolve


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(bytes(range(100)))
    return path


def _descriptors():
    return len(os.listdir("/proc/self/fd"))


def test_reads_what_is_asked_for(file):
    with Source.of(file).open() as opened:
        assert opened.read(10, 3) == bytes([10, 11, 12])
        assert opened.read(100, 0) == b""


@pytest.mark.parametrize(("offset", "count"), [(99, 2), (0, 101), (101, 0), (-1, 1), (0, -1), (0, 2**63)])
def test_never_reads_beyond_the_file(file, offset, count):
    with Source.of(file).open() as opened, pytest.raises(FormatError) as error:
        opened.read(offset, count)
    assert error.value.key == "truncated"


@pytest.mark.parametrize("change", [lambda path: os.truncate(path, 50), lambda path: os.utime(path, ns=(1, 1))])
def test_a_file_that_changed_is_not_read(file, change):
    source = Source.of(file)
    change(file)
    with pytest.raises(FormatError) as error:
        source.open()
    assert error.value.key == "changed"


def test_a_file_that_shrinks_while_open_is_noticed(file):
    with Source.of(file).open() as opened:
        os.truncate(file, 50)
        with pytest.raises(FormatError) as error:
            opened.read(0, 100)
    assert error.value.key == "truncated"


def test_a_source_travels_to_other_processes(file):
    source = Source.of(file)
    assert pickle.loads(pickle.dumps(source)) == source


def _pipe(path):
    os.mkfifo(path)


def _socket(path):
    socket.socket(socket.AF_UNIX).bind(str(path))


@pytest.mark.parametrize(("make", "found"), [(os.mkdir, "a folder"), (_pipe, "a pipe"), (_socket, "a socket")])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, monkeypatch, make, found):
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    make("thing")
    before = _descriptors()
    with pytest.raises(FormatError) as error:
        Source.of("thing")
    assert (error.value.key, error.value.facts["found"]) == ("not_regular", found)
    assert _descriptors() == before


def test_a_device_is_refused():
    with pytest.raises(FormatError) as error:
        Source.of("/dev/zero")
    assert error.value.facts["found"] == "a device"


@pytest.mark.parametrize("name", ["missing", "model.bin/inside", "nul\0", "x" * 5000])
def test_what_is_not_there_is_said_so(file, name):
    with pytest.raises(InputError) as error:
        Source.of(file.parent / name)
    assert error.value.key in ("not_found", "unreadable")


def test_no_descriptor_stays_open(file):
    before = _descriptors()
    for _ in range(5):
        with Source.of(file).open() as opened:
            opened.read(0, 1)
    assert _descriptors() == before


UNSAFE = [
    "/etc/passwd",
    "../outside",
    "a/../../outside",
    "a/..",
    "..",
    ".",
    "",
    "a//b",
    "a\\b",
    "C:x",
    "file\0name",
    "./model.bin",
]


@pytest.mark.parametrize("name", UNSAFE)
def test_names_that_could_lead_out_of_the_folder_are_refused(tmp_path, name):
    with pytest.raises(FormatError) as error:
        resolve(tmp_path, name, "index.json")
    assert error.value.key == "name_unsafe"


def test_names_inside_the_folder_are_resolved(file):
    (file.parent / "deep").mkdir()
    assert resolve(file.parent, "model.bin", "index.json") == file.resolve()
    assert resolve(file.parent, "deep/other.bin", "index.json") == file.parent.resolve() / "deep/other.bin"


@pytest.mark.parametrize("is_folder", [False, True])
def test_links_out_of_the_folder_are_refused(tmp_path, is_folder):
    secret = tmp_path / "secret" / "x"
    secret.parent.mkdir()
    secret.write_text("secret")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link").symlink_to(secret.parent if is_folder else secret)
    with pytest.raises(FormatError):
        resolve(folder, "link/x" if is_folder else "link", "index.json")


def test_links_inside_the_folder_are_followed(file):
    (file.parent / "link").symlink_to(file)
    assert resolve(file.parent, "link", "index.json") == file.resolve()


def _hub(root, repository="models--a--b"):
    blobs, snapshot = root / repository / "blobs", root / repository / "snapshots" / "abc"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    (blobs / "123").write_text("data")
    (snapshot / "model.safetensors").symlink_to("../../blobs/123")
    return snapshot


def test_links_of_the_hub_cache_into_its_blobs_are_followed(tmp_path):
    snapshot = _hub(tmp_path)
    assert resolve(snapshot, "model.safetensors", "x").read_text() == "data"


def test_the_exception_for_the_hub_cache_reaches_no_further(tmp_path):
    snapshot = _hub(tmp_path)
    (tmp_path / "models--a--b" / "refs").write_text("x")
    (snapshot / "refs").symlink_to("../../refs")
    with pytest.raises(FormatError):
        resolve(snapshot, "refs", "x")
    with pytest.raises(FormatError):
        resolve(_hub(tmp_path, "other"), "model.safetensors", "x")
