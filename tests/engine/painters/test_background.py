"""The surroundings: the horizon stands where the eye's own horizon is, the floor's lines where the world's are."""

import numpy as np
import pytest
from tensornaut.engine.painters.background import BackgroundPainter
from tensornaut.engine.scene import Node, Scene
from tensornaut.engine.view import Eye, frustum, look_at, perspective
from tensornaut.scenes.style import THEMES

pytestmark = pytest.mark.gl
LENS = perspective(np.pi / 2, 4 / 3, 0.1, 1000)


@pytest.fixture
def drawn(studio):
    """A function that draws the surroundings of an eye."""
    painter = BackgroundPainter(studio.context)

    def draw(view, theme="dark", lens=LENS, size_px=(120, 90), length=1000.0, **more):
        scene = Scene(Node(), THEMES[theme], np.zeros(3), np.array([length, 10, 10]), **more)
        eye = Eye(view, lens, (0, 0, *size_px))
        return studio.picture(lambda eye, target: painter.draw(scene, eye, target), eye=eye)

    return draw


def level(height=10.0, pitch=0.0):
    return look_at(np.array([0.0, height, 0.0]), np.array([0.0, height + np.sin(pitch), -np.cos(pitch)]))


def elevations(size_px=(120, 90)):
    """(height, width) sine of the elevation that a level eye sees in each pixel."""
    width, height = size_px
    x = (np.arange(width) + 0.5 - width / 2) / (height / 2)
    y = (height / 2 - np.arange(height) - 0.5) / (height / 2)
    return y[:, None] / np.sqrt(x**2 + y[:, None] ** 2 + 1)


def mixed(a, b, share):
    return np.asarray(a) + (np.asarray(b) - a) * share[..., None]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_sky_runs_from_the_horizon_to_the_zenith(drawn, theme):
    look, e = THEMES[theme], elevations()[:45]
    rise = np.clip(e / 0.55, 0, 1)
    sky = mixed(look.sky, look.zenith, rise * rise * (3 - 2 * rise))
    sky = mixed(sky, look.horizon, np.exp(-look.haze * e))
    sky += np.asarray(look.grid) * look.horizon_line * np.exp(-150 * e)[..., None]
    assert np.abs(drawn(level(), theme)[:45] - np.clip(sky, 0, 1) * 255).max() <= 1


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_seen_from_below_the_ground_is_plain(drawn, theme):
    look, e = THEMES[theme], elevations()[45:]
    ground = mixed(look.floor, look.horizon, np.exp(1.3 * look.haze * e))
    ground += np.asarray(look.grid) * look.horizon_line * np.exp(150 * e)[..., None]
    assert np.abs(drawn(level(-10.0), theme)[45:] - np.clip(ground, 0, 1) * 255).max() <= 1


@pytest.mark.parametrize("pitch", [0.0, 0.3, -0.4])
def test_the_horizon_is_the_brightest_row_wherever_the_eye_looks(drawn, pitch):
    rows = drawn(level(pitch=pitch))[:, 60].sum(1)
    assert np.argmax(rows) == pytest.approx(44.5 + 45 * np.tan(pitch), abs=1)


def test_the_horizon_follows_an_asymmetric_frustum(drawn):
    rows = drawn(level(), lens=frustum(-1, 1, -0.5, 1.5, 1, 100))[:, 60].sum(1)
    assert np.argmax(rows) == pytest.approx(0.75 * 90 - 0.5, abs=1)


def test_the_light_theme_is_light(drawn):
    dark, light = (drawn(level(), theme) for theme in ("dark", "light"))
    assert dark.max() < 128 < light.min()


def down(x=0.0, z=0.0, height=20.0):
    """90 degrees high over 90 px: a pixel is height / 45 wide on the floor."""
    return look_at(np.array([x, height, z]), np.array([x, 0.0, z]))


def columns_of_lines(pixels):
    """Columns with a line across the whole picture."""
    brightness = pixels.sum(2)
    quiet = np.median(brightness)
    return np.flatnonzero((brightness > quiet + 1.5).all(0))


def test_the_floor_is_ruled_at_its_step(drawn):
    lines = columns_of_lines(drawn(down(x=2.0, z=4.5), floor_step=9.0))
    # the eye stands over column 60; lines are at x = -18, -9, 0, 9, 18, 27, a pixel is 0.444 wide
    expected = [60 + (x - 2.0) * 2.25 for x in (-18, -9, 0, 9, 18, 27)]
    assert set(np.floor(expected).astype(int)) <= set(lines)
    assert all(min(abs(column + 0.5 - at) for at in expected) <= 1.5 for column in lines)


def test_every_eighth_line_is_stronger(drawn):
    pixels = drawn(down(x=0.222, z=20.0), floor_step=9.0).sum(2)
    line, floor = pixels[:, [59, 60]].max(1), np.median(pixels)  # x = 0
    thin = pixels[:, [79, 80]].max(1)  # x = 9
    assert (line - floor)[20:70].min() > 1.5 * (thin - floor)[20:70].min() > 0


def test_a_far_floor_is_as_sharp_as_a_near_one(drawn):
    near = drawn(down(x=2.0, z=4.0), floor_step=16.0)
    far = drawn(down(x=2.0 + 128e6, z=4.0 - 128e6), floor_step=16.0)
    assert np.array_equal(near, far)


def test_the_floor_may_lie_at_any_height(drawn):
    assert np.array_equal(drawn(level(10.0)), drawn(level(3.0), floor_y=-7.0))


def test_lines_fade_with_the_distance_in_lengths_of_the_scene(drawn):
    def strength(length):
        brightness = drawn(down(x=2.0, z=4.5), length=length, floor_step=9.0).sum(2)[40]
        return float(brightness.max() - np.median(brightness))

    assert strength(10.0) / strength(1000.0) == pytest.approx(np.exp(-20 / 11 + 20 / 1100), abs=0.03)


def test_lines_fade_towards_the_horizon(drawn):
    ruled, plain = drawn(level(10.0), floor_step=4.0), drawn(level(-10.0))
    extra = np.abs(ruled - plain)[45:].max((1, 2))
    assert extra[0] <= 1 < extra[2] < extra[30:].max()


def test_an_eye_that_stands_still_sees_the_same_bits_and_one_that_moves_sees_anew(drawn):
    first = drawn(level())
    for _ in range(3):
        assert np.array_equal(drawn(level()), first)
    moved, other = drawn(level(height=14.0)), drawn(level(), theme="light")
    assert not np.array_equal(moved, first) and not np.array_equal(other, first)
    assert np.array_equal(drawn(level()), first)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("target", [(0, 0, 0), (200, 10, -50), (0, 300, 0), (30, 0, 0.1)])
def test_surroundings_in_motion_look_as_they_do_at_rest(studio, theme, target):
    painter = BackgroundPainter(studio.context)
    scene = Scene(Node(), THEMES[theme], np.zeros(3), np.array([400.0, 10, 10]), floor_y=-20.0)
    eye = Eye(look_at(np.array([30.0, 60, 120]), np.array(target, float)), LENS, (0, 0, 320, 240))
    rest, moving = (
        studio.picture(lambda eye, target, quality=quality: painter.draw(scene, eye, target, quality), eye=eye)
        for quality in ("high", "low")
    )
    assert np.ptp(rest) > 10
    assert np.abs(moving - rest).max() <= 6
    assert np.abs(moving - rest).mean() < 0.5
