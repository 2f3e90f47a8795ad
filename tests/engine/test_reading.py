"""Bytes of a file, by whatever way they come into memory."""

import os
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine import posix, reading
from tensornaut.engine.reading import LARGE_READ_BYTES, read_stored

COUNT = 3 * LARGE_READ_BYTES + 123


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "bytes.bin"
    content = np.random.default_rng(0).integers(0, 256, COUNT, np.uint8)
    content.tofile(path)
    return path, content, (str(path), COUNT, path.stat().st_mtime_ns)


@pytest.fixture(scope="module", params=[False, True], ids=["stays in memory", "is taken out again"])
def is_large(request):
    """Whether files count as large for this machine."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param:
            patch.setattr(reading, "LARGE_SHARE", 0)
        yield request.param


def forget(path):
    """Drops the file from the system's memory, where that can be done."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        posix.forget(file.fileno(), 0, 0)


def is_in_memory(path, place):
    with open(path, "rb") as file:
        return posix.in_memory(file.fileno(), place)


@given(st.integers(0, COUNT), st.integers(0, COUNT), st.booleans(), st.booleans())
def test_bytes_are_those_of_the_file_wherever_they_stand(file, is_large, begin, end, is_aligned, is_cold):
    path, content, identity = file
    begin, end = min(begin, end), max(begin, end)
    if is_aligned:
        begin -= begin % 8
    if is_cold:
        forget(path)
    assert np.array_equal(read_stored(*identity, begin, end - begin), content[begin:end])


def test_numbers_stay_aligned(file):
    path, _, identity = file
    for begin in (16, 4096 + 48, 8, 4, 1, 3):
        forget(path)
        found = read_stored(*identity, begin, 2 * LARGE_READ_BYTES)
        assert found.view(np.float64).flags.aligned


@pytest.mark.skipif(not posix.NO_WAIT, reason="the system does not say what it has in memory")
def test_a_large_file_leaves_memory_as_it_was(file, is_large):
    path, _, identity = file
    middle = COUNT // 2
    forget(path)
    if is_in_memory(path, middle):
        pytest.skip("this file system keeps files in memory")
    forget(path)
    read_stored(*identity, 0, COUNT)
    assert is_in_memory(path, middle) != is_large
    path.read_bytes()
    read_stored(*identity, 0, COUNT)
    assert is_in_memory(path, middle)


def test_threads_do_not_share_memory(file):
    _, content, identity = file
    first = read_stored(*identity, 0, 1000)
    other = threading.Thread(target=read_stored, args=(*identity, 5000, 1000))
    other.start()
    other.join()
    assert np.array_equal(first, content[:1000])


def test_a_file_that_is_not_what_it_was_is_not_read(file):
    path, _, (name, size, mtime_ns) = file
    for identity in ((name, size + 1, mtime_ns), (name, size, mtime_ns + 1)):
        with pytest.raises(OSError, match="changed"):
            read_stored(*identity, 0, 10)
    for begin, count in ((size - 1, 2), (-1, 2), (0, -1)):
        with pytest.raises(OSError, match="cut off"):
            read_stored(name, size, mtime_ns, begin, count)
    with pytest.raises(FileNotFoundError):
        read_stored(f"{path}-", size, mtime_ns, 0, 1)
