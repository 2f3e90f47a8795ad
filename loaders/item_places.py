"""Where the bits of one item of a tensor stand in a file."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ItemPlace"]


@dataclass(frozen=True)
class ItemPlace:
    """Where the bits of one item stand.

    `storage` says how: "plain" and "view" as they are, the latter among items of other tensors; "conjugate" and
    "negative" with another sign; "fields" each in a field of its own; "varint" in fewer bytes; "sparse" beside its
    index; "zero" not at all, for it is left out; "deflated" in `member`, at byte `inside` of what that unpacks to.
    """

    path: str
    offset: int | None  # of the first byte in the file; None where it stands in no bytes of its own
    shift: int = 0  # bits of this byte below it, which belong to other items
    storage: str = "plain"
    member: str = ""
    inside: int | None = None
