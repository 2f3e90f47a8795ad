"""A window used at random: no crash, no fault of OpenGL, no camera astray, memory flat.

Run: python tests/benchmarks/window_soak.py [seconds] [seed] [models ...]. Starts a virtual display of 1280 x 720; a
hand with this seed presses keys of the command table, flies, drags, scrolls, clicks, resizes the window, drops files
(also ones that are no models) and moves the sticks of a gamepad. Dropped files and the gamepad come in where the
desktop's library would hand them over, all else through the X server. Prints resident memory over time; exits 1 when a
bar is missed. Files that the window writes go to a temporary folder.
"""

import gc
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from fly_large import display
from safetensors import numpy as safetensors
from tensornaut.cli.view import Viewer
from tensornaut.engine.gamepad import STILL_PAD, Pad, sticks_of
from tensornaut.engine.gpu import GraphicsError
from tensornaut.engine.loop import now_s
from tensornaut.loaders.open import open_network

DEMO = Path(__file__).resolve().parents[2] / "assets" / "demo"
SIZE_PX = 1280, 720
POOL_BYTES = 64 << 20  # little, so that it is soon full: its memory counts once it is used
SMALLEST_PX = 240, 160
WARM_UP = 0.4  # of the time, in which memory may grow: kernels are compiled, the pool fills
MOST_GROWN_BYTES = 48 << 20  # from then on, between medians; four times that in a run of less than LONG_S
LONG_S = 120
SAMPLE_S = 1.0
SYMBOLS = {
    "+": "plus", "-": "minus", "?": "question", ".": "period", ",": "comma", "[": "bracketleft", "]": "bracketright",
    "Enter": "Return", "Space": "space", "Backspace": "BackSpace", "Escape": "Escape", "PageUp": "Prior",
    "PageDown": "Next", "Shift": "Shift_L", "Ctrl": "ctrl",
}  # fmt: skip
RARE = ("F5", "F11", "F12", "Ctrl+C", "Ctrl+Shift+C")


def symbol(key):
    """What xdotool calls a key of the table."""
    if key in SYMBOLS:
        return SYMBOLS[key]
    parts = [SYMBOLS.get(part, part) for part in key.split("+")]
    parts = [{"Shift_L": "shift", "Alt": "alt"}.get(part, part) for part in parts[:-1]] + parts[-1:]
    return "+".join([*parts[:-1], parts[-1].lower() if len(parts[-1]) == 1 else parts[-1]])


class RandomPads:
    """A gamepad that is plugged in now and then, and moved by the hand."""

    def __init__(self):
        self.pad, self.is_there, self.told = STILL_PAD, False, []

    def __bool__(self):
        return self.is_there

    def news(self):
        told, self.told = self.told, []
        return told

    def read(self):
        return self.pad

    def close(self):
        pass


