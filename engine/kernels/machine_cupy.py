"""The machine that kernels in CUDA run on: a GPU through CuPy. Tests put one in its place that runs them on the CPU.

Kernels are texts in shaders/. What the GPU computes has the bits of the definitions: products and sums are rounded one
by one (no fused multiply-add), and what has an order is done in that order.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from .device_memory import memory_of
from .errors import InputError

__all__ = ["OPTIONS", "CudaText", "CupyMachine", "Machine", "machine"]

SHADERS = Path(__file__).resolve().parent.parent.parent / "shaders"
INCLUDE = re.compile(r'^#include "([\w.]+)"$', re.MULTILINE)
OPTIONS = ("--std=c++17", "--fmad=false")


@dataclass(frozen=True)
class CudaText:
    """A file of shaders/, STEM.cu, and the names of its kernels: of templates with their arguments."""

    stem: str
    kernels: tuple[str, ...]

    def source(self) -> str:
        """The text, each included file in place of its first mention."""
        return _with_includes(SHADERS / f"{self.stem}.cu", set())


def _with_includes(path: Path, done: set[str]) -> str:
    def included(found: re.Match[str]) -> str:
        if found[1] in done:
            return ""
        done.add(found[1])
        return _with_includes(path.with_name(found[1]), done)

    return INCLUDE.sub(included, path.read_text("utf-8"))


class Machine(Protocol):
    """Memory, and kernels that run on it. Its arrays have shape, dtype, size, reshape, view and slices."""

    processors: int
    """How many groups of threads run at a time at least."""
    shared_bytes: int
    """The most memory that threads of a group may share."""

    def array(self, values: Any) -> Any:
        """An array of the machine where the numbers of another library's are; types without a NumPy name as bits."""

    def empty(self, shape: int | tuple[int, ...], dtype: Any) -> Any: ...

    def zeros(self, shape: int | tuple[int, ...], dtype: Any) -> Any: ...

    def from_host(self, values: np.ndarray) -> Any:
        """A copy of host memory: of tables and arguments, never of a tensor that somebody has in host memory."""

    def to_host(self, array: Any) -> np.ndarray: ...

    def address(self, array: Any) -> int:
        """Of the first item, in bytes."""

    def launch(
        self, text: CudaText, kernel: str, grid: tuple[int, ...], threads: int, *arguments: Any, shared_bytes: int = 0
    ) -> None:
        """Starts a kernel. Arguments are arrays of the machine and NumPy scalars of the very types of the kernel."""


def _said(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, which raises InputError where CUDA, its compiler or its memory fails."""

    @wraps(method)
    def saying(self: CupyMachine, *arguments: Any, **settings: Any) -> Any:
        try:
            return method(self, *arguments, **settings)
        except self.faults as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise InputError("cuda", "cuda_fault", reason=reason[:LONGEST_REASON]) from error

    return saying


class CupyMachine:
    """The current device of CuPy. Raises InputError where CuPy or a device is missing, or one reports a fault."""

    def __init__(self) -> None:
        try:
            import cupy
        except ImportError as error:
            raise InputError("cupy", "no_cupy") from error
        self._cupy = cupy
        # Faults of CUDA are RuntimeErrors; where the compiler's library is missing, CuPy may raise any of the last two.
        self.faults = (cupy.cuda.compiler.CompileException, cupy.cuda.memory.OutOfMemoryError, RuntimeError, OSError)
        try:
            device = cupy.cuda.Device()
            facts = device.attributes
        except cupy.cuda.runtime.CUDARuntimeError as error:
            raise InputError("cuda", "no_cuda", reason=str(error)) from error
        self.processors = int(facts["MultiProcessorCount"])
        self.shared_bytes = int(facts["MaxSharedMemoryPerBlockOptin"])

    @_said
    def array(self, values: Any) -> Any:
        """As `Machine.array`."""
        if isinstance(values, self._cupy.ndarray):
            self._require_here(values.device.id)
            return self._cupy.ascontiguousarray(values)
        memory = memory_of(values)
        self._require_here(memory.device)
        if memory.stream not in (None, LEGACY_STREAM):
            self._cupy.cuda.ExternalStream(memory.stream).synchronize()
        if not memory.count:
            return self._cupy.empty(memory.shape, memory.stored)
        size = memory.count * memory.stored.itemsize
        owned = self._cupy.cuda.UnownedMemory(memory.pointer, size, memory.owner, _or(memory.device, -1))
        place = self._cupy.cuda.MemoryPointer(owned, 0)
        return self._cupy.ndarray(memory.shape, memory.stored, place)

    def _require_here(self, device: int | None) -> None:
        """Raises ValueError for memory of another GPU than the current one."""
        current = self._cupy.cuda.Device().id
        if device not in (None, current):
            raise ValueError(f"found an array on GPU {device}, expected one on {current}, the current one of CuPy")

    @_said
    def empty(self, shape: int | tuple[int, ...], dtype: Any) -> Any:
        return self._cupy.empty(shape, dtype)

    @_said
    def zeros(self, shape: int | tuple[int, ...], dtype: Any) -> Any:
        return self._cupy.zeros(shape, dtype)

    @_said
    def from_host(self, values: np.ndarray) -> Any:
        return self._cupy.asarray(values)

    @_said
    def to_host(self, array: Any) -> np.ndarray:
        """A copy, in pinned memory: the only kind that comes at the full rate of the bus."""
        if not array.size:
            return np.empty(array.shape, array.dtype)
        pinned = self._cupy.cuda.alloc_pinned_memory(array.nbytes)
        host = np.frombuffer(pinned, array.dtype, array.size).reshape(array.shape)
        array.get(out=host)
        return host

    def address(self, array: Any) -> int:
        return int(array.data.ptr)

    @_said
    def launch(
        self, text: CudaText, kernel: str, grid: tuple[int, ...], threads: int, *arguments: Any, shared_bytes: int = 0
    ) -> None:
        """As `Machine.launch`."""
        function = _compiled(text, kernel)
        if shared_bytes > USUAL_SHARED_BYTES:
            function.max_dynamic_shared_size_bytes = shared_bytes
        function(grid, (threads,), arguments, shared_mem=shared_bytes)


LEGACY_STREAM = 1
LONGEST_REASON = 300  # characters
USUAL_SHARED_BYTES = 48 << 10  # more has to be asked for
_MACHINE: Machine | None = None


def machine() -> Machine:
    """The machine of this process. Raises InputError where there is none."""
    global _MACHINE
    if _MACHINE is None:
        _MACHINE = CupyMachine()
    return _MACHINE


@cache
def _compiled(text: CudaText, kernel: str) -> Any:
    import cupy

    module = cupy.RawModule(code=text.source(), options=OPTIONS, name_expressions=[kernel])
    return module.get_function(kernel)


def _or(number: int | None, otherwise: int) -> int:
    return otherwise if number is None else number
