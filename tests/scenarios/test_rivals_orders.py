"""Order stories that rivals get wrong, each told by their users in public."""

from __future__ import annotations

import base64
import hashlib
import hmac
from decimal import Decimal
from io import BytesIO
from typing import Any

import orjson
import pytest

from bridge.web.doorbell import Doorbell, WooBell
from tests.orders.mirror_stage import Mode, adjustments, at_the_till, link_of, mirroring, only_order, refunds
from tests.scenarios.stage import both
from tests.scenarios.witness import Witness, open_writes, questions
from tests.unit.sim.woo.calls import post
from tests.world import World

BOTH_MODES: tuple[Mode, ...] = ("stock", "mirror")


def shop(mode: Mode = "mirror", *skus: str) -> tuple[World, list[int], Witness]:
    """A shop in step, its orders carried in this mode, the tills read in every pass."""
    world, ids = mirroring(*(skus or ("mug",)), mode=mode, till="always")
    return world, ids, Witness(world)


def give_back_at_till(world: World, order: int, woo_id: int, quantity: int, store: int = 0) -> None:
    """A till takes goods of an online order back: by its receipt where one stands there, else by its number."""
    made = at_the_till(world, order)
    source = str(made[0]["id"]) if made else None
    lines = [{"variation_id": world.twin(woo_id), "quantity": str(quantity), "price": 1000}]
    world.clock.advance(60)
    world.square.acts["return_items"](world.stores[store], source, lines, reason=f"web order {order}")


def refund_in_shop(world: World, order: int, quantity: int, *, restock: bool = True) -> None:
    line = world.woo.state.orders[order].lines[0].id
    world.clock.advance(60)
    row = {"id": line, "quantity": quantity, "refund_total": f"{10 * quantity}.00"}
    world.woo.acts["staff_refund"](order, [row], restock=restock)


# -- pickup order arriving as SHIPMENT or without items --------------------------------------
def pickup_line(method: str) -> dict[str, Any]:
    """The shipping line of an order to be fetched, as each way of offering pickup writes it."""
    said = {
        "pickup_location": [{"key": "pickup_location", "value": "Bergen"}],
        "local_pickup": [],
        "local_pickup_plus": [{"key": "_pickup_location_id", "value": "7"}],
    }
    return {
        "method_id": method, "method_title": "Pickup", "instance_id": "4", "total": "0.00", "meta_data": said[method],
    }  # fmt: skip


@pytest.mark.parametrize("method", ["pickup_location", "local_pickup", "local_pickup_plus"])
def test_a_pickup_order_never_arrives_as_a_shipment_or_without_items(method: str) -> None:
    """A rival sent every order as SHIPMENT, another sent pickup orders with an amount and no items."""
    world, (mug, cup), witness = shop("mirror", "mug", "cup")
    words = {"bergen": world.stores[1], "instance:4": world.stores[1], "id:7": world.stores[1]}
    world.use(places=words)
    body = {
        "payment_method": "bacs", "set_paid": True, "shipping_lines": [pickup_line(method)],
        "line_items": [{"product_id": mug, "quantity": 2}, {"product_id": cup, "quantity": 1}],
        "billing": {"first_name": "Carol", "email": "carol@example.test", "country": "US"},
    }  # fmt: skip
    order = int(post(world.woo, "/wc/v3/orders", body)["id"])
    world.quiet()
    till = only_order(world, order)
    assert till["location_id"] == world.stores[1]
    [handover] = till["fulfillments"]
    assert handover["type"] == "PICKUP" and handover["pickup_details"]["recipient"]["display_name"] == "Carol"
    assert {(row["catalog_object_id"], row["quantity"]) for row in till["line_items"]} == {
        (world.twin(mug), "2"), (world.twin(cup), "1"),
    }  # fmt: skip
    assert not witness.faults()


# -- two lines of one product ------------------------------------------------------------------
@pytest.mark.parametrize("mode", BOTH_MODES)
def test_two_lines_of_one_product_at_two_prices_are_both_carried_once(mode: Mode) -> None:
    world, (mug,), witness = shop(mode)
    lines = [
        {"product_id": mug, "quantity": 1},
        {"product_id": mug, "quantity": 2, "subtotal": "20.00", "total": "15.01"},
    ]
    body = {"payment_method": "bacs", "set_paid": True, "line_items": lines}
    order = int(post(world.woo, "/wc/v3/orders", body)["id"])
    world.quiet()
    assert both(world, mug) == (7, 7)
    if mode == "mirror":
        till = only_order(world, order)
        assert till["total_money"]["amount"] == 2501
        assert sum(Decimal(row["quantity"]) for row in till["line_items"]) == 3
    refund = {"id": world.woo.state.orders[order].lines[1].id, "quantity": 1, "refund_total": "7.50"}
    world.clock.advance(60)
    world.woo.acts["staff_refund"](order, [refund], restock=True)
    world.quiet()
    assert both(world, mug) == (8, 8)
    assert not witness.faults()


