"""`tensornaut run`: every layer's output of a model, for people and for programs."""

import json
import re

import numpy as np
import pytest
from onnx import TensorProto, helper
from safetensors.numpy import save_file
from tensornaut.cli.main import main


@pytest.fixture
def digits(checkout):
    return str(checkout / "assets" / "demo" / "digits.onnx")


@pytest.fixture
def image(checkout, tmp_path):
    """One of the shipped samples, and what it shows."""
    samples = np.load(checkout / "assets" / "demo" / "digits_samples.npz", allow_pickle=False)
    path = tmp_path / "image.npy"
    np.save(path, samples["images"][4] / np.float32(16))
    return str(path), int(samples["labels"][4])


@pytest.fixture
def two_inputs(tmp_path):
    """A model of the sum of x (n, 3) float32 and y (n, 3) float32."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3]) for name in ("x", "y", "z")]
    graph = helper.make_graph([helper.make_node("Add", ["x", "y"], ["z"])], "sum", values[:2], values[2:])
    path = tmp_path / "sum.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    return str(path)


def report(capsys, *words):
    assert main(["run", *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(name))


def complaint(capsys, *words):
    assert main(["run", *map(str, words)]) == 2
    output = capsys.readouterr()
    assert output.out == "" and output.err.count("\n") == 1
    return output.err


def test_json_lists_every_output_in_order_of_execution(digits, image, capsys):
    found = report(capsys, digits, "--input", image[0])
    outputs = found["outputs"]
    assert list(outputs[0]) == ["name", "shape", "dtype", "min", "max", "mean", "std", "l2"]
    assert [output["name"] for output in outputs][:2] == ["stem.conv1", "stem.relu1"]
    assert outputs[-1]["name"] == "logits" and outputs[-1]["shape"] == [1, 10]
    assert len(outputs) == 37 and found["skipped"] == []


def test_statistics_are_those_of_the_saved_arrays(digits, image, capsys, tmp_path):
    outputs = report(capsys, digits, "--input", image[0], "--save", tmp_path / "out.npz")["outputs"]
    saved = np.load(tmp_path / "out.npz", allow_pickle=False)
    assert saved.files == [output["name"] for output in outputs]
    for output in outputs:
        array = saved[output["name"]].astype(np.float64)
        stated = [output[key] for key in ("min", "max", "mean", "std", "l2")]
        expected = [array.min(), array.max(), array.mean(), array.std(), np.sqrt((array**2).sum())]
        np.testing.assert_allclose(stated, expected, rtol=1e-9, atol=1e-12)
    assert int(saved["logits"].argmax()) == image[1]


def test_two_runs_say_the_same_bytes(digits, capsys, tmp_path):
    said = []
    for name in ("a", "b"):
        path = tmp_path / f"{name}.npz"
        assert main(["run", digits, "--input", "random:7", "--json", "--save", str(path)]) == 0
        said.append((capsys.readouterr().out, path.read_bytes()))
    assert said[0] == said[1]


def test_the_table_says_it_to_people(digits, capsys):
    assert main(["run", digits, "--input", "zeros"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "digits"
    assert re.search(r"stem.conv1 +1 × 16 × 8 × 8 +float32 .* ms$", lines[3])


@pytest.mark.parametrize("suffix", ["npy", "npz", "png", "json", "txt"])
def test_files_that_go_in(digits, suffix, capsys, tmp_path):
    pixels = (np.arange(64, dtype=np.uint8) * 4).reshape(8, 8)
    path = tmp_path / f"image.{suffix}"
    if suffix == "npy":
        np.save(path, pixels / np.float32(255))
    elif suffix == "npz":
        np.savez(path, image=pixels[None, None] / np.float32(255))
    elif suffix == "png":
        pictures = pytest.importorskip("PIL.Image", reason="reading pictures needs Pillow (pip install pillow)")
        pictures.fromarray(pixels).save(path)
    elif suffix == "json":
        path.write_text(json.dumps((pixels / 255).tolist()))
    else:
        path.write_text(" ".join(str(value) for value in (pixels / 255).ravel().tolist()))
    outputs = report(capsys, digits, "--input", path)["outputs"]
    expected = tmp_path / "expected.npy"
    np.save(expected, pixels / np.float32(255))
    for found, wanted in zip(outputs, report(capsys, digits, "--input", expected)["outputs"], strict=True):
        assert found["mean"] == pytest.approx(wanted["mean"], abs=1e-6), found["name"]


def test_several_inputs_by_name(two_inputs, capsys, tmp_path):
    np.save(tmp_path / "x.npy", np.ones((2, 3), np.float32))
    (output,) = report(capsys, two_inputs, "--input", f"x={tmp_path / 'x.npy'}", "--input", "y=zeros")["outputs"]
    assert (output["shape"], output["min"], output["max"]) == ([2, 3], 1.0, 1.0)
    np.savez(tmp_path / "all.npz", x=np.ones((1, 3)), y=np.full((1, 3), 2))
    (output,) = report(capsys, two_inputs, "--input", tmp_path / "all.npz")["outputs"]
    assert output["min"] == 3.0
    (output,) = report(capsys, two_inputs, "--input", "zeros", "--input", "y=random")["outputs"]
    assert output["shape"] == [1, 3]


def test_one_number_for_an_input_without_axes(capsys, tmp_path):
    ports = [helper.make_tensor_value_info(name, TensorProto.INT64, []) for name in ("rate", "less")]
    graph = helper.make_graph([helper.make_node("Neg", ["rate"], ["less"])], "g", ports[:1], ports[1:])
    (tmp_path / "rate.onnx").write_bytes(helper.make_model(graph).SerializeToString())
    (tmp_path / "rate.txt").write_text("16000\n")
    (output,) = report(capsys, tmp_path / "rate.onnx", "--input", tmp_path / "rate.txt")["outputs"]
    assert (output["shape"], output["dtype"], output["min"]) == ([], "int64", -16000)


def test_without_input_the_inputs_are_named(digits, two_inputs, capsys):
    assert "image (n, 1, 8, 8) float32" in complaint(capsys, digits)
    assert "x (n, 3) float32; y (n, 3) float32" in complaint(capsys, two_inputs)
    assert "y" in complaint(capsys, two_inputs, "--input", "x=zeros")


def test_what_does_not_fit_is_one_line(digits, two_inputs, capsys, tmp_path):
    np.save(tmp_path / "wrong.npy", np.ones((3, 5)))
    assert "(3, 5), expected (n, 1, 8, 8)" in complaint(capsys, digits, "--input", tmp_path / "wrong.npy")
    for name, content in (("a.json", '{"a": 1}'), ("b.json", "[[1], [1, 2]]"), ("c.txt", "one two"), ("d.csv", "1")):
        (tmp_path / name).write_text(content)
        assert name in complaint(capsys, digits, "--input", tmp_path / name)
    complaint(capsys, digits, "--input", tmp_path / "nothing.npy")
    complaint(capsys, digits, "--input", tmp_path / "nothing.png")
    complaint(capsys, digits, "--input", tmp_path / "nothing.txt")
    complaint(capsys, digits, "--input", "random:x")
    complaint(capsys, digits, "--input", "picture=zeros")
    complaint(capsys, two_inputs, "--input", "x=zeros", "--input", "x=zeros", "--input", "y=zeros")
    complaint(capsys, two_inputs, "--input", tmp_path / "wrong.npy")
    complaint(capsys, digits, "--input", "zeros", "--save", tmp_path / "out.zip")
    complaint(capsys, digits, "--input", "zeros", "--save", tmp_path / "no" / "out.npz")


def test_objects_in_a_file_are_never_unpickled(digits, capsys, tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    complaint(capsys, digits, "--input", tmp_path / "objects.npy")


def test_a_gpu_that_is_not_there_is_said(digits, capsys, tmp_path):
    try:
        import cupy  # noqa: F401
    except ImportError:
        assert "tensornaut[cuda]" in complaint(capsys, digits, "--input", "zeros", "--device", "cuda")
        for command, output in (("snapshot", "a.png"), ("record", "a.mp4")):
            words = [command, digits, str(tmp_path / output), "--input", "zeros", "--device", "cuda"]
            assert main(words) == 2 and "tensornaut[cuda]" in capsys.readouterr().err
            assert not list(tmp_path.iterdir())


def test_layers_that_cannot_be_run_are_named_and_the_others_shown(capsys, tmp_path):
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Whirl", ["a"], ["b"], name="the_whirl", domain="odd"),
        helper.make_node("Neg", ["b"], ["c"]),
    ]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in ("x", "c")]
    path = tmp_path / "odd.onnx"
    path.write_bytes(helper.make_model(helper.make_graph(nodes, "g", ports[:1], ports[1:])).SerializeToString())
    assert main(["run", str(path), "--input", "zeros"]) == 0
    shown = capsys.readouterr().out
    assert "\na " in shown and "the_whirl" in shown and "odd:Whirl" in shown and "1 operators" in shown
    found = report(capsys, path, "--input", "zeros")
    assert [output["name"] for output in found["outputs"]] == ["a"]
    assert [step["name"] for step in found["skipped"]] == ["the_whirl", "c"]


def test_a_file_that_says_nothing_of_its_structure(capsys, tmp_path):
    path = tmp_path / "table.safetensors"
    save_file({"table": np.ones((3, 4), np.float32)}, path)
    assert "ONNX" in complaint(capsys, path, "--input", "zeros")


def test_what_is_assumed_is_said(capsys, tmp_path):
    path = tmp_path / "dense.safetensors"
    save_file({"a.0.weight": np.ones((3, 4), np.float32), "a.1.weight": np.ones((2, 3), np.float32)}, path)
    assert main(["run", str(path), "--input", "random"]) == 0
    assert "assumed: Relu" in capsys.readouterr().out


def test_hostile_settings_cost_nothing(capsys, tmp_path):
    """Shapes and pads that a file makes up are refused before anything is allocated."""
    nodes = [
        helper.make_node("ConstantOfShape", ["far"], ["a"]),
        helper.make_node("Pad", ["x", "pads"], ["b"]),
        helper.make_node("MaxPool", ["x"], ["c"], kernel_shape=[1 << 30, 1 << 30], pads=[1 << 30] * 4),
        helper.make_node("AveragePool", ["x"], ["d"], kernel_shape=[2, 2], strides=[-1, -1]),
        helper.make_node("Relu", ["x"], ["e"]),
    ]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 2, 2]) for name in "xe"]
    weights = [
        helper.make_tensor("far", TensorProto.INT64, [2], [1 << 40, 1 << 20]),
        helper.make_tensor("pads", TensorProto.INT64, [8], [1 << 40] * 8),
    ]
    path = tmp_path / "hostile.onnx"
    path.write_bytes(
        helper.make_model(helper.make_graph(nodes, "g", ports[:1], ports[1:], weights)).SerializeToString()
    )
    found = report(capsys, path, "--input", "zeros")
    assert [output["name"] for output in found["outputs"]] == ["e"]
    assert [step["name"] for step in found["skipped"]] == list("abcd")
