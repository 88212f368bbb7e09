"""The sales report: both channels in one table, to the cent what each side itself adds up to."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bridge.domain.sales import By
from bridge.engine.till_book import read_sales
from bridge.report.sales import SalesReport, sales_report
from bridge.sim.woo.order_state import Order
from tests.orders.mirror_stage import mirroring
from tests.scenarios.stage import in_step, square_item
from tests.world import World

FIRST, LAST = date(2026, 2, 1), date(2026, 4, 30)
NO_SALE = ("pending", "cancelled", "failed", "trash", "checkout-draft")


def report(world: World, *by: By, first: date = FIRST, last: date = LAST) -> SalesReport:
    read_sales(world.bridge, first)
    with world.db.reading() as conn:
        return sales_report(conn, by=by or ("channel",), first=first, last=last)


def shop_total(world: World) -> int:
    """What the shop's own orders and refunds come to."""
    total = Decimal(0)
    for order in world.woo.state.orders.values():
        if isinstance(order, Order) and order.status not in NO_SALE:
            total += order.total - order.refunded
    return int(total * 100)


def square_total(world: World) -> int:
    """What Square's own orders come to: sales less returns."""
    total = 0
    for order in world.square.state.orders.values():
        if order.get("tenders") or (order.get("line_items") and order["state"] == "COMPLETED"):
            total += order["total_money"]["amount"]
        for returned in order.get("returns") or ():
            total -= returned["return_amounts"]["total_money"]["amount"]
    return total


def sides(made: SalesReport) -> dict[str, tuple[int, int]]:
    return {one.side: (one.own, one.elsewhere) for one in made.sides}


def shop_and_tills(**settings: Any) -> tuple[World, int]:
    world = World()
    world.use(till="always", **settings)
    mug = world.simple("mug", 50)
    in_step(world)
    return world, mug


def refund_line(world: World, order: int, amount: str = "10.00") -> None:
    line = world.woo.state.orders[order].lines[0].id
    world.woo.acts["staff_refund"](order, [{"id": line, "quantity": 1, "refund_total": amount}], restock=True)


def test_both_channels_stand_in_one_table_with_their_refunds() -> None:
    world, mug = shop_and_tills()
    refund_line(world, world.buy(mug, 3, payment="bacs", paid=True))
    sold = world.sell(world.twin(mug), 2)
    lines = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["return_items"](world.stores[1], sold["order_id"], lines)
    world.quiet()
    made = report(world, "channel")
    assert [(row.key, row.sold, row.refunded) for row in made.groups] == [
        (("online",), 3000, 1000),
        (("till",), 2000, 1000),
    ]
    assert sides(made) == {"woo": (shop_total(world), 0), "square": (square_total(world), 0)}


def test_by_store_names_the_store_that_sold_and_the_one_that_took_back() -> None:
    world, mug = shop_and_tills()
    sold = world.sell(world.twin(mug), 2)
    lines = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["return_items"](world.stores[1], sold["order_id"], lines)
    made = report(world, "store")
    assert {row.key[0]: row.total for row in made.groups} == {"Oslo": 2000, "Bergen": -1000}


def test_who_sold_and_whose_goods_went_out_are_two_questions() -> None:
    world, mug = shop_and_tills()
    bergen = {"name": "Bergen", "address": {}, "details": "", "enabled": True}
    world.woo.acts["set_pickup_locations"]([bergen])
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    world.sync()
    refund_line(world, order)
    world.sell(world.twin(mug), 1, store=0)
    world.sync()
    by_both = {one.key: (one.sold, one.refunded) for one in report(world, "store", "fulfilled").groups}
    assert by_both == {("online", "Bergen"): (2000, 1000), ("Oslo", "Oslo"): (1000, 0)}
    assert [one.key for one in report(world, "store").groups] == [("Oslo",), ("online",)]


def test_an_amount_given_back_without_goods_counts() -> None:
    world, mug = shop_and_tills()
    sold = world.sell(world.twin(mug), 2)
    world.square.acts["refund_amount"](sold["payment_id"], 250)
    made = report(world)
    assert made.whole.total == 1750 == square_total(world)


def test_by_product_tells_the_same_product_of_both_channels_as_one() -> None:
    world, mug = shop_and_tills()
    world.buy(mug, 3, payment="bacs", paid=True)
    world.sell(world.twin(mug), 2)
    postcard = square_item(world, "Postcard", "postcard", price=150)["postcard"]
    world.sell(postcard, 4)
    world.quiet()
    made = report(world, "product")
    told = {row.key[0]: (int(row.quantity), row.total) for row in made.groups}
    assert told == {"mug": (5, 5000), "postcard": (4, 600)}


