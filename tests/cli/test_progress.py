"""The bar on a terminal, and words in its place; nothing elsewhere."""

import io
import sys

from tensornaut.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_words_stand_in_place_of_the_bar_until_more_is_done(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress("Reading", 2) as progress:
        progress.say("waiting")
        assert terminal.getvalue() == "\rwaiting\x1b[K"
        progress.advance(2)
        assert "100%" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_nothing_is_said_where_nobody_looks(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress("Reading", 2) as progress:
        progress.say("waiting")
        progress.advance(2)
    assert stream.getvalue() == ""
