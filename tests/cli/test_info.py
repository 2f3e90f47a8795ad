"""`tensornaut info`: a table that fits, JSON that programs can rely on, one line and exit 2 for what is no model."""

import json
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
from safetensors import numpy as reference
from tensornaut.cli.info import table
from tensornaut.cli.main import main
from tensornaut.loaders.open import open_network

CHILD = "import sys; from tensornaut.cli.main import main; sys.exit(main(sys.argv[1:]))"
BOUNDED = "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)); " + CHILD


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.safetensors"
    tensors = {"head.weight": np.zeros((3, 8), np.float32), "head.bias": np.zeros(3, np.float16)}
    for block in range(12):
        tensors[f"layers.{block}.attn.q.weight"] = np.zeros((8, 8), np.float32)
        tensors[f"layers.{block}.norm.weight"] = np.zeros(8, np.float32)
    reference.save_file(tensors, path)
    return path


def run(*words, code=CHILD, **more):
    """The finished child process of a command line."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **more}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, env=environment
    )


def test_json_has_the_promised_fields(model, capsys):
    assert main(["info", str(model), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report) == [
        *("source", "format", "name", "structure", "tensor_count", "parameter_count", "byte_count", "node_count"),
        *("module_count", "dtypes", "inputs", "outputs", "notes", "tensors"),
    ]
    assert report["source"] == str(model)
    assert (report["format"], report["name"], report["structure"]) == ("safetensors", "model", "inferred")
    assert (report["tensor_count"], report["parameter_count"], report["byte_count"]) == (26, 891, 3558)
    assert report["node_count"] is None and report["inputs"] == report["outputs"] == []
    assert report["dtypes"] == {"float16": 1, "float32": 25}
    assert report["tensors"][-1] == {"name": "head.bias", "shape": [3], "dtype": "float16", "byte_count": 6}
    assert report["module_count"] == 1 + 12 * 4 + 1


def test_json_is_the_same_in_every_run(model):
    runs = [run("info", model, "--json", PYTHONHASHSEED=str(seed)) for seed in (0, 1)]
    assert runs[0].returncode == 0
    assert runs[0].stdout == runs[1].stdout


def test_nothing_but_strict_ascii_json_leaves_for_programs(tmp_path, capsys):
    path = tmp_path / "model.safetensors"
    reference.save_file({"a\x1b[2J\u202e": np.zeros(1, np.float32)}, path)
    main(["info", str(path), "--json"])
    output = capsys.readouterr().out
    assert output.isascii() and "\x1b" not in output
    assert json.loads(output)["tensors"][0]["name"] == "a\x1b[2J\u202e"


def test_the_table_shows_every_tensor_once_and_repeated_blocks_together(model, capsys):
    assert main(["info", str(model)]) == 0
    output = capsys.readouterr().out
    assert "891 parameters" in output and "3.56 kB" in output
    assert sum("8 × 8" in line for line in output.splitlines()) == 1
    assert "layers.1 … layers.11" in output and "11 more alike" in output
    assert output.splitlines()[-2].split()[:2] == ["total", "891"]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_the_table_fits_the_terminal(tmp_path, width):
    path = tmp_path / "model.safetensors"
    names = ["一" * 100, "x" * 500, "encoder.layers.0.self_attention.query_key_value.weight"]
    reference.save_file({name: np.zeros((1024, 2, 1, 1), np.float32) for name in names}, path)
    lines = list(table(open_network(path), width))
    columns = [len(line) + sum(character == "一" for character in line) for line in lines[3:-1]]
    assert max(columns) <= width
    assert max(columns[1:-1]) > width // 2


def test_names_reach_the_terminal_cleaned(tmp_path, capsys):
    path = tmp_path / "model.safetensors"
    reference.save_file({"a\x1b[2J\n\u202eb.weight": np.zeros(1, np.float32)}, path)
    main(["info", str(path)])
    output = capsys.readouterr().out
    assert "\x1b" not in output and "\u202e" not in output and "a\\x1b[2J" in output


def test_a_file_without_tensors_has_a_table_too(tmp_path, capsys):
    path = tmp_path / "model.safetensors"
    reference.save_file({}, path)
    assert main(["info", str(path)]) == 0
    assert "0 tensors" in capsys.readouterr().out


def _sparse(path, size):
    path.touch()
    os.truncate(path, size)


def _many_brackets(path):
    body = b'{"a":[' + b"[]," * 5_000_000 + b"[]]}"
    path.write_bytes(struct.pack("<Q", len(body)) + body)


def _many_entries(path):
    entry = '"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    body = ("{" + ",".join(entry % k for k in range(300_000)) + ',"0":1}').encode()
    path.write_bytes(struct.pack("<Q", len(body)) + body)


def _claimed_header(path):
    _sparse(path, 1 << 36)
    with open(path, "r+b") as file:
        file.write(struct.pack("<Q", 1 << 35) + b"{")


def _huge_header(path):
    _sparse(path, 1 << 36)
    with open(path, "r+b") as file:
        file.write(struct.pack("<Q", 99_000_000) + b"{")


def _claimed_array(path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)


def _claimed_directory(path):
    _sparse(path, 1 << 33)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 60_000, 60_000, (1 << 32) - 2, 0, 0)
    with open(path, "r+b") as file:
        file.write(b"PK\3\4")
        file.seek(-len(end), os.SEEK_END)
        file.write(end)


HOSTILE = {
    "brackets.safetensors": _many_brackets,
    "entries.safetensors": _many_entries,
    "claim.safetensors": _claimed_header,
    "huge.safetensors": _huge_header,
    "claim.npy": _claimed_array,
    "zeros.npy": lambda path: _sparse(path, 1 << 36),
    "directory.npz": _claimed_directory,
    "empty.npz": lambda path: path.touch(),
    "pipe.npy": os.mkfifo,
    "folder.npz": os.mkdir,
    "objects.npy": lambda path: np.save(path, np.array([{}], object)),
    "page.safetensors": lambda path: path.write_text("<html>404</html>"),
    "line\nbreak.npy": lambda path: path.write_text("hello"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_bad_files_get_one_line_and_exit_2_in_bounded_memory(tmp_path, name):
    folder = tmp_path / "models"
    folder.mkdir()
    path = folder / name
    HOSTILE[name](path)
    before = {entry.name: entry.stat() for entry in os.scandir(folder)}
    child = run("info", path, "--json", code=BOUNDED)
    assert child.returncode == 2, child.stderr
    assert child.stdout == ""
    assert child.stderr.count("\n") == 1 and child.stderr.startswith(f"tensornaut: {folder}")
    after = {entry.name: entry.stat() for entry in os.scandir(folder)}
    assert [(name, state.st_size, state.st_mtime_ns) for name, state in before.items()] == [
        (name, state.st_size, state.st_mtime_ns) for name, state in after.items()
    ]


def test_a_graph_is_summed_up_and_inner_tensors_are_marked(tmp_path, capsys):
    onnx = pytest.importorskip("onnx")
    from onnx import helper, numpy_helper

    nodes = [
        helper.make_node("Constant", [], ["two"], value_float=2.0),
        helper.make_node("Gemm", ["x", "fc.weight", "two"], ["y"]),
    ]
    ports = [helper.make_tensor_value_info(name, 1, ["n", 4]) for name in ("x", "fc.weight", "y")]
    weight = numpy_helper.from_array(np.zeros((4, 4), np.float32), "fc.weight")
    graph = helper.make_graph(nodes, "g", ports[:2], ports[2:], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), tmp_path / "model.onnx")
    assert main(["info", str(tmp_path / "model.onnx"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    counts = [report[f"{what}_count"] for what in ("tensor", "inner_tensor", "node", "parameter")]
    assert counts == [1, 1, 2, 16] and report["structure"] == "graph"
    assert [port["name"] for port in report["inputs"]] == ["x", "fc.weight"]
    assert [(tensor["name"], tensor.get("scope")) for tensor in report["tensors"]] == [
        ("fc.weight", None),
        ("two", "inner"),
    ]
    assert main(["info", str(tmp_path / "model.onnx")]) == 0
    head = capsys.readouterr().out.split("\n\n")[0]
    assert "2 operators" in head and "opset ai.onnx 17" in head
    assert "input x: n × 4" in head and "output y: n × 4" in head and "fc.weight" not in head
