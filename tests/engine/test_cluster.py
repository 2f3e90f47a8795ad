"""Statistics by a Dask cluster: a real scheduler and real workers on this machine's loopback."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tensornaut.cli.main import main
from tensornaut.cli.progress import Progress
from tensornaut.engine import cluster
from tensornaut.engine.cache import version
from tensornaut.engine.cluster import Cluster, summarized
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.summaries import StoredNumbers, from_bytes, parted
from tensornaut.loaders.source import Source

pytest.importorskip("distributed", reason="Dask is not installed: the extra cluster")

SIZE_BYTES = 100_000_000  # tensors of more elements than are summarized in the process itself
STATS = "import sys; from tensornaut.cli.main import main; sys.exit(main(['stats', *sys.argv[1:]]))"
PATIENCE_S = 60


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    specification = importlib.util.spec_from_file_location("make_large", Path(__file__).parent.parent / "make_large.py")
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    path = tmp_path_factory.mktemp("large") / "model.safetensors"
    module.write(path, SIZE_BYTES, shards=2)
    return path.parent


@pytest.fixture
def started(tmp_path):
    """A function that starts a Dask process in the background, on loopback."""
    running = []

    def start(*words):
        log = open(tmp_path / f"{len(running)}.log", "wb")  # noqa: SIM115  it lives as long as the process
        command = [sys.executable, "-m", "dask", *words, "--host", "127.0.0.1", "--no-dashboard"]
        running.append((subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log), log))
        return running[-1][0]

    yield start
    for process, log in running:
        process.kill()
        process.wait()
        log.close()


@pytest.fixture
def scheduler(started, tmp_path):
    """Its address."""
    place = tmp_path / "scheduler.json"
    started("scheduler", "--port", "0", "--scheduler-file", str(place))
    return _awaited(lambda: json.loads(place.read_text())["address"])


@pytest.fixture
def workers(scheduler, started):
    """Three processes of one thread each, known to the scheduler."""
    from distributed import Client

    found = [started("worker", scheduler, "--nthreads", "1", "--no-nanny") for _ in range(3)]
    with Client(scheduler, set_as_default=False) as client:
        client.wait_for_workers(3, timeout=PATIENCE_S)
    return found


def test_a_cluster_prints_the_same_bytes_also_when_a_worker_is_killed_midway(large, scheduler, workers):
    alone = subprocess.run(_command(large), check=True, capture_output=True).stdout
    process = subprocess.Popen(_command(large, "--cluster", scheduler), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = [process.stdout.readline() for _ in range(3)]
    os.kill(workers[1].pid, signal.SIGKILL)  # it holds tasks and answers: all lines do not fit the pipe to us
    rest, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, errors) == (0, b"")
    assert workers[1].wait(PATIENCE_S) == -signal.SIGKILL
    assert b"".join(lines) + rest == alone
    assert len(alone.splitlines()) > 100


@pytest.mark.parametrize("protocol", ["http", "file"])
def test_workers_read_an_address_themselves(web, scheduler, workers, large, protocol):
    for path in large.iterdir():
        (web.folder / path.name).symlink_to(path)
    index = next(web.folder.glob("*.index.json")).name
    source = f"{web.url}/{index}" if protocol == "http" else f"file://{web.folder}/{index}"
    alone = subprocess.run(_command(source), check=True, capture_output=True).stdout
    web.parts.clear()
    together = subprocess.run(_command(source, "--cluster", scheduler), check=True, capture_output=True)
    assert (together.stdout, together.stderr) == (alone, b"")
    on_disk = subprocess.run(_command(large / index), check=True, capture_output=True).stdout
    assert alone.splitlines()[1:] == on_disk.splitlines()[1:]  # the first names the source
    assert (max((count for _, _, count in web.parts), default=0) > 1 << 20) == (protocol == "http")


def test_workers_do_not_read_another_version_of_a_file(web, tmp_path):
    path = web.folder / "x.npy"
    np.save(path, np.arange(1000.0))
    source = Source.of(f"{web.url}/x.npy")
    stored = StoredNumbers(source.path, source.size, 0, 128, "float64", False, source.read)
    (found,) = parted(summarized(dict(vars(stored)), 0, 1000, 1000, False, version()))
    assert from_bytes(found).max == 999
    np.save(path, -np.arange(1000.0))
    with pytest.raises(InputError, match="changed"):
        summarized(dict(vars(stored)), 0, 1000, 1000, False, version())


def test_when_all_workers_are_lost_the_wait_has_an_end(large, scheduler, workers, monkeypatch, capsys):
    submit, waited = Cluster.submit, []

    def submit_in_vain(self, *arguments):
        for worker in workers:
            worker.kill()
        return submit(self, *arguments)

    monkeypatch.setattr(cluster, "LOST_S", 3)
    monkeypatch.setattr(Cluster, "submit", submit_in_vain)
    monkeypatch.setattr(Progress, "say", lambda self, words: waited.append(words))
    assert main(["stats", str(large), "--json", "--no-cache", "--cluster", scheduler]) == 2
    captured = capsys.readouterr()
    assert "found no worker for 3 s" in captured.err and captured.err.count("\n") == 1
    assert len(waited) == 3 and "1 s of" in waited[0]


def test_workers_that_come_back_go_on(large, scheduler, started, workers):
    process = subprocess.Popen(_command(large, "--cluster", scheduler), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for _ in range(3):
        process.stdout.readline()
    for worker in workers:
        worker.kill()
    started("worker", scheduler, "--nthreads", "1", "--no-nanny")
    assert process.communicate(timeout=PATIENCE_S)[1] == b"" and process.returncode == 0


def test_a_scheduler_without_workers_is_one_line(large, scheduler, capsys):
    assert main(["stats", str(large), "--cluster", scheduler]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and "without workers" in captured.err and captured.err.count("\n") == 1


def test_an_address_without_scheduler_is_one_line(large, monkeypatch, capsys):
    monkeypatch.setattr(cluster, "CONNECT_S", 0.5)
    for address in ("tcp://127.0.0.1:9", "nowhere"):
        assert main(["stats", str(large), "--cluster", address]) == 2
        captured = capsys.readouterr()
        assert captured.out == "" and captured.err.count("\n") == 1 and address in captured.err


def test_without_dask_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"tensornaut\[cluster\]"):
        Cluster("tcp://127.0.0.1:1")


def test_workers_of_another_version_are_refused():
    with pytest.raises(InputError, match="same version"):
        summarized({}, 0, 1, None, False, "another")


def test_workers_and_a_cluster_together_are_refused(large, capsys):
    assert main(["stats", str(large), "--cluster", "tcp://127.0.0.1:9", "--workers", "2"]) == 2
    assert "one of both" in capsys.readouterr().err


def test_dask_is_not_imported_by_importing_the_module():
    code = "import sys, tensornaut.engine.cluster; sys.exit('dask' in sys.modules or 'distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _command(source, *words):
    return [sys.executable, "-u", "-c", STATS, str(source), "--json", "--no-cache", *words]


def _awaited(look):
    """What `look` gives once it does not fail."""
    end_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return look()
        except (OSError, ValueError, KeyError):
            assert time.monotonic() < end_s
            time.sleep(0.05)
