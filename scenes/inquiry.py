"""Questions about what somebody looks at, answered aside, so that no picture waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ..engine.tile_data import READ_FAULTS

__all__ = ["Answers", "Inquiry"]

Question = Callable[[Callable[[], bool], Mapping[str, Any]], Any]  # (is it still wanted, what is known already)


class Answers:
    """What is known so far; `found` grows while `is_done` is False. `error`: why there will be no more."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.error: Exception | None = None
        self.is_wanted = True
        self._first, self._all = threading.Event(), threading.Event()
        self._was_awaited = False

    @property
    def is_done(self) -> bool:
        """Whether nothing will be added any more."""
        return self._all.is_set()

    def wait_once(self, seconds: float) -> bool:
        """Waits a little for the first answer, unless it was done before. True when it is there."""
        seconds, self._was_awaited = 0.0 if self._was_awaited else seconds, True
        return self._first.wait(seconds)

    def finish(self, seconds: float | None = None) -> bool:
        """Waits for all answers. True when they are there."""
        return self._all.wait(seconds)

    def answer(self, questions: Mapping[str, Question], notify: Callable[[], None]) -> None:
        """Answers in order, as long as it is wanted."""
        try:
            for name, question in questions.items():
                if not self.is_wanted:
                    return
                answer = question(lambda: self.is_wanted, self.found)
                if self.is_wanted:
                    self.found = {**self.found, name: answer}
                    self._first.set()
                    notify()
        except READ_FAULTS as error:
            self.error = error
        finally:
            self._first.set()
            self._all.set()
        if self.is_wanted:
            notify()


class Inquiry:
    """One thing at a time: who asks about another one no longer wants to know about the last.

    `notify` is called by a thread of ours whenever more is known.
    """

    def __init__(self, notify: Callable[[], None]) -> None:
        self._notify = notify
        self._thread = ThreadPoolExecutor(1, "inquiry")
        self._subject: Hashable = None
        self._answers: Answers | None = None
        self._work: Future[None] | None = None

    def ask(self, subject: Hashable, questions: Mapping[str, Question]) -> Answers:
        """The answers about a subject, which are on their way; the same ones as long as the subject is the same."""
        if self._answers is not None and self._work is not None and subject == self._subject:
            if self._work.done():
                self._work.result()  # raises what is a fault of ours
            return self._answers
        self.forget()
        self._subject, self._answers = subject, Answers()
        self._work = self._thread.submit(self._answers.answer, questions, self._notify)
        return self._answers

    def forget(self) -> None:
        """Nothing is wanted any more."""
        if self._answers is not None:
            self._answers.is_wanted = False
        self._subject = self._answers = None

    def close(self) -> None:
        """Ends the thread; what it reads is given up."""
        self.forget()
        self._thread.shutdown(cancel_futures=True)
