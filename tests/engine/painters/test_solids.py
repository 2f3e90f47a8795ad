"""Points, surfaces and flat pictures: known pixels, and nearer hides farther."""

import numpy as np
import pytest
from tensornaut.engine.gpu import Target, read_pixels
from tensornaut.engine.painters.solids import SolidPainter
from tensornaut.engine.scene import Images, Points, Surface
from tensornaut.engine.view import Eye, look_at, perspective

pytestmark = pytest.mark.gl
SIZE = (64, 64)
RED, BLUE = (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0)


@pytest.fixture
def draw(context):
    painter = SolidPainter(context)
    # 90 degrees from distance 4: the plane z = 0 spans -4 to 4, 8 px a unit.
    eye = Eye(look_at(np.array([0.0, 0.0, 4.0]), np.zeros(3)), perspective(np.pi / 2, 1.0, 0.1, 100), (0, 0, *SIZE))

    def picture(*solids, world=None):
        gl, target = context.gl, Target(*SIZE)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, target.framebuffer)
        gl.glViewport(0, 0, *SIZE)
        gl.glClearColor(0, 0, 0, 1)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT | gl.GL_DEPTH_BUFFER_BIT)
        gl.glEnable(gl.GL_BLEND)
        gl.glBlendFuncSeparate(gl.GL_SRC_ALPHA, gl.GL_ONE_MINUS_SRC_ALPHA, gl.GL_ZERO, gl.GL_ONE)
        painter.draw([(np.eye(4) if world is None else world, solid) for solid in solids], eye)
        pixels = read_pixels(target.framebuffer, (0, 0, *SIZE)).copy()
        context.check("solids")
        target.close()
        return pixels[..., :3].astype(int)

    return picture


def square(z, color, half=1.0):
    vertices = np.array([[-half, -half, z], [half, -half, z], [half, half, z], [-half, half, z]])
    return Surface(vertices, np.array([[0, 1, 2], [0, 2, 3]], np.int32), np.tile(np.float32(color), (4, 1)))


def test_a_point_is_a_disc_of_its_size_at_its_place(draw):
    pixels = draw(Points(np.array([[1.0, 2.0, 0.0]]), np.array([RED], np.float32), size=2.0))
    rows, columns = np.nonzero(pixels[..., 0] > 128)
    assert (rows.mean(), columns.mean()) == pytest.approx((32 - 16 - 0.5, 32 + 8 - 0.5), abs=0.6)
    assert len(rows) == pytest.approx(np.pi * 8**2, rel=0.05)


def test_a_surface_covers_what_it_spans_with_colors_between_its_corners(draw):
    surface = square(0.0, RED)
    surface.colors[2:] = BLUE
    pixels = draw(surface)
    rows, columns = np.nonzero(pixels.sum(2))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (24, 39, 24, 39)
    assert pixels[38, 32, 0] > 200 > 60 > pixels[38, 32, 2]
    assert pixels[25, 32, 2] > 200 > 60 > pixels[25, 32, 0]


def test_nearer_hides_farther_whatever_the_order(draw):
    near, far = square(1.0, RED), square(-1.0, BLUE)
    for solids in ((near, far), (far, near)):
        assert draw(*solids)[32, 32].tolist() == [255, 0, 0]
    behind = Points(np.array([[0.0, 0.0, -2.0]]), np.array([BLUE], np.float32), size=1.0)
    assert draw(near, behind)[..., 2].max() == 0


def test_a_picture_stands_upright_where_it_is_put_and_follows_its_changes(draw):
    image = np.zeros((1, 2, 2, 4), np.uint8)
    image[..., 3] = 255
    image[0, 0, :, 0] = image[0, 1, :, 2] = 255  # red above blue
    images = Images(image, np.array([[-2.0, -2.0, 0.0]]), np.array([[4.0, 0.0, 0.0]]), np.array([[0.0, 4.0, 0.0]]))
    pixels = draw(images)
    assert pixels[18, 32].tolist() == [255, 0, 0]
    assert pixels[45, 32].tolist() == [0, 0, 255]
    images.images[0, :, :, 1] = 255
    images.touch()
    assert draw(images)[18, 32].tolist() == [255, 255, 0]


def test_a_node_moves_what_it_holds(draw):
    world = np.eye(4)
    world[0, 3] = 2.0
    columns = np.nonzero(draw(square(0.0, RED), world=world).sum(2))[1]
    assert (columns.min(), columns.max()) == (40, 55)
