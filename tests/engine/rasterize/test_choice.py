"""Which rasterizer draws. Each case is a process of its own: what was imported stays."""

DRAW = """
import sys, time
import numpy as np
from tensornaut.engine import kernel_choice
from tensornaut.engine.rasterize import Batch, Pool, RasterizerChoice, pack, unmorphed

def batch(tiles):
    zeros = np.zeros((tiles, 3), np.float32)
    corner = zeros + np.float32([0, 0, -1])
    step = np.float32([0.001, 0, 0])
    ones, first = np.ones(tiles, np.float32), np.zeros(tiles, np.int32)
    counts = np.full((tiles, 2), 32, np.int32)
    return Batch(corner, zeros + step, zeros + step[::-1], zeros, counts, first, ones, first, ones, *unmorphed(tiles))

pool = Pool(np.full((1, 32, 32), pack(np.array([0.1, 0.2, 0.3])), np.uint64), np.zeros((1, 32, 32), np.int16))
near = np.tile(pack(np.full(3, 0.5)), (1, 512))
rows = np.array([[8.0, 0, -8], [0, 8, -8], [0, 0, -1]])
choice = RasterizerChoice(2)

def draw(tiles):
    global rasterizer
    kernel_choice.begin_frame()
    rasterizer = choice.rasterizer(batch(tiles))
    sums = rasterizer.light(batch(tiles), pool, near, rows, (16, 16))
    return sums, rasterizer.resolve(sums)
"""


def test_a_small_picture_is_drawn_without_numba_or_opengl(python, warm):
    code = "draw(190); print(rasterizer.name, [name for name in ('numba', 'OpenGL', 'vispy') if name in sys.modules])"
    assert python(DRAW + code, warm) == "numpy []\n"


def test_a_large_picture_is_drawn_by_the_compiled_kernels_where_they_are_ready(python, warm):
    assert python(DRAW + "draw(1000); print(rasterizer.name, rasterizer.threads)", warm) == "numba 2\n"


def test_a_large_cold_picture_waits_for_no_compiler_and_starts_none(python, cold):
    code = "draw(1000); print(rasterizer.name, 'numba' in sys.modules, kernel_choice._CHOICE._compilation)"
    assert python(DRAW + code, cold) == "numpy False None\n"


def test_a_cold_film_changes_to_the_compiled_kernels_and_stays_the_same(python, cold):
    code = """
seen = {}
end = time.monotonic() + 200
while len(seen) < 2 and time.monotonic() < end:
    sums, picture = draw(20)
    seen.setdefault(rasterizer.name, (sums, picture))
print(sorted(seen), *(np.array_equal(a, b) for a, b in zip(seen["numpy"], seen["numba"])))
"""
    assert python(DRAW + code, cold) == "['numba', 'numpy'] True True\n"


def test_a_cold_film_that_ends_early_does_not_wait_for_the_compiler(python, cold):
    code = """
draw(1); draw(1)
worker = kernel_choice._CHOICE._compilation._worker
print(worker.process_id, worker.is_alive)
"""
    process_id, alive = python(DRAW + code, cold).split()
    assert alive == "True"
    assert not _exists(int(process_id))


def _exists(process_id):
    import os

    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True
