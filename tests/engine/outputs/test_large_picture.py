"""Large pictures: parts are indistinguishable from the whole, and transparent ones lie on any ground."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensornaut.engine import loop
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.outputs.large_picture import GROUNDS, PictureSink, over_grounds, parts_of, uncovered
from tensornaut.engine.outputs.offscreen import OffscreenClock
from tensornaut.engine.painters import data
from tensornaut.engine.renderer import Renderer
from tensornaut.engine.view import Eye, clip_from_world, look_at, perspective
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.cameras import parse_camera, stand
from tensornaut.scenes.focus import show_focus
from tensornaut.scenes.network_scene import build
from tensornaut.scenes.style import THEMES

SIZE = 630, 362
# Points of light are placed in 1/16 pixel by float32: now and then one falls on the other side of a step.
LEAST_EQUAL, MOST_UNLIKE = 0.997, 4e-5  # shares of pixels that have the same bits, and that differ by more than 12


@pytest.fixture
def network(checkout):
    return open_network(str(checkout / "assets" / "demo" / "digits.safetensors"))


@pytest.fixture
def picture(context, network, tmp_path, read_png):
    """A function: (height, width, channels) int64 of a view of the demo model, and of it in parts or without ground."""

    def drawn(theme="dark", camera="overview", size_px=SIZE, part_px=None, backdrop=None, ground=None, bloom=None):
        style = THEMES[theme] if bloom is None else replace(THEMES[theme], bloom=bloom)
        built = build(network, style, Analysis())
        view, focus = stand(built, parse_camera(camera), size_px[0] / size_px[1])
        show_focus(built, focus)
        renderer, whole = Renderer(context, built.scene), view.eye(size_px, built.scene.length)
        eyes = parts_of(whole, part_px) if part_px else (whole,)
        if backdrop is not None:
            eyes = over_grounds(eyes)

        def draw(frame, eye, framebuffer):
            renderer.draw(frame, eye, framebuffer, ground if backdrop is None else GROUNDS[eye.target])

        clock = OffscreenClock(context, eyes[0].held_px[2:], 1, 1, lambda index, time_s: eyes)
        sink = PictureSink(tmp_path / "out.png", size_px, backdrop)
        loop.run(clock, [sink], lambda frame: renderer.prepare(replace(frame, eyes=(whole,))), draw)
        clock.close()
        return read_png((tmp_path / "out.png").read_bytes())[0].astype(int)

    return drawn


@pytest.mark.gl
@pytest.mark.parametrize("camera", ["overview", "layer", "weight"])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_picture_in_parts_is_the_whole_picture(picture, theme, camera):
    whole, parts = (picture(theme, camera, part_px=part_px) for part_px in (None, (256, 128)))
    difference = np.abs(whole - parts).max(-1)
    assert (difference == 0).mean() >= LEAST_EQUAL and (difference > 12).mean() <= MOST_UNLIKE
    assert whole.std() > 5


@pytest.mark.gl
def test_parts_of_a_picture_with_a_glow_of_its_own_size(picture):
    """From 1620 rows on the glow is that of a smaller picture, here too: no border is seen."""
    whole, parts = (picture(size_px=(400, 1700), part_px=part_px) for part_px in (None, (400, 512)))
    difference = np.abs(whole - parts).max(-1)
    assert (difference == 0).mean() >= LEAST_EQUAL and (difference > 12).mean() <= MOST_UNLIKE


@pytest.mark.gl
def test_glow_is_as_wide_in_a_larger_picture(picture, monkeypatch):
    monkeypatch.setattr(data, "GLOW_LINES", 270)
    glows = []
    for size_px in ((960, 540), (1920, 1080)):
        lit, plain = (picture(size_px=size_px, bloom=bloom) for bloom in (THEMES["dark"].bloom, 0.0))
        glows.append((lit - plain).reshape(27, size_px[1] // 27, 48, -1, 3).mean((1, 3)))  # over blocks of the picture
    assert np.abs(glows[0] - glows[1]).mean() < 0.25 * glows[0].mean()


@pytest.mark.gl
@pytest.mark.parametrize(("theme", "backdrop"), [("dark", 0), ("light", 1)])
def test_a_transparent_picture_on_its_backdrop_is_the_picture_drawn_there(picture, theme, backdrop):
    shown, drawn = picture(theme, backdrop=backdrop), picture(theme, ground=float(backdrop))
    alpha = shown[..., 3:] / 255
    laid = np.rint(shown[..., :3] * alpha + 255 * backdrop * (1 - alpha))
    assert np.abs(laid - drawn).max() <= 1
    assert (alpha == 0).mean() > 0.2 and (alpha == 1).any() and ((alpha > 0) & (alpha < 1)).mean() > 0.2


@pytest.mark.gl
def test_transparent_pictures_are_made_in_parts_too(picture):
    whole, parts = (picture(backdrop=0, part_px=part_px) for part_px in (None, (256, 128)))
    assert (whole == parts).all(-1).mean() >= LEAST_EQUAL


COLORS = arrays.arrays(np.uint8, (3, 4, 4))


@given(first=COLORS, second=COLORS, backdrop=st.sampled_from((0, 1)))
def test_alpha_is_never_less_than_any_channel_needs(first, second, backdrop):
    black, white = np.minimum(first, second), np.maximum(first, second)  # what lies below can only add
    shown = uncovered(black, white, backdrop).astype(int)
    alpha = shown[..., 3:]
    laid = shown[..., :3] * alpha / 255 + backdrop * (255 - alpha)
    assert np.abs(laid - (white if backdrop else black)[..., :3]).max() <= 0.51
    assert (alpha[..., 0] == 255 - (white.astype(int) - black)[..., :3].min(-1)).all()


SIDES = st.integers(1, 70)


@given(SIDES, SIDES, st.integers(1, 20), st.integers(1, 20))
def test_parts_cover_every_pixel_once_row_by_row(width, height, across, up):
    eye = Eye(np.eye(4), perspective(1.0, width / height, 0.1, 10), (0, 0, width, height))
    covered, before = np.zeros((height, width), int), (-height, -1)
    for part in parts_of(eye, (2 * across, 2 * up)):
        x, y, wide, high = part.part
        assert x % 2 == y % 2 == 0 and before < (-y, x)
        covered[y : y + high, x : x + wide] += 1
        before = -y, x
    assert (covered == 1).all()


@given(st.integers(0, 60), st.integers(0, 40), st.integers(1, 30), st.integers(1, 30), st.integers(0, 20))
def test_a_cropped_eye_sees_things_where_the_whole_one_does(x, y, width, height, margin):
    eye = Eye(look_at(np.array([3.0, 4, 5]), np.zeros(3)), perspective(0.9, 1.5, 0.1, 50), (0, 0, 90, 60))
    cropped = eye.only(x, y, width, height).cropped(margin)
    place = np.random.default_rng(x).uniform(-1, 1, 3)
    seen = []
    for one in (eye, cropped):
        clip = clip_from_world(one) @ (*place, 1.0)
        seen.append((clip[:2] / clip[3] + 1) / 2 * one.size_px)
    assert cropped.size_px == (width + 2 * margin, height + 2 * margin)
    assert seen[1] == pytest.approx(seen[0] - (x - margin, y - margin), abs=1e-9)
    assert cropped.focal_px == pytest.approx(eye.focal_px)


def test_a_folder_that_is_not_there_is_said_before_anything_is_drawn(tmp_path):
    with pytest.raises(InputError) as raised:
        PictureSink(tmp_path / "nowhere" / "out.png", (4, 4))
    assert raised.value.key == "output_unwritable"


def test_a_picture_of_which_parts_are_missing_leaves_what_was_there(tmp_path):
    (tmp_path / "out.png").write_bytes(b"older")
    PictureSink(tmp_path / "out.png", (4, 4)).close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.png"]
    assert (tmp_path / "out.png").read_bytes() == b"older"
