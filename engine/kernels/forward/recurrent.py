"""LSTM and GRU, one or two directions. The NumPy definition: a loop over time, a product of matrices each step.

Source: https://onnx.ai/onnx/operators/onnx__LSTM.html, onnx__GRU.html.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .activation import sigmoid
from .bounds import refused, require_size

__all__ = ["gru", "lstm"]

Step = Callable[..., tuple[np.ndarray, ...]]


def lstm(
    x: np.ndarray,
    weight: np.ndarray,
    recurrence: np.ndarray,
    bias: np.ndarray | None = None,
    lengths: np.ndarray | None = None,
    hidden: np.ndarray | None = None,
    cell: np.ndarray | None = None,
    peepholes: np.ndarray | None = None,
    *,
    activations: tuple[str, ...] = (),
    direction: str = "forward",
    hidden_size: int = 0,
    input_forget: int = 0,
    layout: int = 0,
) -> tuple[np.ndarray, ...]:
    """(all hidden states (time, directions, n, size), the last ones (directions, n, size), last cells alike).

    x (time, n, inputs), weight (directions, 4 size, inputs), recurrence (directions, 4 size, size), gates in the order
    input, output, forget, cell. Raises InputError.
    """
    default = ("sigmoid", "tanh", "tanh") * len(weight)
    if peepholes is not None or input_forget or _lower(activations) not in ((), default):
        raise refused("peepholes or other activations", "those of a plain LSTM")
    return _recur(_lstm_step, 4, x, weight, recurrence, bias, lengths, (hidden, cell), direction, layout)


def gru(
    x: np.ndarray,
    weight: np.ndarray,
    recurrence: np.ndarray,
    bias: np.ndarray | None = None,
    lengths: np.ndarray | None = None,
    hidden: np.ndarray | None = None,
    *,
    activations: tuple[str, ...] = (),
    direction: str = "forward",
    hidden_size: int = 0,
    layout: int = 0,
    linear_before_reset: int = 0,
) -> tuple[np.ndarray, ...]:
    """(all hidden states (time, directions, n, size), the last ones (directions, n, size)). As `lstm`, gates in the
    order update, reset, hidden. Raises InputError.
    """
    if _lower(activations) not in ((), ("sigmoid", "tanh") * len(weight)):
        raise refused(f"activations {activations}", "those of a plain GRU")
    step = _gru_linear_step if linear_before_reset else _gru_step
    return _recur(step, 3, x, weight, recurrence, bias, lengths, (hidden,), direction, layout)


def _lower(activations: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.lower() for name in activations)


def _recur(
    step: Step,
    gates: int,
    x: np.ndarray,
    weight: np.ndarray,
    recurrence: np.ndarray,
    bias: np.ndarray | None,
    lengths: np.ndarray | None,
    begin: tuple[np.ndarray | None, ...],
    direction: str,
    layout: int,
) -> tuple[np.ndarray, ...]:
    directions = {"forward": 1, "reverse": 1, "bidirectional": 2}.get(direction, 0)
    if x.ndim != 3 or weight.ndim != 3 or recurrence.ndim != 3 or len(weight) != directions or layout:
        raise refused(f"{x.shape}, weights {weight.shape}, {direction}", "time, images, inputs and fitting weights")
    (time, n, inputs), size = x.shape, recurrence.shape[2]
    fits = weight.shape[1:] == (gates * size, inputs) and recurrence.shape == (directions, gates * size, size)
    if not fits or (lengths is not None and any(lengths.reshape(-1) != time)):
        raise refused(f"weights {weight.shape} and {recurrence.shape}", f"{gates} gates, and one length for all")
    bias = np.zeros((directions, 2 * gates * size), x.dtype) if bias is None else bias
    out = np.zeros(require_size((time, directions, n, size), x.dtype), x.dtype)
    last = [np.zeros((directions, n, size), x.dtype) if state is None else state.copy() for state in begin]
    for way in range(directions):
        given = x @ weight[way].T + bias[way, : gates * size]
        states = tuple(state[way] for state in last)
        backwards = direction == "reverse" or way == 1
        for t in reversed(range(time)) if backwards else range(time):
            states = step(given[t], states, recurrence[way].T, bias[way, gates * size :])
            out[t, way] = states[0]
        for state, value in zip(last, states, strict=True):
            state[way] = value
    return out, *last


def _lstm_step(given, states, recurrence, bias):
    hidden, cell = states
    write, read, keep, new = np.split(given + hidden @ recurrence + bias, 4, 1)
    cell = sigmoid(keep) * cell + sigmoid(write) * np.tanh(new)
    return sigmoid(read) * np.tanh(cell), cell


def _gru_step(given, states, recurrence, bias):
    (hidden,), size = states, len(bias) // 3
    both = sigmoid(given[:, : 2 * size] + hidden @ recurrence[:, : 2 * size] + bias[: 2 * size])
    update, reset = both[:, :size], both[:, size:]
    new = np.tanh(given[:, 2 * size :] + (reset * hidden) @ recurrence[:, 2 * size :] + bias[2 * size :])
    return ((1 - update) * new + update * hidden,)


def _gru_linear_step(given, states, recurrence, bias):
    (hidden,), size = states, len(bias) // 3
    before = hidden @ recurrence + bias
    both = sigmoid(given[:, : 2 * size] + before[:, : 2 * size])
    update, reset = both[:, :size], both[:, size:]
    new = np.tanh(given[:, 2 * size :] + reset * before[:, 2 * size :])
    return ((1 - update) * new + update * hidden,)
