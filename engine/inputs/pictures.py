"""Picture files as arrays for networks, by Pillow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..kernels.errors import InputError

__all__ = ["SUFFIXES", "read_picture"]

SUFFIXES = (".png", ".jpg", ".jpeg")
MOST_PIXELS = 1 << 26
MODES = {1: "L", 3: "RGB", 4: "RGBA"}  # by channels
MOST_SIDE = 1 << 14  # pixels that a model may want


def read_picture(path: Path, shape: tuple[int | str | None, ...]) -> np.ndarray:
    """float32 of 0 (black) to 1 (white) for an input of this shape: channels before or behind the places, or none.

    (1, channels, height, width) or (1, height, width, channels) or (height, width) with leading ones. The picture is
    brought to the height and width of the input, where these are stated. Raises InputError.
    """
    picture = _opened(path)
    channels, height, width, behind = _layout(path, shape)
    try:
        picture = picture.convert(MODES[channels])
        size = (width or picture.width, height or picture.height)
        if picture.size != size:
            picture = picture.resize(size)
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(str(path), "unreadable", reason=str(error)) from error
    pixels = np.asarray(picture, np.float32).reshape(size[1], size[0], channels) / np.float32(255)
    if not behind:
        pixels = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    if len(shape) < 3:
        pixels = pixels.reshape(size[1], size[0])
    return pixels.reshape((1,) * (len(shape) - pixels.ndim) + pixels.shape)


def _opened(path: Path) -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise InputError(str(path), "no_pillow") from error
    try:
        picture = Image.open(path, formats=("PNG", "JPEG"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(str(path), "unreadable", reason=str(error)) from error
    if picture.width * picture.height > MOST_PIXELS:
        found = f"{picture.width} x {picture.height} pixels"
        raise InputError(str(path), "run_input_numbers", found=found, expected=f"at most {MOST_PIXELS}")
    return picture


def _layout(path: Path, shape: tuple[int | str | None, ...]) -> tuple[int, int | None, int | None, bool]:
    """(channels, height and width where stated, whether channels stand behind). Raises InputError."""
    sides = [side if isinstance(side, int) else None for side in shape]
    found: tuple[int | None, int | None, int | None, bool] = None, None, None, False
    if len(sides) >= 3 and sides[-3] in MODES:
        found = sides[-3], sides[-2], sides[-1], False
    elif len(sides) >= 3 and sides[-1] in MODES:
        found = sides[-1], sides[-3], sides[-2], True
    elif len(sides) == 2:
        found = 1, sides[0], sides[1], True
    channels, height, width, behind = found
    if channels is None or max(height or 1, width or 1) > MOST_SIDE:
        text = f"({', '.join('?' if side is None else str(side) for side in shape)})"
        raise InputError(str(path), "run_input_numbers", found=f"a picture for an input {text}", expected="numbers")
    return channels, height, width, behind
