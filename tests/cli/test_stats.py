"""`tensornaut stats`: numbers that programs can rely on, the same from any number of workers, in bounded memory."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from safetensors import numpy as reference
from tensornaut.cli.main import main
from tensornaut.cli.stats import summaries
from tensornaut.loaders.open import open_network

CHILD = "import sys; from tensornaut.cli.main import main; sys.exit(main(sys.argv[1:]))"
# What the process and its workers held at most, after the report: those that were waited for count.
MEASURED = """
import resource, sys
from tensornaut.cli.main import main
code = main(sys.argv[1:])
# What getrusage says of a process includes the memory of the one that started it; its own peak stands in its status.
print(open("/proc/self/status").read().split("VmHWM:")[1].split()[0], file=sys.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""
BLOCK = 1 << 20


@pytest.fixture
def model(tmp_path):
    """Tensors of all sorts; `long` has more than one block."""
    random = np.random.default_rng(0)
    path = tmp_path / "model.safetensors"
    tensors = {
        "bf16": random.normal(0, 1, (40, 50)).astype(ml_dtypes.bfloat16),
        "empty": np.zeros((0, 3), np.float32),
        "flags": np.array([True, False, True]),
        "holes": np.array([np.nan, np.inf, -np.inf, 0, 2, -1], np.float32),
        "huge": np.array([2**63 - 1, -(2**62)]),
        "long": random.normal(0, 0.02, 5 * BLOCK + 77).astype(np.float32),
        "nothing": np.array([np.nan]),
        "scalar": np.array(3.0),
    }
    reference.save_file(tensors, path)
    return path


def report(capsys, *words):
    assert main(["stats", *map(str, words), "--json"]) == 0
    output = capsys.readouterr().out
    return json.loads(output, parse_constant=lambda name: pytest.fail(name))


def test_json_has_the_promised_fields_in_order(model, capsys):
    found = report(capsys, model)
    assert list(found) == ["source", "tensors"] and found["source"] == str(model)
    fields = ["name", "shape", "dtype", "count", "nan", "inf", "zeros", "min", "max", "mean", "std", "l2", "histogram"]
    assert all(list(tensor) == fields for tensor in found["tensors"])
    assert {tensor["name"] for tensor in found["tensors"]} == set(reference.load_file(model))


def test_numbers_are_those_of_finite_values_and_null_where_there_is_none(model, capsys):
    tensors = {tensor.pop("name"): tensor for tensor in report(capsys, model)["tensors"]}
    holes = tensors["holes"]
    assert [holes[key] for key in ("count", "nan", "inf", "zeros", "min", "max")] == [6, 1, 2, 1, -1, 2]
    assert holes["mean"] == pytest.approx(1 / 3, rel=1e-15) and holes["l2"] == pytest.approx(5**0.5, rel=1e-15)
    assert holes["std"] == pytest.approx(np.std([0, 2, -1]), rel=1e-15)
    for name, nan in (("nothing", 1), ("empty", 0)):
        assert tensors[name]["nan"] == nan
        assert [tensors[name][key] for key in ("min", "max", "mean", "std", "l2", "histogram")] == [None] * 6
    assert (tensors["flags"]["min"], tensors["flags"]["max"], tensors["flags"]["mean"]) == (0, 1, 2 / 3)
    assert (tensors["huge"]["min"], tensors["huge"]["max"]) == (-(2**62), 2**63 - 1)
    assert tensors["scalar"]["histogram"] == {"edges": [3.0, 3.0], "counts": [1]}
    histogram = tensors["long"]["histogram"]
    assert len(histogram["edges"]) == 65 and sum(histogram["counts"]) == 5 * BLOCK + 77


def test_any_number_of_workers_gives_the_same_bytes_as_none(model, capsys):
    outputs = []
    for words in ([], ["--workers", "1"], ["--workers", "2"], ["--workers", "7"]):
        assert main(["stats", str(model), "--json", *words]) == 0
        outputs.append(capsys.readouterr().out)
    assert len(set(outputs)) == 1


def test_compiled_and_cold_processes_print_the_same_bytes(model, cold, warm, python):
    words = ("stats", model, "--json")
    assert python(CHILD, cold, *words) == python(CHILD, warm, *words, "--workers", 2)


def test_archives_complex_numbers_strings_and_storage_orders(tmp_path, capsys):
    random = np.random.default_rng(2)
    square = random.normal(0, 1, (300, 400))
    arrays = {
        "complex": np.array([3 + 4j, 0, complex(np.nan, 1)]),
        "columns": np.asfortranarray(square),
        "swapped": square.astype(">f4"),
        "text": np.array(["a", "bc"]),
    }
    np.savez_compressed(tmp_path / "packed.npz", **arrays)
    np.savez(tmp_path / "plain.npz", **arrays)
    plain = report(capsys, tmp_path / "plain.npz", "--workers", 2)["tensors"]
    assert report(capsys, tmp_path / "packed.npz", "--workers", 2)["tensors"] == plain
    tensors = {tensor["name"]: tensor for tensor in plain}
    of_complex = tensors["complex"]
    assert [of_complex[key] for key in ("nan", "zeros", "min", "max", "l2")] == [1, 1, 0, 5, 5]
    assert tensors["columns"]["mean"] == pytest.approx(square.mean(), rel=1e-12)
    assert tensors["swapped"]["max"] == np.float32(square.max())
    text = tensors["text"]
    assert text["count"] == 2 and all(text[key] is None for key in list(text)[4:])


def test_the_table_shows_every_tensor(model, capsys):
    assert main(["stats", str(model)]) == 0
    lines = capsys.readouterr().out.splitlines()
    holes = next(line for line in lines if line.startswith("holes")).split()
    assert holes[1:9] == ["6", "float32", "0.3333", "1.247", "-1", "2", "16.7%", "3"]
    assert set(holes[9]) <= set("▁▂▃▄▅▆▇█") and len(holes[9]) == 10
    assert sum(line.split()[:1] == [name] for line in lines for name in reference.load_file(model)) == 8


def test_names_reach_the_terminal_cleaned(tmp_path, capsys):
    path = tmp_path / "model.safetensors"
    reference.save_file({"a\x1b[2J": np.zeros(1, np.float32)}, path)
    assert main(["stats", str(path)]) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("workers", ["0", "-1", "1000", "two"])
def test_a_wrong_number_of_workers_is_one_line(model, workers, capsys):
    assert main(["stats", str(model), "--workers", workers]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1


@pytest.mark.parametrize("workers", [None, 1])
def test_a_file_that_changes_meanwhile_is_no_fault_of_ours(model, workers, tmp_path):
    from tensornaut.loaders.errors import FormatError

    network = open_network(str(model))
    os.truncate(model, model.stat().st_size - 1)
    with pytest.raises(FormatError, match="changed"):
        list(summaries(network, workers))


def test_progress_counts_every_element(model):
    network, done = open_network(str(model)), []
    list(summaries(network, advance=done.append))
    assert sum(done) == network.parameter_count


@pytest.mark.parametrize("workers", [[], ["--workers", "2"]])
def test_memory_does_not_grow_with_the_file(tmp_path, cold, workers):
    """1 GB of zeros that take no room on the disk; the definition needs most, so the home is cold."""
    path, count = tmp_path / "large.safetensors", 1 << 30
    header = json.dumps({"x": {"dtype": "I8", "shape": [count], "data_offsets": [0, count]}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    os.truncate(path, path.stat().st_size + count)
    command = [sys.executable, "-c", MEASURED, "stats", str(path), "--json", *workers]
    done = subprocess.run(command, env=cold, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tensors"][0]["zeros"] == count
    assert max(map(int, done.stderr.split())) * 1024 < 512 << 20


def test_an_interrupt_ends_all_processes(tmp_path, cold):
    path, count = tmp_path / "large.safetensors", 40 << 30
    header = json.dumps({"x": {"dtype": "I8", "shape": [count], "data_offsets": [0, count]}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    os.truncate(path, path.stat().st_size + count)
    command = [sys.executable, "-c", CHILD, "stats", str(path), "--workers", "2"]
    process = subprocess.Popen(command, env=cold, start_new_session=True, stderr=subprocess.PIPE, text=True)
    end_s = time.monotonic() + 60
    while len(children := _children(process.pid)) < 2 and time.monotonic() < end_s:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 130 and process.stderr.read() == ""
    process.stderr.close()
    assert len(children) >= 2
    while any(map(_runs, children)):  # one that was just being started ends when it finds its parent gone
        assert time.monotonic() < end_s
        time.sleep(0.05)


def _children(process_id):
    """Processes that any of its threads has started."""
    return [child for path in Path(f"/proc/{process_id}/task").glob("*/children") for child in path.read_text().split()]


def _runs(process_id):
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
