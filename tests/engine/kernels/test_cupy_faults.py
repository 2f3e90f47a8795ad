"""What CuPy raises becomes an error that a person can act on; a package that raises as CuPy does stands in for it."""

import sys

import numpy as np
import pytest
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.machine_cupy import CudaText, CupyMachine

CUPY = """
import types
import numpy as np

class ndarray(np.ndarray):
    pass

class CUDARuntimeError(RuntimeError):
    pass

class OutOfMemoryError(MemoryError):
    pass

class CompileException(Exception):
    pass

class Device:
    attributes = {"MultiProcessorCount": 4, "MaxSharedMemoryPerBlockOptin": 99 << 10}

class RawModule:
    def __init__(self, code, options, name_expressions):
        raise RuntimeError("CuPy failed to load libnvrtc.so.12")

cuda = types.SimpleNamespace(
    Device=Device,
    runtime=types.SimpleNamespace(CUDARuntimeError=CUDARuntimeError),
    memory=types.SimpleNamespace(OutOfMemoryError=OutOfMemoryError),
    compiler=types.SimpleNamespace(CompileException=CompileException),
)

def empty(shape, dtype):
    raise OutOfMemoryError("Out of memory allocating 8 bytes")

def asarray(values):
    raise CUDARuntimeError("cudaErrorDevicesUnavailable: all CUDA-capable devices are busy")
"""


@pytest.fixture
def cupy(tmp_path, monkeypatch):
    (tmp_path / "cupy.py").write_text(CUPY)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    yield
    sys.modules.pop("cupy", None)


def test_faults_of_memory_device_and_compiler_are_said(cupy):
    machine = CupyMachine()
    assert (machine.processors, machine.shared_bytes) == (4, 99 << 10)
    with pytest.raises(InputError, match="Out of memory"):
        machine.empty(1, np.float64)
    with pytest.raises(InputError, match="devices are busy"):
        machine.from_host(np.zeros(3))
    with pytest.raises(InputError, match=r"libnvrtc.*tensornaut doctor"):
        machine.launch(CudaText("ends", ("count_ends<Float32>",)), "count_ends<Float32>", (1,), 32)
