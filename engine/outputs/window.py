"""The window: live frames at the display's pace, flown through by keys, mouse and gamepad. At rest nothing is drawn."""

from __future__ import annotations

import importlib
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from ..commands import CommandTable
from ..controls import FlyControls
from ..gpu import Context, GraphicsError, Target
from ..kernels.errors import InputError
from ..loop import now_s
from ..panel_host import PanelHost, load_widgets
from ..view import Eye, Frame, Quality
from .pace import Pace
from .quality import Governor
from .window_input import Hooks, WindowInput

__all__ = ["Hooks", "WindowClock", "open_context"]

LOWEST_RATE = 60.0  # frames a second where the display says nothing
SOFTWARE_RATE = 30.0  # aimed at where a processor draws everything
VSYNC_SHARE = 0.95  # of a display's period; a driver without vsync is slowed down to it
SHORTEST_WAIT_S = 0.001
IDLE_S = 0.25  # how long to wait for events at once: Ctrl-C is noticed after it
LONGEST_STEP_S = 0.1  # of controls, however long a frame took
PANEL_FRAMES = 3  # panels settle within
CALM_S = 0.1  # without motion before a frame has all samples: it may take long, and a hand may only have paused


def open_context(size: tuple[int, int], title: str) -> Context:
    """The context of a new hidden window, `size` (width, height) in the desktop's units.

    Raises InputError without a display, GraphicsError without OpenGL in it.
    """
    if "OpenGL" not in sys.modules and os.environ.get("PYOPENGL_PLATFORM") == "egl":
        del os.environ["PYOPENGL_PLATFORM"]  # this process has a window; GLX and EGL do not go together
    load_widgets()
    glfw: Any = importlib.import_module("glfw")
    glfw.ERROR_REPORTING = "ignore"  # init and create_window say by themselves that they failed
    from vispy import app

    config = {"depth_size": 24, "double_buffer": True}
    # dpi: given, as vispy would start a program that asks the display for it, and print what that complains about.
    options = {"dpi": 96, "app": app.Application("glfw"), "show": False, "vsync": True, "config": config}
    try:
        canvas = app.Canvas(title, size, **options)
    except OSError as error:
        raise InputError(os.environ.get("DISPLAY") or "display", "no_display") from error
    except RuntimeError as error:
        raise GraphicsError("OpenGL", "opengl_too_old", found="-") from error
    return Context(canvas, "glfw")


