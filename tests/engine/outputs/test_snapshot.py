"""A snapshot: one frame of those that are drawn."""

import numpy as np
import pytest
from tensornaut.engine import loop
from tensornaut.engine.gpu import Context, GraphicsError
from tensornaut.engine.outputs.offscreen import OffscreenClock
from tensornaut.engine.outputs.snapshot import SnapshotSink
from tensornaut.engine.view import Eye


@pytest.mark.gl
@pytest.mark.parametrize(("index", "shown"), [(None, 4), (2, 2)])
def test_the_last_or_the_chosen_frame_is_written(read_png, tmp_path, index, shown):
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
