"""Arrays cut, joined and put in another order, as onnxruntime does it; sizes that a file makes up are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.forward import arrange

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize("shape", [(4, 6), (-1,), (0, -1), (0, 0, 2, 2), (24, 1, 1), (3, -1, 4)])
def test_reshape(onnx_says, same, shape):
    same(arrange.reshape(X, np.array(shape)), onnx_says("Reshape", X, np.array(shape)))


@pytest.mark.parametrize("axis", [-2, 0, 1, 2, 3])
def test_flatten(onnx_says, same, axis):
    same(arrange.flatten(X, axis=axis), onnx_says("Flatten", X, axis=axis))


@pytest.mark.parametrize("perm", [(), (0, 2, 1), (2, 0, 1)])
def test_transpose(onnx_says, same, perm):
    same(arrange.transpose(X, perm=perm), onnx_says("Transpose", X, **({"perm": perm} if perm else {})))


def test_axes_of_one_element(onnx_says, same):
    x = X.reshape(2, 1, 3, 1, 4)
    same(arrange.squeeze(x), onnx_says("Squeeze", x))
    same(arrange.squeeze(x, np.array([-2])), onnx_says("Squeeze", x, np.array([-2])))
    for axes in ([0], [-1, 1], [2, 0, 5]):
        same(arrange.unsqueeze(X, np.array(axes)), onnx_says("Unsqueeze", X, np.array(axes)))


@settings(max_examples=60)
@given(st.data())
def test_slice(onnx_says, same, data):
    axes = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True))
    ends = st.integers(-6, 6) | st.sampled_from([2**31 - 1, 2**63 - 1, -(2**31)])
    starts, stops = ([data.draw(ends) for _ in axes] for _ in range(2))
    steps = [data.draw(st.sampled_from([-2, -1, 1, 2, 3])) for _ in axes]
    stops = [min(stop, 6) if step < 0 else stop for stop, step in zip(stops, steps, strict=True)]  # its own rule there
    lists = [np.array(each, np.int64) for each in (starts, stops, axes, steps)]
    same(arrange.slice_(X, *lists), onnx_says("Slice", X, *lists))


@settings(max_examples=40)
@given(st.sampled_from(["constant", "edge", "reflect", "wrap"]), st.lists(st.integers(-1, 3), min_size=6, max_size=6))
def test_pad(onnx_says, same, mode, pads):
    if mode != "constant":
        pads = [max(0, min(amount, 1)) for amount in pads]
    value = np.array(7, np.float32)
    same(arrange.pad(X, np.array(pads), value, mode=mode), onnx_says("Pad", X, np.array(pads), value, mode=mode))


def test_pad_along_some_axes(onnx_says, same):
    pads, axes = np.array([1, 2, 0, 1]), np.array([-1, 0])
    same(arrange.pad(X, pads, None, axes), onnx_says("Pad", X, pads, None, axes))


def test_parts(onnx_says, same):
    for axis in (0, 1, -1):
        same(arrange.concat(X, X + 1, axis=axis), onnx_says("Concat", X, X + 1, axis=axis))
    found = arrange.split(X, np.array([1, 3]), axis=2)
    for each, expected in zip(found, onnx_says("Split", X, np.array([1, 3]), axis=2, outputs=2), strict=True):
        same(each, expected)
    found = arrange.split(X, axis=1, num_outputs=2)
    for each, expected in zip(found, onnx_says("Split", X, axis=1, num_outputs=2, outputs=2), strict=True):
        same(each, expected)


def test_repeated(onnx_says, same):
    for shape in ((2, 3, 4), (5, 1, 1, 4), (1,)):
        x = X[:, :1]
        same(arrange.expand(x, np.array(shape)), onnx_says("Expand", x, np.array(shape)))
    same(arrange.tile(X, np.array([2, 1, 3])), onnx_says("Tile", X, np.array([2, 1, 3])))


def test_blocks(onnx_says, same):
    x = np.arange(2 * 8 * 4 * 6, dtype=np.float32).reshape(2, 8, 4, 6)
    for mode in ("DCR", "CRD"):
        how = {"blocksize": 2, "mode": mode}
        same(arrange.depth_to_space(x, **how), onnx_says("DepthToSpace", x, **how))
    same(arrange.space_to_depth(x, blocksize=2), onnx_says("SpaceToDepth", x, blocksize=2))


FAR = 1 << 40


@pytest.mark.parametrize(
    "call",
    [
        lambda: arrange.reshape(X, np.array([5, -1])),
        lambda: arrange.reshape(X, np.array([-1, -1])),
        lambda: arrange.reshape(X, np.array([-2, -12])),
        lambda: arrange.reshape(X, np.array([0.5])),
        lambda: arrange.reshape(X, np.ones(50, np.int64)),
        lambda: arrange.transpose(X, perm=(0, 0, 1)),
        lambda: arrange.squeeze(X, np.array([0])),
        lambda: arrange.unsqueeze(X, np.arange(40)),
        lambda: arrange.slice_(X, np.array([0]), np.array([1]), np.array([0]), np.array([0])),
        lambda: arrange.slice_(X, np.array([0]), np.array([1]), np.array([9])),
        lambda: arrange.pad(X, np.array([FAR] * 6)),
        lambda: arrange.pad(X, np.array([0, 0, 9, 0, 0, 0]), mode="reflect"),
        lambda: arrange.pad(X[:0], np.array([1, 0, 0, 0, 0, 0]), mode="edge"),
        lambda: arrange.concat(X, X[0]),
        lambda: arrange.split(X, np.array([9, -7])),
        lambda: arrange.split(X, num_outputs=0),
        lambda: arrange.expand(X, np.array([FAR, 1, 1, 1])),
        lambda: arrange.tile(X, np.array([FAR, FAR, FAR])),
        lambda: arrange.tile(X, np.array([-1, 1, 1])),
        lambda: arrange.depth_to_space(X, blocksize=2),
        lambda: arrange.space_to_depth(np.ones((1, 1, 3, 3), np.float32), blocksize=2),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_made(call):
    with pytest.raises(InputError):
        call()
