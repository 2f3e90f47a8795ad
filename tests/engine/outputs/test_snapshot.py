"""PNG files: the pixels as they are, in sRGB, whole or absent."""

import os
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensornaut.engine import loop
from tensornaut.engine.gpu import Context, GraphicsError
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.outputs.offscreen import OffscreenClock
from tensornaut.engine.outputs.snapshot import SnapshotSink, png_bytes, write_png
from tensornaut.engine.view import Eye


def read_png(data):
    """(height, width, 3) uint8 and the kinds of chunks, by a reader of our own that knows filters 0 and 2."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    kinds, image, place = [], b"", 8
    while place < len(data):
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        body = data[place + 8 : place + 8 + length]
        check = int.from_bytes(data[place + 8 + length : place + 12 + length], "big")
        assert check == zlib.crc32(kind + body)
        kinds.append(kind)
        if kind == b"IHDR":
            width, height = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
            assert body[8:] == bytes([8, 2, 0, 0, 0])
        image += body if kind == b"IDAT" else b""
        place += 12 + length
    rows = np.frombuffer(zlib.decompress(image), np.uint8).reshape(height, 1 + width * 3).copy()
    for row in range(height):
        assert rows[row, 0] in (0, 2)
        if rows[row, 0] == 2 and row:
            rows[row, 1:] += rows[row - 1, 1:]
    return rows[:, 1:].reshape(height, width, 3), kinds


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_every_picture_comes_back(picture):
    again, kinds = read_png(png_bytes(picture))
    assert (again == picture).all()
    assert kinds == [b"IHDR", b"sRGB", b"IDAT", b"IEND"]


def test_another_reader_agrees(tmp_path):
    av = pytest.importorskip("av")
    picture = np.random.default_rng(3).integers(0, 256, (37, 53, 3), np.uint8)
    write_png(tmp_path / "a.png", picture[:, ::-1][:, ::-1])
    with av.open(str(tmp_path / "a.png")) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert (shown == picture).all()


def test_an_older_file_is_replaced_whole_and_nothing_else_stays(tmp_path):
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


@pytest.mark.gl
@pytest.mark.parametrize(("index", "shown"), [(None, 4), (2, 2)])
def test_the_last_or_the_chosen_frame_is_written(tmp_path, index, shown):
    try:
        context = Context.offscreen()
    except GraphicsError as error:
        pytest.skip(f"no EGL: {error}")
    gl = context.gl

    def draw(frame, eye, framebuffer):
        gl.glClearColor(frame.index / 255, eye.target / 255, 1, 1)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT)

    eyes = tuple(Eye(np.eye(4), np.eye(4), (0, 0, 6, 4), target) for target in (0, 1))
    clock = OffscreenClock(context, (6, 4), 5, 1, lambda number, time_s: eyes)
    sinks = [SnapshotSink(tmp_path / "left.png", index), SnapshotSink(tmp_path / "right.png", index, target=1)]
    loop.run(clock, sinks, lambda frame: None, draw)
    clock.close()
    context.close()
    for target, name in enumerate(("left.png", "right.png")):
        picture, _ = read_png((tmp_path / name).read_bytes())
        assert picture.shape == (4, 6, 3) and (picture == (shown, target, 255)).all()


def test_without_a_frame_nothing_is_written(tmp_path):
    SnapshotSink(tmp_path / "a.png").close()
    assert list(tmp_path.iterdir()) == []
