"""An old backup in the ledger's place ends right, and carries nothing twice (I13)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from bridge.domain.times import time_text
from bridge.ledger.backup import backup, restore
from bridge.ledger.lease import Lease
from bridge.remotes.port import Done, SquareStockChange
from tests.scenarios.stage import both, in_step, inside_our_write
from tests.scenarios.witness import Witness, questions
from tests.world import World

Back = Callable[[World, Path, Path], None]


def _by_restore(world: World, ledger: Path, old: Path) -> None:
    world.db.close()
    restore(old, ledger, clock=world.clock, ids=world.next_id)
    world.db = world.open_ledger()


def _by_copying_a_backup(world: World, ledger: Path, old: Path) -> None:
    world.db.close()
    shutil.copyfile(old, ledger)
    world.db = world.open_ledger()


def _by_copying_the_file(world: World, ledger: Path, old: Path) -> None:
    world.db.close()
    shutil.copyfile(old.with_suffix(".plain"), ledger)
    world.db = world.open_ledger()


WAYS: dict[str, Back] = {
    "bridge restore": _by_restore,
    "a backup copied over it": _by_copying_a_backup,
    "an old file copied over it": _by_copying_the_file,
}


def _works(world: World) -> Lease:
    """A bridge that works holds the lease and counts on in it: by that an old file is known as old."""
    lease = Lease(world.db, "daemon", world.clock)
    lease.acquire()
    return lease


def _pass(world: World, *, full: bool = False) -> None:
    with _works(world):
        world.sync(full=full)


def _keep_old(world: World, ledger: Path, old: Path) -> None:
    backup(world.db, old)
    with world.db.reading() as conn:
        conn.exec_driver_sql("SELECT 1")
    world.db.close()  # folds the log into the file: a plain copy is whole then
    shutil.copyfile(ledger, old.with_suffix(".plain"))
    world.db = world.open_ledger()
    world.bridge = world.make_bridge()


def _go_back(world: World, how: str, ledger: Path, old: Path) -> None:
    WAYS[how](world, ledger, old)
    world.bridge = world.make_bridge()


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.mark.parametrize("how", WAYS)
def test_an_old_backup_carries_nothing_twice(how: str, ledger: Path, tmp_path: Path) -> None:
    """Monday's backup comes back on Wednesday; Tuesday's orders, refunds, till sales and edits were carried already."""
    world = World(ledger=ledger)
    mug, cup = world.simple("mug", 20), world.simple("cup", 20)
    in_step(world)
    old_order = world.buy(mug, 4)
    _pass(world)
    witness = Witness(world)
    old = tmp_path / "monday"
    _keep_old(world, ledger, old)
    world.buy(mug, 2)
    world.woo.acts["checkout"]([{"id": mug, "quantity": 1}, {"id": cup, "quantity": 3}])
    world.sell(world.twin(mug), 3)
    _pass(world)
    line = world.woo.state.orders[old_order].lines[0]
    world.woo.acts["staff_refund"](old_order, [{"id": line.id, "quantity": 1}])
    world.clock.advance(3600)
    _pass(world, full=True)
    before = both(world, mug), both(world, cup)
    _go_back(world, how, ledger, old)
    world.buy(cup)
    for _ in range(4):
        world.clock.advance(60)
        _pass(world, full=True)
    assert not questions(world), [row.question for row in questions(world)]
    assert not witness.faults()
    assert (both(world, mug), both(world, cup)) == (before[0], (before[1][0] - 1, before[1][1] - 1))


@pytest.mark.parametrize("how", WAYS)
def test_an_old_backup_makes_no_product_twice(how: str, ledger: Path, tmp_path: Path) -> None:
    """After the backup, products were made on either side. The old ledger does not know them, and links them."""
    world = World(ledger=ledger)
    world.simple("mug", 5)
    in_step(world)
    old = tmp_path / "monday"
    _keep_old(world, ledger, old)
    cup = world.simple("cup", 7)
    _pass(world, full=True)
    world.clock.advance(3600)
    _pass(world, full=True)
    assert both(world, cup) == (7, 7)
    _go_back(world, how, ledger, old)
    for _ in range(4):
        world.clock.advance(60)
        _pass(world, full=True)
    assert both(world, cup) == (7, 7)
    assert len(list(world.square.state.catalog.live_ids("ITEM"))) == 2
    assert not Witness(world).faults()


def test_an_old_backup_does_not_repeat_a_healing(ledger: Path, tmp_path: Path) -> None:
    """A decrement lost inside our write was healed after the backup was made: healed it stays, once."""
    world = World(ledger=ledger)
    mug = world.simple("mug", 20)
    in_step(world)
    witness = Witness(world)
    old = tmp_path / "monday"
    _keep_old(world, ledger, old)
    world.sell(world.twin(mug), 3)
    inside_our_write(world, lambda: world.buy(mug))
    _pass(world)
    world.clock.advance(3600)
    _pass(world, full=True)
    assert both(world, mug) == (16, 16)
    _go_back(world, "bridge restore", ledger, old)
    for _ in range(4):
        world.clock.advance(60)
        _pass(world, full=True)
    assert both(world, mug) == (16, 16)
    assert not witness.faults()


def test_goods_taken_off_twice_in_a_forgotten_life_are_taken_over_as_done() -> None:
    """Its reference names a refund besides the order, and is no line's own movement."""
    world = World()
    mug = world.simple("mug", 10)
    in_step(world)
    world.clock.advance(60)
    change = SquareStockChange(
        "adjust", world.twin(mug), world.stores[0], Decimal(-1), "sale",
        f"bridge:order:55:back:aRefund:1@{world.stores[0]}", time_text(world.clock.now()),
    )  # fmt: skip
    outcome, _ = world.bridge.square.change_inventory([change], "a key of that life")
    assert isinstance(outcome, Done)
    world.clock.advance(60)
    found = world.sync().counts
    assert found["own writes found that this ledger had forgotten"] == 1
    world.quiet()
    assert world.on_hand(world.twin(mug)) == 9
