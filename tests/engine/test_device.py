"""What GPUs there are is asked of the driver; here of a library that answers as one would."""

import shutil
import subprocess

import numpy as np
import pytest
from tensornaut.engine import device
from tensornaut.engine.device import CudaDevice, DeviceValues, cuda_facts
from tensornaut.engine.kernels.colorize import light_tables
from tensornaut.engine.summaries import summarize, to_bytes
from tensornaut.engine.tile_data import Source, samples_of
from tensornaut.engine.values import ArrayValues, Values

DRIVER = """
#include <cstring>
extern "C" {
int cuInit(unsigned) { return STATUS; }
int cuDriverGetVersion(int *version) { *version = 12040; return 0; }
int cuDeviceGetCount(int *count) { *count = 2; return 0; }
int cuDeviceGet(int *handle, int place) { *handle = 10 + place; return 0; }
int cuDeviceGetName(char *name, int size, int handle) {
    strncpy(name, handle == 10 ? "NVIDIA H100" : "Tesla T4", size);
    return 0;
}
int cuDeviceTotalMem_v2(size_t *bytes, int handle) { *bytes = (handle == 10 ? 80ull : 16ull) << 30; return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int handle) {
    *value = attribute == 75 ? (handle == 10 ? 9 : 7) : (handle == 10 ? 0 : 5);
    return 0;
}
}
"""


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """A function that puts a driver in place whose start ends with a status."""
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")

    def put(status):
        path = tmp_path / "driver.so"
        command = ["g++", "-shared", "-fPIC", f"-DSTATUS={status}", "-x", "c++", "-", "-o", str(path)]
        subprocess.run(command, input=DRIVER, text=True, check=True)
        monkeypatch.setattr(device, "DRIVERS", ("nothing.so", str(path)))

    return put


def test_gpus_are_named_by_the_driver(driver):
    driver(0)
    facts = cuda_facts()
    assert facts.devices == (CudaDevice("NVIDIA H100", 80 << 30, "9.0"), CudaDevice("Tesla T4", 16 << 30, "7.5"))
    assert (facts.driver, facts.fault) == ("12.4", None)


def test_a_driver_that_does_not_start_is_a_fault(driver):
    driver(100)
    facts = cuda_facts()
    assert facts.devices == () and "100" in facts.fault and facts.driver == "12.4"


def test_no_driver_is_a_fault(monkeypatch):
    monkeypatch.setattr(device, "DRIVERS", ("nothing.so",))
    facts = cuda_facts()
    assert facts.devices == () and facts.driver is None and "driver" in facts.fault


@pytest.mark.parametrize("kind", ["Interface", "Capsule"])
def test_values_on_a_gpu_are_read_in_part(cuda, gpu, kind):
    array = np.arange(2 * 30 * 7, dtype=np.float32).reshape(2, 30, 7)
    values = DeviceValues(getattr(cuda, kind)(array), "k")
    assert isinstance(values, Values) and (values.shape, values.dtype) == ((2, 30, 7), "float32")
    assert np.array_equal(values.read(slice(1, 2), slice(3, 200, 5)), array.reshape(2, 210)[1:2, 3:200:5])


def test_values_of_types_that_numpy_does_not_know_are_decoded(cuda, gpu):
    torch = pytest.importorskip("torch")
    tensor = torch.linspace(-3, 3, 50).reshape(5, 10).to(torch.bfloat16)
    found = DeviceValues(cuda.Capsule(tensor), "k").read(slice(0, 5, 2), slice(2, 9))
    assert np.array_equal(found, tensor.float().numpy()[::2, 2:9])


@pytest.mark.parametrize("width", [None, 40])
def test_numbers_on_a_gpu_are_summarized_there(cuda, gpu, width):
    values = np.random.default_rng(0).normal(size=5000).astype(np.float32)
    here, there = (summarize(array, "float32", 123, width) for array in (values, cuda.Interface(values)))
    assert to_bytes(here) == to_bytes(there)


@pytest.mark.parametrize("peaks", [False, True])
def test_values_on_a_gpu_are_colored_there(cuda, gpu, peaks):
    class Found(DeviceValues):
        """Parts say, as those of CuPy do, that they lie on a GPU."""

        def read_on_device(self, rows, cols):
            return cuda.Interface(super().read_on_device(rows, cols))

        def read(self, rows, cols):
            raise AssertionError("values came to the host")

    array = np.random.default_rng(0).normal(0, 1, (70, 90)).astype(np.float32)
    tables = light_tables(np.linspace((0.1, 0.9, 0.4), (1.0, 0.2, 0.5), 256).astype(np.float32))
    sources = [
        Source(values, 2.0, array.shape, tables, 0.1, peaks)
        for values in (ArrayValues(array, "k"), Found(cuda.Interface(array), "k"))
    ]
    for block in ((1, 1), (8, 8)):
        here, there = (samples_of(source, slice(0, 64), slice(8, 72), block) for source in sources)
        assert [column.tobytes() for column in here] == [column.tobytes() for column in there]
