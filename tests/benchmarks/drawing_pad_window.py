"""Full updates a second while one draws on the pad in a real window: from the mouse to the picture with its panels.

Run: python tests/benchmarks/drawing_pad_window.py [seconds] [theme]. Starts a virtual display of 1280 x 720; xdotool
moves the mouse in circles with the button held, about 120 times a second. What is drawn fades a little with every
stroke, so each one asks for another run of the network. An update is a finished frame that shows what was not shown
before. Where other programs run, wall times say little: CPU time an update, of all threads of this process, says more.
"""

import math
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from fly_large import display
from tensornaut.cli.view import Viewer
from tensornaut.engine.kernel_choice import is_compiled
from tensornaut.engine.loop import now_s
from tensornaut.loaders.open import open_network
from tensornaut.scenes.drawing_pad import DrawingPad

MODEL = Path(__file__).resolve().parents[2] / "assets" / "demo" / "digits.safetensors"
SIZE_PX = 1280, 720
BAR = 20.0  # updates a second
STEP_S, STEP_RAD, KEPT = 0.008, 0.21, 0.7
LONGEST_WARM_UP_S = 90.0


class FadingPad(DrawingPad):
    """Forgets what was drawn by and by."""

    def draw(self, start, end, erase=False):
        if start != end:
            self.image = self.image * KEPT
        super().draw(start, end, erase)


class Bench:
    """A viewer with its pad, and the times of its updates."""

    def __init__(self, theme):
        self.viewer = Viewer(open_network(MODEL), SIZE_PX, theme, 0)
        self.viewer.start(None, True)
        self.clock, self.runs = self.viewer._clock, self.viewer._runs
        self.runs._pad.__class__ = FadingPad
        self.shown_s, self.frames, self.shows, self.revision = [], 0, 0, -1
        self._end_frame, self._show = self.clock.end_frame, self.clock._show
        self.clock.end_frame, self.clock._show = self.end_frame, self.show

    def end_frame(self, frame):
        self._end_frame(frame)
        self.frames += 1
        if self.runs._drawn != self.revision:
            self.revision = self.runs._drawn
            self.shown_s.append(now_s())

    def show(self):
        self._show()
        self.shows += 1

    def is_ready(self):
        playback = self.viewer._session.runs.playback
        shows = self.runs._panel.place_px[2] > 0 and self.runs._answer is not None
        return shows and playback.place == playback.length and is_compiled("rasterize")

    def act(self, seconds):
        """Draws, in a thread of its own, and closes the window, also when it cannot draw."""
        try:
            self.wait_until_ready()
            self.draw(seconds)
        finally:
            self.clock._closed = True
            self.clock._glfw.post_empty_event()

    def wait_until_ready(self):
        begin_s = now_s()
        while not self.is_ready() and now_s() - begin_s < LONGEST_WARM_UP_S:
            time.sleep(0.2)
            self.clock.request()
        time.sleep(1)

    def draw(self, seconds):
        left, top, cell = self.runs._panel.place_px
        with subprocess.Popen(["xdotool", "-"], stdin=subprocess.PIPE, text=True) as mouse:

            def do(words):
                mouse.stdin.write(words + "\n")
                mouse.stdin.flush()

            do(f"mousemove {int(left + 4 * cell)} {int(top + cell)}")
            do("mousedown 1")
            self.shown_s.clear()
            begin_s, self.cpu_s = now_s(), -time.process_time()
            self.frames = self.shows = 0
            for step in range(int(seconds / STEP_S)):
                away = 1 + 2.5 * abs(math.sin(0.013 * step))
                x, y = (4 + away * f(STEP_RAD * step) for f in (math.cos, math.sin))
                do(f"mousemove {int(left + x * cell)} {int(top + y * cell)}")
                time.sleep(STEP_S)
                if now_s() - begin_s > seconds:
                    break
            self.took_s, self.cpu_s = now_s() - begin_s, self.cpu_s + time.process_time()
            self.counts = len(self.shown_s), self.frames, self.shows
            do("mouseup 1")

    def said(self):
        updates, frames, shows = self.counts
        between = statistics.median(b - a for a, b in zip(self.shown_s, self.shown_s[1:], strict=False))
        print(f"update {1 / between:.1f} a second ({between * 1000:.1f} ms) by the median, bar {BAR:g}")
        print(f"{updates} updates, {frames} frames, {shows} times panels in {self.took_s:.1f} s")
        print(f"{self.cpu_s / max(updates, 1) * 1000:.1f} ms of CPU an update; compiled: {is_compiled('rasterize')}")
        return 0 if 1 / between >= BAR else 1


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    server = display()
    try:
        bench = Bench(sys.argv[2] if len(sys.argv) > 2 else "dark")
        hand = threading.Thread(target=bench.act, args=(seconds,), daemon=True)
        hand.start()
        bench.viewer.run()
        hand.join()
        bench.viewer.close()
        return bench.said()
    finally:
        server.terminate()


if __name__ == "__main__":
    sys.exit(main())
