"""A slow flight changes the picture by what moved, and by nothing else: no popping, no moire, the same light.

What is drawn of a frame is decided when it is prepared: levels of tiles, how far they have turned into finer ones,
which weights are cubes. So a picture seen by the next eye but prepared for the last one is what motion alone would
show, and its difference to the picture of the next frame is all that the decisions changed.
"""

import numpy as np
import pytest
from tensornaut.cli.demo import MODEL
from tensornaut.engine.detail import Detail
from tensornaut.engine.gpu import Target, read_pixels
from tensornaut.engine.rasterize import LIGHT_SHARE, UNIT, RasterizerChoice, eye_rows, unpack
from tensornaut.engine.renderer import Renderer
from tensornaut.engine.scene import Node, Scene, WeightGrid
from tensornaut.engine.values import ArrayValues
from tensornaut.engine.view import Eye, Frame, look_at, perspective
from tensornaut.loaders.open import open_network
from tensornaut.scenes.style import THEMES, diverging

SIZE = 192, 108
BLOCK = 12  # px
STEP = 0.02  # by which everything grows from frame to frame: 2 % at 60 frames per second is 3.3-fold in a second


@pytest.fixture(scope="module")
def real():
    """(48, 432) float32: the largest matrix of the demo model."""
    tensors = open_network(str(MODEL)).tensors
    largest = max(tensors, key=lambda tensor: np.prod(tensor.shape))
    return largest.read(slice(None), slice(None))


def scene_of(values, theme="dark", height=3.3):
    steps = [np.array(step, float) for step in ((0, 0, 1), (1, 0, 0), (0, height, 0))]
    name = f"{values.shape} {float(values.sum())}"
    value_range = float(np.quantile(np.abs(values), 0.995))
    grid = WeightGrid(np.zeros(3), *steps, ArrayValues(values, name), value_range, values.shape, diverging(theme))
    root = Node("root", children=[Node("grid", drawable=grid)])
    extent = np.array([values.shape[1], 10.0, values.shape[0]])
    return Scene(root, THEMES[theme], np.zeros(3), extent, floor_y=-60.0)


def eye_at(target, spacing_px, elevation_deg, azimuth_deg=17.0, fov=0.6, size_px=SIZE):
    """An eye that sees weights at the target so many pixels apart."""
    width, height = size_px
    elevation, azimuth = np.radians((elevation_deg, azimuth_deg))
    back = np.array([np.cos(elevation) * np.sin(azimuth), np.sin(elevation), np.cos(elevation) * np.cos(azimuth)])
    target = np.array(target, float)
    place = look_at(target + back * (height / 2 / np.tan(fov / 2) / spacing_px), target)
    return Eye(place, perspective(fov, width / height, 0.05, 1e6), (0, 0, width, height))


def block_rms(picture):
    """Root of mean square of each block of pixels."""
    rows, cols = (side // BLOCK for side in picture.shape[:2])
    square = (picture[: rows * BLOCK, : cols * BLOCK] ** 2).mean(-1)
    return np.sqrt(square.reshape(rows, BLOCK, cols, BLOCK).mean((1, 3)))


def flow(picture, seen_by, eye):
    """The picture of one eye as another would see it if all stood in the plane y = 0; NaN from outside."""

    def picture_from_plane(eye):
        rows = eye_rows(eye)
        return np.stack([rows[:, 0], rows[:, 2], -rows @ eye.position], 1)

    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width] + 0.5
    source = (
        np.stack([x, y, np.ones_like(x)], -1) @ (picture_from_plane(seen_by) @ np.linalg.inv(picture_from_plane(eye))).T
    )
    u, v = source[..., 0] / source[..., 2] - 0.5, source[..., 1] / source[..., 2] - 0.5
    inside = (u >= 0) & (v >= 0) & (u < width - 1) & (v < height - 1)
    u, v = np.where(inside, u, 0.0), np.where(inside, v, 0.0)
    j, i = u.astype(int), v.astype(int)
    right, down = (u - j)[..., None], (v - i)[..., None]
    upper = picture[i, j] * (1 - right) + picture[i, j + 1] * right
    lower = picture[i + 1, j] * (1 - right) + picture[i + 1, j + 1] * right
    return np.where(inside[..., None], upper * (1 - down) + lower * down, np.nan)


def flight(context, scene, target_point, first_px, last_px, elevation_deg):
    """(popped, moved), each (frames, blocks): what decisions change; what sampling and parallax add to the flow."""
    renderer, target = Renderer(context, scene), Target(*SIZE)

    def drawn(frame, eye):
        renderer.draw(frame, eye, target.framebuffer)
        return read_pixels(target.framebuffer, eye.viewport)[::-1, :, :3].astype(float)

    popped, moved, before = [], [], None
    for spacing_px in np.exp(np.arange(np.log(first_px), np.log(last_px), STEP)):
        eye = eye_at(target_point, spacing_px, elevation_deg)
        frame = Frame(0, 0.0, (eye,))
        if before is not None:
            renderer.prepare(before[0])
            still = drawn(before[0], eye)
        renderer.prepare(frame)
        picture = drawn(frame, eye)
        if before is not None:
            popped.append(block_rms(picture - still))
            moved.append(block_rms(still - flow(before[2], before[1], eye)))
        before = frame, eye, picture
    target.close()
    return np.array(popped), np.array(moved)


