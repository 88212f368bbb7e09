"""Orders of the shop made at the tills: once, paid once, their goods counted once, whatever becomes of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bridge.engine.picklist import picklist
from bridge.ledger import links, movements
from bridge.remotes.port import Call, Reply
from tests.orders.mirror_stage import (
    adjustments,
    at_the_till,
    link_of,
    mirroring,
    only_order,
    pay_at_the_till,
    refunds,
)
from tests.scenarios.stage import both
from tests.scenarios.witness import Witness, answer, questions
from tests.world import World


def test_a_paid_pickup_order_reaches_its_store_with_its_items_and_takes_its_stock_once() -> None:
    world, (mug,) = mirroring("mug")
    witness, before = Witness(world), adjustments(world)
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True, note="ring twice")
    world.sync()
    till = only_order(world, order)
    assert till["location_id"] == world.stores[1]
    assert [(row["catalog_object_id"], row["quantity"]) for row in till["line_items"]] == [(world.twin(mug), "2")]
    assert till["total_money"]["amount"] == 2000
    (handover,) = till["fulfillments"]
    assert (handover["type"], handover["state"]) == ("PICKUP", "PROPOSED")
    assert handover["pickup_details"]["note"] == "ring twice"
    assert [tender["type"] for tender in till["tenders"]] == ["OTHER"]
    assert link_of(world, order).state == "paid"
    assert both(world, mug) == (8, 8)
    world.quiet()
    assert both(world, mug) == (8, 8)
    assert adjustments(world) == before
    assert not witness.faults()


@pytest.mark.parametrize(("driven", "kind"), [((), "SHIPMENT"), (("flat_rate",), "DELIVERY")])
def test_a_shipped_order_is_a_shipment_unless_its_method_is_driven_out(driven: tuple[str, ...], kind: str) -> None:
    world, (mug,) = mirroring("mug", delivered_by=driven)
    order = world.buy(mug, 1, payment="stripe", paid=True)
    assert [line.method_id for line in world.woo.state.orders[order].shipping_lines] == ["flat_rate"]
    world.sync()
    (handover,) = only_order(world, order)["fulfillments"]
    assert handover["type"] == kind
    recipient = handover[f"{kind.lower()}_details"]["recipient"]
    assert recipient["address"]["address_line_1"]
    (picked,) = picklist(world.bridge)
    assert (picked.handover, bool(picked.ship_to)) == (kind, True)


def test_squares_own_sale_of_a_mirrored_order_is_no_second_movement() -> None:
    world, (mug,) = mirroring("mug")
    order = world.buy(mug, 2, payment="stripe", paid=True)
    world.sync()
    world.quiet()
    assert len(at_the_till(world, order)) == 1
    vid = link_vid(world, mug)
    with world.db.reading() as conn:
        sales = [row for row in movements.of_variation(conn, vid) if row.kind == "sale"]
    assert [(row.side, row.quantity) for row in sales] == [("woo", "-2")]


def link_vid(world: World, woo_id: int) -> int:
    with world.db.reading() as conn:
        return int(links.variations_by(conn, "woo", [str(woo_id)])[str(woo_id)].vid)


def test_only_pickups_are_mirrored_where_only_pickups_are_asked_for() -> None:
    world, (mug,) = mirroring("mug", mode="mirror_pickups")
    witness = Witness(world)
    shipped = world.buy(mug, 1, payment="stripe", paid=True)
    fetched = world.buy(mug, 1, pickup="Oslo", payment="stripe", paid=True)
    world.sync()
    world.quiet()
    assert not at_the_till(world, shipped)
    assert only_order(world, fetched)["location_id"] == world.stores[0]
    assert not witness.faults()


def test_an_order_placed_before_mirroring_was_switched_on_stays_as_it_is() -> None:
    world, (mug,) = mirroring("mug", mode="stock")
    witness = Witness(world)
    early = world.buy(mug, 1, payment="stripe", paid=True)
    world.clock.advance(5)
    world.use(orders_mode="mirror")
    world.sync()
    world.clock.advance(5)
    late = world.buy(mug, 1, payment="stripe", paid=True)
    world.sync()
    world.quiet()
    assert not at_the_till(world, early)
    assert only_order(world, late)
    assert not witness.faults()


def test_an_order_paid_on_pickup_takes_its_stock_when_the_till_is_paid() -> None:
    world, (mug,) = mirroring("mug")
    witness = Witness(world)
    order = world.buy(mug, 3, pickup="Oslo", payment="cod")
    world.sync()
    till = only_order(world, order)
    assert not till.get("tenders")
    assert world.woo_stock(mug) == 7  # the shop sold it
    assert world.on_hand(world.twin(mug)) == 10  # nobody has taken it yet
    pay_at_the_till(world, till)
    world.sync()
    world.quiet()
    assert both(world, mug) == (7, 7)
    assert link_of(world, order).state == "paid"
    assert not witness.faults()


def test_a_till_that_takes_the_money_in_the_moment_ours_is_sent_is_believed() -> None:
    world, (mug,) = mirroring("mug")
    witness = Witness(world)

    class Faster:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def send(self, call: Call) -> Reply:
            if (call.method, call.path) == ("POST", "v2/payments"):
                pay_at_the_till(world, only_order(world, order))
            reply: Reply = self.inner.send(call)
            return reply

    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    world.wrap = lambda transport, _: Faster(transport)
    world.bridge = world.make_bridge()
    world.sync()
    world.wrap = lambda transport, _: transport
    world.bridge = world.make_bridge()
    world.quiet()
    assert [tender["type"] for tender in only_order(world, order)["tenders"]] == ["CASH"]
    assert not questions(world)
    assert both(world, mug) == (8, 8)
    assert not witness.faults()


def test_cancelling_a_paid_order_gives_back_goods_and_money_once() -> None:
    world, (mug,) = mirroring("mug")
    witness = Witness(world)
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    world.sync()
    world.clock.advance(30)
    world.woo.acts["staff_order_status"](order, "cancelled")
    world.sync()
    world.quiet()
    assert both(world, mug) == (10, 10)
    assert [row["amount_money"]["amount"] for row in refunds(world)] == [2000]
    assert only_order(world, order)["fulfillments"][0]["state"] == "CANCELED"
    assert not witness.faults()


def test_what_a_till_gave_back_in_cash_is_not_given_back_again_when_the_order_is_cancelled_there() -> None:
    """The shop has not taken the till's refund yet when the order is cancelled: it counts all the same."""
    world, (mug,) = mirroring("mug")
    order = world.buy(mug, 3, pickup="Bergen", payment="stripe", paid=True)
    world.sync()
    till = only_order(world, order)
    world.clock.advance(30)
    lines = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["return_items"](world.stores[0], None, lines, restock=True, reason=f"web order {order}")
    world.square.acts["fulfillment"](till["id"], "CANCELED")
    world.woo.faults.add("timeout_not_applied", method="POST", path=".*/refunds")
    world.sync()
    world.quiet()
    assert sorted(row["amount_money"]["amount"] for row in refunds(world)) == [1000, 2000]
    assert [made.amount for made in world.woo.state.orders[order].refunds] == [Decimal("10.00")]
    assert both(world, mug) == (10, 10)


