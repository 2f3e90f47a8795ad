"""The large checkpoint of benchmarks: what it promises, shown on small ones."""

import importlib.util
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from tensornaut.loaders.open import open_network
from tensornaut.loaders.safetensors import DTYPE_NAMES

SIZE_BYTES = 3_000_000


@pytest.fixture(scope="module")
def make_large():
    specification = importlib.util.spec_from_file_location("make_large", Path(__file__).with_name("make_large.py"))
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def written(make_large, tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "model.safetensors"
    make_large.write(path, SIZE_BYTES)
    return path


def test_it_has_the_size_asked_for_and_every_type(written):
    network = open_network(str(written))
    assert 0.98 * SIZE_BYTES < sum(tensor.byte_count for tensor in network.tensors) <= SIZE_BYTES
    assert {tensor.dtype for tensor in network.tensors} == set(DTYPE_NAMES.values())


def test_outliers_stand_where_the_list_says(written):
    tensors = {tensor.name: tensor for tensor in open_network(str(written)).tensors}
    listed = json.loads(written.with_name("model.outliers.json").read_text())
    assert len({(each["tensor"], each["index"]) for each in listed}) == len(listed) > 100
    for each in listed:
        values = tensors[each["tensor"]].values().reshape(-1)
        assert values[each["index"]] == each["value"]
        assert abs(each["value"]) > 10 * np.median(np.abs(values))


def test_rows_have_scales_of_their_own_and_heavy_tails(written):
    tensors = {tensor.name: tensor for tensor in open_network(str(written)).tensors}
    values = tensors["model.layers.1.mlp.up_proj.weight"].values()
    row_scales = np.median(np.abs(values), 1)
    assert row_scales.max() > 3 * row_scales.min()
    scaled = values / row_scales[:, None]
    assert np.mean(np.abs(scaled) > 5) > 0.005  # of normal numbers 0.0007


def test_no_two_rows_are_the_same(written):
    tensors = open_network(str(written)).tensors
    rows = [row.tobytes() for tensor in tensors if tensor.dtype == "bfloat16" for row in tensor.values()]
    assert len(set(rows)) == len(rows)


def test_a_seed_decides_the_bytes(make_large, written, tmp_path):
    for seed in (0, 1):
        make_large.write(tmp_path / f"{seed}.safetensors", SIZE_BYTES, seed)
    assert (tmp_path / "0.safetensors").read_bytes() == written.read_bytes()
    assert (tmp_path / "1.safetensors").read_bytes() != written.read_bytes()


def test_shards_hold_the_same_tensors(make_large, written, tmp_path):
    parts = make_large.write(tmp_path / "model.safetensors", SIZE_BYTES, shards=3)
    assert len(parts) == 3 and max(map(_size, parts)) < 1.3 * min(map(_size, parts))
    whole, sharded = open_network(str(written)), open_network(str(tmp_path))
    assert sharded.parameter_count == whole.parameter_count
    assert sum(math.prod(tensor.shape) for tensor in sharded.tensors) == sharded.parameter_count
    theirs = {tensor.name: tensor for tensor in sharded.tensors}
    for tensor in whole.tensors:
        assert theirs[tensor.name].values().tobytes() == tensor.values().tobytes()


def _size(path):
    return path.stat().st_size
