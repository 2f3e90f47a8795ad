"""The wire format of protobuf, read off a file: where the fields of many messages stand, never more than that.

Long fields are stepped over without being read, so a message of a gigabyte costs what describes it. Messages in
messages are asked for by the next call: nothing here recurses. Fields and bytes of texts are bounded for each file.

Source: https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .errors import FormatError
from .limits import PROTOBUF_FIELDS, PROTOBUF_TEXT_BYTES, TEXT_BYTES
from .source import OpenFile
from .tensors import starts_of

__all__ = ["BYTES", "FIXED32", "FIXED64", "VARINT", "Fields", "Messages", "decoded_varints", "varint"]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
FIXED_SIZES = {FIXED64: 8, FIXED32: 4}
TAG_BYTES, VARINT_BYTES = 5, 10  # at most
HEAD_BYTES = TAG_BYTES + VARINT_BYTES
SHORT_BYTES = 4096  # messages up to this size are read whole, many at once
FEW = 128  # messages that are quicker to read one by one than all in step
FIRST_PIECE_BYTES, LARGEST_PIECE_BYTES = 512, 1 << 18  # read at a time of a long message
RUN_BYTES = 1 << 20  # read at a time of short messages
GAP_BYTES = 1024  # between messages that are read together
BEYOND = 1 << 50  # a length that no file has


@dataclass(frozen=True)
class Fields:
    """Fields of n messages, those of one message together and in their order. Each column is (fields,) int64."""

    owners: np.ndarray  # index of the message
    tags: np.ndarray  # number of the field * 8 + wire type
    starts: np.ndarray  # where the value begins in the file, behind tag and length
    stops: np.ndarray
    values: np.ndarray  # of varints, and the bits of fixed sizes; 0 for bytes

    @classmethod
    def of_columns(cls, parts: Sequence[np.ndarray]) -> Fields:
        """From pieces of the columns, (5, k) each, sorted by owner."""
        owners, tags, starts, stops, values = np.concatenate(parts, axis=1) if parts else NOTHING
        fields = cls(owners, tags, starts, stops, values)
        is_sorted = bool(np.all(owners[1:] >= owners[:-1]))
        return fields if is_sorted else fields.where(np.argsort(owners, kind="stable"))

    @classmethod
    def joined(cls, parts: Sequence[tuple[Fields, int]]) -> Fields:
        """All parts, one after the other, each with a number that is added to its owners."""
        columns = [(part.owners + first, part.tags, part.starts, part.stops, part.values) for part, first in parts]
        return cls(*(np.concatenate(column) for column in zip(*columns, strict=True))) if parts else NO_FIELDS

    def __len__(self) -> int:
        return len(self.owners)

    def where(self, chosen: np.ndarray | slice) -> Fields:
        """Some of the fields. `chosen`: mask, indices or slice."""
        columns = (self.owners, self.tags, self.starts, self.stops, self.values)
        return Fields(*(column[chosen] for column in columns))

    def of(self, number: int, wire: int) -> Fields:
        """The fields of one number and wire type."""
        return self.where(self.tags == number * 8 + wire)

    def last(self) -> Fields:
        """Of each message the last field: where a field stands twice, that one counts."""
        return self.where(np.flatnonzero(np.diff(self.owners, append=-1)))


NOTHING = np.zeros((5, 0), np.int64)
NO_FIELDS = Fields(*NOTHING)


class Messages:
    """Reads the messages of one open file. Raises FormatError for what is no protobuf, and beyond the limits."""

    def __init__(self, file: OpenFile) -> None:
        self.file = file
        self._fields_left = PROTOBUF_FIELDS
        self._text_left = PROTOBUF_TEXT_BYTES

    @property
    def path(self) -> str:
        return self.file.source.path

    def fields(self, starts: np.ndarray, stops: np.ndarray) -> Fields:
        """Fields of the messages at bytes [start, stop) of the file. (n,) int64 each."""
        is_long = stops - starts > SHORT_BYTES
        parts = [self._long(owner, int(starts[owner]), int(stops[owner])) for owner in np.flatnonzero(is_long).tolist()]
        short = np.flatnonzero(~is_long)
        for chosen, data, places, shifts in self._batches(starts[short], stops[short]):
            columns = self._short(data, places, places + (stops - starts)[short[chosen]], shifts)
            columns[0] = short[chosen][columns[0]]
            parts.append(columns)
        return Fields.of_columns(parts)

    def texts(self, starts: np.ndarray, stops: np.ndarray) -> list[str]:
        """(n,) texts; of one longer than any name the beginning. What is no UTF-8 is escaped."""
        clipped = np.minimum(stops, starts + TEXT_BYTES)
        self._text_left -= int((clipped - starts).sum())
        if self._text_left < 0:
            raise FormatError(self.path, "protobuf_too_much", what="bytes of text", limit=PROTOBUF_TEXT_BYTES)
        texts = [""] * len(starts)
        for chosen, data, places, _ in self._batches(starts, clipped):
            characters = data.decode("latin-1")
            ends = places + (clipped - starts)[chosen]
            for row, start, stop in zip(chosen.tolist(), places.tolist(), ends.tolist(), strict=True):
                text = characters[start:stop]
                texts[row] = text if text.isascii() else data[start:stop].decode("utf-8", "backslashreplace")
        return texts

    def text_of_each(self, fields: Fields, count: int) -> list[str]:
        """(count,) text of each owner: that of its last field, "" where it has none."""
        last = fields.last()
        texts = self.texts(last.starts, last.stops)
        if len(texts) == count:
            return texts
        column = [""] * count
        for owner, text in zip(last.owners.tolist(), texts, strict=True):
            column[owner] = text
        return column

    def varints(self, starts: np.ndarray, stops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(owners, values) of varints packed at [start, stop); both (m,) int64."""
        owners, values = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for owner, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
            self._count(stop - start)
            found = decoded_varints(self.file.read(start, stop - start))
            if found is None:
                raise self._damaged(start, "numbers that do not end")
            owners.append(np.full(len(found), owner))
            values.append(found)
        return np.concatenate(owners), np.concatenate(values)

    def _count(self, fields: int) -> None:
        self._fields_left -= fields
        if self._fields_left < 0:
            raise FormatError(self.path, "protobuf_too_much", what="fields", limit=PROTOBUF_FIELDS)

    def _damaged(self, place: int, reason: str) -> FormatError:
        return FormatError(self.path, "protobuf_damaged", offset=place, reason=reason)

    def _long(self, owner: int, start: int, stop: int) -> np.ndarray:
        """Columns of one message, by small reads that step over long fields."""
        parts = []
        at, data, first, piece = start, b"", start, FIRST_PIECE_BYTES
        while at < stop:
            follows = at <= first + len(data) + piece
            piece = min(2 * piece, LARGEST_PIECE_BYTES) if follows and data else FIRST_PIECE_BYTES
            first, data = at, self.file.read(at, min(piece, stop - at))
            whole = first + len(data) == stop
            at, found = self._walk(owner, data, 0, len(data) if whole else len(data) - HEAD_BYTES, stop - first, first)
            parts.append(found)
        return np.concatenate(parts, axis=1)

    def _walk(self, owner: int, data: bytes, at: int, safe: int, stop: int, shift: int) -> tuple[int, np.ndarray]:
        """(place behind the last field, columns) of the fields that begin in data[at:safe].

        The message ends at data[stop], maybe beyond `data`; `shift` is added to places.
        """
        rows = array("q")
        add = rows.extend
        try:
            while at < safe:
                place = at
                tag, at = data[at], at + 1
                if tag >= 128:
                    tag, at = varint(data, at - 1, TAG_BYTES)
                wire = tag & 7
                if wire == BYTES:
                    size, at = data[at], at + 1
                    if size >= 128:
                        size, at = varint(data, at - 1, VARINT_BYTES)
                    start, value = at, 0
                    at += size
                elif wire == VARINT:
                    start = at
                    value, at = data[at], at + 1
                    if value >= 128:
                        value, at = varint(data, start, VARINT_BYTES)
                        value -= (value >> 63) << 64
                elif wire in FIXED_SIZES:
                    start = at
                    at += FIXED_SIZES[wire]
                    value = int.from_bytes(data[start:at], "little", signed=True)
                else:
                    raise self._damaged(shift + place, f"wire type {wire}")
                if at > stop or tag < 8:
                    raise self._damaged(shift + place, "it ends beyond its message" if at > stop else "number 0")
                add((owner, tag, shift + start, shift + at, value))
        except (IndexError, OverflowError) as error:
            raise self._damaged(shift + place, "a number that does not end") from error
        self._count(len(rows) // 5)
        return shift + at, np.array(rows, np.int64).reshape(-1, 5).T

    def _short(self, data: bytes, places: np.ndarray, ends: np.ndarray, shifts: np.ndarray) -> np.ndarray:
        """Columns of messages at data[place:end]: the next field of all of them at once, while there are many."""
        padded = np.frombuffer(data + bytes(2 * VARINT_BYTES), np.uint8)
        at, parts = places.copy(), []
        active = np.flatnonzero(at < ends)
        while len(active) > FEW:
            tags, begins = _varints_at(padded, at[active], TAG_BYTES)
            values, behind = _varints_at(padded, begins, VARINT_BYTES)
            wires = tags & 7
            is_bytes = wires == BYTES
            starts = np.where(is_bytes, behind, begins)
            stops = np.where(wires == VARINT, behind, BEYOND)
            stops[is_bytes] = (behind + np.where((values < 0) | (values > BEYOND), BEYOND, values))[is_bytes]
            for wire, size in FIXED_SIZES.items():
                chosen = np.flatnonzero(wires == wire)
                stops[chosen] = starts[chosen] + size
                values[chosen] = _fixed_at(padded, starts[chosen], size)
            values[is_bytes] = 0
            bad = np.flatnonzero((stops > ends[active]) | (tags < 8))
            if len(bad):
                break  # one by one, which tells what is wrong
            parts.append(np.stack([active, tags, starts + shifts[active], stops + shifts[active], values]))
            self._count(len(active))
            at[active] = stops
            active = active[stops < ends[active]]
        for owner in active.tolist():
            end = int(ends[owner])
            parts.append(self._walk(owner, data, int(at[owner]), end, end, int(shifts[owner]))[1])
        return np.concatenate([NOTHING, *parts], axis=1)

    def _batches(
        self, starts: np.ndarray, stops: np.ndarray
    ) -> Iterator[tuple[np.ndarray, bytes, np.ndarray, np.ndarray]]:
        """Short pieces of the file, about RUN_BYTES at a time: (chosen, data, places, shifts).

        Piece chosen[k] begins at data[places[k]]; places + shifts are places in the file.
        """
        filled = np.flatnonzero(stops > starts)
        order = filled[np.argsort(starts[filled], kind="stable")]
        starts, stops = starts[order], stops[order]
        behind = np.maximum.accumulate(stops)
        is_first = np.ones(len(order), bool)
        is_first[1:] = (starts[1:] - behind[:-1] > GAP_BYTES) | (np.diff(starts // RUN_BYTES) != 0)
        firsts = np.flatnonzero(is_first)
        run_starts = starts[firsts]
        run_stops = np.maximum.reduceat(stops, firsts) if len(firsts) else firsts
        batch_of_run = starts_of(run_stops - run_starts)[:-1] // RUN_BYTES
        bounds = np.flatnonzero(np.diff(batch_of_run, prepend=-1, append=-1)).tolist()
        members = np.append(firsts, len(order))
        for first, last in zip(bounds, bounds[1:], strict=False):
            begins, ends = run_starts[first:last].tolist(), run_stops[first:last].tolist()
            pieces = [self.file.read(begin, end - begin) for begin, end in zip(begins, ends, strict=True)]
            shifts = run_starts[first:last] - starts_of(list(map(len, pieces)))[:-1]
            chosen = slice(int(members[first]), int(members[last]))
            shift = np.repeat(shifts, np.diff(members[first : last + 1]))
            yield order[chosen], b"".join(pieces), starts[chosen] - shift, shift


def varint(data: bytes, at: int, most: int) -> tuple[int, int]:
    """(value of 64 bits, place behind it). Raises IndexError where it has more than `most` bytes or does not end."""
    value = 0
    for shift in range(0, 7 * most, 7):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, at
    raise IndexError("no end")


def _varints_at(data: np.ndarray, at: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """(values, places behind them), int64; BEYOND behind one that has more than `most` bytes."""
    values = data[np.minimum(at, len(data) - 1)].astype(np.int64)
    behind = at + 1
    rest = np.flatnonzero(values >= 128)
    values[rest] &= 127
    for k in range(1, most):
        if not len(rest):
            return values, behind
        byte = data[np.minimum(at[rest] + k, len(data) - 1)].astype(np.int64)
        values[rest] |= (byte & 127) << (7 * k)
        behind[rest] += 1
        rest = rest[byte >= 128]
    behind[rest] = BEYOND
    return values, behind


def _fixed_at(data: np.ndarray, at: np.ndarray, size: int) -> np.ndarray:
    """Signed little-endian numbers, int64."""
    places = np.minimum(at[:, None] + np.arange(size), len(data) - 1)
    return data[places].view(f"<i{size}").astype(np.int64).ravel()


def decoded_varints(raw: bytes) -> np.ndarray | None:
    """(n,) int64 varints that follow each other; None where the bytes are something else."""
    data = np.frombuffer(raw, np.uint8)
    lasts = np.flatnonzero(data < 128)
    if not len(data):
        return np.zeros(0, np.int64)
    if not len(lasts) or lasts[-1] != len(data) - 1:
        return None
    firsts = np.append(0, lasts[:-1] + 1)
    if (lasts - firsts).max() >= VARINT_BYTES:
        return None
    values = (data[firsts] & 127).astype(np.int64)
    rest = np.flatnonzero(lasts > firsts)
    for k in range(1, VARINT_BYTES):
        if not len(rest):
            break
        values[rest] |= (data[firsts[rest] + k] & 127).astype(np.int64) << (7 * k)
        rest = rest[lasts[rest] > firsts[rest] + k]
    return values
