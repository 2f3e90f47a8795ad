"""Lanes: every stop has a place of its own, connections lead forward, chains are straight."""

from hypothesis import given
from hypothesis import strategies as st
from tensornaut.scenes import lanes
from tensornaut.scenes.lanes import arrange


@st.composite
def graphs(draw):
    """(number of stops, edges from earlier stops to later ones)."""
    count = draw(st.integers(0, 40))
    pairs = st.tuples(st.integers(0, max(count - 1, 0)), st.integers(0, max(count - 1, 0)))
    edges = draw(st.lists(pairs.filter(lambda pair: pair[0] < pair[1]), max_size=80)) if count > 1 else []
    return count, edges


def longest_way(count, edges):
    """Number of stops on the longest way through the graph."""
    length = [1] * count
    for source, target in sorted(edges, key=lambda edge: edge[1]):
        length[target] = max(length[target], length[source] + 1)
    return max(length, default=0)


@given(graphs())
def test_no_two_stops_share_a_place(graph):
    found = arrange(*graph)
    places = list(zip(found.column, found.lane, strict=True))
    assert len(places) == graph[0] == len(set(places))


@given(graphs())
def test_every_connection_leads_to_a_later_column_and_there_are_no_more_columns_than_needed(graph):
    count, edges = graph
    found = arrange(count, edges)
    assert all(found.column[source] < found.column[target] for source, target in edges)
    assert found.column_count == longest_way(count, edges)
    fed = {target for _, target in edges}
    assert all(found.column[stop] == 0 for stop in range(count) if stop not in fed)


@given(graphs())
def test_a_chain_stays_in_its_lane_without_gaps(graph):
    found = arrange(*graph)
    for chain in set(found.chain):
        stops = [stop for stop in range(graph[0]) if found.chain[stop] == chain]
        assert len({found.lane[stop] for stop in stops}) == 1
        columns = [found.column[stop] for stop in stops]
        assert columns == list(range(columns[0], columns[0] + len(columns)))


@given(graphs())
def test_a_longest_way_keeps_the_middle_lane(graph):
    found = arrange(*graph)
    middle = [stop for stop in range(graph[0]) if found.lane[stop] == 0]
    assert {found.column[stop] for stop in middle} >= set(range(found.column_count)) or not graph[0]


@given(graphs())
def test_the_same_graph_is_arranged_alike_every_time(graph):
    assert arrange(*graph) == arrange(*graph)


def test_two_branches_of_one_stop_each_lie_on_both_sides_of_nothing():
    found = arrange(4, [(0, 1), (0, 2), (1, 3), (2, 3)])
    assert found.column == [0, 1, 1, 2]
    assert sorted(found.lane[1:3]) in ([-1, 0], [0, 1]) and found.lane[0] == found.lane[3] == 0


def test_a_shortcut_changes_nothing_of_a_chain():
    found = arrange(5, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4), (1, 3)])
    assert found.column == [0, 1, 2, 3, 4] and set(found.lane) == {0} and set(found.chain) == {0}


def test_many_stops_side_by_side_all_have_places_of_their_own():
    count = 4 * lanes.MOST_LANES
    found = arrange(count + 2, [(0, k) for k in range(1, count + 1)] + [(k, count + 1) for k in range(1, count + 1)])
    assert len(set(found.lane[1:-1])) == count


def long_graph(count):
    """A chain with a residual connection every four stops and a side branch every ten."""
    edges = [(k, k + 1) for k in range(count - 1)] + [(k, k + 4) for k in range(0, count - 4, 4)]
    return count + count // 10, edges + [(10 * k, count + k) for k in range(count // 10)]


def test_work_grows_with_the_graph_and_not_with_its_square(monkeypatch):
    looked = []
    plain = lanes._is_free
    monkeypatch.setattr(lanes, "_is_free", lambda line, span: looked.append(1) or plain(line, span))
    steps = []
    for count in (1000, 10_000):
        looked.clear()
        arrange(*long_graph(count))
        steps.append(len(looked))
    assert steps[1] <= 11 * steps[0]


def test_a_hundred_thousand_stops_are_arranged():
    count, edges = long_graph(100_000)
    found = arrange(count, edges)
    assert found.column[:100_000] == list(range(100_000))
    assert len(set(zip(found.column, found.lane, strict=True))) == count
