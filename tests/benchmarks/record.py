"""Prints how long recording a film takes beside its parts: drawing alone, encoding alone, and both on all processors.

A film of 10 s of a tour of the demo model (or MODEL), 1280x720, 30 pictures a second, x264 veryfast, crf 20. Recording:
as the command `record` does, pictures drawn here and encoded in threads of their own. Drawing alone: the same pictures,
each finished before the next. Encoding alone: the same pixels from memory through the same encoder. None of them can be
left out, and together they cannot take less than their processor time over the number of processors.
Run: python tests/benchmarks/record.py FOLDER [PAIRS] [MODEL]. FOLDER has room for two films; 1.2 GB of memory.
Where the system says so, each line has what other processes took meanwhile: where that is much, wall times mean little,
and rounds without it are told apart. The last line is the median, over all rounds, of recording over the largest of the
three.
"""

import os
import statistics
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
from tensornaut.engine import loop
from tensornaut.engine.gpu import Context, read_pixels
from tensornaut.engine.outputs.offscreen import OffscreenClock
from tensornaut.engine.outputs.video import VideoSink, _Encoder
from tensornaut.engine.renderer import Renderer
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.focus import say_block, show_focus
from tensornaut.scenes.network_scene import build
from tensornaut.scenes.style import THEMES
from tensornaut.scenes.tours import default_tour

SIZE, RATE, SECONDS = (1280, 720), 30, 10
COUNT = RATE * SECONDS
QUIET = 0.05  # share of all processors' time that others may take in a round that counts as one without them
CRF, PRESET = 20, "veryfast"
MODEL = Path(__file__).resolve().parent.parent.parent / "assets" / "demo" / "digits.safetensors"


class Film:
    """The frames of the film."""

    def __init__(self, model):
        self.built = build(open_network(str(model)), THEMES["dark"], Analysis())
        self.tour = default_tour(self.built, SIZE[0] / SIZE[1], SECONDS)
        self.context = Context.offscreen()
        self.renderer = Renderer(self.context, self.built.scene)

    def eyes_at(self, index, time_s):
        show_focus(self.built, self.tour.focus.at(time_s))
        return (self.tour.eye(time_s, SIZE, self.built.scene.length),)

    def prepare(self, frame):
        self.renderer.prepare(frame)
        say_block(self.built, self.renderer.detail)

    def run(self, sink):
        clock = OffscreenClock(self.context, SIZE, COUNT, RATE, self.eyes_at)
        assert loop.run(clock, [sink], self.prepare, self.renderer.draw) == COUNT
        clock.close()


def taken(work):
    """(seconds, processor seconds of all threads, processor seconds of other processes) of calling `work`."""
    wall, processor, busy = time.perf_counter(), time.process_time(), busy_s()
    work()
    own_s = time.process_time() - processor
    return time.perf_counter() - wall, own_s, max(busy_s() - busy - own_s, 0.0)


def busy_s():
    """Seconds that all processors were busy since the start; 0 where the system does not say."""
    try:
        ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    except OSError:
        return 0.0
    return (sum(ticks[:8]) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def encode(path, pictures):
    encoder = _Encoder(path, path, SIZE, Fraction(RATE), CRF, PRESET)
    encoder.open()
    for index, pixels in enumerate(pictures):
        encoder.encode(pixels, index)
    encoder.finish()


def main():
    folder, pairs = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    film = Film(sys.argv[3] if len(sys.argv) > 3 else MODEL)
    finish = loop.Watcher(lambda frame, eye, framebuffer: film.context.gl.glFinish())
    pictures = []

    def keep(frame, eye, framebuffer):
        pictures.append(read_pixels(framebuffer, eye.viewport, np.empty((SIZE[1], SIZE[0], 4), np.uint8)))

    film.run(loop.Watcher(keep))  # compiles, reads, and gives the pixels to be encoded
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    ratios, quiet = [], []
    for number in range(pairs):
        draw_s, draw_processor_s, draw_others_s = taken(lambda: film.run(finish))
        record_s, record_processor_s, record_others_s = taken(
            lambda: film.run(VideoSink(folder / "record.mp4", SIZE, RATE, CRF, PRESET, least_frames=COUNT))
        )
        encode_s, encode_processor_s, encode_others_s = taken(lambda: encode(folder / "encode.mp4", pictures))
        both_s = (draw_processor_s + encode_processor_s) / processors
        ratios.append(record_s / max(draw_s, encode_s, both_s))
        others_s = draw_others_s + record_others_s + encode_others_s
        if others_s < QUIET * processors * (draw_s + record_s + encode_s):
            quiet.append(ratios[-1])
        print(
            f"{number}: draw {draw_s:.2f} s ({draw_processor_s:.2f} of processors), encode {encode_s:.2f} s "
            f"({encode_processor_s:.2f}), both on {processors} processors {both_s:.2f} s; record {record_s:.2f} s "
            f"({record_processor_s:.2f}), others {others_s:.1f} s: {ratios[-1]:.3f}",
            flush=True,
        )
    if quiet:
        print(f"{len(quiet)} rounds without others: {statistics.median(quiet):.3f}")
    print(f"record / max(encode, draw, both on all processors): {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
