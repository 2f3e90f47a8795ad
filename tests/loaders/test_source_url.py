"""Files behind an address: a real web server on loopback, in parts, and what it can do wrong."""

import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from safetensors import numpy as reference
from tensornaut.cli.main import main
from tensornaut.engine.kernels.errors import InputError
from tensornaut.loaders import source_url
from tensornaut.loaders.errors import FormatError
from tensornaut.loaders.open import open_network
from tensornaut.loaders.source import Source, resolve_url

pytest.importorskip("fsspec", reason="the extra cluster")
CONTENT = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(source_url, "PAUSES_S", (0.0, 0.0))


@pytest.fixture
def url(web):
    (web.folder / "bytes.bin").write_bytes(CONTENT)
    return f"{web.url}/bytes.bin"


@pytest.fixture
def model(web):
    """Three matrices in two files with an index, and one alone."""
    random = np.random.default_rng(0)
    arrays = {f"layer.{k}.weight": random.standard_normal((40, 30 + k)).astype("f4") for k in range(3)}
    names = list(arrays)
    reference.save_file({name: arrays[name] for name in names[:2]}, web.folder / "model-1 of 2.safetensors")
    reference.save_file({names[2]: arrays[names[2]]}, web.folder / "model-2.safetensors")
    files = dict.fromkeys(names[:2], "model-1 of 2.safetensors") | {names[2]: "model-2.safetensors"}
    (web.folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": files}))
    return arrays


def fails(place):
    with pytest.raises(InputError) as error:
        Source.of(place).read(100, 50)
    assert "\n" not in str(error.value)
    return error.value.key


def test_only_the_part_that_is_asked_for_is_sent(url, web):
    source = Source.of(url)
    assert (source.size, web.sent_bytes) == (len(CONTENT), 0)
    assert source.read(300, 77) == CONTENT[300:377]
    assert web.parts == [("bytes.bin", 300, 77)] and web.sent_bytes == 77
    assert source.read(0, 0) == b"" and source.read(0, len(CONTENT)) == CONTENT


def test_a_long_part_comes_in_shorter_ones(url, web, monkeypatch):
    monkeypatch.setattr(source_url, "PART_BYTES", 1000)
    assert Source.of(url).read(5, 2500) == CONTENT[5:2505]
    assert web.parts == [("bytes.bin", 5, 1000), ("bytes.bin", 1005, 1000), ("bytes.bin", 2005, 500)]


@pytest.mark.parametrize(("offset", "count"), [(len(CONTENT), 1), (-1, 1), (0, 2**60)])
def test_nothing_beyond_the_file_is_asked_for(url, web, offset, count):
    with pytest.raises(FormatError) as error:
        Source.of(url).read(offset, count)
    assert error.value.key == "truncated" and web.parts == []


def test_what_is_cut_off_is_asked_for_again(url, web):
    source = Source.of(url)
    web.cuts = 2
    assert source.read(10, 500) == CONTENT[10:510]
    assert len(web.parts) == 3


def test_what_is_always_cut_off_is_given_up(url, web):
    web.cuts = 100
    assert fails(url) == "remote_unreadable"
    assert len(web.parts) == 3


def test_a_server_that_states_a_wrong_size_is_found_out(url, web):
    web.adds_bytes = 10
    source = Source.of(url)
    with pytest.raises(FormatError) as error:
        source.read(len(CONTENT), 10)
    assert error.value.key in ("remote_cut", "remote_unreadable")


def test_a_server_that_sends_whole_files_is_not_listened_to(url, web):
    source = Source.of(url)
    web.knows_parts = False
    assert fails(url) == "remote_ranges"
    assert source.read(0, 10) == CONTENT[:10]  # what it begins with is read, and no more of it


def test_a_server_that_says_so_is_refused_at_once(url, web):
    web.admits_it = True
    assert fails(url) == "remote_ranges"
    assert web.sent_bytes == 0


def test_a_server_that_states_no_size_is_refused(url, web):
    web.knows_size = False
    assert fails(url) == "remote_size"


def test_what_is_not_there_is_said_so(web):
    assert fails(f"{web.url}/missing.bin") == "not_found"
    assert fails("http://127.0.0.1:9/x") == "remote_unreadable"
    assert fails("nonsense://x/y") == "remote_protocol"


@pytest.mark.parametrize("grows", [False, True])
def test_a_file_that_was_replaced_is_not_read(url, web, grows):
    source = Source.of(url)
    path = web.folder / "bytes.bin"
    path.write_bytes(CONTENT[::-1] + b"more" * grows)
    os.utime(path, ns=(1, 1))
    with pytest.raises(FormatError) as error:
        source.read(0, 10)
    assert error.value.key == "changed"


def test_a_source_travels_to_other_processes(url):
    source = Source.of(url)
    assert pickle.loads(pickle.dumps(source.read))(7, 3) == CONTENT[7:10]


def test_files_by_other_ways_than_the_web(tmp_path):
    (tmp_path / "x").write_bytes(CONTENT)
    source = Source.of(f"file://{tmp_path}/x")
    assert source.read(5, 9) == CONTENT[5:14]
    (tmp_path / "x").write_bytes(CONTENT[::-1])
    os.utime(tmp_path / "x", ns=(1, 1))
    with pytest.raises(FormatError, match="changed"):
        source.read(5, 9)
    assert fails(f"file://{tmp_path}/none") == "not_found"
    assert fails(f"file://{tmp_path}") == "not_regular"
    os.mkfifo(tmp_path / "pipe")
    assert fails(f"file://{tmp_path}/pipe") == "not_regular"


def test_a_model_of_several_files_opens(web, model):
    network = open_network(f"{web.url}/model.safetensors.index.json?token=1")
    assert network.name == "model.safetensors.index"
    assert {tensor.name for tensor in network.tensors} == set(model)
    for tensor in network.tensors:
        assert np.array_equal(tensor.values(), model[tensor.name])


def test_arrays_open_and_other_formats_are_refused(web):
    array = np.arange(12.0).reshape(3, 4)
    np.save(web.folder / "a.npy", array)
    (tensor,) = open_network(f"{web.url}/a.npy").tensors
    assert np.array_equal(tensor.values(), array)
    np.savez(web.folder / "b.npz", array)
    with pytest.raises(FormatError) as error:
        open_network(f"{web.url}/b.npz")
    assert error.value.key == "remote_format"


def test_names_in_an_index_lead_nowhere_else():
    assert resolve_url("http://h/a/b.json?q=1", "c d.bin") == "http://h/a/c%20d.bin?q=1"
    assert resolve_url("s3://bucket/a/b.json", "deep/c#.bin") == "s3://bucket/a/deep/c#.bin"
    for name in ("../c", "http://other/c", "/c", "//other/c", "a/../c", "c\\d", ""):
        with pytest.raises(FormatError):
            resolve_url("http://h/a/b.json", name)


def test_without_fsspec_the_message_names_the_extra(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    assert main(["info", "http://127.0.0.1:9/model.safetensors"]) == 2
    assert "tensornaut[cluster]" in capsys.readouterr().err


def test_fsspec_is_loaded_for_addresses_only():
    code = "import sys, tensornaut.loaders.open; sys.exit('fsspec' in sys.modules or 'aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
