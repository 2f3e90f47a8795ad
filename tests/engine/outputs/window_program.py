"""A window over a plain color, for test_window.py: started on a display of its own, it says in JSON lines what happens.

Usage: window_program.py fly | panels | pad | thousand FILM.mp4
With `pad` a gamepad is there, which does what PAD says, a line for each time that P is pressed.
"""

import json
import resource
import signal
import sys

import numpy as np
from tensornaut.engine import loop
from tensornaut.engine.commands import Command, CommandTable
from tensornaut.engine.controls import FlyControls
from tensornaut.engine.gamepad import Pad, sticks_of
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.movement import movement_commands
from tensornaut.engine.outputs.video import VideoSink
from tensornaut.engine.outputs.window import Hooks, WindowClock, open_context
from tensornaut.engine.panel_host import PanelHost
from tensornaut.engine.surroundings import Surroundings


def say(**values):
    print(json.dumps(values), flush=True)


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def main(what, film=None):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        context = open_context((400, 300), "tensornaut test")
    except InputError as error:
        say(error=error.key, name=error.name)
        return 2
    corner = np.array([[10, 10, 10]])
    controls = FlyControls(Surroundings((0, 0, 100), (0, 0, 0), 0.6, -corner, corner))
    commands = CommandTable()
    for command in movement_commands(controls):
        commands.add(command)
    for key in ("?", "F12", "Ctrl+Z", "L", "Escape", "Enter", "Alt+Left", "Alt+Right"):
        commands.add(Command(f"test.{key}", lambda key=key: say(ran=key), key))
    commands.add(Command("view.next", lambda: say(ran="view.next")))
    commands.add(Command("test.full", lambda: clock.toggle_full_screen(), "F11"))
    panels = PanelHost((400, 300)) if what == "panels" else None
    hooks = Hooks(
        click=lambda x, y: say(clicked=[x, y]),
        focus=lambda x, y: say(focused=[x, y]),
        gamepad=lambda name: say(gamepad=name),
    )
    pressed = []
    rate = 2000.0 if what == "thousand" else None
    clock = WindowClock(context, controls, commands, panels, lambda: draw_panel(pressed), hooks, rate=rate)
    if what == "pad":
        pads = clock._input._gamepads = ScriptedPads()
        commands.add(Command("test.pad", pads.go_on, "P"))
    memory = []

    def prepare(frame):
        eye = frame.eyes[0]
        if what == "thousand":
            clock.request()
            if frame.index in (200, 1200):
                memory.append(resident_bytes())
            if frame.index == 1200:
                raise KeyboardInterrupt
        else:
            camera = controls.camera
            say(frame=frame.index, at=list(camera.position), turn=[camera.yaw_rad, camera.pitch_rad], size=eye.size_px)

    def draw(frame, eye, framebuffer):
        gl = context.gl
        gl.glClearColor(0.8, 0.2, (frame.index % 50) / 50, 1)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT | gl.GL_DEPTH_BUFFER_BIT)

    say(ready=True, version=context.version)
    sinks = [VideoSink(film, (160, 120), 30)] if film else []
    try:
        loop.run(clock, sinks, prepare, draw)
        say(closed=True)
    except KeyboardInterrupt:
        say(interrupted=True)
        return 130
    finally:
        context.check("window")
        if memory:
            say(grown_bytes=memory[1] - memory[0])
        if panels:
            panels.close()
        clock.close()
    return 0


class ScriptedPads:
    """In place of the desktop's gamepads, as no test can plug one in."""

    def __init__(self):
        self._left = iter(PAD)
        self._pad, self._news = next(self._left), ["Test pad"]

    def __bool__(self):
        return True

    def news(self):
        told, self._news = self._news, []
        return told

    def read(self):
        return self._pad

    def go_on(self):
        self._pad = next(self._left)

    def close(self):
        pass


PAD = (
    Pad(),
    Pad(sticks_of([0.0, -1.0, 0.0, 0.0, -1.0, -1.0])),  # forward
    Pad(sticks_of([0.0, 0.0, 1.0, 0.0, -1.0, -1.0])),  # turns right
    Pad(),
    Pad(down=frozenset({12})),  # the cross, right
    Pad(down=frozenset({12, 5})),  # and a bumper: up
    Pad(),
)


def draw_panel(pressed):
    from imgui_bundle import imgui

    imgui.set_next_window_pos(imgui.ImVec2(10, 10))
    imgui.set_next_window_size(imgui.ImVec2(180, 100))
    imgui.begin("panel", None, imgui.WindowFlags_.no_decoration)
    if imgui.button("press", imgui.ImVec2(150, 40)):
        pressed.append(True)
        say(panel=len(pressed))
    imgui.end()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
