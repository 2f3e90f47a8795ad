"""Arrays of other libraries are described where they lie; here in host memory that says to be a GPU's."""

from importlib import import_module

import numpy as np
import pytest
from tensornaut.engine.kernel_choice import ON_DEVICE, ONE_ON_HOST, VERSIONS, version_for
from tensornaut.engine.kernels.device_memory import is_on_device, memory_of
from tensornaut.engine.kernels.errors import InputError


@pytest.mark.parametrize("kind", ["Interface", "Capsule"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "uint16", "int64", "complex64", "bool"])
def test_memory_is_where_the_array_is(cuda, kind, dtype):
    array = np.zeros((3, 4), dtype)
    memory = memory_of(getattr(cuda, kind)(array))
    assert (memory.pointer, memory.shape, memory.dtype) == (array.ctypes.data, (3, 4), dtype)
    assert memory.count == 12


@pytest.mark.parametrize("kind", ["Interface", "Capsule"])
def test_gaps_are_refused(cuda, kind):
    array = np.zeros((6, 8), np.float32)
    for view in (array[:, ::2], array.T, array[:, :4]):
        with pytest.raises(ValueError, match="strides"):
            memory_of(getattr(cuda, kind)(view))
    assert memory_of(getattr(cuda, kind)(array[2:4])).pointer == array[2:].ctypes.data
    assert memory_of(getattr(cuda, kind)(array[:1, ::8].T[:1])).count == 1


def test_types_that_numpy_does_not_know_keep_their_names(cuda):
    torch = pytest.importorskip("torch")
    for kind in (torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2):
        tensor = torch.zeros(5, dtype=kind)
        memory = memory_of(cuda.Capsule(tensor))
        assert memory.dtype == str(kind).removeprefix("torch.")
        assert memory.pointer == tensor.data_ptr() and memory.stored.itemsize == tensor.element_size()


def test_streams_and_offsets_are_kept(cuda):
    array = np.arange(10, dtype=np.int16)[3:]
    assert memory_of(cuda.Interface(array, stream=7)).stream == 7
    assert memory_of(cuda.Capsule(array)).pointer == array.ctypes.data


def test_arrays_in_host_memory_are_not_on_a_device(cuda):
    for values in (np.zeros(3), cuda.Capsule(np.zeros(3), device=1), [1.0], b"abc"):
        assert not is_on_device(values)
        with pytest.raises(TypeError):
            memory_of(values)


def test_a_type_without_a_name_is_refused(cuda):
    with pytest.raises(ValueError, match="type"):
        memory_of(cuda.Interface(np.zeros(3, "M8[s]")))


def test_only_numbers_on_a_gpu_go_to_kernels_in_cuda(cuda):
    values = np.zeros(3, np.float32)
    for name in ON_DEVICE.keys() - {"rasterize"}:
        assert version_for(name, values).__name__.endswith(ONE_ON_HOST.get(name) or VERSIONS[name][0])
        on_device = version_for(name, cuda.Interface(values))
        assert on_device.__name__.endswith(ON_DEVICE[name])


def test_kernels_in_cuda_have_the_functions_of_the_definitions(cuda):
    for name in ON_DEVICE.keys() - {"rasterize"}:
        definition, on_device = version_for(name, np.zeros(3)), version_for(name, cuda.Interface(np.zeros(3)))
        shared = set(definition.__all__)
        if name in VERSIONS:
            shared &= set(import_module(VERSIONS[name][1], "tensornaut.engine").__all__)
        assert shared - {"measure_segments", "with_run"} <= set(on_device.__all__), name


def test_without_cupy_one_line_says_what_to_install(cuda):
    try:
        import cupy  # noqa: F401
    except ImportError:
        summarize = version_for("summarize", cuda.Interface(np.zeros(3, np.float32)))
        with pytest.raises(InputError, match=r"tensornaut\[cuda\]"):
            summarize.summarize_block(cuda.Interface(np.zeros(3, np.float32)))
    else:
        pytest.skip("CuPy is installed")
