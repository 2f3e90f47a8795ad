"""`tensornaut SOURCE` on a virtual display, as a person uses it: keys, mouse, size, pictures, help, film, ending."""

import ctypes
import ctypes.util
import json
import os
import signal
import struct
import subprocess
import sys
import time
from io import BytesIO

import numpy as np
import pytest
from safetensors import numpy as reference

pytestmark = pytest.mark.xvfb
PATIENCE_S = 30
NOTING = """
import os
import sys
from tensornaut.cli.main import main
from tensornaut.scenes.panels.notice import Notices

def add(self, words, add=Notices.add):
    with open(os.path.expanduser("~/said.txt"), "a") as said:
        said.write(words + "\\n")
    return add(self, words)

Notices.add = add
sys.exit(main(sys.argv[1:]))
"""  # the command, which also writes down the messages that it shows
SHAPES = {"fc1.weight": (96, 64), "fc1.bias": (96,), "fc2.weight": (48, 96), "fc2.bias": (48,), "out.weight": (10, 48)}


def until(wanted):
    """The first result of `wanted` that is true."""
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        found = wanted()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("waited in vain")


class Screen:
    """Colors of a virtual display."""

    def __init__(self, display):
        self._x11 = ctypes.CDLL(ctypes.util.find_library("X11"))
        for name in ("XOpenDisplay", "XGetImage"):
            getattr(self._x11, name).restype = ctypes.c_void_p
        for name in ("XDefaultRootWindow", "XGetPixel"):
            getattr(self._x11, name).restype = ctypes.c_ulong
        self._connection = ctypes.c_void_p(self._x11.XOpenDisplay(display.encode()))

    def row(self, y_px, x0_px, x1_px):
        """(n,) colors along a line of the screen."""
        root = ctypes.c_ulong(self._x11.XDefaultRootWindow(self._connection))
        every_plane, z_pixmap = ctypes.c_ulong(2**64 - 1), 2
        place = x0_px, y_px, x1_px - x0_px, 1
        image = ctypes.c_void_p(self._x11.XGetImage(self._connection, root, *place, every_plane, z_pixmap))
        colors = np.array([self._x11.XGetPixel(image, x, 0) & 0xFFFFFF for x in range(x1_px - x0_px)])
        self._x11.XDestroyImage(image)
        return colors

    def close(self):
        self._x11.XCloseDisplay(self._connection)