# -- cancel of a paid order that must restock ----------------------------------------------------
@pytest.mark.parametrize("mode", BOTH_MODES)
def test_cancelling_a_paid_order_puts_its_goods_back_into_the_store_that_gave_them(mode: Mode) -> None:
    world, (mug,), witness = shop(mode)
    world.square.acts["transfer"](world.twin(mug), world.stores[1], world.stores[0], 4)
    world.quiet()
    there = world.on_hand(world.twin(mug), world.stores[0])
    order = world.buy(mug, 3, pickup="Oslo", payment="stripe", paid=True)
    world.quiet()
    assert world.on_hand(world.twin(mug), world.stores[0]) == there - 3
    world.clock.advance(60)
    world.woo.acts["staff_order_status"](order, "cancelled")
    world.quiet()
    world.quiet()
    assert world.on_hand(world.twin(mug), world.stores[0]) == there
    assert both(world, mug) == (10, 10)
    assert [row["amount_money"]["amount"] for row in refunds(world)] == ([3000] if mode == "mirror" else [])
    assert not witness.faults() and not open_writes(world)


# -- refund before the payment event ---------------------------------------------------------------
def test_a_refund_whose_payment_nobody_has_seen_yet_is_recorded_once_and_not_again_when_it_shows() -> None:
    """Square's refund is read while its lists of payments and orders still lag behind."""
    world, (mug,), witness = shop()
    order = world.buy(mug, 2, payment="stripe", paid=True)
    world.quiet()
    payments, orders = world.bridge.square.payments, world.bridge.square.till_orders
    shown = payments.changed, orders.changed
    payments.changed = orders.changed = lambda *_: iter(())  # type: ignore[method-assign]
    give_back_at_till(world, order, mug, 1)
    world.sync(full=True)
    assert [str(one.amount) for one in world.woo.state.orders[order].refunds] == ["10.00"]
    payments.changed, orders.changed = shown  # type: ignore[method-assign]
    world.quiet()
    world.quiet()
    assert len(world.woo.state.orders[order].refunds) == 1 and len(refunds(world)) == 1
    assert both(world, mug) == (9, 9) and not witness.faults()


@pytest.mark.parametrize("mode", BOTH_MODES)
def test_an_order_refunded_before_anybody_heard_that_it_was_paid_counts_once(mode: Mode) -> None:
    """The order is seen unpaid, then paid and partly refunded at once: one look shows both."""
    world, (mug,), witness = shop(mode)
    order = world.buy(mug, 3, payment="bacs")
    world.sync()
    assert not at_the_till(world, order)
    world.woo.acts["pay_order"](order)
    refund_in_shop(world, order, 1)
    world.quiet()
    world.quiet()
    assert both(world, mug) == (8, 8)
    if mode == "mirror":
        assert [row["amount_money"]["amount"] for row in refunds(world)] == [1000]
        assert [row["amount_money"]["amount"] for row in only_order(world, order)["tenders"]] == [3000]
    assert not witness.faults()


# -- order edited after pickup -------------------------------------------------------------------
@pytest.mark.parametrize("mode", BOTH_MODES)
@pytest.mark.parametrize("quantity", [1, 5])
def test_an_order_edited_after_it_was_picked_up_has_its_goods_corrected_and_its_money_told(
    mode: Mode, quantity: int
) -> None:
    world, (mug,), witness = shop(mode)
    order = world.buy(mug, 3, pickup="Bergen", payment="stripe", paid=True)
    world.quiet()
    if mode == "mirror":
        world.square.acts["fulfillment"](only_order(world, order)["id"], "COMPLETED")
        world.quiet()
        assert world.woo.state.orders[order].status == "completed"
    else:
        world.woo.acts["staff_order_status"](order, "completed")
        world.quiet()
    world.clock.advance(60)
    world.woo.acts["staff_edit_order_line"](order, world.woo.state.orders[order].lines[0].id, quantity)
    world.quiet()
    world.quiet()
    assert both(world, mug) == (10 - quantity, 10 - quantity)
    if mode == "mirror":
        till = only_order(world, order)
        assert (till["state"], till["total_money"]["amount"]) == ("COMPLETED", 3000)
        [asked] = questions(world, "order_edited")
        assert f"{quantity * 10}.00 in the shop, 30.00 at Square" in asked.question
    assert not witness.faults()


