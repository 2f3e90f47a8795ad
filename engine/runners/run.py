"""Runs a program with the kernels of this package: every layer's output, without onnxruntime or torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from ..kernel_cache import use_cache
from ..kernels.device_memory import is_on_device
from ..kernels.errors import InputError
from ..kernels.forward import on_device
from ..kernels.forward.bounds import refused
from ..kernels.forward.table import KERNELS, Function
from ..kernels.machine_cupy import machine
from .feeding import fed
from .program import Output, Program, Skipped, Step, Trace

__all__ = ["MOST_TRACE_BYTES", "Runner", "on_host", "run"]

MOST_TRACE_BYTES = 4 << 30  # all outputs of one run
# What NumPy raises where shapes or types do not fit a kernel.
FAULTS = (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError)

Arrays = dict[str, np.ndarray]


def run(program: Program, inputs: Mapping[str, np.ndarray]) -> Trace:
    """What every step gives. A step that cannot be taken is left out with its reason, and so is what needs it.

    Raises InputError where the inputs do not fit.
    """
    return Runner(program).run(inputs)


def on_host(array: Any) -> np.ndarray:
    """An output in host memory: itself, or one copy of what lies on a GPU."""
    return machine().to_host(machine().array(array)) if is_on_device(array) else array


@dataclass(eq=False)
class Runner:
    """Runs one program again and again: weights, and what follows from them alone, are kept.

    `compiled`: with the compiled kernels where there are some, else with the definitions in NumPy alone; sums are
    added in another order then, so the last digits differ. `cuda`: on a GPU, where weights are kept and all outputs of
    floats stay. Raises InputError, when it runs, where there is no GPU.
    """

    program: Program
    compiled: bool = False
    cuda: bool = False
    _known: Arrays = field(default_factory=dict, repr=False)  # weights and what follows from them
    _unread: dict[str, InputError] = field(default_factory=dict, repr=False)
    _checked: dict[int, InputError | None] = field(default_factory=dict, repr=False)  # by id of the step

    def __post_init__(self) -> None:
        if self.compiled:
            use_cache()

    def run(self, inputs: Mapping[str, np.ndarray], advance: Callable[[], None] | None = None) -> Trace:
        """As `run` of this module. `advance` is called at every step."""
        values = {name: self._placed(array) for name, array in fed(self.program.inputs, inputs).items()}
        trace = _Recording(bool(self.program.inputs), advance or _nothing)
        with np.errstate(all="ignore"):
            self._take(self.program.steps, values, trace)
        return Trace(trace.outputs, trace.skipped)

    def _take(self, steps: Iterable[Step], values: Arrays, trace: _Recording) -> None:
        for step in steps:
            trace.advance()
            fixed = trace.fixed and all(not name or self._has(name) for name in step.inputs)
            if fixed and all(name in self._known for name in step.outputs if name) and not step.branches:
                continue
            needs = next((name for name in step.inputs if name and name not in values and not self._has(name)), None)
            if needs is not None and step.refused is None:
                error = self._unread.get(needs)
                trace.skip(step, _named(step, error) if error else None, needs)
                continue
            begin = perf_counter()
            try:
                arrays = self._call(step, values, trace)
            except InputError as error:
                trace.skip(step, _named(step, error))
            except FAULTS as error:
                reason = f"{type(error).__name__}: {error}"
                trace.skip(step, InputError(step.name or step.kernel, "run_failed", reason=reason[:200]))
            else:
                named = zip(step.outputs, arrays, strict=False)
                found = {name: array for name, array in named if name and array is not None}
                (self._known if fixed and not step.branches else values).update(found)
                if not fixed or step.branches:
                    trace.add(step, found, perf_counter() - begin)

    def _call(self, step: Step, values: Arrays, trace: _Recording) -> Iterable[np.ndarray | None]:
        self._check(step)
        inputs = [self._value(name, values) for name in step.inputs]
        if step.branches:
            return self._branch(step, inputs[0], values, trace)
        given = self._function(step.kernel)(*inputs, **step.settings)
        arrays = [_array(result) for result in (given if isinstance(given, tuple) else (given,))]
        trace.require(step, arrays)
        return arrays

    def _function(self, name: str) -> Function:
        if self.cuda:
            return on_device.function(name)
        kernel = KERNELS[name]
        return kernel.fast if self.compiled else kernel.definition

    def _placed(self, array: np.ndarray) -> Any:
        """The array where it is computed with."""
        return machine().from_host(array) if self.cuda and array.dtype.kind == "f" else array

    def _branch(
        self, step: Step, condition: np.ndarray | None, values: Arrays, trace: _Recording
    ) -> Iterable[np.ndarray | None]:
        if condition is None or condition.size != 1:
            raise refused("a condition of many values", "one")
        branch = step.branches[0 if bool(condition.reshape(-1)[0]) else 1]
        self._take(branch.steps, values, trace)
        return [self._value(name, values) for name in branch.outputs]

    def _value(self, name: str, values: Arrays) -> np.ndarray | None:
        """What a name stands for; None where it is left out, or there is none."""
        if not name:
            return None
        if name in values:
            return values[name]
        return self._known[name] if self._has(name) else None

    def _has(self, name: str) -> bool:
        """Whether a value is a weight, or follows from weights. Reads it."""
        if name in self._known:
            return True
        if name in self._unread or name not in self.program.weights:
            return False
        try:
            self._known[name] = self._placed(_read(name, self.program.weights[name]))
        except InputError as error:
            self._unread[name] = error
            return False
        return True

    def _check(self, step: Step) -> None:
        """Raises InputError where there is no kernel for the step, or it does not take what the step gives."""
        if id(step) not in self._checked:
            self._checked[id(step)] = _complaint(step)
        error = self._checked[id(step)]
        if error is not None:
            raise error


@dataclass
class _Recording:
    """The trace in the making."""

    fixed: bool  # whether what follows from weights alone is left out
    advance: Callable[[], None]
    outputs: list[Output] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    _bytes: int = 0

    def require(self, step: Step, arrays: Iterable[np.ndarray]) -> None:
        """Raises InputError where the trace would become too large."""
        self._bytes += sum(array.nbytes for array in arrays)
        if self._bytes > MOST_TRACE_BYTES:
            raise InputError(step.name or step.kernel, "run_trace_large", limit=MOST_TRACE_BYTES >> 20)

    def add(self, step: Step, found: Mapping[str, np.ndarray], seconds: float) -> None:
        self.outputs += [Output(name, step.layer, step.kernel, array, seconds) for name, array in found.items()]

    def skip(self, step: Step, error: InputError | None, needs: str = "") -> None:
        name = step.name or next((name for name in step.outputs if name), step.kernel)
        self.skipped.append(Skipped(name, step.layer, step.kernel, error, needs))


def _array(result: Any) -> Any:
    """A result of a kernel as an array, where it is."""
    return np.asarray(result) if isinstance(result, np.generic | float | int) else result


def _nothing() -> None:
    pass


def _complaint(step: Step) -> InputError | None:
    if step.refused is not None:
        return step.refused
    if step.kernel == "If":
        return None if len(step.branches) == 2 and len(step.inputs) == 1 else refused("an If", "two branches")
    if step.kernel not in KERNELS:
        return InputError(step.name or step.kernel, "run_operator", operator=step.kernel)
    kernel = KERNELS[step.kernel]
    try:
        kernel.check(len(step.inputs), step.settings)
    except InputError as error:
        return error
    if not all(step.inputs[: kernel.inputs[0]]):
        return refused("an input that is left out", f"{kernel.inputs[0]} that are given")
    return None


def _named(step: Step, error: InputError) -> InputError:
    """The error, said of the step."""
    return type(error)(step.name or step.kernel, error.key, **error.facts)


def _read(name: str, values: Any) -> np.ndarray:
    """A weight in the type that is computed with. Raises InputError."""
    array = values
    if not isinstance(values, np.ndarray):
        array = values.read(slice(None), slice(None)).reshape(values.shape)
    if array.dtype.kind not in "fiub":
        raise InputError(name, "run_weight_type", found=array.dtype.name)
    if array.dtype.kind == "f" and array.dtype.itemsize < 4:
        array = array.astype(np.float32)
    return np.ascontiguousarray(array).reshape(array.shape)
