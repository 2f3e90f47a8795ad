"""The window on a virtual display: keys, mouse, size, closing, Ctrl-C, rest, panels, films.

The display and the window run in child processes: a process has GLX or EGL, never both.
"""

import json
import math
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.xvfb
PROGRAM = Path(__file__).with_name("window_program.py")
PATIENCE_S = 20


class Window:
    """The program of window_program.py with the lines that it says."""

    def __init__(self, display, *arguments):
        self.environment = {**os.environ, "DISPLAY": display}
        self.environment.pop("PYOPENGL_PLATFORM", None)
        command = [sys.executable, str(PROGRAM), *map(str, arguments)]
        self.process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._lines = queue.Queue()
        self.frame = None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)

    def until(self, wanted):
        """The first line for which `wanted` holds."""
        end_s = time.monotonic() + PATIENCE_S
        while True:
            line = self._lines.get(timeout=max(end_s - time.monotonic(), 0.01))
            assert line is not None, self.process.communicate()[1]
            self.frame = line if "frame" in line else self.frame
            if wanted(line):
                return line

    def at_rest(self):
        """The newest frame, once no more come."""
        while True:
            try:
                line = self._lines.get(timeout=0.5)
            except queue.Empty:
                return self.frame
            self.frame = line if "frame" in line else self.frame

    def do(self, *words):
        subprocess.run(["xdotool", *map(str, words)], env=self.environment, check=True)

    def id(self):
        found = subprocess.check_output(
            ["xdotool", "search", "--sync", "--name", "^tensornaut test$"], env=self.environment, text=True
        )
        return int(found.split()[-1])

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()


@pytest.fixture
def window(display, request):
    made = Window(display, *getattr(request, "param", ["fly"]))
    made.until(lambda line: "ready" in line)
    made.until(lambda line: "frame" in line)
    made.do("mousemove", 200, 150)
    yield made
    made.end()


def test_w_flies_forward_as_long_as_it_is_down(window):
    window.do("keydown", "w")
    window.until(lambda line: "frame" in line and line["at"][2] < 70)
    window.do("keyup", "w")
    rest = window.at_rest()
    assert rest["at"][:2] == [0, 0] and rest["at"][2] < 70


def test_arrows_look_and_with_alt_are_keys_of_their_own(window):
    window.do("keydown", "Right")
    window.until(lambda line: "frame" in line and line["turn"][0] > 0.1)
    window.do("keyup", "Right")
    turned = window.at_rest()
    assert turned["at"] == [0, 0, 100]
    window.do("key", "alt+Right")
    assert window.until(lambda line: "ran" in line)["ran"] == "Alt+Right"
    assert window.at_rest()["turn"] == turned["turn"]


def test_pressed_keys_run_their_commands_once(window):
    for key, name in (("question", "?"), ("F12", "F12"), ("ctrl+z", "Ctrl+Z"), ("l", "L"), ("Escape", "Escape")):
        window.do("key", key)
        assert window.until(lambda line: "ran" in line)["ran"] == name
    window.do("key", "ctrl+w")  # no command, and no flying either
    window.do("key", "shift+question")
    lines = []
    window.until(lambda line: lines.append(line) or line.get("ran") == "?")
    assert [line["ran"] for line in lines if "ran" in line] == ["?"]
    assert window.at_rest()["at"] == [0, 0, 100]


def test_the_left_button_orbits_and_the_right_one_looks(window):
    window.do("mousedown", 1, "mousemove", 230, 150, "mousemove", 260, 170)
    turned = window.at_rest()
    window.do("mouseup", 1)
    assert turned["turn"][0] > 0.2 and turned["turn"][1] < -0.05 and turned["at"][0] < -10
    rest = window.at_rest()
    window.do("mousedown", 3)
    for _ in range(5):
        window.do("mousemove_relative", 20, 0)
    looked = window.at_rest()
    window.do("mouseup", 3)
    assert looked["turn"][0] - rest["turn"][0] == pytest.approx(0.1745, rel=0.5)  # 100 px, 0.1 degree each
    assert looked["at"] == pytest.approx(rest["at"])


def test_the_wheel_brings_nearer_and_clicks_are_told(window):
    window.do("click", 4)
    assert window.at_rest()["at"][2] < 95
    window.do("click", 1)
    assert window.until(lambda line: "clicked" in line)["clicked"] == [200, 150]
    time.sleep(0.5)
    window.do("click", "--repeat", 2, "--delay", 50, 1)
    assert window.until(lambda line: "focused" in line)["focused"] == [200, 150]


def test_further_buttons_of_a_mouse_go_back_and_forward(window):
    for button, key in ((8, "Alt+Left"), (9, "Alt+Right")):
        window.do("click", button)
        assert window.until(lambda line: "ran" in line)["ran"] == key


