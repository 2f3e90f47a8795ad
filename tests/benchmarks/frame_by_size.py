"""Prints how the time of a live frame depends on the size of a model: one matrix of 1e6, 1e8 and 1e10 float32 weights.

The largest file is sparse. Each model is opened by a process of its own, which tells how long it took from its start to
its first live frame, and what memory it holds at the end. Frames are drawn without a window: the same view relative to
the matrix, same budget, all tiles read; the processes take turns, a round of frames each, so that all see the same
machine. Kernels are compiled before.
Run: python tests/benchmarks/frame_by_size.py FOLDER [ROUNDS]. FOLDER has room for 400 MB, and knows sparse files.
The last line is the largest median frame time over the smallest.
"""

import json
import os
import resource
import statistics
import struct
import subprocess
import sys
import time
from pathlib import Path

SIZES = {"1e6": 1000, "1e8": 10_000, "1e10": 100_000}  # rows and columns
VIEWPORT = (1280, 720)
BUDGET = 1_000_000
FRAMES = 5  # a round
PIECE_ROWS = 100


def write(path, side, seed):
    """A safetensors file of one square matrix; the largest without numbers but for a few rows."""
    import numpy as np

    count = 4 * side * side
    header = json.dumps({"layer.weight": {"dtype": "F32", "shape": [side, side], "data_offsets": [0, count]}}).encode()
    header += b" " * (-len(header) % 8)
    random = np.random.default_rng(seed)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        if side < 50_000:
            for _ in range(side // PIECE_ROWS):
                file.write((0.02 * random.standard_normal((PIECE_ROWS, side), np.float32)).data)
        file.truncate(8 + len(header) + count)


def draw(path):
    """The process of one model: says when its first frame was there, then draws a round whenever it is told to."""
    from tensornaut.engine.gpu import Context, Target
    from tensornaut.engine.renderer import Renderer
    from tensornaut.engine.view import Frame
    from tensornaut.loaders.open import open_network
    from tensornaut.scenes.session import Session

    network = open_network(path)
    context = Context.offscreen()
    session = Session(network, "dark", VIEWPORT[0] / VIEWPORT[1], lambda scene: None)
    renderer, target = Renderer(context, session.built.scene), Target(*VIEWPORT)

    def frame(index):
        shown = Frame(index, index / 30, (session.controls.eye(VIEWPORT),), BUDGET, "live")
        session.prepare(shown.time_s)
        renderer.prepare(shown)
        renderer.draw(shown, shown.eyes[0], target.framebuffer)
        context.gl.glFinish()
        return renderer.detail

    index = 0
    while not frame(index).samples:  # nothing of the weights is there yet
        index += 1
    print(time.time(), flush=True)
    while frame(index).waiting or index < 60:
        index += 1
    print("all is read", flush=True)
    for _ in sys.stdin:
        taken = []
        for _ in range(FRAMES):
            start = time.perf_counter()
            frame(index := index + 1)
            taken.append(time.perf_counter() - start)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps([taken, memory, renderer.detail.samples]), flush=True)


def main(folder, rounds):
    paths = {}
    for name, side in SIZES.items():
        paths[name] = folder / f"square-{name}.safetensors"
        if not paths[name].exists():
            write(paths[name], side, side)
    started, first_s, processes = {}, {}, {}
    variables = {**os.environ, "PYOPENGL_PLATFORM": "egl"}
    for name, path in paths.items():
        started[name] = time.time()
        command = [sys.executable, __file__, "--draw", path]
        processes[name] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=variables
        )
        first_s[name] = float(processes[name].stdout.readline()) - started[name]
        processes[name].stdout.readline()
    times, told = {name: [] for name in paths}, {}
    for _ in range(rounds):
        for name, process in processes.items():
            process.stdin.write("\n")
            process.stdin.flush()
            taken, *told[name] = json.loads(process.stdout.readline())
            times[name] += taken
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    for name, process in processes.items():
        process.stdin.close()
        process.wait()
        print(
            f"{name:5} weights: frame {1000 * medians[name]:.1f} ms, {told[name][1]} samples, "
            f"first picture {first_s[name]:.2f} s, resident {told[name][0]:.0f} MiB at most"
        )
    print(f"{max(medians.values()) / min(medians.values()):.3f}")


if __name__ == "__main__":
    if sys.argv[1] == "--draw":
        draw(sys.argv[2])
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20)
