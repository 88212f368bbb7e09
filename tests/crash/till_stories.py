"""The stories of tills whose every moment of death is tried: refunds, handed over pickups, sales shown in the shop."""

from __future__ import annotations

from dataclasses import replace

from bridge.domain.order import TILL_VIA, StatusWords
from bridge.ledger.database import MEMORY
from bridge.sim.woo.order_state import Order
from tests.crash.life import Scenario, square_skus, woo_skus
from tests.orders.mirror_stage import mirroring, only_order
from tests.scenarios.stage import in_step
from tests.world import TEST_SETTINGS, World


def _reading_tills(ledger: str = MEMORY) -> World:
    world = World(ledger=ledger, settings=replace(TEST_SETTINGS, till="always"))
    world.simple("mug", 10)
    in_step(world)
    world.buy(woo_skus(world)["mug"], 2, payment="bacs", paid=True)
    return in_step(world)


def _selling(ledger: str = MEMORY) -> World:
    world = World(ledger=ledger, settings=replace(TEST_SETTINGS, till_sales_in_woo=True))
    world.simple("mug", 10)
    return in_step(world)


def _pickup(ledger: str = MEMORY) -> World:
    world, [mug] = mirroring("mug", ledger=ledger)
    world.buy(mug, 2, pickup="Bergen", payment="bacs", paid=True)
    return in_step(world)


def _pickup_of_cups(ledger: str = MEMORY) -> World:
    world, [mug, _] = mirroring("mug", "cup", ledger=ledger)
    world.buy(mug, 2, pickup="Bergen", payment="bacs", paid=True)
    return in_step(world)


def _own_statuses(ledger: str = MEMORY) -> World:
    words = StatusWords(ready="ready-for-pickup")
    world, [mug] = mirroring("mug", ledger=ledger, status_words=words)
    world.woo.acts["add_order_status"]("ready-for-pickup")
    world.buy(mug, 2, pickup="Bergen", payment="bacs", paid=True)
    return in_step(world)


def _order(world: World) -> int:
    rows = world.woo.state.orders.values()
    return max(row.id for row in rows if isinstance(row, Order) and row.created_via != TILL_VIA)


# -- acts -----------------------------------------------------------------------------
def _give_back(world: World) -> None:
    world.clock.advance(30)
    lines = [{"variation_id": square_skus(world)["mug"], "quantity": "1"}]
    world.square.acts["return_items"](world.stores[1], None, lines, reason=f"web order {_order(world)}")


def _give_back_linked(world: World) -> None:
    world.clock.advance(30)
    lines = [{"variation_id": square_skus(world)["mug"], "quantity": "1"}]
    world.square.acts["return_items"](world.stores[2], str(only_order(world, _order(world))["id"]), lines)


def _sell(world: World) -> None:
    world.clock.advance(30)
    world.sell(square_skus(world)["mug"], 3)


def _take_sale_back(world: World) -> None:
    world.clock.advance(30)
    sold = next(row for row in world.square.state.orders.values() if row.get("tenders"))
    lines = [{"variation_id": square_skus(world)["mug"], "quantity": "1"}]
    world.square.acts["return_items"](world.stores[1], sold["id"], lines)


def _exchange(world: World, source: str, price: int) -> None:
    world.clock.advance(30)
    goods = square_skus(world)
    back = [{"order_id": source, "variation_id": goods["mug"], "quantity": "1"}]
    out = [{"variation_id": goods.get("cup", goods["mug"]), "quantity": "1", "price": price}]
    world.square.acts["exchange"](world.stores[2], back, out)


def _exchange_online(world: World) -> None:
    _exchange(world, str(only_order(world, _order(world))["id"]), 1000)


def _exchange_sale(world: World) -> None:
    sold = next(row for row in world.square.state.orders.values() if row.get("tenders"))
    _exchange(world, str(sold["id"]), 2500)


def _sell_offline(world: World) -> None:
    world.clock.advance(80 * 3600)
    lines = [{"variation_id": square_skus(world)["mug"], "quantity": "3"}]
    world.square.acts["sell"](world.stores[1], lines, offline_hours=72)


def _ready_in_shop(world: World) -> None:
    world.clock.advance(30)
    world.woo.acts["staff_order_status"](_order(world), "ready-for-pickup")


def _step(state: str, world: World) -> None:
    world.clock.advance(30)
    world.square.acts["fulfillment"](str(only_order(world, _order(world))["id"]), state)


def _prepared(world: World) -> None:
    _step("PREPARED", world)


def _handed_over(world: World) -> None:
    _step("COMPLETED", world)


# -- what must be so in the end ---------------------------------------------------------
def _refunded_once(world: World) -> None:
    refunds = world.woo.state.orders[_order(world)].refunds
    assert [str(one.amount) for one in refunds] == ["10.00"], refunds


def _refunded_once_at_the_till(world: World) -> None:
    _refunded_once(world)
    assert len(world.square.state.refunds) == 1, "the refund came back to the till"


def _made_once(world: World) -> None:
    made = [row for row in world.woo.state.orders.values() if getattr(row, "created_via", "") == TILL_VIA]
    assert [str(row.total) for row in made] == ["30.00"], made


def _made_and_refunded_once(world: World) -> None:
    _made_once(world)
    made = next(row for row in world.woo.state.orders.values() if getattr(row, "created_via", "") == TILL_VIA)
    assert [str(one.amount) for one in made.refunds] == ["10.00"], made.refunds


def _exchanged_once(world: World) -> None:
    """Even: no money moved at the till, and the shop's refund is of the goods that came back."""
    _refunded_once(world)
    assert not world.square.state.refunds, "the shop's refund came back to the till"


def _made_exchanged_once(world: World) -> None:
    made = [row for row in world.woo.state.orders.values() if getattr(row, "created_via", "") == TILL_VIA]
    told = [(str(row.total), [str(one.amount) for one in row.refunds]) for row in made]
    assert told == [("30.00", ["10.00"]), ("25.00", [])], told


def _ready_at_the_till(world: World) -> None:
    order = only_order(world, _order(world))
    assert order["fulfillments"][0]["state"] == "PREPARED", order["fulfillments"]
    notes = [note.text for note in world.woo.state.orders[_order(world)].notes if note.customer_note]
    assert not notes, notes


def _told_once(world: World) -> None:
    order = world.woo.state.orders[_order(world)]
    notes = [note.text for note in order.notes if note.customer_note]
    assert order.status == "completed", order.status
    assert len(notes) == 1 and "ready for pickup" in notes[0], notes


TILL_STORIES = (
    Scenario("refund at a till by number", _reading_tills, (_give_back,), check=_refunded_once),
    Scenario("refund at a till by link", _pickup, (_give_back_linked,), check=_refunded_once_at_the_till),
    Scenario("till sale shown in the shop", _selling, (_sell,), check=_made_once),
    Scenario("till sale and its return shown", _selling, (_sell, _take_sale_back), check=_made_and_refunded_once),
    Scenario("prepared and handed over", _pickup, (_prepared, _handed_over), check=_told_once),
    Scenario("goods of an online order exchanged", _pickup_of_cups, (_exchange_online,), check=_exchanged_once),
    Scenario("shown till sale exchanged", _selling, (_sell, _exchange_sale), check=_made_exchanged_once),
    Scenario("till sale of three days ago", _selling, (_sell_offline,), check=_made_once),
    Scenario("status of the shop's own", _own_statuses, (_ready_in_shop,), check=_ready_at_the_till),
)
TILL_BY_NAME = {story.name: story for story in TILL_STORIES}
