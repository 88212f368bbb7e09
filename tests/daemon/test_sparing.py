"""A side that answers slowly is spared: one call at a time, with a rest after each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bridge.clock import VirtualClock
from bridge.domain.rhythm import LONGEST_REST, SLOW_ANSWER, is_slow, rest_after
from bridge.engine.breaker import SideHealth, Sparing, Watched
from bridge.remotes.port import Call, Reply
from tests.daemon.stage import Street
from tests.fuzz.door import NOW


class Laggard:
    """A transport whose answers take time."""

    def __init__(self, clock: Any, seconds: float, inner: Any = None) -> None:
        self.clock, self.seconds, self.inner = clock, seconds, inner

    def send(self, call: Call) -> Reply:
        self.clock.sleep(self.seconds)
        reply: Reply = self.inner.send(call) if self.inner else Reply(200, {}, b"{}")
        return reply


@pytest.mark.parametrize(("answer", "rest"), [(0.05, 0), (SLOW_ANSWER, 0), (3.0, 3.0), (25.0, LONGEST_REST)])
def test_only_a_slow_side_gets_a_rest_and_never_a_long_one(answer: float, rest: float) -> None:
    assert rest_after(answer) == rest
    assert is_slow(answer) == (rest > 0)


@pytest.mark.parametrize(("seconds", "share"), [(0.1, 1.0), (4.0, 0.5)])
def test_a_slow_side_is_busy_with_us_half_of_the_time_at_most(seconds: float, share: float) -> None:
    clock = VirtualClock(NOW)
    watched = Watched(Laggard(clock, seconds), SideHealth("woo", clock))
    for _ in range(10):
        watched.send(Call("GET", "x"))
    assert 10 * seconds / clock.monotonic() == pytest.approx(share)


def test_listings_are_read_ahead_until_a_side_is_slow() -> None:
    health = SideHealth("woo", VirtualClock(NOW))
    ahead = Sparing({"woo": health, "square": SideHealth("square", VirtualClock(NOW))})
    fetched_by: list[str] = []

    def pages() -> Iterator[int]:
        for number in range(3):
            fetched_by.append(threading.current_thread().name)
            yield number

    assert list(ahead(pages())) == [0, 1, 2]
    assert set(fetched_by) == {"reading ahead"}
    fetched_by.clear()
    health.answered(5.0)
    assert list(ahead(pages())) == [0, 1, 2]
    assert set(fetched_by) == {threading.current_thread().name}


def test_a_shop_that_answers_slowly_is_called_less_often_and_both_sides_still_agree() -> None:
    calls = {}
    for seconds in (0.0, 6.0):
        street = Street(hooks=False)
        product = street.simple("W-1", stock=10)
        street.live(60)
        inner = street.bridge.woo.caller._transport._inner
        street.bridge.woo.caller._transport._inner = Laggard(street.clock, seconds, inner)
        before = street.health["woo"].calls
        street.live(1800)
        calls[seconds] = street.health["woo"].calls - before
        street.sell(street.twin(product), 3)
        street.live(900)
        assert street.woo_stock(product) == 7
    assert calls[6.0] * 2 < calls[0.0]
