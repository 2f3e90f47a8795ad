"""What to tell when the files of a network change while it is looked at: each thing once."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..engine.kernels.names import clean
from ..loaders.network import Network
from .strings import text

__all__ = ["LostFiles"]

NAME_LIMIT = 60  # characters


class LostFiles:
    """Watches over nothing: it is asked when something could not be read."""

    def __init__(self, network: Network) -> None:
        tables = network.tensors, network.inner_tensors
        self._sources = list(dict.fromkeys(source for table in tables for source in table.sources))
        self._told: set[bool] = set()  # of changed files; of files that are as they were

    def words(self, faults: Sequence[tuple[str, str]]) -> str | None:
        """One line on what could not be read, (key of the values, message) each. None: nothing, or it was said before.

        A file that changed is said once, whatever comes of it, and so is damage in files that did not.
        """
        if not faults or True in self._told:
            return None
        words = self._change()
        if (words is not None) in self._told:
            return None
        self._told.add(words is not None)
        return words or text("lost.unreadable", error=faults[0][1])

    def refusal(self) -> str | None:
        """Why nothing can be shown in another look, as often as it is asked; None while the files are as they were."""
        words = self._change()
        if words is not None and True in self._told:
            return text("lost.needed")
        if words is not None:
            self._told.add(True)
        return words

    def _change(self) -> str | None:
        """What became of the first file that is not as it was."""
        for source in self._sources:
            fate = source.fate()
            if fate != "same":
                return text(f"lost.{fate}", name=clean(os.path.basename(source.path), NAME_LIMIT))
        return None
