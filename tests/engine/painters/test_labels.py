"""Labels in pictures: where they stand, what hides them, and that the same scene gives the same pixels."""

import numpy as np
import pytest
from tensornaut.engine.gpu import Target, read_pixels
from tensornaut.engine.painters.boxes import BoxPainter
from tensornaut.engine.painters.labels import RECTANGLE, LabelColors, LabelPainter
from tensornaut.engine.scene import GLYPHS, Text
from tensornaut.engine.text_layout import screen_scale
from tensornaut.engine.view import Eye, clip_from_world, look_at, perspective

pytestmark = pytest.mark.gl
GROUND = np.array([7, 13, 23])
COLORS = LabelColors((0.9, 0.92, 0.96), (0.62, 0.7, 0.78), (0.5, 0.59, 0.68), (0.04, 0.07, 0.11))
WORLD = np.eye(4)


@pytest.fixture
def painter(context):
    made = LabelPainter(context)
    yield made
    made.close()


def eye_of(width=640, height=360, position=(0.0, 8.0, 16.0), at=(0.0, 0.0, 0.0)):
    view = look_at(np.array(position), np.array(at))
    return Eye(view, perspective(np.radians(40), width / height, 0.1, 200), (0, 0, width, height))


def picture(context, eye, draw):
    """(height, width, 3) int of what `draw` leaves on the ground color and a cleared depth buffer."""
    gl = context.gl
    target = Target(*eye.size_px)
    gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, target.framebuffer)
    gl.glViewport(*eye.viewport)
    gl.glClearColor(*(GROUND / 255), 1.0)
    gl.glClear(gl.GL_COLOR_BUFFER_BIT | gl.GL_DEPTH_BUFFER_BIT)
    draw()
    pixels = read_pixels(target.framebuffer, eye.viewport).copy()
    context.check("labels")
    target.close()
    assert (pixels[..., 3] == 255).all()
    return pixels[..., :3].astype(int)


def lit(pixels, by=40):
    """(rows, columns) of the pixels brighter than the ground."""
    return np.nonzero((pixels - GROUND).max(2) > by)


def text_on_screen(words="Hello", place=(0.5, 0.5), **more):
    return WORLD, Text(words, np.array(place), "screen", **more)


def test_screen_text_stands_at_its_fraction_and_offset_in_its_color(context, painter):
    eye = eye_of()
    text = text_on_screen("HHH", size=60, offset_px=(30, 60), color=(1.0, 0.0, 0.0, 1.0))
    pixels = picture(context, eye, lambda: painter.draw_front([text], eye, COLORS))
    rows, columns = lit(pixels)
    scale = screen_scale(360)
    assert columns.min() == pytest.approx(320 + 30 * scale, abs=3)
    middle = 60 * scale + 0.5 * 60 * scale  # capitals stand in the middle of the em
    assert (rows.min() + rows.max()) / 2 == pytest.approx(180 + middle, abs=2)
    assert pixels[..., 0].max() == 255 and pixels[..., 1].max() == GROUND[1]


@pytest.mark.parametrize("align", ["left", "center", "right"])
def test_screen_text_aligns(context, painter, align):
    eye = eye_of()
    pixels = picture(context, eye, lambda: painter.draw_front([text_on_screen(align=align, size=40)], eye, COLORS))
    _, columns = lit(pixels)
    low, high = columns.min(), columns.max()
    assert {"left": low, "center": (low + high) / 2, "right": high}[align] == pytest.approx(320, abs=3)


def test_each_line_of_screen_text_stands_under_the_one_before(context, painter):
    eye = eye_of()
    pixels = picture(context, eye, lambda: painter.draw_front([text_on_screen("H\nH\nH", size=36)], eye, COLORS))
    rows, _ = lit(pixels)
    starts = np.unique(rows)[np.r_[True, np.diff(np.unique(rows)) > 1]]
    assert len(starts) == 3 and np.ptp(np.diff(starts)) <= 1


def callout(name="conv1", anchor=(0.0, 0.0, 0.0), **more):
    return WORLD, Text(name, np.array(anchor), weight="semibold", **more)


