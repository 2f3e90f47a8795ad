"""Real models, against facts that independent readers found (facts.json, under the rules of CONTRACT.md beside it).

The models are not part of the checkout: TENSORNAUT_MODELS names their folder, ../shared/models is looked at otherwise.
"""

import importlib.util
import json
import math
import os
from pathlib import Path

import pytest
from tensornaut.cli.main import main

MODELS = Path(os.environ.get("TENSORNAUT_MODELS") or Path(__file__).resolve().parents[2] / "shared" / "models")
FORMATS = {"safetensors", "npy", "npz", "torch", "onnx"}
ONNX_NAMES = {"FLOAT": "float32", "DOUBLE": "float64"}  # those that are not just in capitals
EXACT = ("min", "max", "zeros", "nan", "inf")
CLOSE = ("mean", "std", "l2")
TOLERANCE = 1e-6


def _facts():
    try:
        facts = json.loads((MODELS / "facts.json").read_text("utf-8"))
    except OSError:
        return {}
    return {path: fact for path, fact in sorted(facts.items()) if fact["format"] in FORMATS}


FACTS = _facts()
pytestmark = pytest.mark.skipif(not FACTS, reason=f"no models in {MODELS}; set TENSORNAUT_MODELS")


@pytest.fixture(params=sorted(FACTS) or [None])
def path(request):
    return request.param


def _dtype(name):
    """Our name of a type of the facts."""
    return ONNX_NAMES.get(name, name.lower())


def _report(command, path, capsys):
    assert main([command, str(MODELS / path), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_info_agrees(path, capsys):
    fact, report = FACTS[path], _report("info", path, capsys)
    assert report["format"] == fact["format"]
    inner = [tensor for tensor in report["tensors"] if tensor.get("scope") == "inner"]
    assert report["tensor_count"] == len(report["tensors"]) - len(inner) == fact["tensors"]
    assert report.get("inner_tensor_count", 0) == len(inner) == fact.get("constant_nodes", 0)
    assert report["parameter_count"] == fact["parameters"]
    assert report["dtypes"] == {_dtype(name): count for name, count in fact["dtypes"].items()}
    assert report["node_count"] == fact.get("nodes")
    if "inputs" in fact:
        assert [port["name"] for port in report["inputs"]] == fact["inputs"]
        assert [port["name"] for port in report["outputs"]] == fact["outputs"]
    tensors = {tensor["name"]: tensor for tensor in report["tensors"]}
    for sample in fact["samples"]:
        assert tensors[sample["name"]]["shape"] == sample["shape"]
        assert tensors[sample["name"]]["dtype"] == _dtype(sample["dtype"])


@pytest.mark.skipif(not importlib.util.find_spec("tensornaut.cli.stats"), reason="there is no stats command yet")
def test_stats_agree(path, capsys):
    tensors = {tensor["name"]: tensor for tensor in _report("stats", path, capsys)["tensors"]}
    for sample in FACTS[path]["samples"]:
        found = tensors[sample["name"]]
        assert (found["shape"], found["dtype"]) == (sample["shape"], _dtype(sample["dtype"]))
        assert {key: found[key] for key in EXACT} == {key: sample[key] for key in EXACT}
        for key in CLOSE:
            assert math.isclose(found[key], sample[key], rel_tol=TOLERANCE, abs_tol=TOLERANCE), (sample["name"], key)
