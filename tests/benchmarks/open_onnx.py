"""Opening ONNX models: a gigabyte of numbers inside, and 100,000 operators; against onnx's own reader.

Run: python tests/benchmarks/open_onnx.py [PAIRS]. Prints the seconds of each pair and the memory that opening takes in
a process of its own (on Linux), and last the median ratios.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tensornaut.loaders.open import open_network

TENSORS, SIDE = 64, 2048  # 1 GiB of float32
NODES = 100_000
MEMORY = """
import sys
from tensornaut.loaders.open import open_network

def largest():
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])

small = open_network(sys.argv[2])  # what is imported counts as idle
before = largest()
network = open_network(sys.argv[1])
print((largest() - before) / 1024)
"""


def main() -> None:
    """Interleaved pairs: theirs, ours."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        large, many, small = (Path(folder, f"{name}.onnx") for name in ("large", "many", "small"))
        _write_large(large)
        _write_many(many, NODES)
        _write_many(small, 10)
        ratios = [
            _ratio("1 GiB of numbers: onnx.load", onnx.load, large, pairs),
            _ratio(f"{NODES} operators: onnx.load and a walk", _loaded_and_walked, many, pairs),
        ]
        for path in (large, many):
            child = [sys.executable, "-c", MEMORY, str(path), str(small)]
            print(
                f"memory for {path.stem}: {float(subprocess.check_output(child)):.1f} MiB over that for a small model"
            )
    print(f"median ratios: 1 GiB of numbers 1/{1 / ratios[0]:.0f}, {NODES} operators {ratios[1]:.2f}")


def _ratio(what: str, theirs, path: Path, pairs: int) -> float:
    """Median of the ratios of ours to theirs."""
    open_network(path)
    ratios = []
    for _ in range(pairs):
        their_time, our_time = _seconds(theirs, path), _seconds(open_network, path)
        ratios.append(our_time / their_time)
        print(f"{what} {their_time:.4f} s, open_network {our_time:.4f} s")
    return statistics.median(ratios)


def _loaded_and_walked(path: Path) -> None:
    """What a program does to know the graph: every operator with its name, kind, values and attributes."""
    model = onnx.load(path)
    walked = [
        (node.name, node.op_type, list(node.input), list(node.output), [each.name for each in node.attribute])
        for node in model.graph.node
    ]
    assert len(walked) == NODES


def _write_large(path: Path) -> None:
    """Tensors full of zeros, in a sparse file."""
    size = SIDE * SIDE * 4
    tensors = [
        TensorProto(name=f"layers.{k}.weight", data_type=TensorProto.FLOAT, dims=[SIDE, SIDE]) for k in range(TENSORS)
    ]
    nodes = []
    for k in range(TENSORS):
        nodes.append(helper.make_node("MatMul", [f"x{k}", f"layers.{k}.weight"], [f"y{k}"], name=f"/layers.{k}/MatMul"))
        nodes.append(helper.make_node("Relu", [f"y{k}"], [f"x{k + 1}"], name=f"/layers.{k}/Relu"))
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", SIDE]) for name in ("x0", f"x{TENSORS}")]
    rest = helper.make_graph(nodes, "large", ports[:1], ports[1:]).SerializeToString()
    heads = [tensor.SerializeToString() + b"\x4a" + _varint(size) for tensor in tensors]
    heads = [b"\x2a" + _varint(len(head) + size) + head for head in heads]
    total = len(rest) + sum(len(head) + size for head in heads)
    opset = helper.make_opsetid("", 20).SerializeToString()
    with open(path, "wb") as file:
        file.write(b"\x08\x0a" + b"\x42" + _varint(len(opset)) + opset + b"\x3a" + _varint(total) + rest)
        for head in heads:
            file.write(head)
            file.seek(size, 1)
        file.truncate(file.tell())


def _write_many(path: Path, count: int) -> None:
    """A long network of convolutions, additions and activations; 200 tensors."""
    nodes = []
    for k in range(count):
        kind = ("Conv", "Relu", "Add", "MatMul")[k % 4]
        inputs = [f"v{k}"] + {0: [f"w{k % 200}"], 2: [f"v{max(k - 3, 0)}"], 3: [f"w{k % 200}"]}.get(k % 4, [])
        attributes = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]} if kind == "Conv" else {}
        nodes.append(
            helper.make_node(kind, inputs, [f"v{k + 1}"], name=f"/blocks/blocks.{k // 100}/{k}/{kind}", **attributes)
        )
    tensors = [numpy_helper.from_array(np.zeros((4, 4), np.float32), f"w{k}") for k in range(200)]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in ("v0", f"v{count}")]
    graph = helper.make_graph(nodes, "many", ports[:1], ports[1:], tensors)
    path.write_bytes(helper.make_model(graph).SerializeToString())


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes([*data, value])


def _seconds(function, path: Path) -> float:
    start = time.perf_counter()
    function(path)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
