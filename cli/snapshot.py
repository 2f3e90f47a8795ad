"""`tensornaut snapshot`: one picture of a model as a PNG."""

from __future__ import annotations

import argparse

from ..scenes.focus import WHOLE, Focus, show_focus
from ..scenes.strings import text
from ..scenes.views import NAMED, typical_layer, view_named
from .options import add_input, add_source, check_output
from .picture import add_picture_options, open_drawing, open_scene, parse_size
from .picture_run import parse_share, shown_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """SOURCE OUT.png --size --theme --look --range --flat --threads --rasterizer --camera --input --at."""
    add_source(parser)
    parser.add_argument("output", metavar="OUT.png", help=text("cli.argument.picture"))
    add_picture_options(parser, "1920x1080")
    parser.add_argument("--camera", choices=NAMED, default="overview", help=text("cli.option.camera"))
    add_input(parser)
    parser.add_argument("--at", type=parse_share, default=1.0, metavar="SHARE", help=text("cli.option.at"))


def run(arguments: argparse.Namespace) -> int:
    """Exit code of writing the picture."""
    output = check_output(arguments.output, (".png",))
    size_px = parse_size(arguments.size)
    built = open_scene(arguments)
    shown = shown_run(built, arguments.input)
    if shown is not None:
        shown.light(arguments.at * shown.wave.length, size_px)

    from ..engine import loop
    from ..engine.outputs.offscreen import OffscreenClock
    from ..engine.outputs.snapshot import SnapshotSink

    depth = NAMED.index(arguments.camera)
    show_focus(built, Focus(typical_layer(built), float(depth)) if depth else WHOLE)
    eye = view_named(built, arguments.camera, size_px[0] / size_px[1]).eye(size_px, built.scene.length)
    context, prepare, draw = open_drawing(arguments, built)
    clock = OffscreenClock(context, size_px, count=1, rate=1, eyes_at=lambda index, time_s: (eye,))
    loop.run(clock, [SnapshotSink(output)], prepare, draw)
    return 0
