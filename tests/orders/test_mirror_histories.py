"""Random days of a shop that mirrors its orders, answers lost and tills trading: the simulators alone are the judge."""

from __future__ import annotations

import random

import pytest

from bridge.errors import BridgeError
from bridge.sim.woo.order_state import Order
from tests.orders.mirror_stage import at_the_till, mirroring, pay_at_the_till, refunds
from tests.scenarios.stage import receive
from tests.scenarios.witness import Witness
from tests.world import World

_FAULTS = ("timeout_applied", "reset_not_applied", "server_error", "html_200_applied", "truncated_json", "rate_limited")
_LIVE = ("processing", "completed")


def _orders(world: World, *statuses: str) -> list[Order]:
    found = [one for one in world.woo.state.orders.values() if isinstance(one, Order)]
    return [one for one in found if not statuses or one.status in statuses]


def _buy(world: World, rng: random.Random, ids: list[int]) -> None:
    lines = [{"id": one, "quantity": rng.randint(1, 3)} for one in rng.sample(ids, rng.randint(1, len(ids)))]
    payment, paid = rng.choice([("stripe", True), ("stripe", True), ("cod", None), ("bacs", None)])
    pickup = rng.choice([None, "Oslo", "Bergen"])
    world.woo.acts["checkout"](lines, pickup=pickup, payment=payment, paid=paid)


def _after_life(world: World, rng: random.Random) -> None:
    """Staff cancel, refund, edit or take the money of some order."""
    waiting = _orders(world, "on-hold")
    if waiting and rng.random() < 0.5:
        world.woo.acts["pay_order"](rng.choice(waiting).id)
        return
    live = [one for one in _orders(world, *_LIVE) if one.lines and not one.refunds]
    if not live:
        return
    order = rng.choice(live)
    line = order.lines[0]
    match rng.randrange(4):
        case 0:
            world.woo.acts["staff_order_status"](order.id, "cancelled")
        case 1:
            world.woo.acts["staff_refund"](order.id, [{"id": line.id, "quantity": 1}], restock=rng.random() < 0.5)
        case 2:
            world.woo.acts["staff_edit_order_line"](order.id, line.id, rng.randint(1, 4))
        case _:
            world.woo.acts["staff_order_status"](order.id, "completed")


def _act(world: World, rng: random.Random, ids: list[int]) -> None:
    match rng.randrange(8):
        case 0 | 1 | 2:
            _buy(world, rng, ids)
        case 3 | 4:
            _after_life(world, rng)
        case 5:
            world.sell(world.twin(rng.choice(ids)), 1, store=0)
        case 6:
            receive(world, world.twin(rng.choice(ids)), 2, rng.randrange(2))
        case _:
            world.square.faults.add(rng.choice(_FAULTS), skip=rng.randrange(6), method="POST|PUT")


def _pass(world: World) -> None:
    try:
        world.sync()
    except BridgeError:
        world.restart()


def _pay_what_waits(world: World) -> None:
    """Every order made at a till is paid there in the end, unless it was cancelled."""
    for order in list(world.square.state.orders.values()):
        name = str(order.get("reference_id") or "")
        if name.startswith("woo-") and order["state"] == "OPEN" and order["net_amount_due_money"]["amount"] > 0:
            pay_at_the_till(world, order)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_each_order_is_at_the_till_once_and_counted_once(seed: int) -> None:
    rng = random.Random(seed)
    world, ids = mirroring("mug", "cup", stock=40)
    witness = Witness(world)
    for _ in range(30):
        world.clock.advance(rng.choice([1, 3, 20]))
        _act(world, rng, ids)
        if rng.random() < 0.6:
            _pass(world)
    world.square.faults.clear()
    for order in _orders(world, "on-hold"):
        world.woo.acts["pay_order"](order.id)
    world.quiet()
    _pay_what_waits(world)
    world.clock.advance(700)
    world.quiet()
    world.quiet()
    assert not witness.faults()
    for order in _orders(world):
        made = at_the_till(world, order.id)
        assert len(made) <= 1
        assert all(len(one.get("tenders") or ()) <= 1 for one in made)
    origins = [row["reason"].rpartition("[")[2] for row in refunds(world) if row["status"] == "COMPLETED"]
    assert len(origins) == len(set(origins))