@pytest.mark.parametrize("way", ["middle button", "shift"])
def test_a_drag_that_pans_takes_the_scene_along(window, way):
    button = 2 if way == "middle button" else 1
    if way == "shift":
        window.do("keydown", "Shift_L")
    window.do("mousedown", button, "mousemove", 230, 150, "mousemove", 260, 170)
    window.do("mouseup", button)
    if way == "shift":
        window.do("keyup", "Shift_L")
    rest = window.at_rest()
    height = 2 * 90 * math.tan(0.3)  # of the picture, where the scene is nearest: 300 px
    assert rest["at"] == pytest.approx([-60 / 300 * height, 20 / 300 * height, 100], rel=0.02)
    assert rest["turn"] == pytest.approx([0, 0])


def test_two_fingers_sideways_pan_and_with_shift_the_wheel_does(window):
    window.do("click", "--repeat", 3, "--delay", 20, 6)  # the wheel to the left: the scene goes right
    aside = window.at_rest()["at"]
    assert aside[0] < -5 and aside[1:] == [0, 100]
    window.do("keydown", "Shift_L", "click", 4, "keyup", "Shift_L")
    assert window.at_rest()["at"] == pytest.approx([aside[0], aside[1] + 0.06 * 2 * 90 * math.tan(0.3), 100], rel=0.02)


@pytest.mark.parametrize("window", [["pad"]], indirect=True)
def test_a_gamepad_flies_looks_and_runs_commands_once(window):
    window.do("key", "p")
    window.until(lambda line: "frame" in line and line["at"][2] < 80)
    window.do("key", "p")
    window.until(lambda line: "frame" in line and line["turn"][0] > 0.3)
    window.do("key", "p")
    rest = window.at_rest()
    window.do("key", "p")
    assert window.until(lambda line: "ran" in line)["ran"] == "view.next"
    assert window.at_rest()["at"] == rest["at"]
    window.do("key", "p")
    window.until(lambda line: "frame" in line and line["at"][1] > 2)
    window.do("key", "p")
    still = window.at_rest()
    time.sleep(0.5)
    assert window.at_rest() == still


def test_full_screen_and_back(window):
    window.do("key", "F11")
    window.until(lambda line: line.get("size") == [1280, 720])
    window.do("key", "F11")
    window.until(lambda line: line.get("size") == [400, 300])


def test_another_size_of_the_window_is_another_size_of_the_picture(window):
    window.do("windowsize", window.id(), 500, 350)
    window.until(lambda line: line.get("size") == [500, 350])


def test_the_close_button_ends_the_clock(window, press_close_button):
    press_close_button(window.id())
    window.until(lambda line: line.get("closed"))
    assert window.process.wait(PATIENCE_S) == 0
    assert window.process.stderr.read() == ""


@pytest.mark.parametrize("moving", [False, True])
def test_ctrl_c_is_an_interrupt_at_rest_and_in_motion(window, moving):
    if moving:
        window.do("keydown", "s")
        window.until(lambda line: "frame" in line and line["at"][2] > 105)
    window.process.send_signal(signal.SIGINT)
    window.until(lambda line: line.get("interrupted"))
    assert window.process.wait(PATIENCE_S) == 130
    assert window.process.stderr.read() == ""
    if moving:
        window.do("keyup", "s")


def test_at_rest_nothing_is_drawn_and_hardly_any_time_is_used(window):
    def used_s():
        with open(f"/proc/{window.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before, before_s = window.at_rest(), used_s()
    time.sleep(1.5)
    assert used_s() - before_s <= 0.5  # drawing or polling would use most of the time
    assert window.at_rest() == before


@pytest.mark.parametrize("window", [["panels"]], indirect=True)
def test_a_panel_takes_the_mouse_that_is_over_it(window):
    window.do("mousemove", 60, 40)
    time.sleep(0.3)
    window.do("click", 1)
    assert window.until(lambda line: "panel" in line or "clicked" in line) == {"panel": 1}
    window.do("mousemove", 300, 200)
    time.sleep(0.3)
    window.do("click", 1)
    assert window.until(lambda line: "panel" in line or "clicked" in line) == {"clicked": [300, 200]}


def test_a_thousand_frames_leave_no_memory_and_no_fault_and_a_film(display, tmp_path):
    window = Window(display, "thousand", tmp_path / "film.mp4")
    grown = window.until(lambda line: "grown_bytes" in line)["grown_bytes"]
    window.process.wait(PATIENCE_S)
    assert grown < 8e6
    assert window.process.stderr.read() == ""
    assert (tmp_path / "film.mp4").read_bytes()[4:8] == b"ftyp"
    window.end()


@pytest.mark.parametrize("display_name", ["", ":9999"])
def test_without_a_display_one_error_says_so(display_name):
    window = Window(display_name, "fly")
    assert window.until(lambda line: True) == {"error": "no_display", "name": display_name or "display"}
    assert window.process.wait(PATIENCE_S) == 2
    assert window.process.stderr.read() == ""
    window.end()
