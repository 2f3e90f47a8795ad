"""`tensornaut SOURCE`: a model in a window, flown through by keys, mouse and gamepad."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.cache import opened
from ..engine.commands import Command, CommandTable, Undo
from ..engine.controls import PACE
from ..engine.kernels.errors import InputError
from ..engine.kernels.names import clean
from ..engine.outputs.window_memory import Choices, remember, remembered
from ..engine.rasterize import AUTO
from ..engine.view import QUALITIES
from ..loaders.open import open_network
from ..scenes.focus import say_block
from ..scenes.looks import VALUE, Look
from ..scenes.strings import text
from ..scenes.style import THEMES
from .main import has_display, one_line
from .options import add_input, add_source, check_output, wants_gpu
from .picture import add_picture_options, look_of, parse_pool, parse_size
from .view_pictures import Pictures
from .view_runs import ViewRuns
from .view_weights import Weights

if TYPE_CHECKING:
    import numpy as np

    from ..engine.picking import Pick
    from ..engine.scene import Scene
    from ..engine.view import Eye, Frame, Quality
    from ..loaders.network import Network
    from ..scenes.survey_feed import SurveyFeed

USUAL_SIZE, USUAL_THEME = "1280x720", "dark"
SURVEY_S = 0.25  # between two looks at the survey, at rest
FILM_RATE = 60  # frames a second at most
TITLE_LIMIT = 80
RECOLORING = ("look.next", "look.previous", "look.range", "look.set", "view.theme")  # read what is in view once more
GESTURES = ("help.drag", "help.pan", "help.look", "help.wheel", "help.click", "help.double_click", "help.drop")
PAD_GESTURES = ("help.pad.sticks", "help.pad.triggers", "help.pad.buttons", "help.pad.cross", "help.pad.bumpers")
LOST_FRAMES = 8  # in motion, between two looks at whether anything is in view


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """SOURCE, what all pictures have, --input --device --pad --record --pool."""
    add_source(parser)
    add_picture_options(parser, USUAL_SIZE)
    parser.set_defaults(size=None, theme=None)
    add_input(parser)
    parser.add_argument("--pad", action="store_true", help=text("cli.option.pad"))
    parser.add_argument("--record", metavar="OUT.mp4", help=text("cli.option.record"))
    parser.add_argument("--pool", type=parse_pool, default=0, metavar="MB", help=text("cli.option.pool"))


def run(arguments: argparse.Namespace) -> int:
    """Exit code of the window: 0 when it was closed."""
    film = check_output(arguments.record, (".mp4", ".webm")) if arguments.record else None
    chosen = remembered()
    size = parse_size(arguments.size) if arguments.size else chosen.size or parse_size(USUAL_SIZE)
    theme = arguments.theme or (chosen.theme if chosen.theme in THEMES else USUAL_THEME)
    network = open_network(arguments.source)
    inputs = _inputs(network, arguments.input) if arguments.input else None
    cuda = wants_gpu(arguments)
    if not has_display():
        raise InputError("display", "no_display")
    drawing = arguments.threads, look_of(arguments), arguments.pool, arguments.rasterizer
    viewer = Viewer(network, size, theme, *drawing)
    try:
        viewer.take_up(chosen)
        viewer.start(inputs, arguments.pad, cuda)
        viewer.run(film)
    finally:
        viewer.close()
    return 0


class Viewer:
    """A session in a window: the commands of both, panels over the picture, pictures taken by F12."""

    def __init__(
        self,
        network: Network,
        size: tuple[int, int],
        theme: str,
        threads: int,
        look: Look = VALUE,
        pool_bytes: int = 0,
        rasterizer: str = AUTO,
    ) -> None:
        from ..engine.outputs.window import Hooks, WindowClock, open_context
        from ..engine.panel_host import PanelHost
        from ..engine.renderer import Renderer
        from ..scenes.lost_files import LostFiles
        from ..scenes.panels.astray import Astray
        from ..scenes.panels.notice import Notices
        from ..scenes.panels.survey_line import SurveyLine
        from ..scenes.session import Session

        self._cache = opened()
        self._context = open_context(size, _title(network))
        self._session = Session(network, theme, size[0] / size[1], self._show, look)
        self._renderer = Renderer(self._context, self._session.built.scene, threads, pool_bytes, rasterizer)
        self._panels = PanelHost(size, theme=self._session.built.scene.theme)
        self._notices, self._lost = Notices(), LostFiles(network)
        self._feed: SurveyFeed | None = None  # begins after the first picture
        self._line = SurveyLine()
        self._astray = Astray()
        self._pace = self._session.controls.pace
        self._helps = False
        self._pictures = Pictures(lambda: self._session.built.network.name, self._say)
        self._mouse_px: tuple[float, float] | None = None
        self._eye: Eye | None = None
        self._tau = 0.0
        commands = CommandTable()
        self._weights = Weights(self._session, commands, self._pick, self._say)
        self._runs = ViewRuns(self._session, commands, self._say, lambda: self._clock.request())
        own = [*self._weights.commands(), *self._runs.commands(), *self._commands(commands)]
        for command in [*self._session.commands(), *own]:
            commands.add(self._reading(command) if command.name in RECOLORING else command)
        self._table = commands
        told = self._weights.click, self._weights.focus, self._hover, self._leave, self._pivot_at, self._drop
        hooks = Hooks(*told, self._runs.stroke, self._runs.end_stroke, self._greet)
        controls = self._session.controls
        self._clock = WindowClock(self._context, controls, commands, self._panels, self._draw_panels, hooks)
        self._weights.show_in(self._clock)
        self._session.resize(self._clock.size_px)

    def run(self, film: Path | None = None) -> None:
        """Returns when the window was closed. `film`: where to write what is seen meanwhile."""
        from ..engine import loop

        sinks: list[loop.Sink] = [loop.Watcher(self._pictures.receive)]
        if film is not None:
            from ..engine.outputs.video import VideoSink

            sinks.append(VideoSink(film, self._clock.size_px, FILM_RATE))
        self._say(text("help.hint"))
        gc.freeze()  # all that is there stays: looking through it again would hold up a frame now and then
        loop.run(self._clock, sinks, self._prepare, self._draw)

    def take_up(self, chosen: Choices) -> None:
        """Flies as fast and draws as well as was chosen the last time."""
        if chosen.pace is not None:
            self._session.controls.set_pace(chosen.pace)
            self._pace = self._session.controls.pace
        self._clock.chosen_quality = chosen.quality

    def start(self, inputs: Mapping[str, np.ndarray] | None, with_pad: bool, cuda: bool = False) -> None:
        """Runs the network on what is given, with `cuda` on a GPU; opens the drawing pad."""
        self._session.runs.cuda = cuda
        if with_pad:
            self._runs.toggle_pad()
        if inputs is not None:
            self._runs.start(inputs)

    def close(self) -> None:
        """Frees everything, and remembers what was chosen."""
        size = self._clock.window_size or remembered().size
        remember(Choices(size, self._session.theme, self._session.controls.pace, self._clock.chosen_quality))
        if self._feed is not None:
            self._feed.close()
        self._weights.close()
        self._runs.close()
        self._renderer.detail.pool.close()
        self._panels.close()
        self._clock.close()

    def _commands(self, table: CommandTable) -> list[Command]:
        """What concerns the window and not the model."""
        return [
            Command("app.snapshot", self._pictures.want, "F12"),
            Command("app.reopen", self._reopen, "F5"),
            Command("app.fullscreen", lambda: self._clock.toggle_full_screen(), "F11"),
            Command("app.quality", self._next_quality, "K"),
            Command("app.undo", lambda: _nothing(table.undo()), "Ctrl+Z"),
            Command("app.redo", lambda: _nothing(table.redo()), "Ctrl+Shift+Z"),
            Command("app.escape", self._escape, "Escape"),
            Command("help.toggle", self._toggle_help, "?"),
        ]

    def _reading(self, command: Command) -> Command:
        """The command, not done when what it needs cannot be read any more: what is in view stays so."""

        def run(**arguments: Any) -> Undo | None:
            refusal = self._lost.refusal()
            if refusal is None:
                return command.run(**arguments)
            self._say(refusal)
            return None

        return replace(command, run=run)

    def _prepare(self, frame: Frame) -> None:
        width, height = self._clock.size_px
        if self._session.resize((width, height)):
            self._clock.request()
        self._runs.prepare()
        wants_more = self._session.prepare(frame.time_s)
        self._weights.prepare()
        self._renderer.prepare(frame)
        detail = self._renderer.detail
        say_block(self._session.built, detail)
        self._clock.samples = detail.samples
        if wants_more or detail.tau != self._tau:
            self._clock.request()
        elif detail.waiting:
            self._clock.request_soon()
        self._tau, self._eye = detail.tau, frame.eyes[0]
        self._note_flight(frame)
        self._lose(detail.pool.faults)
        self._lose(self._session.built.analysis.faults)
        if fault := self._renderer.take_fault():
            self._say(one_line(fault))

    def _note_flight(self, frame: Frame) -> None:
        """Says how fast one flies when that was changed, and notes whether anything of the model is in view."""
        controls = self._session.controls
        if controls.pace != self._pace:
            self._pace = controls.pace
            shown_s = self._notices.tell("pace", text("move.pace", pace=f"{self._pace / PACE:.2g}"))
            self._clock.refresh_panels(shown_s + 0.1)
        if frame.index % LOST_FRAMES == 0 or not controls.is_moving:
            self._astray.note(controls.is_lost(self._session.size_px))

    def _draw(self, frame: Frame, eye: Eye, framebuffer: int) -> None:
        self._renderer.draw(frame, eye, framebuffer)
        if self._renderer.is_fading:
            self._clock.request()

    def _lose(self, faults: list[tuple[str, str]]) -> None:
        """Says what became of the files, once; `faults` are taken note of."""
        words = self._lost.words(faults)
        faults.clear()
        if words is not None:
            self._say(words)

    def _show(self, scene: Scene) -> None:
        """Another scene: another model, or another theme."""
        self._renderer.show(scene)
        self._panels.color(scene.theme)
        self._eye = None

    def _draw_panels(self) -> None:
        from ..scenes.panels.help import help_panel
        from ..scenes.panels.notice import notice_panel

        self._survey()
        notice_panel(self._notices, self._runs.has_transport)
        if self._helps:
            help_panel(self._table, text, GESTURES, PAD_GESTURES if self._clock.has_gamepad else ())
            return
        self._runs.draw()
        self._show_way_home()
        if self._eye is not None:
            self._weights.draw(self._mouse_px, self._eye, self._runs.words, self._runs.has_pad)
            self._lose(self._weights.faults)

    def _survey(self) -> None:
        """Goes on with the survey of all numbers, and shows how far it is."""
        from ..scenes.panels.survey_line import survey_panel
        from ..scenes.survey_feed import SurveyFeed

        if self._eye is None:
            return
        if self._feed is None:
            self._feed = SurveyFeed(self._session.built.network, self._cache)
        if self._feed.take(self._session.built):
            self._clock.request()
        self._lose(self._feed.faults)
        done, total = self._feed.progress
        if total:
            words = self._line.words(done, total)
            survey_panel(done / total, None if self._notices.shown else words)
        if not self._feed.is_done or self._notices.shown:  # notices must go again
            self._clock.refresh_panels(SURVEY_S)

    def _show_way_home(self) -> None:
        """Where nothing of the model has been in view for a while."""
        from ..scenes.panels.astray import astray_panel

        wait_s = self._astray.wait_s
        if wait_s:
            self._clock.refresh_panels(min(wait_s, SURVEY_S))
        elif wait_s is not None:
            astray_panel(self._go_home)

    def _go_home(self) -> None:
        self._table.run("view.home")
        self._clock.request()

    def _greet(self, name: str) -> None:
        """Says that a gamepad is there."""
        self._say(text("help.pad.here", name=name))

    def _pick(self, x_px: float, y_px: float) -> Pick | None:
        from ..engine.picking import pick

        if self._eye is None:
            return None
        return pick(self._renderer.detail, self._eye, x_px, self._eye.size_px[1] - y_px)

    def _hover(self, x_px: float, y_px: float) -> None:
        self._mouse_px = x_px, y_px

    def _leave(self) -> None:
        self._mouse_px = None

    def _pivot_at(self, x_px: float, y_px: float) -> np.ndarray | None:
        found = self._pick(x_px, y_px)
        return found.position if found is not None else None

    def _drop(self, paths: list[str]) -> None:
        if not self._runs.drop(paths[0]):
            self._open(paths[0], self._session.open)

    def _reopen(self) -> None:
        """Opens the file again; the camera stays where the same tensors are."""
        if self._open(self._session.built.network.path, self._session.reopen):
            self._say(text("lost.reopened", name=clean(self._session.built.network.name, TITLE_LIMIT)))

    def _open(self, place: str, show: Callable[[Network], bool | None]) -> bool:
        """True when another network is shown; what cannot be opened is said, and changes nothing."""
        from ..scenes.lost_files import LostFiles
        from ..scenes.panels.survey_line import SurveyLine

        try:
            network = open_network(place)
            is_alike = show(network)
        except InputError as error:
            self._say(one_line(error))
            return False
        if not is_alike:
            self._table.forget()
        self._renderer.detail.pool.retry()
        if self._feed is not None:
            self._feed.close()
            self._feed, self._line = None, SurveyLine()
        self._lost = LostFiles(network)
        self._runs.opened()
        self._clock.set_title(_title(network))
        return True

    def _escape(self) -> None:
        """Closes the help, else ends a flight or lets go of the selected weight; in any case lets go of the mouse."""
        self._clock.release()
        if self._helps:
            self._helps = False
        elif self._session.controls.is_moving or not self._weights.escape():
            self._session.stop()

    def _next_quality(self) -> None:
        """Has frames in motion drawn as the rate allows, then at each quality, and says so."""
        ways: tuple[Quality | None, ...] = (None, *QUALITIES)
        chosen = ways[(ways.index(self._clock.chosen_quality) + 1) % len(ways)]
        self._clock.chosen_quality = chosen
        self._say(text("view.quality", quality=text(f"view.quality.{chosen or 'auto'}")))

    def _toggle_help(self) -> None:
        self._helps = not self._helps

    def _say(self, words: str) -> None:
        """Shows a notice, and sees to it that it goes again."""
        self._clock.refresh_panels(self._notices.add(words) + 0.1)
        self._clock.refresh_panels()


def _inputs(network: Network, words: Sequence[str]) -> Mapping[str, np.ndarray]:
    """What `--input` gives. Raises InputError."""
    from ..scenes.programs import program_of
    from .run_input import inputs_of

    return inputs_of(program_of(network).inputs, words)


def _nothing(result: bool) -> None:
    """Undoing is not itself undone."""


def _title(network: Network) -> str:
    return f"{clean(network.name, TITLE_LIMIT)} - Tensornaut"
