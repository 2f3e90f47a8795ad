"""`tensornaut cache`, and `stats` with it: the same bytes from warm, cold, broken, full and missing caches."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors import numpy as reference
from tensornaut.cli.main import main
from tensornaut.engine.cache import VARIABLE, opened
from tensornaut.engine.summaries import from_bytes, joined, parted, to_bytes
from tensornaut.loaders.open import open_network
from tensornaut.scenes.survey_cache import batches

CHILD = "import sys; from tensornaut.cli.main import main; sys.exit(main(sys.argv[1:]))"
SMALL_FILES = """
import resource, sys
from tensornaut.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
sys.exit(main(sys.argv[1:]))
"""
ENTRIES = "?" * 12 + "-" + "?" * 32 + ".entry"  # of summaries
WEEK_NS = 7 * 86_400 * 10**9


@pytest.fixture
def model(tmp_path):
    """Three batches of tensors, in a file that was changed a while ago."""
    random = np.random.default_rng(0)
    tensors = {f"{k}.weight": random.normal(0, 0.02, (2100, 2000)).astype(np.float16) for k in range(3)}
    tensors |= {f"{k}.bias": random.normal(0, 0.02, 2000).astype(np.float32) for k in range(3)}
    tensors |= {"empty": np.zeros((0, 3), np.float32), "positions": np.arange(100)}
    path = tmp_path / "model.safetensors"
    reference.save_file(tensors, path)
    put_back(path, path.stat().st_mtime_ns - WEEK_NS)
    return path


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Folder of entries of the cache of this process, empty."""
    from tensornaut.engine import places

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    places._usable.cache_clear()
    yield tmp_path / "home" / "tensornaut" / "summaries"
    places._usable.cache_clear()


@pytest.fixture
def truth(model, capsys):
    """What `stats --json` says of the model without a cache."""
    return report(capsys, model, "--no-cache")


def put_back(path, mtime_ns):
    os.utime(path, ns=(mtime_ns, mtime_ns))


def report(capsys, path, *words):
    assert main(["stats", str(path), "--json", *words]) == 0
    return capsys.readouterr().out


def in_home(home, **more):
    return {**os.environ, "XDG_CACHE_HOME": str(home), **more}


