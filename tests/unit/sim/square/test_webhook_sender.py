"""Signatures and envelopes of the simulated Square's events."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from bridge.sim.kernel.clock import SimClock
from bridge.sim.square.account import FakeSquare
from bridge.sim.square.webhook_sender import signature

NOON = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


def listening() -> FakeSquare:
    square = FakeSquare(clock=SimClock(NOON))
    fields = {"name": "n", "event_types": ["payment.created"], "notification_url": "http://127.0.0.1/hook"}
    square.hooks.subscribe(fields, "2025-08-20")
    return square


def sell(square: FakeSquare) -> None:
    place = next(iter(square.state.locations))
    square.acts["sell"](place, [{"name": "Mug", "quantity": 1, "price": 100}])


def sent(square: FakeSquare) -> list[bytes]:
    bodies: list[bytes] = []

    def send(url: str, headers: dict[str, str], body: bytes) -> int:
        bodies.append(body)
        return 200

    square.deliver_due(send)
    return bodies


def test_the_signature_is_that_of_the_published_example() -> None:
    made = signature("asdf1234", "https://example.com/webhook", b'{"hello":"world"}')
    assert made == "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og="


def test_event_times_come_with_three_or_nine_digits() -> None:
    square = listening()
    for _ in range(20):
        sell(square)
    bodies = sent(square)
    lengths = {len(orjson.loads(body)["created_at"].partition(".")[2]) for body in bodies}
    assert lengths == {4, 10}


def test_an_event_shows_its_object_as_it_was_then() -> None:
    square = listening()
    sell(square)
    (payment_id,) = square.state.payments
    square.acts["refund_amount"](payment_id, 40)
    bodies = sent(square)
    assert "refunded_money" not in orjson.loads(bodies[0])["data"]["object"]["payment"]


def test_a_doubled_delivery_carries_the_same_event_id() -> None:
    square = listening()
    square.deliveries.double = 1.0
    sell(square)
    bodies = sent(square)
    assert len(bodies) == 2
    assert len({orjson.loads(body)["event_id"] for body in bodies}) == 1


def test_nothing_is_made_while_nobody_listens() -> None:
    square = FakeSquare(clock=SimClock(NOON))
    sell(square)
    assert square.deliveries.pending == []


def test_order_events_of_the_till_are_a_switch() -> None:
    square = FakeSquare(clock=SimClock(NOON))
    fields = {"name": "n", "event_types": ["order.created", "order.updated"], "notification_url": "http://127.0.0.1/h"}
    square.hooks.subscribe(fields, "2025-08-20")
    sell(square)
    assert sent(square) == []
    square.acts["switch_selling"](till_order_events=True)
    sell(square)
    assert [orjson.loads(body)["type"] for body in sent(square)] == ["order.created", "order.updated"]
