"""`tensornaut record`: a flight through a model as a video."""

from __future__ import annotations

import argparse

from ..engine.kernels.errors import InputError
from ..engine.view import Eye
from ..scenes.strings import text
from .options import add_input, add_source, check_output, wants_gpu
from .picture import add_picture_options, open_drawing, open_scene, parse_size
from .picture_run import shown_run
from .progress import Progress

MOST_FPS, MOST_SECONDS = 240, 36_000.0
FLIGHTS = ("tour", "overview")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """SOURCE OUT.mp4, what all pictures have, --input --device --fps --seconds --flight."""
    add_source(parser)
    parser.add_argument("output", metavar="OUT.mp4", help=text("cli.argument.film"))
    add_picture_options(parser, "1280x720")
    add_input(parser)
    parser.add_argument("--fps", type=int, default=30, metavar="N", help=text("cli.option.fps"))
    parser.add_argument("--seconds", type=float, default=12.0, metavar="S", help=text("cli.option.seconds"))
    parser.add_argument("--flight", choices=FLIGHTS, default="tour", help=text("cli.option.flight"))


def run(arguments: argparse.Namespace) -> int:
    """Exit code of writing the film: exactly seconds x fps pictures, or no file at all."""
    output = check_output(arguments.output, (".mp4", ".webm"))
    size_px = parse_size(arguments.size)
    rate, seconds = arguments.fps, arguments.seconds
    if not 1 <= rate <= MOST_FPS:
        raise InputError("--fps", "option_value", found=str(rate), expected=f"1 to {MOST_FPS}")
    if not 1 / rate <= seconds <= MOST_SECONDS:
        expected = f"{1 / rate:g} to {MOST_SECONDS:g}"
        raise InputError("--seconds", "option_value", found=f"{seconds:g}", expected=expected)
    built = open_scene(arguments, size_px[1])
    shown = shown_run(built, arguments.input, wants_gpu(arguments))

    from ..engine import loop
    from ..engine.outputs.offscreen import OffscreenClock
    from ..engine.outputs.video import VideoSink
    from ..scenes.focus import show_focus
    from ..scenes.overview_tour import overview_tour
    from ..scenes.tours import default_tour, light_tour, place_of_light

    fly = overview_tour if arguments.flight == "overview" else light_tour if shown else default_tour
    tour = fly(built, size_px[0] / size_px[1], seconds)

    def eyes_at(index: int, time_s: float) -> tuple[Eye, ...]:
        if shown is not None:
            shown.light(place_of_light(time_s, seconds, shown.wave.length), size_px)
        show_focus(built, tour.focus.at(time_s))
        return (tour.eye(time_s, size_px, built.scene.length),)

    count = round(seconds * rate)
    context, renderer, prepare = open_drawing(arguments, built)
    clock = OffscreenClock(context, size_px, count=count, rate=rate, eyes_at=eyes_at)
    film = VideoSink(output, size_px, rate, least_frames=count)
    with Progress(text("progress.recording"), count) as progress:
        counter = loop.Watcher(lambda frame, eye, framebuffer: progress.advance())
        loop.run(clock, [film, counter], prepare, renderer.draw)
    return 0
