"""Doorbells that come together share a commit, and none is answered before its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.clock import VirtualClock
from bridge.errors import LedgerError
from bridge.ledger import inbox
from bridge.ledger.database import Database
from bridge.web import letterbox
from bridge.web.letterbox import Letterbox, Ring

NOW = "2026-03-02T09:00:00.000000Z"


@pytest.fixture
def db(tmp_path: Path) -> Database:
    clock = VirtualClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    return Database.open(tmp_path / "ledger.sqlite", clock=clock, ids=lambda: "id")


def ring(number: int) -> Ring:
    return Ring("woo", "order.updated", f"d{number}", str(number), "")


def together(count: int, put: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=put, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("most", [3, 200])
def test_fifty_that_come_together_are_all_on_disk_when_answered_in_fewer_commits(
    db: Database, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(letterbox, "MOST_AT_ONCE", most)
    commits, there, rung = [0], [], []
    db.after_commit = lambda: commits.__setitem__(0, commits[0] + 1)
    box = Letterbox(db, lambda: rung.append(1))

    def put(number: int) -> None:
        new = box.put(ring(number), NOW)
        with db.reading() as conn:
            there.append(new and any(row.dedupe == f"d{number}" for row in inbox.new_ones(conn)))

    with db.transaction():  # the engine is writing: they have to queue
        threads = threading.Thread(target=together, args=(50, put))
        threads.start()
        while len(box._waiting) < 49:
            pass
    threads.join()
    assert there == [True] * 50
    assert commits[0] - 1 <= 50 / min(most, 50) + 2
    assert 1 <= len(rung) <= commits[0]


def test_the_same_one_twice_is_stored_once_and_rings_once(db: Database) -> None:
    rung: list[int] = []
    box = Letterbox(db, lambda: rung.append(1))
    assert [box.put(ring(1), NOW), box.put(ring(1), NOW)] == [True, False]
    assert rung == [1]


def test_a_commit_that_fails_fails_for_all_who_shared_it(db: Database) -> None:
    box = Letterbox(db, lambda: pytest.fail("nothing was stored"))

    def full() -> None:
        raise LedgerError("the disk is full")

    db.before_commit = full
    failed: list[int] = []

    def put(number: int) -> None:
        with pytest.raises(LedgerError):
            box.put(ring(number), NOW)
        failed.append(number)

    together(10, put)
    assert sorted(failed) == list(range(10))
    db.before_commit = None
    with db.reading() as conn:
        assert inbox.count_new(conn) == 0
