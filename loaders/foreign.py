"""Names for what is no model that can be opened, told by its first bytes."""

from __future__ import annotations

__all__ = ["is_lfs_pointer", "not_a_model", "other_model"]

THINGS = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"BZh", "bzip2-compressed data"),
    (b"\xfd7zXZ\0", "xz-compressed data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"OggS", "an Ogg recording"),
    (b"ID3", "an MP3 recording"),
    (b"SQLite format 3\0", "an SQLite database"),
)
OTHER_MODELS = (
    (b"GGUF", "a GGUF model"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
)
OLD_TORCH = {b"sys_info", b"pickle", b"tensors", b"storages"}  # first member
LFS = b"version https://git-lfs.github.com/spec/"
HTML = (b"<!doctype html", b"<html", b"<head", b"<body")
CONTROLS = frozenset(range(32)) - {9, 10, 12, 13, 27}
TEXT_LEAD = 512  # bytes that decide whether this is text


def is_lfs_pointer(start: bytes) -> bool:
    """True for a text that Git LFS leaves in place of a file."""
    return start.startswith(LFS)


def not_a_model(start: bytes) -> str | None:
    """What the bytes are; None when they might be a model."""
    for signature, thing in THINGS:
        if start.startswith(signature):
            return thing
    if start[:4] == b"RIFF" and start[8:12] in (b"WEBP", b"WAVE", b"AVI "):
        return {b"WEBP": "a WebP image", b"WAVE": "a WAV recording", b"AVI ": "a video"}[start[8:12]]
    if start[4:8] == b"ftyp":
        return "a video"
    if start[257:262] == b"ustar" and start[:100].rstrip(b"\0") not in OLD_TORCH:
        return "a tar archive"
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(HTML):
        return "an HTML page"
    if _is_text(start):
        return "a JSON text" if start.lstrip()[:1] in (b"{", b"[") else "a text"
    return None


def other_model(start: bytes, suffix: str) -> str | None:
    """The model format, one that cannot be opened yet, that the bytes or the file's suffix tell; None for others."""
    for signature, kind in OTHER_MODELS:
        if start.startswith(signature):
            return kind
    if start[257:262] == b"ustar" and start[:100].rstrip(b"\0") in OLD_TORCH:
        return "a PyTorch file of 2017 or before, in a tar archive"
    if start[4:8] == b"TFL3":
        return "a TensorFlow Lite model"
    if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "a Python pickle"
    return None


def _is_text(start: bytes) -> bool:
    lead = start[:TEXT_LEAD]
    try:
        lead.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(lead) - 3 or error.reason != "unexpected end of data":
            return False
    return CONTROLS.isdisjoint(lead)
