"""Columns and lanes of a flow: the longest way into a stop gives its column; the way that goes on longest keeps its
lane, and what branches off takes the free lane next to it. No two stops share a place. Time grows with stops + edges.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Arrangement", "arrange"]

MOST_LANES = 64  # to either side that are tried; what finds none free lies outside of all


@dataclass(frozen=True)
class Arrangement:
    """Places in whole numbers, a number a stop."""

    column: list[int]
    lane: list[int]  # 0 the middle, negative on the far side
    chain: list[int]  # stops of one chain follow each other in one lane

    @property
    def column_count(self) -> int:
        return max(self.column, default=-1) + 1


def arrange(count: int, edges: Sequence[tuple[int, int]]) -> Arrangement:
    """Columns and lanes of `count` stops; every edge leads from an earlier stop to a later one."""
    following: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        following[source].append(target)
    column, best = _columns(count, edges)
    chains, chain = _chains(count, following, best)
    lane_of_chain = _lanes(chains, chain, column, best, following)
    return Arrangement(column, [lane_of_chain[number] for number in chain], chain)


def _columns(count: int, edges: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """(column of each stop, the stop before it on the longest way, -1 for none)."""
    before: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        before[target].append(source)
    column, best = [0] * count, [-1] * count
    for stop in range(count):
        if before[stop]:
            last = max(column[source] for source in before[stop])
            column[stop] = last + 1
            best[stop] = _middle([source for source in before[stop] if column[source] == last])
    return column, best


def _middle(stops: list[int]) -> int:
    stops = list(dict.fromkeys(stops))
    return stops[(len(stops) - 1) // 2]


def _chains(count: int, following: list[list[int]], best: list[int]) -> tuple[list[list[int]], list[int]]:
    """(stops of each chain, chain of each stop): a stop is followed by the one from which the way on is longest."""
    rest = [1] * count
    for stop in reversed(range(count)):
        for target in following[stop]:
            rest[stop] = max(rest[stop], rest[target] + 1)
    chain: list[int] = [-1] * count
    chains: list[list[int]] = []
    for start in range(count):
        if chain[start] >= 0:
            continue
        stops, stop = [], start
        while stop >= 0:
            chain[stop] = len(chains)
            stops.append(stop)
            heirs = [target for target in following[stop] if best[target] == stop and chain[target] < 0]
            longest = max((rest[heir] for heir in heirs), default=0)
            stop = _middle([heir for heir in heirs if rest[heir] == longest]) if heirs else -1
        chains.append(stops)
    return chains, chain


def _lanes(
    chains: list[list[int]], chain: list[int], column: list[int], best: list[int], following: list[list[int]]
) -> list[int]:
    """A lane for each chain, near that of the stop it comes from or leads to, free over all columns that it spans."""
    taken: dict[int, list[tuple[int, int]]] = {}
    lanes, outermost = [0] * len(chains), [0, 0]
    for number in sorted(range(len(chains)), key=lambda k: (-len(chains[k]), k)):
        stops = chains[number]
        neighbor = best[stops[0]]
        after = next((target for target in following[stops[-1]] if chain[target] != number), -1)
        line = chains[chain[neighbor if neighbor >= 0 else after]] if max(neighbor, after) >= 0 else []
        place = bisect_left(line, neighbor) + 1 if neighbor >= 0 else bisect_left(line, after) - 1
        earlier = 0 <= place < len(line) and stops[0] < line[place]  # what comes first lies on the far side
        span = column[stops[0]], column[stops[-1]]
        home = lanes[chain[line[0]]] if line else 0
        lanes[number] = lane = _free_lane(taken, home, -1 if earlier else 1, span, outermost)
        outermost = [min(outermost[0], lane), max(outermost[1], lane)]
        spans = taken.setdefault(lanes[number], [])
        spans.insert(bisect_left(spans, span), span)
    return lanes


def _free_lane(
    taken: dict[int, list[tuple[int, int]]], home: int, side: int, span: tuple[int, int], outermost: list[int]
) -> int:
    """The nearest lane that is free, on `side` first; a new outermost one where none is near."""
    for step in range(2 * MOST_LANES):
        lane = home + (side if step % 2 else -side) * ((step + 1) // 2)
        if _is_free(taken.get(lane, []), span):
            return lane
    low, high = outermost
    return high + 1 if high <= -low else low - 1


def _is_free(line: list[tuple[int, int]], span: tuple[int, int]) -> bool:
    place = bisect_left(line, span)
    after = place == len(line) or line[place][0] > span[1]
    return after and (place == 0 or line[place - 1][1] < span[0])
