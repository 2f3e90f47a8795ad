"""A small picture that is drawn by hand for a network that wants one, and what the network says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..engine.runners.program import Feed, Program, Trace

__all__ = ["DrawingPad", "answer_of", "pad_for"]

SMALLEST, LARGEST = 4, 64  # sides of a picture
MOST_CLASSES = 64
BRUSH = 0.62  # radius of the brush, pixels of the picture at a side of 8
SOFT = 0.75  # pixels over which its edge fades, likewise
STRENGTH = 0.95


class DrawingPad:
    """`image` (height, width) float32, 0 dark to 1 bright."""

    def __init__(self, feed: Feed, examples: Sequence[np.ndarray] = ()) -> None:
        self.feed = feed
        self.examples = list(examples)
        height, width = (int(side or 0) for side in feed.shape[-2:])
        self.image = np.zeros((height, width), np.float32)
        self.revision = 0
        self._example = 0

    def clear(self) -> None:
        """Nothing is drawn."""
        self.show(np.zeros_like(self.image))

    def show(self, image: np.ndarray) -> None:
        """An image in place of what was drawn."""
        self.image = image
        self.revision += 1

    def draw(self, start: tuple[float, float], end: tuple[float, float], erase: bool = False) -> None:
        """Draws a stroke between two places, (x, y) in pixels of the picture from its top left corner."""
        height, width = self.image.shape
        scale = min(height, width) / 8
        x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        way = np.subtract(end, start)
        along = (x - start[0]) * way[0] + (y - start[1]) * way[1]
        share = np.clip(along / max(float(way @ way), 1e-12), 0, 1)
        distance = np.hypot(x - start[0] - share * way[0], y - start[1] - share * way[1])
        ink = (STRENGTH * np.clip((BRUSH * scale + SOFT * scale - distance) / (SOFT * scale), 0, 1)).astype(np.float32)
        drawn = np.minimum(self.image, 1 - ink) if erase else np.maximum(self.image, ink)
        if not np.array_equal(drawn, self.image):
            self.show(drawn)

    def take_example(self) -> None:
        """The next of the examples."""
        if self.examples:
            self.show(np.array(self.examples[self._example % len(self.examples)], np.float32))
            self._example += 1

    def inputs(self) -> Mapping[str, np.ndarray]:
        """What the network is given."""
        lead = (1,) * (len(self.feed.shape) - 2)
        return {self.feed.name: self.image.reshape(*lead, *self.image.shape)}


def pad_for(program: Program, examples: Sequence[np.ndarray] = ()) -> DrawingPad | None:
    """A pad for a program whose only input is one small picture in gray; None for another one."""
    if len(program.inputs) != 1:
        return None
    feed = program.inputs[0]
    shape, is_float = feed.shape, feed.dtype.startswith("float")
    sides = [side for side in shape[-2:] if isinstance(side, int) and SMALLEST <= side <= LARGEST]
    lead = shape[:-2]
    if not is_float or len(shape) not in (3, 4) or len(sides) < 2 or max(sides) > 2 * min(sides):
        return None
    if lead[-1] != 1 and len(shape) == 4 or not all(side in (1, None) or isinstance(side, str) for side in lead):
        return None
    fitting = [example for example in examples if example.shape == tuple(sides)]
    return DrawingPad(feed, fitting)


def answer_of(program: Program, trace: Trace) -> np.ndarray | None:
    """(classes,) float64: shares of 1 that a network gives to classes; None where its first output is no such thing.

    Numbers that are no shares are taken for logits.
    """
    array = next((trace.arrays[name] for name in program.outputs if name in trace.arrays), None)
    if array is None or array.dtype.kind != "f" or array.size != array.shape[-1] or not 1 < array.size <= MOST_CLASSES:
        return None
    numbers = array.reshape(-1).astype(np.float64)
    if not np.isfinite(numbers).all():
        return None
    if numbers.min() >= 0 and abs(numbers.sum() - 1) < 1e-3:
        return numbers
    powers = np.exp(numbers - numbers.max())
    return powers / powers.sum()
