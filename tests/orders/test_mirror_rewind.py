"""An old backup in the ledger's place: orders the ledger forgot are found at the tills, not made again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.ledger import rewind
from bridge.ledger.backup import backup, restore
from bridge.ledger.database import Database
from bridge.remotes.port import Call, Reply
from tests.orders.mirror_stage import link_of, mirroring, only_order, refunds
from tests.scenarios.stage import both
from tests.scenarios.witness import Witness, questions
from tests.world import World


@pytest.mark.parametrize("then", ["nothing", "refund", "cancelled"])
def test_an_order_the_ledger_forgot_is_found_again_and_counted_once(tmp_path: Path, then: str) -> None:
    ledger, old = tmp_path / "ledger.db", tmp_path / "old.db"
    world, (mug,) = mirroring("mug", ledger=str(ledger))
    witness = Witness(world)
    backup(world.db, old)
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    world.sync()
    world.clock.advance(60)
    line = world.woo.state.orders[order].lines[0].id
    if then == "refund":
        world.woo.acts["staff_refund"](order, [{"id": line, "quantity": 1}])
    elif then == "cancelled":
        world.woo.acts["staff_order_status"](order, "cancelled")
    world.sync()
    world.db.close()
    restore(old, ledger, clock=world.clock, ids=world.next_id)
    world.db = world.open_ledger()
    world.bridge = world.make_bridge()
    world.quiet()
    world.clock.advance(700)
    world.quiet()
    left = {"nothing": 8, "refund": 9, "cancelled": 10}[then]
    assert both(world, mug) == (left, left)
    assert len(only_order(world, order)["tenders"]) == 1
    assert len(refunds(world)) == (then != "nothing")
    if then != "cancelled":
        assert link_of(world, order).state == "paid"
    assert not [one for one in witness.faults() if "twice" not in one]


def test_a_hand_edit_counts_though_an_unpaid_order_waits_when_an_old_ledger_was_put_back() -> None:
    world, (mug,) = mirroring("mug")
    old = world.db.copy_aside()
    shipped = world.buy(mug, 1, payment="stripe", paid=True)
    world.quiet()
    world.woo.acts["staff_refund"](
        shipped, [{"id": world.woo.state.orders[shipped].lines[0].id, "quantity": 1}], restock=True
    )
    waits = world.buy(mug, 2, pickup="Bergen", payment="bacs")
    world.quiet()
    world.db = old
    rewind.mark_restored(world.db, "a test put an old copy back")
    world.bridge = world.make_bridge()
    world.quiet()
    assert (world.woo_stock(mug), world.on_hand(world.twin(mug))) == (8, 10)
    world.woo.acts["staff_set_stock"](mug, 5)
    world.quiet()
    assert (world.woo_stock(mug), world.on_hand(world.twin(mug))) == (5, 7)
    world.woo.acts["pay_order"](waits)
    world.quiet()
    world.clock.advance(700)
    world.quiet()
    assert both(world, mug) == (5, 5)


def test_a_refund_recorded_before_is_not_asked_about_by_an_old_ledger_though_its_order_is_closed_by_now() -> None:
    world, (mug,) = mirroring("mug")
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    old = world.db.copy_aside()
    world.quiet()
    lines = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["return_items"](world.stores[2], None, lines, restock=True, reason=f"order {order}")
    world.quiet()
    world.woo.acts["cancel_order"](order)
    world.quiet()
    assert both(world, mug) == (10, 10)
    world.db = old
    rewind.mark_restored(world.db, "a test put an old copy back")
    world.bridge = world.make_bridge()
    world.quiet()
    world.clock.advance(700)
    world.quiet()
    assert both(world, mug) == (10, 10)
    assert not questions(world) and len(world.woo.state.orders[order].refunds) == 1


def test_an_edit_carried_in_a_forgotten_life_is_not_carried_again_after_its_square_order_was_found() -> None:
    """The old copy knows the order as being made, but neither its payment nor the edit that came in between."""
    world, (mug,) = mirroring("mug")
    witness = Witness(world)
    order = world.buy(mug, 1, pickup="Bergen", payment="stripe", paid=True)
    _die_making_it(world)
    old = world.db.copy_aside()
    world.clock.advance(60)
    world.woo.acts["staff_edit_order_line"](order, world.woo.state.orders[order].lines[0].id, 3)
    world.sync()
    world.quiet()
    assert both(world, mug) == (7, 7)
    _go_on_with(world, old)
    assert both(world, mug) == (7, 7)
    assert only_order(world, order)["line_items"][0]["quantity"] == "1"
    assert not witness.faults()


def test_goods_kept_back_that_a_forgotten_life_carried_by_adjustments_are_not_carried_or_given_back_again() -> None:
    """The old copy still waits for the money of an order that was edited and closed meanwhile."""
    world, (mug,) = mirroring("mug")
    witness = Witness(world)
    order = world.buy(mug, 3, pickup="Bergen", payment="bacs")
    world.sync()
    old = world.db.copy_aside()
    world.clock.advance(60)
    world.woo.acts["staff_edit_order_line"](order, world.woo.state.orders[order].lines[0].id, 2)
    world.woo.acts["staff_order_status"](order, "refunded")
    world.sync()
    world.quiet()
    assert both(world, mug) == (8, 8)
    world.woo.acts["staff_order_status"](order, "cancelled")
    _go_on_with(world, old)
    assert both(world, mug) == (10, 10)
    assert not witness.faults()


def test_goods_given_back_partly_by_us_and_partly_at_a_till_are_reckoned_alike_by_an_old_ledger() -> None:
    """The old copy does not know the order: one unit was refunded before it reached the till, one came back there."""
    world, (mug,) = mirroring("mug")
    old = world.db.copy_aside()
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    line = world.woo.state.orders[order].lines[0].id
    world.woo.acts["staff_refund"](order, [{"id": line, "quantity": 1}], restock=True)
    world.sync()
    world.clock.advance(60)
    back = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["return_items"](world.stores[2], only_order(world, order)["id"], back, restock=True)
    world.quiet()
    world.woo.acts["staff_order_status"](order, "cancelled")
    world.quiet()
    assert both(world, mug) == (10, 10)
    _go_on_with(world, old)
    assert both(world, mug) == (10, 10)


def _go_on_with(world: World, old: Database) -> None:
    """An old copy in the ledger's place, which nobody tells the bridge about, and some full passes."""
    world.db = old
    world.bridge = world.make_bridge()
    for _ in range(3):
        world.clock.advance(60)
        world.sync(full=True)


class Killed(BaseException):
    """The process is gone."""


class Dying:
    """A transport whose process ends right before an order is made at Square."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def send(self, call: Call) -> Reply:
        if (call.method, call.path) == ("POST", "v2/orders"):
            raise Killed
        reply: Reply = self._inner.send(call)
        return reply


def _die_making_it(world: World) -> None:
    world.wrap = lambda transport, _: Dying(transport)
    world.bridge = world.make_bridge()
    with pytest.raises(Killed):
        world.sync()
    world.wrap = lambda transport, _: transport
    world.bridge = world.make_bridge()
