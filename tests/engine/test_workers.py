"""Real processes: what workers answer, and that none outlives who started it or touches a stranger's folder."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from tensornaut.engine.workers import WorkerError, WorkerProcess, Workers

WAIT_S = 60


def exists(process_id):
    """True while the process runs; one that was ended but not yet waited for by anybody does not."""
    try:
        with open(f"/proc/{process_id}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition):
    end_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_arrays_come_back_bit_by_bit():
    arrays = [np.array(3.5), np.array([np.nan, -0.0]), np.zeros((0, 3), ">f2"), np.arange(6).reshape(2, 3)[:, ::-1]]
    with Workers(1) as workers:
        answer = workers.submit("echo", {"text": "é", "list": [1, None]}, *arrays).result(WAIT_S)
    assert (answer.facts["text"], answer.facts["list"]) == ("é", [1, None])
    assert [(a.dtype, a.shape, a.tobytes()) for a in answer.arrays] == [(a.dtype, a.shape, a.tobytes()) for a in arrays]


def test_jobs_run_side_by_side_in_processes_that_are_kept():
    with Workers(2) as workers:
        first = [workers.submit("echo", {"pause_s": 0.2}) for _ in range(2)]
        processes = {future.result(WAIT_S).facts["process"] for future in first}
        later = {workers.submit("echo", {}).result(WAIT_S).facts["process"] for _ in range(5)}
    assert len(processes) == 2 and os.getpid() not in processes
    assert later <= processes


def test_the_job_of_a_killed_worker_is_done_by_another_one():
    with Workers(1) as workers:
        victim = workers.submit("echo", {}).result(WAIT_S).facts["process"]
        job = workers.submit("echo", {"pause_s": 0.5, "n": 7})
        os.kill(victim, signal.SIGKILL)
        facts = job.result(WAIT_S).facts
    assert facts["n"] == 7 and facts["process"] != victim


def test_a_task_that_ends_every_worker_is_an_error_that_says_why():
    with Workers(1) as workers:
        with pytest.raises(WorkerError, match="KeyError: 'no such task'"):
            workers.submit("no such task", {}).result(WAIT_S)
        assert workers.submit("echo", {"n": 1}).result(WAIT_S).facts["n"] == 1


def test_nothing_is_left_after_closing_in_the_middle_of_work():
    threads = threading.active_count()
    with Workers(2) as workers:
        process = workers.submit("echo", {}).result(WAIT_S).facts["process"]
        running = [workers.submit("echo", {"pause_s": 600}) for _ in range(4)]
    assert not exists(process)
    assert threading.active_count() == threads
    assert all(future.done() for future in running)
    with pytest.raises(WorkerError):
        running[0].result()
    with pytest.raises(ChildProcessError):
        os.waitpid(process, os.WNOHANG)  # not even its exit code is left


def test_interrupts_are_not_for_workers():
    worker = WorkerProcess()
    worker.send("echo", {})
    worker.receive()
    os.kill(worker.process_id, signal.SIGINT)
    worker.send("echo", {"n": 2})
    assert worker.receive().facts["n"] == 2
    worker.close()


PARENT = """
import sys
from tensornaut.engine.workers import Workers
with Workers(1) as workers:
    facts = workers.submit("echo", {}).result().facts
    print(facts["process"], facts["file"], flush=True)
    workers.submit("echo", {"pause_s": float(sys.argv[1])}).result()
"""


@pytest.mark.parametrize(("ended_by", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGKILL, -signal.SIGKILL)])
def test_workers_end_with_who_started_them(ended_by, code, tmp_path):
    """Ctrl-C goes to all processes at the terminal; a killed parent can tell nobody."""
    command = [sys.executable, "-c", PARENT, "600"]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    worker = int(parent.stdout.readline().split()[0])
    os.killpg(parent.pid, ended_by)
    assert parent.wait(WAIT_S) == code
    parent.stdout.close()
    wait_until(lambda: not exists(worker))


@pytest.fixture
def stranger(tmp_path):
    """A folder of a stranger, whose Python files leave a mark when they are run."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("json", "numpy", "struct", "tensornaut", "signal", "sitecustomize"):
        (folder / f"{name}.py").write_text(f"open({str(folder / 'mark')!r}, 'w')\nraise SystemExit(3)\n")
    return folder


@pytest.mark.parametrize("python_path", [None, "", os.pathsep])
def test_a_worker_imports_nothing_from_the_current_folder(python_path, stranger, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(PARENT)
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if python_path is not None:
        variables["PYTHONPATH"] = python_path
    command = [sys.executable, *(["-I"] if python_path else []), str(script), "0"]
    subprocess.run(command, cwd=stranger, env=variables, check=True, timeout=WAIT_S, stdout=subprocess.DEVNULL)
    assert not (stranger / "mark").exists()


def test_a_worker_runs_the_package_that_its_parent_runs(checkout, tmp_path):
    """Also where that was found by a relative PYTHONPATH, and not by Python itself."""
    target = tmp_path / "target"
    target.mkdir()
    (target / "tensornaut").symlink_to(checkout)
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(["target", "", "nothing"])}
    command = [sys.executable, "-c", PARENT, "0"]
    said = subprocess.check_output(command, cwd=tmp_path, env=variables, text=True, timeout=WAIT_S)
    assert said.split()[1] == str(target / "tensornaut" / "engine" / "worker.py")


def test_what_others_print_does_not_come_between_the_answers(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys, threading\n"
        "if sys.argv[0] == '-m':\n"
        "    print('noise at the start')\n"
        "    sys.stdout.flush()\n"
        "    def noise():\n"
        "        while True:\n"
        "            print('noise', flush=True)\n"
        "    start = threading.Timer(0.3, noise)\n"
        "    start.daemon = True\n"
        "    start.start()\n"
    )
    code = PARENT.replace('workers.submit("echo", {"pause_s": float(sys.argv[1])}).result()', "") + (
        "    answers = [workers.submit('echo', {'pause_s': 0.1, 'n': n}).result().facts['n'] for n in range(6)]\n"
        "    assert answers == list(range(6))\n"
    )
    variables = {**os.environ, "PYTHONPATH": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=variables, check=True, timeout=WAIT_S, stdout=subprocess.DEVNULL)