class Hand:
    """Does random things in a thread of its own, then closes the window."""

    def __init__(self, viewer, seed, files):
        self.viewer, self.files, self.random = viewer, files, random.Random(seed)
        self.input, self.pads, self.done = viewer._clock._input, RandomPads(), {}
        self.input._gamepads.close()
        self.input._gamepads = self.pads
        commands = list(viewer._table)
        self.held = [symbol(command.key) for command in commands if command.held]
        self.keys = [command.key for command in commands if command.key and not command.held]
        self.ways = [
            (self.press, 10), (self.fly, 6), (self.drag, 6), (self.scroll, 5), (self.click, 5), (self.hover, 3),
            (self.resize, 1.5), (self.drop, 0.5), (self.steer, 3), (self.wait, 1), (self.home, 1),
        ]  # fmt: skip

    def act(self, seconds):
        begin_s = now_s()
        try:
            with subprocess.Popen(["xdotool", "-"], stdin=subprocess.PIPE, text=True) as self.xdotool:
                self.do("search --onlyvisible --name Tensornaut windowfocus")
                while now_s() - begin_s < seconds:
                    acts, weights = zip(*self.ways, strict=True)
                    act = self.random.choices(acts, weights)[0]
                    self.done[act.__name__] = self.done.get(act.__name__, 0) + 1
                    act()
                for key in self.held:
                    self.do(f"keyup {key}")
        finally:
            self.viewer._clock._closed = True
            self.viewer._clock._glfw.post_empty_event()

    def do(self, words):
        self.xdotool.stdin.write(words + "\n")
        self.xdotool.stdin.flush()

    def place(self):
        return self.random.randrange(SIZE_PX[0]), self.random.randrange(SIZE_PX[1])

    def wait(self, most_s=0.6):
        time.sleep(self.random.uniform(0, most_s))

    def press(self):
        key = self.random.choice(self.keys)
        if key in RARE and self.random.random() < 0.7:
            return
        self.do(f"key {symbol(key)}")
        self.wait(0.4)

    def fly(self):
        keys = self.random.sample(self.held, self.random.randint(1, 3))
        for key in keys:
            self.do(f"keydown {key}")
        self.wait(0.8)
        if self.random.random() < 0.3:
            self.scroll()
        for key in keys:
            self.do(f"keyup {key}")

    def drag(self):
        button, shift = self.random.choice((1, 1, 2, 3)), self.random.random() < 0.25
        self.do("mousemove {} {}".format(*self.place()))
        if shift:
            self.do("keydown Shift_L")
        self.do(f"mousedown {button}")
        for _ in range(self.random.randint(1, 25)):
            self.do(f"mousemove_relative -- {self.random.randint(-40, 40)} {self.random.randint(-30, 30)}")
            time.sleep(0.015)
        self.do(f"mouseup {button}")
        if shift:
            self.do("keyup Shift_L")

    def scroll(self):
        button = self.random.choice((4, 4, 5, 5, 6, 7))
        self.do(f"click --repeat {self.random.randint(1, 8)} --delay 20 {button}")
        time.sleep(0.15)

    def click(self):
        self.do("mousemove {} {}".format(*self.place()))
        button = self.random.choice((1, 1, 1, 8, 9))
        self.do(f"click --repeat {self.random.randint(1, 3)} --delay 60 {button}")
        self.wait(0.6)

    def hover(self):
        for _ in range(self.random.randint(1, 6)):
            self.do("mousemove {} {}".format(*self.place()))
            self.wait(0.1)

    def resize(self):
        width, height = (self.random.randint(*ends) for ends in zip(SMALLEST_PX, SIZE_PX, strict=True))
        self.do(f"search --onlyvisible --name Tensornaut windowsize {width} {height}")
        self.wait(0.4)

    def drop(self):
        self.input._events.append((self.input._drop, ([str(self.random.choice(self.files))],)))
        self.viewer._clock._glfw.post_empty_event()
        self.wait(1.5)

    def home(self):
        self.do("key Home")
        self.wait(1.5)

    def steer(self):
        if not self.pads.is_there:
            self.pads.told.append("Random pad")
        self.pads.is_there = True
        for _ in range(self.random.randint(1, 4)):
            axes = [self.random.uniform(-1, 1) * self.random.choice((0, 1)) for _ in range(4)]
            axes += [self.random.choice((-1.0, -1.0, self.random.uniform(-1, 1))) for _ in range(2)]
            down = frozenset(k for k in range(15) if self.random.random() < 0.06)
            self.pads.pad = Pad(sticks_of(axes), down)
            self.wait(0.3)
        self.pads.pad = STILL_PAD
        self.pads.is_there = self.random.random() < 0.5


