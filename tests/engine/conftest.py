"""The machine that runs texts in CUDA on the CPU, in place of a GPU."""

import importlib.util
import sys
from pathlib import Path

import pytest
from tensornaut.engine.kernels import machine_cupy

SHIM = Path(__file__).parent.parent / "cuda_shim" / "shim_machine.py"


@pytest.fixture(scope="session")
def cuda():
    """The module with both compilers of CUDA texts."""
    specification = importlib.util.spec_from_file_location("shim_machine", SHIM)
    module = importlib.util.module_from_spec(specification)
    sys.modules["shim_machine"] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def shim(cuda, pytestconfig):
    """A machine on the CPU. Its libraries are kept from run to run."""
    if not cuda.has_compiler():
        pytest.skip("g++ is not installed")
    return cuda.ShimMachine(Path(pytestconfig.cache.mkdir("cuda_shim")))


@pytest.fixture
def gpu(shim, monkeypatch):
    """As `shim`, in place of a GPU: kernels for device arrays take NumPy's."""
    monkeypatch.setattr(machine_cupy, "_MACHINE", shim)
    return shim
