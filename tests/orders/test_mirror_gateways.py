"""How orders are paid: with any gateway of the shop, with Square's own, on delivery, or not yet."""

from __future__ import annotations

import pytest

from bridge.domain.order import SQUARE_GATEWAYS
from tests.orders.mirror_stage import Mode, adjustments, at_the_till, link_of, mirroring, only_order
from tests.scenarios.stage import both
from tests.scenarios.witness import Witness
from tests.world import World

ELSEWHERE = ("stripe", "ppcp-gateway", "woocommerce_payments", "klarna_payments", "mollie_wc_gateway_ideal", "a-plugin")


def gateway_order(
    world: World, woo_id: int, method: str, *, counted: bool = True, store: int = 1
) -> tuple[int, dict[str, str]]:
    """A shopper pays through Square's own gateway; its plugin makes and pays the order at Square, at one store."""
    order = world.buy(woo_id, 2, payment=method, paid=False)
    nowhere = {"payment_id": "nobody-knows-it", "order_id": ""}
    sale = world.sell(world.twin(woo_id), 2, store=store) if counted else nowhere
    world.woo.acts["pay_order"](order, transaction_id=sale["payment_id"])
    return order, sale


@pytest.mark.parametrize("method", ELSEWHERE)
def test_an_order_paid_with_any_gateway_reaches_the_till_once_as_paid_outside_square(method: str) -> None:
    world, (mug,) = mirroring("mug")
    witness, before = Witness(world), adjustments(world)
    order = world.buy(mug, 2, payment=method, paid=False)
    world.woo.acts["pay_order"](order, transaction_id=f"{method}-4711")
    world.sync()
    world.quiet()
    (tender,) = only_order(world, order)["tenders"]
    payment = world.square.state.payments[tender["payment_id"]]
    assert (payment["source_type"], payment["amount_money"]["amount"]) == ("EXTERNAL", 2000)
    assert both(world, mug) == (8, 8)
    assert adjustments(world) == before, "Square counted it itself"
    assert not witness.faults()


@pytest.mark.parametrize("method", ELSEWHERE)
def test_in_stock_mode_an_order_paid_with_any_gateway_moves_stock_and_nothing_else(method: str) -> None:
    world, (mug,) = mirroring("mug", mode="stock")
    witness, orders = Witness(world), len(world.square.state.orders)
    world.woo.acts["pay_order"](world.buy(mug, 2, payment=method, paid=False), transaction_id="x")
    world.sync()
    world.quiet()
    assert len(world.square.state.orders) == orders
    assert both(world, mug) == (8, 8)
    assert not witness.faults()


@pytest.mark.parametrize("method", sorted(SQUARE_GATEWAYS))
@pytest.mark.parametrize("mode", ["stock", "mirror_pickups", "mirror"])
def test_an_order_paid_through_squares_own_gateway_is_neither_mirrored_nor_counted_twice(
    mode: Mode, method: str
) -> None:
    world, (mug,) = mirroring("mug", mode=mode)
    before = adjustments(world)
    order, sale = gateway_order(world, mug, method)
    world.sync()
    world.quiet()
    assert not at_the_till(world, order)
    assert both(world, mug) == (8, 8)
    assert adjustments(world) == before
    link = link_of(world, order)
    assert (link.state, link.square_order_id) == ("paid", sale["order_id"])


def test_goods_the_gateway_took_from_another_store_than_the_one_that_gives_them_are_put_right() -> None:
    world, (mug,) = mirroring("mug", mode="stock")
    gateway_order(world, mug, "square_credit_card", store=0)  # the gateway knows one store only; the mugs are in Bergen
    world.sync()
    world.quiet()
    assert [int(world.on_hand(world.twin(mug), store)) for store in world.stores] == [0, 8, 0]
    assert both(world, mug) == (8, 8)


def test_a_gateway_order_whose_goods_square_did_not_take_is_adjusted() -> None:
    world, (mug,) = mirroring("mug", mode="stock")
    witness = Witness(world)
    order, _ = gateway_order(world, mug, "square_credit_card", counted=False)
    world.sync()
    world.quiet()
    assert link_of(world, order).state == "stock"
    assert both(world, mug) == (8, 8)
    assert not witness.faults()


def test_a_gateway_order_without_a_transaction_id_is_never_made_at_the_till_a_second_time() -> None:
    world, (mug,) = mirroring("mug")
    witness = Witness(world)
    order = world.buy(mug, 2, payment="square_credit_card", paid=True)
    world.woo.state.orders[order].transaction_id = ""
    world.sync()
    world.quiet()
    assert not at_the_till(world, order)
    assert both(world, mug) == (8, 8)
    assert not witness.faults()


def test_a_shopper_who_turns_to_squares_gateway_after_another_is_counted_once() -> None:
    world, (mug,) = mirroring("mug")
    before = adjustments(world)
    order = world.buy(mug, 2, payment="bacs")
    world.sync()
    assert link_of(world, order).state == "wanted"
    sale = world.sell(world.twin(mug), 2, store=1)
    world.clock.advance(30)
    world.woo.state.orders[order].payment_method = "square_credit_card"
    world.woo.acts["pay_order"](order, transaction_id=sale["payment_id"])
    world.sync()
    world.quiet()
    assert not at_the_till(world, order)
    assert link_of(world, order).square_order_id == sale["order_id"]
    assert both(world, mug) == (8, 8)
    assert adjustments(world) == before


def test_two_orders_that_name_one_square_payment_are_not_both_taken_for_it() -> None:
    world, (mug,) = mirroring("mug")
    first, sale = gateway_order(world, mug, "square_credit_card")
    second = world.buy(mug, 1, payment="square_credit_card", paid=False)
    world.woo.acts["pay_order"](second, transaction_id=sale["payment_id"])
    world.sync()
    world.quiet()
    assert link_of(world, first).square_order_id == sale["order_id"]
    assert not at_the_till(world, second)
    assert both(world, mug) == (7, 7)
