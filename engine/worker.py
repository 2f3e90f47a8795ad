"""A worker process, `python -m tensornaut.engine.worker`: does tasks out of a fixed table until its input ends.

Who started it is gone when the input ends, so the worker ends then too, whatever it is doing. Tasks are named, never
imported by what a message says. What a task prints goes to the log, not between the answers. A task that fails ends the
worker with a traceback in its log; errors that a person can act on are answers.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from io import FileIO
from queue import SimpleQueue
from typing import IO, Any

import numpy as np

from .kernels.errors import InputError
from .messages import HELLO, Message, receive, send

__all__ = ["TASKS"]

Task = Callable[[Mapping[str, Any], list[np.ndarray]], Message]


def _echo(arguments: Mapping[str, Any], arrays: list[np.ndarray]) -> Message:
    """What it was given, the worker's process id and where it was loaded from, after `pause_s`."""
    time.sleep(arguments.get("pause_s", 0))
    return Message({**arguments, "process": os.getpid(), "file": __file__}, arrays)


def _compile(arguments: Mapping[str, Any], arrays: list[np.ndarray]) -> Message:
    from .kernel_cache import compile_here

    compile_here()
    return Message({})


def _summarize(arguments: Mapping[str, Any], arrays: list[np.ndarray]) -> Message:
    from .summaries import answer

    return answer(arguments)


TASKS: dict[str, Task] = {"compile": _compile, "echo": _echo, "summarize": _summarize}


def _serve() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that a person started
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answers.write(HELLO)
    answers.flush()
    requests: SimpleQueue[Message] = SimpleQueue()
    unbuffered = FileIO(0, closefd=False)  # the lock of a buffer would be in the way at the end
    threading.Thread(target=_listen, args=(unbuffered, requests), daemon=True).start()
    while True:
        _answer(requests.get(), answers)


def _listen(stream: FileIO, requests: SimpleQueue[Message]) -> None:
    while (request := receive(stream)) is not None:
        requests.put(request)
    signal.raise_signal(signal.SIGTERM)


def _answer(request: Message, answers: IO[bytes]) -> None:
    try:
        answer = TASKS[request.facts["task"]](request.facts["arguments"], request.arrays)
    except InputError as error:
        send(answers, {"error": [error.name, error.key, error.facts]})
        return
    send(answers, {"result": answer.facts}, answer.arrays)


if __name__ == "__main__":
    _serve()
