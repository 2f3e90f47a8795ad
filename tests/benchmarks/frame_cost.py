"""Prints what a frame in motion costs at 1280 x 720, stage by stage, in the window and without one.

MODELs (by default the demo's): the camera goes once around the whole network, then flies the automatic flight. First in
the real window on a virtual display, at its own pace: a frame's time is from the moment one was shown to the moment the
next one was. Then without a window, at a fixed number of samples, the same steps around the network. What the stages of
a frame take is measured in frames of their own, in which every stage is finished before the next begins: so their sum
is more than a frame. `other` is Python between stages. Calls that draw are counted.
Run: python tests/benchmarks/frame_cost.py [MODEL=RATE ...] [--seconds 8] [--theme dark] [--quality medium]
[--offscreen]. RATE is how many frames a second are needed.
The last line is the smallest ratio of what was reached, by the median, to what is needed.
"""

import argparse
import gc
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from fly_large import display

SIZE = (1280, 720)
DEMO = Path(__file__).resolve().parents[2] / "assets" / "demo" / "digits.safetensors"
BUDGET = 1_000_000
PLACES = 48  # around the network
STAGED = 4  # of so many frames one is measured by stages
WARM_S = 3.0
TEXT = "draw_floor", "draw_on_faces", "draw_front", "draw_screen_shapes"
STAGES = (
    ("cut", "engine.detail", "Detail", ("prepare",)),
    ("pack", "engine.detail", "Detail", ("batch", "stems")),
    ("rasterize", "engine.rasterize.compiled", "CompiledRasterizer", ("light", "resolve")),
    ("background", "engine.painters.background", "BackgroundPainter", ("draw",)),
    ("glass", "engine.painters.boxes", "BoxPainter", ("take_glass", "draw_floor", "draw_back", "draw_front")),
    ("lines", "engine.painters.lines", "LinePainter", ("draw",)),
    ("text", "engine.painters.labels", "LabelPainter", TEXT),
    ("bloom", "engine.painters.bloom", "BloomPainter", ("glow", "add")),
    ("bloom", "engine.rasterize.compiled", "CompiledRasterizer", ("glow",)),
    ("compose", "engine.painters.data", "DataPainter", ("_join",)),
    ("compose", "engine.rasterize.compiled", "CompiledRasterizer", ("join",)),
    ("compose", "engine.painters.ground", "Ground", ("taken", "give_back")),
    ("scene", "scenes.session", "Session", ("prepare",)),
    ("panels", "engine.outputs.window", "WindowClock", ("_show",)),
)  # fmt: skip
CALLS = ("glDrawArrays", "glDrawArraysInstanced", "glBlitFramebuffer")


def _now_s():
    """By the clock, and what all threads of this process had of processors."""
    return time.perf_counter(), time.process_time()


class Stages:
    """Milliseconds of stages, while `on`: the innermost has the time."""

    def __init__(self, context):
        self.on, self.calls = False, Counter()
        self._taken, self._frames = Counter(), []
        self._gl, self._within, self._since = context.gl, ["other"], (0.0, 0.0)
        for stage, module, kind, methods in STAGES:
            self._watch(stage, getattr(__import__(f"tensornaut.{module}", fromlist=[kind]), kind), methods)
        for name in CALLS:
            self._count(name)

    @contextmanager
    def frame(self):
        """A frame measured by stages."""
        self.on, self._since, self._taken = True, _now_s(), Counter()
        yield
        self._turn()
        self.on = False
        self._frames.append(self._taken)

    def _turn(self):
        """The time since the last turn belongs to the stage that runs."""
        self._gl.glFinish()
        now = _now_s()
        for kind, (start_s, end_s) in enumerate(zip(self._since, now, strict=True)):
            self._taken[self._within[-1], kind] += 1000 * (end_s - start_s)
        self._since = now

    def _watch(self, stage, kind, methods):
        for name in methods:
            setattr(kind, name, self._watched(stage, getattr(kind, name)))

    def _watched(self, stage, method):
        def watched(*arguments, **named):
            if not self.on:
                return method(*arguments, **named)
            self._turn()
            self._within.append(stage)
            result = method(*arguments, **named)
            self._turn()
            self._within.pop()
            return result

        return watched

    def _count(self, name):
        call = getattr(self._gl, name)

        def counted(*arguments):
            self.calls[name] += self.on
            return call(*arguments)

        setattr(self._gl, name, counted)

    def report(self):
        """Median milliseconds of every stage, and of all processors together."""
        told = []
        for name in [*dict.fromkeys(stage for stage, *_ in STAGES), "other"]:
            wall, cpu = (statistics.median(frame[name, kind] for frame in self._frames) for kind in (0, 1))
            told.append(f"{name} {wall:.1f} ({cpu:.1f})")
        told.append(f"CPU {statistics.median(sum(frame[k] for k in frame if k[1]) for frame in self._frames):.1f}")
        return f"{', '.join(told)}; {self.calls.total() / len(self._frames):.0f} calls that draw"


def around(built, seconds):
    """A flight once around the network, all of it in view."""
    from tensornaut.engine.flight import Flight, Key
    from tensornaut.scenes.views import overview

    view = overview(built, SIZE[0] / SIZE[1])
    away = view.position - view.target
    keys = []
    for k in range(PLACES + 1):
        sin, cos = np.sin(2 * np.pi * k / PLACES), np.cos(2 * np.pi * k / PLACES)
        place = view.target + (cos * away[0] + sin * away[2], away[1], cos * away[2] - sin * away[0])
        keys.append(Key(k * seconds / PLACES, place, view.target, view.fov_y_rad))
    return Flight(keys)


