"""Stock stories that rivals get wrong, each told by their users in public."""

from __future__ import annotations

import pytest

from bridge.remotes.port import Call
from bridge.sim.kernel.direct import InProcessWoo
from tests.scenarios.stage import both, in_step, inside_our_write, receive, sum_at_square, try_to_sync, variable
from tests.scenarios.witness import Witness, questions
from tests.world import World


def _shop(*skus: str, stock: int = 10) -> tuple[World, list[int]]:
    world = World()
    ids = [world.simple(sku, stock) for sku in skus]
    return in_step(world), ids


@pytest.mark.parametrize("store", [0, 1, 2])
def test_a_receipt_at_square_adds_to_the_shop_and_zeroes_nothing(store: int) -> None:
    """Goods arrive at a store and are booked in Square. A rival then showed 0 in the shop; it must show more."""
    world, (mug,) = _shop("mug")
    witness = Witness(world)
    receive(world, world.twin(mug), 20, store)
    world.sync()
    assert world.woo_stock(mug) == 30
    world.quiet()
    assert not witness.faults()


def test_a_receipt_where_more_was_sold_than_counted_pays_that_first() -> None:
    """A store sold two it had never counted (-2); five arrive there: three more, not five and not none."""
    world, (mug,) = _shop("mug")
    witness = Witness(world)
    world.sell(world.twin(mug), 2, store=2)
    world.sync()
    receive(world, world.twin(mug), 5, 2)
    world.quiet()
    assert world.woo_stock(mug) == 13
    assert not witness.faults()


def test_a_stock_edit_by_another_program_is_kept_and_carried() -> None:
    """The retailer's warehouse app sets 25 in the shop over REST. A rival's next pull set it back to Square's 10."""
    world, (mug,) = _shop("mug")
    key = world.woo.acts["add_key"](key="ck_" + "9" * 40, secret="cs_" + "9" * 40, description="warehouse app")
    app = InProcessWoo(world.woo, key, "cs_" + "9" * 40)
    assert app.send(Call("PUT", f"wc/v3/products/{mug}", body={"stock_quantity": 25})).status == 200
    for _ in range(3):
        world.sync()
        world.quiet()
    assert both(world, mug) == (25, 25)


def test_an_edit_in_the_shops_app_and_a_till_sale_both_count() -> None:
    """Staff type 14 over 10 while a till sells 3 of the same mug: eleven are left, on both sides."""
    world, (mug,) = _shop("mug")
    witness = Witness(world)
    world.woo.acts["staff_set_stock"](mug, 14)
    world.sell(world.twin(mug), 3)
    world.quiet()
    assert both(world, mug) == (11, 11)
    assert not witness.faults()


@pytest.mark.parametrize("orders", [1, 2, 3])
def test_a_checkout_inside_our_write_is_not_undone(orders: int) -> None:
    """Shoppers buy in the very moment between the shop's reading and saving of our change, which overwrites them."""
    world, (mug,) = _shop("mug")
    witness = Witness(world)
    world.sell(world.twin(mug), 3)
    for _ in range(orders):
        inside_our_write(world, lambda: world.buy(mug))
    world.sync()
    world.quiet()
    assert both(world, mug) == (7 - orders, 7 - orders)
    assert not witness.faults()
    assert not questions(world)


def test_a_cancelled_order_inside_our_write_is_not_undone() -> None:
    """An order is cancelled inside the same window: what it gives back must not be lost either."""
    world, (mug,) = _shop("mug")
    witness = Witness(world)
    order = world.buy(mug, 2)
    world.quiet()
    world.sell(world.twin(mug), 3)
    inside_our_write(world, lambda: world.woo.acts["cancel_order"](order))
    world.sync()
    world.quiet()
    assert both(world, mug) == (7, 7)
    assert not witness.faults()


def test_a_lost_decrement_is_healed_even_when_orders_cannot_be_read_for_long() -> None:
    """The window swallowed a sale, and then the shop's orders could not be listed for an hour: healed late, once."""
    world, (mug,) = _shop("mug")
    witness = Witness(world)
    world.sell(world.twin(mug), 3)
    inside_our_write(world, lambda: world.buy(mug))
    inside_our_write(world, lambda: world.woo.faults.add("server_error", path="/wp-json/wc/v3/orders", times=None))
    for _ in range(3):
        try_to_sync(world)
        world.clock.advance(1200)
    world.woo.faults.clear()
    world.quiet()
    assert both(world, mug) == (6, 6)
    assert not witness.faults()


def test_two_lines_of_one_product_are_both_carried() -> None:
    """One order names the mug twice (1 and 2). A rival sent only the last line."""
    world, (mug,) = _shop("mug")
    witness = Witness(world)
    order = world.buy(mug, 1)
    world.woo.acts["staff_add_order_line"](order, mug, 2)
    world.quiet()
    assert both(world, mug) == (7, 7)
    assert not witness.faults()


def test_two_variations_of_one_product_in_one_order_are_both_carried() -> None:
    """An order takes a small and two large shirts."""
    world = World()
    shirt = variable(world, "Shirt", {"shirt-s": 5, "shirt-l": 5})
    in_step(world)
    witness = Witness(world)
    world.woo.acts["checkout"]([{"id": shirt["shirt-s"], "quantity": 1}, {"id": shirt["shirt-l"], "quantity": 2}])
    world.quiet()
    assert sum_at_square(world, shirt["shirt-s"]) == 4
    assert sum_at_square(world, shirt["shirt-l"]) == 3
    assert not witness.faults()


def test_a_refund_without_restock_leaves_stock_alone() -> None:
    """A damaged mug is refunded but not put back on the shelf."""
    world, (mug,) = _shop("mug")
    witness = Witness(world)
    order = world.buy(mug, 2)
    world.quiet()
    line = world.woo.state.orders[order].lines[0]
    world.woo.acts["staff_refund"](order, [{"id": line.id, "quantity": 1}], restock=False)
    world.quiet()
    assert both(world, mug) == (8, 8)
    assert not witness.faults()


def test_a_late_offline_sale_counts_once() -> None:
    """A till was offline for two days and hands its sale in today."""
    world, (mug,) = _shop("mug")
    witness = Witness(world)
    world.clock.advance(3 * 86400)
    world.sync()
    lines = [{"variation_id": world.twin(mug), "quantity": "2"}]
    world.square.acts["sell"](world.stores[0], lines, offline_hours=48)
    world.quiet()
    assert both(world, mug) == (8, 8)
    assert not witness.faults()
