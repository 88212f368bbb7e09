"""Checkouts, refunds and edits of a real shop, as recorded, carried to the tills end to end."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from bridge.domain.order import may_be_mirrored
from bridge.remotes.woo.translate import shown_order
from tests.orders.mirror_stage import adjustments, at_the_till, only_order, pay_at_the_till, refunds
from tests.orders.recorded_stage import RECORDINGS, Tape, body, load, recorded_world, ring, took
from tests.scenarios.witness import Witness, open_writes, questions
from tests.world import World

DOWNTOWN, UPTOWN = 0, 1
CAROL = {
    "display_name": "Carol Doe",
    "email_address": "carol@example.test",
    "phone_number": "+12125550199",
}


def cents(text: str) -> int:
    return int(Decimal(text) * 100)


def goods(order: dict[str, Any]) -> Counter[str]:
    """How many of each catalog item a Square order holds."""
    return Counter({line["catalog_object_id"]: int(line["quantity"]) for line in order["line_items"]})


def recorded_goods(world: World, order: dict[str, Any]) -> Counter[str]:
    """What the recorded lines name, as Square's items."""
    lines = order["line_items"]
    return Counter({world.twin(line["variation_id"] or line["product_id"]): line["quantity"] for line in lines})


def shelf(world: World, order: dict[str, Any], store: int) -> dict[int, Decimal]:
    """On hand at a store of everything an order holds."""
    return {item: world.on_hand(world.twin(item), world.stores[store]) for item in took(order)}


def less(before: dict[int, Decimal], order: dict[str, Any]) -> dict[int, Decimal]:
    return {item: number - took(order)[item] for item, number in before.items()}


# -- checkouts --------------------------------------------------------------------------
def test_the_recorded_pickup_checkout_stands_at_its_store_and_is_paid_there_once() -> None:
    world, tape = recorded_world()
    witness, before = Witness(world), adjustments(world)
    order = body("order_get_from_checkout_pickup_cod")
    assert order["id"] == body("store_checkout_pickup_cod")["order_id"], "the checkout that made this order"
    there, elsewhere = shelf(world, order, UPTOWN), shelf(world, order, DOWNTOWN)
    number = tape.show(order)
    world.sync()
    till = only_order(world, number)
    assert till["location_id"] == world.stores[UPTOWN]
    assert till["total_money"]["amount"] == cents(order["total"]) == 5810
    assert goods(till) == recorded_goods(world, order)
    [handover] = till["fulfillments"]
    assert (handover["type"], handover["state"]) == ("PICKUP", "PROPOSED")
    assert handover["pickup_details"]["recipient"] == CAROL
    assert handover["pickup_details"]["note"] == "from checkout"
    assert not till.get("tenders"), "cash on delivery is paid on pickup"
    assert shelf(world, order, UPTOWN) == there
    pay_at_the_till(world, till)
    world.quiet()
    world.quiet()
    [tender] = only_order(world, number)["tenders"]
    assert tender["amount_money"]["amount"] == 5810
    assert shelf(world, order, UPTOWN) == less(there, order) and shelf(world, order, DOWNTOWN) == elsewhere
    assert adjustments(world) == before and not tape.sent
    assert not witness.faults() and not questions(world)


def test_the_recorded_checkout_by_transfer_waits_for_its_money() -> None:
    world, tape = recorded_world()
    witness = Witness(world)
    order = body("order_get_from_checkout_pickup_bacs")
    there = shelf(world, order, DOWNTOWN)
    number = tape.show(order)
    world.quiet()
    assert not at_the_till(world, number)
    # what changes when staff note the money: as between the recorded deliveries of order 103
    paid = {"status": "processing", "date_paid_gmt": "2026-11-22T00:40:00", "date_modified_gmt": "2026-11-22T00:40:00"}
    tape.show({**order, **paid})
    world.quiet()
    till = only_order(world, number)
    assert till["location_id"] == world.stores[DOWNTOWN]
    assert till["total_money"]["amount"] == 5229, "10 % off, as the shop rounded it"
    assert [one["amount_money"]["amount"] for one in till["tenders"]] == [5229]
    assert shelf(world, order, DOWNTOWN) == less(there, order)
    assert not witness.faults()


def test_the_recorded_shipped_checkout_becomes_a_shipment_with_its_address() -> None:
    world, tape = recorded_world()
    witness = Witness(world)
    order = body("order_get_from_checkout_flat_rate_cod")
    number = tape.show(order)
    world.sync()
    till = only_order(world, number)
    assert till["total_money"]["amount"] == cents(order["total"]) and goods(till) == recorded_goods(world, order)
    [handover] = till["fulfillments"]
    details = handover["shipment_details"]
    assert handover["type"] == "SHIPMENT" and details["shipping_note"] == "from checkout"
    where = {"address_line_1": "7 Oak", "locality": "New York", "administrative_district_level_1": "NY"}
    assert details["recipient"] == CAROL | {
        "address": where | {"postal_code": "10001", "country": "US", "first_name": "Carol", "last_name": "Doe"}
    }
    pay_at_the_till(world, till)
    world.quiet()
    assert not witness.faults()


