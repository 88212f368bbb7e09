"""Exchanges at tills: each item counted once, sale and refund apart, and the shop told of the returned part only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bridge.domain.order import TILL_VIA
from bridge.engine.till_observe import BEGAN
from bridge.ledger import cursors
from bridge.sim.woo.order_state import Order
from tests.orders.mirror_stage import mirroring, only_order
from tests.orders.test_till_report import report, shop_total, sides, square_total
from tests.scenarios.stage import both, in_step
from tests.scenarios.witness import Witness, answer, open_writes, questions
from tests.world import World

PRICES = {"dearer": 2500, "even": 1000, "cheaper": 400}
"""What the goods taken away cost; those brought back cost 10.00."""


def traded(world: World, source: str | None, back: int, out: int, price: int, **more: Any) -> dict[str, Any]:
    """At the second till: one unit back, one of another product out."""
    returned = [{"variation_id": world.twin(back), "quantity": "1", **({"order_id": source} if source else {})}]
    lines = [{"variation_id": world.twin(out), "quantity": "1", "price": price}]
    world.clock.advance(30)
    made: dict[str, Any] = world.square.acts["exchange"](world.stores[1], returned, lines, **more)
    return made


def with_online_order() -> tuple[World, int, int, int, str]:
    """A paid online order of three mugs standing at a till, handed over; and cups to take instead."""
    world, [mug, cup] = mirroring("mug", "cup", stock=20)
    order = world.buy(mug, 3, pickup="Bergen", payment="stripe", paid=True)
    world.quiet()
    return world, mug, cup, order, str(only_order(world, order)["id"])


def shop_refunds(world: World, order: int) -> list[tuple[str, list[tuple[int, int]]]]:
    refunds = world.woo.state.orders[order].refunds
    return [(str(one.amount), [(line.product_id, line.quantity) for line in one.lines]) for one in refunds]


@pytest.mark.parametrize("price", PRICES.values(), ids=PRICES.keys())
@pytest.mark.parametrize("told", ["net", "whole"])
def test_an_exchange_of_an_online_orders_goods_is_a_refund_of_the_returned_part_once(price: int, told: str) -> None:
    world, mug, cup, order, square_order = with_online_order()
    world.square.acts["switch_selling"](exchange_refund=told)
    witness = Witness(world)
    traded(world, square_order, mug, cup, price)
    world.quiet()
    world.quiet()
    assert shop_refunds(world, order) == [("10.00", [(mug, -1)])]
    assert both(world, mug) == (18, 18) and both(world, cup) == (19, 19)
    assert not witness.faults() and not questions(world)
    made = report(world, "channel")
    assert {row.key[0]: (row.sold, row.refunded) for row in made.groups} == {
        "online": (3000, 1000), "till": (price, 0),
    }  # fmt: skip
    assert sides(made) == {"woo": (shop_total(world), 0), "square": (square_total(world), 2000)}


@pytest.mark.parametrize("price", PRICES.values(), ids=PRICES.keys())
def test_an_exchange_of_a_till_sales_goods_concerns_the_shop_by_its_stock_alone(price: int) -> None:
    world = World()
    world.use(till="always")
    mug, cup = world.simple("mug", 10), world.simple("cup", 10)
    in_step(world)
    witness = Witness(world)
    sold = world.sell(world.twin(mug), 2)
    world.quiet()
    traded(world, sold["order_id"], mug, cup, price)
    world.quiet()
    assert both(world, mug) == (9, 9) and both(world, cup) == (9, 9)
    assert not witness.faults() and not questions(world)
    made = report(world, "product")
    assert {row.key[0]: (int(row.quantity), row.sold, row.refunded) for row in made.groups} == {
        "mug": (1, 2000, 1000), "cup": (1, price, 0),
    }  # fmt: skip
    assert made.whole.total == square_total(world)


@pytest.mark.parametrize("price", PRICES.values(), ids=PRICES.keys())
def test_an_exchange_of_a_sale_shown_in_the_shop_is_a_refund_there_and_a_new_order(price: int) -> None:
    world = World()
    world.use(till_sales_in_woo=True)
    mug, cup = world.simple("mug", 10), world.simple("cup", 10)
    in_step(world)
    sold = world.sell(world.twin(mug), 2)
    world.quiet()
    traded(world, sold["order_id"], mug, cup, price)
    world.quiet()
    world.quiet()
    rows = [row for row in world.woo.state.orders.values() if isinstance(row, Order) and row.created_via == TILL_VIA]
    told = [(str(row.total), [str(one.amount) for one in row.refunds]) for row in rows]
    assert told == [("20.00", ["10.00"]), (f"{price / 100:.2f}", [])]
    assert both(world, mug) == (9, 9) and both(world, cup) == (9, 9)
    made = report(world)
    assert made.whole.total == square_total(world) == shop_total(world)
    assert not open_writes(world)


@pytest.mark.parametrize("price", PRICES.values(), ids=PRICES.keys())
def test_an_exchange_that_names_the_order_by_number_finds_it(price: int) -> None:
    world = World()
    world.use(till="always")
    mug, cup = world.simple("mug", 10), world.simple("cup", 10)
    in_step(world)
    order = world.buy(mug, 2, payment="bacs", paid=True)
    world.quiet()
    traded(world, None, mug, cup, price, note=f"web order {order}", reason=f"web order {order}")
    world.quiet()
    # an even exchange has neither payment nor refund to type a number on: it stays the till's own
    assert shop_refunds(world, order) == ([] if price == 1000 else [("10.00", [(mug, -1)])])
    assert both(world, mug) == (9, 9) and both(world, cup) == (9, 9)


def test_an_exchange_with_goods_of_an_online_order_and_of_a_till_sale_is_parted() -> None:
    world, mug, cup, order, square_order = with_online_order()
    sold = world.sell(world.twin(cup), 1)
    world.quiet()
    back = [
        {"order_id": square_order, "variation_id": world.twin(mug), "quantity": "2"},
        {"order_id": sold["order_id"], "variation_id": world.twin(cup), "quantity": "1"},
    ]
    world.square.acts["exchange"](world.stores[2], back, [{"variation_id": world.twin(cup), "quantity": "1"}])
    world.quiet()
    world.quiet()
    assert shop_refunds(world, order) == [("20.00", [(mug, -2)])]
    made = report(world, "channel")
    assert {row.key[0]: (row.sold, row.refunded) for row in made.groups} == {
        "online": (3000, 2000), "till": (2000, 1000),
    }  # fmt: skip
    assert sides(made)["square"][0] == square_total(world) and sides(made)["woo"][0] == shop_total(world)
    assert both(world, mug) == (19, 19) and both(world, cup) == (19, 19)


def test_goods_back_in_an_exchange_are_not_given_back_again_when_the_order_is_cancelled() -> None:
    world, mug, cup, order, square_order = with_online_order()
    traded(world, square_order, mug, cup, 1000)
    world.quiet()
    world.woo.acts["staff_order_status"](order, "cancelled")
    world.quiet()
    assert both(world, mug) == (20, 20) and both(world, cup) == (19, 19)


def test_an_exchange_without_restock_leaves_the_returned_goods_out_of_stock() -> None:
    world, mug, cup, order, square_order = with_online_order()
    traded(world, square_order, mug, cup, 1000, restock=False)
    world.quiet()
    assert shop_refunds(world, order) == [("10.00", [(mug, -1)])]
    assert both(world, mug) == (17, 17) and both(world, cup) == (19, 19)


def test_more_than_the_online_order_can_owe_is_asked_about_and_answered() -> None:
    world, mug, cup, order, square_order = with_online_order()
    line = world.woo.state.orders[order].lines[0].id
    world.woo.acts["staff_refund"](order, [{"id": line, "quantity": 3, "refund_total": "30.00"}], restock=False)
    world.quiet()
    traded(world, square_order, mug, cup, 1000)
    world.quiet()
    assert [amount for amount, _ in shop_refunds(world, order)] == ["30.00"]
    [asked] = questions(world, "till_refund")
    assert "can refund only 0.00" in asked.question
    answer(world, "till_refund", "none")
    world.quiet()
    assert not questions(world, "till_refund") and len(shop_refunds(world, order)) == 1


def test_goods_that_come_back_lead_to_their_exchange_in_an_ordinary_pass() -> None:
    """Nothing is mirrored and no doorbell rang: the inventory history says that there is something to read."""
    world = World()
    mug, cup = world.simple("mug", 10), world.simple("cup", 10)
    in_step(world)
    order = world.buy(mug, 2, payment="bacs", paid=True)
    world.quiet()
    traded(world, None, mug, cup, 2500, note=f"web order {order}")
    world.sync()
    assert shop_refunds(world, order) == [("10.00", [(mug, -1)])]
    world.quiet()
    assert len(shop_refunds(world, order)) == 1
    assert both(world, mug) == (9, 9) and both(world, cup) == (9, 9)


def test_an_exchange_before_anybody_looked_is_left_alone() -> None:
    world = World()
    mug, cup = world.simple("mug", 10), world.simple("cup", 10)
    world.sync(full=True)
    world.quiet()
    order = world.buy(mug, 2, payment="bacs", paid=True)
    with world.db.transaction() as conn:
        cursors.forget_fact(conn, BEGAN)
    traded(world, None, mug, cup, 2500, note=f"web order {order}")
    world.clock.advance(300)
    world.use(till="always")
    world.quiet()
    assert not shop_refunds(world, order)


def test_a_number_typed_for_an_exchange_says_nothing_about_the_goods_sold_in_it() -> None:
    """One mug of an online order swapped for another one; later that other one is brought back."""
    world = World()
    world.use(till="always")
    mug = world.simple("mug", 10)
    in_step(world)
    order = world.buy(mug, 2, payment="bacs", paid=True)
    world.quiet()
    made = traded(world, None, mug, mug, 1200, note=f"web order {order}")
    world.quiet()
    assert [amount for amount, _ in shop_refunds(world, order)] == ["10.00"]
    lines = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["refund_amount"](made["payment_id"], 200)
    world.square.acts["return_items"](world.stores[0], None, lines)
    world.quiet()
    assert [amount for amount, _ in shop_refunds(world, order)] == ["10.00"]
    assert both(world, mug) == (9, 9) and not questions(world)


def test_an_old_ledger_put_back_finds_the_refund_of_an_exchange_in_the_shop() -> None:
    world, mug, cup, order, square_order = with_online_order()
    with world.db.reading() as conn:
        kept = {name: cursors.read_cursor(conn, name) for name in ("till_refunds", "till_orders")}
    made = traded(world, square_order, mug, cup, 2500)
    world.quiet()
    with world.db.transaction() as conn:  # as it stood before the exchange
        conn.exec_driver_sql("DELETE FROM till_refund")
        conn.exec_driver_sql("DELETE FROM refund_link")
        conn.exec_driver_sql("DELETE FROM till_order WHERE order_id = ?", (made["order_id"],))
        conn.exec_driver_sql("DELETE FROM outbox WHERE kind = 'shop_refund'")
        for name, value in kept.items():
            cursors.move_cursor(conn, name, value, world.bridge.now())
    world.quiet()
    world.quiet()
    assert shop_refunds(world, order) == [("10.00", [(mug, -1)])]
    assert both(world, mug) == (18, 18) and both(world, cup) == (19, 19)


def test_a_lost_answer_makes_no_second_refund_of_an_exchange() -> None:
    world, mug, cup, order, square_order = with_online_order()
    lost = world.woo.faults.add("timeout_applied", method="POST", path=".*/refunds")
    traded(world, square_order, mug, cup, 2500)
    world.quiet()
    world.quiet()
    assert lost.struck == 1
    assert len(shop_refunds(world, order)) == 1 and not open_writes(world)
    assert sum(Decimal(amount) for amount, _ in shop_refunds(world, order)) == 10


@pytest.mark.parametrize("price", PRICES.values(), ids=PRICES.keys())
@pytest.mark.parametrize("told_first", [True, False])
def test_a_cancelled_order_gives_back_what_was_not_exchanged(told_first: bool, price: int) -> None:
    world, mug, cup, order, square_order = with_online_order()
    traded(world, square_order, mug, cup, price)
    if told_first:
        world.quiet()
    world.woo.acts["cancel_order"](order)
    world.quiet()
    world.quiet()
    rest = [row for row in world.square.state.refunds.values() if f"[woo:cancelled-{order}]" in row.get("reason", "")]
    assert [row["amount_money"]["amount"] for row in rest] == [2000]
    assert not questions(world) and both(world, mug) == (20, 20)
