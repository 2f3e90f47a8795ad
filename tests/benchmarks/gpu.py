"""Kernels in CUDA on a GPU: each equal to its definition, then how fast they are there. Needs CuPy; without: one line.

Run: python tests/benchmarks/gpu.py [million numbers]. Prints for each kernel whether it has the bits of its definition;
then, in turns on the same fresh data, statistics against a copy within the GPU's memory (bytes read and written) and
against torch's separate calls; then rasterizers against GL_POINTS of the same GPU, where OpenGL runs on it, at 1e7 and
1e8 samples. Ratios are medians of pairs. The first lines name GPU, driver and OpenGL.
"""

import statistics
import sys
import time
from dataclasses import fields, is_dataclass

import numpy as np
from tensornaut.engine.device import cuda_facts
from tensornaut.engine.kernel_choice import ON_DEVICE, ONE_ON_HOST, VERSIONS
from tensornaut.engine.kernels.cut import CutEyes, CutGrids
from tensornaut.engine.kernels.decode import DTYPES
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.forward import on_device
from tensornaut.engine.kernels.forward.table import KERNELS
from tensornaut.engine.kernels.machine_cupy import machine
from tensornaut.engine.rasterize import Pool
from tensornaut.engine.rasterize.definition import DefinitionRasterizer

PAIRS = 7
POINTS = (10**7, 10**8)
SHAPE = (1234, 777)


def version(table, name):
    """A module of a table of `kernel_choice`."""
    from importlib import import_module

    entry = table[name]
    return import_module(entry if isinstance(entry, str) else entry[0], "tensornaut.engine")


def facts(value):
    """A result as something that compares by bits."""
    if hasattr(value, "get"):
        value = value.get()
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    if isinstance(value, tuple):
        return [facts(part) for part in value]
    if is_dataclass(value):
        return [facts(getattr(value, column.name)) for column in fields(value)]
    return repr(value)


def stored(dtype, seed=0):
    """Random numbers of a type as they are stored, with special ones among the floats."""
    random, kind = np.random.default_rng(seed), np.dtype(DTYPES[dtype].stored)
    if kind.kind != "f":
        return random.integers(0, 256, SHAPE[0] * SHAPE[1] * kind.itemsize, np.uint8).view(kind).reshape(SHAPE)
    values = random.normal(0, 1, SHAPE).astype(kind)
    values[random.random(SHAPE) < 0.01] = np.nan
    values[3], values[4, 5] = 0, np.inf
    return values