def test_a_callout_stands_above_its_anchor_with_a_leader_down_to_it(context, painter):
    eye = eye_of(1280, 720)
    pixels = picture(context, eye, lambda: painter.draw_front([callout(detail="48 × 48")], eye, COLORS))
    rows, columns = lit(pixels)
    assert rows.max() == pytest.approx(360, abs=1)  # the anchor is in the middle of the picture
    assert (columns[rows > 345] == 640).all()
    above = columns[rows < 335]
    assert (above.min() + above.max()) / 2 == pytest.approx(640, abs=4)


def test_a_callout_has_a_dot_of_its_kind_and_a_panel_that_dims_the_data(context, painter):
    eye = eye_of(1280, 720)

    def draw():
        context.gl.glClearColor(0.8, 0.8, 0.8, 1.0)
        context.gl.glClear(context.gl.GL_COLOR_BUFFER_BIT)
        painter.draw_front([callout(dot=(0.0, 1.0, 0.0, 1.0))], eye, COLORS)

    pixels = picture(context, eye, draw)
    green = (pixels[..., 1] > 200) & (pixels[..., 0] < 60)
    assert 10 < green.sum() < 60
    assert pixels[np.nonzero(green)[0].mean().astype(int), np.nonzero(green)[1].min() - 3].max() < 110
    assert (pixels[600] == 204).all()


@pytest.mark.parametrize("anchor", [(0.0, 8.0, 40.0), (60.0, 0.0, 0.0)])
def test_a_callout_behind_the_eye_or_beside_the_picture_is_not_drawn(context, painter, anchor):
    eye = eye_of()
    pixels = picture(context, eye, lambda: painter.draw_front([callout(anchor=anchor)], eye, COLORS))
    assert len(lit(pixels, 0)[0]) == 0


def test_floor_text_lies_on_the_floor_readable_from_the_front(context, painter):
    eye = eye_of()
    text = WORLD, Text("L", np.zeros(3), "floor", size=6.0, align="center", weight="semibold")
    pixels = picture(context, eye, lambda: painter.draw_floor([text], eye, COLORS))
    rows, columns = lit(pixels, 10)
    assert np.ptp(rows) > 20
    stem, foot = columns[rows < rows.min() + 8], columns[rows > rows.max() - 4]
    assert np.ptp(foot) > 2 * np.ptp(stem)  # an L that stands upright
    assert abs(columns.mean() - 320) < 20 and abs(rows.mean() - 180) < 25


def test_words_on_the_floor_recede_when_they_are_large(context, painter):
    eye = eye_of()
    strongest = []
    for size in (0.6, 1.8, 6.0):
        text = WORLD, Text("HHH", np.zeros(3), "floor", size=size, align="center", weight="semibold")
        strongest.append(picture(context, eye, lambda text=text: painter.draw_floor([text], eye, COLORS)).max())
    assert strongest[0] > 120 and strongest[0] > strongest[1] > strongest[2] > GROUND.max() + 10


def test_reading_direction_turns_floor_text(context, painter):
    eye = eye_of(position=(0.0, 30.0, 0.01))
    sizes = []
    for right in ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)):
        text = WORLD, Text("IIIIII", np.zeros(3), "floor", size=3.0, align="center", right=right)
        rows, columns = lit(picture(context, eye, lambda text=text: painter.draw_floor([text], eye, COLORS)), 10)
        sizes.append((np.ptp(rows), np.ptp(columns)))
    assert sizes[0] == pytest.approx(sizes[1][::-1], abs=3)
    assert sizes[0][1] > sizes[0][0]


def test_placement_decides_which_pass_draws_a_text(context, painter):
    eye = eye_of()
    texts = [callout(), text_on_screen(), (WORLD, Text("8", np.zeros(3), "face", size=3.0))]
    assert len(lit(picture(context, eye, lambda: painter.draw_floor(texts, eye, COLORS)), 0)[0]) == 0
    floor = [(WORLD, Text("8", np.zeros(3), "floor", size=3.0))]
    assert len(lit(picture(context, eye, lambda: painter.draw_front(floor, eye, COLORS)), 0)[0]) == 0


