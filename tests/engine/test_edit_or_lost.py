"""A gap in the shop's number: an edit by hand, or an order our own write overwrote? The times tell."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.world import World


class Shop:
    """A mug in step on both sides, and a write to the shop that waits until it is let through."""

    def __init__(self) -> None:
        self.world = World()
        self.mug = self.world.simple("MUG", stock=20)
        self.world.quiet()
        self.square_id = self.world.twin(self.mug)

    def plan_a_write_that_cannot_be_sent(self) -> None:
        """The till sells; the shop refuses every write for now."""
        self.world.sell(self.square_id, 1)
        rule = self.world.woo.faults.add("rate_limited", method="PUT|POST", times=None, options={"retry_after": 20})
        self.world.sync()
        rule.times = 0

    def seen(self) -> tuple[int | None, Decimal]:
        return self.world.woo_stock(self.mug), self.world.on_hand(self.square_id)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_an_edit_equal_to_orders_placed_while_a_write_waited_is_still_an_edit(shop: Shop) -> None:
    shop.plan_a_write_that_cannot_be_sent()
    shop.world.buy(shop.mug, 2)  # long before the write goes out: it cannot have been overwritten
    shop.world.clock.advance(60)
    shop.world.woo.acts["staff_set_stock"](shop.mug, 20)  # 18 -> 20
    shop.world.quiet(full=False)
    assert shop.seen() == (19, Decimal(19))  # 20 - 1 till - 2 online + 2 by hand


def test_goods_that_came_back_long_after_a_write_do_not_explain_an_edit(shop: Shop) -> None:
    order = shop.world.buy(shop.mug, 2)
    shop.world.quiet(full=False)
    shop.world.sell(shop.square_id, 1)
    shop.world.sync()  # a write to the shop
    shop.world.clock.advance(60)
    shop.world.woo.acts["cancel_order"](order)
    shop.world.woo.acts["staff_set_stock"](shop.mug, 17)  # 19 -> 17
    shop.world.quiet(full=False)
    assert shop.seen() == (17, Decimal(17))


def test_an_order_our_write_overwrote_is_given_back_to_the_shop(shop: Shop) -> None:
    shop.world.sell(shop.square_id, 1)
    shop.world.woo.between.append(lambda: shop.world.buy(shop.mug, 2))
    shop.world.quiet(full=False)
    assert shop.seen() == (17, Decimal(17))


def test_it_is_given_back_although_the_order_was_changed_again_since(shop: Shop) -> None:
    orders: list[int] = []
    shop.world.sell(shop.square_id, 1)
    shop.world.woo.between.append(lambda: orders.append(shop.world.buy(shop.mug, 2)))
    shop.world.sync()
    shop.world.clock.advance(30)
    shop.world.woo.acts["staff_order_status"](orders[0], "completed")
    shop.world.quiet(full=False)
    assert shop.seen() == (17, Decimal(17))


def test_a_shop_whose_clock_is_ten_minutes_behind_gets_its_overwritten_order_back() -> None:
    world = World()
    world.woo.clock.advance(-600)
    mug = world.simple("MUG", stock=20)
    world.quiet()
    square_id = world.twin(mug)
    world.sell(square_id, 1)
    world.woo.between.append(lambda: world.buy(mug, 2))
    world.quiet(full=False)
    assert (world.woo_stock(mug), world.on_hand(square_id)) == (17, Decimal(17))
