"""JSON that every program reads: without NaN and infinities, which JSON has no words for."""

from __future__ import annotations

import json
import math

__all__ = ["encode", "or_null"]

encode = json.JSONEncoder(allow_nan=False).encode


def or_null(number: int | float | None) -> int | float | None:
    """The number; None, which becomes null, where it is not finite."""
    return None if isinstance(number, float) and not math.isfinite(number) else number