def in_window(path, seconds, theme):
    """Frame times of the two flights in milliseconds, printed by stages."""
    from tensornaut.cli.view import Viewer
    from tensornaut.engine import loop
    from tensornaut.loaders.open import open_network

    viewer = Viewer(open_network(path), SIZE, theme, 0)
    stages = Stages(viewer._context)
    controls, times_s = viewer._session.controls, {}

    def step(staged=False):
        def whole():
            loop.step(viewer._clock, [], viewer._prepare, viewer._draw)

        if not staged:
            return whole()
        with stages.frame():
            whole()

    start = time.perf_counter()
    while viewer._renderer.detail.waiting or time.perf_counter() - start < WARM_S:
        viewer._clock.request()
        step()
    gc.freeze()  # as `Viewer.run` does

    def fly(name, moving):
        taken, last, samples, since = [], None, [], time.perf_counter()
        for index in itertools.count():
            if not moving() or time.perf_counter() - since > 3 * seconds:
                break
            staged = index % STAGED == STAGED - 1
            step(staged)
            now = time.perf_counter()
            if last is not None and not staged:
                taken.append(1000 * (now - last))
            last = None if staged else now
            samples.append(viewer._renderer.detail.samples)
        times_s[name] = taken
        middle, most = np.percentile(taken, [50, 90])
        told = f"median {middle:.1f} ms, least {min(taken):.1f}, 90 % {most:.1f}"
        print(f"  {name}: {told}; {statistics.median(samples):.0f} samples, {viewer._clock.quality}")

    controls.follow(around(viewer._session.built, seconds))
    fly("window, around", lambda: controls.flown_s is not None)
    print(f"    {stages.report()}")
    viewer._table.run("view.tour")
    fly("window, flight", lambda: controls.flown_s is not None)
    viewer.close()
    return {name: statistics.median(taken) for name, taken in times_s.items()}


def offscreen(path, seconds, theme, quality):
    """The same around the network, without a window, at a fixed budget and quality."""
    from tensornaut.engine.gpu import Context, Target
    from tensornaut.engine.renderer import Renderer
    from tensornaut.engine.view import Frame
    from tensornaut.loaders.open import open_network
    from tensornaut.scenes.session import Session

    context = Context.offscreen()
    session = Session(open_network(path), theme, SIZE[0] / SIZE[1], lambda scene: None)
    renderer, target = Renderer(context, session.built.scene), Target(*SIZE)
    stages = Stages(context)
    taken = []

    def draw(index):
        if session.controls.flown_s is None:
            session.controls.follow(around(session.built, seconds))
        session.controls.update(seconds / (4 * PLACES))
        eye = session.controls.eye(SIZE)
        shown = Frame(index, index / 30, (eye,), BUDGET, "live", quality)
        session.prepare(shown.time_s)
        renderer.prepare(shown)
        renderer.draw(shown, eye, target.framebuffer)
        context.gl.glFinish()

    start, index = time.perf_counter(), 0
    while renderer.detail.waiting or time.perf_counter() - start < WARM_S:
        draw(index := index + 1)
    gc.freeze()
    for step in range(index + 1, index + 1 + 4 * PLACES):
        if step % STAGED == 0:
            with stages.frame():
                draw(step)
            continue
        start = time.perf_counter()
        draw(step)
        taken.append(1000 * (time.perf_counter() - start))
    told = f"median {statistics.median(taken):.1f} ms, least {min(taken):.1f}"
    print(f"  offscreen, around: {told}; {renderer.detail.samples} samples, {quality}")
    print(f"    {stages.report()}")


def measured(path, rate, arguments):
    """Ratio of what is reached in the window to what is needed; processes of their own, as EGL and GLX need them."""
    options = {"--seconds": arguments.seconds, "--theme": arguments.theme, "--quality": arguments.quality}
    command = [sys.executable, __file__, *(str(word) for option in options.items() for word in option)]
    print(f"{path.name}: {rate:g} frames a second are needed", flush=True)
    subprocess.run([*command, "--draw", "offscreen", path], check=True, env={**os.environ, "PYOPENGL_PLATFORM": "egl"})
    if arguments.offscreen:
        return 0.0
    told = subprocess.run([*command, "--draw", "window", path], check=True, stdout=subprocess.PIPE, text=True).stdout
    *lines, last = told.splitlines()
    print("\n".join(lines), flush=True)
    return 1000 / float(last) / rate


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", default=[f"{DEMO}=30"])
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--theme", default="dark")
    parser.add_argument("--quality", default="medium", help="of frames without a window")
    parser.add_argument("--offscreen", action="store_true")
    parser.add_argument("--draw", choices=["window", "offscreen"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.draw:
        (path,) = arguments.models
        given = Path(path), arguments.seconds, arguments.theme
        if arguments.draw == "window":
            print(max(in_window(*given).values()))
        else:
            offscreen(*given, arguments.quality)
        return
    server = display()
    try:
        models = [model.rpartition("=") for model in arguments.models]
        ratios = [measured(Path(path), float(rate), arguments) for path, _, rate in models]
    finally:
        server.terminate()
        server.wait()
    print(f"{min(ratios):.3f}")


if __name__ == "__main__":
    main()