@pytest.mark.parametrize(("answered", "amounts"), [("order", [1000, 2000]), ("none", [1000, 3000])])
def test_a_cancelled_orders_money_waits_for_the_answer_whether_a_till_gave_some_of_it_back(
    answered: str, amounts: list[int]
) -> None:
    world, (mug,) = mirroring("mug")
    order = world.buy(mug, 3, pickup="Bergen", payment="stripe", paid=True)
    world.sync()
    world.clock.advance(30)
    lines = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["return_items"](world.stores[0], None, lines, restock=True, reason=f"web order {order}")
    world.woo.acts["staff_order_status"](order, "cancelled")
    world.sync()
    world.quiet()
    assert [row["amount_money"]["amount"] for row in refunds(world)] == [1000]
    answer(world, "till_refund", str(order) if answered == "order" else "none")
    world.sync()
    world.quiet()
    assert sorted(row["amount_money"]["amount"] for row in refunds(world)) == amounts
    assert both(world, mug) == ((10, 10) if answered == "order" else (11, 11))


def test_a_partial_refund_with_restock_brings_money_and_goods_back_to_the_store_that_gave_them() -> None:
    world, (mug,) = mirroring("mug")
    witness = Witness(world)
    order = world.buy(mug, 3, pickup="Bergen", payment="stripe", paid=True)
    world.sync()
    there = world.on_hand(world.twin(mug), world.stores[1])
    world.clock.advance(30)
    line = world.woo.state.orders[order].lines[0].id
    world.woo.acts["staff_refund"](order, [{"id": line, "quantity": 1}], reason="one too many")
    world.sync()
    world.quiet()
    assert [row["amount_money"]["amount"] for row in refunds(world)] == [1000]
    assert "one too many" in refunds(world)[0]["reason"]
    assert world.on_hand(world.twin(mug), world.stores[1]) == there + 1
    assert both(world, mug) == (8, 8)
    assert not witness.faults()


