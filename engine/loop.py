"""The frame loop: the one place that reads a clock. A pure pump, so a prompt, a notebook or a test can drive it too."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Protocol

from .view import Eye, Frame

__all__ = ["Clock", "Sink", "Watcher", "now_s", "run", "step"]


class Clock(Protocol):
    """Paces: a window, a headset, a film's index. Owns the targets that eyes are drawn into."""

    def next_frame(self) -> Frame | None:
        """The frame to draw, after handling what people did since; None: closed."""

    def begin_eye(self, eye: Eye) -> int:
        """Name of the OpenGL framebuffer that this eye is drawn into."""

    def end_frame(self, frame: Frame) -> None:
        """All eyes are drawn: show them."""


class Sink(Protocol):
    """Receives finished eyes: a mirror, a film, a snapshot."""

    def receive(self, frame: Frame, eye: Eye, framebuffer: int) -> None:
        """The eye stands finished in this framebuffer; read it before returning."""

    def close(self) -> None:
        """No more frames."""


class Watcher:
    """A sink that calls a function with every finished eye."""

    def __init__(self, receive: Callable[[Frame, Eye, int], None]) -> None:
        self.receive = receive

    def close(self) -> None:
        """Nothing to close."""


Draw = Callable[[Frame, Eye, int], None]
Prepare = Callable[[Frame], None]


def step(clock: Clock, sinks: Sequence[Sink], prepare: Prepare, draw: Draw) -> bool:
    """True when one frame was drawn, shown and handed to the sinks; False when the clock has ended."""
    frame = clock.next_frame()
    if frame is None:
        return False
    prepare(frame)
    for eye in frame.eyes:
        framebuffer = clock.begin_eye(eye)
        draw(frame, eye, framebuffer)
        for sink in sinks:
            sink.receive(frame, eye, framebuffer)
    clock.end_frame(frame)
    return True


def run(clock: Clock, sinks: Sequence[Sink], prepare: Prepare, draw: Draw) -> int:
    """Number of frames drawn until the clock ended. All sinks are closed in order, whatever happens."""
    count = 0
    with ExitStack() as closing:
        for sink in reversed(sinks):
            closing.callback(sink.close)
        while step(clock, sinks, prepare, draw):
            count += 1
    return count


def now_s() -> float:
    """Monotonic time, seconds."""
    return time.perf_counter()
