"""Lines in pictures: their width is one of pixels, their edge soft, their place exact."""

import numpy as np
import pytest
from tensornaut.engine.painters.lines import LinePainter
from tensornaut.engine.scene import Lines
from tensornaut.engine.view import Eye, look_at

pytestmark = pytest.mark.gl
RED, GREEN = (1.0, 0.0, 0.0, 1.0), (0.0, 1.0, 0.0, 1.0)
PX = 1080 / 90  # widths are those of a picture of 1080 lines, the studio's has 90


def lines_of(*paths, colors=None, width_px=3.0, **more):
    vertices = np.concatenate([np.asarray(path, float) for path in paths])
    offsets = np.concatenate([[0], np.cumsum([len(path) for path in paths])])
    colors = np.array(colors or [RED] * len(paths), np.float32)
    return Lines(vertices, offsets.astype(np.int64), colors, width_px=width_px * PX, **more)


@pytest.fixture
def drawn(studio):
    """A function that draws lines and gives the picture."""
    painter = LinePainter(studio.context)

    def draw(*drawables, node=None, **more):
        placed = [(np.eye(4) if node is None else node, lines) for lines in drawables]
        return studio.picture(lambda eye, _: painter.draw(placed, eye), **more)

    return draw


def test_a_line_through_pixel_centers_covers_whole_pixels(studio, drawn):
    red = drawn(lines_of([studio.position(20, 30.5), studio.position(100, 30.5)]))[..., 0]
    assert (red[29:32, 20:100] == 255).all()
    red[29:32, 20:100] = 0
    assert (red == 0).all()


def test_a_line_between_pixels_is_half_at_its_feather(studio, drawn):
    red = drawn(lines_of([studio.position(60, 10), studio.position(60, 80)]))[..., 0]
    assert red[45, 57:63] == pytest.approx([0, 127.5, 255, 255, 127.5, 0], abs=0.5)
    assert (red[10:80] == red[45]).all() and (red[:10] == 0).all() and (red[80:] == 0).all()


@pytest.mark.parametrize("angle", [0.3, 0.8, 2.0])
def test_a_slanted_line_has_the_same_width(studio, drawn, angle):
    step = 25 * np.array([np.cos(angle), np.sin(angle)])
    ends = [studio.position(*(np.array([60, 45]) + sign * step)) for sign in (-1, 1)]
    red = drawn(lines_of(ends))[..., 0]
    assert red.sum() / 255 == pytest.approx(50 * 3, rel=0.03)
    assert red[45, 60] == 255


def test_a_line_into_the_distance_is_as_wide_there(studio, drawn):
    red = drawn(lines_of([studio.position(20, 45, 2), studio.position(100, 45, 500)]))[..., 0]
    widths = red[:, 25:95].sum(0) / 255
    assert widths == pytest.approx(np.full(70, 3.0), abs=0.05)


def test_a_line_that_begins_behind_the_eye_is_cut_not_turned_over(studio, drawn):
    ahead, behind = studio.position(60, 80, 5), np.array([0.0, -5.0, 20.0])
    red = drawn(lines_of([ahead, behind]))[..., 0]
    rows, columns = np.nonzero(red)
    assert rows.min() == 80 and rows.max() == 89
    assert set(columns) == {58, 59, 60, 61}
    assert (drawn(lines_of([behind, behind + 3])) == 0).all()


def test_each_polyline_keeps_its_color_and_its_ends(studio, drawn):
    first = [studio.position(x, y) for x, y in ((10, 20.5), (40, 20.5), (40, 60.5))]
    second = [studio.position(x, 70.5) for x in (60, 110)]
    pixels = drawn(lines_of(first, second, colors=[RED, GREEN]))
    assert pixels[20, 25].tolist() == pixels[40, 40].tolist() == [255, 0, 0]
    assert pixels[70, 80].tolist() == [0, 255, 0]
    assert (pixels[62:69] == 0).all()  # nothing joins the two


def test_lines_stand_where_their_node_is(studio, drawn):
    node = np.array([[0.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, -5], [0, 0, 0, 1]])  # +x becomes +y, 5 ahead
    red = drawn(lines_of([(-2.0, 0, 0), (2.0, 0, 0)]), node=node)[..., 0]
    rows, columns = np.nonzero(red)
    reach = 2 / 5 * 45
    assert (rows.min(), rows.max()) == (45 - reach, 45 + reach - 1)
    assert set(columns) == {58, 59, 60, 61}


def test_positions_keep_their_precision_far_from_the_origin(studio, drawn):
    near = drawn(lines_of([studio.position(20, 30.5), studio.position(100, 60.5)]))
    far = np.array([1e9, -2e9, 3e9])
    view = np.eye(4)
    view[:3, 3] = far
    eye = type(studio.eye)(view, studio.eye.clip_from_eye, studio.eye.viewport)
    lines = lines_of([studio.position(20, 30.5) + far, studio.position(100, 60.5) + far])
    assert np.abs(drawn(lines, eye=eye) - near).max() <= 1


def test_alpha_lets_the_ground_through(studio, drawn):
    pixels = drawn(
        lines_of([studio.position(20, 30.5), studio.position(100, 30.5)], colors=[(1.0, 0.0, 0.0, 0.25)]),
        ground=(0.0, 0.0, 1.0),
    )
    assert pixels[30, 60] == pytest.approx([64, 0, 191], abs=1)


def test_thin_lines_stay_visible(studio, drawn):
    red = drawn(lines_of([studio.position(20, 30.5), studio.position(100, 30.5)], width_px=0.01))[..., 0]
    assert red[30, 60] == pytest.approx(0.9 * 255, abs=1)


def test_a_halo_glows_around_the_line_and_fades(studio, drawn):
    path = [studio.position(20, 45.5), studio.position(100, 45.5)]
    plain, glowing = (drawn(lines_of(path, width_px=0.8, halo=halo))[..., 0] for halo in (0.0, 12.0))
    assert (glowing[45, 20:100] >= plain[45, 20:100]).all()
    beside = glowing[45:, 60][1:4]
    assert beside[0] > beside[1] >= beside[2] and beside[0] > plain[46, 60]
    assert np.array_equal(glowing[40:51], glowing[40:51][::-1])
    assert (glowing[:40] == 0).all()


def test_without_lines_nothing_is_drawn(drawn):
    nothing = Lines(np.zeros((0, 3)), np.array([0], np.int64), np.zeros((0, 4), np.float32))
    assert (drawn() == 0).all() and (drawn(nothing) == 0).all()


@pytest.mark.parametrize(("gap_px", "share"), [(0.2, 0.16), (1.3, 0.5), (2.6, 1.0), (9.0, 1.0)])
def test_lines_that_are_closer_than_their_glow_share_their_light(studio, drawn, gap_px, share):
    above = Eye(look_at(np.array([0.0, 30.0, 0.0]), np.zeros(3)), studio.eye.clip_from_eye, studio.eye.viewport)
    pixel = 30.0 / 45  # world units, on the floor below the eye
    path = [(-9.0, 0.0, pixel / 2), (9.0, 0.0, pixel / 2)]
    dense = drawn(lines_of(path, apart=np.full((1, 2), gap_px * pixel)), eye=above)[..., 0]
    assert dense.max() / 255 == pytest.approx(share, abs=0.03)
