"""Panels are drawn headless, take injected events, and leave nothing behind."""

import numpy as np
import pytest
from tensornaut.engine.gpu import Target, read_pixels
from tensornaut.engine.panel_host import PanelHost

pytestmark = pytest.mark.gl
SIZE = (640, 360)


@pytest.fixture
def target(context):
    made = Target(*SIZE)
    yield made
    made.close()


@pytest.fixture
def host(context, target):
    made = PanelHost(SIZE)
    yield made
    made.close()


def shown(context, target, host, draw, frames=2):
    """(height, width, 4) uint8 after some frames over black."""
    gl = context.gl
    for _ in range(frames):
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, target.framebuffer)
        gl.glClearColor(0.0, 0.0, 0.0, 1.0)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT)
        host.frame(1 / 60, draw)
    context.check("panels")
    return read_pixels(target.framebuffer, (0, 0, *SIZE)).copy()


def window(content):
    from imgui_bundle import imgui

    imgui.set_next_window_pos(imgui.ImVec2(20, 20))
    imgui.set_next_window_size(imgui.ImVec2(300, 200))
    imgui.begin("panel", None, imgui.WindowFlags_.no_decoration)
    content(imgui)
    imgui.end()


def test_a_panel_is_drawn_at_its_place_and_leaves_the_picture_opaque(context, target, host):
    pixels = shown(context, target, host, lambda: window(lambda imgui: imgui.text("weights 权重")))
    assert (pixels[..., 3] == 255).all()
    bright = np.argwhere(pixels[..., 0] > 150)
    assert len(bright) > 60
    assert (bright.min(0) >= 20).all() and (bright.max(0) <= (220, 320)).all()


def test_a_click_reaches_the_button_and_only_panels_want_the_mouse(context, target, host):
    clicks = []

    def content(imgui):
        if imgui.button("press", imgui.ImVec2(200, 60)):
            clicks.append(True)

    shown(context, target, host, lambda: window(content))
    host.add_mouse_pos(500, 300)
    shown(context, target, host, lambda: window(content))
    assert not host.wants_mouse
    host.add_mouse_pos(100, 60)
    shown(context, target, host, lambda: window(content))
    assert host.wants_mouse and not clicks
    for pressed in (True, False):
        host.add_mouse_button(0, pressed)
        shown(context, target, host, lambda: window(content))
    assert clicks == [True]


def test_typing_goes_to_the_field_that_has_the_focus(context, target, host):
    typed = ["", True]

    def content(imgui):
        if typed[1]:
            imgui.set_keyboard_focus_here()
            typed[1] = False
        _, typed[0] = imgui.input_text("name", typed[0])

    shown(context, target, host, lambda: window(content), frames=3)
    assert host.wants_keyboard
    host.add_text("conv层x")
    shown(context, target, host, lambda: window(content))
    for pressed in (True, False):
        host.add_key("Backspace", pressed)
        host.add_key("F35", pressed)  # no panel has a use for it
        shown(context, target, host, lambda: window(content))
    assert typed[0] == "conv层"


def test_the_wheel_scrolls(context, target, host):
    scrolled = []

    def content(imgui):
        for line in range(100):
            imgui.text(str(line))
        scrolled.append(imgui.get_scroll_y())

    host.add_mouse_pos(100, 100)
    shown(context, target, host, lambda: window(content))
    host.add_mouse_wheel(0, -3)
    shown(context, target, host, lambda: window(content), frames=4)
    assert scrolled[0] == 0 < scrolled[-1]


def test_hosts_of_different_size_and_scale_do_not_disturb_each_other(context, target, host):
    other = PanelHost((200, 100), scale=2.0)
    heights = {}

    def content(name):
        return lambda imgui: heights.__setitem__(name, imgui.calc_text_size("H").y)

    first = shown(context, target, host, lambda: window(content("plain")))
    other.add_mouse_pos(50, 50)
    shown(context, target, other, lambda: window(content("double")))
    again = shown(context, target, host, lambda: window(content("plain")))
    assert heights["double"] == pytest.approx(2 * heights["plain"], abs=1)
    assert (first == again).all() and other.wants_mouse and not host.wants_mouse
    other.close()


def test_nothing_is_written_to_disk(context, target, host, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    short = PanelHost(SIZE)
    gl = context.gl
    gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, target.framebuffer)
    for _ in range(5):
        short.frame(10.0, lambda: window(lambda imgui: imgui.text("x")))
    short.close()
    assert list(tmp_path.iterdir()) == []