# -- one order delivered by five webhooks at once ----------------------------------------------------
def deliver(world: World, order: int, number: int, topic: str) -> str:
    """A signed delivery of the shop about an order; how the doorbell took it."""
    event = {"id": order, "status": "processing", "date_modified_gmt": f"2026-03-02T09:00:0{number}"}
    raw = orjson.dumps({"arg": order} if topic.startswith("action.") else event)
    signature = base64.b64encode(hmac.new(b"secret", raw, hashlib.sha256).digest()).decode()
    bell = Doorbell(world.db, world.clock, woo=WooBell("door", lambda: ["secret"]))
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/hooks/woo/door", "CONTENT_LENGTH": str(len(raw)),
        "wsgi.input": BytesIO(raw), "HTTP_X_WC_WEBHOOK_SIGNATURE": signature, "HTTP_X_WC_WEBHOOK_TOPIC": topic,
        "HTTP_X_WC_WEBHOOK_DELIVERY_ID": str(number),
    }  # fmt: skip
    bell(environ, lambda *_: None)
    return next(iter(bell.counts))


TOPICS = (
    "order.created",
    "order.updated",
    "order.updated",
    "action.woocommerce_order_status_changed",
    "order.updated",
)


@pytest.mark.parametrize("mode", BOTH_MODES)
@pytest.mark.parametrize("each", [False, True], ids=["one pass for all", "a pass after each"])
def test_one_order_delivered_by_five_webhooks_at_once_is_one_order_and_one_movement(mode: Mode, each: bool) -> None:
    world, (mug,), witness = shop(mode)
    before = adjustments(world)
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    for number, topic in enumerate(TOPICS):
        assert deliver(world, order, number, topic) == "stored"
        if each:
            world.sync()
    world.sync()
    world.quiet()
    assert len(at_the_till(world, order)) == (mode == "mirror")
    assert adjustments(world) - before == (mode == "stock")
    assert both(world, mug) == (8, 8)
    assert not witness.faults() and not open_writes(world)


# -- partial refund in one channel and the rest in the other -------------------------------------------
@pytest.mark.parametrize("mode", BOTH_MODES)
@pytest.mark.parametrize("first", ["shop", "till"])
def test_a_part_refunded_in_one_channel_and_the_rest_in_the_other_is_the_whole_on_both(mode: Mode, first: str) -> None:
    world, (mug,), witness = shop(mode)
    order = world.buy(mug, 3, pickup="Bergen", payment="stripe", paid=True)
    world.quiet()
    if first == "shop":
        refund_in_shop(world, order, 1)
        world.quiet()
        give_back_at_till(world, order, mug, 2)
    else:
        give_back_at_till(world, order, mug, 2)
        world.quiet()
        refund_in_shop(world, order, 1)
    world.quiet()
    world.quiet()
    in_shop = sorted(one.amount for one in world.woo.state.orders[order].refunds)
    assert in_shop == [Decimal("10.00"), Decimal("20.00")]
    at_square = sorted(row["amount_money"]["amount"] for row in refunds(world))
    assert at_square == ([1000, 2000] if mode == "mirror" else [2000])
    assert both(world, mug) == (10, 10)
    assert world.woo.state.orders[order].status == "refunded"
    assert not witness.faults() and not open_writes(world) and not questions(world)


def test_everything_refunded_in_both_channels_at_once_is_asked_about_and_never_recorded_twice() -> None:
    """Till and office both give the customer everything back before either could know of the other."""
    world, (mug,), _ = shop()
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    world.quiet()
    refund_in_shop(world, order, 2)
    give_back_at_till(world, order, mug, 2)
    world.quiet()
    world.quiet()
    assert [str(one.amount) for one in world.woo.state.orders[order].refunds] == ["20.00"]
    assert [row["amount_money"]["amount"] for row in refunds(world)] == [2000]
    assert f"of order {order} is more than what is left" in questions(world, "refund")[0].question
    assert "can refund only 0.00" in questions(world, "till_refund")[0].question
    assert not open_writes(world)


# -- return in a store that never sold it ------------------------------------------------------------
@pytest.mark.parametrize("mode", BOTH_MODES)
def test_goods_returned_in_a_store_that_never_sold_them_stay_there_and_count(mode: Mode) -> None:
    world, (mug,), witness = shop(mode)
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    world.quiet()
    sold_in = link_of(world, order).store_id if mode == "mirror" else world.stores[1]
    before = [world.on_hand(world.twin(mug), store) for store in world.stores]
    give_back_at_till(world, order, mug, 1, store=2)
    world.quiet()
    after = [world.on_hand(world.twin(mug), store) for store in world.stores]
    assert sold_in == world.stores[1]
    assert after == [before[0], before[1], before[2] + 1]
    assert [str(one.amount) for one in world.woo.state.orders[order].refunds] == ["10.00"]
    assert both(world, mug) == (9, 9) and not witness.faults()
