"""Light of blocks in CUDA, run on the CPU: the integers of the definition."""

import numpy as np
import pytest
from tensornaut.engine.kernels import colorize as definition
from tensornaut.engine.kernels import colorize_cupy as on_device

TABLE = definition.light_tables(np.random.default_rng(0).random((9, 3))).overview
TYPES = [np.float32, np.float64, np.float16, np.int8, np.uint8, np.int16, np.int32, np.int64, np.uint64, np.bool_]


@pytest.mark.parametrize("block", [(1, 1), (2, 2), (8, 8), (3, 5), (64, 64), (1, 100)])
@pytest.mark.parametrize("dtype", TYPES)
def test_means_and_peaks_are_those_of_the_definition(gpu, dtype, block):
    random = np.random.default_rng(1)
    for shape in ((1, 1), (37, 70), (0, 4)):
        matrix = random.normal(0, 40, shape)
        matrix = (np.abs(matrix) if np.dtype(dtype).kind == "u" else matrix).astype(dtype)
        if matrix.dtype.kind == "f" and matrix.size > 100:
            matrix[[0, 9, 30], [3, 8, 69]] = np.nan, np.inf, -np.inf
            matrix[16:24], matrix[18, ::3] = 0.0, -0.0
        for center in (0.0, 12.5):
            expected = definition.block_means(matrix, 33.0, TABLE, block, center)
            found = on_device.block_means(matrix, 33.0, TABLE, block, center)
            assert [column.tobytes() for column in found] == [column.tobytes() for column in expected]
            peaks = on_device.block_peaks(matrix, center, block)
            assert peaks.tobytes() == definition.block_peaks(matrix, center, block).tobytes()
