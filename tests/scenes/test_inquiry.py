"""Who asks is answered aside, in order, and only about what is still wanted."""

import threading

import pytest
from tensornaut.loaders.errors import FormatError
from tensornaut.scenes.inquiry import Inquiry


@pytest.fixture
def told():
    return []


@pytest.fixture
def inquiry(told):
    made = Inquiry(lambda: told.append(1))
    yield made
    made.close()


def test_answers_come_in_order_and_know_those_before(inquiry, told):
    answers = inquiry.ask("a", {"one": lambda wanted, known: 1, "two": lambda wanted, known: known["one"] + 1})
    assert answers.finish(5)
    assert list(answers.found.items()) == [("one", 1), ("two", 2)]
    assert len(told) == 3 and answers.error is None
    assert inquiry.ask("a", {}) is answers


def test_nobody_waits_for_what_takes_long(inquiry):
    go_on = threading.Event()
    answers = inquiry.ask("a", {"slow": lambda wanted, known: go_on.wait(5)})
    assert not answers.wait_once(0.01) and not answers.wait_once(60) and not answers.is_done
    go_on.set()
    assert answers.finish(5) and answers.wait_once(0)


def test_another_question_ends_the_last(inquiry, told):
    begun, stopped = threading.Event(), threading.Event()

    def slow(is_wanted, known):
        begun.set()
        while is_wanted():
            pass
        stopped.set()

    first = inquiry.ask("a", {"slow": slow, "never": lambda wanted, known: told.append("no")})
    begun.wait(5)
    second = inquiry.ask("b", {"quick": lambda wanted, known: 2})
    assert second.finish(5) and stopped.is_set()
    assert second.found == {"quick": 2} and first.found == {} and "no" not in told


def test_a_file_that_cannot_be_read_is_told(inquiry):
    def fails(is_wanted, known):
        raise FormatError("m.npy", "changed")

    answers = inquiry.ask("a", {"one": lambda wanted, known: 1, "two": fails, "three": lambda wanted, known: 3})
    assert answers.finish(5)
    assert answers.found == {"one": 1} and isinstance(answers.error, FormatError)


def test_a_fault_of_ours_is_not_hidden(inquiry):
    answers = inquiry.ask("a", {"one": lambda wanted, known: 1 // 0})
    assert answers.finish(5)
    with pytest.raises(ZeroDivisionError):
        while True:
            inquiry.ask("a", {})
