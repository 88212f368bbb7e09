"""Two bridges on one ledger: one works, the other is told who does (I17)."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from bridge.clock import VirtualClock
from bridge.domain.times import time_text
from bridge.errors import LedgerBusy, LedgerError
from bridge.ledger import rewind
from bridge.ledger.database import Database
from bridge.ledger.lease import Holder, Lease, LockFile, holder_of
from tests.unit.ledger.ground import another_process, ended, heard, killed, note, opened, still_clock


@pytest.fixture
def db() -> Database:
    return opened(":memory:")


@pytest.fixture
def clock() -> VirtualClock:
    return still_clock()


def test_a_second_holder_is_refused_with_the_first_one_s_name(db: Database, clock: VirtualClock) -> None:
    Lease(db, "daemon", clock).acquire()
    clock.advance(10)
    with pytest.raises(LedgerBusy) as refused:
        Lease(db, "sync", clock).acquire()
    said = str(refused.value)
    assert "daemon" in said and str(os.getpid()) in said and socket.gethostname() in said
    assert "2026-11-21T09:00:00" in said


def test_a_released_lease_is_free_at_once(db: Database, clock: VirtualClock) -> None:
    with Lease(db, "daemon", clock) as first:
        assert first.held
    assert not first.held
    assert Lease(db, "sync", clock).acquire() == 2


def test_an_expired_lease_is_taken_over_and_its_old_holder_finds_out(db: Database, clock: VirtualClock) -> None:
    old, new = Lease(db, "daemon", clock, seconds=30), Lease(db, "second", clock)
    old.acquire()
    clock.advance(31)
    assert new.acquire() > old.fence
    with pytest.raises(LedgerBusy, match=r"daemon lost the ledger .* to second"):
        old.check()
    with pytest.raises(LedgerBusy, match="lost"):
        old.renew()
    new.check()


def test_a_holder_of_the_past_cannot_commit_what_it_checks(db: Database, clock: VirtualClock) -> None:
    old = Lease(db, "daemon", clock)
    old.acquire()
    clock.advance(31)
    Lease(db, "second", clock).acquire()
    with pytest.raises(LedgerBusy), db.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO meta VALUES ('late', '1')")
        old.check(connection)
    with db.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM meta WHERE name = 'late'").scalar() == 0


def test_an_expired_lease_nobody_took_is_still_its_holder_s(db: Database, clock: VirtualClock) -> None:
    lease = Lease(db, "daemon", clock)
    lease.acquire()
    clock.advance(300)
    lease.check()
    lease.renew()
    with pytest.raises(LedgerBusy):
        Lease(db, "sync", clock).acquire()


def test_a_renewed_lease_lasts_from_the_renewal(db: Database, clock: VirtualClock) -> None:
    lease = Lease(db, "daemon", clock, seconds=30)
    fence = lease.acquire()
    clock.advance(20)
    assert lease.acquire() == fence, "taking it twice renews it"
    clock.advance(20)
    with pytest.raises(LedgerBusy):
        Lease(db, "sync", clock).acquire()
    clock.advance(11)
    Lease(db, "sync", clock).acquire()


def test_the_fence_grows_with_every_holder(db: Database, clock: VirtualClock) -> None:
    fences = []
    for turn in range(5):
        lease = Lease(db, f"turn {turn}", clock)
        fences.append(lease.acquire())
        if turn % 2:
            lease.release()
        else:
            clock.advance(31)
    assert fences == [1, 2, 3, 4, 5]


def test_releasing_a_lost_lease_does_not_take_it_from_the_new_holder(db: Database, clock: VirtualClock) -> None:
    old, new = Lease(db, "daemon", clock), Lease(db, "second", clock)
    old.acquire()
    clock.advance(31)
    new.acquire()
    old.release()
    new.check()
    with pytest.raises(LedgerBusy, match="second"):
        Lease(db, "third", clock).acquire()


def test_who_does_not_hold_the_lease_fails_the_check(db: Database, clock: VirtualClock) -> None:
    with pytest.raises(LedgerBusy, match="does not hold"):
        Lease(db, "sync", clock).check()


def test_a_restore_ends_every_lease_of_the_life_before(db: Database, clock: VirtualClock) -> None:
    lease = Lease(db, "daemon", clock)
    lease.acquire()
    rewind.mark_restored(db, "a test")
    with pytest.raises(LedgerBusy, match="lost"):
        lease.check()


def test_status_can_name_the_holder(db: Database, clock: VirtualClock) -> None:
    def holder() -> Holder | None:
        with db.reading() as connection:
            return holder_of(connection, time_text(clock.now()))

    assert holder() is None
    Lease(db, "daemon", clock).acquire()
    found = holder()
    assert found is not None and (found.owner, found.pid) == ("daemon", os.getpid())
    clock.advance(31)
    assert holder() is None


def test_the_lock_file_refuses_even_when_the_lease_has_run_out(tmp_path: Path, clock: VirtualClock) -> None:
    with opened(tmp_path / "l.sqlite") as db, opened(tmp_path / "l.sqlite") as other:
        first = Lease(db, "daemon", clock)
        first.acquire()
        clock.advance(300)
        with pytest.raises(LedgerBusy, match="daemon"):
            Lease(other, "sync", clock).acquire()
        first.release()
        assert Lease(other, "sync", clock).acquire() == 2


def test_a_lease_of_another_machine_is_waited_for(tmp_path: Path, clock: VirtualClock) -> None:
    with opened(tmp_path / "l.sqlite") as db:
        Lease(db, "daemon", clock, seconds=30).acquire()
        with db.transaction() as connection:
            sql = "UPDATE lease SET owner = replace(owner, ?, 'another-host')"
            connection.exec_driver_sql(sql, (socket.gethostname(),))
        LockFile(tmp_path / "l.sqlite").path.unlink()  # flock does not reach across machines
        with pytest.raises(LedgerBusy, match="another-host"):
            Lease(db, "second", clock).acquire()
        clock.advance(31)
        assert Lease(db, "second", clock).acquire() == 2


def test_a_lock_file_that_cannot_be_opened_is_named(tmp_path: Path, clock: VirtualClock) -> None:
    with opened(tmp_path / "l.sqlite") as db:
        (tmp_path / "l.sqlite.lock").mkdir()
        with pytest.raises(LedgerError, match="cannot be opened"):
            Lease(db, "daemon", clock).acquire()


def test_an_unreadable_lock_text_still_refuses(tmp_path: Path, clock: VirtualClock) -> None:
    with opened(tmp_path / "l.sqlite") as db, opened(tmp_path / "l.sqlite") as other:
        lease = Lease(db, "daemon", clock)
        lease.acquire()
        (tmp_path / "l.sqlite.lock").write_text("{half")
        with pytest.raises(LedgerBusy, match="another bridge"):
            Lease(other, "sync", clock).acquire()
        lease.check()


@pytest.mark.process
def test_of_two_processes_one_works_and_the_other_is_refused_until_it_ends(tmp_path: Path, clock: VirtualClock) -> None:
    other = another_process(tmp_path / "l.sqlite", 'with Lease(db, "daemon", clock): say("holding")')
    assert heard(other) == "holding"
    with opened(tmp_path / "l.sqlite") as db:
        note(db, "a", "1")  # the ledger itself is open to both
        lease = Lease(db, "sync", clock)
        with pytest.raises(LedgerBusy, match=f"daemon .process {other.pid} "):
            lease.acquire()
        assert not lease.held
        assert ended(other) == 0
        assert lease.acquire() == 2


@pytest.mark.process
def test_a_killed_holder_does_not_block_the_next_one(tmp_path: Path) -> None:
    other = another_process(
        tmp_path / "l.sqlite", 'Lease(db, "daemon", clock, seconds=86400).acquire(); say("holding")'
    )
    assert heard(other) == "holding"
    killed(other)
    with opened(tmp_path / "l.sqlite") as db:
        assert Lease(db, "sync", still_clock()).acquire() == 2
