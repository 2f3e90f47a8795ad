"""The help panel names every key, is readable and leaves the scene visible."""

import re

import numpy as np
import pytest
from tensornaut.cli.view import GESTURES, PAD_GESTURES
from tensornaut.engine.commands import Command, CommandTable
from tensornaut.engine.gpu import Context, GraphicsError, Target, read_pixels
from tensornaut.engine.panel_host import PanelHost, load_widgets
from tensornaut.scenes.panels.help import help_panel, help_rows
from tensornaut.scenes.strings import LANGUAGES

KEYS = {"move.forward": "W", "view.home": "Home", "move.back": "S", "view.help": "?", "view.mute": ""}


def command_table(count=0):
    table = CommandTable()
    for name, key in KEYS.items():
        table.add(Command(name, lambda: None, key))
    for index in range(count):
        table.add(Command(f"more.{index}", lambda: None, f"Ctrl+F{index}"))
    return table


def test_rows_are_grouped_and_commands_without_a_key_left_out():
    assert help_rows(command_table(), lambda key: f"<{key}>") == [
        ("<command.group.move>", [("W", "<command.move.forward>"), ("S", "<command.move.back>")]),
        ("<command.group.view>", [("Home", "<command.view.home>"), ("?", "<command.view.help>")]),
    ]


@pytest.mark.gl
@pytest.mark.parametrize("count", [0, 60])
def test_the_panel_stands_in_the_middle_and_leaves_more_than_half_of_the_picture_free(count):
    load_widgets()
    try:
        context = Context.offscreen()
    except GraphicsError as error:
        pytest.skip(f"no EGL: {error}")
    target, host = Target(1280, 720), PanelHost((1280, 720))
    heights = []

    def draw():
        from imgui_bundle import imgui

        heights.append(imgui.calc_text_size("H").y)
        help_panel(command_table(count), lambda key: "鼠标：转动视线" if "mouse" in key else key, ("help.mouse",))

    for _ in range(3):
        context.gl.glBindFramebuffer(context.gl.GL_FRAMEBUFFER, target.framebuffer)
        context.gl.glClearColor(1.0, 0.0, 1.0, 1.0)
        context.gl.glClear(context.gl.GL_COLOR_BUFFER_BIT)
        host.frame(1 / 60, draw)
    pixels = read_pixels(target.framebuffer, (0, 0, 1280, 720)).astype(int)
    covered = (np.abs(pixels[..., :3] - (255, 0, 255)) > 8).any(2)
    rows, columns = np.nonzero(covered)
    assert min(heights) >= 14
    assert 0.02 < covered.mean() < 0.45
    assert (rows.min() + rows.max()) / 2 == pytest.approx(360, abs=2)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(640, abs=2)
    host.close()
    target.close()
    context.close()


@pytest.mark.gl
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size_px", [(1280, 720), (1920, 1080)])
def test_all_keys_are_seen_at_once(language, size_px):
    """As high as it wants to be, so that there is nothing to scroll."""
    load_widgets()
    try:
        context = Context.offscreen()
    except GraphicsError as error:
        pytest.skip(f"no EGL: {error}")
    table = CommandTable()
    names = [
        key.removeprefix("command.") for key in LANGUAGES[language] if re.fullmatch(r"command\.[a-z]+\.[a-z_]+", key)
    ]
    for index, name in enumerate(name for name in names if not name.startswith("group.")):
        table.add(Command(name, lambda: None, f"Ctrl+{index}"))
    target, host, hidden = Target(*size_px), PanelHost(size_px), []

    def draw():
        from imgui_bundle import imgui

        help_panel(table, LANGUAGES[language].__getitem__, GESTURES, PAD_GESTURES)
        imgui.begin("help")
        hidden.append(max(imgui.get_scroll_max_x(), imgui.get_scroll_max_y()))
        imgui.end()

    for _ in range(3):
        context.gl.glBindFramebuffer(context.gl.GL_FRAMEBUFFER, target.framebuffer)
        host.frame(1 / 60, draw)
    assert len(list(table)) > 25 and hidden[-1] == 0
    host.close()
    target.close()
    context.close()