class WindowClock:
    """Live frames of one eye for the window of a context by `open_context`.

    Eyes are drawn into a target of the window's size, which sinks read; `end_frame` shows it, with the panels that
    `draw_panels` makes over it. A frame comes when something moves or `request` was called, else the clock waits.
    `rate`: frames a second at most; None: as many as the display shows. In motion a frame has as many samples as this
    rate allows, at rest all; whoever prepares it says in `samples` how many there were. Ctrl-C is raised as
    KeyboardInterrupt by the next `next_frame`. After the close button `next_frame` gives None.
    """

    def __init__(
        self,
        context: Context,
        controls: FlyControls,
        commands: CommandTable,
        panels: PanelHost | None = None,
        draw_panels: Callable[[], None] | None = None,
        hooks: Hooks | None = None,
        rate: float | None = None,
    ) -> None:
        self.controls = controls
        self.samples = 0
        self._context = context
        self._glfw: Any = importlib.import_module("glfw")
        context.make_current()
        self._window = self._glfw.get_current_context()
        self._panels = panels
        self._draw_panels = draw_panels or (lambda: None)
        self._input = WindowInput(
            self._window, controls, commands, panels, hooks or Hooks(), self.request, self.refresh_panels
        )
        self._target: Target | None = None
        self._wanted = True
        self._panel_frames = 0
        self._panels_due_s: float | None = None
        self._closed = False
        self._interrupted = False
        self._index = 0
        self._start_s = self._last_s = self._shown_s = now_s()
        self._windowed: tuple[int, int, int, int] | None = None  # place and size to come back to from the full screen
        self._period_s = 1 / (rate or self._display_rate())
        target_s = max(self._period_s, 1 / SOFTWARE_RATE) if context.is_software else self._period_s
        self._pace = Pace(target_s)
        self._governor = Governor(target_s, "medium" if context.is_software else "high")
        self._moves = False
        self._in_motion = False  # or was a moment ago
        self._calm_s = 0.0  # when it is no more
        self._begun_s = self._took_s = 0.0
        self._due_s: float | None = None
        self._panel_fit: tuple[tuple[int, int], float] | None = None
        self._signals = self._catch_signals()
        self._listen()
        self._glfw.show_window(self._window)

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of the picture; (0, 0) while minimized."""
        return tuple(self._glfw.get_framebuffer_size(self._window))

    @property
    def content_scale(self) -> float:
        """How much larger than usual the desktop wants text."""
        return float(self._glfw.get_window_content_scale(self._window)[0])

    def request(self) -> None:
        """Asks for another frame. May be called by any thread."""
        self._wanted = True
        if threading.current_thread() is not threading.main_thread():
            self._glfw.post_empty_event()

    def request_soon(self) -> None:
        """Asks for another frame after a pause as long as the last one took, which leaves processors to readers."""
        self._request_at(now_s() + self._took_s)

    def refresh_panels(self, after_s: float = 0.0) -> None:
        """Asks for the panels to be drawn again, over the same picture, now or in a while; the last call counts.

        May be called by any thread.
        """
        if after_s > 0:
            self._panels_due_s = now_s() + after_s
        else:
            self._panel_frames = PANEL_FRAMES if self._panels is not None else 0
        if threading.current_thread() is not threading.main_thread():
            self._glfw.post_empty_event()

    def release(self) -> None:
        """Lets go of all keys and of the mouse, and frees the cursor."""
        self._input.release()

    def copy(self, words: str) -> None:
        """Puts text on the clipboard, where there is one."""
        self._glfw.set_clipboard_string(self._window, words)

    @property
    def has_gamepad(self) -> bool:
        """True while one is plugged in."""
        return self._input.has_gamepad

    def set_title(self, title: str) -> None:
        """Names the window."""
        self._glfw.set_window_title(self._window, title)

    @property
    def window_size(self) -> tuple[int, int] | None:
        """(width, height) in the desktop's units, as `open_context` wants it; None where people did not choose it."""
        glfw = self._glfw
        if self._windowed is not None:
            return self._windowed[2:]
        size = tuple(glfw.get_window_size(self._window))
        chosen = min(size) > 0 and not glfw.get_window_attrib(self._window, glfw.MAXIMIZED)
        return size if chosen else None

    def toggle_full_screen(self) -> None:
        """Takes the whole screen, or gives it back."""
        glfw = self._glfw
        monitor = self._monitor()
        if self._windowed is not None:
            glfw.set_window_monitor(self._window, None, *self._windowed, glfw.DONT_CARE)
            self._windowed = None
        elif monitor:
            self._windowed = *glfw.get_window_pos(self._window), *glfw.get_window_size(self._window)
            mode = glfw.get_video_mode(monitor)
            glfw.set_window_monitor(self._window, monitor, 0, 0, mode.size.width, mode.size.height, mode.refresh_rate)
        self.request()

    def _monitor(self) -> Any:
        """The monitor on which most of the window is, where the desktop says so; None without any."""
        glfw = self._glfw
        place, size = glfw.get_window_pos(self._window), glfw.get_window_size(self._window)

        def shared(monitor: Any) -> int:
            starts, screen = glfw.get_monitor_pos(monitor), glfw.get_video_mode(monitor).size
            ends = [min(a + b, c + d) for a, b, c, d in zip(place, size, starts, screen, strict=True)]
            return math.prod(max(end - max(a, b), 0) for end, a, b in zip(ends, place, starts, strict=True))

        monitors = [monitor for monitor in glfw.get_monitors() if glfw.get_video_mode(monitor)]
        return max(monitors, key=shared, default=None)

    def next_frame(self) -> Frame | None:
        """The next live frame, after waiting until there is one to draw; None: the window was closed."""
        self._context.make_current()
        waited = self._await_work()
        if self._closed:
            return None
        now = now_s()
        step_s = self._period_s if waited else min(now - self._last_s, LONGEST_STEP_S)
        self._begun_s = self._last_s = now
        self._moves = self.controls.is_moving
        self._in_motion = self._moves or now < self._calm_s
        self.controls.update(step_s)
        self._wanted, self._due_s = False, None
        if self._in_motion and not self._moves:
            self._request_at(self._calm_s)
        self._fit()
        index, self._index = self._index, self._index + 1
        eyes = (self.controls.eye(self.size_px),)
        return Frame(index, now - self._start_s, eyes, self.budget, "live", self.quality)

    @property
    def budget(self) -> int:
        """Samples of a frame, at most."""
        return self._pace.budget if self._in_motion else self._pace.rest

    @property
    def quality(self) -> Quality:
        """Of a frame: in motion as the pace allows or a person chose, at rest the highest."""
        return self._governor.quality if self._in_motion else "high"

    @property
    def chosen_quality(self) -> Quality | None:
        """That of all frames in motion; None: as good as the rate allows."""
        return self._governor.chosen

    @chosen_quality.setter
    def chosen_quality(self, quality: Quality | None) -> None:
        self._governor.chosen = quality

    def begin_eye(self, eye: Eye) -> int:
        """The framebuffer that is shown at the end of the frame, bound, with the eye's viewport."""
        assert self._target is not None
        gl = self._context.gl
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._target.framebuffer)
        gl.glViewport(*eye.viewport)
        return self._target.framebuffer

    def end_frame(self, frame: Frame) -> None:
        """Shows the picture and the panels, which may want more frames to settle over it."""
        self.refresh_panels()
        self._panel_frames = max(self._panel_frames - 1, 0)
        self._show()
        self._took_s = now_s() - self._begun_s
        if self._moves:
            self._calm_s = now_s() + CALM_S
            self._request_at(self._calm_s)
        self._pause()
        if self._in_motion:
            self._pace.drew(self.samples, self._took_s)
            self._governor.drew(self._took_s)

    def close(self) -> None:
        """Closes the window and frees the context; close the panels before."""
        for number, handler in self._signals.items():
            signal.signal(number, handler)
        self._signals.clear()
        self._input.close()
        if self._target is not None:
            self._target.close()
        self._context.close()

    def _await_work(self) -> bool:
        """Handles events until a frame is to be drawn or the window is closed. True when it had to wait for that."""
        waited = False
        while True:
            if self._is_wanted or self._panel_frames:
                self._glfw.poll_events()
            else:
                waited = True
                self._glfw.wait_events_timeout(min(self._idle_s(), self._input.longest_wait_s))
            if self._interrupted:
                raise KeyboardInterrupt
            self._input.handle()
            if self._panels_due_s is not None and now_s() >= self._panels_due_s:
                self._panels_due_s = None
                self.refresh_panels()
            if self._due_s is not None and now_s() >= self._due_s:
                self._wanted = True
            if self._closed or self._is_wanted:
                return waited
            if self._panel_frames and self._target is not None:
                self._panel_frames -= 1
                self._show()
                self._pause()

    @property
    def _is_wanted(self) -> bool:
        return (self._wanted or self.controls.is_moving) and min(self.size_px) > 0

    def _request_at(self, due_s: float) -> None:
        """Asks for another frame at a time, or before it."""
        self._due_s = due_s if self._due_s is None else min(due_s, self._due_s)

    def _idle_s(self) -> float:
        """How long to wait for events at once."""
        return IDLE_S if self._due_s is None else min(max(self._due_s - now_s(), SHORTEST_WAIT_S), IDLE_S)

    def _show(self) -> None:
        """Copies the target to the window and draws the panels."""
        assert self._target is not None
        gl, size_px = self._context.gl, self._target.size_px
        bounds = 0, 0, *size_px
        gl.glBindFramebuffer(gl.GL_READ_FRAMEBUFFER, self._target.framebuffer)
        gl.glBindFramebuffer(gl.GL_DRAW_FRAMEBUFFER, 0)
        gl.glBlitFramebuffer(*bounds, *bounds, gl.GL_COLOR_BUFFER_BIT, gl.GL_NEAREST)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, 0)
        gl.glViewport(*bounds)
        if self._panels is not None:
            if self._panel_fit != (size_px, self.content_scale):
                self._panel_fit = size_px, self.content_scale
                self._panels.resize(*self._panel_fit)
            self._panels.frame(now_s() - self._shown_s, self._draw_panels)
        self._glfw.swap_buffers(self._window)

    def _pause(self) -> None:
        """Waits for the display where the driver does not."""
        rest_s = self._shown_s + self._period_s * VSYNC_SHARE - now_s()
        if rest_s > 0:
            time.sleep(rest_s)
        self._shown_s = now_s()

    def _fit(self) -> None:
        """Sees to it that the target has the window's size."""
        if self._target is not None and self._target.size_px == self.size_px:
            return
        if self._target is not None:
            self._target.close()
        self._target = Target(*self.size_px)

    def _display_rate(self) -> float:
        monitor = self._glfw.get_primary_monitor()
        mode = self._glfw.get_video_mode(monitor) if monitor else None
        return max(float(mode.refresh_rate) if mode else 0.0, LOWEST_RATE)

    def _listen(self) -> None:
        """Changes of the window itself; callbacks only note them."""
        self._glfw.set_window_close_callback(self._window, lambda window: setattr(self, "_closed", True))
        self._glfw.set_window_refresh_callback(self._window, lambda window: self.request())
        self._glfw.set_framebuffer_size_callback(self._window, lambda window, width, height: self.request())
        self._glfw.set_window_size_callback(self._window, lambda window, width, height: self.request())
        self._glfw.set_window_content_scale_callback(self._window, lambda window, x, y: self.request())

    def _catch_signals(self) -> dict[int, Any]:
        """The handlers replaced by `_interrupt`: Python's own, which raise where glfw would lose the exception."""
        if threading.current_thread() is not threading.main_thread():
            return {}
        numbers = [number for number in (signal.SIGINT, signal.SIGTERM) if _raises_interrupt(number)]
        return {number: signal.signal(number, self._interrupt) for number in numbers}

    def _interrupt(self, number: int, stack: Any) -> None:
        if self._interrupted:  # the second time at once, whatever runs
            raise KeyboardInterrupt
        self._interrupted = True


def _raises_interrupt(number: int) -> bool:
    return signal.getsignal(number) is signal.default_int_handler
