"""The cache of summaries: an entry is there whole or not at all, whatever happens to those who write it.

CACHE_ROUNDS in the environment sets how often a writer is killed (default 10).
"""

import os
import random
import shutil
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensornaut.engine.cache import VARIABLE, Cache, limit_bytes, version
from tensornaut.engine.kernels.errors import InputError

ROUNDS = int(os.environ.get("CACHE_ROUNDS", "10"))
KEYS = [f"{number:032x}" for number in range(6)]
LONG_AGO_NS = 0
# Writes entries for ever; the body of each follows from its key.
WRITER = """
import sys
from pathlib import Path
from tensornaut.engine.cache import Cache
cache = Cache(Path(sys.argv[1]), 1 << 50)
keys, size = sys.argv[3:], int(sys.argv[2])
print("ready", flush=True)
while True:
    for key in keys:
        assert cache.store(key, bytes.fromhex(key) * size, 0)
"""

ONE_STORE = """
import sys
from pathlib import Path
from tensornaut.engine.cache import Cache
Cache(Path(sys.argv[1])).store(sys.argv[2], b"new" * 10_000, 0)
"""
HOLDER = """
import sys, time
from tensornaut.engine.posix import hold
with open(sys.argv[1], "wb") as file:
    assert hold(file.fileno())
    print("ready", flush=True)
    time.sleep(60)
"""


def body_of(key, size):
    return bytes.fromhex(key) * size


def parts(folder):
    return [path.name for path in folder.iterdir() if path.suffix == ".part"]


def entry_of(folder, key):
    return folder / f"{version()}-{key}.entry"


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.binary(max_size=300)), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_stored_last_is_found(tmp_path_factory, stores):
    cache, expected = Cache(tmp_path_factory.mktemp("cache")), {}
    for key, body in stores:
        assert cache.store(key, body, LONG_AGO_NS)
        expected[key] = body
    assert {key: cache.find(key) for key in KEYS} == {key: expected.get(key) for key in KEYS}
    state = cache.state()
    assert (state.entries, state.versions) == (len(expected), {version(): len(expected)} if expected else {})
    assert cache.clear().entries == len(expected) and cache.state().byte_count == 0


