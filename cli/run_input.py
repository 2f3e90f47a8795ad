"""What `--input` says -> arrays for the inputs of a program."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..engine.inputs.pictures import SUFFIXES as PICTURES
from ..engine.inputs.pictures import read_picture
from ..engine.kernels.errors import InputError
from ..engine.runners.feeding import made, sizes_of, wanted
from ..engine.runners.program import Feed
from ..loaders.open import open_network

__all__ = ["inputs_of"]

TEXT_BYTES = 64 << 20
ZEROS, RANDOM = "zeros", "random"


def inputs_of(feeds: Sequence[Feed], words: Sequence[str]) -> dict[str, np.ndarray]:
    """Arrays by name of the input. `words`: FILE or NAME=FILE each. Raises InputError."""
    found: dict[str, np.ndarray] = {}
    made_up: dict[str, str] = {}  # input, or "" for all that nothing else is given for: what is given
    for word in words:
        name, given = _parted(feeds, word)
        arrays = {} if _is_made(given) else _arrays(feeds, name, given)
        for key in [name] if _is_made(given) else arrays:
            if key in found or key in made_up:
                raise InputError(key or word, "option_value", found="this input twice", expected="it once")
        found.update(arrays)
        if _is_made(given):
            made_up[name] = given
    sizes = sizes_of(feeds, found)
    for feed in feeds:
        given = made_up.get(feed.name, made_up.get("", ""))
        if feed.name not in found and given:
            found[feed.name] = made(feed, _seed(given), sizes)
    return found


def _parted(feeds: Sequence[Feed], word: str) -> tuple[str, str]:
    """(name of the input or "", what is given)."""
    for feed in sorted(feeds, key=lambda feed: -len(feed.name)):
        if word.startswith(f"{feed.name}="):
            return feed.name, word[len(feed.name) + 1 :]
    name, _, given = word.partition("=")
    if given and not Path(word).exists():
        raise InputError(name, "run_input_unknown", inputs=wanted(feeds))
    return "", word


def _is_made(given: str) -> bool:
    return given == ZEROS or given == RANDOM or given.startswith(f"{RANDOM}:")


def _seed(given: str) -> int | None:
    """None for zeros. Raises InputError."""
    if given == ZEROS:
        return None
    seed = given.partition(":")[2] or "0"
    if not (seed.isascii() and seed.isdigit() and len(seed) < 16):
        raise InputError("--input", "option_value", found=given, expected="random:SEED with a whole number")
    return int(seed)


def _arrays(feeds: Sequence[Feed], name: str, given: str) -> Mapping[str, np.ndarray]:
    """What one word gives, by name of the input. Raises InputError."""
    feed = next((feed for feed in feeds if feed.name == name), None)
    path = Path(given)
    if path.suffix.lower() == ".npz" and not name:
        tensors = open_network(path).tensors
        known = {feed.name for feed in feeds}
        if len(tensors) > 1 or len(feeds) != 1 or tensors.name(0) in known:
            return {tensor.name: tensor.values() for tensor in tensors}
    if feed is None:
        if len(feeds) != 1:
            raise InputError(given, "run_input_unknown", inputs=wanted(feeds))
        feed = feeds[0]
    return {feed.name: _file(path, feed)}


def _file(path: Path, feed: Feed) -> np.ndarray:
    suffix = path.suffix.lower()
    if suffix in (".npy", ".npz"):
        tensors = open_network(path).tensors
        if len(tensors) != 1:
            found = f"{len(tensors)} arrays"
            raise InputError(str(path), "run_input_numbers", found=found, expected="one, or the inputs by name")
        return tensors[0].values()
    if suffix in PICTURES:
        if not path.is_file():
            raise InputError(str(path), "not_found")
        return read_picture(path, feed.shape)
    if suffix in (".json", ".txt"):
        return _shaped(_numbers(path, suffix), feed)
    expected = "npy, npz, png, jpg, json or txt"
    raise InputError(str(path), "run_input_numbers", found=f"the ending {suffix}", expected=expected)


def _numbers(path: Path, suffix: str) -> np.ndarray:
    """The numbers of a text: nested lists of JSON, or lines. Raises InputError."""
    try:
        if path.stat().st_size > TEXT_BYTES:
            raise InputError(str(path), "run_input_numbers", found="a long text", expected=f"{TEXT_BYTES >> 20} MiB")
        content = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise InputError(str(path), "not_found") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), "unreadable", reason=str(error)) from error
    try:
        if suffix == ".json":
            array = np.array(json.loads(content))
        else:
            lines = [line.replace(",", " ").split() for line in content.splitlines()]
            rows = [[_number(word) for word in line] for line in lines if line]
            array = np.array(rows[0] if len(rows) == 1 else rows)
    except (ValueError, RecursionError) as error:
        raise InputError(str(path), "run_input_numbers", found=str(error)[:80], expected="numbers") from error
    if array.dtype.kind not in "fiub":
        raise InputError(str(path), "run_input_numbers", found="something else", expected="numbers")
    return array


def _number(word: str) -> int | float:
    try:
        return int(word)
    except ValueError:
        return float(word)


def _shaped(array: np.ndarray, feed: Feed) -> np.ndarray:
    """A plain list, or rows, in the shape of the input where they fill it."""
    if not feed.shape and array.size == 1:
        return array.reshape(())
    sides = [side if isinstance(side, int) else -1 for side in feed.shape]
    known = math.prod(side for side in sides if side > 0)
    if array.ndim < len(sides) and sides.count(-1) < 2 and 0 not in sides and array.size and array.size % known == 0:
        if sides.count(-1) or array.size == known:
            return array.reshape(sides)
    return array
