"""How fast a host may be called."""

from __future__ import annotations

import threading

from bridge.remotes.pace import SLOWEST, Pace
from tests.unit.remotes.script import clock


def test_a_burst_goes_out_at_once_and_then_the_rate_holds() -> None:
    hands = clock()
    pace = Pace(hands, rate=4.0, burst=4)
    for _ in range(4):
        pace.wait()
    assert hands.monotonic() == 0.0
    for _ in range(8):
        pace.wait()
    assert abs(hands.monotonic() - 2.0) < 1e-6


def test_a_protest_halves_the_rate_and_makes_everybody_wait() -> None:
    hands = clock()
    pace = Pace(hands, rate=4.0)
    pace.slow_down(10.0)
    assert pace.rate == 2.0
    pace.wait()
    assert hands.monotonic() >= 10.0


def test_good_answers_win_the_rate_back_slowly_and_never_beyond_the_wish() -> None:
    pace = Pace(clock(), rate=4.0)
    pace.slow_down(0.0)
    pace.went_well()
    assert 2.0 < pace.rate < 2.2
    for _ in range(100):
        pace.went_well()
    assert pace.rate == 4.0


def test_protests_never_stop_the_calls_for_good() -> None:
    pace = Pace(clock(), rate=4.0)
    for _ in range(50):
        pace.slow_down(0.0)
    assert pace.rate == SLOWEST


def test_an_unlimited_pace_still_obeys_a_pause() -> None:
    hands = clock()
    pace = Pace(hands, rate=float("inf"))
    for _ in range(1000):
        pace.wait()
    assert hands.monotonic() == 0.0
    pace.slow_down(3.0)
    pace.wait()
    assert hands.monotonic() == 3.0


def test_many_threads_share_one_rate() -> None:
    hands = clock()
    pace = Pace(hands, rate=10.0, burst=1)
    threads = [threading.Thread(target=lambda: [pace.wait() for _ in range(10)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hands.monotonic() >= 39 / 10.0 - 1e-6
