"""Reads are repeated, writes are made once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.errors import AccessRefused, RemoteDown, RemoteRefused
from bridge.remotes.calls import Caller
from bridge.remotes.classify import classify_woo
from bridge.remotes.pace import Pace
from bridge.remotes.port import Call, Done, Later, NoReply, Reply, Unknown
from tests.unit.remotes.script import START, Answer, Script, clock, data

GET, PUT = Call("GET", "wc/v3/products"), Call("PUT", "wc/v3/products/1", body={})
LOST = NoReply("no answer in time", sent=True)


def caller(*answers: Answer, attempts: int = 4) -> tuple[Caller, Script]:
    script, hands = Script(answers), clock()
    return Caller(script, Pace(hands, rate=100.0), hands, classify_woo, side="WooCommerce", attempts=attempts), script


def test_a_read_is_repeated_until_it_works() -> None:
    asking, script = caller(LOST, Reply(500, {}, b""), data({"id": 1}))
    assert asking.read(GET) == {"id": 1}
    assert len(script.calls) == 3


def test_a_read_that_never_works_means_the_side_is_down() -> None:
    asking, script = caller(LOST, LOST, LOST, LOST)
    with pytest.raises(RemoteDown, match="WooCommerce does not answer: no answer in time"):
        asking.read(GET)
    assert len(script.calls) == 4


def test_the_pause_the_side_asks_for_is_kept() -> None:
    script, hands = Script([data({}, 429, retry_after="11"), data([])]), clock()
    asking = Caller(script, Pace(hands, rate=100.0), hands, classify_woo, side="WooCommerce")
    assert asking.read(GET) == []
    assert hands.monotonic() >= 11.0


@pytest.mark.parametrize("answer", [LOST, Reply(502, {}, b"<html>"), data({}, 429), Reply(200, {}, b"")])
def test_a_write_is_never_repeated(answer: Answer) -> None:
    asking, script = caller(answer)
    assert isinstance(asking.write(PUT), (Unknown, Later))
    assert len(script.calls) == 1


def test_a_refused_key_is_an_access_error() -> None:
    refusal = data({"code": "woocommerce_rest_cannot_view", "message": "no", "data": {"status": 401}}, 401)
    asking, _ = caller(refusal)
    with pytest.raises(AccessRefused, match="does not accept the key"):
        asking.read(GET)


def test_another_refusal_of_a_read_is_said_at_once() -> None:
    asking, script = caller(data({"code": "rest_invalid_param", "message": "Invalid"}, 400))
    with pytest.raises(RemoteRefused):
        asking.read(GET)
    assert len(script.calls) == 1


def test_the_side_s_clock_is_known_from_its_answers() -> None:
    asking, _ = caller(data([], date="Sun, 22 Nov 2026 12:00:42 GMT"))
    assert asking.clock_skew() == 0.0
    assert isinstance(asking.write(PUT), Done)
    assert asking.clock_skew() == 42.0
    assert asking.server_time() == START + timedelta(seconds=42)


def test_the_side_s_time_at_any_moment_follows_from_its_last_answer_whatever_our_own_clock_shows() -> None:
    hands = clock()
    script = Script([data([], date="Sun, 22 Nov 2026 12:00:42 GMT")])
    asking = Caller(script, Pace(hands, rate=100.0), hands, classify_woo, side="WooCommerce")
    assert asking.server_time_at(hands.monotonic()) is None
    began = hands.monotonic()
    hands.sleep(5)
    asking.write(PUT)
    assert asking.server_time_at(began) == START + timedelta(seconds=37)


def test_a_429_slows_the_pace_for_the_calls_that_follow() -> None:
    script, hands = Script([data({}, 429, retry_after="5"), data({"id": 1})]), clock()
    pace = Pace(hands, rate=100.0)
    asking = Caller(script, pace, hands, classify_woo, side="WooCommerce")
    assert isinstance(asking.write(PUT), Later)
    assert pace.rate == 50.0
    asking.write(PUT)
    assert hands.monotonic() >= 5.0