def test_a_refund_without_restock_leaves_stock_alone() -> None:
    world, (mug,) = mirroring("mug")
    witness = Witness(world)
    order = world.buy(mug, 2, payment="stripe", paid=True)
    world.sync()
    world.clock.advance(30)
    line = world.woo.state.orders[order].lines[0].id
    world.woo.acts["staff_refund"](order, [{"id": line, "quantity": 1}], restock=False)
    world.sync()
    world.quiet()
    assert [row["amount_money"]["amount"] for row in refunds(world)] == [1000]
    assert both(world, mug) == (8, 8)
    assert not witness.faults()


def test_a_refund_that_comes_before_the_order_reached_the_till_counts_once() -> None:
    world, (mug,) = mirroring("mug")
    witness = Witness(world)
    order = world.buy(mug, 3, payment="stripe", paid=True)
    line = world.woo.state.orders[order].lines[0].id
    world.woo.acts["staff_refund"](order, [{"id": line, "quantity": 1}])
    world.sync()
    world.quiet()
    assert only_order(world, order)["total_money"]["amount"] == 3000
    assert [row["amount_money"]["amount"] for row in refunds(world)] == [1000]
    assert both(world, mug) == (8, 8)
    assert not witness.faults()


def test_a_line_given_back_whole_before_the_order_reached_the_till_is_given_back_there_too() -> None:
    world, (mug, cup) = mirroring("mug", "cup")
    witness = Witness(world)
    lines = [{"id": mug, "quantity": 1}, {"id": cup, "quantity": 2}]
    order = int(world.woo.acts["checkout"](lines, payment="stripe", paid=True)["order_id"])
    line = world.woo.state.orders[order].lines[0].id
    world.woo.acts["staff_refund"](order, [{"id": line, "quantity": 1}])
    world.sync()
    world.quiet()
    assert (both(world, mug), both(world, cup)) == ((10, 10), (8, 8))
    assert not witness.faults()


def test_an_order_cancelled_before_it_reached_the_till_is_never_made_there() -> None:
    world, (mug,) = mirroring("mug")
    witness = Witness(world)
    order = world.buy(mug, 2, payment="bacs")
    world.sync()
    assert not at_the_till(world, order)  # it waits for its money
    world.woo.acts["cancel_order"](order)
    world.sync()
    world.quiet()
    assert not at_the_till(world, order)
    assert both(world, mug) == (10, 10)
    assert not witness.faults()


