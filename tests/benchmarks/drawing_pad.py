"""Full updates a second from a stroke on the drawing pad to the finished picture, beside drawing the picture alone.

Run: python tests/benchmarks/drawing_pad.py [rounds]. Live frames, 1280 x 720, without a window. An update is a stroke,
the whole run of the digits model, all sheets and weights in their new colors, and the picture. Both are interleaved.
"""

import statistics
import sys
from pathlib import Path

import numpy as np
from tensornaut.engine.gpu import Context, Target
from tensornaut.engine.kernel_choice import is_compiled
from tensornaut.engine.loop import now_s
from tensornaut.engine.renderer import Renderer
from tensornaut.engine.view import Frame
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.drawing_pad import pad_for
from tensornaut.scenes.focus import WHOLE, show_focus
from tensornaut.scenes.network_scene import build
from tensornaut.scenes.runs import Runs
from tensornaut.scenes.style import THEMES
from tensornaut.scenes.views import overview

MODEL = Path(__file__).resolve().parents[2] / "assets" / "demo" / "digits.safetensors"
SIZE_PX = 1280, 720
BAR = 20.0  # updates a second
WARM_UP, LONGEST_WARM_UP_S = 12, 90.0


class Bench:
    """The digits model with its pad, and what draws it."""

    def __init__(self):
        self.built = build(open_network(MODEL), THEMES["dark"], Analysis())
        self.runs = Runs(self.built)
        self.pad = pad_for(self.runs.program)
        self.context = Context.offscreen()
        self.target = Target(*SIZE_PX)
        self.renderer = Renderer(self.context, self.built.scene)
        self.random = np.random.default_rng(0)
        self.frames = 0
        self.answer()
        self.eye = overview(self.built, SIZE_PX[0] / SIZE_PX[1]).eye(SIZE_PX, self.built.scene.length)

    def answer(self):
        """A stroke, and what the network makes of it."""
        self.pad.clear()
        self.pad.draw(*self.random.uniform(0, 8, (2, 2)))
        inputs = self.pad.inputs()
        self.runs.show(inputs, self.runs.compute(inputs), play=False)

    def draw(self):
        """One live picture, finished."""
        self.frames += 1
        self.runs.prepare(self.frames / 60, SIZE_PX)
        show_focus(self.built, WHOLE)
        frame = Frame(self.frames, self.frames / 60, (self.eye,), 1_000_000, "live")
        self.renderer.prepare(frame)
        assert self.renderer.detail.waiting == 0 or self.frames <= WARM_UP, "a picture without all of its data"
        self.renderer.draw(frame, self.eye, self.target.framebuffer)
        self.context.gl.glFinish()

    def update(self):
        """From the stroke to the picture."""
        self.answer()
        self.draw()


def took_s(act):
    begin_s = now_s()
    act()
    return now_s() - begin_s


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    bench = Bench()
    begin_s = now_s()
    while bench.frames < WARM_UP or not is_compiled("rasterize") and now_s() - begin_s < LONGEST_WARM_UP_S:
        bench.update()
    bench.frames = WARM_UP
    update_s, alone_s, answer_s = [], [], []
    for _ in range(rounds):
        update_s.append(took_s(bench.update))
        alone_s.append(took_s(bench.draw))
        answer_s.append(took_s(bench.answer))
        bench.draw()
    update, alone, answer = (statistics.median(times) for times in (update_s, alone_s, answer_s))
    print(f"update {1 / update:.1f} a second ({update * 1000:.1f} ms), bar {BAR:g}")
    print(f"drawing alone {1 / alone:.1f} a second ({alone * 1000:.1f} ms)")
    print(f"run and scene without drawing {answer * 1000:.1f} ms; compiled: {is_compiled('rasterize')}")
    return 0 if 1 / update >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
