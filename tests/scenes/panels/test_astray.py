"""The way home is shown after two seconds without anything in view, and a click on it leads there."""

import pytest
from tensornaut.engine.gpu import Context, GraphicsError, Target
from tensornaut.engine.panel_host import PanelHost, load_widgets
from tensornaut.scenes.panels import astray
from tensornaut.scenes.panels.astray import AFTER_S, Astray, astray_panel


def test_it_waits_two_seconds_from_when_nothing_is_in_view(monkeypatch):
    now = [10.0]
    monkeypatch.setattr(astray, "now_s", lambda: now[0])
    state = Astray()
    state.note(False)
    assert state.wait_s is None
    state.note(True)
    now[0] += 1.5
    state.note(True)
    assert state.wait_s == pytest.approx(AFTER_S - 1.5)
    now[0] += 1
    assert state.wait_s == 0
    state.note(False)
    assert state.wait_s is None
    state.note(True)
    assert state.wait_s == AFTER_S


@pytest.mark.gl
def test_a_click_on_the_button_goes_home():
    load_widgets()
    try:
        context = Context.offscreen()
    except GraphicsError as error:
        pytest.skip(f"no EGL: {error}")
    target, host, went = Target(800, 450), PanelHost((800, 450)), []

    def frames(count):
        for _ in range(count):
            context.gl.glBindFramebuffer(context.gl.GL_FRAMEBUFFER, target.framebuffer)
            host.frame(1 / 60, lambda: astray_panel(lambda: went.append(True)))

    frames(3)
    host.add_mouse_pos(400, 202)
    frames(2)
    assert host.wants_mouse and not went
    for pressed in (True, False):
        host.add_mouse_button(0, pressed)
        frames(2)
    assert went == [True]
    host.close()
    target.close()
    context.close()
