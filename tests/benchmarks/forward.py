"""Layers' outputs of the demo model, and kernels one by one, against onnxruntime.

Run: python tests/benchmarks/forward.py [seconds]. The demo model on one image at a time with every layer's output, in
turns: our definitions, our compiled kernels, onnxruntime with every output asked for, two threads each. Then single
kernels: definition, compiled, onnxruntime. Prints last the runs per second of the compiled kernels (median of turns).
Needs onnxruntime and onnx.
"""

import statistics
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from tensornaut.engine.kernel_cache import use_cache
from tensornaut.engine.kernels.forward.table import KERNELS
from tensornaut.engine.runners.run import Runner
from tensornaut.loaders.open import open_network
from tensornaut.scenes.programs import program_of

DEMO = Path(__file__).resolve().parents[2] / "assets" / "demo" / "digits.onnx"
TURNS = 9
RANDOM = np.random.default_rng(0)


def some(*shape):
    return RANDOM.standard_normal(shape, np.float32)


SINGLE = [  # kernel, inputs, settings
    ("Conv", (some(1, 64, 56, 56), some(64, 64, 3, 3)), {"pads": (1, 1, 1, 1)}),
    ("Conv", (some(1, 3, 224, 224), some(64, 3, 7, 7)), {"pads": (3, 3, 3, 3), "strides": (2, 2)}),
    ("Conv", (some(1, 128, 56, 56), some(128, 1, 3, 3)), {"pads": (1, 1, 1, 1), "group": 128}),
    ("Conv", (some(1, 256, 28, 28), some(128, 256, 1, 1)), {}),
    ("MatMul", (some(256, 768), some(768, 3072)), {}),
    ("MaxPool", (some(1, 64, 112, 112),), {"kernel_shape": (3, 3), "strides": (2, 2)}),
    ("AveragePool", (some(1, 64, 112, 112),), {"kernel_shape": (3, 3), "strides": (2, 2)}),
    ("LayerNormalization", (some(1, 512, 768), some(768), some(768)), {}),
    ("Softmax", (some(12, 256, 256),), {}),
    ("Gelu", (some(1, 256, 3072),), {}),
    ("Sigmoid", (some(1, 256, 3072),), {}),
]


def session(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def with_all_outputs(path):
    model = onnx.load(path)
    known = {output.name for output in model.graph.output}
    names = [name for node in model.graph.node for name in node.output if name not in known]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    return model


def per_second(call, seconds):
    call()
    begin, count = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        call()
        count += 1
    return count / (time.perf_counter() - begin)


def demo(seconds):
    """Runs per second of each way in each turn."""
    program, image = program_of(open_network(DEMO)), RANDOM.random((1, 1, 8, 8), np.float32)
    reference = session(with_all_outputs(DEMO))
    ours = [Runner(program), Runner(program, compiled=True)]
    ways = {
        "definitions": lambda: ours[0].run({"image": image}),
        "compiled": lambda: ours[1].run({"image": image}),
        "onnxruntime": lambda: reference.run(None, {"image": image}),
    }
    turns = [{name: per_second(call, seconds / TURNS / len(ways)) for name, call in ways.items()} for _ in range(TURNS)]
    return {name: statistics.median(turn[name] for turn in turns) for name in ways}


def single(kind, arrays, settings):
    """Milliseconds of definition, compiled kernel and onnxruntime: the least of some turns."""
    inputs = [helper.make_tensor_value_info(f"x{k}", TensorProto.FLOAT, array.shape) for k, array in enumerate(arrays)]
    node = helper.make_node(kind, [value.name for value in inputs], ["y"], **settings)
    graph = helper.make_graph([node], "one", inputs, [onnx.ValueInfoProto(name="y")])
    reference = session(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9))
    feeds = {f"x{k}": array for k, array in enumerate(arrays)}
    calls = [
        lambda: KERNELS[kind].definition(*arrays, **settings),
        lambda: KERNELS[kind].fast(*arrays, **settings),
        lambda: reference.run(None, feeds)[0],
    ]
    results = [call() for call in calls]
    for result in results[:2]:
        scale = np.abs(results[2]).max()
        assert np.abs(result - results[2]).max() <= 1e-5 * scale, kind
    times = [[_seconds(call) for call in calls] for _ in range(TURNS)]
    return [min(column) * 1000 for column in zip(*times, strict=True)]


def _seconds(call):
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def main():
    use_cache()
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 15.0
    print(f"{'ms':<20}{'definition':>12}{'compiled':>12}{'onnxruntime':>12}")
    for kind, arrays, settings in SINGLE:
        cells = "".join(f"{value:12.2f}" for value in single(kind, arrays, settings))
        print(f"{kind:<20}{cells}  {' '.join(str(array.shape) for array in arrays)}")
    rates = demo(seconds)
    print("demo model with all outputs, runs/s: " + ", ".join(f"{name} {rate:.0f}" for name, rate in rates.items()))
    print(f"{rates['compiled']:.0f}")


if __name__ == "__main__":
    main()
