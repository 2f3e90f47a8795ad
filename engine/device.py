"""Which GPUs CUDA can use here, and with what. The driver is asked directly: CuPy is not imported for that.

Arrays on a GPU stay there: kernels take whatever has `__cuda_array_interface__` or DLPack where it lies (see
`kernels/device_memory.py`), chosen by `kernel_choice.version_for`. Host memory never goes to a GPU by itself.
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from typing import Any

import numpy as np

from .kernels.decode import matrix_shape
from .kernels.device_memory import DeviceMemory, is_on_device, memory_of

__all__ = ["CudaDevice", "CudaFacts", "DeviceMemory", "DeviceValues", "cuda_facts", "is_on_device", "memory_of"]

DRIVERS = ("nvcuda.dll",) if sys.platform == "win32" else ("libcuda.so.1",)
COMPILERS = ("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2")
CUPY_NAMES = ("cupy-cuda12x", "cupy-cuda13x", "cupy-cuda11x", "cupy")
COMPILER_NAMES = ("nvidia-cuda-nvrtc", "nvidia-cuda-nvrtc-cu12", "nvidia-cuda-nvrtc-cu11")
MAJOR, MINOR = 75, 76  # attributes of a device: its compute capability
NAME_BYTES = 256


@dataclass(frozen=True)
class CudaDevice:
    """A GPU."""

    name: str
    memory_bytes: int
    capability: str  # of computing, as 9.0


@dataclass(frozen=True)
class CudaFacts:
    """What there is for kernels in CUDA."""

    devices: tuple[CudaDevice, ...]
    driver: str | None  # the newest CUDA that the driver knows, as 12.4
    fault: str | None  # why there is no device
    cupy: str | None  # version of CuPy, None where it is not installed
    nvrtc: str | None  # version of the compiler


@dataclass(frozen=True)
class DeviceValues:
    """`Values` of an array on a GPU, of any shape and real type: activations. Only what is read comes to the host."""

    array: Any  # contiguous, with `__cuda_array_interface__` or DLPack
    key: str

    @cached_property
    def memory(self) -> DeviceMemory:
        """Where the numbers lie."""
        return memory_of(self.array)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.memory.shape

    @property
    def dtype(self) -> str:
        return self.memory.dtype

    def read_on_device(self, rows: slice, cols: slice) -> Any:
        """As `read`, as an array on the GPU."""
        from .kernels.decode_cupy import decode
        from .kernels.machine_cupy import machine

        gpu = machine()
        part = gpu.array(self.array).reshape(matrix_shape(self.shape))[rows, cols]
        return decode(gpu.array(part), self.dtype, int(part.size)).reshape(part.shape)

    def read(self, rows: slice, cols: slice) -> np.ndarray:
        """As `Values.read`: a part of the matrix, decoded, in host memory. Raises InputError where CUDA fails."""
        from .kernels.machine_cupy import machine

        return machine().to_host(self.read_on_device(rows, cols))


def cuda_facts() -> CudaFacts:
    """What there is. Starts the driver, which takes a moment and may not go well: to be asked in a child process."""
    cupy, nvrtc = _installed(CUPY_NAMES), _compiler()
    driver = _library(DRIVERS)
    if driver is None:
        return CudaFacts((), None, "no driver of NVIDIA", cupy, nvrtc)
    version = ctypes.c_int()
    number = None if driver.cuDriverGetVersion(ctypes.byref(version)) else _version(version.value)
    if status := driver.cuInit(0):
        return CudaFacts((), number, f"the driver reports fault {status}", cupy, nvrtc)
    count = ctypes.c_int()
    driver.cuDeviceGetCount(ctypes.byref(count))
    devices = tuple(_device(driver, place) for place in range(count.value))
    return CudaFacts(devices, number, None if devices else "no GPU of NVIDIA", cupy, nvrtc)


def _device(driver: ctypes.CDLL, place: int) -> CudaDevice:
    handle, size, name = ctypes.c_int(), ctypes.c_size_t(), ctypes.create_string_buffer(NAME_BYTES)
    driver.cuDeviceGet(ctypes.byref(handle), place)
    driver.cuDeviceGetName(name, NAME_BYTES, handle)
    driver.cuDeviceTotalMem_v2(ctypes.byref(size), handle)
    parts = []
    for attribute in (MAJOR, MINOR):
        part = ctypes.c_int()
        driver.cuDeviceGetAttribute(ctypes.byref(part), attribute, handle)
        parts.append(str(part.value))
    return CudaDevice(name.value.decode("utf-8", "replace"), size.value, ".".join(parts))


def _compiler() -> str | None:
    """Version of nvrtc: of the system's, else of its wheel."""
    library = _library(COMPILERS)
    if library is None:
        return _installed(COMPILER_NAMES)
    major, minor = ctypes.c_int(), ctypes.c_int()
    library.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
    return f"{major.value}.{minor.value}"


def _library(names: tuple[str, ...]) -> ctypes.CDLL | None:
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def _installed(names: tuple[str, ...]) -> str | None:
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


def _version(number: int) -> str:
    """12040 as 12.4."""
    return f"{number // 1000}.{number % 1000 // 10}"
