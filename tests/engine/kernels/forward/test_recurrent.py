"""LSTM and GRU, as onnxruntime runs them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.forward.recurrent import gru, lstm


def numbers(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def network(gates, time, n, inputs, size, directions):
    x, weight = numbers(1, time, n, inputs), numbers(2, directions, gates * size, inputs)
    return x, weight, numbers(3, directions, gates * size, size), numbers(4, directions, 2 * gates * size)


sides = st.integers(1, 4)
ways = st.sampled_from(["forward", "reverse", "bidirectional"])


@settings(max_examples=30)
@given(sides, sides, sides, sides, ways, st.booleans())
def test_lstm(onnx_says, same, time, n, inputs, size, direction, with_state):
    directions = 2 if direction == "bidirectional" else 1
    given_arrays = [*network(4, time, n, inputs, size, directions)]
    if with_state:
        given_arrays += [None, numbers(5, directions, n, size), numbers(6, directions, n, size)]
    how = {"direction": direction, "hidden_size": size}
    for found, expected in zip(
        lstm(*given_arrays, **how), onnx_says("LSTM", *given_arrays, outputs=3, **how), strict=True
    ):
        same(found, expected)


@settings(max_examples=30)
@given(sides, sides, sides, sides, ways, st.integers(0, 1))
def test_gru(onnx_says, same, time, n, inputs, size, direction, before):
    directions = 2 if direction == "bidirectional" else 1
    arrays = network(3, time, n, inputs, size, directions)
    how = {"direction": direction, "hidden_size": size, "linear_before_reset": before}
    for found, expected in zip(gru(*arrays, **how), onnx_says("GRU", *arrays, outputs=2, **how), strict=True):
        same(found, expected)


def test_what_is_no_plain_network_is_refused():
    arrays = network(4, 2, 1, 3, 2, 1)
    for how in (
        {"activations": ("Relu", "Tanh", "Tanh")},
        {"direction": "sideways"},
        {"input_forget": 1},
        {"layout": 1},
    ):
        with pytest.raises(InputError):
            lstm(*arrays, **how)
    with pytest.raises(InputError):
        lstm(arrays[0], arrays[1][:, :3], *arrays[2:])
    with pytest.raises(InputError):
        lstm(*arrays, np.array([1]))
