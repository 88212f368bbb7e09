"""Two bridges on one ledger: one works, the other waits, and nobody writes with a lease of the past (I17)."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.engine.sync import Scope, sync
from bridge.errors import LedgerBusy
from bridge.ledger.lease import Lease
from tests.scenarios.stage import both, in_step
from tests.scenarios.witness import Witness
from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(ledger=tmp_path / "ledger.db")
    world.simple("mug", 10)
    return in_step(world)


def test_the_second_bridge_waits_until_the_first_is_done(world: World) -> None:
    """Somebody runs ``bridge sync`` while the daemon works: told who works, and let in afterwards."""
    second = world.open_ledger()
    first = Lease(world.db, "daemon", world.clock)
    first.acquire()
    with pytest.raises(LedgerBusy, match="daemon"):
        Lease(second, "sync", world.clock).acquire()
    first.release()
    Lease(second, "sync", world.clock).acquire()


def test_a_bridge_that_slept_through_its_lease_writes_nothing_more(world: World) -> None:
    """A daemon's machine sleeps; another one takes over and carries the sale. The sleeper must not carry it again."""
    witness = Witness(world)
    mug = next(iter(world.woo.state.items))
    sleeper = Lease(world.db, "sleeping daemon", world.clock)
    sleeper.acquire()
    world.db.before_commit = sleeper.check
    world.buy(mug, 2)
    sleeping = world.bridge
    # another machine: its own lock file, the same ledger
    sleeper._unlock()
    world.clock.advance(3600)
    world.db = world.open_ledger()
    other = Lease(world.db, "other daemon", world.clock)
    other.acquire()
    world.db.before_commit = other.check
    world.bridge = world.make_bridge()
    world.sync(full=True)
    with pytest.raises(LedgerBusy, match="other daemon"):
        sync(sleeping, Scope())
    world.quiet()
    assert both(world, mug) == (8, 8)
    assert not witness.faults()
