"""JSON out of files that nobody vouches for."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from .errors import FormatError

__all__ = ["first_repeated", "parse_object", "unique_pairs"]


def parse_object(text: str, path: str, format: str) -> dict[str, Any]:
    """The JSON object in `text`, whose size the caller has bounded. Names stand once in each object.

    Raises FormatError, which names the file `path` and says that the header of a `format` was expected.
    """
    try:
        content = json.loads(text, object_pairs_hook=unique_pairs, parse_constant=_refuse_constant)
    except _RepeatedNameError as error:
        raise FormatError(path, "duplicate_name", tensor=error.name) from error
    except RecursionError as error:
        raise FormatError(path, "header_json", reason="nested too deeply", format=format) from error
    except ValueError as error:
        raise FormatError(path, "header_json", reason=str(error), format=format) from error
    if not isinstance(content, dict):
        raise FormatError(path, "header_json", reason="no object", format=format)
    return content


def unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a dict. Raises ValueError when a name stands twice."""
    content = dict(pairs)
    if len(content) < len(pairs):
        raise _RepeatedNameError(first_repeated([name for name, _ in pairs]))
    return content


def first_repeated(names: list[str]) -> str:
    """The first name that stands there for the second time; there is one."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            break
        seen.add(name)
    return name


class _RepeatedNameError(ValueError):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name!r} stands twice")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
