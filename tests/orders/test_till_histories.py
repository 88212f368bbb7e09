"""Random days on which tills hand over, take back, exchange and refund online orders while the shop does the same."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import pytest

from bridge.errors import BridgeError
from bridge.sim.square.routes import SquareError
from bridge.sim.woo.order_state import Order
from tests.orders.mirror_stage import at_the_till, mirroring
from tests.orders.test_till_report import report, shop_total, sides, square_total
from tests.scenarios.stage import both
from tests.scenarios.witness import Witness
from tests.world import World

FAULTS = ("timeout_applied", "reset_not_applied", "server_error", "html_200_applied", "rate_limited")


def _online(world: World) -> list[Order]:
    rows = [one for one in world.woo.state.orders.values() if isinstance(one, Order)]
    return [one for one in rows if one.created_via != "bridge-till"]


def _paid_at_the_till(world: World) -> list[tuple[Order, dict[str, Any]]]:
    """Online orders standing at a till, paid, of which something may still come back."""
    found = [(order, made) for order in _online(world) for made in at_the_till(world, order.id) if made.get("tenders")]
    return [(order, made) for order, made in found if order.status not in ("cancelled", "refunded")]


class Brought:
    """Which units are back already: nobody brings back the same mug twice."""

    def __init__(self) -> None:
        self._back: dict[tuple[int, int], int] = {}

    def left(self, order: Order) -> list[Any]:
        """Lines of which a unit is still with the customer."""
        return [line for line in order.lines if self._back.get((order.id, line.id), 0) < line.quantity]

    def took(self, order: Order, line: Any) -> None:
        """One more unit is back."""
        self._back[order.id, line.id] = self._back.get((order.id, line.id), 0) + 1

    def untouched(self, order: Order) -> bool:
        """Whether nothing of it is back: what is cancelled then comes back whole."""
        return all((order.id, line.id) not in self._back for line in order.lines)


def _buy(world: World, rng: random.Random, ids: list[int]) -> None:
    lines = [{"id": one, "quantity": rng.randint(1, 3)} for one in rng.sample(ids, rng.randint(1, 2))]
    world.woo.acts["checkout"](lines, pickup=rng.choice([None, "Oslo", "Bergen"]), payment="stripe", paid=True)


def _at_the_till(world: World, rng: random.Random, ids: list[int], units: Brought) -> None:
    """Staff at a till do something with goods or money of an online order; Square refuses what was not paid."""
    known = _paid_at_the_till(world)
    if not known:
        return
    order, made = rng.choice(known)
    line = rng.choice(units.left(order) or [None])
    if line is None:
        return
    store = rng.choice(world.stores)
    back: list[dict[str, Any]] = [{"variation_id": world.twin(line.product_id), "quantity": "1"}]
    with contextlib.suppress(SquareError):
        match rng.randrange(4):
            case 0:
                world.square.acts["return_items"](store, made["id"], back, restock=rng.random() < 0.7)
                units.took(order, line)
            case 1:
                out = [
                    {
                        "variation_id": world.twin(rng.choice(ids)),
                        "quantity": "1",
                        "price": rng.choice((400, 1000, 2500)),
                    }
                ]
                world.square.acts["exchange"](store, [{**back[0], "order_id": made["id"]}], out)
                units.took(order, line)
            case 2:
                world.square.acts["refund_amount"](made["tenders"][0]["payment_id"], rng.randint(1, 900))
            case _:
                if made["fulfillments"] and made["fulfillments"][0]["state"] in ("PROPOSED", "RESERVED", "PREPARED"):
                    world.square.acts["fulfillment"](made["id"], rng.choice(("PREPARED", "COMPLETED")))


def _in_the_shop(world: World, rng: random.Random, units: Brought) -> None:
    live = [one for one in _online(world) if one.status in ("processing", "completed")]
    if not live:
        return
    order = rng.choice(live)
    lines = units.left(order)
    if lines and order.total - order.refunded >= 10 and rng.random() < 0.7:
        row = {"id": lines[0].id, "quantity": 1, "refund_total": "10.00"}
        world.woo.acts["staff_refund"](order.id, [row], restock=rng.random() < 0.5)
        units.took(order, lines[0])
    elif not order.refunds and units.untouched(order):
        world.woo.acts["staff_order_status"](order.id, "cancelled")


def _act(world: World, rng: random.Random, ids: list[int], units: Brought) -> None:
    match rng.randrange(10):
        case 0 | 1 | 2:
            _buy(world, rng, ids)
        case 3 | 4 | 5 | 6:
            _at_the_till(world, rng, ids, units)
        case 7:
            _in_the_shop(world, rng, units)
        case 8:
            world.sell(world.twin(rng.choice(ids)), 1, store=rng.randrange(3))
        case _:
            world.square.faults.add(rng.choice(FAULTS), skip=rng.randrange(6))
            world.woo.faults.add(rng.choice(FAULTS), skip=rng.randrange(6), method="POST|PUT")


@pytest.mark.parametrize("seed", range(10))
def test_whatever_tills_and_shop_give_back_is_recorded_once_and_never_beyond_the_order(seed: int) -> None:
    rng = random.Random(seed)
    world, ids = mirroring("mug", "cup", stock=60, till="always")
    witness, units = Witness(world), Brought()
    for _ in range(40):
        world.clock.advance(rng.choice([1, 3, 20, 90]))
        _act(world, rng, ids, units)
        if rng.random() < 0.6:
            with contextlib.suppress(BridgeError):
                world.sync()
    world.square.faults.clear()
    world.woo.faults.clear()
    for _ in range(3):
        world.clock.advance(700)
        world.quiet()
    assert not witness.faults()
    for order in _online(world):
        assert order.refunded <= order.total
        origins = [str(one.reason).rpartition("[")[2] for one in order.refunds if "[square:" in str(one.reason)]
        assert len(origins) == len(set(origins)), origins
    images = [
        row["reason"].rpartition("[")[2] for row in world.square.state.refunds.values() if "[woo:" in row["reason"]
    ]
    assert len(images) == len(set(images))
    told = report(world)
    assert sides(told)["woo"][0] == shop_total(world) and sides(told)["square"][0] == square_total(world)
    assert both(world, ids[0])[0] == both(world, ids[0])[1]
