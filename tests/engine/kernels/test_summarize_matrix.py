"""Statistics and pyramid in one pass: the same bits as apart, in both versions and however the matrix is cut."""

import numpy as np
import pytest
from tensornaut.engine.kernels import pyramid, summarize, summarize_matrix_numba
from tensornaut.engine.kernels import summarize_matrix as definition
from tensornaut.engine.kernels.summarize import BLOCK

TYPES = ["float32", "float64", "float16", "bfloat16", "int8", "uint16", "bool", "int32"]
SHAPES = [(701, 303), (9, 30_001), (3, 70_000), (0, 4), (4, 0), (1, 1), (20_000, 8)]


def facts(summary):
    columns = [summary.blocks, summary.bins, summary.table]
    columns += [getattr(summary.pyramid, name) for name in ("mean", "min", "max", "count")]
    numbers = (summary.count, summary.nan, summary.inf, summary.zeros, summary.min, summary.max)
    return (*map(repr, numbers), *(None if column is None else column.tobytes() for column in columns))


def matrix_of(shape, dtype):
    values = np.random.default_rng(0).normal(0, 3, shape).astype(np.float32)
    if dtype == "bfloat16":
        return (values.view(np.uint32) >> 16).astype(np.uint16)
    matrix = np.abs(values).astype(dtype) if dtype == "uint16" else values.astype(dtype)
    if matrix.dtype.kind == "f" and matrix.size > 1000:
        matrix.flat[::997], matrix.flat[5::9001] = np.nan, -np.inf
    return matrix


@pytest.mark.parametrize("version", [definition, summarize_matrix_numba])
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_one_pass_gives_the_bits_of_two(shape, dtype, version):
    matrix = matrix_of(shape, dtype)
    matrix.flags.writeable = False  # as it comes from a file
    summary = version.summarize_part(matrix, dtype)
    apart = summarize.summarize_block(matrix.reshape(-1), dtype)
    assert facts(summary)[:9] == facts(definition.replace(apart, pyramid=summary.pyramid))[:9]
    assert facts(summary) == facts(definition.replace(apart, pyramid=pyramid.pyramid_of(matrix, dtype)))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_parts_of_whole_blocks_together_are_the_matrix(dtype):
    matrix = matrix_of((1100, 2001), dtype)
    cuts = [0, BLOCK, 2 * BLOCK, matrix.size]
    versions = (definition, summarize_matrix_numba)
    parts = [
        versions[k % 2].summarize_part(matrix, dtype, first, last - first)
        for k, (first, last) in enumerate(zip(cuts, cuts[1:], strict=False))
    ]
    assert facts(definition.fold_parts(parts)) == facts(summarize_matrix_numba.summarize_part(matrix, dtype))


def test_a_matrix_that_is_not_contiguous_or_not_aligned():
    matrix = matrix_of((300, 500), "float32")
    expected = facts(definition.summarize_part(matrix))
    assert facts(summarize_matrix_numba.summarize_part(np.asfortranarray(matrix))) == expected
    shifted = np.frombuffer(b"x" + matrix.tobytes(), np.uint8)[1:].view(np.float32).reshape(matrix.shape)
    assert facts(summarize_matrix_numba.summarize_part(shifted)) == expected


@pytest.mark.parametrize("version", [definition, summarize_matrix_numba])
def test_memory_of_a_level_is_used_again(version):
    matrix = matrix_of((300, 500), "float32")
    memory = pyramid.empty_level(matrix.shape, matrix.dtype)
    assert version.summarize_part(matrix, into=memory).pyramid is memory
    assert facts(version.summarize_part(matrix, into=memory)) == facts(definition.summarize_part(matrix))
