"""The light as time passes: constant time a layer, pause, steps there and back, speed, scrubbing."""

import pytest
from tensornaut.scenes.playback import Playback
from tensornaut.scenes.wave import STAGE_S


@pytest.fixture
def playback():
    found = Playback()
    found.begin(5.0)
    found.advance(10.0)
    return found


def test_a_layer_takes_the_same_time_everywhere(playback):
    for stage in range(1, 5):
        assert playback.advance(10.0 + stage * STAGE_S)
        assert playback.place == pytest.approx(stage)
    assert not playback.advance(10.0 + 9 * STAGE_S)
    assert playback.place == 5.0


def test_a_pause_keeps_the_place_however_long_it_is(playback):
    playback.advance(10.0 + 2 * STAGE_S)
    playback.toggle()
    assert not playback.advance(500.0) and playback.place == pytest.approx(2)
    playback.toggle()
    playback.advance(900.0)
    playback.advance(900.0 + STAGE_S)
    assert playback.place == pytest.approx(3)


def test_after_the_end_it_begins_again(playback):
    playback.advance(99.0)
    playback.toggle()
    assert playback.place == 0.0 and playback.is_playing


def test_steps_go_to_the_next_layer_and_back_and_end_there(playback):
    playback.scrub(0.5)
    playback.step(1)
    playback.advance(20.0)
    assert not playback.advance(30.0) and playback.place == 3.0
    playback.step(-1)
    playback.advance(40.0)
    assert not playback.advance(50.0) and playback.place == 2.0


def test_two_steps_at_once_go_two_layers(playback):
    playback.scrub(0.0)
    playback.step(1)
    playback.step(1)
    playback.advance(20.0)
    playback.advance(30.0)
    assert playback.place == 2.0


def test_speed_is_a_factor_of_time(playback):
    playback.change_speed(2.0)
    playback.advance(10.0 + STAGE_S)
    assert playback.place == pytest.approx(2)
    for _ in range(20):
        playback.change_speed(0.5)
    assert 0 < playback.speed < 1


@pytest.mark.parametrize(("share", "place"), [(-1.0, 0.0), (0.4, 2.0), (7.0, 5.0)])
def test_scrubbing_puts_it_there_and_stops_it(playback, share, place):
    playback.scrub(share)
    assert playback.place == pytest.approx(place) and not playback.advance(99.0)
