"""What a reader has to say of single parts: the first ones in full, the others counted."""

from __future__ import annotations

from .limits import LISTED

__all__ = ["Notes"]


class Notes:
    """Collects notes; the same one counts once."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}
        self._more = 0

    def add(self, note: str) -> None:
        """Keeps the note, or counts it where there are many."""
        if note in self._lines:
            return
        if len(self._lines) < LISTED:
            self._lines[note] = None
        else:
            self._more += 1

    def all(self) -> tuple[str, ...]:
        """All notes, and how many more there were."""
        return (*self._lines, *([f"{self._more} more notes of this kind"] if self._more else []))
