"""The way back and forth through places, as through pages."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine.camera import Camera
from tensornaut.scenes.focus import WHOLE, Focus
from tensornaut.scenes.visits import MOST, Place, Visits


def place(number, aside=0.0):
    """Places of other numbers are far from each other."""
    target = np.array((1000.0 * number + aside, 0.0, 0.0))
    return Place(Camera.looking(target + (0, 0, 100.0), target, 0.6), target, WHOLE, number)


def numbers(visits):
    return [visited.layer for visited in visits.places]


def walk(count):
    visits = Visits()
    for number in range(1, count):
        visits = visits.go(place(number - 1), place(number))
    return visits


def test_back_and_forward_lead_through_the_places_and_end():
    visits = walk(4)
    here, seen = place(3), []
    while (before := visits.back(here)) is not None:
        visits, here = before, before.place
        seen.append(here.layer)
    while (after := visits.forward(here)) is not None:
        visits, here = after, after.place
        seen.append(here.layer)
    assert seen == [2, 1, 0, 1, 2, 3]


def test_a_new_place_forgets_what_was_ahead():
    visits = walk(4).back(place(3)).back(place(2))
    assert numbers(visits.go(place(1), place(7))) == [0, 1, 7]


def test_who_has_flown_on_comes_back_to_where_that_began_and_forward_again():
    visits = walk(3)
    back = visits.back(place(9))
    assert back.place.layer == 2
    assert back.forward(place(2)).place.layer == 9


def test_a_small_shift_and_a_place_where_one_is_already_are_no_visits():
    visits = walk(3)
    assert numbers(visits.go(place(2, aside=1.0), place(2))) == [0, 1, 2]
    assert visits.back(place(2, aside=1.0)).place.layer == 1
    other = place(2)
    focused = Place(other.camera, other.target, Focus(2, 1.0), 2)
    assert numbers(visits.go(place(2), focused)) == [0, 1, 2, 2]  # the same view of something else in focus


def test_from_the_first_place_there_is_no_way_back():
    assert Visits().back(place(0)) is None and Visits().forward(place(0)) is None


@given(
    st.lists(st.tuples(st.sampled_from(("go", "back", "forward")), st.integers(0, 5), st.integers(0, 5)), max_size=400)
)
def test_the_index_is_always_a_place_and_places_do_not_pile_up(steps):
    visits = Visits()
    for way, start, end in steps:
        here = place(start)
        moved = visits.go(here, place(end)) if way == "go" else getattr(visits, way)(here)
        visits = moved or visits
        assert 0 <= visits.index < len(visits.places) <= MOST or visits == Visits()
