"""Arrays that a person gives: fitted where that is plain, refused in one line where it is not."""

import numpy as np
import pytest
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.runners.feeding import fed, made, sizes_of, wanted
from tensornaut.engine.runners.program import Feed

IMAGE = Feed("image", ("n", 1, 8, 8))
TOKENS = Feed("tokens", ("n", "t"), "int64")


def test_axes_of_one_element_are_added_and_types_changed():
    found = fed((IMAGE,), {"image": np.ones((8, 8), np.uint8)})["image"]
    assert found.shape == (1, 1, 8, 8) and found.dtype == np.float32
    found = fed((TOKENS,), {"tokens": np.array([0.0, 2.0])})["tokens"]
    assert found.shape == (1, 2) and found.dtype == np.int64


def test_a_scalar_stays_one():
    assert fed((Feed("sr", (), "int64"),), {"sr": np.array(16000)})["sr"].shape == ()


def test_half_precision_is_computed_in_single():
    assert fed((Feed("x", (2,), "float16"),), {"x": np.ones(2)})["x"].dtype == np.float32


@pytest.mark.parametrize(
    "feeds, arrays, found",
    [
        ((IMAGE,), {}, "image .n, 1, 8, 8. float32"),
        ((IMAGE,), {"picture": np.ones((8, 8))}, "image .n, 1, 8, 8. float32"),
        ((IMAGE,), {"image": np.ones((1, 1, 8, 9), np.float32)}, r"\(1, 1, 8, 9\), expected \(n, 1, 8, 8\)"),
        ((IMAGE,), {"image": np.ones((2, 8, 8), np.float32)}, "expected"),
        ((IMAGE,), {"image": np.ones((1, 1, 1, 8, 8), np.float32)}, "expected"),
        ((IMAGE,), {"image": np.ones((8, 8), np.complex64)}, "complex64"),
        ((TOKENS,), {"tokens": np.array([0.5])}, "int64"),
        ((Feed("small", ("n",), "uint8"),), {"small": np.array([300])}, "uint8"),
        ((Feed("x", ("n",)), Feed("y", ("n",))), {"x": np.ones(2), "y": np.ones(3)}, r"\(3\), expected \(2\)"),
        ((Feed("words", ("n",), "string"),), {"words": np.ones(2)}, "string"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(feeds, arrays, found):
    with pytest.raises(InputError, match=found) as caught:
        fed(feeds, arrays)
    assert "\n" not in str(caught.value)


def test_made_up_inputs_are_the_same_every_time():
    assert np.array_equal(made(IMAGE, 3), made(IMAGE, 3)) and not np.array_equal(made(IMAGE, 3), made(IMAGE, 4))
    assert made(IMAGE, None).shape == (1, 1, 8, 8) and not made(IMAGE, None).any()
    assert set(made(Feed("t", (50,), "int64"), 0).tolist()) == {0, 1}
    with pytest.raises(InputError):
        made(Feed("x", (1 << 40, 1 << 40)), None)


def test_named_sizes_are_those_of_what_is_given():
    x = Feed("x", ("n", "t", 3))
    sizes = sizes_of((x, IMAGE), {"x": np.ones((5, 3))})
    assert sizes == {"t": 5} and made(TOKENS, None, sizes).shape == (1, 5)
    with pytest.raises(InputError):
        made(Feed("words", ("n",), "string"), None)


def test_what_is_wanted_is_said():
    assert wanted((IMAGE, TOKENS)) == "image (n, 1, 8, 8) float32; tokens (n, t) int64"
    assert wanted(()) == "none"
