"""Commands: one table for keys, panels and tests, and everything that was done can be taken back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine.commands import Command, CommandTable


class Document:
    """Something that commands change."""

    def __init__(self):
        self.items = []
        self.level = 0
        self.table = CommandTable()
        self.table.add(Command("item.add", self.add, "A", {"text": str, "count": int}))
        self.table.add(Command("item.drop", self.drop, "D"))
        self.table.add(Command("level.set", self.set_level, arguments={"level": int}))
        self.table.add(Command("look", lambda: None, "?"))

    @property
    def state(self):
        return tuple(self.items), self.level

    def add(self, text="x", count=1):
        self.items += [text] * count

        def take_back():
            del self.items[len(self.items) - count :]

        return take_back

    def drop(self):
        if not self.items:
            return None
        dropped = self.items.pop()
        return lambda: self.items.append(dropped)

    def set_level(self, level):
        before, self.level = self.level, level

        def take_back():
            self.level = before

        return take_back


STEPS = st.one_of(
    st.tuples(st.just("item.add"), st.fixed_dictionaries({"text": st.sampled_from("abc"), "count": st.integers(0, 3)})),
    st.tuples(st.just("item.drop"), st.just({})),
    st.tuples(st.just("level.set"), st.fixed_dictionaries({"level": st.integers(-5, 5)})),
    st.tuples(st.just("look"), st.just({})),
)


@pytest.fixture
def document():
    return Document()


@given(st.lists(STEPS))
def test_any_sequence_taken_back_gives_the_first_state_and_done_again_the_last(steps):
    document = Document()
    states = [document.state]
    for name, arguments in steps:
        document.table.run(name, **arguments)
        states.append(document.state)
    while document.table.undo():
        assert document.state in states
    assert document.state == states[0]
    while document.table.redo():
        pass
    assert document.state == states[-1]
    assert not document.table.redo()


@given(st.lists(st.one_of(STEPS, st.sampled_from(["undo", "redo"]))))
def test_the_way_back_holds_whatever_came_between(steps):
    document = Document()
    for step in steps:
        if isinstance(step, str):
            getattr(document.table, step)()
        else:
            document.table.run(step[0], **step[1])
    while document.table.undo():
        pass
    assert document.state == ((), 0)


def test_a_command_is_found_by_its_key_and_by_its_name(document):
    table = document.table
    assert table.by_key("A") is table["item.add"]
    assert table.by_key("D").name == "item.drop"
    assert table.by_key("Z") is None and table.by_key("") is None  # level.set has no key
    assert [command.name for command in table] == ["item.add", "item.drop", "level.set", "look"]


def test_a_name_or_a_key_is_given_once(document):
    with pytest.raises(ValueError, match="look is there already"):
        document.table.add(Command("look", lambda: None))
    with pytest.raises(ValueError, match="key A is taken by item.add"):
        document.table.add(Command("all", lambda: None, "A"))
    assert document.table.by_key("A").name == "item.add"
    document.table.add(Command("one", lambda: None))
    document.table.add(Command("two", lambda: None))  # no key is no key


def test_arguments_become_what_the_command_takes(document):
    document.table.run("item.add", text="b", count="2")
    assert document.items == ["b", "b"]
    document.table.undo()
    document.table.redo()
    assert document.items == ["b", "b"]


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("item.lose", {}, KeyError),
        ("item.add", {"size": 1}, TypeError),
        ("level.set", {}, TypeError),
        ("level.set", {"level": "high"}, ValueError),
    ],
)
def test_a_wrong_call_changes_nothing(document, name, arguments, error):
    document.table.run("item.add", text="a", count=1)
    with pytest.raises(error):
        document.table.run(name, **arguments)
    assert document.state == (("a",), 0)
    assert document.table.undo() and not document.table.undo()


def test_what_leaves_nothing_to_take_back_keeps_the_history(document):
    document.table.run("level.set", level=3)
    document.table.undo()
    document.table.run("look")
    document.table.run("item.drop")  # nothing to drop
    assert document.table.redo() and document.level == 3


def test_doing_something_new_forgets_what_was_taken_back(document):
    document.table.run("level.set", level=3)
    document.table.undo()
    document.table.run("item.add")
    assert not document.table.redo()
    assert document.level == 0


def test_a_command_that_fails_is_not_remembered(document):
    def fail():
        raise OSError("disk")

    document.table.add(Command("fail", fail))
    document.table.run("level.set", level=1)
    with pytest.raises(OSError, match="disk"):
        document.table.run("fail")
    assert document.table.undo() and document.state == ((), 0)


def test_what_is_forgotten_cannot_be_taken_back_or_done_again(document):
    document.table.run("item.add", text="a")
    document.table.run("level.set", level=1)
    document.table.undo()
    document.table.forget()
    assert not document.table.undo() and not document.table.redo()
    assert document.state == (("a",), 0)
