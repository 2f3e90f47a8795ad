"""The drawing pad and runs in a window on a virtual display: one draws, the network answers."""

import json
import os
import subprocess
import sys
import time
from itertools import product

import numpy as np
import pytest
from tensornaut.cli.view_runs import ViewRuns
from tensornaut.engine.commands import CommandTable
from tensornaut.engine.outputs.png import write_png
from tensornaut.loaders.open import open_network
from tensornaut.scenes.session import Session

PATIENCE_S = 60
TELLING = """
import json
import os
import sys
from tensornaut.cli.main import main
from tensornaut.cli.view_runs import ViewRuns
from tensornaut.scenes.panels import pointed

lines = []

def note(words, *others, panel=pointed.pointed_panel):
    lines[:] = [words.title, *words.lines]
    panel(words, *others)

def tell(self, draw=ViewRuns.draw):
    draw(self)
    runs = self._session.runs
    answer = None if self._answer is None else [float(share) for share in self._answer]
    told = {"answer": answer, "place_px": self._panel.place_px, "place": runs.playback.place,
            "length": runs.playback.length, "playing": runs.playback.is_playing,
            "image": None if self._pad is None else self._pad.image.tolist(), "shown": runs.shown is not None,
            "pointed": lines}
    with open(os.path.expanduser("~/told.part"), "w") as file:
        json.dump(told, file)
    os.replace(os.path.expanduser("~/told.part"), os.path.expanduser("~/told.json"))

ViewRuns.draw = tell
pointed.pointed_panel = note
sys.exit(main(sys.argv[1:]))
"""  # the command, which also writes down what its panels show


class Window:
    """The command in a process of its own."""

    def __init__(self, variables, folder, *arguments):
        self.variables, self.folder = {**variables, "HOME": str(folder)}, folder
        command = [sys.executable, "-c", TELLING, *map(str, arguments)]
        self.process = subprocess.Popen(command, env=self.variables, cwd=folder, stderr=subprocess.PIPE, text=True)

    def do(self, *words):
        subprocess.run(["xdotool", *map(str, words)], env=self.variables, check=True)

    def until(self, wanted):
        """What the panels show, once it is as wanted."""
        end_s, told = time.monotonic() + PATIENCE_S, None
        while time.monotonic() < end_s:
            assert self.process.poll() is None, self.process.communicate()
            path = self.folder / "told.json"
            told = json.loads(path.read_text()) if path.exists() else None
            if told is not None and wanted(told):
                return told
            time.sleep(0.05)
        raise AssertionError(f"waited in vain: {told}")

    def end(self):
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE_S)


@pytest.fixture
def model(checkout):
    return checkout / "assets" / "demo" / "digits.safetensors"


