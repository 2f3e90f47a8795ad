"""Boxes in pictures: faces, edges and floors where they stand, in their colors; nearer cubes hide farther ones."""

import numpy as np
import pytest
from tensornaut.engine.painters.boxes import BoxPainter
from tensornaut.engine.scene import Boxes, Node, Scene
from tensornaut.engine.view import Eye, look_at, perspective
from tensornaut.scenes.style import THEMES

pytestmark = pytest.mark.gl
RED, BLUE, WHITE = (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0), (1.0, 1.0, 1.0, 1.0)
GLASS = np.array(THEMES["dark"].glass)
NOWHERE = np.zeros(3)


@pytest.fixture
def painter(studio):
    return BoxPainter(studio.context)


@pytest.fixture
def solid(studio, painter):
    """A function that draws solid cubes, given as (lower, upper, color) in drawing order."""

    def draw(*cubes, **more):
        lower, upper, colors = (np.array(part, float) for part in zip(*cubes, strict=True))
        return studio.picture(lambda eye, _: painter.draw_solid(lower, upper, colors, eye), **more)

    return draw


@pytest.fixture
def glass(studio, painter):
    """A function that draws glass boxes, back, front or both."""

    def draw(lower, upper, back=True, front=True, color=WHITE, eye=None, theme="dark", offset=NOWHERE, **more):
        lower, upper = np.atleast_2d(lower).astype(float), np.atleast_2d(upper).astype(float)
        boxes = Boxes(lower, upper, np.tile(np.float32(color), (len(lower), 1)), **more)
        scene = Scene(Node(), THEMES[theme], NOWHERE, np.full(3, 100.0))
        gl = studio.context.gl

        def paint(eye, _):
            gl.glColorMask(back, back, back, back)
            painter.take_glass([(offset, boxes)], scene, eye)
            painter.draw_back(eye)
            gl.glColorMask(front, front, front, front)
            painter.draw_front(eye)
            gl.glColorMask(True, True, True, True)

        return studio.picture(paint, eye=eye)

    return draw


def test_a_solid_cube_covers_exactly_its_outline(solid):
    # its front face, 5 ahead, reaches 1 to the right of the middle and 2 up: 9 and 18 px
    red = solid(((0, 0, -8), (1, 2, -5), RED))[..., 0]
    rows, columns = np.nonzero(red)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (27, 44, 60, 68)
    assert (red[27:45, 60:69] > 0).all()


def test_sides_are_darker_below_and_the_top_has_a_bright_border(studio, solid):
    front = solid(((-2, -2, -8), (2, 2, -5), RED))[:, 60, 0]
    rise = (45 + 18 - np.arange(27, 63) - 0.5) / 36
    assert front[27:63] == pytest.approx(255 * (0.34 + 0.28 * rise), abs=1)
    above = Eye(look_at(np.array([0.0, 5, 0]), NOWHERE), studio.eye.clip_from_eye, studio.eye.viewport)
    top = solid(((-2, -3, -2), (2, 0, 2), RED), eye=above)[..., 0]
    assert top[45, 60] == pytest.approx(0.86 * 255, abs=1)
    assert top[45, 60 - 18] == 255  # 1.18 of the color, and more
    assert (top[45, :42] == 0).all() and (top[45, 42:78] > 0).all()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_nearer_cubes_hide_farther_ones_in_any_order(solid, order):
    near, far = ((-1, -1, -6), (1, 1, -5), RED), ((-4, -4, -20), (4, 4, -10), BLUE)
    cubes = [(near, far)[k] for k in order]
    pixels = solid(*cubes)
    assert pixels[45, 60, 0] > 100 and pixels[45, 60, 2] == 0
    assert pixels[45, 60 + 12, 2] > 60 and pixels[45, 60 + 12, 0] == 0


def test_faces_that_look_away_are_not_drawn(solid):
    assert (solid(((-1, -1, -1), (1, 1, 1), RED)) == 0).all()  # the eye is inside
    assert (solid(((-1, -1, 3), (1, 1, 5), RED)) == 0).all()  # behind it


def test_a_cube_fades_to_the_ground_by_its_alpha(solid):
    whole = solid(((-2, -2, -8), (2, 2, -5), RED))[45, 60, 0]
    pixels = solid(((-2, -2, -8), (2, 2, -5), (1, 0, 0, 0.25)), ground=(0.0, 1.0, 0.0))
    assert pixels[45, 60] == pytest.approx([whole / 4, 0.75 * 255, 0], abs=1)
    assert pixels[5, 5].tolist() == [0, 255, 0]


def test_after_solid_cubes_blending_is_plain_and_depth_is_off(studio, painter, solid):
    gl = studio.context.gl
    solid(((-2, -2, -8), (2, 2, -5), RED))
    assert not gl.glIsEnabled(gl.GL_DEPTH_TEST)
    assert gl.glGetIntegerv(gl.GL_BLEND_SRC_RGB) == gl.GL_SRC_ALPHA
    assert gl.glGetIntegerv(gl.GL_BLEND_SRC_ALPHA) == gl.GL_ZERO
    assert gl.glGetIntegerv(gl.GL_BLEND_DST_ALPHA) == gl.GL_ONE


def test_the_front_of_a_slab_is_tinted_as_its_glass_says(glass):
    pixels = glass((-2, -2, -8), (2, 2, -5), back=False, color=RED, style="slab")
    tint = 0.5 * np.array(RED[:3]) + 0.5 * GLASS
    alpha = 0.17 * 0.35 * 1.0  # of faces seen straight on, half way up
    assert pixels[45, 60] == pytest.approx(255 * alpha * tint, abs=1)
    assert (pixels[:25] == 0).all() and (pixels[:, :40] == 0).all()


