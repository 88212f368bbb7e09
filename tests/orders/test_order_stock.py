"""Mode ``stock``: an online order moves stock when, and only when, the shop itself moves it, and each line once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.orders.mirror_stage import adjustments, mirroring
from tests.scenarios.stage import both
from tests.scenarios.witness import Witness
from tests.world import World


def shop() -> tuple[World, int]:
    world, (mug,) = mirroring("mug", mode="stock")
    return world, mug


def set_status(status: str) -> Callable[[World, int], None]:
    return lambda world, order: world.woo.acts["staff_order_status"](order, status)


@pytest.mark.parametrize("payment", ["stripe", "bacs", "cod", "cheque"])
def test_an_order_moves_stock_once_it_reduced_the_shops_own_and_once_only(payment: str) -> None:
    world, mug = shop()
    witness, before = Witness(world), adjustments(world)
    world.buy(mug, 2, payment=payment, paid=payment == "stripe")
    world.sync()
    world.sync(full=True)
    world.quiet()
    assert both(world, mug) == (8, 8)
    assert adjustments(world) == before + 1
    assert not witness.faults()


@pytest.mark.parametrize("status", ["pending", "failed", "cancelled"])
def test_an_order_nobody_paid_for_moves_nothing_the_shop_did_not_move(status: str) -> None:
    world, mug = shop()
    witness, before = Witness(world), adjustments(world)
    order = world.buy(mug, 2, payment="stripe", paid=False)
    assert world.woo_stock(mug) == 10, "the shop has not moved it either"
    if status != "pending":
        set_status(status)(world, order)
    world.sync()
    world.quiet()
    assert both(world, mug) == (10, 10)
    assert adjustments(world) == before
    assert not witness.faults()


def test_a_cart_in_the_checkout_moves_nothing() -> None:
    world, mug = shop()
    witness, before = Witness(world), adjustments(world)
    world.woo.acts["open_checkout"]([{"id": mug, "quantity": 2}])
    world.sync()
    world.quiet()
    assert both(world, mug) == (10, 10)
    assert adjustments(world) == before
    assert not witness.faults()


@pytest.mark.parametrize("path", [("cancelled",), ("on-hold", "cancelled"), ("cancelled", "processing", "cancelled")])
def test_goods_of_a_cancelled_order_come_back_to_the_store_that_gave_them(path: tuple[str, ...]) -> None:
    world, mug = shop()
    witness = Witness(world)
    order = world.buy(mug, 2, payment="stripe", paid=True, pickup="Bergen")
    world.sync()
    assert world.on_hand(world.twin(mug), world.stores[1]) == 8
    for status in path:
        world.clock.advance(60)
        set_status(status)(world, order)
        world.sync()
    world.quiet()
    assert both(world, mug) == (10, 10)
    assert world.on_hand(world.twin(mug), world.stores[1]) == 10
    assert not witness.faults()


@pytest.mark.parametrize(("quantity", "left"), [(1, 9), (5, 5)])
def test_an_edited_line_moves_the_difference(quantity: int, left: int) -> None:
    world, mug = shop()
    witness = Witness(world)
    order = world.buy(mug, 3, payment="bacs")
    world.sync()
    world.clock.advance(60)
    world.woo.acts["staff_edit_order_line"](order, world.woo.state.orders[order].lines[0].id, quantity)
    world.sync()
    world.quiet()
    assert both(world, mug) == (left, left)
    assert not witness.faults()


@pytest.mark.parametrize(("restock", "left"), [(True, 9), (False, 7)])
def test_a_refund_moves_stock_only_when_it_restocks(restock: bool, left: int) -> None:
    world, mug = shop()
    witness = Witness(world)
    order = world.buy(mug, 3, payment="stripe", paid=True)
    world.sync()
    world.clock.advance(60)
    line = world.woo.state.orders[order].lines[0].id
    world.woo.acts["staff_refund"](order, [{"id": line, "quantity": 2}], restock=restock)
    world.sync()
    world.quiet()
    assert both(world, mug) == (left, left)
    assert not witness.faults()
