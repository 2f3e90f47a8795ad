"""`tensornaut cache`: what is kept of statistics, shown or cleared."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

from ..engine.cache import CacheState, limit_bytes, opened, version
from ..scenes.strings import text

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """show or clear, and --json."""
    parser.add_argument("action", choices=("show", "clear"), help=text("cache.option.action"))
    parser.add_argument("--json", action="store_true", help=text("cache.option.json"))


def run(arguments: argparse.Namespace) -> int:
    """0, after printing what there is, or what was removed. Raises InputError."""
    cache = opened()
    state = None if cache is None else cache.clear() if arguments.action == "clear" else cache.state()
    if arguments.json:
        print(json.dumps(_report(state)))
        return 0
    if state is None:
        print(text("cache.none"))
    elif arguments.action == "clear":
        print(text("cache.cleared", entries=f"{state.entries:,}", count=f"{state.byte_count:,}"))
    else:
        for line in _lines(state):
            print(line)
    return 0


def _report(state: CacheState | None) -> dict[str, object]:
    """What there is, or what was removed. `folder` is null where nothing can be kept."""
    versions, kinds = ({}, {}) if state is None else (dict(sorted(state.versions.items())), dict(state.kinds))
    return {
        "folder": None if state is None else str(state.folder),
        "entries": 0 if state is None else state.entries,
        "bytes": 0 if state is None else state.byte_count,
        "kinds": {kind: kinds.get(kind, 0) for kind in ("pyramids", "summaries")},
        "limit_bytes": limit_bytes(),
        "version": version(),
        "versions": versions,
    }


def _lines(state: CacheState) -> Iterator[str]:
    yield text("cache.folder", folder=str(state.folder))
    yield text("cache.entries", entries=f"{state.entries:,}")
    yield text("cache.bytes", count=f"{state.byte_count:,}", limit=f"{limit_bytes():,}")
    for kind in ("pyramids", "summaries"):
        yield text(f"cache.kind.{kind}", count=f"{state.kinds.get(kind, 0):,}")
    for name, entries in sorted(state.versions.items()):
        key = "cache.version.own" if name == version() else "cache.version.other"
        yield text(key, version=name, entries=f"{entries:,}")
