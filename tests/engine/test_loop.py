"""The frame loop: every sink gets every eye of every frame, finished, in order, and is closed whatever happens."""

import numpy as np
import pytest
from tensornaut.engine import loop
from tensornaut.engine.view import Eye, Frame

LEFT, RIGHT = (Eye(np.eye(4), np.eye(4), (0, 0, 4, 4), target) for target in (0, 1))


class Log(list):
    """What happened, in order."""

    def prepare(self, frame):
        self.append(("prepare", frame.index))

    def draw(self, frame, eye, framebuffer):
        self.append(("draw", frame.index, framebuffer))


class CountingClock:
    """Frames of two eyes, `count` of them; eye k is drawn into framebuffer 10 + k."""

    def __init__(self, log, count):
        self.log, self.frames = log, iter([Frame(index, index / 30, (LEFT, RIGHT)) for index in range(count)])

    def next_frame(self):
        return next(self.frames, None)

    def begin_eye(self, eye):
        self.log.append(("begin", eye.target))
        return 10 + eye.target

    def end_frame(self, frame):
        self.log.append(("end", frame.index))


class ListSink:
    """Keeps what it receives. With `fails_at`, raises at that frame."""

    def __init__(self, log, name, fails_at=None):
        self.log, self.name, self.fails_at = log, name, fails_at

    def receive(self, frame, eye, framebuffer):
        if frame.index == self.fails_at:
            raise OSError("disk full")
        self.log.append((self.name, frame.index, framebuffer))

    def close(self):
        self.log.append((self.name, "closed"))


@pytest.fixture
def log():
    return Log()


def test_a_step_prepares_once_then_draws_each_eye_and_hands_it_on(log):
    sinks = [ListSink(log, "film"), ListSink(log, "mirror")]
    assert loop.step(CountingClock(log, 1), sinks, log.prepare, log.draw)
    assert log == [
        ("prepare", 0),
        *[("begin", 0), ("draw", 0, 10), ("film", 0, 10), ("mirror", 0, 10)],
        *[("begin", 1), ("draw", 0, 11), ("film", 0, 11), ("mirror", 0, 11)],
        ("end", 0),
    ]


def test_every_sink_gets_every_eye_of_every_frame(log):
    sinks = [ListSink(log, name) for name in ("film", "mirror", "snapshot")]
    assert loop.run(CountingClock(log, 5), sinks, log.prepare, log.draw) == 5
    expected = [(index, framebuffer) for index in range(5) for framebuffer in (10, 11)]
    for sink in sinks:
        assert [entry[1:] for entry in log if entry[0] == sink.name] == [*expected, ("closed",)]


def test_after_the_last_frame_nothing_is_drawn(log):
    clock = CountingClock(log, 0)
    assert not loop.step(clock, [ListSink(log, "film")], log.prepare, log.draw)
    assert log == []
    assert loop.run(clock, [ListSink(log, "film")], log.prepare, log.draw) == 0
    assert log == [("film", "closed")]


def test_frames_are_drawn_without_sinks(log):
    assert loop.run(CountingClock(log, 3), [], log.prepare, log.draw) == 3
    assert [entry for entry in log if entry[0] == "end"] == [("end", 0), ("end", 1), ("end", 2)]


def test_sinks_are_closed_when_a_sink_fails(log):
    sinks = [ListSink(log, "film", fails_at=1), ListSink(log, "mirror")]
    with pytest.raises(OSError, match="disk full"):
        loop.run(CountingClock(log, 3), sinks, log.prepare, log.draw)
    assert log[-2:] == [("film", "closed"), ("mirror", "closed")]
    assert ("end", 0) in log and ("end", 1) not in log


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_sinks_are_closed_when_drawing_fails_or_is_stopped(log, error):
    def draw(frame, eye, framebuffer):
        if frame.index == 2:
            raise error

    with pytest.raises(error):
        loop.run(CountingClock(log, 5), [ListSink(log, "film")], log.prepare, draw)
    assert log[-1] == ("film", "closed")
    assert [entry for entry in log if entry[0] == "film"] == [
        ("film", index, framebuffer) for index in (0, 1) for framebuffer in (10, 11)
    ] + [("film", "closed")]


def test_all_sinks_are_closed_even_if_closing_one_fails(log):
    class Stubborn(ListSink):
        def close(self):
            super().close()
            raise OSError("cannot finish")

    with pytest.raises(OSError, match="cannot finish"):
        loop.run(CountingClock(log, 1), [Stubborn(log, "film"), ListSink(log, "mirror")], log.prepare, log.draw)
    assert ("mirror", "closed") in log


def test_the_loops_time_never_goes_back():
    times = [loop.now_s() for _ in range(1000)]
    assert times == sorted(times)
