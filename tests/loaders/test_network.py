"""Tensors live in columns; a network is checked when it is made."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from tensornaut.loaders.network import Module, Network, Tensor, TensorTable
from tensornaut.loaders.source import Source

SOURCES = [Source("/one", 100, 1), Source("/two", 100, 1)]
TENSORS = [
    Tensor("a", (), "float32", 1, 4, SOURCES[0], 0),
    Tensor("", (2, 3), "int4", 6, 3, SOURCES[1], 4, fortran=True),
    Tensor("名前", (0, 5), "float32", 0, 0, SOURCES[0], 4, big_endian=True),
    Tensor("d.e", (7,), "string", 7, 28, SOURCES[0], 8),
]


@pytest.fixture
def tensors():
    return TensorTable.of(TENSORS)


def _network(table, **more):
    root = Module("", "", "group", (), (0, len(table)))
    return Network("n", "npy", "/n.npy", table, more.pop("structure", "flat"), lambda: root, **more)


def test_tensors_come_out_as_they_went_in(tensors):
    assert list(tensors) == TENSORS
    assert tensors[1:3] == tuple(TENSORS[1:3]) and tensors[-1] == TENSORS[-1]
    assert tensors.all_names() == [tensor.name for tensor in TENSORS]
    assert [(name, tuple(shape), dtype, size) for name, shape, dtype, size in tensors.listing()] == [
        (tensor.name, tensor.shape, tensor.dtype, tensor.byte_count) for tensor in TENSORS
    ]
    with pytest.raises(IndexError):
        tensors[4]


@pytest.mark.parametrize("order", [[3, 1, 0, 2], [2], [], [0, 1, 2, 3], [1, 2]])
def test_rows_can_be_chosen_and_ordered(tensors, order):
    assert list(tensors.take(np.array(order, np.int64))) == [TENSORS[row] for row in order]


def test_tables_can_be_joined(tensors):
    joined = TensorTable.joined([tensors.take(np.array([1])), tensors, TensorTable.of([])])
    assert list(joined) == [TENSORS[1], *TENSORS]


def test_a_network_sums_its_tensors(tensors):
    network = _network(tensors)
    assert (network.parameter_count, network.byte_count) == (14, 35)
    assert network.dtypes == {"float32": 2, "int4": 1, "string": 1}
    assert network.root.tensor_range == (0, 4)
    with pytest.raises(dataclasses.FrozenInstanceError):
        network.name = "other"


def test_what_contradicts_itself_cannot_be_made(tensors):
    with pytest.raises(ValueError):
        dataclasses.replace(tensors, counts=tensors.counts[:2])
    with pytest.raises(ValueError):
        dataclasses.replace(tensors, names=tensors.names + "x")
    with pytest.raises(ValueError):
        Module("x", "x", "no such kind")
    with pytest.raises(ValueError):
        _network(tensors, structure="guess")
    with pytest.raises(ValueError):
        dataclasses.replace(_network(tensors), modules=lambda: Module("", "", "group")).root  # noqa: B018


def test_a_million_tensors_cost_their_columns():
    count = 1_000_000
    starts = np.arange(count + 1, dtype=np.int64)
    column = np.zeros(count, np.int64)
    tracemalloc.start()
    try:
        table = TensorTable(
            "x" * count,
            starts,
            column,
            starts,
            column,
            ("int8",),
            column,
            column,
            column,
            column,
            (SOURCES[0],),
            column,
        )
        assert table[count - 1].name == "x"
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
