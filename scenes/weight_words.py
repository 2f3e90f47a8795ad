"""Words on what is pointed at and on what is selected: numbers say whether they are exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..engine.block_facts import BlockFacts
from ..engine.kernels.decode import is_vector, matrix_shape
from ..engine.kernels.names import clean
from ..engine.picking import Pick
from ..loaders.item_places import ItemPlace
from ..loaders.network import Tensor
from .exact_values import ExactValue, bit_words, file_name, index_of
from .strings import text
from .weight_facts import LineFacts, Rank

__all__ = [
    "BlockWords",
    "Selected",
    "block_words",
    "hover_words",
    "place_words",
    "rank_words",
    "selected_words",
    "value_words",
]

NAME_LIMIT = 80  # characters
FILE_LIMIT = 60
DIGITS = 5  # of statistics


@dataclass(frozen=True)
class BlockWords:
    """What is said beside the mouse: a number, and quieter lines below."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Selected:
    """What is said of the selected weight. Rows of facts are (name, words); the table's first row is of names."""

    title: str
    place: str
    facts: tuple[tuple[str, str], ...]
    table: tuple[tuple[str, ...], ...]


def index_words(tensor: Tensor, row: int, column: int) -> str:
    """name[12, 3, 0, 1]; the name alone of a scalar."""
    index = index_of(tensor, row, column)
    name = clean(tensor.name, NAME_LIMIT)
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def hover_words(tensor: Tensor, row: int, column: int, found: Mapping[str, Any]) -> BlockWords:
    """Of a single weight, as far as it is known."""
    value: ExactValue | None = found.get("value")
    rank: Rank | None = found.get("rank")
    about = [tensor.dtype, *([text("quality.exact")] if value else []), *([rank_words(rank)] if rank else [])]
    return BlockWords(_title(value), (index_words(tensor, row, column), "   ".join(about)))


def value_words(value: ExactValue) -> str:
    """The number, with the sign that those on cubes have."""
    has_plus = not value.dtype.startswith(("u", "q", "bool", "complex")) and value.text[0].isdigit()
    return signed(f"{'+' * has_plus}{value.text}")


def block_words(tensor: Tensor, pick: Pick, first_column: int, facts: BlockFacts | None) -> BlockWords:
    """Of a point that stands for many weights."""
    title = text("pointed.count", count=f"{pick.count:,}")
    lines = []
    if facts is not None and facts.mean is not None and facts.minimum is not None and facts.maximum is not None:
        numbers = (facts.mean, facts.minimum, facts.maximum)
        mean, low, high = (number_words(number) for number in numbers)
        lines.append(text("pointed.facts", mean=mean, min=low, max=high))
    elif facts is not None:
        lines.append(text("pointed.no_numbers"))
    lines.append(f"{clean(tensor.name, NAME_LIMIT)}[{_block_places(tensor, pick, first_column)}]")
    lines.append(_block_quality(pick, facts))
    return BlockWords(title, tuple(lines))


def _block_places(tensor: Tensor, pick: Pick, first_column: int) -> str:
    """Which rows and columns; of a vector in several lines from where to where in each."""
    start, stop = pick.cols.start + first_column, pick.cols.stop + first_column
    rows, columns = matrix_shape(tensor.shape)
    if rows == 1 or not is_vector(tensor.shape):
        return f"{pick.rows.start}:{pick.rows.stop}, {start}:{stop}"
    lines = [f"{row * columns + start}:{row * columns + stop}" for row in (pick.rows.start, pick.rows.stop - 1)]
    return " … ".join(dict.fromkeys(lines))


def _block_quality(pick: Pick, facts: BlockFacts | None) -> str:
    """What the point shows, and how well its numbers are known."""
    shown = text("pointed.shown", quality=text(f"quality.{pick.quality.replace(' ', '_')}"))
    if facts is None:
        return shown
    known = text("pointed.exact") if facts.exact else text("pointed.sample", count=f"{facts.read:,}")
    return f"{shown}   {known}"


def rank_words(rank: Rank) -> str:
    """Rank by magnitude, or between which ranks."""
    first, last, of = f"{rank.first:,}", f"{rank.last:,}", f"{rank.of:,}"
    if not rank.exact:
        return text("rank.between", first=first, last=last, of=of)
    if rank.alike is not None and rank.alike > 1:
        return text("rank.shared", first=first, of=of, alike=f"{rank.alike:,}")
    return text("rank.exact", first=first, of=of)


def place_words(place: ItemPlace, bits: int = 8) -> str:
    """File, byte and how the number stands there. `bits` that it takes."""
    inside = f"{place.inside:,}" if place.inside is not None else ""
    offset = f"{place.offset:,}" if place.offset is not None else ""
    names = {"file": clean(file_name(place), FILE_LIMIT), "member": clean(place.member, FILE_LIMIT)}
    words = text(f"place.{place.storage}", offset=offset, inside=inside, **names)
    if bits < 8:
        words += text("place.bits", first=place.shift, last=place.shift + bits - 1)
    return words


def selected_words(tensor: Tensor, row: int, column: int, found: Mapping[str, Any], is_done: bool) -> Selected:
    """Of the selected weight, as far as it is known."""
    value: ExactValue | None = found.get("value")
    facts = [(tensor.dtype, "")] if value is None else _bit_facts(value)
    if value is not None:
        facts.append((text("selected.file"), place_words(value.place, _bits_of(value))))
    facts.append((text("selected.rank"), _rank_fact(found, is_done)))
    columns = [("", *(text(f"selected.column.{name}") for name in ("mean", "std", "min", "max", "l2", "zeros")), "")]
    for name, number in (("row", row), ("column", column)):
        if name in found:
            columns.append((text(f"selected.{name}", number=f"{number:,}"), *_line_words(found[name])))
    table = tuple(zip(*columns, strict=True)) if columns[1:] else ()
    return Selected(_title(value), index_words(tensor, row, column), tuple(facts), table)


def _title(value: ExactValue | None) -> str:
    return "…" if value is None else value_words(value)


def _bit_facts(value: ExactValue) -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    for bits in value.bits:
        hexadecimal, fields = bit_words(bits, value.dtype)
        facts.append(("" if facts else value.dtype, hexadecimal))
        facts += [("", "  ".join(fields))] if fields else []
    return facts


def _bits_of(value: ExactValue) -> int:
    from ..engine.kernels.decode import DTYPES

    return DTYPES[value.dtype].bits


def _rank_fact(found: Mapping[str, Any], is_done: bool) -> str:
    rank: Rank | None = found.get("counted") or found.get("rank")
    if rank is None:
        return text("rank.none" if is_done else "rank.wait")
    return rank_words(rank) if rank.exact or is_done else f"{rank_words(rank)}   {text('rank.wait')}"


def _line_words(facts: LineFacts | None) -> tuple[str, ...]:
    if facts is None:
        return ("–",) * 7
    numbers = (facts.mean, facts.std, facts.minimum, facts.maximum, facts.l2)
    known = text("pointed.exact") if facts.exact else text("pointed.sample", count=f"{facts.read:,}")
    if facts.odd:
        known += f"   {text('selected.odd', count=f'{facts.odd:,}')}"
    return (*(number_words(number) for number in numbers), f"{facts.zeros:,}", known)


def number_words(number: int | float | None) -> str:
    """Some digits of a number."""
    if number is None:
        return "–"
    return signed(f"{number:,}" if isinstance(number, int) else f"{number:.{DIGITS}g}")


def signed(number: str) -> str:
    """With the minus sign and the infinity that numbers on cubes have."""
    return number.replace("-", "−").replace("Infinity", "∞")