def test_the_recorded_order_with_fee_coupon_and_pickup_is_equal_to_the_cent_and_handed_over() -> None:
    world, tape = recorded_world()
    witness = Witness(world)
    order = body("order_get_full")
    there = shelf(world, order, DOWNTOWN)
    number = tape.show(order)
    world.quiet()
    till = only_order(world, number)
    assert till["total_money"]["amount"] == 4861
    assert [charge["total_money"]["amount"] for charge in till["service_charges"]] == [10]
    assert till["fulfillments"][0]["type"] == "PICKUP" and till["state"] == "COMPLETED"
    assert till["fulfillments"][0]["pickup_details"]["note"] == "please hurry"
    assert shelf(world, order, DOWNTOWN) == less(there, order)
    assert not witness.faults()


def test_the_recorded_order_with_sales_tax_shows_its_tax_and_total() -> None:
    world, tape = recorded_world()
    witness = Witness(world)
    number = tape.show(body("order_create_with_tax"))
    world.quiet()
    till = only_order(world, number)
    assert (till["total_money"]["amount"], till["total_tax_money"]["amount"]) == (5674, 422)
    assert [one["amount_money"]["amount"] for one in till["tenders"]] == [5674]
    assert not witness.faults()


def test_the_recorded_draft_of_the_checkout_moves_nothing() -> None:
    world, tape = recorded_world()
    witness = Witness(world)
    number = tape.show(body("order_checkout_draft"))
    world.quiet()
    assert not at_the_till(world, number) and not witness.faults()


# -- refunds ------------------------------------------------------------------------------
def test_the_six_recorded_refunds_of_one_order_are_six_at_square_and_its_goods_come_back_as_recorded() -> None:
    world, tape = recorded_world()
    witness = Witness(world)
    paid, after = body("order_create_set_paid_bacs"), body("order_get_with_refunds")
    given = {item: world.on_hand(world.twin(item)) for item in took(paid)}
    number = tape.show(paid)
    world.sync()
    assert [one["amount_money"]["amount"] for one in only_order(world, number)["tenders"]] == [9650]
    tape.show(after, body("order_refunds_list"), kind="refund_restock")
    world.quiet()
    world.quiet()
    recorded = sorted(cents(one["amount"]) for one in body("order_refunds_list"))
    assert sorted(one["amount_money"]["amount"] for one in refunds(world)) == recorded
    assert sum(recorded) == 9650 and all(one["status"] == "COMPLETED" for one in refunds(world))
    # the shop put six of two shirts back: what it holds is what it says, and both sides agree
    assert took(after) == {21: Decimal(2), 35: Decimal(-4)}
    assert {item: world.on_hand(world.twin(item)) for item in given} == less(given, after)
    assert not witness.faults() and not tape.sent


def test_the_recorded_refund_with_tax_travels_with_its_tax() -> None:
    world, tape = recorded_world()
    witness = Witness(world)
    order, refund = body("order_create_tax_override"), body("refund_with_tax")
    # recorded unpaid, and refunded at once: what its line held is what the refund could put back
    line = {**order["line_items"][0], "meta_data": [{"key": "_reduced_stock", "value": "1"}]}
    paid = {"status": "processing", "date_paid_gmt": order["date_created_gmt"], "line_items": [line]}
    number = tape.show({**order, **paid})
    world.sync()
    assert only_order(world, number)["total_money"]["amount"] == 1089
    listed = [{"id": refund["id"], "reason": refund["reason"], "total": f"-{refund['amount']}"}]
    later = {"refunds": listed, "date_modified_gmt": "2026-11-22T00:48:00"}
    tape.show({**order, **paid, **later}, [refund])
    world.quiet()
    assert [one["amount_money"]["amount"] for one in refunds(world)] == [1050]
    assert not witness.faults()


def test_a_recorded_order_refunded_whole_before_anybody_looked_never_reaches_the_till() -> None:
    world, tape = recorded_world()
    witness = Witness(world)
    number = tape.show(body("order_status_to_refunded"), body("order_refunds_after_status_refunded"))
    world.quiet()
    assert not at_the_till(world, number) and not refunds(world)
    assert not witness.faults(), "the goods were not put back: both sides are without them"


# -- edits and ends -----------------------------------------------------------------------
def test_the_recorded_edit_of_a_paid_order_corrects_its_goods_and_tells_of_the_money() -> None:
    world, tape = recorded_world()
    witness = Witness(world)
    number = tape.show(body("order_edit_line_quantity_while_processing"))
    world.sync()
    assert only_order(world, number)["total_money"]["amount"] == 9650
    tape.show(body("order_remove_line"), kind="line_edit")
    world.quiet()
    assert world.woo_stock(21) == 99 and world.on_hand(world.twin(21)) == 99
    [asked] = questions(world, "order_edited")
    assert "65.50 in the shop, 96.50 at Square" in asked.question
    assert not witness.faults()


