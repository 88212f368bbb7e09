"""The stories of orders at the tills whose every moment of death is tried."""

from __future__ import annotations

from bridge.ledger.database import MEMORY
from tests.crash.life import People, Scenario, woo_skus
from tests.orders.mirror_stage import at_the_till, mirroring, pay_at_the_till, refunds
from tests.scenarios.stage import in_step
from tests.scenarios.witness import questions
from tests.world import World


def _mirrored(ledger: str = MEMORY) -> World:
    return mirroring("mug", "cup", ledger=ledger)[0]


def _with_order(ledger: str = MEMORY) -> World:
    world = _mirrored(ledger)
    _pickup(world)
    world.sync()
    world.clock.advance(60)
    world.sync()
    world.clock.advance(60)
    return world


def _gateway(ledger: str = MEMORY) -> World:
    return mirroring("mug", mode="stock", ledger=ledger)[0]


def _apart(ledger: str = MEMORY) -> World:
    """Mugs lie in Oslo only and cups in Bergen only."""
    world, (mug, cup) = mirroring("mug", "cup", ledger=ledger)
    for woo_id, counts in ((mug, (10, 0, 0)), (cup, (0, 10, 0))):
        for store, quantity in zip(world.stores, counts, strict=True):
            world.square.acts["count"](store, world.twin(woo_id), quantity)
    world.quiet()
    world.clock.advance(60)
    return world


def _two_stores(ledger: str = MEMORY) -> World:
    world, [mug] = mirroring("mug", mode="stock", ledger=ledger, may_split=True)
    first = next(store for store in world.stores if world.on_hand(world.twin(mug), store))
    other = next(store for store in world.stores if store != first)
    world.square.acts["transfer"](world.twin(mug), first, other, 5)
    return in_step(world)


def _order_id(world: World) -> int:
    return max(world.woo.state.orders)


def _pickup(world: World) -> None:
    world.clock.advance(2)
    shop = woo_skus(world)
    lines = [{"id": shop["mug"], "quantity": 2}, {"id": shop["cup"], "quantity": 1}]
    world.woo.acts["checkout"](lines, pickup="Bergen", payment="stripe", paid=True)


def _shipped(world: World) -> None:
    world.clock.advance(2)
    shop = woo_skus(world)
    lines = [{"id": shop["mug"], "quantity": 2}, {"id": shop["cup"], "quantity": 1}]
    world.woo.acts["checkout"](lines, payment="stripe", paid=True)


def _unequal(world: World) -> None:
    _pickup(world)
    world.woo.state.orders[_order_id(world)].currency = "EUR"


def _cancel(world: World) -> None:
    world.clock.advance(5)
    world.woo.acts["staff_order_status"](_order_id(world), "cancelled")


def _refund(world: World) -> None:
    world.clock.advance(5)
    line = world.woo.state.orders[_order_id(world)].lines[0].id
    world.woo.acts["staff_refund"](_order_id(world), [{"id": line, "quantity": 1}])


def _damaged(world: World) -> None:
    world.clock.advance(5)
    line = world.woo.state.orders[_order_id(world)].lines[0].id
    world.woo.acts["staff_refund"](_order_id(world), [{"id": line, "quantity": 1}], restock=False)


def _edit(world: World) -> None:
    world.clock.advance(5)
    world.woo.acts["staff_edit_order_line"](_order_id(world), world.woo.state.orders[_order_id(world)].lines[0].id, 3)


def _on_pickup(world: World) -> None:
    world.clock.advance(2)
    world.buy(woo_skus(world)["mug"], 3, pickup="Oslo", payment="cod")


def _paid_at_the_till(world: World) -> None:
    world.clock.advance(30)
    (order,) = at_the_till(world, _order_id(world))
    pay_at_the_till(world, order)
    world.square.acts["fulfillment"](str(order["id"]), "COMPLETED")


def fetch_what_is_there(world: World) -> None:
    """Somebody stands at the counter: the till takes the money of what nobody has paid there yet, and hands it over."""
    for order in at_the_till(world, _order_id(world)):
        if not order.get("tenders"):
            world.clock.advance(1)
            pay_at_the_till(world, order)
            world.square.acts["fulfillment"](str(order["id"]), "COMPLETED")


def _more_than_one_store_has(world: World) -> None:
    world.clock.advance(2)
    world.buy(woo_skus(world)["mug"], 8, payment="stripe", paid=True)


def _by_gateway(world: World) -> None:
    world.clock.advance(2)
    mug = woo_skus(world)["mug"]
    order = world.buy(mug, 2, payment="square_credit_card", paid=False)
    world.woo.acts["pay_order"](order, transaction_id="a payment elsewhere")


# -- what must be so in the end ---------------------------------------------------------
def _one_paid(world: World) -> None:
    (order,) = at_the_till(world, _order_id(world))
    assert len(order["tenders"]) == 1, order["tenders"]


def _none(world: World) -> None:
    assert not at_the_till(world, _order_id(world))


def _told(world: World) -> None:
    _none(world)
    assert [row.subject for row in questions(world, "mirror")] == [str(_order_id(world))]


def _handed_over(world: World) -> None:
    _one_paid(world)
    assert world.woo.state.orders[_order_id(world)].status == "completed"


def _split(world: World) -> None:
    """Five and three of ten: neither store gave what it did not have."""
    shelf = sorted(int(world.on_hand(world.twin(woo_skus(world)["mug"]), store)) for store in world.stores)
    assert shelf[0] >= 0 and sum(shelf) == 2, shelf


def _given_back(amount: int) -> People:
    def check(world: World) -> None:
        _one_paid(world)
        assert sum(row["amount_money"]["amount"] for row in refunds(world)) == amount, refunds(world)

    return check


ORDER_STORIES = (
    Scenario("pickup order made at the till", _mirrored, (_pickup,), check=_one_paid),
    Scenario("order that cannot be made equal", _mirrored, (_unequal,), check=_none),
    Scenario("order of several stores", _apart, (_shipped,), check=_told),
    Scenario("paid order cancelled", _with_order, (_cancel,), check=_given_back(3000)),
    Scenario("order and its cancelling at once", _mirrored, (_pickup, _cancel), check=_given_back(3000)),
    Scenario("part of an order refunded", _with_order, (_refund,), check=_given_back(1000)),
    Scenario("damaged goods refunded", _with_order, (_damaged,), check=_given_back(1000)),
    Scenario("order edited at the till", _with_order, (_edit,), check=_one_paid),
    Scenario("order paid and fetched at the till", _mirrored, (_on_pickup, _paid_at_the_till), check=_handed_over),
    Scenario("order of two stores", _two_stores, (_more_than_one_store_has,), check=_split),
    Scenario("order of the gateway of another account", _gateway, (_by_gateway,), check=_none),
)
ORDERS_BY_NAME = {story.name: story for story in ORDER_STORIES}
