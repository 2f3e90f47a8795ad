"""Films: exactly the frames that were drawn, in their size and colors, the same bytes each time, whole or absent."""

from fractions import Fraction

import av
import numpy as np
import pytest
from tensornaut.engine import loop
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.outputs.offscreen import OffscreenClock
from tensornaut.engine.outputs.video import VideoSink
from tensornaut.engine.view import Eye

pytestmark = pytest.mark.gl
RED, BLUE, GRAY = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.25, 0.25, 0.25)


def film(context, path, size_px, count, rate=30, eye_size_px=None, stop_at=None, **options):
    """Red, blue and gray frames in turn, with a white column that moves."""
    gl = context.gl
    eye = Eye(np.eye(4), np.eye(4), (0, 0, *(eye_size_px or size_px)))

    def draw(frame, eye, framebuffer):
        if frame.index == stop_at:
            raise KeyboardInterrupt
        gl.glClearColor(*(RED, BLUE, GRAY)[frame.index % 3], 1.0)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT)
        gl.glEnable(gl.GL_SCISSOR_TEST)
        gl.glScissor(frame.index % 20, 0, 8, eye.size_px[1] // 2)
        gl.glClearColor(1, 1, 1, 1)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT)
        gl.glDisable(gl.GL_SCISSOR_TEST)

    clock = OffscreenClock(context, size_px, count, rate, lambda index, time_s: (eye,))
    try:
        return loop.run(clock, [VideoSink(path, size_px, rate, **options)], lambda frame: None, draw)
    finally:
        clock.close()


def decoded(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        return frames, packets, stream.average_rate, container.duration


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_a_film_has_exactly_the_frames_at_even_times(context, tmp_path, suffix):
    path = tmp_path / f"film{suffix}"
    assert film(context, path, (160, 90), 45) == 45
    frames, packets, rate, duration = decoded(path)
    assert len(frames) == len(packets) == 45
    assert {(frame.width, frame.height) for frame in frames} == {(160, 90)}
    assert rate == 30 and duration == pytest.approx(1.5e6, abs=1500)
    tolerance_s = 0 if suffix == ".mp4" else 0.0006  # WebM counts milliseconds
    for index, frame in enumerate(frames):
        assert abs(frame.pts * frame.time_base - Fraction(index, 30)) <= tolerance_s


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_colors_are_kept_and_told_to_the_player(context, tmp_path, suffix):
    path = tmp_path / f"film{suffix}"
    film(context, path, (160, 90), 3)
    frames, *_ = decoded(path)
    for frame, color in zip(frames, (RED, BLUE, GRAY), strict=True):
        shown = frame.reformat(format="rgb24", src_colorspace="ITU709", src_color_range="MPEG").to_ndarray()
        assert np.abs(shown[20, 120].astype(int) - np.rint(np.array(color) * 255)).max() <= 6
        assert shown[70, 5].min() > 225 and shown[20, 5].min() < 100  # the column is in the lower half
        assert (frame.colorspace, frame.color_range) == (1, 1)
    with av.open(str(path)) as container:
        told = container.streams.video[0].codec_context
        assert (told.color_primaries, told.color_trc, told.colorspace, told.color_range) == (1, 1, 1, 1)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_the_same_frames_give_the_same_bytes(context, tmp_path, suffix):
    paths = [tmp_path / f"{name}{suffix}" for name in ("first", "second")]
    for path in paths:
        film(context, path, (320, 180), 40)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_index_stands_first_so_that_a_browser_can_begin_at_once(context, tmp_path):
    film(context, tmp_path / "film.mp4", (64, 64), 3)
    data = (tmp_path / "film.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_an_odd_size_gets_one_more_row_and_column(context, tmp_path):
    film(context, tmp_path / "film.mp4", (161, 91), 2)
    frame = decoded(tmp_path / "film.mp4")[0][0]
    assert (frame.width, frame.height) == (162, 92)
    shown = frame.reformat(format="rgb24", src_colorspace="ITU709", src_color_range="MPEG").to_ndarray()
    assert np.abs(shown[3:40, 100:].astype(int) - (255, 0, 0)).max() <= 8


def test_a_picture_of_another_size_is_scaled_into_the_film(context, tmp_path):
    film(context, tmp_path / "film.mp4", (160, 90), 2, eye_size_px=(90, 90))
    frame = decoded(tmp_path / "film.mp4")[0][0]
    shown = frame.reformat(format="rgb24", src_colorspace="ITU709", src_color_range="MPEG").to_ndarray()
    assert (frame.width, frame.height) == (160, 90)
    assert shown[20, 10].max() < 12 and shown[20, 150].max() < 12  # black bars
    assert np.abs(shown[20, 80].astype(int) - (255, 0, 0)).max() <= 6


def test_live_frames_stand_at_their_times_and_too_many_are_left_out(context, tmp_path):
    eye = Eye(np.eye(4), np.eye(4), (0, 0, 64, 64))
    clock = OffscreenClock(context, (64, 64), 30, 60, lambda index, time_s: (eye,))
    loop.run(clock, [VideoSink(tmp_path / "film.mp4", (64, 64), 20)], lambda frame: None, lambda *parts: None)
    clock.close()
    frames, *_ = decoded(tmp_path / "film.mp4")
    assert [frame.pts * frame.time_base for frame in frames] == [Fraction(index, 20) for index in range(len(frames))]
    assert 10 <= len(frames) <= 11


def test_an_interrupted_film_is_finished_with_what_it_has(context, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        film(context, tmp_path / "film.mp4", (64, 64), 30, stop_at=7)
    assert len(decoded(tmp_path / "film.mp4")[0]) == 7
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_a_film_without_frames_leaves_what_was_there(context, tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"older")
    with pytest.raises(KeyboardInterrupt):
        film(context, path, (64, 64), 30, stop_at=0)
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.mp4"] and path.read_bytes() == b"older"


def test_a_missing_folder_is_said_before_anything_is_drawn(context, tmp_path):
    with pytest.raises(InputError) as raised:
        VideoSink(tmp_path / "nowhere" / "film.mp4", (64, 64), 30)
    assert raised.value.key == "output_unwritable" and "nowhere" in raised.value.name


def test_an_ending_that_is_no_film_is_refused(tmp_path):
    with pytest.raises(InputError) as raised:
        VideoSink(tmp_path / "film.gif", (64, 64), 30)
    assert raised.value.key == "output_suffix"
    assert list(tmp_path.iterdir()) == []


def test_a_failure_of_the_encoder_is_raised_and_leaves_nothing(context, tmp_path):
    with pytest.raises(InputError) as raised:
        film(context, tmp_path / "film.mp4", (64, 64), 30, preset="no such preset")
    assert raised.value.key == "output_unwritable"
    assert list(tmp_path.iterdir()) == []


def test_closing_twice_is_harmless(context, tmp_path):
    sink = VideoSink(tmp_path / "film.mp4", (64, 64), 30)
    sink.close()
    sink.close()
    assert list(tmp_path.iterdir()) == []
