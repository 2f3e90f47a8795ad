"""Errors that a person can act on. They form one tree:

    Exception
    └── TensornautError            everything this package raises on purpose
        └── InputError             what the person gave (or the machine lacks); the command line shows one line, exit 2
            └── FormatError        the bytes of a model file (loaders/errors.py)

Anything else that escapes is a fault of ours. This file stands in kernels because that is the one part that loaders and
engine share. Each message says what was found, what was expected and what to do; Chinese texts are in scenes/strings.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from .names import clean

__all__ = ["MESSAGES", "InputError", "TensornautError"]

MESSAGES: dict[str, str] = {
    "cache_unwritable": "the folder cannot be written, expected one that can be, set XDG_CACHE_HOME to another",
    "cluster_empty": "found a scheduler without workers, expected at least one, start dask worker for it",
    "cluster_failed": "the cluster gave up a part ({reason}), expected workers with tensornaut that can read the file, "
    "look at their logs",
    "cluster_lost": "found no worker for {seconds} s, expected at least one, start dask worker again",
    "cluster_missing": "Dask is not installed, expected the extra cluster, install tensornaut[cluster]",
    "cluster_unreachable": "no scheduler answers ({reason}), expected one of Dask, check the address",
    "cluster_version": "found a worker with tensornaut {found}, expected {expected}, install the same version on all",
    "command_line": "{found}, expected what its help lists, run tensornaut {command} --help",
    "cuda_fault": "the GPU reported a fault ({reason}), expected none, run tensornaut doctor, or compute without it",
    "no_cuda": "no GPU can be used through CUDA ({reason}), expected one of NVIDIA with its driver, "
    "run tensornaut doctor, or give arrays in host memory",
    "no_cupy": "CuPy is not installed, expected the extra cuda for arrays on a GPU, install tensornaut[cuda]",
    "no_display": "found no display, expected a desktop (DISPLAY or WAYLAND_DISPLAY), use snapshot or record instead",
    "no_egl": "found no OpenGL without a window ({found}), expected libEGL and a driver, "
    "install libegl1 and libgl1 and run tensornaut doctor",
    "no_pillow": "Pillow is not installed, expected the extra pictures to read this file, install tensornaut[pictures]",
    "no_target": "found no memory for a picture of {found}, expected a graphics driver that can hold it, "
    "ask for a smaller picture",
    "not_found": "found no file or folder of this name, expected one that exists, check the spelling",
    "opengl_fault": "the driver reported {found} in {where}, expected none, update the graphics driver",
    "opengl_no_compute": "this OpenGL cannot draw points by computing ({found}), expected 4.3 with blocks of 128 MiB, "
    "leave --rasterizer out",
    "opengl_too_old": "found OpenGL {found}, expected 3.3 or later, update the graphics driver",
    "option_value": "found {found}, expected {expected}, change the option",
    "output_suffix": "found the ending {found}, expected {expected}, rename the output",
    "output_unwritable": "the output cannot be written ({reason}), "
    "expected a folder with free space that you may write to, choose another path",
    "run_failed": "this layer cannot be run ({reason}), expected inputs that fit it, those before it are shown",
    "run_heads": "found tokens of width {width} and not how many heads look at them, expected n_head in the metadata, "
    "convert the network to ONNX",
    "run_input_missing": "found no values for this input, expected {inputs}, give --input NAME=FILE",
    "run_input_none": "found no --input, expected {inputs}, give --input FILE, NAME=FILE, random or zeros",
    "run_input_numbers": "found {found}, expected {expected}, change the input",
    "run_input_shape": "found values of shape {found}, expected {expected}, change the input",
    "run_input_type": "found values of type {found}, expected {expected}, change the input",
    "run_input_unknown": "found no input of this name, expected {inputs}, change --input",
    "run_operator": "found the operator {operator}, expected one that there is a kernel for, those before it are shown",
    "run_setting": "found {found}, expected {expected}: this layer cannot be run, those before it are shown",
    "run_structure": "found no operators and no structure that is known by its tensors, "
    "expected a file that says how its layers are connected, convert the network to ONNX",
    "run_too_large": "found an array of shape {shape} to be made, expected at most {limit} MiB, give a smaller input",
    "run_trace_large": "found layers that give more than {limit} MiB, expected less, give a smaller input",
    "run_weight_type": "found weights of type {found}, expected real numbers, those before it are shown",
    "shader_fault": "the driver refused a shader ({found}), expected OpenGL 3.3, update the graphics driver",
    "unreadable": "the file cannot be read ({reason}), expected a file that you may read, check its permissions",
}


class TensornautError(Exception):
    """Root of all errors that are raised on purpose."""


class InputError(TensornautError):
    """Something the person gave cannot be used.

    `name`: the file, option or tensor it is about. `key`: which message. `facts`: what fills its placeholders; text
    among them is cleaned when shown. A subclass with messages of its own sets `messages`.
    Raises KeyError when the key is unknown or a fact is missing, so that a wrong raise fails in its own test.
    """

    messages: ClassVar[Mapping[str, str]] = MESSAGES

    def __init__(self, name: str, key: str, **facts: Any) -> None:
        self.name = name
        self.key = key
        self.facts = facts
        super().__init__(self.messages[key].format(**self.shown_facts))

    @property
    def shown_facts(self) -> dict[str, Any]:
        """The facts with every text among them cleaned."""
        return {key: clean(fact) if isinstance(fact, str) else fact for key, fact in self.facts.items()}

    def __reduce__(self):
        return partial(type(self), self.name, self.key, **self.facts), ()
