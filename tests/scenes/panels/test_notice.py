"""Messages at the bottom left: the newest few, each once a topic, gone after a while."""

from tensornaut.scenes.panels import notice
from tensornaut.scenes.panels.notice import MOST, SHOWN_S, Notices


def test_messages_go_after_a_while_and_are_few(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(notice, "now_s", lambda: now[0])
    notices = Notices()
    for number in range(MOST + 2):
        notices.add(str(number))
        now[0] += 1
    assert notices.shown == ["2", "3", "4"]
    now[0] += SHOWN_S - 1.5
    assert notices.shown == ["4"]
    now[0] += 2
    assert notices.shown == []


def test_a_topic_has_one_message():
    notices = Notices()
    notices.tell("pace", "slow")
    notices.add("saved")
    notices.tell("pace", "fast")
    assert notices.shown == ["saved", "fast"]
    notices.tell("size", "small")
    assert notices.shown == ["saved", "fast", "small"]
