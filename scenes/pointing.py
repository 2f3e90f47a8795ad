"""What somebody points at and has selected: what is known of it so far, asked aside, and said in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..engine.block_facts import BlockFacts, known_facts, peak_in, read_facts
from ..engine.kernels.decode import is_vector, matrix_shape
from ..engine.kernels.names import clean
from ..engine.picking import Pick
from ..loaders.network import Tensor
from .exact_values import ExactValue, exact_value
from .inquiry import Answers, Inquiry, Question
from .network_scene import GridPart, NetworkScene
from .selection import Weight, part_of, share_of, show_selection, stands_in, weight_of
from .strings import text
from .weight_facts import MOST_COUNTED, column_facts, counted_rank, known_rank, row_facts
from .weight_words import NAME_LIMIT, BlockWords, Selected, block_words, hover_words, index_words, selected_words

__all__ = ["Pointing", "Sought"]

PATIENCE_S = 0.012  # that a picture waits for a number, which is mostly there at once
QUICKLY_COUNTED = 1 << 20  # values of a tensor in which a rank is counted while the mouse passes by


@dataclass(frozen=True)
class Sought:
    """The weight that a blob stood for."""

    weight: Weight | None  # None: there were too many weights to look at
    fly: bool  # whether to go there


class Pointing:
    """Answers about what is pointed at (`hover`), selected (`show`), and meant by a click on a blob (`seek`).

    A thread of ours calls `refresh` when there are more words, `request` when the scene is to change. `faults` are
    those of files that cannot be read any more, as (key of the values, message); who tells of them takes them away.
    """

    def __init__(self, refresh: Callable[[], None], request: Callable[[], None]) -> None:
        self.faults: list[tuple[str, str]] = []
        self._hovered, self._selected, self._sought = Inquiry(refresh), Inquiry(request), Inquiry(request)
        self._blamed: Answers | None = None
        self._seeks: tuple[Answers, bool] | None = None

    def hover(self, built: NetworkScene, pick: Pick) -> BlockWords | None:
        """Words on what was picked; None when it is no weight of this network."""
        weight = weight_of(built, pick)
        if weight is None:
            return None
        tensor, part = built.network.tensors[weight.tensor], part_of(built, weight)
        if part is None or not tensor.is_readable:
            return BlockWords(text("pointed.no_values"), (index_words(tensor, weight.row, weight.column),))
        if pick.count == 1:
            found = self._heard(self._hovered.ask((tensor.key, weight), _about_pointed(built, tensor, weight)), tensor)
        else:
            subject = tensor.key, weight, pick.rows.stop, pick.cols.stop, pick.grid.pyramid is None
            found = self._heard(self._hovered.ask(subject, _about_block(pick)), tensor)
        if found is None:
            return BlockWords(text("pointed.unreadable"), (clean(tensor.name, NAME_LIMIT),))
        if pick.count == 1:
            return hover_words(tensor, weight.row, weight.column, found)
        return block_words(tensor, pick, part.first_column, found.get("facts"))

    def show(self, built: NetworkScene, weight: Weight | None) -> Selected | None:
        """Marks the selected weight in the scene; words on it, None without one."""
        part = part_of(built, weight) if weight is not None and stands_in(built.network, weight) else None
        if weight is None or part is None:
            show_selection(built, None)
            self._selected.forget()
            return None
        tensor = built.network.tensors[weight.tensor]
        if not tensor.is_readable:
            show_selection(built, weight)
            return Selected(text("pointed.no_values"), index_words(tensor, weight.row, weight.column), (), ())
        answers = self._selected.ask(
            (tensor.key, weight, built.look.name), _about_selected(built, tensor, weight, part)
        )
        found = self._heard(answers, tensor) or {}
        show_selection(built, weight, share_of(part, found.get("shown", part.grid.center)))
        return selected_words(tensor, weight.row, weight.column, found, answers.is_done)

    def seek(self, built: NetworkScene, pick: Pick, fly: bool = False) -> None:
        """Begins to look for the weight that a blob stands for; `found` gives it once it is known."""
        tensor = weight_of(built, pick)
        if tensor is None:
            return
        subject = built.network.tensors[tensor.tensor].key, tensor, pick.rows.stop, pick.cols.stop, pick.grid.center
        answers = self._sought.ask(subject, {"peak": lambda wanted, known: peak_in(pick)})
        self._seeks = answers, fly

    def found(self, built: NetworkScene) -> Sought | None:
        """The weight that was looked for, once."""
        if self._seeks is None or not self._seeks[0].is_done:
            return None
        (answers, fly), self._seeks = self._seeks, None
        if answers.error is not None:
            self.faults.append(("", str(answers.error)))
        if "peak" not in answers.found:
            return None
        peak = answers.found["peak"]
        return Sought(weight_of(built, peak) if peak is not None else None, fly)

    def close(self) -> None:
        """Ends what is still asked."""
        for inquiry in (self._hovered, self._selected, self._sought):
            inquiry.close()

    def _heard(self, answers: Answers, tensor: Tensor) -> Mapping[str, Any] | None:
        """What is known so far; None, and a fault, where the file cannot be read."""
        answers.wait_once(PATIENCE_S)
        if answers.error is None:
            return answers.found
        if answers is not self._blamed:
            self._blamed = answers
            self.faults.append((tensor.key, str(answers.error)))
        return None


def _about_pointed(built: NetworkScene, tensor: Tensor, weight: Weight) -> dict[str, Question]:
    """What is asked about a weight that the mouse passes by."""
    questions: dict[str, Question] = {
        "value": lambda wanted, known: exact_value(tensor, weight.row, weight.column),
        "rank": lambda wanted, known: _quick_rank(built, tensor, known["value"], wanted),
    }
    return questions


def _about_selected(built: NetworkScene, tensor: Tensor, weight: Weight, part: GridPart) -> dict[str, Question]:
    questions = _about_pointed(built, tensor, weight)
    questions["shown"] = lambda wanted, known: _shown(part, weight)
    rows, columns = matrix_shape(tensor.shape)
    if is_vector(tensor.shape) and rows > 1:
        rows, columns = 1, 1  # lines of it mean nothing
    if columns > 1:
        questions["row"] = lambda wanted, known: row_facts(tensor, weight.row, wanted)
    if rows > 1:
        questions["column"] = lambda wanted, known: column_facts(tensor, weight.column, wanted)
    questions["counted"] = lambda wanted, known: _slow_rank(tensor, known, wanted)
    return questions


def _about_block(pick: Pick) -> dict[str, Question]:
    def facts(wanted: Callable[[], bool], known: Mapping[str, Any]) -> BlockFacts | None:
        return known_facts(pick) or read_facts(pick, wanted)

    return {"facts": facts}


def _quick_rank(built: NetworkScene, tensor: Tensor, value: ExactValue, wanted: Callable[[], bool]) -> Any:
    summary = built.analysis.summary(tensor)
    rank = known_rank(summary, value.magnitude) if summary is not None else None
    if (rank is None or not rank.exact) and tensor.count <= QUICKLY_COUNTED:
        return counted_rank(tensor, value.magnitude, wanted)
    return rank


def _slow_rank(tensor: Tensor, known: Mapping[str, Any], wanted: Callable[[], bool]) -> Any:
    rank = known["rank"]
    if rank is not None and rank.exact or tensor.count > MOST_COUNTED:
        return rank
    return counted_rank(tensor, known["value"].magnitude, wanted)


def _shown(part: GridPart, weight: Weight) -> float:
    """The number whose height is shown."""
    grid = part.grid
    values, column = grid.values if grid.painted is None else grid.painted, weight.column - part.first_column
    if values is None:
        return grid.center
    return float(np.float64(values.read(slice(weight.row, weight.row + 1), slice(column, column + 1))[0, 0]))