def test_the_back_is_drawn_apart_from_the_front(glass):
    slab = (-2, -2, -8), (2, 2, -5)
    back, front, both = (
        glass(*slab, back=b, front=f, style="slab", color=RED) for b, f in ((True, False), (False, True), (True, True))
    )
    inner = 2 / 8 * 45  # of the back face, px from the middle
    assert back[45 - int(inner) + 3, 60].sum() > 0
    assert front[45, 60].sum() > 0
    assert (both.sum(2) >= np.maximum(back.sum(2), front.sum(2)) - 3).all()


def bright_columns(pixels, row):
    """Columns of local maxima of a row."""
    line = pixels[row].sum(1)
    return [c for c in range(1, len(line) - 1) if line[c] > line[c - 1] and line[c] >= line[c + 1]]


def test_edges_stand_on_the_outline(glass):
    pixels = glass((-2, -2, -8), (2, 2, -5), back=False).sum(2)
    for row, column in ((45, 42), (45, 78), (27, 60), (63, 60)):  # the front face's outline lies between two pixels
        around = pixels[row - 3 : row + 3, column - 3 : column + 3]
        assert around.max() > 2 * pixels[45, 60] + 60
    assert pixels[45, 41] == pytest.approx(pixels[45, 42], abs=12)
    assert pixels[20:70, 35].max() == 0


def test_edges_of_the_back_are_fainter_than_those_of_the_front(glass):
    slab = (-2, -2, -5.5), (2, 2, -5)
    back, front = (glass(*slab, back=b, front=not b).sum(2) for b in (True, False))
    assert 0 < back[20:70, 42:46].max() < front[20:70, 40:44].max()


def test_an_edge_into_the_distance_stays_thin_and_unbroken(glass):
    eye_box = (1, -1, -400), (500, 2, -3)
    pixels = glass(*eye_box, back=False).sum(2)
    # the lower left edge runs from (75, 60) to the middle of the picture
    for t in np.linspace(0.1, 0.9, 9):
        column, row = 60 + 15 * t, 45 + 15 * t
        around = pixels[int(row) - 2 : int(row) + 3, int(column) - 2 : int(column) + 3]
        assert around.max() > pixels[int(row) + 4, int(column) - 4] + 20


def test_a_selected_box_stands_out(glass):
    lower, upper = [(-4, -1, -6), (1, -1, -6)], [(-1, 1, -5), (4, 1, -5)]
    pixels = glass(lower, upper, selected=np.array([False, True])).sum(2)
    plain, selected = pixels[:, 20:56].max(), pixels[:, 64:100].max()
    assert selected > 1.4 * plain > 0


def test_trays_have_a_zero_plane_in_the_middle_and_slabs_none(glass):
    above = Eye(look_at(np.array([0.0, 8, 0.001]), NOWHERE), perspective(np.pi / 2, 4 / 3, 0.1, 100), (0, 0, 120, 90))
    tray, slab = (glass((-3, -1, -3), (3, 3, 3), front=False, eye=above, style=style) for style in ("glass", "slab"))
    plane = tray - slab * (0.05 / 0.17)  # faces of slabs are so much stronger
    assert plane[45, 60] == pytest.approx(255 * 0.05 * (0.5 + 0.5 * GLASS), abs=2)
    reach = 3 / 7 * 45  # px, at height 1
    assert plane[45, 60 + int(reach) - 1].sum() > 12
    assert plane[45, 60 + int(reach) + 1].sum() < 3


def test_far_glass_fades(glass):
    near = glass((-2, -2, -8), (2, 2, -5), back=False)[40:50, 38:46].max()
    far = glass((-200, -200, -800), (200, 200, -500), back=False)[40:50, 38:46].max()
    assert 0 < far < 0.3 * near


def test_boxes_stand_where_their_node_is(glass):
    plain = glass((-2, -2, -8), (2, 2, -5))
    moved = glass((98, -2, -8), (102, 2, -5), offset=np.array([-100.0, 0, 0]))
    assert np.array_equal(plain, moved)


@pytest.fixture
def floor(studio, painter):
    """A function that draws pools and plates 5 below the eye, seen from straight above."""
    view = look_at(np.array([0.0, 5, 0]), NOWHERE)

    def draw(style, lower, upper, color=RED):
        boxes = Boxes(np.array([lower], float), np.array([upper], float), np.array([color], np.float32), style=style)
        scene = Scene(Node(), THEMES["dark"], NOWHERE, np.full(3, 100.0))
        eye = Eye(view, studio.eye.clip_from_eye, studio.eye.viewport)
        return studio.picture(lambda eye, _: painter.draw_floor([(NOWHERE, boxes)], scene, eye), eye=eye)

    return draw


def test_a_plate_is_sharp(floor):
    red = floor("plate", (0, 7, 1), (2, 9, 3), (1, 0, 0, 0.5))[..., 0]  # 9 px a unit; its height is that of the floor
    assert np.abs(red[54:72, 60:78] - 127.5).max() <= 1
    red[54:72, 60:78] = 0
    assert (red == 0).all()


def test_a_pool_of_light_is_soft(floor):
    red = floor("floor", (-4, 0, -4), (4, 0, 4))[..., 0]
    assert red[45, 60] == 255
    profile = red[45, 60 : 60 + 40]
    assert (np.diff(profile) <= 0).all() and profile[35] <= 3
    assert 60 < profile[36 - 12] < 255  # within the outer 35 %
    assert np.abs(red - red[:, ::-1]).max() <= 1 and np.abs(red - red[::-1]).max() <= 1


def test_only_floors_are_drawn_on_the_floor(floor):
    assert (floor("glass", (-4, 0, -4), (4, 0, 4)) == 0).all()