def calls():
    """(kernel, function, arguments) of every kernel and type; the first array is what lies on the GPU."""
    table = version(VERSIONS, "colorize").light_tables(np.random.default_rng(1).random((9, 3))).overview
    for dtype, kind in DTYPES.items():
        if not kind.bits or "complex" in dtype:
            continue
        values = stored(dtype)
        flat = values.reshape(-1)
        yield "decode", "decode", (flat.view(np.uint8), dtype, flat.size // 2 + 1)
        if kind.bits < 8:
            continue
        yield "norms", "norms_of", (values, dtype)
        yield "outliers", "outliers_of", (flat, 64, dtype)
        yield "pyramid", "pyramid_of", (values, dtype)
        summary = version(VERSIONS, "summarize").summarize_block(flat, dtype)
        yield "summarize", "summarize_block", (flat, dtype)
        yield "summarize_small", "summarize_many", (values[:, :500].copy(), dtype)
        yield "ends", "ends_of", (summary, flat)
        yield "summarize_matrix", "summarize_run", (flat, dtype, 12_345, SHAPE[1] + 13)
        if kind.stored == kind.decoded:
            for block in ((1, 1), (8, 8), (64, 64)):
                yield "colorize", "block_means", (values, 2.5, table, block, 0.5)
                yield "colorize", "block_peaks", (values, 0.5, block)


def cut_differs():
    """In which cuts, if in any, the tiles are not those of the definition."""
    random, count = np.random.default_rng(5), 2000
    steps = random.normal(0, 1, (3, count, 3))
    grids = CutGrids.of(random.normal(0, 3e4, (count, 3)), *steps, *random.integers(1, 20_000, (2, count)))
    planes = random.normal(0, 1, (2, 5, 3)) + [3.0, 0, 0]
    planes /= np.linalg.norm(planes, axis=-1, keepdims=True)
    covers = np.tile([0.0, 1, 0, 3e4], (2, 1, 5, 1))
    definition, on_gpu = version(VERSIONS, "cut"), version(ON_DEVICE, "cut")
    placed, wrong = on_gpu.placed(grids), []
    for name, hiding in (("the open", covers[:, :0]), ("hiding", covers)):
        eyes = CutEyes(random.normal(0, 1e4, (2, 3)), planes, np.full(2, 900.0), hiding)
        for budget in (10**6, 10**12):
            expected = definition.cut(grids, eyes, 20.0, budget, 1 << 17)
            same = facts(on_gpu.cut(placed, eyes, 20.0, budget, 1 << 17)) == facts(expected)
            wrong += [] if same else [name]
    return wrong


def check_kernels(cupy):
    """Prints which kernels have the bits of their definitions."""
    wrong = {}
    for name, function, arguments in calls():
        expected = getattr(version(VERSIONS | ONE_ON_HOST, name), function)(*arguments)
        place = next(k for k, argument in enumerate(arguments) if isinstance(argument, np.ndarray))
        given = [cupy.asarray(argument) if k == place else argument for k, argument in enumerate(arguments)]
        found = getattr(version(ON_DEVICE, name), function)(*given)
        wrong.setdefault(name, []).extend([arguments[place].dtype.name] if facts(found) != facts(expected) else [])
    wrong["cut"] = cut_differs()
    for name, types in wrong.items():
        print(f"{name:18} {'equal to its definition' if not types else 'DIFFERS for ' + ', '.join(types)}")


def layer_calls():
    """(kernel, arrays, settings) of what layers give."""
    random = np.random.default_rng(3)

    def some(*shape):
        return random.normal(0, 1, shape).astype(np.float32)

    x = some(2, 64, 33, 35)
    for name in ("Celu", "Elu", "Erf", "Gelu", "HardSwish", "Mish", "Relu", "Sigmoid", "Silu", "Softplus", "Tanh"):
        yield name, (x,), {}
    yield "MatMul", (some(3, 700, 515), some(515, 1030)), {}
    yield "Gemm", (some(300, 200), some(100, 200), some(100)), {"transB": 1}
    yield "Linear", (some(3, 70, 200), some(100, 200), some(100)), {}
    yield "MatMul", (some(30, 20).astype(np.float64), some(20, 10)), {}  # through host memory
    yield "Conv", (x, some(96, 32, 3, 3), some(96)), {"group": 2, "pads": (1, 1, 1, 1), "strides": (2, 1)}
    for name in ("MaxPool", "AveragePool"):
        yield name, (x,), {"kernel_shape": (3, 3), "strides": (2, 2)}
    yield "GlobalAveragePool", (x,), {}
    yield "LayerNormalization", (some(50, 768), some(768), some(768)), {}
    yield "GroupNormalization", (x, some(64), some(64)), {"num_groups": 8}
    yield "BatchNormalization", (x, some(64), some(64), some(64), np.abs(some(64))), {}
    for axis in (1, 3):
        yield "Softmax", (x,), {"axis": axis}
    yield "Attention", (some(2, 12, 100, 64), some(2, 4, 130, 64), some(2, 4, 130, 64)), {"is_causal": 1}
    yield "Gather", (some(1000, 96), random.integers(-1000, 1000, (7, 9))), {}


def check_layers(cupy):
    """Prints which kernels of layers are equal to their definitions, but for the last bits."""
    for name, arrays, settings in layer_calls():
        expected = KERNELS[name].definition(*arrays, **settings)
        given = [cupy.asarray(array) if array.dtype.kind == "f" else array for array in arrays]
        found = on_device.function(name)(*given, **settings)
        pairs = zip(*((r if isinstance(r, tuple) else (r,)) for r in (expected, found)), strict=True)
        far = max(float(np.abs(one - other.get()).max() / np.abs(one).max()) for one, other in pairs)
        print(f"{name:20} largest difference {far:.1e} of the largest number (bar 1e-5)")


def timed(cupy, function):
    cupy.cuda.Device().synchronize()
    start = time.perf_counter()
    function()
    cupy.cuda.Device().synchronize()
    return time.perf_counter() - start


def turns(cupy, runs):
    """Times in seconds of each run, in turns, after one to warm up."""
    times = {name: [] for name in runs}
    for turn in range(PAIRS + 1):
        for name, run in runs.items():
            taken = timed(cupy, run)
            if turn:
                times[name].append(taken)
    return times


def median_ratio(times, name, other):
    return statistics.median(b / a for a, b in zip(times[name], times[other], strict=True))


def with_torch(values):
    """What a summary holds, by one call each."""
    import torch

    numbers = values.float()
    std, mean = torch.std_mean(numbers)
    low, high = torch.aminmax(values)
    counts = [torch.count_nonzero(values), torch.isnan(values).sum(), torch.isinf(values).sum()]
    return mean, std, counts, torch.linalg.vector_norm(numbers), torch.histc(numbers, 256, low.item(), high.item())


def compare_statistics(cupy, count):
    """Prints rates of statistics and pyramids."""
    try:
        import torch
    except ImportError:
        torch = None
    summarize, pyramid = version(ON_DEVICE, "summarize"), version(ON_DEVICE, "pyramid")
    for dtype in ("float32", "bfloat16"):
        values = cupy.random.standard_normal(count, cupy.float32)
        if dtype == "bfloat16":
            values = (values.view(cupy.uint32) >> 16).astype(cupy.uint16)
        copied, width = cupy.empty_like(values), 1 << 14
        matrix = values[: count // width * width].reshape(-1, width)
        runs = {
            "copy": lambda values=values, copied=copied: cupy.copyto(copied, values),
            "summary": lambda values=values, dtype=dtype: summarize.summarize_block(values, dtype),
            "pyramid": lambda matrix=matrix, dtype=dtype: pyramid.pyramid_of(matrix, dtype),
        }
        if torch is not None and torch.cuda.is_available():
            tensor = torch.from_dlpack(values)
            tensor = tensor.view(torch.bfloat16) if dtype == "bfloat16" else tensor
            runs["torch"] = lambda tensor=tensor: with_torch(tensor)
        times = turns(cupy, runs)
        rate = {name: values.nbytes / statistics.median(taken) / 1e9 for name, taken in times.items()}
        print(
            f"{dtype}: copy {2 * rate['copy']:.0f} GB/s, summary {rate['summary']:.0f}, pyramid {rate['pyramid']:.0f}"
        )
        print(f"{dtype}: summary at {median_ratio(times, 'summary', 'copy') / 2:.2f} of the copy rate (bar 0.75)")
        if "torch" in runs:
            print(f"{dtype}: torch's calls take {median_ratio(times, 'summary', 'torch'):.1f} x as long (bar 8)")
        del values, copied, matrix, runs


def compare_points(cupy):
    """Prints how the rasterizers compare with GL_POINTS."""
    import rasterize as points  # beside this file
    from tensornaut.engine.gpu import Context

    context = Context.offscreen()
    print(f"OpenGL: {context.renderer}, {context.version}")
    points.GL.glPixelStorei(points.GL.GL_PACK_ALIGNMENT, 1)
    points.GL.glPixelStorei(points.GL.GL_UNPACK_ALIGNMENT, 1)
    size = points.WIDTH, points.HEIGHT
    near = np.zeros((1, 512), np.uint64)
    colors = (np.random.default_rng(2).integers(1, 1 << 24, (1, 512)) | 0xFF000000).astype(np.uint32)
    rasterizer = version(ON_DEVICE, "rasterize").CudaRasterizer()
    for count in POINTS:
        points.MATRICES = max(1, round(count / (points.SIDE * 32) ** 2))
        points.GAP = 900.0 / points.MATRICES  # all lie between the planes
        batch, pool, rows = points.scene()
        on_gpu = Pool(cupy.asarray(pool.light), cupy.asarray(pool.height))
        if count == POINTS[0]:
            plain = DefinitionRasterizer()
            same = [
                np.array_equal(cupy.asnumpy(rasterizer.light(batch, on_gpu, near, rows, size)),
                               plain.light(batch, pool, near, rows, size)),
                np.array_equal(cupy.asnumpy(rasterizer.nearest(batch, on_gpu, rows, size)),
                               plain.nearest(batch, pool, rows, size)),
            ]  # fmt: skip
            print(f"rasterize          {'equal to its definition' if all(same) else f'DIFFERS {same}'}")
        drawn = points.Points(batch, pool, rows, colors)

        def nearest(batch=batch, pool=on_gpu, rows=rows):
            rasterizer.resolve_nearest(rasterizer.nearest(batch, pool, rows, size), batch, pool, colors)

        def light(batch=batch, pool=on_gpu, rows=rows):
            rasterizer.resolve(rasterizer.light(batch, pool, near, rows, size))

        runs = {"nearest": nearest, "light": light}
        for kind, draw in (("nearest", drawn.nearest), ("light", drawn.add)):
            runs[f"{kind}, buffer"], runs[f"{kind}, index"] = draw(points.PLACE_BUFFER), draw(points.PLACE_INDEX)
        times = turns(cupy, runs)
        for kind in ("nearest", "light"):
            best = min(statistics.median(times[f"{kind}, {way}"]) for way in ("buffer", "index"))
            own = statistics.median(times[kind])
            print(
                f"{kind} of {len(batch) * 1024} samples: {own * 1000:.2f} ms, GL_POINTS {best * 1000:.2f} ms, ", end=""
            )
            print(f"{best / own:.1f} x (bar 3)")


def main():
    try:
        gpu = machine()
        import cupy
    except InputError as error:
        print(f"no GPU: {error}")
        return
    found = cuda_facts()
    print(f"{', '.join(device.name for device in found.devices)}, driver for CUDA {found.driver}, CuPy {found.cupy}")
    print(f"{gpu.processors} processors, {gpu.shared_bytes >> 10} KiB to share")
    check_kernels(cupy)
    check_layers(cupy)
    compare_statistics(cupy, (int(sys.argv[1]) if len(sys.argv) > 1 else 2000) * 10**6)
    compare_points(cupy)


if __name__ == "__main__":
    main()
