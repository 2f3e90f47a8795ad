"""Arrays on a CUDA device as other libraries describe them, read where they are: nothing is copied or converted.

Sources: the CUDA array interface of Numba, version 3, and DLPack, whose struct DLTensor is read here.
"""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .decode import DTYPES

__all__ = ["DeviceMemory", "is_on_device", "memory_of"]

CUDA_DEVICES = (2, 13)  # of DLPack: memory of a device, and memory that the driver moves
LEGACY_STREAM = 1
DLPACK_KINDS = {0: "int", 1: "uint", 2: "float", 4: "bfloat", 5: "complex"}
DLPACK_SMALL = {
    6: "bool",
    10: "float8_e4m3fn",
    11: "float8_e4m3fnuz",
    12: "float8_e5m2",
    13: "float8_e5m2fnuz",
    14: "float8_e8m0fnu",
}


@dataclass(frozen=True)
class DeviceMemory:
    """A contiguous array on a device."""

    pointer: int
    shape: tuple[int, ...]
    dtype: str  # of `DTYPES`
    device: int | None  # number of the device, None where it is not said
    stream: int | None  # to be waited for
    owner: Any  # keeps the memory

    @property
    def count(self) -> int:
        """Items."""
        return math.prod(self.shape)

    @property
    def stored(self) -> np.dtype[Any]:
        """NumPy type of the items as they lie there."""
        return np.dtype(DTYPES[self.dtype].stored)


def is_on_device(values: object) -> bool:
    """Whether an array lies on a CUDA device. Asks the array, imports nothing."""
    if isinstance(values, np.ndarray):
        return False
    if getattr(type(values), "__dlpack_device__", None) is not None:
        return int(values.__dlpack_device__()[0]) in CUDA_DEVICES  # type: ignore[attr-defined]
    return hasattr(values, "__cuda_array_interface__")


def memory_of(values: Any) -> DeviceMemory:
    """Where an array's numbers lie on its device.

    Raises TypeError for an array that is not there, ValueError for one with gaps or of a type without a name.
    """
    if not is_on_device(values):
        raise TypeError(f"found {type(values).__name__}, expected an array on a CUDA device")
    if getattr(type(values), "__dlpack__", None) is not None:
        return _of_dlpack(values)
    return _of_interface(values)


def _of_interface(values: Any) -> DeviceMemory:
    facts = values.__cuda_array_interface__
    shape, kind = tuple(facts["shape"]), np.dtype(facts["typestr"])
    if kind.name not in DTYPES or not kind.isnative:
        raise ValueError(f"found numbers of type {kind.str}, expected one of {', '.join(DTYPES)}")
    _check_strides(shape, facts.get("strides"), kind.itemsize)
    return DeviceMemory(facts["data"][0], shape, kind.name, None, facts.get("stream"), values)


def _check_strides(shape: tuple[int, ...], strides: tuple[int, ...] | None, item: int) -> None:
    """Raises ValueError unless the items follow each other, the last axis first."""
    expected, count = item, math.prod(shape)
    for side, stride in zip(reversed(shape), reversed(strides or ()), strict=False):
        if side > 1 and stride != expected and count:
            raise ValueError(f"found strides {strides}, expected numbers that follow each other")
        expected *= side


class _Tensor(ctypes.Structure):
    """DLTensor, with which both kinds of capsules go on after their heads."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device", ctypes.c_int32),
        ("axes", ctypes.c_int32),
        ("kind", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


def _of_dlpack(values: Any) -> DeviceMemory:
    """The capsule is not taken over: it keeps the memory until it is let go."""
    capsule = values.__dlpack__(stream=LEGACY_STREAM)
    address = ctypes.pythonapi.PyCapsule_GetPointer
    address.restype, address.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    tensor = _Tensor.from_address(address(capsule, b"dltensor"))
    shape = tuple(tensor.shape[axis] for axis in range(tensor.axes))
    name = DLPACK_SMALL.get(tensor.kind, f"{DLPACK_KINDS.get(tensor.kind, '?')}{tensor.bits}")
    if name not in DTYPES or tensor.lanes != 1:
        raise ValueError(f"found numbers of DLPack type {tensor.kind}, {tensor.bits} bits, expected a known one")
    if tensor.strides:
        _check_strides(shape, tuple(tensor.strides[axis] for axis in range(tensor.axes)), 1)
    return DeviceMemory((tensor.data or 0) + tensor.byte_offset, shape, name, tensor.device, None, (capsule, values))
