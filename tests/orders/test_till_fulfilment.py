"""Steps at the till move the shop's order along its legal states, with notes to the customer."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.hours import Span
from bridge.domain.order import StatusWords
from bridge.engine.settings import PlaceSettings
from tests.orders.mirror_stage import mirroring, only_order
from tests.scenarios.witness import open_writes, questions
from tests.world import World

HOURS = {"periods": [{"day_of_week": d, "start_local_time": "01:00:00", "end_local_time": "20:00:00"}
                     for d in ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")]}  # fmt: skip


def pickup_order(**settings: Any) -> tuple[World, int, int, str]:
    """A paid pickup order that stands at the till of Bergen; (world, product, order, Square order)."""
    world, [mug] = mirroring("mug", mode="mirror_pickups", **settings)
    for place in world.stores:
        world.square.state.locations[place]["business_hours"] = HOURS
    order = world.buy(mug, 2, pickup="Bergen", payment="bacs", paid=True)
    world.quiet()
    return world, mug, order, str(only_order(world, order)["id"])


def at_till(world: World, square_order: str, state: str) -> None:
    world.square.acts["fulfillment"](square_order, state)
    world.clock.advance(120)
    world.sync()
    world.sync()


def link_order(world: World, square_order: str) -> str:
    return str(world.square.state.orders[square_order]["reference_id"]).removeprefix("woo-")


def status(world: World, order: int) -> str:
    return str(world.woo.state.orders[order].status)


def customer_notes(world: World, order: int) -> list[str]:
    return [note.text for note in world.woo.state.orders[order].notes if note.customer_note]


def test_prepared_at_the_till_tells_the_customer_where_and_until_when() -> None:
    world, _, order, square_order = pickup_order()
    at_till(world, square_order, "PREPARED")
    assert status(world, order) == "processing"
    [note] = customer_notes(world, order)
    assert "ready for pickup at Bergen" in note and "open until 20:00" in note


def test_a_holiday_of_the_configuration_counts_for_pickup_time_and_for_the_note() -> None:
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    half, none = (Span(time(8), time(9)),), ()
    holidays = PlaceSettings(holidays={"": {monday: none, tuesday: half}})
    world, _, _, square_order = pickup_order(pickup=holidays)
    zone = ZoneInfo(str(world.square.state.locations[world.stores[1]]["timezone"]))
    due = world.square.state.orders[square_order]["fulfillments"][0]["pickup_details"]["pickup_at"]
    # closed on Monday and open for an hour on Tuesday, which the preparing takes: Wednesday at opening time
    assert datetime.fromisoformat(due).astimezone(zone).isoformat()[:16] == "2026-03-04T01:00"
    to_tuesday = datetime(2026, 3, 3, 8, 30, tzinfo=zone) - world.clock.now()
    world.clock.advance(to_tuesday.total_seconds() - 121)
    at_till(world, square_order, "PREPARED")
    assert "open until 09:00 on 03 March" in customer_notes(world, int(link_order(world, square_order)))[0]


def test_picked_up_completes_the_order_and_says_nothing_twice() -> None:
    world, _, order, square_order = pickup_order()
    at_till(world, square_order, "PREPARED")
    at_till(world, square_order, "COMPLETED")
    world.quiet()
    world.quiet()
    assert status(world, order) == "completed"
    assert len(customer_notes(world, order)) == 1
    assert not open_writes(world) and not questions(world)


def test_a_pickup_skipping_all_steps_completes_the_order() -> None:
    world, _, order, square_order = pickup_order()
    at_till(world, square_order, "COMPLETED")
    assert status(world, order) == "completed" and not customer_notes(world, order)


def test_a_step_is_told_once_however_often_it_is_read() -> None:
    world, _, order, square_order = pickup_order()
    at_till(world, square_order, "PREPARED")
    for _ in range(3):
        world.sync(full=True)
    assert len(customer_notes(world, order)) == 1


def test_an_order_the_shop_completed_is_never_moved_back() -> None:
    world, _, order, square_order = pickup_order(status_words=StatusWords(ready="on-hold"))
    world.square.acts["fulfillment"](square_order, "PREPARED")
    world.woo.acts["staff_order_status"](order, "completed")
    world.clock.advance(60)
    world.quiet()
    assert status(world, order) == "completed"


def test_a_cancelled_pickup_cancels_the_order_gives_back_the_goods_and_asks_about_the_money() -> None:
    world, mug, order, square_order = pickup_order()
    assert world.woo_stock(mug) == 8
    at_till(world, square_order, "CANCELED")
    world.quiet()
    assert status(world, order) == "cancelled"
    assert world.woo_stock(mug) == 10 and world.on_hand(world.twin(mug)) == 10
    assert [row.kind for row in questions(world) if row.kind == "fulfilment"] == ["fulfilment"]


def test_a_till_that_cancels_what_the_shop_has_cancelled_changes_nothing_more() -> None:
    world, mug, order, _ = pickup_order()
    world.woo.acts["cancel_order"](order)
    world.quiet()
    world.quiet()
    assert status(world, order) == "cancelled" and not customer_notes(world, order)
    assert world.woo_stock(mug) == 10 and world.on_hand(world.twin(mug)) == 10


@pytest.mark.parametrize("restock", [True, False])
def test_a_mirrored_order_given_back_at_a_till_is_refunded_in_the_shop_once(restock: bool) -> None:
    world, mug, order, square_order = pickup_order()
    at_till(world, square_order, "COMPLETED")
    lines = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["return_items"](world.stores[2], square_order, lines, restock=restock)
    world.quiet()
    world.quiet()
    refunds = world.woo.state.orders[order].refunds
    assert len(refunds) == 1 and refunds[0].lines[0].quantity == -1
    assert world.woo_stock(mug) == 8 + restock and world.on_hand(world.twin(mug)) == 8 + restock
    assert len(world.square.state.refunds) == 1, "the shop's refund came back as one at Square"


def test_an_amount_given_back_at_a_till_is_refunded_in_the_shop_without_lines() -> None:
    world, mug, order, _ = pickup_order()
    payment = only_order(world, order)["tenders"][0]["payment_id"]
    world.square.acts["refund_amount"](payment, 300, reason="Scratched")
    world.quiet()
    [made] = world.woo.state.orders[order].refunds
    assert str(made.amount) == "3.00" and not made.lines
    assert world.woo_stock(mug) == 8


def test_a_refund_in_the_shop_does_not_come_back_from_the_till() -> None:
    world, mug, order, _ = pickup_order()
    line = world.woo.state.orders[order].lines[0].id
    world.woo.acts["staff_refund"](order, [{"id": line, "quantity": 1, "refund_total": "10.00"}], restock=True)
    world.quiet()
    world.quiet()
    assert len(world.woo.state.orders[order].refunds) == 1
    assert world.woo_stock(mug) == 9 and world.on_hand(world.twin(mug)) == 9
