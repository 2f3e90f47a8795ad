import os

import pytest
from tensornaut.engine.fingerprint import SAMPLES, Stored, fingerprint

SIZE = 100_000


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(SIZE))
    os.utime(path, ns=(0, 10**9))
    return path


def of(path, *parts):
    status = path.stat()
    return fingerprint(str(path), status.st_size, status.st_mtime_ns, parts or [Stored(0, SIZE, "float32")])


def test_the_same_file_asked_the_same_has_one_fingerprint(file):
    found = of(file)
    assert found == of(file) and len(found) == 32 and set(found) <= set("0123456789abcdef")


def test_other_places_sizes_and_facts_have_others(file):
    asked = [
        [Stored(0, 100, "float32")],
        [Stored(4, 100, "float32")],
        [Stored(0, 104, "float32")],
        [Stored(0, 100, "int32")],
        [Stored(0, 100, "float32"), Stored(0, 100, "float32")],
        [Stored(0, 0, "float32")],
        [],
    ]
    assert len({of(file, *parts) for parts in asked}) == len(asked)


@pytest.mark.parametrize("place", [0, SIZE // 2, SIZE - 1])
def test_a_byte_that_changes_in_place_is_noticed_though_the_time_is_put_back(file, place):
    before, status = of(file), file.stat()
    with open(file, "r+b") as opened:
        opened.seek(place)
        opened.write(b"x")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert of(file) not in (before, None)


def test_a_copy_in_its_place_is_another_file(file, tmp_path):
    before = of(file)
    copy = tmp_path / "copy"
    copy.write_bytes(file.read_bytes())
    os.utime(copy, ns=(0, 10**9))
    os.replace(copy, file)
    assert of(file) not in (before, None)


def test_a_file_that_is_not_what_was_said_has_none(file, tmp_path):
    parts = [Stored(0, 100, "float32")]
    assert fingerprint(str(file), SIZE + 1, 10**9, parts) is None
    assert fingerprint(str(file), SIZE, 10**9 + 1, parts) is None
    assert fingerprint(str(tmp_path / "gone"), SIZE, 10**9, parts) is None
    assert fingerprint(str(tmp_path), SIZE, 10**9, parts) is None


def test_parts_that_claim_more_than_the_file_holds_are_no_fault(file):
    assert of(file, Stored(SIZE - 10, 10**12, "float32"), Stored(10**15, 10**12, "float32"))


def test_many_parts_cost_few_reads(file):
    parts = [Stored(place, 1, "int8") for place in range(SIZE)]
    assert SAMPLES <= 16 and of(file, *parts) != of(file, *parts[:-1])