@pytest.fixture
def window(display, tmp_path):
    """Starts the command with arguments."""
    started = []

    def start(*arguments):
        variables = {**os.environ, "DISPLAY": display, "XDG_CACHE_HOME": str(tmp_path / "cache")}
        started.append(Window(variables, tmp_path, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.end()


@pytest.mark.xvfb
def test_the_network_answers_while_one_draws(window, model):
    seen = window("view", model, "--pad", "--size", "1000x640")
    first = seen.until(lambda told: told["answer"] and told["place_px"][2] > 0 and told["place"] == told["length"] > 0)
    left, top, cell = first["place_px"]
    seen.do("mousemove", int(left + 1.5 * cell), int(top + 1.5 * cell), "mousedown", 1)
    for row in range(2, 8):
        seen.do("mousemove", int(left + 3.5 * cell), int(top + (row - 0.5) * cell))
        time.sleep(0.05)
    during = seen.until(lambda told: told["answer"] and told["answer"] != first["answer"])
    seen.do("mouseup", 1)
    assert not np.array_equal(during["image"], first["image"])
    assert sum(during["answer"]) == pytest.approx(1) and len(during["answer"]) == 10
    assert during["place"] == during["length"]  # all of it answers at once, without the light


@pytest.mark.xvfb
def test_a_stroke_goes_wherever_the_mouse_went_and_is_taken_back(window, model):
    seen = window("view", model, "--pad", "--size", "1000x640")
    ready = seen.until(lambda told: told["answer"] and told["place_px"][2] > 0 and told["place"] == told["length"] > 0)
    left, top, cell = ready["place_px"]

    def place(column, row):
        return "mousemove", int(left + (column + 0.5) * cell), int(top + (row + 0.5) * cell)

    seen.do(*place(0, 0), "mousedown", 1)
    seen.until(lambda told: told["image"][0][0] > 0.9)
    seen.do(*place(0, 7), *place(7, 7), *place(7, 0))  # at once
    seen.until(lambda told: min(told["image"][7][0], told["image"][7][7], told["image"][0][7]) > 0.9)
    seen.do("mouseup", 1)
    seen.do("key", "ctrl+z")
    seen.until(lambda told: told["image"] == ready["image"])
    seen.do("key", "Delete")
    seen.until(lambda told: not np.any(told["image"]))
    seen.do("key", "ctrl+z")
    seen.until(lambda told: told["image"] == ready["image"])
    seen.do(*place(0, 0), "mousedown", 1)
    seen.until(lambda told: told["image"][0][0] > 0.9)
    seen.do("mousedown", 3)  # a stroke of its own
    seen.until(lambda told: told["image"][0][0] < 0.1)
    seen.do("mouseup", 3, "mouseup", 1, "key", "ctrl+z")
    seen.until(lambda told: told["image"][0][0] > 0.9)
    seen.do("key", "ctrl+z")
    seen.until(lambda told: told["image"] == ready["image"])


@pytest.mark.xvfb
def test_a_file_is_run_and_the_light_is_paused_stepped_and_put_elsewhere(window, model, tmp_path):
    np.save(tmp_path / "digit.npy", np.random.default_rng(0).random((8, 8), np.float32))
    seen = window("view", model, "--input", tmp_path / "digit.npy", "--size", "1000x640")
    end = seen.until(lambda told: told["shown"] and not told["playing"] and told["place"] == told["length"] > 0)
    seen.do("mousemove", 500, 300, "click", 2, "key", "comma")
    back = seen.until(lambda told: told["place"] == end["length"] - 1)
    assert back["answer"] is not None and back["image"] is None
    seen.do("key", "space")
    seen.until(lambda told: told["place"] == told["length"])
    place = []
    for x, y in product(range(36, 132, 12), range(330, 600, 12)):  # somewhere here the input stands
        seen.do("mousemove", x, y, "sleep", 0.1)
        place = seen.until(lambda told: True)["pointed"]
        if any("image[" in line for line in place):
            break
    assert np.isclose(np.load(tmp_path / "digit.npy"), float(place[0]), rtol=1e-5).any()
    seen.do("key", "BackSpace")
    seen.until(lambda told: not told["shown"])


@pytest.fixture
def dropped(model):
    """(what drops files on the demo model, its session, messages that were shown)."""
    session, said = Session(open_network(model), "dark", 16 / 9, lambda scene: None), []
    runs = ViewRuns(session, CommandTable(), said.append, lambda: None)

    def drop(path):
        taken = runs.drop(str(path))
        end_s = time.monotonic() + PATIENCE_S
        while runs._answering.is_busy and time.monotonic() < end_s:
            time.sleep(0.01)
        runs.prepare()
        return taken

    yield drop, session, said
    runs.close()


def test_a_dropped_file_that_fits_is_run(dropped, tmp_path):
    drop, session, said = dropped
    image = np.random.default_rng(0).random((8, 8), np.float32)
    np.save(tmp_path / "digit.npy", image)
    assert drop(tmp_path / "digit.npy") and not said
    assert np.array_equal(session.runs.inputs["image"].reshape(8, 8), image) and session.runs.playback.is_playing


def test_a_dropped_picture_is_run(dropped, tmp_path):
    pytest.importorskip("PIL")
    drop, session, said = dropped
    write_png(tmp_path / "digit.png", np.full((30, 30, 3), 255, np.uint8))
    assert drop(tmp_path / "digit.png") and not said
    assert session.runs.inputs["image"].reshape(8, 8) == pytest.approx(np.ones((8, 8)))


def test_other_files_may_be_models(dropped, tmp_path):
    drop, session, said = dropped
    np.save(tmp_path / "weights.npy", np.zeros((30, 20), np.float32))
    assert not drop(tmp_path / "weights.npy") and not drop(tmp_path / "model.safetensors")
    assert session.runs.shown is None and not said


def test_a_picture_that_cannot_be_read_is_said(dropped, tmp_path):
    drop, session, said = dropped
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert drop(tmp_path / "broken.png") and len(said) == 1 and session.runs.shown is None


def test_what_cannot_be_run_is_named_once_and_what_can_is_shown(tmp_path):
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    ops = [("Relu", "x", "a", ""), ("Strange", "a", "b", "unknown.domain"), ("Relu", "b", "y", "")]
    nodes = [helper.make_node(op, [i], [o], name=f"{op}_{o}", domain=domain) for op, i, o, domain in ops]
    ports = [[helper.make_tensor_value_info(name, kind, [1, 1, 8, 8])] for name in "xy"]
    graph = helper.make_graph(nodes, "g", *ports)
    versions = [helper.make_opsetid("", 17), helper.make_opsetid("unknown.domain", 1)]
    onnx.save(helper.make_model(graph, opset_imports=versions), tmp_path / "model.onnx")
    session, said = Session(open_network(tmp_path / "model.onnx"), "dark", 16 / 9, lambda scene: None), []
    runs = ViewRuns(session, CommandTable(), said.append, lambda: None)
    runs.start({"x": np.ones((1, 1, 8, 8), np.float32)})
    while runs._answering.is_busy:
        time.sleep(0.01)
    runs.prepare()
    assert len(said) == 1 and "Strange_b" in said[0]
    assert "a" in {sheet.name for sheet in session.runs.shown.sheets}
    runs.close()
