"""What each store has to prepare: all of every open order, once, with what staff need to know."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bridge.cli.picklist import html_of, text_of
from bridge.engine.picklist import NO_STORE, PickOrder, picklist
from tests.orders.mirror_stage import mirroring
from tests.world import START, World

HOME: dict[str, Any] = {
    "first_name": "Ada", "last_name": "Nord", "email": "ada@example.test", "phone": "555-0101",
    "address_1": "1 Main St",
    "city": "New York", "state": "NY", "postcode": "10001", "country": "US",
}  # fmt: skip


def shop(**settings: Any) -> tuple[World, int, int]:
    world, (mug, cup) = mirroring("mug", "cup", mode="stock", **settings)
    return world, mug, cup


def buy(world: World, *lines: tuple[int, int], **more: Any) -> int:
    asked = [{"id": woo_id, "quantity": quantity} for woo_id, quantity in lines]
    return int(world.woo.acts["checkout"](asked, **{"payment": "cod", **more})["order_id"])


def goods(one: PickOrder) -> list[tuple[str, str]]:
    return [(line.sku, line.quantity) for line in one.lines]


def test_the_pick_list_names_each_stores_goods_and_leaves_finished_orders_out() -> None:
    world, (mug, cup) = mirroring("mug", "cup", mode="stock")
    lines = [{"id": mug, "quantity": 2}, {"id": cup, "quantity": 1}]
    first = world.woo.acts["checkout"](lines, pickup="Bergen", payment="cod", note="<b>fragile</b>")["order_id"]
    done = world.buy(mug, 1, pickup="Oslo", payment="cod")
    world.sync()
    world.woo.acts["staff_order_status"](done, "completed")
    found = picklist(world.bridge)
    assert [(one.order_id, one.store, one.handover, one.paid) for one in found] == [
        (str(first), "Bergen", "PICKUP", False)
    ]
    text = "\n".join(text_of(found))
    assert "[ ] 2 × Product mug  (mug)" in text
    assert "NOT PAID" in text
    page = html_of(found, made_at=START)
    assert "&lt;b&gt;fragile&lt;/b&gt;" in page
    assert "<b>fragile" not in page
    assert picklist(world.bridge, store_id=world.stores[0]) == []


def test_a_line_whose_stock_nobody_counts_is_on_the_list_with_the_rest_of_its_order() -> None:
    world, mug, _ = shop()
    card = world.simple("card", None)
    order = buy(world, (mug, 1), (card, 2), pickup="Bergen")
    only_cards = buy(world, (card, 1), pickup="Oslo")
    nowhere = buy(world, (card, 3))
    world.sync()
    found = {(one.order_id, one.store): goods(one) for one in picklist(world.bridge)}
    assert found == {
        (str(order), "Bergen"): [("mug", "1"), ("card", "2")],
        (str(only_cards), "Oslo"): [("card", "1")],
        (str(nowhere), NO_STORE): [("card", "3")],
    }
    of_oslo = picklist(world.bridge, store_id=world.stores[0])
    assert [one.store for one in of_oslo] == [NO_STORE, "Oslo"], "what has no store yet is everybody's business"


def test_an_order_the_ledger_has_not_read_yet_is_on_the_list_all_the_same() -> None:
    world, mug, _ = shop()
    order = buy(world, (mug, 1), pickup="Bergen")
    assert [(one.order_id, one.store) for one in picklist(world.bridge)] == [(str(order), "Bergen")]


def test_what_was_given_back_is_not_picked_whether_or_not_its_stock_came_back() -> None:
    world, mug, cup = shop()
    order = buy(world, (mug, 3), (cup, 1), pickup="Oslo", payment="stripe", paid=True)
    world.sync()
    first, second = (line.id for line in world.woo.state.orders[order].lines)
    world.woo.acts["staff_refund"](order, [{"id": first, "quantity": 1}], restock=True)
    world.woo.acts["staff_refund"](order, [{"id": first, "quantity": 1}], restock=False)
    world.woo.acts["staff_refund"](order, [{"id": second, "quantity": 1}], restock=False)
    world.sync()
    (one,) = picklist(world.bridge)
    assert goods(one) == [("mug", "1")]


def test_a_pickup_says_when_it_is_due_in_the_stores_own_time_and_a_shipment_where_it_goes() -> None:
    world, mug, _ = shop()
    buy(world, (mug, 1), pickup="Oslo", billing=HOME)
    buy(world, (mug, 1), billing=HOME)
    world.sync()
    pickup, shipped = sorted(picklist(world.bridge), key=lambda one: one.handover)
    zone = ZoneInfo(str(world.square.state.locations[world.stores[0]]["timezone"]))
    due = datetime.fromisoformat(pickup.ready_by)
    assert due.utcoffset() == START.astimezone(zone).utcoffset()
    assert (due - datetime.fromisoformat(pickup.placed)).total_seconds() == 3600
    assert (pickup.ship_to, shipped.ready_by) == ("", "")
    assert shipped.ship_to == "1 Main St, 10001, New York, NY, US"
    text = "\n".join(text_of([pickup, shipped]))
    assert f"ready by {due:%a %d %b %H:%M}, Ada Nord, 555-0101" in text
    assert "To: 1 Main St" in text


def test_a_pickup_at_a_place_that_is_no_store_says_where_the_shopper_will_come() -> None:
    world, mug, _ = shop()
    world.woo.acts["set_pickup_locations"]([{"name": "Kiosk", "address": {}, "details": "", "enabled": True}])
    buy(world, (mug, 1), pickup="Kiosk")
    world.sync()
    (one,) = picklist(world.bridge)
    assert "pickup at Kiosk, ready by" in "\n".join(text_of([one]))


def test_an_order_of_two_stores_says_in_each_where_the_rest_is() -> None:
    world, mug, cup = shop(may_split=True)
    for woo_id, counts in ((mug, (10, 0, 0)), (cup, (0, 5, 0))):
        for store, quantity in zip(world.stores, counts, strict=True):
            world.square.acts["count"](store, world.twin(woo_id), quantity)
    world.quiet()
    buy(world, (mug, 1), (cup, 1))
    world.sync()
    found = picklist(world.bridge)
    assert [(one.store, goods(one), one.others) for one in found] == [
        ("Bergen", [("cup", "1")], ("Oslo",)),
        ("Oslo", [("mug", "1")], ("Bergen",)),
    ]
    assert "The rest of it is at Oslo." in "\n".join(text_of(found))


def test_the_page_to_print_begins_a_sheet_per_store_and_keeps_each_order_together() -> None:
    world, mug, _ = shop()
    for store in ("Oslo", "Bergen", "Bergen"):
        buy(world, (mug, 1), pickup=store, note="a <script>")
    world.sync()
    page = html_of(picklist(world.bridge), made_at=START)
    assert page.count("<section>") == 2
    assert page.count("<article>") == 3
    for words in ("@page{size:A4", "section+section{break-before:page}", "break-inside:avoid", "2 orders, as of 2026-"):
        assert words in page
    assert "<script>" not in page
    assert "http" not in page, "nothing is fetched from anywhere while it is printed"
