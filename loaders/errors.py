"""What can be wrong with the bytes of a model file. Part of the tree in engine/kernels/errors.py.

InputError
└── FormatError     `name` is the file, `key` one of MESSAGES below
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..engine.kernels.errors import InputError

__all__ = ["FormatError"]

AGAIN = "get the file again from where it came"
MESSAGES: dict[str, str] = {
    "ambiguous_folder": "found {count} models in the folder ({found}), expected one, name the file to open",
    "archive_damaged": "found a damaged zip archive ({reason}), expected a whole one, " + AGAIN,
    "archive_without_arrays": "found a zip archive without arrays, expected .npy members, open another file",
    "changed": "the file changed since it was opened, expected it to stay as it was, open it again",
    "data_gap": "found {count} unused bytes at {offset} of the tensor data, expected none, " + AGAIN,
    "data_outside": "found tensor {tensor} ending at byte {end}, expected at most {size}: the file is cut off or lies, "
    + AGAIN,
    "data_overlap": "found tensor {tensor} on bytes of another one, expected bytes of its own, " + AGAIN,
    "dtype_unreadable": "found values of type {dtype}, expected numbers, choose another tensor",
    "duplicate_name": "found the name {tensor} twice in the header, expected it once, " + AGAIN,
    "empty_file": "found an empty file, expected a model, " + AGAIN,
    "empty_folder": "found no model in the folder, expected config.json with safetensors, or one model file, "
    "name the file to open",
    "header_json": "found a header that is no valid JSON ({reason}), expected the header of {format}, " + AGAIN,
    "header_shape": "found {found} in the header at {where}, expected {expected}, " + AGAIN,
    "header_size": "found a header of {found} bytes, expected {expected}, " + AGAIN,
    "lfs_pointer": "found a Git LFS pointer, expected the file that it stands for, fetch it with git lfs pull",
    "name_unsafe": "found the file name {found} in {where}, expected one inside the model's folder, do not trust it",
    "npy_header": "found a header that NumPy does not write ({found}), expected dtype, order and shape, " + AGAIN,
    "npy_objects": "found Python objects, expected numbers, save the array again with a numeric dtype",
    "npy_type": "found values of type {found}, expected plain numbers, save the array again with a numeric dtype",
    "no_arrays_readable": "found {count} members and none that can be read ({reason}), expected arrays of numbers, "
    "save them again with numeric dtypes",
    "no_graph": "found {count} graphs in the model, expected one, " + AGAIN,
    "no_tensors_readable": "found {count} tensors and none that can be read ({reason}), expected whole ones, " + AGAIN,
    "not_a_model": "found {found}, expected a model file, choose another file",
    "not_regular": "found {found}, expected a regular file, choose another file",
    "not_supported": "found {found}, expected safetensors, ONNX, PyTorch, npy or npz, "
    "convert the file or wait for a later version",
    "pickle_cut": "found {size} bytes of a pickle that goes on, expected its end: the file is cut off or lies, "
    + AGAIN,
    "pickle_damaged": "found a damaged pickle ({reason}), expected one that Python wrote, " + AGAIN,
    "protobuf_damaged": "found no field of a protobuf message at byte {offset} ({reason}), expected one, " + AGAIN,
    "protobuf_too_much": "found more than {limit} {what}, expected fewer in any real model, do not trust the file",
    "remote_cut": "found {found} bytes at {offset} where the server stated {expected}, expected all of them, "
    "try again or download the file",
    "remote_format": "found {found} behind an address, expected safetensors or npy, download the file and open that",
    "remote_missing": "fsspec is not installed, expected the extra cluster, install tensornaut[cluster]",
    "remote_protocol": "found {found} ({reason}), expected an address that fsspec can read here, "
    "install what is missing or download the file",
    "remote_ranges": "found a server that sends no parts of a file, expected one that does, download the file",
    "remote_size": "found a server that does not state how large the file is, expected one that does, "
    "download the file",
    "remote_unreadable": "the address cannot be read ({reason}), expected a server that sends the file, "
    "check the address and the network",
    "shape_bytes": "found {found} bytes for tensor {tensor}, expected {expected} for its shape and type, " + AGAIN,
    "truncated": "found the end of the file at byte {size}, expected {expected} bytes, " + AGAIN,
    "values_absent": "found a tensor without values, expected numbers, choose another tensor",
}


class FormatError(InputError):
    """The bytes of a model file cannot be what they claim. Raised before anything is allocated for a claim."""

    messages: ClassVar[Mapping[str, str]] = MESSAGES
