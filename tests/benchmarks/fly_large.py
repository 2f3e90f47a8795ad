"""Prints how evenly the viewer draws while it flies for a minute through a large model, and how soon it is sharp again.

The real window on a virtual display, at the pace of a real clock: slow and fast, over layers, down to single weights,
turning, across the whole model. The file is taken out of the system's memory before. A frame's time is from the moment
one was shown to the moment the next one was; its work is without waiting for the display.
Run: python tests/benchmarks/fly_large.py MODEL [--seconds 60] [--frames OUT.npy]. MODEL is of tests/make_large.py.
The last line is the ratio of the 99th percentile of frame times to their median.
"""

import argparse
import gc
import os
import subprocess
import time
from pathlib import Path

import numpy as np

SIZE = (1280, 720)
STOPS = 6  # times that it stands still after the flight, at other places
PATIENCE_S = 20.0


def display():
    """The process of a virtual display, whose name is in the environment then."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as told:
        os.environ["DISPLAY"] = f":{told.readline().strip()}"
    return server


def forget(path):
    """Takes a file out of the system's memory."""
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def flight(viewer, seconds):
    """The way: each stop is (share of the time, view)."""
    from tensornaut.engine.flight import Flight, Key
    from tensornaut.scenes.views import View, layer_view, overview, weight_view

    built, aspect = viewer._session.built, SIZE[0] / SIZE[1]
    layers, whole = built.layout.layers, overview(built, aspect)

    def near(number, share):
        """Over a layer, so near that a share of its height above it is left."""
        view = layer_view(built, layers[number], aspect)
        return View(view.target + (view.position - view.target) * share, view.target, view.fov_y_rad)

    def turned(number, angle_rad):
        """A layer from another side."""
        view = layer_view(built, layers[number], aspect)
        away, (sin, cos) = view.position - view.target, (np.sin(angle_rad), np.cos(angle_rad))
        away = np.array([cos * away[0] + sin * away[2], away[1], cos * away[2] - sin * away[0]])
        return View(view.target + away, view.target, view.fov_y_rad)

    n = len(layers)
    stops = [
        (0.0, whole),
        (0.10, layer_view(built, layers[2], aspect)),  # slow
        (0.18, near(2, 0.3)),
        (0.28, near(min(12, n - 1), 0.3)),  # low over the layers
        (0.36, turned(n // 3, 1.2)),
        (0.44, turned(n // 3, -1.2)),  # turning
        (0.52, weight_view(built, layers[n // 3])),
        (0.58, near(n // 3, 0.05)),
        (0.64, near(n - 2, 0.1)),  # fast, across half the model
        (0.70, weight_view(built, layers[n - 2])),
        (0.74, whole),  # fast
        (0.80, near(n // 2, 0.15)),
        (0.90, near(n // 2 + 3, 0.15)),  # slow and low
        (1.0, near(1, 0.1)),
    ]
    return Flight([Key(share * seconds, view.position, view.target, view.fov_y_rad) for share, view in stops])


class Watch:
    """Steps the viewer and notes the times of every frame."""

    def __init__(self, viewer):
        self.viewer, self.rows, self._slept = viewer, [], 0.0
        sleep = time.sleep

        def noted(seconds):
            start = time.perf_counter()
            sleep(seconds)
            self._slept += time.perf_counter() - start

        time.sleep = noted

    def step(self):
        """One frame."""
        from tensornaut.engine import loop

        viewer = self.viewer
        detail, marks = viewer._renderer.detail, []

        def prepare(frame):
            marks.append(time.perf_counter())
            viewer._prepare(frame)
            marks.append(time.perf_counter())

        def draw(frame, eye, framebuffer):
            viewer._renderer.draw(frame, eye, framebuffer)
            marks.append(time.perf_counter())

        start, self._slept = time.perf_counter(), 0.0
        loop.step(viewer._clock, [], prepare, draw)
        end = time.perf_counter()
        detail = viewer._renderer.detail
        self.rows.append(
            (start, end, marks[0], marks[1], marks[2], self._slept, detail.samples, detail.waiting,
             detail.tau, len(detail.drawn), viewer._clock.budget, len(detail.pool.data.light))
        )  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--frames", type=Path)
    arguments = parser.parse_args()
    server = display()
    try:
        measure(arguments.model, arguments.seconds, arguments.frames)
    finally:
        server.terminate()
        server.wait()


def measure(path, seconds, out):
    from tensornaut.cli.view import Viewer
    from tensornaut.loaders.open import open_network

    forget(path)
    viewer = Viewer(open_network(path), SIZE, "dark", 0)
    watch = Watch(viewer)
    controls = viewer._session.controls
    start = time.perf_counter()
    while viewer._renderer.detail.waiting or time.perf_counter() - start < 3:  # the compiled kernels are loaded
        viewer._clock.request()
        watch.step()
    forget(path)
    gc.freeze()  # as `Viewer.run` does
    way, first = flight(viewer, seconds), len(watch.rows)
    controls.follow(way)
    while controls.flown_s is not None:
        watch.step()
    flown = np.array(watch.rows[first:])
    times_s = [(k + 0.5) / STOPS * seconds for k in range(STOPS)]
    settled = {
        name: [settle(viewer, watch, path, way, time_s, cold, bare) for time_s in times_s]
        for name, cold, bare in (
            ("as the flight left it", False, False),
            ("the file cold", True, False),
            ("the file cold, nothing in the pool", True, True),
        )
    }
    viewer.close()
    if out:
        np.save(out, flown)
    report(flown, settled)


def settle(viewer, watch, path, way, until_s, cold, bare):
    """Seconds from stopping in the middle of the flight (until all tiles in view are there, until none are refined).

    Two seconds before it the file is `cold` and, `bare`, the pool has nothing.
    """
    if cold:
        forget(path)
    detail, controls = viewer._renderer.detail, viewer._session.controls
    if bare:
        detail.pool.open([])
        detail._revision = ()
    controls.follow(way, until_s - 2)
    while controls.flown_s is not None and controls.flown_s < until_s:
        watch.step()
    controls.stop()
    start, there_s = time.perf_counter(), None
    viewer._clock.request()
    while time.perf_counter() - start < PATIENCE_S:
        watch.step()
        if there_s is None and not detail.waiting:
            there_s = time.perf_counter() - start
        if not (detail.waiting or viewer._clock._wanted or viewer._clock._due_s):  # it would wait for a person now
            break
    end_s = time.perf_counter() - start
    return there_s or end_s, end_s


def report(rows, settled):
    time_ms, slept_ms = 1000 * np.diff(rows[:, 1]), 1000 * rows[1:, 5]
    for name, taken in (("frame", time_ms), ("work", time_ms - slept_ms)):
        middle, most, nearly_all, longest = np.percentile(taken, [50, 90, 99, 100])
        print(
            f"{name:6} ms: median {middle:.1f}, 90 % {most:.1f}, 99 % {nearly_all:.1f}, longest {longest:.1f}; "
            f"99 % / median {nearly_all / middle:.2f}"
        )
    print(
        f"{len(rows)} frames, budget {rows[:, 10].min():.0f} to {rows[:, 10].max():.0f}, "
        f"samples {np.median(rows[:, 6]):.0f}, pool {rows[0, 11]:.0f} to {rows[-1, 11]:.0f} slots"
    )
    for name, taken in settled.items():
        told = ", ".join(f"{there_s:.2f} / {sharp_s:.2f}" for there_s, sharp_s in taken)
        print(f"after stopping, {name}, s until all are there / sharp: {told}")
    print(f"{np.percentile(time_ms, 99) / np.median(time_ms):.3f}")


if __name__ == "__main__":
    main()