@pytest.mark.gl
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("elevation_deg", [25, 75])
def test_a_flight_through_the_levels_of_tiles_does_not_pop(context, real, theme, elevation_deg):
    """Spacing .2 to 2.5 px, through several levels.

    With levels fixed, consecutive pictures differ from the optical flow by about 4 of 255 in a block, since what is
    smaller than a pixel is sampled anew. Decisions may add no more than half of that anywhere, which nobody tells from
    it, and never more than 3. Tiles that replace coarser ones at once give up to 20, three times the former.
    """
    scene = scene_of(np.tile(real, (11, 2))[:512, :640].copy(), theme)
    popped, moved = flight(context, scene, (320, 0, 256), 0.2, 2.5, elevation_deg)
    assert popped.max() < 3
    seen = np.isfinite(moved)
    assert (popped[seen] / (moved[seen] + 1)).max() < 0.5
    assert popped.any()  # levels did change


@pytest.mark.gl
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_points_get_stems_and_become_cubes_without_popping(context, real, theme):
    """Cells of 6 to 70 px. A cube takes the place of its point, a number and a stem come or go, by degrees.

    That is no motion, so no flow explains it; what counts is that no frame shows much of it. The whole change is up to
    250 of 255, and of what takes 26 px of growth a frame of 2 % has at most 8 %: below 20. All at once is above 100.
    """
    popped, _ = flight(context, scene_of(real, theme), (200, 0, 24), 6.0, 70.0, 40)
    assert popped.max() < 20
    assert popped.any()


@pytest.mark.parametrize("elevation_deg", [20, 50, 89])
@pytest.mark.parametrize("kind", ["uniform", "real"])
def test_light_is_conserved_while_levels_change(real, kind, elevation_deg):
    """Spacing .15 to 6 px: mean light within 2 % of .423 x color x brightness / sin(elevation), per the values in view.

    Of a real matrix up to 1.5 px: a picture of fewer weights depends on which of them its edge cuts.
    """
    values = (
        np.full((1200, 1200), 0.6, np.float32) if kind == "uniform" else np.tile(real, (25, 3))[:1200, :1200].copy()
    )
    detail = Detail(scene_of(values, height=0.0), fog_start=0.0)
    for spacing_px in np.geomspace(0.15, 6 if kind == "uniform" else 1.5, 24):
        eye = eye_at((600, 0, 600), spacing_px, elevation_deg, 0.0, 0.02)
        light, expected = light_and_ideal(detail, values, eye, spacing_px, elevation_deg)
        assert light == pytest.approx(expected, rel=0.02), spacing_px


def light_and_ideal(detail, values, eye, spacing_px, elevation_deg):
    """Light of the middle of a picture in the brightest channel, and what the weights there should give."""
    sine = np.sin(np.radians(elevation_deg))
    across, up = 60, min(34, int(0.45 * len(values) * spacing_px * sine))
    light = light_of(detail, eye)[SIZE[1] // 2 - up : SIZE[1] // 2 + up, SIZE[0] // 2 - across : SIZE[0] // 2 + across]
    high, wide = (int(round(half / spacing_px)) for half in (up / sine, across))
    here = values[600 - high : 600 + high + 1, 600 - wide : 600 + wide + 1]
    entry = np.clip((here.astype(float) / detail.grids[0].value_range + 1) * 512, 0, 1023).astype(int)
    ideal = unpack(detail._look(detail.grids[0]).overview[entry]).mean((0, 1)) / UNIT * LIGHT_SHARE / sine
    channel = ideal.argmax()
    return light[..., channel].mean(), ideal[channel]


def light_of(detail, eye):
    detail.prepare(Frame(0, 0.0, (eye,), budget=10**8))
    batch = detail.batch(eye)
    rasterizer = RasterizerChoice().rasterizer(batch)
    return unpack(rasterizer.light(batch, detail.pool.data, detail.near_tables, eye_rows(eye), eye.size_px)) / UNIT


@pytest.mark.parametrize("elevation_deg", [35, 89])
def test_an_even_matrix_looks_even_until_its_points_come_apart(elevation_deg):
    """A grid of equal weights shows no pattern wider than 3 px, where moire begins to be seen as such.

    Amplitudes of the spectrum below 1/3 per px, of mean light 1: what stays comes from centers rounded to 1/16 px.
    Points more than 1.2 px apart begin to show one by one; from 2.6 px on they are such a pattern themselves.
    """
    detail = Detail(scene_of(np.full((1200, 1200), 0.6, np.float32), height=0.0), fog_start=0.0)
    for spacing_px in np.geomspace(0.2, 2.6, 52):
        light = light_of(detail, eye_at((600, 0, 600), spacing_px, elevation_deg, 0.0, 0.02))[24:-24, 36:-36, 0]
        window = np.hanning(light.shape[0])[:, None] * np.hanning(light.shape[1])
        spectrum = np.abs(np.fft.fft2((light / light.mean() - 1) * window)) * 8 / light.size
        frequency = np.hypot(*np.meshgrid(*(np.fft.fftfreq(side) for side in light.shape), indexing="ij"))
        slow = spectrum[(frequency < 1 / 3) & (frequency > 0.04)].max()
        assert slow < (0.03 if spacing_px <= 1.2 else 0.04), spacing_px
