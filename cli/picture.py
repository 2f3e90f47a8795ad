"""What snapshot, record and view share: their options, and the way from a file to a scene."""

from __future__ import annotations

import argparse
import re
import sys
from typing import TYPE_CHECKING

from ..engine.cache import opened
from ..engine.kernels.errors import InputError
from ..engine.rasterize import AUTO, WANTED
from ..loaders.open import open_network
from ..scenes.analysis import Analysis
from ..scenes.focus import WHOLE, say_block, show_focus
from ..scenes.looks import LOOKS, RANGES, Look
from ..scenes.network_scene import NetworkScene, build, show_at
from ..scenes.peaks import find_pyramids, lacking
from ..scenes.strings import text
from ..scenes.style import THEMES
from .progress import Progress

if TYPE_CHECKING:
    from ..engine.gpu import Context
    from ..engine.loop import Prepare
    from ..engine.renderer import Renderer
    from ..engine.view import Frame

__all__ = [
    "add_picture_options",
    "look_of",
    "open_drawing",
    "open_scene",
    "parse_pool",
    "parse_size",
    "parse_threads",
]

ON_GPU = ("compute", "cuda")  # rasterizers whose pictures may differ a little from machine to machine
SMALLEST_PX, LARGEST_PX = 16, 8192
MOST_THREADS = 256
LEAST_POOL_MB = 64


def add_picture_options(parser: argparse.ArgumentParser, size: str) -> None:
    """--size, --theme, --threads, --rasterizer and the look: --look, --range, --flat."""
    parser.add_argument("--size", default=size, metavar="WxH", help=text("cli.option.size", size=size))
    parser.add_argument("--theme", choices=tuple(THEMES), default="dark", help=text("cli.option.theme"))
    parser.add_argument("--look", choices=LOOKS, default="value", help=text("cli.option.look", looks=", ".join(LOOKS)))
    parser.add_argument("--range", choices=RANGES, default="tensor", help=text("cli.option.range"))
    parser.add_argument("--flat", action="store_true", help=text("cli.option.flat"))
    parser.add_argument("--threads", type=parse_threads, default=0, metavar="N", help=text("cli.option.threads"))
    parser.add_argument("--rasterizer", choices=WANTED, default=AUTO, help=text("cli.option.rasterizer"))


def parse_size(size: str, largest_px: int = LARGEST_PX) -> tuple[int, int]:
    """(width_px, height_px) of "1920x1080". Raises InputError."""
    match = re.fullmatch(r"([0-9]{1,5})[x×]([0-9]{1,5})", size)
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (SMALLEST_PX <= width <= largest_px and SMALLEST_PX <= height <= largest_px):
        expected = f"WIDTHxHEIGHT, {SMALLEST_PX} to {largest_px}"
        raise InputError("--size", "option_value", found=size, expected=expected)
    return width, height


def parse_threads(threads: str) -> int:
    """Number of threads, 0 for as many as help. Raises InputError."""
    if not re.fullmatch(r"[0-9]{1,3}", threads) or int(threads) > MOST_THREADS:
        raise InputError("--threads", "option_value", found=threads, expected=f"0 to {MOST_THREADS}")
    return int(threads)


def parse_pool(megabytes: str) -> int:
    """Bytes of that many MiB. Raises InputError."""
    if not re.fullmatch(r"[0-9]{1,6}", megabytes) or int(megabytes) < LEAST_POOL_MB:
        raise InputError("--pool", "option_value", found=megabytes, expected=f"{LEAST_POOL_MB} to 999999")
    return int(megabytes) << 20


def look_of(arguments: argparse.Namespace) -> Look:
    """The look that --look, --range and --flat ask for."""
    return Look(arguments.look, arguments.range, not arguments.flat)


def open_scene(arguments: argparse.Namespace, height_px: int = 1080) -> NetworkScene:
    """The scene of the model in a file or folder, with all that exact pictures of this height need."""
    built = build(open_network(arguments.source), THEMES[arguments.theme], Analysis(), look_of(arguments))
    show_at(built, height_px)
    show_focus(built, WHOLE)
    if missing := lacking(built):
        count = sum(built.network.tensors[tensor].count for tensor in missing)
        with Progress(text("progress.peaks"), count) as progress:
            find_pyramids(built, progress.advance, opened())
    return built


def open_drawing(arguments: argparse.Namespace, built: NetworkScene) -> tuple[Context, Renderer, Prepare]:
    """(context without a window, what draws an eye there, what prepares a frame): for `loop.run`.

    Says on standard error when exact pictures are drawn on a GPU because that was asked for. Raises InputError.
    """
    from ..engine.gpu import Context
    from ..engine.renderer import Renderer

    context = Context.offscreen()
    renderer = Renderer(context, built.scene, arguments.threads, rasterizer=arguments.rasterizer)
    if arguments.rasterizer in ON_GPU:
        words = text("cli.rasterizer.on_gpu", rasterizer=arguments.rasterizer, renderer=context.renderer)
        print(words, file=sys.stderr)

    def prepare(frame: Frame) -> None:
        renderer.prepare(frame)
        say_block(built, renderer.detail)

    return context, renderer, prepare
