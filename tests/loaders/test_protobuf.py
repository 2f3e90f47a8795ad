"""Fields of protobuf messages are found wherever they stand, and what lies is refused."""

import os
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.loaders.errors import FormatError
from tensornaut.loaders.protobuf import BYTES, FIXED32, FIXED64, VARINT, Messages, decoded_varints, varint
from tensornaut.loaders.protobuf_values import Pieces, Varints
from tensornaut.loaders.source import Source

SIZES = {FIXED32: 4, FIXED64: 8}


def encoded(value):
    """A number as a varint."""
    value &= 2**64 - 1
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes([*data, value])


def written(fields):
    """(bytes, [(tag, start, stop, value)]) of a message."""
    data, places = b"", []
    for number, wire, value in fields:
        data += encoded(number << 3 | wire)
        if wire == VARINT:
            content, number_value = encoded(value), value
        elif wire == BYTES:
            data += encoded(len(value))
            content, number_value = value, 0
        else:
            content, number_value = value.to_bytes(SIZES[wire], "little", signed=True), value
        places.append((number << 3 | wire, len(data), len(data) + len(content), number_value))
        data += content
    return data, places


@st.composite
def fields(draw):
    wire = draw(st.sampled_from([VARINT, BYTES, FIXED32, FIXED64]))
    number = draw(st.one_of(st.integers(1, 30), st.integers(1, 2**29 - 1)))
    if wire == BYTES:
        return number, wire, draw(st.binary(max_size=200))
    bits = 8 * SIZES.get(wire, 8)
    return number, wire, draw(st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1))


