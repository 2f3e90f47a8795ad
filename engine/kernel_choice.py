"""Which version of a kernel is used: the NumPy definition, or the compiled one once it is there and worth its import.

All versions give the same bits, so a change between two frames of a film cannot be seen. Nothing is compiled in this
process: a process that draws more than one picture has it done by a worker, and draws with the definitions meanwhile.
Numbers on a GPU are read there, by versions in CUDA; numbers in host memory never go there by themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from .kernel_cache import DRAWING, Compilation, kernels_are_ready, use_cache
from .kernels.device_memory import is_on_device

__all__ = [
    "ONE_ON_HOST", "ON_DEVICE", "VERSIONS", "KernelChoice",
    "begin_frame", "is_compiled", "version", "version_for", "want",
]  # fmt: skip

VERSIONS = {  # name: definition, compiled
    "colorize": (".kernels.colorize", ".kernels.colorize_numba"),
    "cut": (".kernels.cut", ".kernels.cut_numba"),
    "decode": (".kernels.decode", ".kernels.decode_numba"),
    "norms": (".kernels.norms", ".kernels.norms_numba"),
    "outliers": (".kernels.outliers", ".kernels.outliers_numba"),
    "pyramid": (".kernels.pyramid", ".kernels.pyramid_numba"),
    "rasterize": (".rasterize.definition", ".rasterize.compiled"),
    "summarize": (".kernels.summarize", ".kernels.summarize_numba"),
    "summarize_matrix": (".kernels.summarize_matrix", ".kernels.summarize_matrix_numba"),
}
ONE_ON_HOST = {  # name: definition, which is fast enough there
    "ends": ".kernels.ends",
    "summarize_small": ".kernels.summarize_small",
}
ON_DEVICE = {  # name: in CUDA
    "colorize": ".kernels.colorize_cupy",
    "cut": ".kernels.cut_cupy",
    "decode": ".kernels.decode_cupy",
    "ends": ".kernels.ends_cupy",
    "norms": ".kernels.norms_cupy",
    "outliers": ".kernels.outliers_cupy",
    "pyramid": ".kernels.pyramid_cupy",
    "rasterize": ".rasterize.rasterizer_cupy",
    "summarize": ".kernels.summarize_cupy",
    "summarize_matrix": ".kernels.summarize_matrix_cupy",
    "summarize_small": ".kernels.summarize_small_cupy",
}
WORTH = 1_000_000  # values or samples; the definitions handle so many in the time that importing numba takes


class KernelChoice:
    """The choice of one process. Any thread; nobody waits for a worker, and only `version` for an import."""

    def __init__(self) -> None:
        self._compiled: dict[str, ModuleType] = {}
        self._loading = threading.Lock()
        self._compilation: Compilation | None = None
        self._work = self._frames = 0
        self._missing = False

    def version(self, name: str, work: int) -> ModuleType:
        """The module to use for `work` more values or samples: both versions have the same functions.

        Compiled kernels are imported here when the work so far is worth it, unless another thread is about it.
        """
        self._work += work
        if name not in self._compiled and self._work >= WORTH and not self._missing and _are_ready([name]):
            if self._loading.acquire(blocking=False):
                try:
                    self._load(name)
                finally:
                    self._loading.release()
        return self._compiled.get(name) or import_module(VERSIONS[name][0], __package__)

    def is_compiled(self, name: str) -> bool:
        """Whether `version` gives the compiled one."""
        return name in self._compiled

    def begin_frame(self) -> None:
        """A frame begins. From the second one on the compiled kernels are wanted."""
        self._frames += 1
        if self._frames > 1:
            self.want(DRAWING)

    def want(self, names: Sequence[str]) -> None:
        """There is much to do: has the kernels made by a worker, and imports those of `names` aside once they are.

        Returns at once; to be called again from time to time.
        """
        if self._missing:
            return
        if not _are_ready(names):
            self._compilation = self._compilation or Compilation()
            self._missing = self._compilation.is_done() and self._compilation.failed
        elif self._compiled.keys() >= set(names):
            if kernels_are_ready():
                self.close()
        elif self._loading.acquire(blocking=False):
            threading.Thread(target=self._load_all, args=(names,), name="kernels").start()

    def close(self) -> None:
        """Ends the worker that compiles."""
        if self._compilation is not None:
            self._compilation.close()

    def _load_all(self, names: Sequence[str]) -> None:
        try:
            for name in names:
                self._load(name)
        finally:
            self._loading.release()

    def _load(self, name: str) -> None:
        self._missing = True  # and it stays so when this does not go well: nobody tries again
        use_cache()
        self._compiled[name] = import_module(VERSIONS[name][1], __package__)
        self._missing = False


def _are_ready(names: Sequence[str]) -> bool:
    return kernels_are_ready(drawing=set(names) <= set(DRAWING))


_CHOICE = KernelChoice()


def version(name: str, work: int) -> ModuleType:
    """As `KernelChoice.version`, of this process."""
    return _CHOICE.version(name, work)


def version_for(name: str, values: Any) -> ModuleType:
    """The module for an array: the one in CUDA where it lies on a GPU, else that of `version`.

    Functions of the former raise InputError where CuPy is missing, and ValueError for numbers that they do not know.
    """
    if is_on_device(values):
        return import_module(ON_DEVICE[name], __package__)
    if name in ONE_ON_HOST:
        return import_module(ONE_ON_HOST[name], __package__)
    return version(name, int(values.size))


def is_compiled(name: str) -> bool:
    """As `KernelChoice.is_compiled`, of this process."""
    return _CHOICE.is_compiled(name)


def begin_frame() -> None:
    """As `KernelChoice.begin_frame`, of this process."""
    _CHOICE.begin_frame()


def want(names: Sequence[str]) -> None:
    """As `KernelChoice.want`, of this process."""
    _CHOICE.want(names)