def test_the_recorded_order_in_the_trash_keeps_what_it_took() -> None:
    world, tape = recorded_world(mode="stock")
    witness = Witness(world)
    tape.show(body("order_trash"))
    world.quiet()
    tape.show(body("order_trashed_get"))
    world.quiet()
    assert (world.woo_stock(21), world.on_hand(world.twin(21))) == (97, 97)
    assert not witness.faults()


def test_the_recorded_cancelled_order_is_at_no_till() -> None:
    world, tape = recorded_world()
    witness = Witness(world)
    number = tape.show(body("order_create_default_pending"))
    world.sync()
    tape.show(body("order_status_to_cancelled"))
    world.quiet()
    assert not at_the_till(world, number) and not witness.faults()


# -- deliveries -----------------------------------------------------------------------------
def test_the_recorded_deliveries_of_one_order_lead_from_unpaid_to_refunded() -> None:
    world, tape = recorded_world()
    witness = Witness(world)
    stages = [
        ("webhook_delivery_order_created", 0, []),
        ("webhook_delivery_order_updated", 1, []),
        ("webhook_delivery_order_updated_partial_refund", 1, [100]),
    ]
    for name, orders, given_back in stages:
        number = tape.show(body(name), kind="refund_restock" if given_back else "order_reduce")
        assert ring(world, name) == "stored"
        world.sync()
        assert len(at_the_till(world, number)) == orders, name
        assert [one["amount_money"]["amount"] for one in refunds(world)] == given_back, name
    assert [one["amount_money"]["amount"] for one in only_order(world, number)["tenders"]] == [3000]
    world.quiet()
    assert world.on_hand(world.twin(11)) == 100, "the unit refunded is back"
    assert world.on_hand(world.twin(40)) == 9
    assert not witness.faults()


def test_the_recorded_deliveries_of_one_checkout_make_one_order() -> None:
    world, tape = recorded_world(mode="stock")
    witness, before = Witness(world), adjustments(world)
    names = ("webhook_delivery_order_created_store_checkout", "webhook_delivery_order_updated_store_checkout_pickup")
    tape.show(body(names[0]))
    assert Counter(ring(world, name) for name in (*names, *names, names[0])) == {"stored": 2, "repeated": 3}
    world.sync()
    world.quiet()
    assert (world.woo_stock(26), world.on_hand(world.twin(26))) == (99, 99)
    assert adjustments(world) == before + 1 and not witness.faults()


# -- every recorded order -------------------------------------------------------------------
def orders_recorded() -> list[str]:
    """Names of all recordings whose answer is an order."""
    found = []
    for path in sorted(RECORDINGS.glob("order_*.json")):
        said = load(path.stem).get("response", {}).get("body")
        if isinstance(said, dict) and "created_via" in said and "line_items" in said:
            found.append(path.stem)
    return found


@pytest.mark.parametrize("name", orders_recorded() or ["nothing"])
@pytest.mark.parametrize("mode", ["stock", "mirror"])
def test_every_recorded_order_takes_what_the_shop_took_and_costs_what_it_cost(name: str, mode: Any) -> None:
    world, tape = recorded_world(mode=mode)
    order = body(name)
    # the shop counts caps all together, Square each of them: their numbers are left alone, as ``doctor`` says
    before = {item: world.on_hand(world.twin(item)) for item in took(order) if world.woo_stock(item) is not None}
    waits = mode == "mirror" and order["status"] == "on-hold"
    witness = Witness(world)
    number = tape.show(order)
    world.quiet()
    made = at_the_till(world, number)
    if mode == "mirror" and may_be_mirrored(order):
        [till] = made
        assert till["total_money"]["amount"] == cents(order["total"])
        if not till.get("tenders"):
            pay_at_the_till(world, till)
    else:
        assert not made
    world.quiet()
    wanted = before if waits else less(before, order)
    assert {item: world.on_hand(world.twin(item)) for item in before} == wanted
    assert waits or not (witness.faults() or open_writes(world) or tape.sent)
    assert shown_order(order).order_id == str(number)


def test_no_recorded_order_is_left_out() -> None:
    if not RECORDINGS.exists():
        pytest.skip("the recordings (../shared/recordings/woocommerce) are not here")
    assert len(orders_recorded()) >= 25


def test_the_tape_refuses_what_was_not_recorded() -> None:
    """A replay in which the bridge writes to a recorded order would prove nothing."""
    world, tape = recorded_world()
    assert isinstance(tape, Tape)
    number = tape.show(body("order_get_full"))
    with pytest.raises(AssertionError, match="no answer to PUT"):
        world.bridge.woo.shop_orders.set_status(str(number), "completed", "key")
