"""The till and the staff of the simulated Square: what their acts do to orders, payments and stock."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from decimal import Decimal
from time import perf_counter
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.sim.kernel.clock import SimClock
from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.account import FakeSquare
from bridge.sim.square.routes import SquareError

NOON = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def square() -> FakeSquare:
    made = FakeSquare(clock=SimClock(NOON))
    made.seed_catalog(3, 1, 10)
    return made


def variations(square: FakeSquare) -> list[str]:
    return list(square.state.catalog.live_ids("ITEM_VARIATION"))


def places(square: FakeSquare) -> list[str]:
    return list(square.state.locations)


def on_hand(square: FakeSquare, variation_id: str, place: int = 0) -> Decimal:
    return square.state.inventory.on_hand(variation_id, places(square)[place])


def post(square: FakeSquare, path: str, body: dict[str, Any], version: str = "2025-08-20") -> dict[str, Any]:
    headers = {"authorization": "Bearer sandbox-square-token", "square-version": version}
    answer = square.handle(SimRequest.from_url("POST", f"http://127.0.0.1{path}", headers, orjson.dumps(body)))
    assert answer.status == 200, answer.body
    made: dict[str, Any] = answer.json()
    return made


def sold(square: FakeSquare, quantity: int = 2, **more: Any) -> dict[str, Any]:
    line = {"variation_id": variations(square)[0], "quantity": quantity}
    made: dict[str, Any] = square.acts["sell"](places(square)[0], [line], **more)
    return made


def test_a_sale_lowers_the_shelf_of_its_store_once_and_is_witnessed(square: FakeSquare) -> None:
    mark = len(square.journal)
    sale = sold(square)
    assert [on_hand(square, variations(square)[0], place) for place in (0, 1)] == [8, 10]
    (event,) = square.journal.since(mark)
    assert (event.kind, event.actor, event.delta) == ("sale", "till", Decimal(-2))
    order = square.state.orders[sale["order_id"]]
    assert (order["state"], order["net_amount_due_money"]["amount"]) == ("COMPLETED", 0)
    assert "version" not in order


def test_an_offline_sale_is_dated_when_it_happened_but_updated_when_it_arrived(square: FakeSquare) -> None:
    sale = sold(square, offline_hours=30)
    order = square.state.orders[sale["order_id"]]
    assert order["created_at"].startswith("2026-09-30T06:00:00")
    assert order["updated_at"] >= "2026-10-01T12:00:00.000Z"
    assert square.state.payments[sale["payment_id"]]["is_offline_payment"] is True


def test_an_offline_sale_from_before_a_count_changes_nothing(square: FakeSquare) -> None:
    shirt = variations(square)[0]
    square.acts["count"](places(square)[0], shirt, 7)
    sold(square, offline_hours=2)
    assert on_hand(square, shirt) == 7


def test_a_sale_of_a_given_price_and_of_nothing(square: FakeSquare) -> None:
    line = {"variation_id": variations(square)[0], "quantity": "1", "price": 999}
    sale = square.acts["sell"](places(square)[0], [line])
    assert square.state.payments[sale["payment_id"]]["total_money"]["amount"] == 999
    free = square.acts["sell"](places(square)[0], [{**line, "price": 0}])
    assert free["payment_id"] is None
    assert square.state.orders[free["order_id"]]["state"] == "COMPLETED"
    assert on_hand(square, variations(square)[0]) == 8


def test_a_return_with_restock_may_come_back_to_another_store(square: FakeSquare) -> None:
    shirt, here = variations(square)[0], places(square)
    sale = sold(square)
    made = square.acts["return_items"](here[1], sale["order_id"], [{"variation_id": shirt, "quantity": 1}])
    assert [on_hand(square, shirt, place) for place in (0, 1)] == [8, 11]
    refund = square.state.refunds[made["refund_id"]]
    paid = square.state.payments[sale["payment_id"]]["total_money"]["amount"]
    assert refund["amount_money"]["amount"] * 2 == paid
    (line,) = square.state.orders[made["order_id"]]["returns"][0]["return_line_items"]
    assert line["catalog_object_id"] == shirt


def test_a_return_without_restock_leaves_stock_alone(square: FakeSquare) -> None:
    shirt = variations(square)[0]
    sale = sold(square)
    line = {"variation_id": shirt, "quantity": 2}
    square.acts["return_items"](places(square)[0], sale["order_id"], [line], restock=False)
    assert on_hand(square, shirt) == 8


def test_a_return_without_a_receipt_restocks_and_names_no_payment(square: FakeSquare) -> None:
    shirt = variations(square)[0]
    made = square.acts["return_items"](places(square)[0], None, [{"variation_id": shirt, "quantity": 1}])
    assert on_hand(square, shirt) == 11
    assert "payment_id" not in square.state.refunds[made["refund_id"]]


def test_nothing_is_returned_beyond_what_was_paid(square: FakeSquare) -> None:
    sale = sold(square)
    with pytest.raises(SquareError):
        square.acts["return_items"](
            places(square)[0], sale["order_id"], [{"variation_id": variations(square)[0], "quantity": 3}]
        )
    assert on_hand(square, variations(square)[0]) == 8


def test_staff_receive_waste_transfer_and_count(square: FakeSquare) -> None:
    shirt, here = variations(square)[0], places(square)
    mark = len(square.journal)
    square.acts["receive"](here[0], shirt, 5)
    square.acts["waste"](here[0], shirt, 1)
    square.acts["transfer"](shirt, here[0], here[1], 4)
    square.acts["count"](here[2], shirt, 3)
    assert [on_hand(square, shirt, place) for place in range(3)] == [10, 14, 3]
    told = [(event.kind, event.actor, event.delta) for event in square.journal.since(mark)]
    assert told == [
        ("receive", "staff", Decimal(5)),
        ("waste", "staff", Decimal(-1)),
        ("transfer", "staff", Decimal(-4)),
        ("transfer", "staff", Decimal(4)),
        ("count", "staff", Decimal(-7)),
    ]


def test_a_transfer_reads_as_each_version_writes_it(square: FakeSquare) -> None:
    shirt, here = variations(square)[0], places(square)
    square.acts["transfer"](shirt, here[0], here[1], 4)
    asked = {"catalog_object_ids": [shirt], "types": ["TRANSFER", "ADJUSTMENT"]}
    (old,) = post(square, "/v2/inventory/changes/batch-retrieve", asked)["changes"]
    assert (old["type"], old["transfer"]["to_location_id"]) == ("TRANSFER", here[1])
    asked["types"] = ["ADJUSTMENT"]
    (new,) = post(square, "/v2/inventory/changes/batch-retrieve", asked, "2026-09-16")["changes"]
    moved = new["adjustment"]
    assert (moved["from_location_id"], moved["to_location_id"], moved["quantity"]) == (here[0], here[1], "4")


def test_untracked_goods_are_sold_without_a_trace_in_stock(square: FakeSquare) -> None:
    shirt = variations(square)[0]
    square.acts["set_tracking"](shirt, False, places(square)[0])
    sold(square)
    assert on_hand(square, shirt) == 10


def test_catalog_edits_raise_the_version_and_show(square: FakeSquare) -> None:
    shirt = variations(square)[0]
    catalog = square.state.catalog
    item = str(catalog.parent_id(catalog.objects[shirt]))
    before = catalog.objects[item]["version"]
    square.acts["edit_item"](item, {"name": "Better"})
    assert catalog.objects[item]["version"] > before
    square.acts["edit_price"](shirt, 777)
    square.acts["edit_price"](shirt, 666, places(square)[1])
    data = catalog.variation(shirt) or {}
    assert data["price_money"]["amount"] == 777
    assert data["location_overrides"][0]["price_money"]["amount"] == 666
    square.acts["archive_item"](item)
    assert catalog.objects[item]["item_data"]["is_archived"] is True
    assert set(square.acts["delete_item"](item)) == {item, shirt}
    assert catalog.live(shirt) is None


def test_sold_out_can_be_marked_by_hand(square: FakeSquare) -> None:
    shirt, place = variations(square)[0], places(square)[0]
    square.acts["manual_sold_out"](place, shirt)
    rows = square.state.catalog.shown(shirt)["item_variation_data"]["location_overrides"]
    assert {row["location_id"]: row.get("sold_out") for row in rows}[place] is True


def test_handing_over_a_paid_pickup_completes_the_order(square: FakeSquare) -> None:
    shirt, place = variations(square)[0], places(square)[0]
    pickup = {"recipient": {"display_name": "Ada"}, "schedule_type": "ASAP", "prep_time_duration": "PT20M"}
    fields = {
        "location_id": place,
        "line_items": [{"catalog_object_id": shirt, "quantity": "1"}],
        "fulfillments": [{"type": "PICKUP", "pickup_details": pickup}],
    }
    order = post(square, "/v2/orders", {"order": fields})["order"]
    assert order["fulfillments"][0]["pickup_details"]["pickup_at"].startswith("2026-10-01T12:20:00")
    body = {"idempotency_key": "p", "source_id": "EXTERNAL", "order_id": order["id"]}
    body |= {"amount_money": order["total_money"], "external_details": {"type": "OTHER", "source": "web"}}
    post(square, "/v2/payments", body)
    assert on_hand(square, shirt) == 9
    made = square.acts["fulfillment"](order["id"], "COMPLETED")
    assert made["order_state"] == "COMPLETED"
    assert on_hand(square, shirt) == 9


def test_lists_of_payments_lag_when_told_to(square: FakeSquare) -> None:
    square.acts["switch_selling"](list_lag=5.0)
    sold(square)
    headers = {"authorization": "Bearer sandbox-square-token"}
    request = SimRequest.from_url("GET", "http://127.0.0.1/v2/payments", headers)
    assert square.handle(request).json() == {}
    square.clock.advance(6)
    assert len(square.handle(request).json()["payments"]) == 1


def test_an_unknown_switch_is_refused(square: FakeSquare) -> None:
    with pytest.raises(LookupError):
        square.acts["switch_selling"](no_such_thing=True)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 2), st.integers(0, 2), st.integers(1, 4)), max_size=25))
def test_the_journal_adds_up_to_what_is_on_hand(steps: list[tuple[int, int, int, int]]) -> None:
    square = FakeSquare(clock=SimClock(NOON))
    shirts, here = square.seed_catalog(3, 1, 10), places(square)
    start = {(shirt, place): Decimal(10) for shirt in shirts for place in here}
    mark, sales = len(square.journal), []
    for kind, which, where, many in steps:
        shirt, place, line = shirts[which], here[where], {"variation_id": shirts[which], "quantity": many}
        if kind < 3:
            sales.append(square.acts["sell"](place, [line], offline_hours=kind * 10)["order_id"])
        elif kind == 3 and sales:
            with contextlib.suppress(SquareError):  # more than what is left of the payment
                square.acts["return_items"](place, sales[-1], [line], restock=many % 2 == 0)
        elif kind == 4:
            square.acts["count"](place, shirt, many)
        elif kind == 5:
            square.acts["transfer"](shirt, place, here[(where + 1) % 3], many)
        else:
            square.acts["receive" if kind == 6 else "waste"](place, shirt, many)
        square.clock.advance(60)
    for event in square.journal.since(mark):
        start[event.stock_id, event.place] += event.delta
    assert start == {(shirt, place): square.state.inventory.on_hand(shirt, place) for shirt, place in start}


def test_two_runs_of_one_story_give_the_same_ids() -> None:
    def story() -> list[str]:
        square = FakeSquare(seed=7, clock=SimClock(NOON))
        square.seed_catalog(2, 1, 5)
        sale = square.acts["sell"](places(square)[0], [{"variation_id": variations(square)[0], "quantity": 1}])
        return [*sale.values(), *(event.reference for event in square.journal)]

    assert story() == story()


def test_a_till_sale_is_fast() -> None:
    square = FakeSquare(clock=SimClock(NOON))
    shirts = square.seed_catalog(50, 1, 1000)
    place = places(square)[0]
    best = min(_timed(square, place, shirts) for _ in range(5))
    assert best < 0.002, f"{best * 1e6:.0f} µs per sale"


def _timed(square: FakeSquare, place: str, shirts: list[str]) -> float:
    start = perf_counter()
    for shirt in shirts:
        square.acts["sell"](place, [{"variation_id": shirt, "quantity": 1}])
    return (perf_counter() - start) / len(shirts)


def test_an_order_for_pickup_paid_at_the_till_gives_its_goods_once_and_waits_to_be_handed_over(
    square: FakeSquare,
) -> None:
    order = post(
        square,
        "/v2/orders",
        {
            "order": {
                "location_id": places(square)[0],
                "reference_id": "woo-7",
                "line_items": [{"catalog_object_id": variations(square)[0], "quantity": "2"}],
                "fulfillments": [
                    {
                        "type": "PICKUP",
                        "pickup_details": {
                            "recipient": {"display_name": "Kari"},
                            "pickup_at": "2026-10-01T15:00:00Z",
                        },
                    }
                ],
            }
        },
    )["order"]
    payment = square.state.payments[square.acts["take_payment"](order["id"])["payment_id"]]
    made = square.state.orders[order["id"]]
    assert (payment["source_type"], payment["status"]) == ("CASH", "COMPLETED")
    assert payment["amount_money"] == order["total_money"]
    assert (made["state"], made["fulfillments"][0]["state"], made["version"]) == ("OPEN", "PROPOSED", 2)
    assert on_hand(square, variations(square)[0]) == 8
    assert [(event.kind, event.actor) for event in square.journal][-1] == ("sale", "till")
    with pytest.raises(ValueError, match="nothing is due"):
        square.acts["take_payment"](order["id"])
    square.acts["fulfillment"](order["id"], "COMPLETED")
    assert square.state.orders[order["id"]]["state"] == "COMPLETED"
    assert on_hand(square, variations(square)[0]) == 8
