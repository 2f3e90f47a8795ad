"""A program: the steps that a network takes, as plain data, and the trace that a run of it leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..kernels.errors import InputError
from ..values import Values

__all__ = ["Branch", "Feed", "Output", "Program", "Skipped", "Step", "Trace"]


@dataclass(frozen=True)
class Feed:
    """An array that a program wants."""

    name: str
    shape: tuple[int | str | None, ...]  # str: a size that is the same wherever it is named, None: any
    dtype: str = "float32"


@dataclass(frozen=True)
class Branch:
    """Steps that are taken or not."""

    steps: tuple[Step, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One call of a kernel."""

    kernel: str  # a name in KERNELS, or "If": the first branch where its input holds, else the second
    inputs: tuple[str, ...]  # names of values; "" for one that is left out
    outputs: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""  # of the operator
    layer: str = ""  # path of the layer that it belongs to
    branches: tuple[Branch, ...] = ()
    refused: InputError | None = None  # why there is no kernel


@dataclass(frozen=True, eq=False)
class Program:
    """Steps in an order in which they can be taken."""

    inputs: tuple[Feed, ...]
    outputs: tuple[str, ...]
    steps: Sequence[Step]
    weights: Mapping[str, Values | np.ndarray]  # by name of the value
    notes: tuple[str, ...] = ()  # what is assumed because the file does not say it


@dataclass(frozen=True, eq=False)
class Output:
    """What a step gave."""

    name: str  # of the value
    layer: str
    kernel: str
    array: np.ndarray
    seconds: float  # that the step took


@dataclass(frozen=True)
class Skipped:
    """A step that was not taken: because of `error`, or for want of the value `needs`."""

    name: str  # of the operator, or of its first output
    layer: str
    kernel: str
    error: InputError | None = None
    needs: str = ""


@dataclass(frozen=True, eq=False)
class Trace:
    """What all steps gave, in the order in which they were taken; what does not depend on inputs is left out."""

    outputs: Sequence[Output] = ()
    skipped: Sequence[Skipped] = ()

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """By name of the value."""
        return {output.name: output.array for output in self.outputs}

    @property
    def causes(self) -> list[Skipped]:
        """Steps that could not be taken, without those that only wanted what these would have given."""
        return [step for step in self.skipped if step.error is not None]