def test_text_lies_on_top_of_its_cube_and_is_hidden_by_a_nearer_one(context, painter):
    eye = eye_of(position=(3.0, 7.0, 9.0))
    boxes = BoxPainter(context)
    text = [(WORLD, Text("888", np.array([0.0, 1.0, 0.0]), "face", size=1.5, align="center", color=(1, 0, 0, 1)))]
    wall = np.array([[-4.0, 0.0, 2.5]]), np.array([[4.0, 6.0, 3.0]])
    cube = np.array([[-2.0, 0.0, -1.0]]), np.array([[2.0, 1.0, 1.0]])

    def red(*cubes):
        def draw():
            for lower, upper in cubes:
                boxes.draw_solid(lower, upper, np.array([[0.0, 0.5, 0.5, 1.0]]), eye)
            painter.draw_on_faces(text, eye, COLORS)

        pixels = picture(context, eye, draw)
        return int(((pixels[..., 0] > 128) & (pixels[..., 2] < 128)).sum())

    assert red() > 300
    assert red(cube) == pytest.approx(red(), rel=0.03)  # no more than the half-covered edges differ
    assert red(cube, wall) == 0


def test_text_that_is_too_small_to_read_is_not_drawn(context, painter):
    eye = eye_of()
    text = [(WORLD, Text("888", np.zeros(3), "floor", size=0.08))]
    assert len(lit(picture(context, eye, lambda: painter.draw_floor(text, eye, COLORS)), 0)[0]) == 0


def test_the_same_scene_gives_the_same_pixels_whatever_was_drawn_before(context, painter):
    eye = eye_of(1280, 720)
    scene = [callout(f"layer {k}", (k - 4.0, 0, 0), detail="3 × 3") for k in range(9)]
    scene += [text_on_screen("weights 0.125"), (WORLD, Text("BLOCK 1", np.zeros(3), "face", size=2.0))]

    def both(with_painter):
        with_painter.draw_floor(floor, eye, COLORS)
        with_painter.draw_front(scene, eye, COLORS)

    floor = [(WORLD, Text("BLOCK 1", np.array([0.0, 0.0, 3.0]), "floor", size=2.5))]
    fresh = picture(context, eye, lambda: both(painter))
    used = LabelPainter(context)
    for step in range(4):
        other = [callout(chr(97 + k) * 9, (k - 9.0, step, 1)) for k in range(20)]
        other += [(WORLD, Text("zyx%&QW", np.zeros(3), "face", size=3.0)), text_on_screen("ÄÖ漢", size=31 + step)]
        picture(context, eye, lambda other=other: used.draw_front(other, eye, COLORS, history=True))
    assert (picture(context, eye, lambda: both(used)) == fresh).all()
    used.close()


def test_a_new_callout_fades_in_and_the_first_picture_is_complete(context, painter):
    eye = eye_of(1280, 720)

    def brightest(texts, time_s):
        pixels = picture(context, eye, lambda: painter.draw_front(texts, eye, COLORS, history=True, time_s=time_s))
        return [pixels[:, :600].max(), pixels[:, 700:].max()]

    old, new = callout("old", (-5.0, 0.0, 0.0)), callout("new", (5.0, 0.0, 0.0))
    assert brightest([old], 10.0)[0] > 200
    first = brightest([old, new], 10.1)
    later = brightest([old, new], 10.175)
    last = brightest([old, new], 10.3)
    assert first[0] == later[0] == last[0] > 200
    assert first[1] < 40 < later[1] < 200 < last[1]