def test_an_online_order_standing_at_a_till_counts_once() -> None:
    world, [mug] = mirroring("mug", stock=50)
    order = world.buy(mug, 3, payment="bacs", paid=True)
    world.quiet()
    refund_line(world, order)
    world.quiet()
    world.quiet()
    made = report(world)
    assert made.whole.total == shop_total(world) == 2000
    assert sides(made)["square"] == (square_total(world), 2000)


def test_a_refund_at_a_till_of_an_online_order_counts_online_only() -> None:
    world, mug = shop_and_tills()
    order = world.buy(mug, 3, payment="bacs", paid=True)
    world.quiet()
    lines = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["return_items"](world.stores[0], None, lines, reason=f"web order {order}")
    world.quiet()
    made = report(world)
    assert made.whole.total == shop_total(world) == 2000
    assert sides(made)["square"] == (square_total(world), -1000)


def test_till_sales_standing_in_the_shop_count_at_the_till_only() -> None:
    world, mug = shop_and_tills(till_sales_in_woo=True)
    sold = world.sell(world.twin(mug), 3)
    world.quiet()
    lines = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["return_items"](world.stores[0], sold["order_id"], lines)
    world.quiet()
    made = report(world)
    assert made.whole.total == square_total(world) == 2000
    assert sides(made)["woo"] == (shop_total(world), 2000) and shop_total(world) == 2000


def test_what_is_no_sale_does_not_count_and_what_is_undone_counts_no_more() -> None:
    world, mug = shop_and_tills()
    world.buy(mug, 1, payment="bacs", paid=False)
    order = world.buy(mug, 2, payment="bacs", paid=True)
    world.quiet()
    before = report(world).whole.total
    assert before == shop_total(world)
    world.woo.acts["cancel_order"](order)
    world.clock.advance(60)
    after = report(world).whole.total
    assert after == shop_total(world) == before - 2000


def test_an_earlier_first_day_is_read_again_and_nothing_counts_twice() -> None:
    world, mug = shop_and_tills()
    world.sell(world.twin(mug), 1)
    world.clock.advance(10 * 86400)
    world.sell(world.twin(mug), 2)
    assert report(world, first=date(2026, 3, 10)).whole.total == 2000
    assert report(world).whole.total == 3000
    assert report(world).whole.total == 3000


@pytest.mark.parametrize("seed", range(6))
def test_random_trade_comes_to_both_sides_own_totals(seed: int) -> None:
    dice = random.Random(seed)
    world, mug = shop_and_tills(till_sales_in_woo=bool(seed % 2))
    sales: list[dict[str, str]] = []
    orders: list[int] = []
    for _ in range(25):
        _trade(world, mug, dice, sales, orders)
        world.clock.advance(dice.choice((5, 4000, 40000)))
        if dice.random() < 0.3:
            world.sync()
    world.quiet()
    world.quiet()
    made = report(world, "day", "store", "product")
    own = sides(made)
    assert own["woo"][0] == shop_total(world) and own["square"][0] == square_total(world)
    assert sum(row.total for row in made.groups) == made.whole.total == sum(one.counted for one in made.sides)
    if seed % 2:
        # what stands in the shop of a till's sale is, refunds included, what the till itself tells of it
        assert own["woo"][1] == square_total(world) - own["square"][1]


def _trade(world: World, mug: int, dice: random.Random, sales: list[dict[str, str]], orders: list[int]) -> None:
    twin, store = world.twin(mug), dice.choice(world.stores)
    chance = dice.random()
    if chance < 0.4:
        sales.append(world.square.acts["sell"](store, [{"variation_id": twin, "quantity": str(dice.randint(2, 4))}]))
    elif chance < 0.6:
        orders.append(world.buy(mug, dice.randint(1, 2), payment="bacs", paid=True))
    elif chance < 0.68 and sales:
        sale = sales.pop(dice.randrange(len(sales)))
        back = [{"order_id": sale["order_id"], "variation_id": twin, "quantity": "1"}]
        line = {"variation_id": twin, "quantity": "1", "price": dice.choice((400, 1000, 1900))}
        sales.append(world.square.acts["exchange"](store, back, [line]))
    elif chance < 0.77 and sales:
        sale = sales.pop(dice.randrange(len(sales)))
        world.square.acts["return_items"](store, sale["order_id"], [{"variation_id": twin, "quantity": "1"}])
    elif chance < 0.85 and (paid := [one for one in sales if one["payment_id"]]):
        sale = dice.choice(paid)
        sales.remove(sale)
        left = world.square.state.payments[sale["payment_id"]]["total_money"]["amount"]
        world.square.acts["refund_amount"](sale["payment_id"], dice.randint(1, min(left, 1999)))
    elif chance < 0.95 and orders:
        refund_line(world, orders.pop())
    elif orders:
        world.woo.acts["cancel_order"](orders.pop())
