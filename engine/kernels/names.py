"""Cleaning of names: the one way in which text out of a file reaches a terminal, a panel, a log or a page."""

from __future__ import annotations

__all__ = ["NAME_LIMIT", "clean"]

NAME_LIMIT = 200  # characters of a name that are shown


def clean(text: str, limit: int = NAME_LIMIT) -> str:
    """The text as it may be shown: at most `limit` (>= 1) printable characters that encode to UTF-8.

    Control, bidirectional and other invisible characters and lone surrogates become escapes (`\\x1b`, `\\u202e`);
    what is too long loses its middle to `…`.
    """
    if len(text) > 2 * limit:
        text = text[:limit] + text[-limit:]  # the cut below falls between the two, so nothing shown is lost
    shown = text if text.isprintable() else "".join(map(_escaped, text))
    if len(shown) <= limit:
        return shown
    tail = (limit - 1) // 2
    return shown[: limit - 1 - tail] + "…" + shown[len(shown) - tail :]


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
