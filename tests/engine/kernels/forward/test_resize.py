"""Images of another size, as onnxruntime makes them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.forward.resize import resize

X = np.random.default_rng(0).standard_normal((1, 2, 5, 4), np.float32)
PLACES = ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"]
ROUNDED = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]


@settings(max_examples=60)
@given(
    st.sampled_from(["nearest", "linear"]),
    st.sampled_from(PLACES),
    st.sampled_from(ROUNDED),
    st.tuples(st.integers(1, 11), st.integers(1, 11)),
)
def test_of_given_sizes(onnx_says, same, mode, places, rounded, sizes):
    how = {"mode": mode, "coordinate_transformation_mode": places, "nearest_mode": rounded}
    wanted = np.array([1, 2, *sizes])
    same(resize(X, None, None, wanted, **how), onnx_says("Resize", X, None, None, wanted, opset=18, **how))


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("scale", [0.5, 1.0, 1.5, 2.0, 2.6])
def test_scaled(onnx_says, same, mode, scale):
    scales = np.array([1, 1, scale, 2], np.float32)
    same(resize(X, None, scales, mode=mode), onnx_says("Resize", X, None, scales, mode=mode, opset=18))


@pytest.mark.parametrize(
    "scales, how",
    [
        ((1, 1, 1e9, 1e9), {}),
        ((1, 1, -1, 1), {}),
        ((1, 1, np.nan, 1), {}),
        ((1, 2), {}),
        ((1, 1, 2, 2), {"mode": "cubic"}),
        ((1, 1, 2, 2), {"nearest_mode": "up"}),
        ((1, 1, 2, 2), {"coordinate_transformation_mode": "tf_crop_and_resize"}),
    ],
)
def test_what_makes_no_sense_is_refused(scales, how):
    with pytest.raises(InputError):
        resize(X, None, np.array(scales, np.float32), **how)
    with pytest.raises(InputError):
        resize(X)
