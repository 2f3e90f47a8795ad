"""Compilers of the texts in shaders/ for tests: NVIDIA's, which needs no GPU; and g++ with a shim."""

import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import weakref
from pathlib import Path

import numpy as np
from tensornaut.engine.kernels.device_memory import memory_of

FOLDER = Path(__file__).parent
FLAGS = ("-std=c++17", "-O2", "-ffp-contract=off", "-fno-strict-aliasing", "-fPIC", "-shared", "-w")
GUARD, GARBAGE = 64, 0xA5  # bytes beside an array; what is in memory that nobody wrote


class ShimMachine:
    """As `CupyMachine`, of host memory. Arrays are NumPy's; what a kernel writes beside them is found."""

    processors = 2
    shared_bytes = 227 << 10

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._libraries = {}
        self._kept = []

    def array(self, values):
        if isinstance(values, np.ndarray):
            return np.ascontiguousarray(values)
        memory = memory_of(values)
        raw = (ctypes.c_ubyte * (memory.count * memory.stored.itemsize)).from_address(memory.pointer)
        raw.owner = memory.owner
        return np.frombuffer(raw, memory.stored).reshape(memory.shape)

    def empty(self, shape, dtype):
        kind = np.dtype(dtype)
        size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
        raw = np.full(size + 3 * GUARD, GARBAGE, np.uint8)
        begin = -raw.ctypes.data % GUARD + GUARD
        self._kept.append((weakref.ref(raw), raw[:begin].ctypes.data, begin, size))
        return raw[begin : begin + size].view(kind).reshape(shape)

    def zeros(self, shape, dtype):
        array = self.empty(shape, dtype)
        array[...] = 0
        return array

    def from_host(self, values):
        array = self.empty(values.shape, values.dtype)
        array[...] = values
        return array

    def to_host(self, array):
        return array.copy()

    def address(self, array):
        return array.ctypes.data

    def launch(self, text, kernel, grid, threads, *arguments, shared_bytes=0):
        assert shared_bytes <= self.shared_bytes and 0 < threads <= 1024 and all(side > 0 for side in grid)
        library, place = self._library(text), text.kernels.index(kernel)
        sizes = (ctypes.c_int * 64)()
        getattr(library, f"sizes_{place}")(sizes)
        holders = [_holder(argument) for argument in arguments]
        assert [holder.nbytes for holder in holders] == [size for size in sizes if size], f"arguments of {kernel}"
        pointers = (ctypes.c_void_p * len(holders))(*(holder.ctypes.data for holder in holders))
        sides = (ctypes.c_uint * 3)(*grid, *[1] * (3 - len(grid)))
        getattr(library, f"launch_{place}")(sides, threads, pointers)
        self._check_guards(kernel)

    def _check_guards(self, kernel):
        self._kept = [kept for kept in self._kept if kept[0]() is not None]
        for raw, _, begin, size in self._kept:
            whole = raw()
            beside = np.concatenate([whole[begin - GUARD : begin], whole[begin + size :]])
            assert (beside == GARBAGE).all(), f"{kernel} wrote beside an array"

    def _library(self, text):
        if text not in self._libraries:
            self._libraries[text] = ctypes.CDLL(str(_built(text, self._cache)))
        return self._libraries[text]


class Interface:
    """An array with the CUDA array interface: it lies in host memory and says that it is a GPU's."""

    def __init__(self, array, **facts):
        self.array = array
        self.shape, self.size = array.shape, array.size
        strides = None if array.flags.c_contiguous else array.strides
        plain = {"data": (array.ctypes.data, False), "shape": array.shape, "typestr": array.dtype.str}
        self.__cuda_array_interface__ = {**plain, "strides": strides, "version": 3, **facts}


class Capsule:
    """As `Interface`, given as a capsule of DLPack."""

    def __init__(self, array, device=2):
        self.array, self.device = array, device

    def __dlpack_device__(self):
        return self.device, 0

    def __dlpack__(self, stream=None):
        return self.array.__dlpack__()


def _holder(argument):
    """An array of the bytes that an argument is."""
    if isinstance(argument, np.ndarray):
        assert argument.flags.c_contiguous
        return np.array([argument.ctypes.data], np.uint64)
    assert isinstance(argument, np.generic), f"found {type(argument).__name__}, expected a NumPy scalar"
    return np.array([argument])


def _built(text, cache):
    """The text as a library, made once for each state of text and shim."""
    ends = "\n".join(
        f'extern "C" void launch_{k}(const unsigned *g, unsigned t, void **a) {{ shim::launch({name}, g, t, a); }}\n'
        f'extern "C" void sizes_{k}(int *found) {{ shim::sizes({name}, found); }}'
        for k, name in enumerate(text.kernels)
    )
    source = f'#include "cuda_shim.h"\n{text.source()}\n{ends}\n'
    shim = (FOLDER / "cuda_shim.h").read_text("utf-8")
    digest = hashlib.blake2b(repr((source, shim, FLAGS)).encode(), digest_size=12).hexdigest()
    library = cache / f"{text.stem}-{digest}.so"
    if not library.exists():
        part = library.with_suffix(f".{os.getpid()}")
        command = ["g++", *FLAGS, f"-I{FOLDER}", "-x", "c++", "-", "-o", str(part)]
        done = subprocess.run(command, input=source, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[:4000]
        part.replace(library)
    return library


def has_compiler():
    return shutil.which("g++") is not None


class Nvrtc:
    """NVIDIA's compiler, from its wheel."""

    @classmethod
    def find(cls):
        """The compiler, None where its wheel is not installed."""
        try:
            spec = importlib.util.find_spec("nvidia.cuda_nvrtc")
        except ModuleNotFoundError:
            return None
        folders = [Path(place, "lib") for place in (spec.submodule_search_locations or [])] if spec else []
        found = {name: [path for folder in folders for path in folder.glob(name)] for name in LIBRARIES}
        return cls(*(paths[0] for paths in found.values())) if all(found.values()) else None

    def __init__(self, builtins, compiler):
        self._builtins = ctypes.CDLL(str(builtins), ctypes.RTLD_GLOBAL)
        self._nvrtc = ctypes.CDLL(str(compiler))

    def compile(self, text, architecture, options):
        """(log, PTX, names) of a text as it was made machine code of an architecture; the log says why it was not."""
        program, nvrtc = ctypes.c_void_p(), self._nvrtc
        source, name = text.source().encode(), f"{text.stem}.cu".encode()
        assert nvrtc.nvrtcCreateProgram(ctypes.byref(program), source, name, 0, None, None) == 0
        for kernel in text.kernels:
            assert nvrtc.nvrtcAddNameExpression(program, kernel.encode()) == 0
        words = [option.encode() for option in (*options, f"--gpu-architecture={architecture}")]
        failed = nvrtc.nvrtcCompileProgram(program, len(words), (ctypes.c_char_p * len(words))(*words))
        log = self._text(program, "ProgramLog")
        ptx = "" if failed else self._text(program, "PTX")
        lowered = [] if failed else [self._lowered(program, kernel) for kernel in text.kernels]
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
        return log, ptx, lowered

    def _lowered(self, program, kernel):
        name = ctypes.c_char_p()
        assert self._nvrtc.nvrtcGetLoweredName(program, kernel.encode(), ctypes.byref(name)) == 0
        return name.value.decode()

    def _text(self, program, what):
        size = ctypes.c_size_t()
        getattr(self._nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        getattr(self._nvrtc, f"nvrtcGet{what}")(program, buffer)
        return buffer.value.decode()


LIBRARIES = ("libnvrtc-builtins.so.*", "libnvrtc.so.*")
