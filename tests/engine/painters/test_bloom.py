"""Bloom: bright data glows evenly to all sides, dim data not at all."""

import numpy as np
import pytest
from tensornaut.engine.gpu import Texture
from tensornaut.engine.painters.bloom import BloomPainter
from tensornaut.engine.view import Eye

pytestmark = pytest.mark.gl
SIZE = 128, 128


@pytest.fixture
def drawn(studio):
    """A function that gives the glow of an image."""
    painter, texture = BloomPainter(studio.context), Texture(smooth=False)

    def draw(image, strength=1.0, ground=(0.0, 0.0, 0.0), viewport=(0, 0, *SIZE)):
        eye = Eye(np.eye(4), np.eye(4), viewport)
        texture.upload(image[::-1])

        def add(eye, target):
            painter.add(painter.glow(texture, eye.size_px), eye, target, strength)

        return studio.picture(add, ground, eye)

    yield draw
    texture.close()


def spot(color=(255, 255, 255), side=16):
    image = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    first = (SIZE[0] - side) // 2
    image[first : first + side, first : first + side, :3] = color
    return image


def test_light_spreads_around_what_is_bright_and_falls_off(drawn):
    glow = drawn(spot())[..., 0]
    profile = glow[64, 64:]
    assert profile[0] > 40 and (np.diff(profile) <= 1).all()
    assert profile[12] > 5  # 4 px beside the spot
    assert profile[0] > 3 * profile[32]


def test_it_is_the_same_to_all_sides(drawn):
    glow = drawn(spot())[..., 0]
    for turned in (glow[::-1], glow[:, ::-1], glow.T):
        assert np.abs(glow - turned).max() <= 1


def test_dim_data_does_not_glow(drawn):
    assert (drawn(spot((20, 20, 20))) == 0).all()
    assert (drawn(spot((0, 0, 0))) == 0).all()


def test_the_glow_has_the_color_of_its_source(drawn):
    glow = drawn(spot((255, 120, 0)))[64, 64]
    assert glow[0] > 1.5 * glow[1] > 0 and glow[2] == 0


def test_it_is_added_to_the_picture_as_strongly_as_asked(drawn):
    plain = drawn(spot())[..., 0]
    assert np.abs(drawn(spot(), 0.5)[..., 0] - plain / 2).max() <= 1.5
    assert (drawn(spot(), 0.0) == 0).all()
    over = drawn(spot(), 0.5, ground=(0.2, 0.2, 0.2))[..., 0]
    assert np.abs(over - np.minimum(51 + plain / 2, 255)).max() <= 1.5


def test_it_stays_in_place_at_any_size_and_again(drawn):
    first = drawn(spot())
    small = np.zeros((7, 5, 4), np.uint8)
    small[3, 2] = 255
    assert drawn(small, viewport=(0, 0, 5, 7)).shape == (7, 5, 3)
    assert np.array_equal(drawn(spot()), first)
    shifted = drawn(np.roll(spot(), (-32, 16), (0, 1)))
    assert np.abs(shifted - np.roll(first, (-32, 16), (0, 1)))[16:80, 32:112].max() <= 2
