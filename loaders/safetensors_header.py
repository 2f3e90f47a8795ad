"""The JSON header of safetensors as columns.

Headers as their writers make them are read by one regular expression, twice as fast as by a JSON parser and without an
object for each tensor. Anything else is read as JSON; tests show that both agree.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from .errors import FormatError
from .json_text import first_repeated, parse_object, unique_pairs
from .limits import LARGEST_NUMBER, LOOSE_HEADER_BYTES
from .network import starts_of, take_runs

__all__ = ["Columns", "parse_header"]

METADATA = "__metadata__"
ENTRY = re.compile(
    rb'("([^"\\\x00-\x1f]*)":\{"dtype":"([A-Z0-9_]{1,16}","shape":\[[0-9,]*)\],'
    rb'"data_offsets":\[([0-9]{1,18},[0-9]{1,18})\]\}[,}])'
)
SPECIFICATION = re.compile(rb'([A-Z0-9_]+)","shape":\[((?:[0-9]{1,18}(?:,[0-9]{1,18})*)?)')
LEADING_ZERO = re.compile(rb"[\[,]0[0-9]")  # no number in JSON
METADATA_BYTES = 1 << 20  # looked at for the usual kind of header
PIECE_BYTES = 64 << 10  # of the header matched at a time; few objects at once keep the garbage collector quiet


@dataclass(frozen=True)
class Columns:
    """The entries of a header, in its order."""

    names: list[str]
    dtype_codes: np.ndarray  # (n,) int64, index into dtype_names
    dtype_names: tuple[str, ...]  # as in the file
    dims: np.ndarray  # all shapes, joined, int64
    ranks: np.ndarray  # (n,) int64
    begins: np.ndarray  # (n,) int64, bytes from the start of the data
    ends: np.ndarray  # (n,) int64


def parse_header(header: bytes, path: str) -> tuple[Columns, dict[str, str]]:
    """The entries, and the metadata. Raises FormatError naming `path`."""
    if not header.startswith(b"{"):
        raise FormatError(path, "header_json", reason="no { at its start", format="safetensors")
    try:
        header.decode("utf-8")  # only a look: the text of 100 MB is not kept beside its bytes
    except UnicodeDecodeError as error:
        raise FormatError(path, "header_json", reason="no UTF-8", format="safetensors") from error
    found = _parse_usual(header, path)
    if found is None:
        found = _parse_any(header, path)
    names = found[0].names
    hashes = np.sort(np.fromiter(map(hash, names), np.int64, len(names)))
    if np.any(hashes[1:] == hashes[:-1]) and len(set(names)) < len(names):
        raise FormatError(path, "duplicate_name", tensor=first_repeated(names))
    return found


def _parse_usual(header: bytes, path: str) -> tuple[Columns, dict[str, str]] | None:
    """What `parse_header` returns, for a header without spaces, escapes and surprises; None for any other."""
    body = header.rstrip(b" ")
    metadata: dict[str, str] = {}
    at = 1
    opening = f'{{"{METADATA}":'
    if body.startswith(opening.encode()):
        text = body[:METADATA_BYTES].decode("utf-8", "replace")
        try:
            value, end = json.JSONDecoder(object_pairs_hook=unique_pairs).raw_decode(text, len(opening))
        except (ValueError, RecursionError):
            return None
        if not text.startswith(",", end):
            return None
        metadata = _metadata(value, path)
        at = len(text[: end + 1].encode())
    if body == b"{}":
        return _columns([], [], [], [np.zeros(0, np.int64)]), {}
    names: list[str] = []
    codes: dict[bytes, int] = {}  # of specifications
    coded: list[np.ndarray] = []
    offsets: list[np.ndarray] = []
    while at < len(body):
        pieces = tuple(zip(*ENTRY.findall(body, at, at + PIECE_BYTES), strict=True))
        entries = b"".join(pieces[0]) if pieces else b""
        at_end = at + len(entries)
        closed = b"}}" if at_end == len(body) else b"},"
        if not entries or not body.startswith(entries, at) or not entries.endswith(closed) or b"}}" in entries[:-2]:
            return None
        ranges = b",".join(pieces[3])
        if LEADING_ZERO.search(b"," + ranges):
            return None
        at = at_end
        names += b"\n".join(pieces[1]).decode("utf-8").split("\n")
        for specification in dict.fromkeys(pieces[2]):
            codes.setdefault(specification, len(codes))
        coded.append(np.fromiter(map(codes.__getitem__, pieces[2]), np.int64, len(pieces[2])))
        offsets.append(_numbers(ranges))
    if METADATA in names or not all(map(_is_plain, codes)):
        return None
    return _columns(names, list(codes), coded, offsets), metadata


def _is_plain(specification: bytes) -> bool:
    """True when type and shape are written as JSON wants them."""
    return bool(SPECIFICATION.fullmatch(specification)) and not LEADING_ZERO.search(specification)


def _columns(
    names: list[str], specifications: list[bytes], coded: list[np.ndarray], offsets: list[np.ndarray]
) -> Columns:
    """Columns of entries that are known to be well formed.

    `coded`: pieces of (n,) indices into the specifications; `offsets`: pieces of (2 n,) begin, end, begin, ...
    """
    codes = np.concatenate([np.zeros(0, np.int64), *coded])
    begins_and_ends = np.concatenate(offsets)
    matches = [SPECIFICATION.fullmatch(text) for text in specifications]
    dtypes = [match[1] for match in matches if match]
    shapes = [match[2] for match in matches if match]
    dtype_codes = {dtype: code for code, dtype in enumerate(dict.fromkeys(dtypes))}
    ranks = np.array([shape.count(b",") + 1 if shape else 0 for shape in shapes], np.int64)
    dims = _numbers(b",".join(shape for shape in shapes if shape))
    return Columns(
        names=names,
        dtype_codes=np.array([dtype_codes[dtype] for dtype in dtypes], np.int64)[codes],
        dtype_names=tuple(name.decode() for name in dtype_codes),
        dims=take_runs(dims, starts_of(ranks), codes),
        ranks=ranks[codes],
        begins=begins_and_ends[0::2].copy(),
        ends=begins_and_ends[1::2].copy(),
    )


def _numbers(text: bytes) -> np.ndarray:
    """int64 numbers out of a text of numbers of at most 18 digits between commas."""
    return np.fromstring(text.decode(), np.int64, sep=",") if text else np.zeros(0, np.int64)


def _parse_any(header: bytes, path: str) -> tuple[Columns, dict[str, str]]:
    """What `parse_header` returns, by way of a JSON parser."""
    if len(header) > LOOSE_HEADER_BYTES:
        raise FormatError(
            path, "header_size", found=len(header), expected=f"at most {LOOSE_HEADER_BYTES} unless written compactly"
        )
    content = parse_object(header.decode("utf-8"), path, "safetensors")
    metadata = _metadata(content.pop(METADATA), path) if METADATA in content else {}
    for name, entry in content.items():
        _check_entry(name, entry, path)
    entries = content.values()
    codes = {dtype: code for code, dtype in enumerate(dict.fromkeys(entry["dtype"] for entry in entries))}
    columns = Columns(
        names=list(content),
        dtype_codes=np.array([codes[entry["dtype"]] for entry in entries], np.int64),
        dtype_names=tuple(codes),
        dims=np.array([side for entry in entries for side in entry["shape"]], np.int64),
        ranks=np.array([len(entry["shape"]) for entry in entries], np.int64),
        begins=np.array([entry["data_offsets"][0] for entry in entries], np.int64),
        ends=np.array([entry["data_offsets"][1] for entry in entries], np.int64),
    )
    return columns, metadata


def _check_entry(name: str, entry: Any, path: str) -> None:
    """Raises FormatError unless the entry has a type, a shape and a range."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        _refuse(path, name, entry, "dtype, shape and data_offsets")
    if not isinstance(entry["dtype"], str) or len(entry["dtype"]) > 16:
        _refuse(path, name, entry["dtype"], "the name of a type")
    if not _are_sizes(entry["shape"]):
        _refuse(path, name, entry["shape"], "a list of sizes")
    if not _are_sizes(entry["data_offsets"]) or len(entry["data_offsets"]) != 2:
        _refuse(path, name, entry["data_offsets"], "two offsets")


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) is int and 0 <= size <= LARGEST_NUMBER for size in value)


def _refuse(path: str, name: str, found: Any, expected: str) -> NoReturn:
    shown = json.dumps(found)[:80] if not isinstance(found, dict) else ", ".join(map(str, found))[:80]
    raise FormatError(path, "header_shape", found=shown or "nothing", where=name, expected=expected)


def _metadata(value: Any, path: str) -> dict[str, str]:
    """The metadata, texts by name. Raises FormatError."""
    if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
        return value
    raise FormatError(path, "header_shape", found="something else", where=METADATA, expected="texts by name")