def stats_of(model, variables, code=CHILD, prefix=()):
    command = [*prefix, sys.executable, "-c", code, "stats", str(model), "--json"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_warm_and_cold_and_none_give_the_same_bytes(model, home, truth, capsys):
    assert not home.exists()
    for words in ([], [], ["--workers", "2"], ["--no-cache"]):
        assert report(capsys, model, *words) == truth
    assert len(list(home.glob(ENTRIES))) == len(list(batches(open_network(str(model)))))


def test_pyramids_are_kept_beside_and_the_same_whoever_makes_them(model, home, capsys, tmp_path, monkeypatch):
    kept = []
    for words in ([], ["--workers", "2"], ["--workers", "7"]):
        report(capsys, model, *words)
        kept.append({path.name: path.read_bytes() for path in home.iterdir()})
        shutil.rmtree(home)
    assert kept[0] == kept[1] == kept[2]
    assert sum("-pyramids" in name for name in kept[0]) == 3
    assert report(capsys, model)
    found = {}
    for batch in batches(open_network(str(model))):
        found |= {batch.tensors[place].name: level for place, level in batch.pyramids(opened()).items()}
    values = reference.load_file(model)["1.weight"].astype(np.float64)
    level = found["1.weight"]
    assert set(found) == {"0.weight", "1.weight", "2.weight"}
    assert (level.max[3, 4], level.count[-1, -1]) == (values[96:128, 128:160].max(), 20 * 16)
    assert level.mean[3, 4] == np.float32(values[96:128, 128:160].mean())


def test_what_is_kept_is_used(model, home, capsys):
    """Shown by a lie in the cache, under a right checksum."""
    report(capsys, model)
    (batch, *_), cache = list(batches(open_network(str(model)))), opened()
    key = batch._fingerprint()
    pieces = parted(cache.find(key))
    lie = from_bytes(pieces[0])
    object.__setattr__(lie, "zeros", 12345)
    assert cache.store(key, [joined([to_bytes(lie), *pieces[1:]])], 0)
    assert json.loads(report(capsys, model))["tensors"][0]["zeros"] == 12345
    assert json.loads(report(capsys, model, "--no-cache"))["tensors"][0]["zeros"] != 12345


def test_a_file_changed_in_place_is_read_again_though_its_time_was_put_back(model, home, capsys):
    before, mtime_ns = report(capsys, model), model.stat().st_mtime_ns
    with open(model, "r+b") as file:
        file.seek(-5000, os.SEEK_END)
        file.write(bytes(1000))
    put_back(model, mtime_ns)
    after = report(capsys, model)
    assert after != before and after == report(capsys, model, "--no-cache")


def test_a_choice_uses_what_is_kept_and_keeps_nothing_less(model, home, truth, capsys):
    chosen = report(capsys, model, "--filter", "*.weight")
    assert report(capsys, model) == truth
    assert report(capsys, model, "--filter", "*.weight") == chosen
    weights = [line.rstrip(",") for line in truth.splitlines() if ".weight" in line]
    assert [line.rstrip(",") for line in chosen.splitlines()[1:-1]] == weights


def test_damaged_entries_are_computed_again(model, home, truth, capsys):
    report(capsys, model)
    good = {path: path.read_bytes() for path in home.iterdir()}
    for place in (0, 20, 60, -1):
        for path, data in good.items():
            flipped = bytearray(data)
            flipped[place] ^= 1
            path.write_bytes(flipped)
        assert report(capsys, model) == truth
        assert {path: path.read_bytes() for path in home.iterdir()} == good


def test_eight_processes_at_once_from_cold(model, tmp_path, truth):
    variables = in_home(tmp_path / "shared")
    command = [sys.executable, "-c", CHILD, "stats", str(model), "--json"]
    running = [subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    assert {process.communicate(timeout=120)[0] for process in running} == {truth}
    assert [process.returncode for process in running] == [0] * 8
    kept = list((tmp_path / "shared" / "tensornaut" / "summaries").iterdir())
    assert len(kept) == len(list(batches(open_network(str(model))))) + 3 and {path.suffix for path in kept} == {
        ".entry"
    }
    assert stats_of(model, variables) == truth


@pytest.mark.skipif(os.name != "posix", reason="limits of a process")
def test_where_files_cannot_grow_nothing_is_kept(model, tmp_path, truth):
    assert stats_of(model, in_home(tmp_path / "home"), SMALL_FILES) == truth
    assert list((tmp_path / "home" / "tensornaut" / "summaries").iterdir()) == []


@pytest.mark.parametrize("options", ["size=20k", "size=20k,nr_inodes=4", "size=100k", "ro"])
def test_a_full_or_read_only_disk_costs_the_cache_only(model, tmp_path, truth, options):
    home = tmp_path / "disk"
    home.mkdir()
    unshare = shutil.which("unshare")
    mount = f'mount -t tmpfs -o {options} tmpfs "{home}"'
    if unshare is None or subprocess.run([unshare, "-rm", "sh", "-c", mount], capture_output=True).returncode:
        pytest.skip("no file systems can be mounted")
    look = f'"$@" && "$@" && ls -R "{home}" >&2'
    script = [unshare, "-rm", "sh", "-c", f"{mount} && {look}", "sh"]
    command = [*script, sys.executable, "-c", CHILD, "stats", str(model), "--json"]
    done = subprocess.run(command, env=in_home(home), capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, truth + truth)
    assert ".part" not in done.stderr and ("entry" in done.stderr) == (options == "size=100k")


def test_a_folder_that_cannot_be_made_costs_the_cache_only(model, tmp_path, truth):
    (tmp_path / "file").touch()
    assert stats_of(model, in_home(tmp_path / "file")) == truth
    (tmp_path / "home" / "tensornaut").mkdir(parents=True)
    (tmp_path / "home" / "tensornaut" / "summaries").touch()
    assert stats_of(model, in_home(tmp_path / "home")) == truth


def test_a_limit_of_nothing_keeps_nothing(model, home, truth, capsys, monkeypatch):
    monkeypatch.setenv(VARIABLE, "0")
    assert report(capsys, model) == truth and not home.exists()
    assert main(["cache", "show"]) == 0 and "Nothing is kept" in capsys.readouterr().out
    monkeypatch.setenv(VARIABLE, "much")
    assert main(["stats", str(model)]) == 2
    assert VARIABLE in capsys.readouterr().err


def test_show_and_clear_say_what_there_is(model, home, capsys):
    report(capsys, model)
    sizes = [path.stat().st_size for path in home.iterdir()]
    assert main(["cache", "show", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["folder"], found["entries"], found["bytes"]) == (str(home), len(sizes), sum(sizes))
    assert found["versions"] == {found["version"]: len(sizes)} and found["limit_bytes"] == 512 << 20
    pyramids = sum(path.stat().st_size for path in home.glob("*-pyramids.entry"))
    assert found["kinds"] == {"pyramids": pyramids, "summaries": sum(sizes) - pyramids}
    assert main(["cache", "show"]) == 0
    shown = capsys.readouterr().out
    assert f"pyramids: {pyramids:,} bytes" in shown
    assert str(home) in shown and f"{sum(sizes):,} bytes" in shown and found["version"] in shown
    (home / "stranger.txt").touch()
    assert main(["cache", "clear"]) == 0
    assert f"{len(sizes)} entries, {sum(sizes):,} bytes" in capsys.readouterr().out
    assert [path.name for path in home.iterdir()] == ["stranger.txt"]
    assert main(["cache", "clear", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entries"] == 0


def test_what_to_do_must_be_said(capsys):
    assert main(["cache"]) == 2 and main(["cache", "burn"]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_many_small_tensors_are_few_files(home, tmp_path, capsys):
    path = tmp_path / "many.npz"
    np.savez_compressed(path, **{f"t{k}": np.full(3, k) for k in range(300)})
    put_back(path, path.stat().st_mtime_ns - WEEK_NS)
    cold = report(capsys, path)
    assert len(list(home.iterdir())) == 1
    assert report(capsys, path) == cold


def test_what_is_read_sooner_than_its_summary_is_not_kept(home, tmp_path, capsys):
    path = tmp_path / "tiny.safetensors"
    reference.save_file({f"t{k}": np.full(3, k, np.float32) for k in range(300)}, path)
    put_back(path, path.stat().st_mtime_ns - WEEK_NS)
    cold = report(capsys, path)
    assert list(home.iterdir()) == [] and report(capsys, path) == cold


def test_nothing_is_written_beside_the_model(model, home, capsys):
    before = sorted(Path(model).parent.iterdir())
    report(capsys, model)
    assert [path for path in sorted(Path(model).parent.iterdir()) if path not in before] == [home.parent.parent]