def test_a_callout_that_goes_fades_out_and_the_painter_says_so(context, painter):
    eye = eye_of(1280, 720)
    old, other = callout("old", (-5.0, 0.0, 0.0)), callout("other", (5.0, 0.0, 0.0))
    hidden = np.array([[0.0, 0.0, 600.0, 720.0]])

    def brightest(avoid, time_s):
        def draw():
            painter.draw_front([old, other], eye, COLORS, history=True, time_s=time_s, avoid_px=avoid)

        return picture(context, eye, draw)[:, :600].max(), painter.is_fading

    assert brightest(None, 1.0)[0] > 200 and not painter.is_fading
    fading, is_fading = brightest(hidden, 1.075)
    assert 40 < fading < 200 and is_fading
    gone, is_fading = brightest(hidden, 1.3)
    assert gone < 40 and not is_fading


@pytest.mark.parametrize("glyph", GLYPHS[1:])
def test_every_glyph_is_centered_and_of_a_form_of_its_own(context, painter, glyph):
    eye = eye_of()

    def drawn(name):
        rows = np.zeros(1, RECTANGLE)
        rows["place_px"], rows["left"], rows["right"] = (100, 100, 40, 40), 1.0, 1.0
        rows["glyph"] = GLYPHS.index(name)
        return picture(context, eye, lambda: painter.draw_screen_shapes(rows, eye))[..., 0] > 128

    mine = drawn(glyph)
    rows, columns = np.nonzero(mine)
    assert rows.min() >= 99 and columns.min() >= 99 and rows.max() <= 140 and columns.max() <= 140
    assert (rows.min() + rows.max()) / 2 == pytest.approx(119.5, abs=2.5)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(119.5, abs=2.5)
    for other in GLYPHS[1:]:
        if other != glyph:
            theirs = drawn(other)
            assert (mine & theirs).sum() / (mine | theirs).sum() < 0.85, other


def test_a_callout_stands_above_the_far_side_of_what_it_names(context, painter):
    eye = eye_of(1280, 720)
    rows, columns = lit(picture(context, eye, lambda: painter.draw_front([callout(half=(1.0, 4.0))], eye, COLORS)))
    far = (np.array([0.0, 0.0, -4.0, 1.0]) @ clip_from_world(eye).T)[[0, 1, 3]]
    assert rows.max() == pytest.approx((0.5 - 0.5 * far[1] / far[2]) * 720, abs=1.5)
    assert columns[rows > rows.max() - 10].mean() == pytest.approx(640, abs=1)


def test_rectangles_are_exact_and_their_gradient_runs_from_left_to_right(context, painter):
    eye = eye_of()
    rows = np.zeros(2, RECTANGLE)
    rows["place_px"] = [(10, 20, 200, 30), (300.25, 100, 10, 10)]
    rows["left"] = [(0, 0, 0, 1), (1, 1, 1, 1)]
    rows["right"] = [(1, 0, 0, 1), (1, 1, 1, 1)]
    pixels = picture(context, eye, lambda: painter.draw_screen_shapes(rows, eye))
    inside = pixels[20:50, 10:210]
    assert np.abs(inside[..., 0] - (np.arange(200) + 0.5) / 200 * 255).max() <= 1 and inside[..., 1:].max() == 0
    pixels[20:50, 10:210] = GROUND
    assert pixels[105, 300, 0] == pytest.approx(7 + 0.75 * 248, abs=2)
    assert pixels[105, 310, 0] == pytest.approx(7 + 0.25 * 248, abs=2)
    pixels[100:110, 300:311] = GROUND
    assert (pixels == GROUND).all()


def test_corners_are_round_and_soft_edges_fall_off(context, painter):
    eye = eye_of()
    rows = np.zeros(2, RECTANGLE)
    rows["place_px"] = [(50, 50, 40, 40), (200, 100, 100, 100)]
    rows["left"] = rows["right"] = 1.0
    rows["form_px"] = [(20, 0), (4, 12)]
    pixels = picture(context, eye, lambda: painter.draw_screen_shapes(rows, eye))[..., 0] - 7
    assert pixels[50:90, 50:90].sum() / 248 == pytest.approx(np.pi * 400, rel=0.01)
    profile = pixels[150, 185:215]
    assert (np.diff(profile) >= 0).all() and profile[0] == 0 and profile[-1] == 248
    assert profile[15] == pytest.approx(124, abs=15)
