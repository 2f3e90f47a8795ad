"""How fast this machine reads memory: two threads that xor the words of a vector, each a part of it.

numba makes of it wide vector instructions in several registers, so that a thread waits for memory alone. It stands in
for a C program; what it needs for numbers that are in a near cache is a fifth of what it needs here.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit

THREADS = 2


@njit("uint64(uint64[::1])", nogil=True)
def _joined(words):
    total = np.uint64(0)
    for k in range(len(words)):
        total ^= words[k]
    return total


def on_threads(call, parts):
    """Results of `call` for the parts, in order, made by two threads."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(call, parts))


def read(values):
    """Reads all of a contiguous array of a whole number of 64 bytes."""
    return on_threads(_joined, np.split(values.reshape(-1).view(np.uint64), 2 * THREADS))


def timed(call, *arguments):
    """(seconds, result)."""
    start_s = time.perf_counter()
    result = call(*arguments)
    return time.perf_counter() - start_s, result
