"""Whatever of a till's doings shows first (goods, order, payment, refund), everything is counted once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations
from typing import Any

import pytest

from bridge.domain.order import TILL_VIA
from bridge.remotes.port import Call, Reply, Transport
from bridge.sim.woo.order_state import Order
from tests.orders.mirror_stage import mirroring, only_order
from tests.orders.test_till_report import report, shop_total, square_total
from tests.scenarios.stage import both, in_step
from tests.scenarios.witness import Witness, open_writes, questions
from tests.world import World

WAYS = {
    "goods": ("v2/inventory/counts/batch-retrieve", "v2/inventory/changes/batch-retrieve"),
    "order": ("v2/orders/search",),
    "payment": ("v2/payments",),
    "refund": ("v2/refunds",),
}
"""What Square's listings tell of, and by which addresses; each is eventually consistent on its own."""
ARRIVALS = list(permutations(WAYS))


class Lagging:
    """Square, some of whose listings do not show the latest yet."""

    def __init__(self, inner: Transport, hidden: set[str]) -> None:
        self._inner, self._hidden = inner, hidden
        self.held_back: set[str] = set()
        """Ways whose news, shown by Square, were kept from the bridge."""

    def send(self, call: Call) -> Reply:
        reply = self._inner.send(call)
        reads = call.method == "GET" or call.path.endswith(("search", "batch-retrieve"))
        late = {way for way in self._hidden if reads and call.path in WAYS[way]}
        self.held_back |= late if reply.body != b"{}" else set()
        return Reply(200, reply.headers, b"{}") if late else reply


def shown_one_by_one(world: World, order: Iterable[str]) -> None:
    """Nothing shows at first; then one listing after the other does, with an ordinary pass after each.

    All within the seconds for which Square's listings lag and the bridge looks back.
    """
    hidden, curtains = set(WAYS), []

    def wrap(transport: Transport, side: str) -> Transport:
        if side != "square":
            return transport
        curtains.append(Lagging(transport, hidden))
        return curtains[-1]

    world.wrap = wrap
    world.bridge = world.make_bridge()
    world.sync()
    assert "order" in curtains[-1].held_back, "nothing was hidden"
    for way in order:
        hidden.discard(way)
        world.clock.advance(1)
        world.sync()
    world.quiet()
    world.quiet()


def lines(world: World, woo_id: int, quantity: int = 1, **more: Any) -> list[dict[str, Any]]:
    return [{"variation_id": world.twin(woo_id), "quantity": str(quantity), **more}]


def till_orders(world: World) -> list[Order]:
    rows = world.woo.state.orders.values()
    return [row for row in rows if isinstance(row, Order) and row.created_via == TILL_VIA]


def name(order: tuple[str, ...]) -> str:
    return "-".join(order)


@pytest.mark.parametrize("arrival", ARRIVALS, ids=name)
def test_a_sale_72_hours_late_and_its_return_count_once(arrival: tuple[str, ...]) -> None:
    world = World()
    world.use(till_sales_in_woo=True, till="always")
    mug = world.simple("mug", 10)
    in_step(world)
    world.clock.advance(80 * 3600)
    world.quiet()
    witness = Witness(world)
    sold = world.square.acts["sell"](world.stores[0], lines(world, mug, 3), offline_hours=72)
    world.square.acts["return_items"](world.stores[1], sold["order_id"], lines(world, mug))
    shown_one_by_one(world, arrival)
    assert both(world, mug) == (8, 8)
    [order] = till_orders(world)
    assert str(order.total) == "30.00" and [str(one.amount) for one in order.refunds] == ["10.00"]
    assert report(world).whole.total == square_total(world) == shop_total(world) == 2000
    assert not witness.faults() and not open_writes(world) and not questions(world)


@pytest.mark.parametrize("arrival", ARRIVALS, ids=name)
def test_goods_of_an_online_order_given_back_at_a_till_count_once(arrival: tuple[str, ...]) -> None:
    world, [mug] = mirroring("mug", till="always")
    witness = Witness(world)
    order = world.buy(mug, 3, pickup="Bergen", payment="stripe", paid=True)
    world.quiet()
    square_order = str(only_order(world, order)["id"])
    world.square.acts["return_items"](world.stores[2], square_order, lines(world, mug, 2))
    shown_one_by_one(world, arrival)
    refunds = world.woo.state.orders[order].refunds
    assert [str(one.amount) for one in refunds] == ["20.00"]
    assert both(world, mug) == (9, 9)
    assert report(world).whole.total == shop_total(world) == 1000
    assert not witness.faults() and not open_writes(world) and not questions(world)


@pytest.mark.parametrize("arrival", ARRIVALS[::3], ids=name)
def test_an_exchange_counts_once(arrival: tuple[str, ...]) -> None:
    world, [mug, cup] = mirroring("mug", "cup", till="always")
    witness = Witness(world)
    order = world.buy(mug, 3, pickup="Bergen", payment="stripe", paid=True)
    world.quiet()
    back = lines(world, mug, order_id=str(only_order(world, order)["id"]))
    world.square.acts["exchange"](world.stores[2], back, lines(world, cup, 2, price=400))
    shown_one_by_one(world, arrival)
    assert [str(one.amount) for one in world.woo.state.orders[order].refunds] == ["10.00"]
    assert (both(world, mug), both(world, cup)) == ((8, 8), (8, 8))
    assert report(world).whole.total == 2000 + 800
    assert not witness.faults() and not open_writes(world) and not questions(world)


@pytest.mark.parametrize("arrival", ARRIVALS[::3], ids=name)
def test_a_pickup_handed_over_shows_in_the_shop_once(arrival: tuple[str, ...]) -> None:
    world, [mug] = mirroring("mug", till="always")
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    world.quiet()
    square_order = str(only_order(world, order)["id"])
    for state in ("PREPARED", "COMPLETED"):
        world.square.acts["fulfillment"](square_order, state)
    shown_one_by_one(world, arrival)
    shown = world.woo.state.orders[order]
    assert shown.status == "completed"
    assert sum(note.customer_note for note in shown.notes) <= 1
    assert both(world, mug) == (8, 8) and not open_writes(world)


@pytest.mark.parametrize("hours", [1, 30, 71.9])
def test_a_late_sale_counts_once_though_a_full_pass_saw_the_store_in_between(hours: float) -> None:
    world = World()
    world.use(till_sales_in_woo=True)
    mug = world.simple("mug", 10)
    in_step(world)
    world.clock.advance(72 * 3600)
    world.quiet()
    witness = Witness(world)
    sold = world.square.acts["sell"](world.stores[1], lines(world, mug, 2), offline_hours=hours)
    world.sync(full=True)
    assert both(world, mug) == (8, 8)
    world.square.acts["refund_amount"](sold["payment_id"], 500)
    for _ in range(3):
        world.clock.advance(3600)
        world.quiet()
    [order] = till_orders(world)
    assert [str(one.amount) for one in order.refunds] == ["5.00"]
    assert report(world).whole.total == 1500
    assert both(world, mug) == (8, 8) and not witness.faults()
