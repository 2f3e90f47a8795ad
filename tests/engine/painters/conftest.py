import numpy as np
import pytest
from tensornaut.engine.gpu import Target, read_pixels
from tensornaut.engine.view import Eye, perspective


class Studio:
    """Takes small pictures of what painters draw. The eye stands at the origin, looks along -z, 90 degrees high."""

    size_px = width_px, height_px = 120, 90

    def __init__(self, context):
        self.context = context
        lens = perspective(np.pi / 2, self.width_px / self.height_px, 0.01, 1000)
        self.eye = Eye(np.eye(4), lens, (0, 0, *self.size_px))

    def position(self, x_px, y_px, depth=5.0):
        """World position that the eye sees at a place, px from the top left."""
        reach = depth / (self.height_px / 2)
        return np.array([(x_px - self.width_px / 2) * reach, (self.height_px / 2 - y_px) * reach, -depth])

    def picture(self, draw, ground=(0.0, 0.0, 0.0), eye=None):
        """(height, width, 3) int, top row first, of what draw(eye, framebuffer) leaves on the ground color."""
        gl, eye = self.context.gl, eye or self.eye
        target = Target(*eye.size_px)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, target.framebuffer)
        gl.glViewport(*eye.viewport)
        gl.glClearColor(*ground, 1.0)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT | gl.GL_DEPTH_BUFFER_BIT)
        gl.glEnable(gl.GL_BLEND)
        gl.glBlendFuncSeparate(gl.GL_SRC_ALPHA, gl.GL_ONE_MINUS_SRC_ALPHA, gl.GL_ZERO, gl.GL_ONE)
        draw(eye, target.framebuffer)
        pixels = read_pixels(target.framebuffer, eye.viewport)
        self.context.check("test")
        target.close()
        assert (pixels[..., 3] == 255).all()  # a picture is opaque whatever is drawn over it
        return pixels[..., :3].astype(int)


@pytest.fixture
def studio(context):
    return Studio(context)
