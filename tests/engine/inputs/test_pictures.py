"""Pictures as arrays: channels where the input wants them, black 0 and white 1."""

import numpy as np
import pytest
from tensornaut.engine.inputs.pictures import read_picture
from tensornaut.engine.kernels.errors import InputError

Image = pytest.importorskip("PIL.Image", reason="reading pictures needs Pillow (pip install pillow)")


@pytest.fixture
def picture(tmp_path):
    """Two rows of three pixels: red, green, blue; white, black, gray."""
    path = tmp_path / "picture.png"
    pixels = [[(255, 0, 0), (0, 255, 0), (0, 0, 255)], [(255, 255, 255), (0, 0, 0), (51, 51, 51)]]
    Image.fromarray(np.array(pixels, np.uint8)).save(path)
    return path


def test_channels_before_the_places(picture):
    found = read_picture(picture, ("n", 3, 2, 3))
    assert found.shape == (1, 3, 2, 3) and found.dtype == np.float32
    assert found[0, :, 0].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert np.allclose(found[0, 0, 1], [1, 0, 0.2])


def test_channels_behind_the_places(picture):
    found = read_picture(picture, (1, None, "w", 3))
    assert found.shape == (1, 2, 3, 3) and found[0, 0, 0].tolist() == [1, 0, 0]


def test_gray_and_of_the_size_of_the_input(picture):
    found = read_picture(picture, ("n", 1, 8, 8))
    assert found.shape == (1, 1, 8, 8) and 0 <= found.min() < found.max() <= 1
    assert read_picture(picture, (2, 3)).shape == (2, 3)


def test_what_is_no_picture_or_no_input_for_one_is_refused(picture, tmp_path):
    with pytest.raises(InputError):
        read_picture(picture, ("n",))
    wrong = tmp_path / "wrong.png"
    wrong.write_bytes(picture.read_bytes()[:45])
    with pytest.raises(InputError):
        read_picture(wrong, ("n", 1, 8, 8))
    wrong.write_text("no picture")
    with pytest.raises(InputError):
        read_picture(wrong, ("n", 1, 8, 8))
