"""Which rasterizer is chosen where there is an OpenGL context."""

import pytest
from tensornaut.engine.gpu import GraphicsError
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.rasterize import WANTED, DefinitionRasterizer, RasterizerChoice
from tensornaut.engine.rasterize.gl_compute import ComputeRasterizer
from tensornaut.engine.rasterize.trial import candidates, durations_ms


@pytest.fixture
def batch(scenes):
    return scenes.random(1, 3, 0.1, (40, 30))[0]


@pytest.fixture
def able(context):
    """The context, where it has compute shaders."""
    try:
        ComputeRasterizer(context).close()
    except GraphicsError as error:
        pytest.skip(str(error))
    return context


def test_a_trial_times_every_rasterizer_that_is_offered(able):
    found, missing = candidates(able, DefinitionRasterizer())
    assert {"numpy", "compute"} <= set(found) and not set(found) & set(missing)
    taken, failed = durations_ms(able, found)
    assert set(taken) == set(found) and min(taken.values()) > 0 and not failed
    able.check("trial")


class Broken(DefinitionRasterizer):
    """A rasterizer whose GPU reports a fault at every picture."""

    name = "cuda"

    def light(self, *arguments):
        raise InputError("cuda", "cuda_fault", reason="out of memory")


def test_what_cannot_draw_loses_the_trial_with_its_reason(context):
    taken, failed = durations_ms(context, {"numpy": DefinitionRasterizer(), "cuda": Broken()})
    assert set(taken) == {"numpy"} and "out of memory" in failed["cuda"]


def test_the_fastest_one_is_given_up_when_it_fails_and_one_that_was_asked_for_is_not(context, batch):
    choice, broken, fault = RasterizerChoice(1, "auto", context), Broken(), InputError("cuda", "cuda_fault", reason="-")
    choice._fastest = broken
    choice.give_up(broken, fault)
    assert choice.rasterizer(batch, exact=False).name == "numpy" and choice.given_up is fault
    asked = RasterizerChoice(1, "auto", context)
    asked._asked = broken
    for one in (choice, asked):
        with pytest.raises(InputError):
            one.give_up(one.rasterizer(batch), fault)


def test_a_driver_on_the_processor_is_tried_only_when_asked(able):
    found, _ = candidates(able, DefinitionRasterizer(), software=False)
    assert ("compute" in found) != able.is_software


def test_exact_frames_are_drawn_by_the_processor(able, batch):
    for wanted in set(WANTED) - {"compute", "cuda"}:
        choice = RasterizerChoice(1, wanted, able)
        assert choice.rasterizer(batch, exact=True).name in ("numpy", "numba")


def test_what_is_asked_for_draws_all_frames(able, batch):
    choice = RasterizerChoice(1, "compute", able)
    assert {choice.rasterizer(batch, exact).name for exact in (True, False)} == {"compute"}
    definition = RasterizerChoice(1, "definition", able)
    assert {definition.rasterizer(batch, exact).name for exact in (True, False)} == {"numpy"}


def test_without_a_context_nothing_computes_there(batch):
    with pytest.raises(InputError):
        RasterizerChoice(1, "compute")