@dataclass
class Watch:
    """What is seen while the hand acts."""

    viewer: Viewer
    begin_s: float = field(default_factory=now_s)
    frames: int = 0
    faults: list = field(default_factory=list)
    strays: list = field(default_factory=list)
    memory: list = field(default_factory=list)  # (seconds, bytes)
    ran: Counter = field(default_factory=Counter)  # commands
    sizes: set = field(default_factory=set)
    models: set = field(default_factory=set)

    def end_frame(self, frame):
        self._end_frame(frame)
        self.frames += 1
        try:
            self.viewer._context.check("a frame")
        except GraphicsError as error:
            self.faults.append(str(error))
        self.sizes.add(self.viewer._clock.size_px)
        self.models.add(self.viewer._session.built.network.name)
        camera = self.viewer._session.controls.camera
        numbers = [*camera.position, camera.yaw_rad, camera.pitch_rad, camera.fov_y_rad]
        if not np.isfinite(numbers).all() or camera.position[1] < 0 or abs(camera.world_from_eye[1, 0]) > 1e-9:
            self.strays.append(numbers)
        self.note()

    def note(self):
        now = now_s() - self.begin_s
        if not self.memory or now - self.memory[-1][0] >= SAMPLE_S:
            self.memory.append((now, resident_bytes()))

    def start(self):
        self._end_frame, self._run = self.viewer._clock.end_frame, self.viewer._table.run
        self.viewer._clock.end_frame, self.viewer._table.run = self.end_frame, self.run

    def run(self, name, **arguments):
        self.ran[name] += 1
        self._run(name, **arguments)

    def grown_bytes(self):
        """From the end of the warm-up: the last third over the first one, medians."""
        end_s = self.memory[-1][0]
        kept = [size for now, size in self.memory if now >= WARM_UP * end_s]
        third = max(len(kept) // 3, 1)
        return statistics.median(kept[-third:]) - statistics.median(kept[:third])

    def print(self, hand):
        step = max(len(self.memory) // 20, 1)
        print("resident MiB:", " ".join(f"{now:.0f}s {size >> 20}" for now, size in self.memory[::step]))
        print("acts:", json.dumps(hand.done))
        never = [command.name for command in self.viewer._table if command.name not in self.ran]
        print(f"{self.ran.total()} commands, {len(self.ran)} different ones; never: {', '.join(never)}")
        print(f"{len(self.sizes)} sizes, {len(self.models)} models")
        print(f"frames {self.frames}, OpenGL faults {len(self.faults)}, cameras astray {len(self.strays)}")
        for words in (*self.faults[:3], *self.strays[:3]):
            print(" ", words)
        grown, most = self.grown_bytes(), MOST_GROWN_BYTES * (1 if self.memory[-1][0] >= LONG_S else 4)
        print(f"memory grew by {grown / 2**20:.1f} MiB after the warm-up, bar {most >> 20}")
        return 0 if not self.faults and not self.strays and grown <= most else 1


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def make_files(folder):
    """What is dropped besides what was named."""
    numbers = np.random.default_rng(1)
    layers = {f"{k}.weight": numbers.standard_normal((700, 900)).astype("f4") for k in range(6)}
    safetensors.save_file(layers, folder / "layers.safetensors")
    (folder / "broken.safetensors").write_bytes(b"no model")
    (folder / "words.txt").write_text("hello")
    np.save(folder / "picture.npy", numbers.random((8, 8)).astype("f4"))
    made = [folder / name for name in ("layers.safetensors", "broken.safetensors", "words.txt", "picture.npy")]
    return [*made, DEMO / "digits.onnx", DEMO / "digits.safetensors", DEMO / "digits.safetensors"]


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    models = [Path(name).resolve() for name in sys.argv[3:]]
    server = display()
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)  # where snapshots go
            viewer = Viewer(open_network(str(DEMO / "digits.safetensors")), SIZE_PX, "dark", 0, pool_bytes=POOL_BYTES)
            hand, watch = Hand(viewer, seed, make_files(Path(folder)) + models), Watch(viewer)
            watch.start()
            acting = threading.Thread(target=hand.act, args=(seconds,), daemon=True)
            acting.start()
            viewer.run()
            acting.join()
            gc.unfreeze()
            code = watch.print(hand)
            viewer.close()
            viewer._clock._glfw.terminate()
            os.chdir("/")
        return code
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
