"""Every till sale as an order of the shop, where that is wanted: exactly once, its goods counted once."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.domain.order import TILL_VIA
from bridge.remotes.port import NoReply, Reply
from bridge.sim.woo.order_state import Order
from tests.scenarios.stage import both, in_step, square_item
from tests.scenarios.witness import open_writes, questions
from tests.world import World


def world_of_sales(**settings: Any) -> tuple[World, int]:
    world = World()
    world.use(till_sales_in_woo=True, **settings)
    mug = world.simple("mug", 10)
    in_step(world)
    return world, mug


def made(world: World) -> list[Order]:
    """The shop's orders made of till sales."""
    rows = world.woo.state.orders.values()
    return [row for row in rows if isinstance(row, Order) and row.created_via == TILL_VIA]


def square_changes(world: World) -> int:
    return sum(1 for event in world.square.journal.since(0) if event.actor.startswith("api:"))


def test_a_till_sale_stands_in_the_shop_once_with_its_goods_and_its_total() -> None:
    world, mug = world_of_sales()
    sold = world.sell(world.twin(mug), 3, store=1)
    world.quiet()
    world.quiet()
    [order] = made(world)
    assert order.status == "completed" and str(order.total) == "30.00"
    assert [(line.product_id, line.quantity) for line in order.lines] == [(mug, 3)]
    assert f"square:{sold['order_id']}" in [entry["value"] for entry in order.meta]
    assert not order.billing["email"]
    assert not open_writes(world) and not questions(world)


def test_nobody_is_mailed_about_a_till_sale_and_the_shop_about_an_online_order_as_ever() -> None:
    """The shopkeeper would otherwise get a “new order” mail for every sale at every till."""
    world, mug = world_of_sales()
    before = list(world.woo.state.mails)
    world.sell(world.twin(mug), 3)
    world.quiet()
    assert len(made(world)) == 1 and world.woo.state.mails == before
    order = world.buy(mug, 1, payment="bacs", paid=True)
    assert ("new_order", order) in world.woo.state.mails


def test_its_goods_are_counted_once_on_both_sides() -> None:
    world, mug = world_of_sales()
    before = square_changes(world)
    world.sell(world.twin(mug), 3)
    world.quiet()
    assert both(world, mug) == (7, 7)
    assert square_changes(world) == before


def test_the_shops_own_decrement_is_all_that_is_written() -> None:
    world, mug = world_of_sales()
    seq = len(world.woo.journal)
    world.sell(world.twin(mug), 2)
    world.quiet()
    events = [(event.kind, int(event.delta)) for event in world.woo.journal.since(seq)]
    assert events == [("order_reduce", -2)]


def test_sales_before_it_was_switched_on_stay_at_the_till() -> None:
    world = World()
    mug = world.simple("mug", 10)
    in_step(world)
    world.sell(world.twin(mug), 1)
    world.quiet()
    world.use(till_sales_in_woo=True)
    world.quiet()
    world.sell(world.twin(mug), 2)
    world.quiet()
    assert [order.lines[0].quantity for order in made(world)] == [2]
    assert both(world, mug) == (7, 7)


def test_goods_and_amounts_the_shop_does_not_know_become_fees_and_the_total_stays_equal() -> None:
    world, mug = world_of_sales()
    alone = square_item(world, "Postcard", "postcard", price=150)["postcard"]
    lines = [
        {"variation_id": world.twin(mug), "quantity": "1"},
        {"variation_id": alone, "quantity": "2"},
        {"quantity": "1", "price": 499, "name": "Repair"},
    ]
    world.square.acts["sell"](world.stores[0], lines)
    world.sync()
    [order] = made(world)
    assert str(order.total) == "17.99" and len(order.lines) == 1
    assert {fee.name for fee in order.fee_lines} == {"2 × Postcard", "1 × Repair"}


def test_an_offline_sale_that_arrives_late_stands_in_the_shop_once() -> None:
    world, mug = world_of_sales()
    world.clock.advance(80 * 3600)
    world.sync()
    lines = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["sell"](world.stores[0], lines, offline_hours=70)
    world.quiet()
    world.quiet()
    assert len(made(world)) == 1 and both(world, mug) == (9, 9)


def test_a_refund_of_such_a_sale_is_a_refund_of_its_order() -> None:
    world, mug = world_of_sales()
    sold = world.sell(world.twin(mug), 2)
    world.quiet()
    lines = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["return_items"](world.stores[1], sold["order_id"], lines, restock=True)
    world.quiet()
    world.quiet()
    [order] = made(world)
    assert [str(refund.amount) for refund in order.refunds] == ["10.00"]
    assert both(world, mug) == (9, 9)


def test_goods_in_the_shops_trash_that_are_sold_and_come_back_at_a_till_count_once() -> None:
    """The shop's order of the sale has a fee in their place: it took nothing from stock, and put nothing back."""
    world, mug = world_of_sales()
    world.woo.acts["staff_trash"](mug)
    sold = world.sell(world.twin(mug), 3, store=1)
    lines = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["return_items"](world.stores[1], sold["order_id"], lines, restock=True)
    world.quiet()
    assert [len(order.refunds) for order in made(world)] == [1]
    world.woo.acts["staff_untrash"](mug)
    world.quiet()
    assert both(world, mug) == (8, 8)


def test_cancelling_such_an_order_in_the_shop_brings_no_goods_back() -> None:
    world, mug = world_of_sales()
    world.sell(world.twin(mug), 2)
    world.quiet()
    world.woo.acts["cancel_order"](made(world)[0].id)
    world.quiet()
    assert both(world, mug) == (8, 8)


def test_online_orders_standing_at_a_till_are_not_made_again() -> None:
    world, mug = world_of_sales(orders_mode="mirror")
    world.quiet()
    world.buy(mug, 1, payment="bacs", paid=True)
    world.quiet()
    world.quiet()
    assert not made(world) and both(world, mug) == (9, 9)


def test_an_answer_that_is_lost_makes_no_second_order() -> None:
    world, mug = world_of_sales()

    class Losing:
        def __init__(self, inner: Any) -> None:
            self.inner, self.lost = inner, 0

        def send(self, call: Any) -> Reply:
            reply: Reply = self.inner.send(call)
            if call.method == "POST" and call.path == "wc/v3/orders" and not self.lost:
                self.lost += 1
                raise NoReply("no answer in time", sent=True)
            return reply

    world.wrap = lambda transport, side: Losing(transport)
    world.bridge = world.make_bridge()
    world.sell(world.twin(mug), 2)
    world.quiet()
    assert len(made(world)) == 1 and both(world, mug) == (8, 8)
    assert not open_writes(world)


@pytest.mark.parametrize("later", [60, 4000, 100_000])
def test_an_old_ledger_put_back_finds_its_order_in_the_shop(later: int) -> None:
    world, mug = world_of_sales()
    old = world.db.copy_aside()
    world.sell(world.twin(mug), 2)
    world.sync()
    assert len(made(world)) == 1
    world.clock.advance(later)
    world.db = old
    world.bridge = world.make_bridge()
    world.quiet()
    world.quiet()
    assert len(made(world)) == 1 and both(world, mug) == (8, 8)
