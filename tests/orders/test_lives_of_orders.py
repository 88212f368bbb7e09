"""What whole lives of orders found: each of them once went wrong in ``tests/machine``, and is told here in short."""

from __future__ import annotations

import pytest

from bridge.engine.sync import Scope, sync
from tests.orders.mirror_stage import at_the_till, link_of, mirroring, only_order, pay_at_the_till, refunds
from tests.scenarios.stage import both, inside_our_write
from tests.scenarios.witness import answer, open_writes, questions
from tests.world import World


def given_back(world: World) -> int:
    return sum(int(row["amount_money"]["amount"]) for row in refunds(world) if row["status"] == "COMPLETED")


@pytest.mark.parametrize("told_first", [True, False])
def test_a_cancelled_order_gives_back_only_what_the_till_has_not_given_back(told_first: bool) -> None:
    world, [mug] = mirroring("mug")
    order = world.buy(mug, 3, pickup="Bergen", payment="stripe", paid=True)
    world.quiet()
    world.square.acts["refund_amount"](only_order(world, order)["tenders"][0]["payment_id"], 1100, reason="Scratched")
    if told_first:
        world.quiet()
    world.woo.acts["cancel_order"](order)
    world.quiet()
    world.quiet()
    assert given_back(world) == 3000
    assert not open_writes(world) and not questions(world, "refused")


def test_a_full_refund_after_a_refund_at_the_till_is_asked_about_and_never_refused_by_square() -> None:
    world, [mug] = mirroring("mug")
    order = world.buy(mug, 3, pickup="Bergen", payment="stripe", paid=True)
    world.quiet()
    world.square.acts["refund_amount"](only_order(world, order)["tenders"][0]["payment_id"], 1100, reason="Scratched")
    world.woo.acts["staff_order_status"](order, "refunded")
    world.quiet()
    world.quiet()
    assert given_back(world) == 1100
    assert len(questions(world, "refund")) == 1 and not questions(world, "refused") and not open_writes(world)


def test_an_order_given_up_and_paid_after_all_comes_to_the_till() -> None:
    world, [mug] = mirroring("mug")
    order = world.buy(mug, 2, pickup="Bergen", payment="bacs")
    world.quiet()
    world.woo.acts["cancel_order"](order)
    world.quiet()
    assert not at_the_till(world, order) and link_of(world, order).state == "stock"
    world.woo.acts["pay_order"](order)
    world.quiet()
    world.clock.advance(700)
    world.quiet()
    assert only_order(world, order)["tenders"] and link_of(world, order).state == "paid"
    assert both(world, mug) == (8, 8)


def test_an_order_whose_unpaid_twin_was_cancelled_gets_another_when_it_is_taken_up_again() -> None:
    world, [mug] = mirroring("mug")
    order = world.buy(mug, 2, pickup="Bergen", payment="cod")
    world.quiet()
    world.woo.acts["cancel_order"](order)
    world.quiet()
    world.woo.acts["staff_order_status"](order, "processing")
    world.quiet()
    states = [row["state"] for row in at_the_till(world, order)]
    assert states == ["CANCELED", "OPEN"]
    pay_at_the_till(world, at_the_till(world, order)[1])
    world.clock.advance(700)
    world.quiet()
    assert both(world, mug) == (8, 8)


def test_an_unpaid_order_whose_handover_the_till_cancels_is_closed_there_and_waits_for_nothing() -> None:
    world, [mug] = mirroring("mug")
    order = world.buy(mug, 2, pickup="Bergen", payment="cod")
    world.quiet()
    world.square.acts["fulfillment"](only_order(world, order)["id"], "CANCELED")
    world.quiet()
    world.quiet()
    assert only_order(world, order)["state"] == "CANCELED" and link_of(world, order).state == "ended"
    assert world.woo.state.orders[order].status == "cancelled"
    assert both(world, mug) == (10, 10) and not open_writes(world)


def test_an_order_thrown_away_in_the_shop_is_not_handed_over_at_the_till() -> None:
    world, [mug] = mirroring("mug")
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    world.quiet()
    world.woo.acts["staff_delete_order"](order)
    world.quiet()
    assert only_order(world, order)["fulfillments"][0]["state"] == "CANCELED"
    assert both(world, mug) == (8, 8)


def test_a_doorbell_tells_of_an_order_thrown_away() -> None:
    from bridge.ledger import inbox

    world, [mug] = mirroring("mug")
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    world.quiet()
    world.woo.acts["staff_delete_order"](order)
    world.clock.advance(60)
    world.sync()
    assert only_order(world, order)["fulfillments"][0]["state"] == "PROPOSED"
    with world.db.transaction() as conn:
        inbox.store(
            conn, side="woo", topic="order.deleted", dedupe="d1", object_id=str(order), body="", now=world.bridge.now()
        )
    world.sync()
    assert only_order(world, order)["fulfillments"][0]["state"] == "CANCELED"


def bring_back(world: World, mug: int, order: int) -> None:
    lines = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["return_items"](world.stores[2], only_order(world, order)["id"], lines, restock=True)


def test_goods_back_at_a_till_and_given_back_by_a_cancellation_in_the_same_minutes_count_once() -> None:
    world, [mug] = mirroring("mug")
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    world.quiet()
    bring_back(world, mug, order)
    world.woo.acts["cancel_order"](order)
    world.quiet()
    world.quiet()
    assert both(world, mug) == (10, 10)
    assert world.on_hand(world.twin(mug), world.stores[2]) == 1


def test_goods_that_a_person_says_are_of_a_cancelled_order_count_once() -> None:
    world, [mug] = mirroring("mug", mode="stock", till="always")
    order = world.buy(mug, 2, payment="stripe", paid=True)
    lines = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["return_items"](world.stores[2], None, lines, restock=True, reason=f"order {order}")
    world.woo.acts["cancel_order"](order)
    world.quiet()
    assert both(world, mug) == (11, 11), "until somebody says so, it is another one"
    answer(world, "till_refund", str(order))
    world.quiet()
    world.quiet()
    assert both(world, mug) == (10, 10)


def test_an_order_changed_again_in_the_second_it_was_read_in_is_read_again() -> None:
    world, [mug] = mirroring("mug")
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    world.quiet()
    line = world.woo.state.orders[order].lines[0].id
    world.woo.acts["staff_refund"](order, [{"id": line, "quantity": 1}], restock=False)
    sync(world.bridge, Scope())
    world.woo.acts["staff_order_status"](order, "completed")
    world.quiet()
    assert only_order(world, order)["fulfillments"][0]["state"] == "COMPLETED"


def test_an_order_inside_our_own_write_is_healed_in_the_same_pass() -> None:
    world, [mug] = mirroring("mug", mode="stock")
    world.sell(world.twin(mug), 1)
    inside_our_write(world, lambda: world.buy(mug, 2))
    world.sync()
    assert both(world, mug) == (7, 7)
