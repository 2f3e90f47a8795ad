"""Texts in CUDA: NVIDIA's compiler takes every one of them for old and new GPUs."""

import pkgutil
from importlib import import_module

import pytest
from tensornaut.engine import kernels, rasterize
from tensornaut.engine.kernels import forward
from tensornaut.engine.kernels.machine_cupy import OPTIONS, CudaText


def texts(*packages):
    """Every text in CUDA that a module of some packages uses."""
    found = []
    for package in packages:
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if module.name.endswith("_cupy"):
                found += [value for value in vars(import_module(module.name)).values() if isinstance(value, CudaText)]
    return sorted(set(found), key=lambda text: text.stem)


EXACT = texts(kernels, rasterize)  # with the bits of the definitions; what layers give is equal but for the last ones
ALL = [*EXACT, *texts(forward)]


@pytest.fixture(scope="module")
def nvrtc(cuda):
    found = cuda.Nvrtc.find()
    if found is None:
        pytest.skip("nvrtc is not installed")
    return found


@pytest.mark.parametrize("architecture", ["sm_75", "sm_90"])
@pytest.mark.parametrize("text", ALL, ids=lambda text: text.stem)
def test_every_text_compiles_without_a_warning_and_has_its_kernels(nvrtc, text, architecture):
    log, ptx, names = nvrtc.compile(text, architecture, OPTIONS)  # down to machine code: what it shares has room
    assert ptx, log
    assert not log.strip("\n\0 "), log
    assert all(f".entry {name}(" in ptx for name in names)
    if text in EXACT:
        assert "fma.rn" not in ptx  # each operation is rounded by itself, as in NumPy


def test_every_text_has_its_user(checkout):
    assert {path.stem for path in (checkout / "shaders").glob("*.cu")} == {text.stem for text in ALL}
