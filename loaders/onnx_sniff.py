"""Tells an ONNX model by its first bytes from other messages of protobuf, which all look alike.

TensorFlow's and Core ML's models begin with the same field as ONNX; what follows differs.
"""

from __future__ import annotations

from .protobuf import BYTES, VARINT, varint

__all__ = ["matches"]

NUMBERS, TEXTS = {1, 5}, {2, 3, 4, 6}  # of ModelProto: versions, names and a description
GRAPH, OPSET = 7, 8
OTHERS = {14, 20, 25, 26}
GRAPH_TAGS = {number * 8 + BYTES for number in (1, 2, 5, 10, 11, 12, 13, 14, 15, 16)}
OPSET_TAGS = {1 * 8 + BYTES, 2 * 8 + VARINT}
DESCRIPTION = 6
LONGEST_NAME = 1024


def matches(start: bytes) -> bool:
    """True for the first bytes of an ONNX model, as far as they reach its graph or the versions of its operators."""
    at, has_opset = 0, False
    try:
        while at < len(start):
            tag, at = varint(start, at, 5)
            number, wire = tag >> 3, tag & 7
            if wire == VARINT and number in NUMBERS:
                _, at = varint(start, at, 10)
                continue
            if wire != BYTES or number not in TEXTS | OTHERS | {GRAPH, OPSET}:
                return False
            size, at = varint(start, at, 10)
            content = start[at : at + size]
            if number in TEXTS and not _is_text(content, number == DESCRIPTION):
                return False
            if number == GRAPH:
                return not content or content[0] in GRAPH_TAGS
            if number == OPSET:
                has_opset = True
                if content and content[0] not in OPSET_TAGS:
                    return False
            at += size
    except IndexError:
        return has_opset
    return has_opset


def _is_text(content: bytes, is_long: bool) -> bool:
    if not is_long and len(content) > LONGEST_NAME:
        return False
    allowed = b"\t\n\r" if is_long else b""
    return all(byte >= 32 or byte in allowed for byte in content)
