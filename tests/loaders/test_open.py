"""What a file is, its content decides; what is no model is called what it is; a folder opens as the model it holds."""

import json
import os

import numpy as np
import pytest
from safetensors import numpy as reference
from tensornaut.engine.kernels.errors import InputError
from tensornaut.loaders.errors import FormatError
from tensornaut.loaders.open import open_network

TENSORS = {"a.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "b.weight": np.ones(2, np.float32)}


def refusal(path):
    """(key, what was found) of the error that opening raises."""
    with pytest.raises(InputError) as error:
        open_network(path)
    assert "\n" not in str(error.value)
    return error.value.key, error.value.facts.get("found")


@pytest.mark.parametrize("name", ["model.safetensors", "model.npy", "model.bin", "model"])
def test_content_goes_before_the_suffix(tmp_path, name):
    reference.save_file(TENSORS, tmp_path / name)
    network = open_network(tmp_path / name)
    assert (network.format, network.name, len(network.tensors)) == ("safetensors", "model", 2)
    assert network.parameter_count == 8 and network.byte_count == 32 and network.dtypes == {"float32": 2}


THINGS = {
    "a PNG image": b"\x89PNG\r\n\x1a\n" + bytes(30),
    "a JPEG image": b"\xff\xd8\xff\xe0" + bytes(30),
    "a GIF image": b"GIF89a" + bytes(30),
    "an HTML page": b"\n <!DOCTYPE html><html>Not found</html>",
    "a text": "Das Modell läßt sich nicht laden\n".encode() * 40,
    "a JSON text": b'{"model_type": "llama"}',
    "a PDF document": b"%PDF-1.7" + bytes(30),
    "gzip-compressed data": b"\x1f\x8b\x08" + bytes(30),
    "a program": b"\x7fELF" + bytes(30),
    "bytes of no format that is known here": bytes(range(128, 256)),
}
MODELS = {
    "a GGUF model": b"GGUF" + bytes(30),
    "an HDF5 file": b"\x89HDF\r\n\x1a\n" + bytes(30),
    "a PyTorch file of 2017 or before, in a tar archive": b"storages".ljust(257, b"\0") + b"ustar\00" + bytes(248),
    "a Python pickle": b"\x80\x04\x95" + bytes(30),
    "a TensorFlow Lite model": b"\x1c\0\0\0TFL3" + bytes(30),
}


@pytest.mark.parametrize("thing", sorted(THINGS))
@pytest.mark.parametrize("suffix", [".bin", ".safetensors", ".npy", ".npz"])
def test_what_is_no_model_is_called_what_it_is(tmp_path, thing, suffix):
    path = tmp_path / f"model{suffix}"
    path.write_bytes(THINGS[thing])
    key, found = refusal(path)
    assert (key, found) == ("not_a_model", thing) or (thing.startswith("bytes of no") and suffix != ".bin")


@pytest.mark.parametrize("thing", sorted(MODELS))
def test_models_that_cannot_be_opened_yet_are_named(tmp_path, thing):
    path = tmp_path / "model.onnx"
    path.write_bytes(MODELS[thing])
    assert refusal(path) == ("not_supported", thing)


def test_pointers_of_git_lfs_say_what_to_do(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n")
    assert refusal(path)[0] == "lfs_pointer"


def test_empty_and_missing_files_and_pipes_are_refused(tmp_path):
    (tmp_path / "empty.npy").touch()
    os.mkfifo(tmp_path / "pipe.npy")
    assert refusal(tmp_path / "empty.npy")[0] == "empty_file"
    assert refusal(tmp_path / "pipe.npy") == ("not_regular", "a pipe")
    assert refusal(tmp_path / "missing.npy")[0] == "not_found"
    assert refusal(tmp_path / "nul\0.npy")[0] == "not_found"


def _shards(folder, names=("model-1.safetensors", "model-2.safetensors")):
    """A model in two files with its index."""
    for file, tensor in zip(names, TENSORS, strict=True):
        reference.save_file({tensor: TENSORS[tensor]}, folder / file)
    _index(folder, dict(zip(TENSORS, names, strict=True)))


def _index(folder, weight_map, name="model.safetensors.index.json"):
    content = {"metadata": {"total_size": 32}, "weight_map": weight_map}
    (folder / name).write_text(json.dumps(content))


@pytest.mark.parametrize("name", ["", "model.safetensors.index.json"])
def test_a_model_in_several_files_opens_as_one(tmp_path, name):
    _shards(tmp_path)
    network = open_network(tmp_path / name)
    assert network.format == "safetensors" and network.metadata["total_size"] == "32"
    assert {tensor.name: tensor.values().tolist() for tensor in network.tensors} == {
        name: array.tolist() for name, array in TENSORS.items()
    }
    assert not any("left out" in note or "missing" in note for note in network.notes)


def test_a_missing_file_is_noted_and_the_rest_is_shown(tmp_path):
    _shards(tmp_path)
    (tmp_path / "model-2.safetensors").unlink()
    network = open_network(tmp_path)
    assert [tensor.name for tensor in network.tensors] == ["a.weight"]
    assert any("model-2.safetensors" in note for note in network.notes)
    assert any("missing: 1 tensors" in note for note in network.notes)


def test_a_damaged_file_is_noted_and_the_rest_is_shown(tmp_path):
    _shards(tmp_path)
    os.truncate(tmp_path / "model-1.safetensors", 30)
    network = open_network(tmp_path)
    assert [tensor.name for tensor in network.tensors] == ["b.weight"]
    assert any("model-1.safetensors" in note for note in network.notes)


def test_a_model_without_any_of_its_files_is_refused(tmp_path):
    _index(tmp_path, {"a": "gone.safetensors"})
    assert refusal(tmp_path)[0] == "not_found"


def test_tensors_that_the_index_does_not_name_are_noted(tmp_path):
    reference.save_file(TENSORS, tmp_path / "one.safetensors")
    _index(tmp_path, {"a.weight": "one.safetensors"})
    network = open_network(tmp_path)
    assert [tensor.name for tensor in network.tensors] == ["a.weight"]
    assert any("index does not name" in note for note in network.notes)


@pytest.mark.parametrize("name", ["../secret.safetensors", "/etc/passwd", "link.safetensors", "a/../../x", ""])
def test_an_index_cannot_lead_out_of_its_folder(tmp_path, name):
    secret = tmp_path / "secret.safetensors"
    reference.save_file(TENSORS, secret)
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link.safetensors").symlink_to(secret)
    _index(folder, {"a.weight": name})
    assert refusal(folder)[0] == "name_unsafe"


@pytest.mark.parametrize(
    "content", ["{", '{"weight_map": 1}', '{"weight_map": {"a": 1}}', "{}", '{"weight_map": {}, "weight_map": {}}']
)
def test_a_bad_index_is_refused(tmp_path, content):
    (tmp_path / "model.safetensors.index.json").write_text(content)
    assert refusal(tmp_path)[0] in ("header_json", "header_shape", "duplicate_name")


def test_the_cache_of_the_hub_opens_by_its_links(tmp_path):
    repository = tmp_path / "models--org--small"
    blobs, snapshot = repository / "blobs", repository / "snapshots" / "0123abcd"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    _shards(blobs)
    for k, name in enumerate(["model-1.safetensors", "model-2.safetensors", "model.safetensors.index.json"]):
        (blobs / name).rename(blobs / str(k))
        (snapshot / name).symlink_to(f"../../blobs/{k}")
    network = open_network(snapshot)
    assert (network.name, len(network.tensors)) == ("org/small", 2)


def test_a_folder_with_one_model_file_opens(tmp_path):
    folder = tmp_path / "digits"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    reference.save_file(TENSORS, folder / "weights.safetensors")
    assert open_network(folder).name == "digits"
    reference.save_file(TENSORS, folder / "model.safetensors")
    assert len(open_network(folder).tensors) == 2


def test_a_folder_that_leaves_a_choice_names_it(tmp_path):
    reference.save_file(TENSORS, tmp_path / "one.safetensors")
    reference.save_file(TENSORS, tmp_path / "two.safetensors")
    with pytest.raises(FormatError) as error:
        open_network(tmp_path)
    assert "one.safetensors, two.safetensors" in str(error.value)


def test_a_folder_without_a_model_says_so(tmp_path):
    (tmp_path / "readme.txt").write_text("hello")
    assert refusal(tmp_path)[0] == "empty_folder"
