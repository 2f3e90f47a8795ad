"""Rules by which common ONNX operators make shapes of shapes.

Each rule takes an operator and what is known, and gives a shape for each output, None where it cannot tell. A rule may
fail on nonsense in any way of CANNOT in onnx_shapes.py. Source: https://onnx.ai/onnx/operators/.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .limits import RANK
from .network import Op, Shape

__all__ = ["RULES", "SMALL", "Known"]

SMALL = 64  # integers that may be a shape

Size = int | str | None
Found = Sequence[Shape | None]


class Known:
    """Shapes of values, and integers of those that are known, by name."""

    def __init__(self) -> None:
        self.shapes: dict[str, Shape] = {}
        self.integers: dict[str, Shape] = {}

    def shape(self, op: Op, k: int) -> Shape:
        """Shape of input k. Raises ValueError where it is not known."""
        shape = self.shapes.get(op.inputs[k])
        if shape is None:
            raise ValueError(op.inputs[k])
        return shape

    def numbers(self, name: str) -> Shape | None:
        """Integers of a value."""
        return self.integers.get(name)

    def keep(self, name: str, numbers: Shape) -> None:
        """Remembers the integers of a value, unless they are too many for a shape."""
        if len(numbers) <= SMALL:
            self.integers[name] = numbers

    def given(self, op: Op, k: int, attribute: str) -> Shape | None:
        """Integers of input k, or of the attribute that older versions have instead."""
        if len(op.inputs) > k and op.inputs[k]:
            return self.numbers(op.inputs[k])
        return op.attributes.get(attribute)


def _same(op: Op, known: Known) -> Found:
    found = known.numbers(op.inputs[0])
    if found is not None and op.kind in ("Cast", "Identity"):
        known.keep(op.outputs[0], found)
    return [known.shape(op, 0)]


def _broadcast(op: Op, known: Known) -> Found:
    return [_together(known.shape(op, k) for k in range(len(op.inputs)))]


def _together(shapes: Iterable[Shape]) -> Shape:
    result: Shape = ()
    for shape in shapes:
        rank = max(len(result), len(shape))
        sides = zip(_filled(result, rank), _filled(shape, rank), strict=True)
        result = tuple(_wider(*pair) for pair in sides)
    return result


def _filled(shape: Shape, rank: int) -> Shape:
    return (1,) * (rank - len(shape)) + tuple(shape)


def _wider(one: Size, other: Size) -> Size:
    if one == other or other == 1:
        return one
    if one == 1:
        return other
    numbers = [side for side in (one, other) if isinstance(side, int)]
    return numbers[0] if len(numbers) == 1 else None


def _axis(axis: int, rank: int) -> int:
    return range(rank)[axis]


def _product(sizes: Shape) -> Size:
    return math.prod(sizes) if all(isinstance(size, int) for size in sizes) else None  # type: ignore[arg-type]


def _windows(op: Op, sizes: Shape, kernel: Shape) -> Shape:
    """Sizes behind a window that slides over `sizes`."""
    rank = len(sizes)
    strides = op.attributes.get("strides") or (1,) * rank
    dilations = op.attributes.get("dilations") or (1,) * rank
    pads = op.attributes.get("pads") or (0,) * (2 * rank)
    auto = op.attributes.get("auto_pad") or "NOTSET"
    found: list[Size] = []
    for k, size in enumerate(sizes):
        side = kernel[k]
        if not isinstance(size, int) or not isinstance(side, int):
            found.append(None)
        elif auto.startswith("SAME"):
            found.append(-(-size // strides[k]))
        else:
            room = size - (dilations[k] * (side - 1) + 1)
            room += 0 if auto == "VALID" else pads[k] + pads[k + rank]
            steps = -(-room // strides[k]) if op.attributes.get("ceil_mode") else room // strides[k]
            found.append(max(steps + 1, 0))
    return tuple(found)


def _conv(op: Op, known: Known) -> Found:
    values, weights = known.shape(op, 0), known.shape(op, 1)
    return [(values[0], weights[0], *_windows(op, values[2:], weights[2:]))]


def _conv_transpose(op: Op, known: Known) -> Found:
    values, weights = known.shape(op, 0), known.shape(op, 1)
    rank = len(values) - 2
    strides = op.attributes.get("strides") or (1,) * rank
    dilations = op.attributes.get("dilations") or (1,) * rank
    pads = op.attributes.get("pads") or (0,) * (2 * rank)
    extra = op.attributes.get("output_padding") or (0,) * rank
    stated = op.attributes.get("output_shape")
    sizes: list[Size] = []
    for k in range(rank):
        size, side = values[k + 2], weights[k + 2]
        if isinstance(size, int) and isinstance(side, int):
            reach = dilations[k] * (side - 1) + 1
            sizes.append(strides[k] * (size - 1) + extra[k] + reach - pads[k] - pads[k + rank])
        else:
            sizes.append(None)
    channels = weights[1]
    if isinstance(channels, int):
        channels *= op.attributes.get("group", 1)
    return [(values[0], channels, *(stated or sizes))]


def _pool(op: Op, known: Known) -> Found:
    values = known.shape(op, 0)
    shape = (*values[:2], *_windows(op, values[2:], op.attributes["kernel_shape"]))
    return [shape, shape]


def _global_pool(op: Op, known: Known) -> Found:
    values = known.shape(op, 0)
    return [(*values[:2], *(1 for _ in values[2:]))]


def _gemm(op: Op, known: Known) -> Found:
    one, other = known.shape(op, 0), known.shape(op, 1)
    rows = one[1] if op.attributes.get("transA") else one[0]
    return [(rows, other[0] if op.attributes.get("transB") else other[1])]


def _matmul(op: Op, known: Known) -> Found:
    one, other = known.shape(op, 0), known.shape(op, 1)
    outer = _together([one[:-2], other[:-2]])
    return [(*outer, *(one[-2:-1] if len(one) > 1 else ()), *(other[-1:] if len(other) > 1 else ()))]


def _reshape(op: Op, known: Known) -> Found:
    target = known.given(op, 1, "shape")
    if target is None:
        count = known.shapes.get(op.inputs[1], (None,))[0]
        return [(None,) * count if isinstance(count, int) and count <= RANK else None]
    shape = known.shapes.get(op.inputs[0])
    keeps = not op.attributes.get("allowzero")
    sides = [
        (shape[k] if shape and k < len(shape) else None) if size == 0 and keeps else size
        for k, size in enumerate(target)
    ]
    if -1 in sides:
        total = _product(shape) if shape is not None else None
        rest = _product(tuple(size for size in sides if size != -1))
        known_rest = isinstance(total, int) and isinstance(rest, int) and rest > 0
        sides[sides.index(-1)] = total // rest if known_rest else None  # type: ignore[operator]
    return [tuple(sides)]


def _flatten(op: Op, known: Known) -> Found:
    shape = known.shape(op, 0)
    axis = op.attributes.get("axis", 1)
    axis += len(shape) if axis < 0 else 0
    parts = [part[0] if len(part) == 1 else _product(part) for part in (shape[:axis], shape[axis:])]
    return [tuple(parts)]


def _transpose(op: Op, known: Known) -> Found:
    shape = known.shape(op, 0)
    order = op.attributes.get("perm") or range(len(shape) - 1, -1, -1)
    return [tuple(shape[k] for k in order)]


def _concat(op: Op, known: Known) -> Found:
    parts = [known.numbers(name) for name in op.inputs]
    if all(part is not None for part in parts):
        known.keep(op.outputs[0], tuple(size for part in parts for size in part or ()))
    shapes = [known.shape(op, k) for k in range(len(op.inputs))]
    axis = _axis(op.attributes.get("axis", 1), len(shapes[0]))
    sizes = [shape[axis] for shape in shapes]
    total = sum(sizes) if all(isinstance(size, int) for size in sizes) else None  # type: ignore[arg-type]
    return [(*shapes[0][:axis], total, *shapes[0][axis + 1 :])]


def _unsqueeze(op: Op, known: Known) -> Found:
    found = known.numbers(op.inputs[0])
    if found is not None:
        known.keep(op.outputs[0], found)
    shape, axes = list(known.shape(op, 0)), known.given(op, 1, "axes")
    if axes is None:
        return [None]
    for axis in sorted(_axis(axis, len(shape) + len(axes)) for axis in axes):  # type: ignore[arg-type]
        shape.insert(axis, 1)
    return [tuple(shape)]


def _squeeze(op: Op, known: Known) -> Found:
    found = known.numbers(op.inputs[0])
    if found is not None:
        known.keep(op.outputs[0], found)
    shape, axes = known.shape(op, 0), known.given(op, 1, "axes")
    if axes is None and len(op.inputs) > 1 and op.inputs[1]:
        return [None]
    dropped = {_axis(axis, len(shape)) for axis in axes} if axes else {k for k, size in enumerate(shape) if size == 1}  # type: ignore[arg-type]
    return [tuple(size for k, size in enumerate(shape) if k not in dropped)]


def _gather(op: Op, known: Known) -> Found:
    sizes, chosen = known.numbers(op.inputs[0]), known.numbers(op.inputs[1])
    if sizes is not None and chosen is not None:
        known.keep(op.outputs[0], tuple(sizes[k] for k in chosen))  # type: ignore[index]
    shape, indices = known.shape(op, 0), known.shape(op, 1)
    axis = _axis(op.attributes.get("axis", 0), len(shape))
    return [(*shape[:axis], *indices, *shape[axis + 1 :])]


def _shape(op: Op, known: Known) -> Found:
    shape = known.shape(op, 0)
    sizes = shape[slice(op.attributes.get("start"), op.attributes.get("end"))]
    known.keep(op.outputs[0], sizes)
    return [(len(sizes),)]


def _recurrent(op: Op, known: Known) -> Found:
    values, weights = known.shape(op, 0), known.shape(op, 2)
    directions, hidden = weights[0], weights[2]
    if op.attributes.get("layout"):
        state: Shape = (values[0], directions, hidden)
        return [(values[0], values[1], directions, hidden), state, state]
    state = (directions, values[1], hidden)
    return [(values[0], directions, values[1], hidden), state, state]


def _reduce(op: Op, known: Known) -> Found:
    shape = known.shape(op, 0)
    axes: Any = known.given(op, 1, "axes")
    if op.kind in ("ArgMax", "ArgMin"):
        axes = (op.attributes.get("axis", 0),)
    if axes is None and len(op.inputs) > 1 and op.inputs[1]:
        return [None]
    reduced = {_axis(axis, len(shape)) for axis in axes} if axes else set(range(len(shape)))
    kept = op.attributes.get("keepdims", 1)
    return [tuple(1 if k in reduced else size for k, size in enumerate(shape) if kept or k not in reduced)]


def _expand(op: Op, known: Known) -> Found:
    target = known.numbers(op.inputs[1])
    return [None if target is None else _together([known.shape(op, 0), target])]


def _filled_shape(op: Op, known: Known) -> Found:
    return [known.numbers(op.inputs[0])]


def _pad(op: Op, known: Known) -> Found:
    shape, pads = known.shape(op, 0), known.given(op, 1, "pads")
    if pads is None or len(pads) != 2 * len(shape):
        return [(None,) * len(shape)]
    added = [(pads[k], pads[k + len(shape)]) for k in range(len(shape))]
    return [tuple(_sum(size, *pair) for size, pair in zip(shape, added, strict=True))]


def _sum(*sizes: Size) -> Size:
    return sum(sizes) if all(isinstance(size, int) for size in sizes) else None  # type: ignore[arg-type]


def _slice(op: Op, known: Known) -> Found:
    shape = list(known.shape(op, 0))
    starts, ends = known.given(op, 1, "starts"), known.given(op, 2, "ends")
    axes, steps = known.given(op, 3, "axes"), known.given(op, 4, "steps")
    if starts is None or ends is None or (axes is None and len(op.inputs) > 3 and op.inputs[3]):
        return [(None,) * len(shape)]
    axes = axes or tuple(range(len(starts)))
    steps = steps or (1,) * len(starts)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        size = shape[axis]  # type: ignore[index]
        is_known = isinstance(size, int)
        shape[axis] = len(range(*slice(start, end, step).indices(size))) if is_known else None  # type: ignore[index, arg-type]
    return [tuple(shape)]


def _split(op: Op, known: Known) -> Found:
    shape = known.shape(op, 0)
    axis, parts = _axis(op.attributes.get("axis", 0), len(shape)), known.given(op, 1, "split")
    size, count = shape[axis], len(op.outputs)
    if not parts and isinstance(size, int):
        each = -(-size // count)
        parts = tuple(min(each, size - k * each) for k in range(count))
    return [(*shape[:axis], part, *shape[axis + 1 :]) for part in parts or (None,) * count]


def _table(*rules: tuple[Callable[[Op, Known], Found], str]) -> dict[str, Callable[[Op, Known], Found]]:
    return {kind: rule for rule, kinds in rules for kind in kinds.split()}


RULES = _table(
    (
        _same,
        "Abs Acos Asin Atan BatchNormalization BitwiseNot Cast CastLike Ceil Celu Clip Cos CumSum Dropout Elu Erf Exp "
        "Floor Gelu GroupNormalization HardSigmoid HardSwish Hardmax Identity InstanceNormalization LRN "
        "LayerNormalization LeakyRelu Log LogSoftmax LpNormalization MeanVarianceNormalization Mish Neg Not PRelu "
        "QuantizeLinear DequantizeLinear RMSNormalization Reciprocal Relu Round Selu Sigmoid Sign Sin Sinh Softmax "
        "Softplus Softsign Sqrt Tan Tanh ThresholdedRelu Trilu",
    ),
    (
        _broadcast,
        "Add And BitwiseAnd BitwiseOr Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or Pow "
        "Sub Sum Where Xor",
    ),
    (_conv, "Conv ConvInteger"),
    (_conv_transpose, "ConvTranspose"),
    (_pool, "MaxPool AveragePool LpPool"),
    (_global_pool, "GlobalAveragePool GlobalMaxPool GlobalLpPool"),
    (_gemm, "Gemm"),
    (_matmul, "MatMul MatMulInteger"),
    (_reshape, "Reshape"),
    (_flatten, "Flatten"),
    (_transpose, "Transpose"),
    (_concat, "Concat"),
    (_unsqueeze, "Unsqueeze"),
    (_squeeze, "Squeeze"),
    (_gather, "Gather"),
    (_shape, "Shape"),
    (_recurrent, "LSTM GRU RNN"),
    (
        _reduce,
        "ArgMax ArgMin ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd "
        "ReduceSum ReduceSumSquare",
    ),
    (_expand, "Expand"),
    (_filled_shape, "ConstantOfShape"),
    (_pad, "Pad"),
    (_slice, "Slice"),
    (_split, "Split"),
)
