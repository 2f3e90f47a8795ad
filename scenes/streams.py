"""The hairlines between layers in the colors of what passes along them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..engine.scene import Lines
from ..engine.theme import Theme
from .connections import streams
from .placement import Layout
from .style import diverging

__all__ = ["Streams"]

QUIET, LOUD, POWER = 0.12, 0.80, 0.8  # alpha of nothing, and what a full value adds
AHEAD = 0.4  # of the alpha of a line that no light has passed


class Streams:
    """Colors of a scene's `stream_lines`, which it changes; `reset` gives them back."""

    def __init__(self, lines: Lines, layout: Layout, theme: Theme) -> None:
        self._lines, self._theme = lines, theme
        self._plain = lines.colors.copy()
        links = [(source, len(paths)) for source, _, paths in streams(layout)]
        self._sources = np.array([source for source, count in links for _ in range(count)], np.int64)
        self._links, first = [], 0
        for source, count in links:
            self._links.append((source, slice(first, first + count)))
            first += count
        self._full = self._plain.copy()

    def carry(self, channels: Mapping[int, np.ndarray]) -> None:
        """Takes on what layers give: mean values of their channels, by layer."""
        self._full = self._plain.copy()
        colors = diverging(self._theme.name)
        for source, lines in self._links:
            values = channels.get(source)
            count = lines.stop - lines.start
            if values is None or not count:
                continue
            starts = np.arange(count) * len(values) // count
            means = np.add.reduceat(values, starts) / np.diff(np.append(starts, len(values))).clip(1)
            shares = np.clip(means / max(float(np.abs(means).max()), 1e-30), -1, 1)
            self._full[lines, :3] = colors[np.rint((shares + 1) / 2 * (len(colors) - 1)).astype(int)]
            self._full[lines, 3] = QUIET + LOUD * np.abs(shares) ** POWER

    def light(self, passed: np.ndarray) -> None:
        """Shows what was carried where the light has passed the layer (layers,) that it comes from."""
        share = passed[self._sources, None]
        ahead = self._plain.copy()
        ahead[:, 3] *= AHEAD
        self._lines.colors = (ahead * (1 - share) + self._full * share).astype(np.float32)
        self._lines.touch()

    def reset(self) -> None:
        """As it was."""
        self._lines.colors = self._plain
        self._lines.touch()
