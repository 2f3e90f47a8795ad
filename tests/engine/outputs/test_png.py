"""PNG files: the pixels as they are, in sRGB, whole or absent."""

import os
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.outputs.png import PngWriter, png_bytes, write_png

PICTURES = arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from((3, 4))))


@given(picture=PICTURES)
def test_every_picture_comes_back(read_png, picture):
    again, kinds = read_png(png_bytes(picture))
    assert again.shape == picture.shape and (again == picture).all()
    assert kinds == [b"IHDR", b"sRGB", b"IDAT", b"IDAT", b"IEND"]


@given(picture=PICTURES, cut=st.integers(0, 9))
def test_rows_may_be_added_in_pieces(read_png, picture, cut):
    height, width, channels = picture.shape
    file, cut = BytesIO(), min(cut, height)
    writer = PngWriter(file.write, (width, height), channels)
    for rows in (picture[:cut], picture[cut:]):
        if len(rows):
            writer.add(rows)
    writer.close()
    assert (read_png(file.getvalue())[0] == picture).all()


def test_a_picture_of_several_compressed_pieces_comes_back(read_png):
    picture = np.random.default_rng(0).integers(0, 256, (500, 2000, 4), np.uint8)
    again, kinds = read_png(png_bytes(picture))
    assert (again == picture).all() and kinds.count(b"IDAT") > 3


def test_another_reader_agrees(tmp_path):
    av = pytest.importorskip("av")
    picture = np.random.default_rng(3).integers(0, 256, (37, 53, 3), np.uint8)
    write_png(tmp_path / "a.png", picture[:, ::-1][:, ::-1])
    with av.open(str(tmp_path / "a.png")) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert (shown == picture).all()


def test_an_older_file_is_replaced_whole_and_nothing_else_stays(read_png, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"older")
    write_png(path, np.zeros((4, 4, 3), np.uint8))
    assert read_png(path.read_bytes())[0].shape == (4, 4, 3)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


def test_the_file_has_the_usual_permissions(tmp_path):
    write_png(tmp_path / "a.png", np.zeros((1, 1, 3), np.uint8))
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("place", ["nowhere/a.png", "folder.png"])
def test_a_place_that_cannot_be_written_is_said(tmp_path, place):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InputError) as raised:
        write_png(tmp_path / place, np.zeros((1, 1, 3), np.uint8))
    assert raised.value.key == "output_unwritable" and raised.value.name == os.fspath(tmp_path / place)
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.png"]