messages_of_fields = st.lists(fields(), max_size=12)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Opens bytes as a file."""
    path = tmp_path_factory.mktemp("protobuf") / "data"

    def open_bytes(data):
        path.write_bytes(data)
        return Source.of(path).open()

    return open_bytes


def rows(found):
    columns = found.owners, found.tags, found.starts, found.stops, found.values
    return list(zip(*(column.tolist() for column in columns), strict=True))


def expected_rows(places, starts):
    return [
        (owner, tag, first + start, first + stop, value)
        for owner, (own, first) in enumerate(zip(places, starts, strict=True))
        for tag, start, stop, value in own
    ]


@given(st.lists(messages_of_fields, max_size=6), st.sampled_from([1, 40]), st.sampled_from([0, 3000]))
def test_all_fields_of_all_messages_are_found(opened, contents, times, gap):
    """Few messages are read one by one, many in step; those far apart by reads of their own."""
    contents = contents * times
    data, starts, places = b"", [], []
    for content in contents:
        message, own = written(content)
        data += bytes(gap)
        starts.append(len(data))
        places.append(own)
        data += message
    stops = [start + (own[-1][2] if own else 0) for start, own in zip(starts, places, strict=True)]
    with opened(data + b"\xff") as file:
        found = Messages(file).fields(np.array(starts, np.int64), np.array(stops, np.int64))
    assert rows(found) == expected_rows(places, starts)


@given(st.lists(st.tuples(fields(), st.integers(0, 9000)), max_size=8))
def test_long_fields_are_stepped_over(opened, content):
    content = [pair for field, size in content for pair in (field, (9, BYTES, b"a" * size))] + [(9, BYTES, b"z" * 5000)]
    data, places = written(content)
    with opened(data) as file:
        found = Messages(file).fields(np.array([0]), np.array([len(data)]))
        assert rows(found) == expected_rows([places], [0])
        names = found.of(9, BYTES)
        assert Messages(file).texts(names.starts, names.stops) == [
            value.decode("utf-8", "backslashreplace") for number, wire, value in content if (number, wire) == (9, BYTES)
        ]


@given(messages_of_fields, st.sampled_from([1, 300]), st.sampled_from([0, 5000]))
def test_a_message_that_was_cut_off_is_refused_unless_a_field_ends_there(opened, content, times, size):
    data, places = written([(1, BYTES, bytes(size)), *content] if size else content)
    ends = {stop for _, _, stop, _ in places} | {0}
    with opened(data * times) as file:
        for length in range(max(len(data) - 400, 0), len(data)):
            starts = np.arange(times) * len(data)
            messages = Messages(file)
            if length in ends:
                count = sum(stop <= length for _, _, stop, _ in places)
                assert len(messages.fields(starts, starts + length)) == count * times
                continue
            with pytest.raises(FormatError) as error:
                messages.fields(starts, starts + length)
            assert error.value.key == "protobuf_damaged"


LIES = {
    "a length beyond the message": encoded(1 << 3 | BYTES) + encoded(100) + b"abc",
    "a length beyond any file": encoded(1 << 3 | BYTES) + encoded(2**63 + 1) + b"abc",
    "a length of minus one": encoded(1 << 3 | BYTES) + encoded(-1) + b"abc",
    "a number that does not end": b"\x08" + b"\xff" * 11 + b"\x01",
    "a tag that does not end": b"\xff" * 6 + b"\x01",
    "field number 0": b"\x00\x01",
    "the begin of a group": b"\x0b\x0c",
    "the end of a group": b"\x0c",
    "wire type 6": b"\x0e\x01",
    "wire type 7": b"\x0f\x01",
    "a cut number of four bytes": b"\x0d\x01\x02",
}


@pytest.mark.parametrize("lie", sorted(LIES))
@pytest.mark.parametrize("before", [b"", b"\x10\x01", b"\x12\xa0\x1f" + bytes(4000)])
@pytest.mark.parametrize("times", [1, 300])
def test_lies_are_refused(opened, lie, before, times):
    data = before + LIES[lie]
    starts = np.arange(times) * len(data)
    with opened(data * times) as file, pytest.raises(FormatError) as error:
        Messages(file).fields(starts, starts + len(data))
    assert error.value.key == "protobuf_damaged"


def test_a_file_of_64_gb_costs_what_describes_it(tmp_path):
    path = tmp_path / "sparse"
    head, size = b"\x0a\x05names" + encoded(2 << 3 | BYTES), 1 << 36
    with open(path, "wb") as file:
        file.write(head + encoded(size) + b"\1")
        file.seek(len(head + encoded(size)) + size)
        file.write(b"\x18\x07")
    end = os.path.getsize(path)
    with Source.of(path).open() as file:
        tracemalloc.start()
        found = Messages(file).fields(np.array([0]), np.array([end]))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (found.tags >> 3).tolist() == [1, 2, 3] and found.values[-1] == 7
    assert peak < 1 << 20


@pytest.mark.parametrize("field", [b"\x08\x01", b"\x0a\x00"])
def test_more_fields_than_any_model_has_are_refused(opened, monkeypatch, field):
    monkeypatch.setattr("tensornaut.loaders.protobuf.PROTOBUF_FIELDS", 9999)
    data = field * 10_000
    with opened(data) as file:
        for starts, length in ((np.array([0]), len(data)), (np.arange(10_000) * 2, 2)):
            with pytest.raises(FormatError) as error:
                Messages(file).fields(starts, starts + length)
            assert error.value.key == "protobuf_too_much"


def test_more_text_than_any_model_has_is_refused(opened, monkeypatch):
    monkeypatch.setattr("tensornaut.loaders.protobuf.PROTOBUF_TEXT_BYTES", 999)
    with opened(b"a" * 1000) as file, pytest.raises(FormatError):
        Messages(file).texts(np.array([0]), np.array([1000]))


@given(st.lists(st.one_of(st.text(), st.binary()), max_size=20))
def test_texts_come_out_as_they_are_and_what_is_none_escaped(opened, texts):
    raw = [text.encode("utf-8", "replace") if isinstance(text, str) else text for text in texts]
    bounds = np.cumsum([0, *map(len, raw)])
    with opened(b"".join(raw)) as file:
        found = Messages(file).texts(bounds[:-1], bounds[1:])
    assert found == [text.decode("utf-8", "backslashreplace") for text in raw]


numbers = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(numbers, max_size=50))
def test_packed_numbers_are_decoded(values):
    raw = b"".join(map(encoded, values))
    assert decoded_varints(raw).tolist() == values
    for length in range(len(raw)):
        found = decoded_varints(raw[:length])
        assert found is None or found.tolist() == values[: len(found)]
    assert decoded_varints(raw + b"\xff") is None
    assert decoded_varints(b"\x80" * 10 + b"\0" + raw) is None


@given(numbers)
def test_a_number_is_decoded_and_where_it_ends_is_told(value):
    assert varint(b"x" + encoded(value) + b"y", 1, 10) == (value % 2**64, 1 + len(encoded(value)))


@given(st.data())
def test_numbers_in_pieces_are_read_in_part(opened, data):
    """As bytes of items of a fixed size, whatever the cut: into fields, into blocks, into reads."""
    values = data.draw(st.lists(st.one_of(st.integers(0, 3), numbers), max_size=40))
    item_bytes = data.draw(st.sampled_from([1, 2, 4, 8]))
    raw, starts, lengths = b"", [], []
    for value in values:
        raw += bytes(data.draw(st.integers(0, 1)))
        starts.append(len(raw))
        raw += encoded(value)
        lengths.append(len(raw) - starts[-1])
    whole = b"".join((value % 2**64).to_bytes(8, "little")[:item_bytes] for value in values)
    with opened(raw + b"\0") as file:
        pieces = Pieces(file.source, np.array(starts, np.int64), np.array(lengths, np.int64))
    assert pieces.read(0, pieces.size) == b"".join(map(encoded, values))
    offset = data.draw(st.integers(0, len(whole)))
    count = data.draw(st.integers(0, len(whole) - offset))
    assert Varints(pieces, item_bytes, len(values)).read(offset, count) == whole[offset : offset + count]
    with pytest.raises(FormatError):
        Varints(pieces, item_bytes, len(values) + 1).read(0, 0)


@pytest.mark.parametrize("block", [1, 2, 3, 7, 64])
def test_numbers_across_blocks_are_read(opened, monkeypatch, block):
    monkeypatch.setattr("tensornaut.loaders.protobuf_values.BLOCK_BYTES", block)
    values = [0, 1, -1, 300, 2**40, -5, 127, 128, 2**63 - 1, 7]
    with opened(b"".join(map(encoded, values))) as file:
        pieces = Pieces(file.source, np.array([0, 5]), np.array([5, file.source.size - 5]))
        varints = Varints(pieces, 8, len(values))
        for first in range(len(values)):
            for last in range(first, len(values) + 1):
                raw = varints.read(8 * first, 8 * (last - first))
                assert np.frombuffer(raw, "<i8").tolist() == values[first:last]
