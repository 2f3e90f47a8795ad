"""Networks for tests of scenes: of arrays written to real files, or of names and shapes alone."""

import math
from itertools import count

import numpy as np
import pytest
from hypothesis import strategies as st
from safetensors import numpy as reference
from tensornaut.loaders.grouping import arrange, module_tree
from tensornaut.loaders.network import Network, Tensor, TensorTable
from tensornaut.loaders.open import open_network
from tensornaut.loaders.source import Source

PARTS = (
    *("embed", "fc1", "fc2", "conv1", "attention", "self_attn", "mlp", "norm1", "norm2", "head", "encoder", "experts"),
    *("query", "key", "value", "q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "down_proj"),
    *("layers.0", "layers.1", "layers.2", "blocks.0", "blocks.1", "0", "1"),
)
ENDS = ("weight", "bias", "running_mean", "alpha")
SIDES = st.one_of(st.integers(1, 9), st.sampled_from((0, 16, 64, 193, 600, 4096, 70_000)))
NAMES = st.builds(
    lambda parts, end: ".".join([*parts, end]),
    st.lists(st.sampled_from(PARTS), max_size=4),
    st.sampled_from(ENDS),
)


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """A function: the network of named arrays, by way of a safetensors file."""
    folder, numbers = tmp_path_factory.mktemp("networks"), count()

    def network(arrays, metadata=None):
        path = folder / f"model{next(numbers)}.safetensors"
        reference.save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path, metadata)
        return open_network(path)

    return network


def outlined(shapes, dtype="float32"):
    """The network of named shapes; there are no values to read."""
    file = Source("/nowhere.safetensors", 0, 0)
    tensors = [Tensor(name, shape, dtype, math.prod(shape), 0, file, 0) for name, shape in shapes.items()]
    table, structure, notes = arrange(TensorTable.of(tensors))
    path = "/nowhere.safetensors"
    return Network("n", "safetensors", path, table, structure, lambda: module_tree(table), notes=notes)


@pytest.fixture(scope="session")
def outline():
    """`outlined` as a fixture: test modules cannot import from here."""
    return outlined


@pytest.fixture(scope="session")
def outlines():
    """A strategy for networks of up to 14 random names and shapes, without values."""
    shapes = st.lists(SIDES, max_size=4).map(tuple).filter(lambda shape: math.prod(shape) < 1 << 31)
    return st.dictionaries(NAMES, shapes, max_size=14).map(outlined)


@pytest.fixture(scope="session")
def transformer(written):
    """A small transformer of three blocks, with an embedding and a head."""
    random = np.random.default_rng(5)
    shapes = {"embed.weight": (40, 16), "head.weight": (10, 16), "head.bias": (10,)}
    for block in range(3):
        for name in ("query", "key", "value", "output"):
            shapes[f"layers.{block}.attention.{name}.weight"] = (16, 16)
            shapes[f"layers.{block}.attention.{name}.bias"] = (16,)
        shapes[f"layers.{block}.norm1.weight"] = shapes[f"layers.{block}.norm2.weight"] = (16,)
        shapes[f"layers.{block}.mlp.fc1.weight"] = (64, 16)
        shapes[f"layers.{block}.mlp.fc2.weight"] = (16, 64)
    return written({name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()})
