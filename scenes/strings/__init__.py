"""The string table: every text that a person reads, in English and Chinese.

`en.py` and `zh.py` hold the same keys, but for `error.*`: the English of those stands with the errors themselves.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal

from ...engine.kernels.names import clean
from . import en, zh

__all__ = ["LANGUAGES", "Language", "language", "set_language", "text"]

Language = Literal["en", "zh"]
LANGUAGES: dict[Language, dict[str, str]] = {"en": en.STRINGS, "zh": zh.STRINGS}
PATH_LIMIT = 4096  # characters; a path that is cut leads nowhere

_current: Language = "en"


def set_language(name: Language) -> None:
    """Makes `text` speak this language from now on. Raises KeyError when there is no such language."""
    global _current
    if name not in LANGUAGES:
        raise KeyError(name)
    _current = name


def language() -> Language:
    """The language that `text` speaks."""
    return _current


def text(key: str, /, **facts: object) -> str:
    """The text with its placeholders filled. Names and paths among the facts are cleaned on the way.

    Raises KeyError for an unknown key or a missing fact.
    """
    return LANGUAGES[_current][key].format(**{name: _shown(fact) for name, fact in facts.items()})


def _shown(fact: object) -> object:
    if isinstance(fact, PurePath):
        return clean(str(fact), PATH_LIMIT)
    return clean(fact) if isinstance(fact, str) else fact
