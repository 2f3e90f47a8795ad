"""`tensornaut snapshot`: one picture of a model as a PNG."""

from __future__ import annotations

import argparse
from dataclasses import replace

from ..engine.view import Eye, Frame
from ..scenes.cameras import FORMS, parse_camera, stand
from ..scenes.focus import show_focus
from ..scenes.groundless import leave_out_floor
from ..scenes.strings import text
from .options import add_input, add_source, check_output, wants_gpu
from .picture import add_picture_options, open_drawing, open_scene, parse_size
from .picture_run import parse_share, shown_run
from .progress import Progress

LARGEST_PX = 16_384
USUAL_PX, USUAL_SAMPLES, MOST_SAMPLES = 1920 * 1080, 1_000_000, 40_000_000  # points of light in a picture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """SOURCE OUT.png, what all pictures have, --camera --transparent --input --device --at."""
    add_source(parser)
    parser.add_argument("output", metavar="OUT.png", help=text("cli.argument.picture"))
    add_picture_options(parser, "1920x1080")
    parser.add_argument("--camera", default="overview", metavar="WHERE", help=text("cli.option.camera", forms=FORMS))
    parser.add_argument("--transparent", action="store_true", help=text("cli.option.transparent"))
    add_input(parser)
    parser.add_argument("--at", type=parse_share, default=1.0, metavar="SHARE", help=text("cli.option.at"))


def run(arguments: argparse.Namespace) -> int:
    """Exit code of writing the picture."""
    output = check_output(arguments.output, (".png",))
    size_px = parse_size(arguments.size, LARGEST_PX)
    camera = parse_camera(arguments.camera)
    built = open_scene(arguments, size_px[1])
    view, focus = stand(built, camera, size_px[0] / size_px[1])
    shown = shown_run(built, arguments.input, wants_gpu(arguments))
    if shown is not None:
        view, focus = stand(built, camera, size_px[0] / size_px[1])  # there is more to see now
        shown.light(arguments.at * shown.wave.length, size_px)

    from ..engine import loop
    from ..engine.outputs.large_picture import GROUNDS, PictureSink, check_room, over_grounds, parts_of
    from ..engine.outputs.offscreen import OffscreenClock

    show_focus(built, focus)
    context, renderer, prepare = open_drawing(arguments, built)
    check_room(context, size_px)
    whole = view.eye(size_px, built.scene.length)
    eyes = parts_of(whole)
    if arguments.transparent:
        leave_out_floor(built)
        renderer.detail.fog_start = 0.0
        eyes = over_grounds(eyes)

    def draw(frame: Frame, eye: Eye, framebuffer: int) -> None:
        renderer.draw(frame, eye, framebuffer, GROUNDS[eye.target] if arguments.transparent else None)
        progress.advance()

    budget = round(USUAL_SAMPLES * max(1.0, size_px[0] * size_px[1] / USUAL_PX))
    held_px = eyes[0].held_px[2:]
    clock = OffscreenClock(context, held_px, 1, 1, lambda index, time_s: eyes, min(budget, MOST_SAMPLES))
    sink = PictureSink(output, size_px, int(arguments.theme == "light") if arguments.transparent else None)
    with Progress(text("progress.drawing"), len(eyes)) as progress:
        loop.run(clock, [sink], lambda frame: prepare(replace(frame, eyes=(whole,))), draw)
    return 0