@given(st.binary(min_size=1, max_size=200), st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damaged_entry_is_accepted(tmp_path_factory, body, data):
    cache = Cache(tmp_path_factory.mktemp("cache"))
    cache.store(KEYS[0], body, LONG_AGO_NS)
    path = entry_of(cache.folder, KEYS[0])
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytearray(whole)
    flipped[place] ^= data.draw(st.integers(1, 255))
    for damaged in (bytes(flipped), whole[:place], whole + b"x", b""):
        path.write_bytes(damaged)
        assert cache.find(KEYS[0]) is None
        assert not path.exists(), "it is computed, and written, again"
    path.write_bytes(whole)
    assert cache.find(KEYS[0]) == body


def test_an_entry_under_another_key_or_version_is_none(tmp_path):
    cache = Cache(tmp_path)
    cache.store(KEYS[0], b"body", LONG_AGO_NS)
    os.replace(entry_of(tmp_path, KEYS[0]), entry_of(tmp_path, KEYS[1]))
    assert cache.find(KEYS[1]) is None
    cache.store(KEYS[0], b"body", LONG_AGO_NS)
    old = entry_of(tmp_path, KEYS[0])
    os.replace(old, tmp_path / old.name.replace(version(), "0" * 12))
    assert cache.find(KEYS[0]) is None
    assert cache.state().versions == {"0" * 12: 1}


def test_folders_and_links_in_the_place_of_entries_are_left_alone(tmp_path):
    folder, outside = tmp_path / "cache", tmp_path / "outside"
    folder.mkdir()
    cache = Cache(folder)
    cache.store(KEYS[0], b"body", LONG_AGO_NS)
    os.replace(entry_of(folder, KEYS[0]), outside)
    entry_of(folder, KEYS[0]).symlink_to(outside)
    entry_of(folder, KEYS[1]).mkdir()
    assert cache.find(KEYS[0]) is None and cache.find(KEYS[1]) is None
    assert not cache.store(KEYS[1], b"body", LONG_AGO_NS)
    assert cache.store(KEYS[0], b"new", LONG_AGO_NS) and cache.find(KEYS[0]) == b"new"
    assert outside.read_bytes().endswith(b"body") and parts(folder) == []


def test_what_was_computed_from_a_file_just_changed_is_not_kept(tmp_path):
    """A further change might leave the same time."""
    cache = Cache(tmp_path)
    assert not cache.store(KEYS[0], b"body", time.time_ns())
    assert cache.find(KEYS[0]) is None and parts(tmp_path) == []


def test_entries_that_were_used_longest_ago_make_room(tmp_path):
    size, limit = 10_000, 100_000
    for number in range(8):  # each run has a cache of its own
        assert Cache(tmp_path, limit).store(f"{number:032x}", bytes(size), LONG_AGO_NS)
        os.utime(entry_of(tmp_path, f"{number:032x}"), ns=(0, number * 10**9))
    assert Cache(tmp_path, limit).find(f"{0:032x}")
    for number in range(8, 12):
        assert Cache(tmp_path, limit).store(f"{number:032x}", bytes(size), LONG_AGO_NS)
    left = Cache(tmp_path, limit)
    assert left.state().byte_count <= limit
    found = [number for number in range(12) if left.find(f"{number:032x}")]
    assert 0 in found and 11 in found and 1 not in found


def test_one_run_does_not_push_out_what_it_wrote_first(tmp_path):
    cache = Cache(tmp_path, 100_000)
    written = [key for key in (f"{number:032x}" for number in range(30)) if cache.store(key, bytes(9_000), LONG_AGO_NS)]
    assert 4 <= len(written) <= 5 and all(map(cache.find, written))


def test_a_folder_that_is_gone_costs_the_cache_only(tmp_path):
    cache = Cache(tmp_path / "gone")
    assert cache.find(KEYS[0]) is None and not cache.store(KEYS[0], b"body", LONG_AGO_NS)
    assert (cache.state().entries, cache.clear().entries) == (0, 0)
    cache.tidy()


@pytest.mark.parametrize("value", ["many", "-1", "1.5", "9" * 30])
def test_a_limit_that_is_no_number_of_bytes_is_said(monkeypatch, value):
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(InputError, match="number of bytes"):
        limit_bytes()


def test_the_limit_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv(VARIABLE, "1000")
    assert limit_bytes() == 1000
    monkeypatch.delenv(VARIABLE)
    assert limit_bytes() == 512 << 20


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_writers_that_are_killed_leave_nothing_torn_and_nothing_over(tmp_path):
    size, left, seen = 1 << 17, 0, 0
    dice = random.Random(0)
    for _ in range(ROUNDS):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(size), *KEYS]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            time.sleep(dice.uniform(0, 0.05))
            writer.kill()
        left += len(parts(tmp_path)) > 0
        cache = Cache(tmp_path)
        cache.tidy()
        assert parts(tmp_path) == []
        found = [cache.find(key) for key in KEYS]
        assert all(body in (None, body_of(key, size)) for key, body in zip(KEYS, found, strict=True))
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
            entry_of(tmp_path, key).name for key, body in zip(KEYS, found, strict=True) if body
        )
        seen += sum(body is not None for body in found)
        cache.clear()
    print(f"{ROUNDS} rounds: {left} were killed while writing a part, {seen} whole entries read")
    assert left and seen, "the writers were killed where it matters"


@pytest.mark.skipif(os.name != "posix", reason="parts are held by locks")
def test_a_part_stays_as_long_as_its_writer_lives(tmp_path):
    part = tmp_path / "abc.part"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(part)], stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        Cache(tmp_path).tidy()
        assert part.exists()
        writer.kill()
    Cache(tmp_path).tidy()
    assert not part.exists()


@pytest.mark.parametrize("call", ["write", "flock", "rename", "unlink"])
@pytest.mark.parametrize("fault", ["signal=KILL", "error=ENOSPC", "error=EIO"])
def test_a_fault_in_any_call_of_the_system_leaves_the_old_entry_or_the_new(tmp_path, call, fault):
    strace = shutil.which("strace")
    if strace is None or subprocess.run([strace, "-qq", "true"], capture_output=True).returncode:
        pytest.skip("no strace")
    cache = Cache(tmp_path)
    cache.store(KEYS[0], b"old", LONG_AGO_NS)
    for number in range(1, 4):
        inject = ["-e", f"inject={call}:{fault}:when={number}"]
        command = [strace, "-qq", "-f", "-o", os.devnull, *inject, sys.executable, "-c", ONE_STORE]
        done = subprocess.run([*command, str(tmp_path), KEYS[0]], capture_output=True)
        assert done.returncode == (-9 if number == 1 and "KILL" in fault else 0) or number > 1
        assert done.stderr == b""
        cache.tidy()
        assert cache.find(KEYS[0]) in (b"old", b"new" * 10_000)
        assert [path.suffix for path in tmp_path.iterdir()] == [".entry"]
