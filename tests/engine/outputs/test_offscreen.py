"""The offscreen clock: exact frames by index, one target for each eye's target."""

import numpy as np
import pytest
from tensornaut.engine import loop
from tensornaut.engine.gpu import read_pixels
from tensornaut.engine.outputs.offscreen import OffscreenClock
from tensornaut.engine.view import Eye

pytestmark = pytest.mark.gl


def eye(*viewport, target=0):
    return Eye(np.eye(4), np.eye(4), viewport, target)


def test_times_follow_from_the_index_alone(context):
    asked, frames = [], []

    def eyes_at(index, time_s):
        asked.append((index, time_s))
        return (eye(0, 0, 32, 16),)

    clock = OffscreenClock(context, (32, 16), 5, 30, eyes_at, budget=77)
    assert loop.run(clock, [], frames.append, lambda *parts: None) == 5
    assert asked == [(index, index / 30) for index in range(5)]
    assert [(frame.index, frame.time_s) for frame in frames] == asked
    assert {(frame.mode, frame.budget) for frame in frames} == {("exact", 77)}
    assert clock.next_frame() is None
    clock.close()


def test_each_target_keeps_its_own_picture(context):
    gl = context.gl
    eyes = eye(0, 0, 32, 16, target=0), eye(0, 0, 40, 20, target=1), eye(32, 0, 8, 16, target=0)
    pictures = []

    def draw(frame, eye, framebuffer):
        assert tuple(gl.glGetIntegerv(gl.GL_VIEWPORT)) == eye.viewport
        assert gl.glGetIntegerv(gl.GL_DRAW_FRAMEBUFFER_BINDING) == framebuffer
        gl.glEnable(gl.GL_SCISSOR_TEST)
        gl.glScissor(*eye.viewport)
        gl.glClearColor(frame.index / 255, [eye is other for other in eyes].index(True) / 255, 0, 1)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT | gl.GL_DEPTH_BUFFER_BIT)
        gl.glDisable(gl.GL_SCISSOR_TEST)

    class Pictures:
        def receive(self, frame, eye, framebuffer):
            pictures.append((framebuffer, read_pixels(framebuffer, eye.viewport)))

        def close(self):
            pictures.append("closed")

    clock = OffscreenClock(context, (32, 16), 2, 1, lambda index, time_s: eyes)
    loop.run(clock, [Pictures()], lambda frame: None, draw)
    context.check("offscreen")
    clock.close()
    assert pictures.pop() == "closed"
    assert [picture.shape[:2] for _, picture in pictures[:3]] == [(16, 32), (20, 40), (16, 8)]
    for number, (_, picture) in enumerate(pictures):
        assert (picture[..., 0] == number // 3).all() and (picture[..., 1] == number % 3).all()
    names = [name for name, _ in pictures]
    assert names[:3] == names[3:] and names[0] == names[2] != names[1]
