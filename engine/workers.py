"""Worker processes: started afresh, never forked, so neither GL, CUDA nor a script without a guard is in their way."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from .kernels.errors import InputError, TensornautError
from .kernels.names import clean
from .messages import HELLO, Message, receive, send
from .posix import give_way

__all__ = ["WorkerError", "WorkerProcess", "Workers"]

PACKAGE = Path(__file__).absolute().parent.parent
START_FOLDER = PACKAGE / "shaders"  # `python -m` looks there first for modules: a folder of ours without Python
TRIES = 2
LOG_BYTES = 4096  # of the log's end that is looked at when a worker died


class WorkerError(TensornautError):
    """A task ended its worker, and again a second one."""


class WorkerProcess:
    """One worker process. For one thread at a time; but `close` may come from any. `aside`: others come first."""

    def __init__(self, aside: bool = False) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the process
        self._greeted = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=START_FOLDER,
            env=_environment(),
            start_new_session=True,  # Ctrl-C at the terminal is not for it
        )
        if aside:
            give_way(self._process.pid)

    def send(self, task: str, arguments: Mapping[str, Any], arrays: tuple[np.ndarray, ...] = ()) -> None:
        """Asks for a task. Raises OSError when the process has died."""
        assert self._process.stdin is not None
        send(self._process.stdin, {"task": task, "arguments": arguments}, arrays)

    def receive(self) -> Message | None:
        """Waits for the answer; None when the process has died. Raises InputError where the task did."""
        assert self._process.stdout is not None
        while not self._greeted:
            line = self._process.stdout.readline()
            if not line:
                return None
            self._greeted = line.endswith(HELLO)
        answer = receive(self._process.stdout)
        if answer is None:
            return None
        if "error" in answer.facts:
            name, key, facts = answer.facts["error"]
            raise InputError(name, key, **facts)
        return Message(answer.facts["result"], answer.arrays)

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def process_id(self) -> int:
        """Of the operating system."""
        return self._process.pid

    def last_words(self) -> str:
        """How the process ended: exit code and the last line of its log."""
        code = self._process.wait()
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - LOG_BYTES))
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return clean(f"ended with {code}" + (f": {lines[-1]}" if lines else ""))

    def stop(self) -> None:
        """Ends the process, in the middle of a task too. From any thread."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Ends the process and closes its pipes."""
        self.stop()
        for pipe in (self._process.stdin, self._process.stdout, self._log):
            try:
                pipe.close()  # type: ignore[union-attr]
            except BrokenPipeError:  # bytes that nobody reads any more
                continue


class Workers:
    """`count` worker processes, started when there is work. A context manager: leaving ends all of them.

    `submit` gives a job to whichever is free. When a worker dies, a new one does its job once more; when that one dies
    too, the future raises WorkerError. Leaving the block cancels what has not begun and ends what has.
    """

    def __init__(self, count: int, aside: bool = False) -> None:
        self._aside = aside
        self._threads = ThreadPoolExecutor(max(count, 1), "worker")
        self._lock = threading.Lock()
        self._idle: list[WorkerProcess] = []
        self._all: set[WorkerProcess] = set()
        self._closed = False

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def submit(self, task: str, arguments: Mapping[str, Any], *arrays: np.ndarray) -> Future[Message]:
        """The answer to come of a task of `worker.TASKS`. Its result raises InputError or WorkerError.

        Raises WorkerError after `close`.
        """
        with self._lock:
            if self._closed:
                raise WorkerError("the workers were closed")
            return self._threads.submit(self._do, task, arguments, arrays)

    def close(self) -> None:
        """Ends all processes and threads. Again: nothing."""
        with self._lock:
            self._closed = True
            running = set(self._all)
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in running:
            worker.stop()
        self._threads.shutdown()
        for worker in self._all:
            worker.close()
        self._all.clear()
        self._idle.clear()

    def _do(self, task: str, arguments: Mapping[str, Any], arrays: tuple[np.ndarray, ...]) -> Message:
        last_words = ""
        for _ in range(TRIES):
            worker = self._take()
            try:
                answer = _ask(worker, task, arguments, arrays)
            except InputError:
                self._idle.append(worker)
                raise
            if answer is not None:
                self._idle.append(worker)
                return answer
            last_words = worker.last_words()
        raise WorkerError(f"worker for {task}: {last_words}")

    def _take(self) -> WorkerProcess:
        """An idle worker that lives, else a new one."""
        with self._lock:
            if self._closed:
                raise WorkerError("the workers were closed")
            while self._idle:
                worker = self._idle.pop()
                if worker.is_alive:
                    return worker
            worker = WorkerProcess(self._aside)
            self._all.add(worker)
            return worker


def _ask(
    worker: WorkerProcess, task: str, arguments: Mapping[str, Any], arrays: tuple[np.ndarray, ...]
) -> Message | None:
    """The answer; None when the process has died."""
    try:
        worker.send(task, arguments, arrays)
    except OSError:
        return None
    return worker.receive()


def _environment() -> dict[str, str]:
    """Variables under which a worker finds the same modules as this process, and nothing in the current folder."""
    variables = dict(os.environ)
    if sys.flags.ignore_environment:
        variables = {name: value for name, value in variables.items() if not name.startswith("PYTHON")}
    if sys.flags.no_user_site:
        variables["PYTHONNOUSERSITE"] = "1"
    inherited = [folder for folder in variables.get("PYTHONPATH", "").split(os.pathsep) if folder]
    folders = [os.path.abspath(folder) for folder in inherited]  # an empty entry would be the current folder
    before_library = sys.path[: _library_place()]
    if PACKAGE.name == __package__.partition(".")[0] and str(PACKAGE.parent) in map(os.path.abspath, before_library):
        folders.append(str(PACKAGE.parent))
    variables["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(folders))
    return variables


def _library_place() -> int:
    """Where in `sys.path` Python's own library begins; what stands before it a new process may not know."""
    library = os.path.dirname(os.path.abspath(os.__file__))
    places = [place for place, folder in enumerate(sys.path) if os.path.abspath(folder) == library]
    return places[0] if places else len(sys.path)
