"""Files that are no models, for every command: one line that says what to do, exit 2, nothing written, little memory.

Real processes, as a shell starts them.
"""

import json
import os
import re
import struct
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors import numpy as reference

MOST_BYTES = 512 << 20
COMMANDS = {"info": (), "stats": ("--json",), "snapshot": ("out.png",), "record": ("out.mp4", "--seconds", "1")}
LINE = re.compile(r"tensornaut: [^\n]+: (found|the file) [^\n]+, expected [^\n]+, [^\n]+\n")
TENSORS = {"a.weight": np.arange(600, dtype=np.float32).reshape(20, 30), "b.weight": np.ones(7, np.float16)}


# Runs the program and leaves how much memory it and its own processes took at most. The system's own figure for a
# process begins with what its parent had, and that of all tests together is large.
MEASURED = """
import atexit, os, re, resource, runpy

def leave():
    own = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
    most = max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    open(os.environ["PEAK"], "w").write(str(most * 1024))

atexit.register(leave)
runpy.run_module("tensornaut", run_name="__main__", alter_sys=True)
"""


class Child:
    """A command line that runs in a new folder of its own."""

    def __init__(self, folder, *words):
        folder.mkdir(exist_ok=True)
        self.folder, self.stdout, self.stderr = folder, folder.with_suffix(".stdout"), folder.with_suffix(".stderr")
        self.peak, still = folder.with_suffix(".peak"), subprocess.DEVNULL
        with open(self.stdout, "wb") as out, open(self.stderr, "wb") as err:
            command, where = [sys.executable, "-c", MEASURED, *words], os.environ | {"PEAK": str(self.peak)}
            self.process = subprocess.Popen(command, cwd=folder, env=where, stdin=still, stdout=out, stderr=err)

    def wait(self):
        """Code, standard output and error, most memory and what is left in the folder."""
        return SimpleNamespace(
            code=self.process.wait(),
            out=self.stdout.read_text(),
            err=self.stderr.read_text(),
            peak_bytes=int(self.peak.read_text()),
            left=sorted(os.listdir(self.folder)),
        )


def _safetensors(header, data=b"", length=None):
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def _entry(begin, end, shape):
    return {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}


def _npy(shape, data=b"", descr="<f8"):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def _sparse(start, size):
    """Writes a file of `size` bytes that takes no room and begins with `start`."""

    def write(path):
        path.write_bytes(start)
        os.truncate(path, size)

    return write


def _npz(path):
    np.savez(path, objects=np.array([{}, None], object))


def _folder_of_damaged_files(path):
    path.mkdir()
    (path / "one.safetensors").write_bytes(reference.save(TENSORS)[:-1])
    index = {"weight_map": {name: "one.safetensors" for name in TENSORS}}
    (path / "model.safetensors.index.json").write_text(json.dumps(index))


WHOLE = reference.save(TENSORS)
BAD = {
    "missing.safetensors": lambda path: None,
    "empty.safetensors": lambda path: path.touch(),
    "cut in the length.safetensors": WHOLE[:5],
    "cut in the header.safetensors": WHOLE[:60],
    "cut in the data.safetensors": WHOLE[:-1],
    "overlap.safetensors": _safetensors({"a": _entry(0, 8, [2]), "b": _entry(4, 12, [2])}, bytes(12)),
    "lie of shape.safetensors": _safetensors({"a": _entry(0, 8, [2**40])}, bytes(8)),
    "lie of length.safetensors": _safetensors({"a": _entry(0, 8, [2])}, bytes(8), length=2**62),
    "huge header.safetensors": _sparse(struct.pack("<Q", 99_000_000) + b"{", 1 << 36),
    "long names.safetensors": _safetensors({"\x1b[2J\n" * 1000: _entry(0, 9, [2])}, bytes(9)),
    "an array.safetensors": _npy("(3,)"),
    "a picture.npy": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "cut.npy": _npy("(3,)", bytes(23)),
    "lie.npy": _npy("(1000000000000,)"),
    "zeros.npy": _sparse(b"", 1 << 36),
    "objects.npy": _npy("(1,)", b"\x80\x04.", descr="|O"),
    "objects.npz": _npz,
    "pipe.npy": os.mkfifo,
    "nothing inside": os.mkdir,
    "damaged files": _folder_of_damaged_files,
}


@pytest.mark.parametrize("name", BAD)
def test_each_command_says_in_one_line_what_is_wrong_and_leaves_nothing(tmp_path, name):
    path, make = tmp_path / name, BAD[name]
    path.write_bytes(make) if isinstance(make, bytes) else make(path)
    children = {command: Child(tmp_path / command, command, f"../{name}", *more) for command, more in COMMANDS.items()}
    for command, child in children.items():
        done = child.wait()
        assert done.code == 2, f"{command}: {done.err}"
        assert done.out == "" and done.left == []
        assert LINE.fullmatch(done.err) and len(done.err) < 1000 and "\x1b" not in done.err, done.err
        assert done.peak_bytes <= MOST_BYTES, command


@pytest.mark.parametrize(("command", "output"), [("snapshot", "out.png"), ("record", "out.mp4")])
def test_what_was_there_stays_when_the_model_is_bad(tmp_path, command, output):
    (tmp_path / "bad.npy").write_bytes(_npy("(3,)"))
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / output).write_text("an older one")
    assert Child(tmp_path / "here", command, "../bad.npy", output).wait().code == 2
    assert (tmp_path / "here" / output).read_text() == "an older one"


@pytest.mark.parametrize("name", ["picture", "picture.jpg", "no/picture.png", "folder.png"])
def test_a_place_that_cannot_hold_the_picture_is_said(tmp_path, name):
    (tmp_path / "model.safetensors").write_bytes(WHOLE)
    (tmp_path / "here" / "folder.png").mkdir(parents=True)
    done = Child(tmp_path / "here", "snapshot", "../model.safetensors", name).wait()
    assert (done.code, done.out, done.left) == (2, "", ["folder.png"])
    assert done.err.count("\n") == 1 and "expected" in done.err
