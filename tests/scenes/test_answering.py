"""Runs beside the picture: the last question counts, and an error is an answer."""

import threading

import numpy as np
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.runners.program import Trace
from tensornaut.scenes.answering import Answering


def asked(number):
    return {"x": np.array([number])}


def test_of_many_questions_meanwhile_only_the_last_is_answered():
    gate, ready, seen = threading.Event(), threading.Event(), []

    def compute(inputs):
        assert gate.wait(10)
        seen.append(int(inputs["x"][0]))
        return Trace()

    answering = Answering(compute, ready.set)
    for number in range(5):
        answering.ask(asked(number), play=number == 4)
    gate.set()
    assert ready.wait(10)
    answer = answering.take()
    assert int(answer.inputs["x"][0]) == 4 and answer.play and seen[-1] == 4 and len(seen) <= 2
    assert answering.take() is None


def test_what_cannot_be_computed_is_said():
    ready = threading.Event()

    def compute(inputs):
        raise InputError("x", "not_found")

    answering = Answering(compute, ready.set)
    answering.ask(asked(1))
    assert ready.wait(10)
    assert answering.take().error.key == "not_found"


def test_after_closing_nobody_is_told():
    gate, told = threading.Event(), []

    def compute(inputs):
        assert gate.wait(10)
        return Trace()

    answering = Answering(compute, lambda: told.append(1))
    answering.ask(asked(1))
    worker = answering._thread
    answering.close()
    gate.set()
    worker.join(10)
    assert told == [] and not answering.is_busy