def test_a_bank_transfer_reaches_the_till_when_its_money_comes() -> None:
    world, (mug,) = mirroring("mug")
    witness = Witness(world)
    order = world.buy(mug, 2, payment="bacs")
    world.sync()
    assert not at_the_till(world, order)
    world.clock.advance(60)
    world.woo.acts["pay_order"](order)
    world.sync()
    world.quiet()
    assert only_order(world, order)["tenders"]
    assert both(world, mug) == (8, 8)
    assert not witness.faults()


def test_an_order_edited_after_it_reached_the_till_has_its_goods_corrected_and_is_told_of() -> None:
    world, (mug,) = mirroring("mug")
    witness = Witness(world)
    order = world.buy(mug, 1, payment="stripe", paid=True)
    world.sync()
    world.clock.advance(30)
    line = world.woo.state.orders[order].lines[0].id
    world.woo.acts["staff_edit_order_line"](order, line, 4)
    world.sync()
    world.quiet()
    assert both(world, mug) == (6, 6)
    assert [row.subject for row in questions(world, "order_edited")] == [str(order)]
    assert not witness.faults()


def test_an_order_that_cannot_be_made_equal_asks_and_its_goods_move_all_the_same() -> None:
    world, (mug,) = mirroring("mug")
    witness = Witness(world)
    order = world.buy(mug, 2, payment="stripe", paid=True)
    world.woo.state.orders[order].currency = "EUR"
    world.sync()
    world.quiet()
    assert not at_the_till(world, order)
    assert [row.subject for row in questions(world, "mirror")] == [str(order)]
    assert both(world, mug) == (8, 8)
    assert not witness.faults()


def test_two_lines_of_one_product_are_taken_together_once() -> None:
    world, (mug,) = mirroring("mug")
    witness = Witness(world)
    lines = [{"id": mug, "quantity": 1}, {"id": mug, "quantity": 2}]
    order = int(world.woo.acts["checkout"](lines, payment="stripe", paid=True)["order_id"])
    world.sync()
    world.quiet()
    taken = sum((Decimal(row["quantity"]) for row in only_order(world, order)["line_items"]), Decimal(0))
    assert taken == 3
    assert both(world, mug) == (7, 7)
    assert not witness.faults()


def test_a_till_that_sold_the_last_ones_meanwhile_gets_a_question_and_one_movement() -> None:
    world, (mug,) = mirroring("mug", stock=2)
    world.sell(world.twin(mug), 1)
    order = world.buy(mug, 2, pickup="Oslo", payment="stripe", paid=True)
    world.sync()
    world.quiet()
    assert only_order(world, order)
    assert world.on_hand(world.twin(mug)) == -1
    assert [row.subject for row in questions(world, "shortage")] == [str(order)]


def test_a_pickup_order_of_goods_square_does_not_know_reaches_its_store_as_plain_lines() -> None:
    """A product without a SKU is never linked: its order must be picked all the same."""
    world, (mug,) = mirroring("mug")
    loose = world.simple("", 5, name="Loose tea", manage_stock=True)
    world.quiet()
    witness = Witness(world)
    order = world.buy(loose, 2, pickup="Bergen", payment="stripe", paid=True)
    world.sync()
    world.quiet()
    till = only_order(world, order)
    assert till["location_id"] == world.stores[1] and till["total_money"]["amount"] == 2000
    assert [("catalog_object_id" in row, row["name"], row["quantity"]) for row in till["line_items"]] == [
        (False, "Loose tea", "2")
    ]
    assert both(world, mug) == (10, 10)
    assert not witness.faults()


def test_such_an_order_waits_for_its_money_like_any_other() -> None:
    world, _ = mirroring("mug")
    loose = world.simple("", 5, name="Loose tea", manage_stock=True)
    world.quiet()
    order = world.buy(loose, 1, pickup="Bergen", payment="bacs")
    world.sync()
    assert not at_the_till(world, order)
    world.clock.advance(60)
    world.woo.acts["pay_order"](order)
    world.sync()
    assert only_order(world, order)["tenders"]
