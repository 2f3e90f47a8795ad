"""Decoding in CUDA, run on the CPU: the bits of the definition for every type."""

import numpy as np
import pytest
from tensornaut.engine.kernels import decode as definition
from tensornaut.engine.kernels import decode_cupy as on_device

RAW = np.random.default_rng(0).integers(0, 256, 70_000, np.uint8)


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("dtype", [name for name, kind in definition.DTYPES.items() if kind.bits])
def test_every_type_is_decoded_as_by_the_definition(gpu, dtype, big_endian):
    for count in (0, 1, 5, 2001):
        for skipped in (0, 1, 2):  # from any address
            raw = RAW[skipped:]
            expected = definition.decode(raw, dtype, count, big_endian)
            found = on_device.decode(raw, dtype, count, big_endian)
            assert (found.dtype, found.tobytes()) == (expected.dtype, expected.tobytes())


def test_plain_numbers_stay_where_they_are(gpu):
    values = np.arange(10, dtype=np.float32)
    assert np.shares_memory(on_device.decode(values, "float32", 10), values)
