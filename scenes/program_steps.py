"""Steps in the making, for networks whose structure is known by their tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..engine.runners.program import Feed, Program, Step
from ..engine.values import Values
from ..loaders.network import Network

__all__ = ["Steps", "shapes_of"]


@dataclass
class Steps:
    """Steps one after the other. What a step gives bears the step's name."""

    network: Network
    steps: list[Step] = field(default_factory=list)
    weights: dict[str, Values | np.ndarray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rows = {name: row for row, name in enumerate(self.network.tensors.all_names())}

    def add(self, kernel: str, name: str, layer: str, *inputs: str, **settings: Any) -> str:
        """Adds a step; the name of what it gives."""
        self.steps.append(Step(kernel, inputs, (name,), settings, name, layer))
        return name

    def tensor(self, name: str) -> str:
        """The name of a tensor of the network, "" where there is none; it is a weight from now on."""
        if name not in self._rows:
            return ""
        self.weights[name] = self.network.tensors[self._rows[name]]
        return name

    def constant(self, name: str, values: Any) -> str:
        """The name of a value that is not learned: integers are int64, bools stay, the rest is float32."""
        array = np.asarray(values)
        if array.dtype.kind != "b":
            array = array.astype(np.int64 if array.dtype.kind == "i" else np.float32)
        self.weights[name] = array
        return name

    def layer(self, kernel: str, path: str, value: str, name: str = "", **settings: Any) -> str:
        """Adds a layer with its weight and its bias, if it has one; what it gives bears the layer's path."""
        weights = [self.tensor(f"{path}.weight"), self.tensor(f"{path}.bias")]
        return self.add(kernel, name or path, path, value, *weights[: 2 if weights[1] else 1], **settings)

    def reshape(self, name: str, layer: str, value: str, *shape: int) -> str:
        """Adds a step that gives a value a shape: 0 as it is, -1 what is left."""
        return self.add("Reshape", name, layer, value, self.constant(f"{name}.shape", shape))

    def heads(self, name: str, layer: str, value: str, heads: int) -> str:
        """Adds steps that part the width of tokens: (n, tokens, width) -> (n, heads, tokens, width / heads)."""
        parted = self.reshape(f"{name}.split", layer, value, 0, 0, heads, -1)
        return self.add("Transpose", name, layer, parted, perm=(0, 2, 1, 3))

    def program(self, feeds: tuple[Feed, ...], *outputs: str) -> Program:
        """The program of all steps."""
        return Program(feeds, outputs, tuple(self.steps), self.weights, tuple(self.notes))


def shapes_of(network: Network) -> Mapping[str, tuple[int, ...]]:
    """Shape of each tensor by name."""
    return {name: network.tensors.shape(row) for row, name in enumerate(network.tensors.all_names())}
