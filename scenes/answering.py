"""Runs that are computed beside the picture: the last thing that was asked for counts, what came before is left out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..engine.kernels.errors import InputError
from ..engine.loop import now_s
from ..engine.runners.program import Trace

__all__ = ["Answer", "Answering"]

QUICK_S = 0.008  # that a run may take within a frame

Inputs = Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Answer:
    """A run that is done, or why there is none."""

    inputs: Inputs
    play: bool  # whether the light is to go through it from the beginning
    trace: Trace | None = None
    error: InputError | None = None


class Answering:
    """`compute` makes runs, by one thread at a time; `ready` is called, by any thread, when there is one to take."""

    def __init__(self, compute: Callable[[Inputs], Trace], ready: Callable[[], None]) -> None:
        self._compute, self._ready = compute, ready
        self._asked: tuple[Inputs, bool] | None = None
        self._answer: Answer | None = None
        self._last_s = self._took_s = float("inf")
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def is_busy(self) -> bool:
        """Whether a run is still being computed."""
        with self._lock:
            return self._thread is not None

    def ask(self, inputs: Inputs, play: bool = False) -> None:
        """Begins a run, or computes it at once where one of the last two was quick."""
        with self._lock:
            if self._thread is not None:
                self._asked = inputs, play
                return
            if self._took_s > QUICK_S:
                self._asked = inputs, play
                self._thread = threading.Thread(target=self._work, name="runs", daemon=True)
                self._thread.start()
                return
        self._answer = self._answered(inputs, play)

    def take(self) -> Answer | None:
        """The newest run that is done, once."""
        with self._lock:
            answer, self._answer = self._answer, None
        return answer

    def close(self) -> None:
        """Takes no more answers; what is being computed ends by itself."""
        with self._lock:
            self._asked = None
            self._ready = _nothing

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._asked is None:
                    self._thread = None
                    ready = self._ready
                    break
                (inputs, play), self._asked = self._asked, None
            answer = self._answered(inputs, play)
            with self._lock:
                self._answer = answer
        ready()

    def _answered(self, inputs: Inputs, play: bool) -> Answer:
        begin_s = now_s()
        try:
            trace = self._compute(inputs)
        except InputError as error:
            return Answer(inputs, play, error=error)
        before, self._last_s = self._last_s, now_s() - begin_s
        self._took_s = min(before, self._last_s)  # one that was held up says nothing of the next
        return Answer(inputs, play, trace)


def _nothing() -> None:
    pass