class Viewer:
    """The command in a process of its own; pictures taken by F12 tell what it shows."""

    def __init__(self, variables, folder, *arguments, start_in=None):
        self.variables, self.folder = variables, folder
        command = [sys.executable, "-c", NOTING, *map(str, arguments)]
        self.process = subprocess.Popen(
            command, env=variables, cwd=start_in or folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.taken = len(list(folder.glob("model-*.png")))

    def do(self, *words):
        subprocess.run(["xdotool", *map(str, words)], env=self.variables, check=True)

    def id(self):
        """X's number of the window, once it is to be seen."""
        command = ["xdotool", "search", "--onlyvisible", "--name", "^model - Tensornaut$"]

        def found():
            assert self.process.poll() is None, self.process.communicate()
            return subprocess.run(command, env=self.variables, capture_output=True, text=True).stdout.split()

        return int(until(found)[-1])

    def picture(self):
        """The bytes of a new picture, taken by F12."""
        self.taken += 1
        path = self.folder / f"model-{self.taken}.png"
        self.do("key", "F12")
        until(path.exists)
        return path.read_bytes()

    def said(self, part):
        """The messages so far that have this in them."""
        return [line for line in (self.folder / "said.txt").read_text().splitlines() if part in line]

    def picture_at_rest(self):
        """The picture, once it stays the same."""
        before, now = b"", self.picture()
        while now != before:
            time.sleep(0.2)
            before, now = now, self.picture()
        return now

    def ended(self):
        """(exit code, what was printed) once the process has ended."""
        printed = "".join(self.process.communicate(timeout=PATIENCE_S))
        return self.process.returncode, printed


@pytest.fixture
def model(tmp_path):
    path, random = tmp_path / "model.safetensors", np.random.default_rng(5)
    reference.save_file({name: random.standard_normal(shape).astype("f4") for name, shape in SHAPES.items()}, path)
    return path


@pytest.fixture
def view(display, model, cold, tmp_path):
    """Starts the command on the model."""
    started = []

    def start(*arguments, **options):
        variables = {**cold, "DISPLAY": display, "LC_ALL": "C.UTF-8"}
        started.append(Viewer(variables, tmp_path, model, *arguments, **options))
        started[-1].id()
        started[-1].do("mousemove", 30, 650)
        return started[-1]

    yield start
    for viewer in started:
        if viewer.process.poll() is None:
            viewer.process.kill()
        viewer.process.communicate()


def are_alike(png, other):
    """Whether two pictures are the same but for the places of labels, which depend on where one came from."""
    pictures = pytest.importorskip("PIL.Image", reason="comparing pictures needs Pillow (pip install pillow)")
    first, second = (np.asarray(pictures.open(BytesIO(data)).convert("RGB")) for data in (png, other))
    return (first != second).any(2).mean() < 0.05


def size_of(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", png[16:24])


def test_flying_looking_resizing_and_closing(view, press_close_button, tmp_path):
    viewer = view("--size", "640x360")
    window = viewer.id()
    first = viewer.picture_at_rest()
    assert size_of(first) == (640, 360)
    viewer.do("mousemove", 300, 180, "keydown", "w")
    time.sleep(0.3)
    viewer.do("keyup", "w")
    flown = viewer.picture_at_rest()
    assert flown != first
    viewer.do("mousedown", 3)
    for _ in range(4):
        viewer.do("mousemove_relative", 25, 0)
    viewer.do("mouseup", 3)
    looked = viewer.picture_at_rest()
    assert looked != flown
    viewer.do("windowsize", window, 500, 300)
    until(lambda: size_of(viewer.picture()) == (500, 300))
    press_close_button(window)
    assert viewer.ended() == (0, "")
    again = view()  # as large as it was
    assert size_of(again.picture()) == (500, 300)


def test_question_mark_shows_the_keys_and_escape_hides_them(view, display):
    viewer, screen = view("--size", "640x360"), Screen(display)
    viewer.picture_at_rest()
    scene = screen.row(180, 200, 440)
    viewer.do("key", "question")
    until(lambda: np.mean(screen.row(180, 200, 440) != scene) > 0.5)
    viewer.do("key", "Escape")
    until(lambda: np.array_equal(screen.row(180, 200, 440), scene))
    screen.close()


def test_going_to_a_layer_and_taking_it_back(view):
    viewer = view("--size", "320x180")
    whole = viewer.picture_at_rest()
    viewer.do("key", "2")
    layer = viewer.picture_at_rest()
    viewer.do("key", "l")
    light = viewer.picture_at_rest()
    assert len({whole, layer, light}) == 3
    viewer.do("key", "ctrl+z")
    assert viewer.picture_at_rest() == layer
    viewer.do("key", "Home")
    assert viewer.picture_at_rest() == whole


def test_places_are_walked_back_by_keys_and_by_the_mouse(view):
    viewer = view("--size", "640x360")
    whole = viewer.picture_at_rest()
    viewer.do("key", "Return")  # to what is in the middle
    layer = viewer.picture_at_rest()
    viewer.do("key", "3")
    weights = viewer.picture_at_rest()
    assert not are_alike(whole, layer) and not are_alike(layer, weights)
    viewer.do("key", "alt+Left")
    assert are_alike(viewer.picture_at_rest(), layer)
    viewer.do("mousemove", 320, 180, "click", 8)
    assert are_alike(viewer.picture_at_rest(), whole)
    viewer.do("key", "alt+Right")
    assert are_alike(viewer.picture_at_rest(), layer)


def test_by_keys_alone_to_a_weight_and_what_it_is(view):
    viewer = view("--size", "640x360")
    viewer.picture_at_rest()
    for _ in range(3):
        viewer.do("key", "Return")
        near = viewer.picture_at_rest()
    viewer.do("key", "x")
    until(lambda: viewer.picture_at_rest() != near)
    viewer.do("key", "ctrl+c")
    until(lambda: viewer.said("Copied"))


def test_how_fast_one_flies_is_said_and_remembered(view, press_close_button):
    viewer = view("--size", "320x180")
    viewer.picture_at_rest()
    viewer.do("key", "plus", "key", "plus", "key", "minus", "key", "plus")
    until(lambda: viewer.said("Speed × 1.6"))
    press_close_button(viewer.id())
    assert viewer.ended() == (0, "")
    again = view("--size", "320x180")
    again.picture_at_rest()
    again.do("key", "plus")
    until(lambda: again.said("Speed × 2"))


def test_who_has_lost_sight_of_the_model_is_led_home(view, display):
    viewer, screen = view("--size", "640x360"), Screen(display)
    whole = viewer.picture_at_rest()
    viewer.do("mousemove", 600, 340, "keydown", "Up")
    time.sleep(2.5)
    viewer.do("keyup", "Up")
    astray = viewer.picture_at_rest()
    until(lambda: len(set(screen.row(162, 180, 460))) > 20)  # words, where only sky was
    viewer.do("mousemove", 320, 162, "sleep", 0.3, "click", 1)
    until(lambda: not are_alike(viewer.picture_at_rest(), astray))
    assert are_alike(viewer.picture_at_rest(), whole)
    screen.close()


def test_the_theme_is_remembered_unless_another_is_asked_for(view, press_close_button):
    viewer = view("--size", "320x180")
    dark = viewer.picture_at_rest()
    viewer.do("key", "l")
    light = viewer.picture_at_rest()
    press_close_button(viewer.id())
    assert viewer.ended() == (0, "") and light != dark
    again = view("--size", "320x180")
    assert again.picture_at_rest() == light
    press_close_button(again.id())
    again.ended()
    assert view("--size", "320x180", "--theme", "dark").picture_at_rest() == dark


CLIPBOARD = """
from imgui_bundle import imgui
import glfw
assert glfw.init()
glfw.window_hint(glfw.VISIBLE, False)
window = glfw.create_window(10, 10, "clipboard", None, None)
print(glfw.get_clipboard_string(window).decode())
"""


def test_a_click_selects_a_weight_and_ctrl_c_copies_it(view, model):
    viewer = view("--size", "640x360")
    viewer.do("key", "3")
    near = viewer.picture_at_rest()
    viewer.do("mousemove", 320, 180, "click", 1)
    framed = until(lambda: (now := viewer.picture_at_rest()) != near and now)
    viewer.do("key", "ctrl+c")

    def copied():
        command = [sys.executable, "-c", CLIPBOARD]
        found = subprocess.run(command, env=viewer.variables, capture_output=True, text=True, timeout=PATIENCE_S)
        return found.stdout.strip()

    weight = json.loads(until(copied))
    expected = reference.load_file(model)[weight["tensor"]][tuple(weight["index"])]
    assert np.float32(weight["value"]) == expected and int(weight["bits"], 16) == int(expected.view(np.uint32))
    with model.open("rb") as file:
        file.seek(weight["offset"])
        assert file.read(4) == expected.tobytes()
    viewer.do("key", "Escape")
    assert viewer.picture_at_rest() == near
    viewer.do("key", "ctrl+z")
    assert viewer.picture_at_rest() == framed


def grow(path):
    with path.open("ab") as file:
        file.write(b"more")


def put_in_place(path):
    """Another file in place of the model, as programs do that write anew."""
    random = np.random.default_rng(6)
    other = path.with_name("other")
    reference.save_file({name: random.standard_normal(shape).astype("f4") for name, shape in SHAPES.items()}, other)
    os.replace(other, path)


CHANGES = {
    "has become shorter": lambda path: os.truncate(path, path.stat().st_size // 3),
    "was written anew": put_in_place,
    "has become longer": grow,
    "is gone": os.unlink,
    "is no file any more": lambda path: (os.unlink(path), os.mkfifo(path)),
}


@pytest.mark.parametrize("said", CHANGES)
def test_a_file_that_changes_in_flight_is_said_once_and_opened_again_when_asked(view, model, said, press_close_button):
    viewer = view("--size", "640x360")
    whole = viewer.picture_at_rest()
    CHANGES[said](model)
    for key in ("3", "Tab", "2", "Tab", "1", "3"):
        viewer.do("key", key)
        viewer.do("mousemove", 300, 180, "sleep", 0.3)
    kept = viewer.picture_at_rest()
    assert kept != whole and len(viewer.said(said)) == len(viewer.said("F5")) == 1
    for key in ("v", "l", "r"):  # what is in view stays, though another look of it cannot be had
        viewer.do("key", key)
    assert viewer.picture_at_rest() == kept and len(viewer.said("That needs the file")) == 3
    if said != "was written anew":
        viewer.do("key", "F5")
        until(lambda: viewer.said("model.safetensors: "))
        model.unlink(missing_ok=True)
        put_in_place(model)
    viewer.do("key", "F5")
    until(lambda: viewer.said("Opened again: model"))
    assert viewer.picture_at_rest() != kept  # the same view of other weights, now with their numbers
    assert len(viewer.said(said)) == 1
    press_close_button(viewer.id())
    assert viewer.ended() == (0, "")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="no folder that nobody can write to")
def test_a_picture_goes_home_where_the_folder_takes_none(view):
    assert size_of(view("--size", "320x180", start_in="/proc").picture()) == (320, 180)


@pytest.mark.parametrize("moving", [False, True])
def test_ctrl_c_ends_quietly_and_leaves_a_whole_film(view, moving, tmp_path):
    import av

    viewer = view("--size", "320x180", "--record", tmp_path / "seen.mp4")
    picture = viewer.picture_at_rest()
    viewer.do("key", "t")
    time.sleep(1.5)
    if not moving:
        viewer.do("key", "Escape")
        assert viewer.picture_at_rest() != picture
    viewer.process.send_signal(signal.SIGINT)
    assert viewer.ended() == (130, "")
    with av.open(str(tmp_path / "seen.mp4")) as film:
        frames = list(film.decode(video=0))
    times = [float(frame.pts * frame.time_base) for frame in frames]
    assert (frames[0].width, frames[0].height) == (320, 180)
    assert times == sorted(set(times)) and times[0] == 0 and times[-1] > 1
    first, last = (frame.to_ndarray(format="gray").astype(int) for frame in (frames[0], frames[-1]))
    assert np.abs(first - last).mean() > 1


def test_nothing_stays_behind_after_ctrl_c(view, tmp_path):
    viewer = view("--size", "320x180")
    viewer.picture_at_rest()
    viewer.process.send_signal(signal.SIGINT)
    viewer.ended()
    mine = f"HOME={tmp_path}".encode()

    def left():
        return [pid for pid in os.listdir("/proc") if pid.isdigit() and mine in _environment_of(pid).split(b"\0")]

    until(lambda: not left())


def _environment_of(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read()
    except OSError:
        return b""


@pytest.mark.parametrize("display_name", [None, ":9999"])
def test_without_a_display_one_line_says_so(model, cold, display_name):
    variables = {**cold, "LC_ALL": "C.UTF-8", **({"DISPLAY": display_name} if display_name else {})}
    command = [sys.executable, "-m", "tensornaut", str(model)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=PATIENCE_S)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and "found no display" in done.stderr


def test_a_file_that_is_no_model_is_refused_before_a_window_opens(cold, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"no model")
    command = [sys.executable, "-m", "tensornaut", "model.safetensors"]
    done = subprocess.run(command, env=cold, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and "model.safetensors" in done.stderr
