"""A progress bar with the time left, on a terminal only."""

from __future__ import annotations

import sys
import time

__all__ = ["Progress"]

BAR_CELLS = 24
REFRESH_S = 0.1


class Progress:
    """Counts up to `total` on stderr while in a `with` block; silent when stderr is no terminal."""

    def __init__(self, title: str, total: int) -> None:
        self._title = title
        self._total = max(total, 1)
        self._done = 0
        self._shown = sys.stderr is not None and sys.stderr.isatty()
        self._start_s = self._last_s = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def advance(self, count: int = 1) -> None:
        """`count` more are done."""
        self._done += count
        now_s = time.monotonic()
        if not self._shown or (now_s - self._last_s < REFRESH_S and self._done < self._total):
            return
        self._last_s = now_s
        share = min(self._done / self._total, 1.0)
        left_s = round((now_s - self._start_s) * (1 - share) / max(share, 1e-9))
        bar = "█" * round(share * BAR_CELLS) + "░" * (BAR_CELLS - round(share * BAR_CELLS))
        line = f"\r{self._title} {bar} {share:4.0%}  {left_s // 60}:{left_s % 60:02d}\x1b[K"
        self._print(line)

    def say(self, words: str) -> None:
        """Shows words in place of the bar, until more is done."""
        if self._shown:
            self._print(f"\r{words}\x1b[K")

    def _print(self, line: str) -> None:
        print(line, end="", file=sys.stderr, flush=True)
