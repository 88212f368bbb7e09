"""systemd's watchdog is fed for as long as the working thread works, and not by a thread that outlives it."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from bridge.app_daemon import HUNG_SECONDS, Running
from bridge.clock import VirtualClock
from bridge.engine.bells import Bells
from bridge.engine.daemon import Pulse
from bridge.engine.systemd_notify import Notify
from tests.report.test_alerts import NOW

EVERY = 40.0
"""Seconds between two looks: a third of the unit's WatchdogSec=120."""


class Heard(Notify):
    """Keeps what systemd would be told, with the second of it."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__({"WATCHDOG_USEC": "120000000"})
        self.clock, self.fed, self.lines = clock, list[float](), list[str]()

    def tell(self, *lines: str) -> None:
        self.lines += lines
        if "WATCHDOG=1" in lines:
            self.fed.append(self.clock.monotonic())


class Pauses(Bells):
    """Bells whose pauses pass on the clock at once, and which stop after an hour of them."""

    def __init__(self, clock: VirtualClock, each: Any = lambda: None) -> None:
        super().__init__()
        self.clock, self.each = clock, each

    def pause(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.each()
        if self.clock.monotonic() >= 3600:
            self.stop()


class Worker:
    """Works until the bells stop; ``pulse.beat`` is its last sign of life."""

    def __init__(self, clock: VirtualClock) -> None:
        self.pulse, self.bridge = Pulse(), SimpleNamespace(clock=clock)
        self.may_end = threading.Event()

    def run(self) -> None:
        self.may_end.wait(30)


def running(clock: VirtualClock, worker: Any, each: Any = lambda: None) -> tuple[Running, Heard]:
    return Running(worker, Pauses(clock, each), drain_seconds=0.01), Heard(clock)


def test_while_the_worker_gives_signs_of_life_the_watchdog_is_fed_three_times_as_often_as_it_must() -> None:
    clock = VirtualClock(NOW)
    worker = Worker(clock)

    def alive() -> None:
        worker.pulse.beat = clock.monotonic()

    made, heard = running(clock, worker, alive)
    made.work_until_stopped(heard)
    worker.may_end.set()
    assert heard.fed == [EVERY * turn for turn in range(1, 91)]
    assert heard.lines[0] == "READY=1"
    assert "STOPPING=1" in heard.lines


def test_a_worker_that_hangs_is_no_longer_vouched_for() -> None:
    clock = VirtualClock(NOW)
    worker = Worker(clock)
    made, heard = running(clock, worker)  # it never beats again
    assert made.work_until_stopped(heard) is False
    worker.may_end.set()
    assert heard.fed
    assert max(heard.fed) < HUNG_SECONDS  # systemd's own 120 s later it is killed and started anew


def test_a_worker_that_comes_back_to_life_is_vouched_for_again() -> None:
    clock = VirtualClock(NOW)
    worker = Worker(clock)

    def late() -> None:
        if clock.monotonic() >= 2000:
            worker.pulse.beat = clock.monotonic()

    made, heard = running(clock, worker, late)
    made.work_until_stopped(heard)
    worker.may_end.set()
    assert [second for second in heard.fed if HUNG_SECONDS <= second < 2000] == []
    assert heard.fed[-1] == 3600


def test_a_worker_that_dies_takes_the_daemon_with_it_and_it_does_not_look_like_a_wished_end() -> None:
    clock = VirtualClock(NOW)

    class Dying(Worker):
        def run(self) -> None:
            raise ZeroDivisionError("a fault in the bridge")

    made, heard = running(clock, Dying(clock), lambda: made.bells._stopping.wait(10))
    with pytest.raises(ZeroDivisionError):
        made.work_until_stopped(heard)
    assert made.bells.stopping
    assert clock.monotonic() <= EVERY  # not at some later look
