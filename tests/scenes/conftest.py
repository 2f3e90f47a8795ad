"""Networks for tests of scenes: of arrays written to real files, or of names and shapes alone."""

import math
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from hypothesis import strategies as st
from safetensors import numpy as reference
from tensornaut.loaders.grouping import arrange, module_tree
from tensornaut.loaders.network import Network, Tensor, TensorTable
from tensornaut.loaders.open import open_network
from tensornaut.loaders.source import Source
from tensornaut.scenes.flow import Flow, Stop
from tensornaut.scenes.layer_volumes import layer_volume, slab_for

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


def stop_named(path, shapes=(), value=None):
    """A stop of trays of these shapes, and a slab of a value of shape `value` ("none" for no slab)."""
    slab = None if value == "none" and shapes else slab_for(None if value == "none" else value)
    return Stop(layer_volume(path, "linear", list(enumerate(shapes)), slab))


@st.composite
def _flows(draw, name="", depth=2):
    """Flows of up to 14 stops; stops are called NAME:NUMBER, graphs inside them NAME.NUMBER."""
    sides = st.one_of(st.integers(1, 40), st.sampled_from((300, 5000)))
    value = st.one_of(st.sampled_from(("none", None)), st.lists(st.one_of(sides, st.none()), max_size=4).map(tuple))
    shapes = st.lists(st.lists(sides, min_size=1, max_size=2).map(tuple), max_size=3)
    flow = Flow(name)
    for number in range(draw(st.integers(1, 14 if not name else 4))):
        stop = stop_named(f"{name}:{number}", draw(shapes), draw(value))
        insides = draw(st.sampled_from((0, 0, 0, 0, 1, 2))) if depth else 0
        inner = [draw(_flows(f"{name}.{number}-{k}", depth - 1)) for k in range(insides)]
        flow.stops.append(replace(stop, inner=tuple(inner)))
        sources = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else ()
        flow.edges += [(source, number) for source in sorted(sources)]
    return flow


@pytest.fixture(scope="session")
def flows():
    """A strategy for flows of random stops, edges and graphs inside stops."""
    return _flows()


@pytest.fixture(scope="session")
def stop():
    """`stop_named` as a fixture."""
    return stop_named
