"""What PyTorch's pickles describe, as data of ours: storages, views of them, and tensors of several parts.

The table `TORCH_OBJECTS` is all that stands for something; it maps exact names, never prefixes.
Source: torch/_utils.py, torch/_tensor.py and torch/storage.py of PyTorch 2.13 (the functions that rebuild tensors), and
the same of 0.4 for older files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .pickle_objects import PYTHON_OBJECTS, Dict, Global, Make

__all__ = ["ITEM_BYTES", "TORCH_OBJECTS", "Compound", "Storage", "View", "stored"]

ITEM_BYTES = {
    **{"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "complex128": 16, "complex64": 8, "complex32": 4},
    **{f"{sign}int{8 * size}": size for sign in ("", "u") for size in (1, 2, 4, 8)},
    **{"bool": 1, "qint8": 1, "quint8": 1, "qint32": 4},
    **{f"float8_{kind}": 1 for kind in ("e4m3fn", "e4m3fnuz", "e5m2", "e5m2fnuz", "e8m0fnu")},
    **{"float4_e2m1fn_x2": 1, "bits8": 1, "bits16": 2, "bits1x8": 1, "bits2x4": 1, "bits4x2": 1},
}
ALIASES = {"double": "float64", "float": "float32", "half": "float16", "cdouble": "complex128", "cfloat": "complex64"}
ALIASES |= {"chalf": "complex32", "long": "int64", "int": "int32", "short": "int16"}
STORAGES = {
    **{"DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16"},
    **{"LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8"},
    **{"ByteStorage": "uint8", "BoolStorage": "bool", "UntypedStorage": "uint8", "_UntypedStorage": "uint8"},
    **{"ComplexDoubleStorage": "complex128", "ComplexFloatStorage": "complex64"},
    **{"QInt8Storage": "qint8", "QUInt8Storage": "quint8", "QInt32Storage": "qint32"},
}
SIGNS = 8  # entries of what is said about a tensor; there are two
STORAGE_MODULES = {"torch", "torch.cuda", "torch.storage"}


@dataclass(frozen=True)
class Storage:
    """Items that follow each other, found by a key."""

    key: str
    dtype: str
    count: int
    first: int = 0  # item of the storage `key` that this one begins with


class View:
    """A tensor: where its items stand in a storage. Nothing is checked yet."""

    __slots__ = ("dtype", "first", "is_conjugate", "is_negative", "quantizer", "shape", "state", "storage", "strides")

    def __init__(self, storage: Storage | None, first: Any, shape: Any, strides: Any, dtype: str) -> None:
        self.storage, self.first, self.shape, self.strides, self.dtype = storage, first, shape, strides, dtype
        self.is_conjugate = self.is_negative = False  # of what stands in the storage
        self.quantizer: Any = None
        self.state: Any = None  # further attributes


class Compound:
    """A tensor of several ones: a sparse or a nested one."""

    __slots__ = ("about", "parts", "state")

    def __init__(self, about: str, parts: Mapping[str, Any]) -> None:
        self.about, self.parts = about, parts
        self.state: Any = None


def stored(identity: Any) -> Any:
    """The storage, or the class of a module, of a persistent id. Raises ValueError for others."""
    if type(identity) is not tuple:
        raise ValueError("no storage")
    if len(identity) == 4 and identity[0] == "module":  # class, file and text of its source
        return identity[1]
    if not 5 <= len(identity) <= 6 or type(identity[0]) is not str or identity[0] != "storage":
        raise ValueError("no storage")
    _, kind, key, _, count, *more = identity
    dtype = STORAGES.get(kind.name) if type(kind) is Global and kind.module in STORAGE_MODULES else None
    if dtype is None or type(key) is not str or type(count) is not int or count < 0:
        raise ValueError("no storage")
    if not more or more[0] is None:
        return Storage(key, dtype, count)
    _, first, size = more[0]
    if type(first) is not int or type(size) is not int or first < 0 or size < 0 or first + size > count:
        raise ValueError("no part of a storage")
    return Storage(key, dtype, size, first)


def _dtype(value: Any) -> str:
    name = ALIASES.get(value.name, value.name) if type(value) is Global and value.module == "torch" else ""
    if name not in ITEM_BYTES:
        raise ValueError("no type of numbers")
    return name


def _view(arguments: Any) -> View:
    """_rebuild_tensor(storage, first, shape, strides), and v2 with whether it learns, hooks, and more."""
    storage, first, shape, strides = arguments[:4]
    if type(storage) is not Storage:
        raise ValueError("no storage")
    view = View(storage, first, shape, strides, storage.dtype)
    if len(arguments) > 6:
        _set_signs(view, arguments[6])
    return view


def _view_of_type(arguments: Any) -> View:
    """_rebuild_tensor_v3: a type beside a storage without one."""
    storage, first, shape, strides = arguments[:4]
    if type(storage) is not Storage or storage.dtype != "uint8":
        raise ValueError("no storage")
    view = View(storage, first, shape, strides, _dtype(arguments[6]))
    if len(arguments) > 7:
        _set_signs(view, arguments[7])
    return view


def _set_signs(view: View, about: Any) -> None:
    if type(about) is Dict and len(about.pairs) <= SIGNS:
        view.is_conjugate, view.is_negative = about.get("conj") is True, about.get("neg") is True


def _quantized(arguments: Any) -> View:
    view = _view(arguments[:4])
    view.quantizer = arguments[4]
    return view


def _meta(arguments: Any) -> View:
    dtype, shape, strides = arguments[:3]
    return View(None, 0, shape, strides, _dtype(dtype))


def _sparse(arguments: Any) -> Compound:
    layout, data = arguments
    kind = layout if type(layout) is str else layout.name if type(layout) is Global else None
    names = ("indices", "values") if kind == "sparse_coo" else ("compressed_indices", "plain_indices", "values")
    if kind is None or type(data) is not tuple or len(data) < len(names) + 1:
        raise ValueError("no sparse tensor")
    size = data[len(names)]
    shape = " x ".join(str(side) for side in size[:64]) if _is_sizes(size) else "unknown size"
    return Compound(f"{kind} of {shape}", dict(zip(names, data, strict=False)))


def _is_sizes(value: Any) -> bool:
    return type(value) is tuple and all(type(side) is int and 0 <= side < 2**63 for side in value)


def _nested(arguments: Any) -> Compound:
    buffer, sizes, strides, offsets = arguments
    parts = {"values": buffer, "sizes": sizes, "strides": strides, "offsets": offsets}
    return Compound("nested", parts)


def _first_tensor(arguments: Any) -> View | Compound:
    """What is made of a tensor, and is one: a parameter, a tensor of another device."""
    if type(arguments[0]) not in (View, Compound):
        raise ValueError("no tensor")
    return arguments[0]


def _of_subclass(arguments: Any) -> View | Compound:
    """_rebuild_from_type_v2(function, class, its arguments, state): what the function gives."""
    function, _, inner = arguments[:3]
    if type(function) is not Global or function.make is None or type(inner) is not tuple:
        raise ValueError("no tensor")
    found = function.make(inner)
    if type(found) not in (View, Compound):
        raise ValueError("no tensor")
    return found


def _size(arguments: Any) -> tuple[Any, ...]:
    (sizes,) = arguments
    return tuple(sizes) if type(sizes) is list else _tuple(sizes)


def _tuple(value: Any) -> tuple[Any, ...]:
    if type(value) is not tuple:
        raise ValueError("no sizes")
    return value


def _layout(arguments: Any) -> Any:
    (name,) = arguments
    if type(name) is not str:
        raise ValueError("no layout")
    return name.removeprefix("torch.")


TORCH_OBJECTS: Mapping[tuple[str, str], Make] = {
    **PYTHON_OBJECTS,
    ("torch._utils", "_rebuild_tensor"): _view,
    ("torch._utils", "_rebuild_tensor_v2"): _view,
    ("torch._utils", "_rebuild_tensor_v3"): _view_of_type,
    ("torch._utils", "_rebuild_qtensor"): _quantized,
    ("torch._utils", "_rebuild_meta_tensor_no_storage"): _meta,
    ("torch._utils", "_rebuild_sparse_tensor"): _sparse,
    ("torch._utils", "_rebuild_nested_tensor"): _nested,
    ("torch._utils", "_rebuild_parameter"): _first_tensor,
    ("torch._utils", "_rebuild_parameter_with_state"): _first_tensor,
    ("torch._utils", "_rebuild_device_tensor_from_cpu_tensor"): _first_tensor,
    ("torch._tensor", "_rebuild_from_type"): _of_subclass,
    ("torch._tensor", "_rebuild_from_type_v2"): _of_subclass,
    ("torch.tensor", "_rebuild_from_type"): _of_subclass,
    ("torch.nn.parameter", "Parameter"): _first_tensor,
    ("torch.autograd.variable", "Variable"): _first_tensor,
    ("torch", "Size"): _size,
    ("torch.serialization", "_get_layout"): _layout,
}
