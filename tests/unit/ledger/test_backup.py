"""Backups that are whole or do not exist, and a ledger from the past that is always noticed (I13)."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from bridge.errors import InputError, LedgerBusy, LedgerError, LedgerTooNew
from bridge.ledger import backup as backups
from bridge.ledger import rewind
from bridge.ledger.backup import Restored, backup, problems, restore, verify
from bridge.ledger.database import Database
from bridge.ledger.lease import Lease
from tests.unit.ledger.ground import counted_ids, fact, note, opened, still_clock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "l.sqlite"


def put_back(saved: Path, path: Path) -> Restored:
    return restore(saved, path, clock=still_clock(), ids=counted_ids("life"))


def past(db: Database) -> str:
    with db.reading() as connection:
        return rewind.restored_at(connection)


def sell(db: Database, number: int) -> None:
    with db.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO inbox (side, topic, dedupe, received_at) VALUES "
                                   "('woo', 't', ?, '')", (str(number),))  # fmt: skip


@pytest.mark.parametrize("memory", [True, False])
def test_a_backup_is_one_whole_file_for_the_owner_only(path: Path, memory: bool) -> None:
    with opened(":memory:" if memory else path) as db:
        sell(db, 1)
        made = backup(db, path.with_name("saved"))
        assert fact(db, rewind.STAMP) == "", "the stamp is in the copy only"
    assert made.counts["inbox"] == 1
    assert made.made_at == "2026-11-21T09:00:00.000000Z"
    assert made.size == made.path.stat().st_size
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert verify(made.path) == made
    assert [found.name for found in path.parent.glob("saved*")] == ["saved"]


def test_a_backup_while_others_write_holds_one_moment(path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        with opened(path) as other:
            number = 0
            while not stop.is_set():
                number += 1
                sell(other, number)
                note(other, "sold", str(number))

    with opened(path) as db:
        thread = threading.Thread(target=write)
        thread.start()
        made = [backup(db, path.with_name(f"saved-{turn}")) for turn in range(5)]
        stop.set()
        thread.join()
    for saved in made:
        with closing(sqlite3.connect(saved.path)) as raw:
            row = raw.execute("SELECT value FROM meta WHERE name = 'sold'").fetchone()
            assert saved.counts["inbox"] - int(row[0] if row else 0) in (0, 1)


def test_a_backup_never_overwrites_and_never_stays_half(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(path) as db:
        target = path.with_name("saved")
        target.write_text("precious")
        with pytest.raises(InputError, match="exists already"):
            backup(db, target)
        assert target.read_text() == "precious"
        with pytest.raises(InputError, match="does not exist"):
            backup(db, path.parent / "nowhere" / "saved")
        monkeypatch.setattr(backups, "_counts", lambda raw: {"inbox": 1})
        monkeypatch.setattr(backups, "verify", _empty)
        with pytest.raises(LedgerError, match="does not hold every row"):
            backup(db, path.with_name("short"))
        assert not list(path.parent.glob("short*"))


def _empty(fresh: Path) -> backups.Backup:
    return backups.Backup(fresh, "", "0001", 0, {})


def test_a_damaged_backup_is_found_out_and_changes_nothing(path: Path) -> None:
    with opened(path) as db:
        note(db, "big", "x" * 50_000)
        saved = backup(db, path.with_name("saved")).path
    whole = saved.read_bytes()
    saved.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"damaged|not a usable backup"):
        put_back(saved, path)
    saved.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"damaged|not a usable backup"):
        verify(saved)
    assert path.read_bytes() == before


def test_what_is_no_backup_is_refused(path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        verify(path)
    path.write_text("SKU,Name\n" * 100)
    with pytest.raises(InputError, match="not a usable backup"):
        verify(path)
    path.unlink()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("CREATE TABLE photo (id INTEGER)")
    with pytest.raises(InputError, match="not a usable backup"):
        verify(path)


def test_the_backup_of_a_newer_bridge_is_refused(path: Path) -> None:
    with opened(path) as db:
        saved = backup(db, path.with_name("saved")).path
    with closing(sqlite3.connect(saved)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerTooNew):
        put_back(saved, path)


def test_a_link_to_nowhere_is_a_problem_doctor_can_show(path: Path) -> None:
    with opened(path) as db:
        with db.reading() as connection:
            assert problems(connection) == []
        with closing(sqlite3.connect(path)) as raw, raw:
            raw.execute("INSERT INTO stock (vid) VALUES (7)")
        with db.reading() as connection:
            assert problems(connection) == ["a row of stock points to a missing row of variation"]


def test_restoring_brings_back_the_past_marks_it_and_keeps_the_present(path: Path) -> None:
    with opened(path) as db:
        note(db, "a", "then")
        saved = backup(db, path.with_name("saved")).path
        note(db, "a", "now")
    done = put_back(saved, path)
    with opened(path, prefix="unused") as db:
        assert fact(db, "a") == "then"
        assert db.epoch == fact(db, "epoch") == "life-1"
        assert past(db) == "2026-11-21T09:00:00.000000Z"
        with db.transaction() as connection:
            rewind.rebaselined(connection)
        assert past(db) == ""
    assert done.kept is not None
    with closing(sqlite3.connect(done.kept)) as raw:
        assert raw.execute("SELECT value FROM meta WHERE name = 'a'").fetchone() == ("now",)
    verify(saved)
    assert not list(path.parent.glob("*.partial*"))


def test_the_epoch_stays_once_the_restored_ledger_works(path: Path) -> None:
    with opened(path) as db:
        saved = backup(db, path.with_name("saved")).path
    put_back(saved, path)
    for _ in range(3):
        with opened(path, prefix="unused") as db, Lease(db, "daemon", still_clock()) as lease:
            lease.renew()
            assert db.epoch == "life-1"


def test_restoring_onto_a_new_machine_needs_no_ledger_there(path: Path) -> None:
    with opened(":memory:") as db:
        note(db, "a", "1")
        saved = backup(db, path.with_name("saved")).path
    assert put_back(saved, path).kept is None
    with opened(path) as db:
        assert (fact(db, "a"), past(db)) == ("1", "2026-11-21T09:00:00.000000Z")


def test_a_damaged_ledger_can_be_replaced_and_its_log_is_not_played_into_the_new_one(path: Path) -> None:
    with opened(path) as db:
        note(db, "a", "then")
        saved = backup(db, path.with_name("saved")).path
    path.write_bytes(b"\xff" * 20_000)
    path.with_name("l.sqlite-wal").write_bytes(b"old log")
    done = put_back(saved, path)
    with opened(path) as db:
        assert fact(db, "a") == "then"
    assert done.kept is not None and done.kept.read_bytes() == b"\xff" * 20_000
    assert done.kept.with_name(done.kept.name + "-wal").read_bytes() == b"old log"


def test_nothing_is_restored_under_a_working_bridge(path: Path) -> None:
    with opened(path) as db:
        saved = backup(db, path.with_name("saved")).path
        with Lease(db, "daemon", still_clock()), pytest.raises(LedgerBusy, match="daemon"):
            put_back(saved, path)
        assert past(db) == ""


def test_nothing_is_restored_under_an_open_ledger(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "BUSY_SECONDS", 0.01)
    with opened(path) as db:
        saved = backup(db, path.with_name("saved")).path
        with pytest.raises(LedgerBusy):
            put_back(saved, path)
        note(db, "a", "1")
    with opened(path) as db:
        assert (fact(db, "a"), past(db)) == ("1", "")


def test_a_backup_copied_over_the_ledger_by_hand_is_noticed(path: Path) -> None:
    with opened(path) as db:
        saved = backup(db, path.with_name("saved")).path
    shutil.copy(saved, path)
    with opened(path, prefix="life") as db:
        assert past(db) != ""
        assert db.epoch == "life-1"
    with opened(path, prefix="unused") as db:
        assert db.epoch == "life-1", "once noticed, it is one new life"


def test_any_older_file_copied_over_the_ledger_is_noticed(path: Path) -> None:
    with opened(path) as db, Lease(db, "daemon", still_clock()):
        pass
    shutil.copy(path, path.with_name("older"))
    with opened(path) as db, Lease(db, "daemon", still_clock()):
        pass
    shutil.copy(path.with_name("older"), path)
    with opened(path, prefix="life") as db:
        assert (past(db) != "", db.epoch) == (True, "life-1")
    shutil.copy(path.with_name("older"), path)  # and once more: now the epoch differs
    with opened(path, prefix="again") as db:
        assert (past(db) != "", db.epoch) == (True, "again-1")


def test_a_ledger_that_was_only_closed_or_killed_is_not_taken_for_an_old_one(path: Path) -> None:
    with opened(path) as db:
        Lease(db, "daemon", still_clock()).acquire()
        rewind.mark_of(path).unlink()
    with opened(path) as db:
        assert past(db) == ""
        Lease(db, "daemon", still_clock()).acquire()
    rewind.mark_of(path).write_text("{half")
    with opened(path) as db:
        assert (past(db), db.epoch) == ("", "epoch-1")


def test_a_ledger_begun_anew_is_not_taken_for_an_old_one(path: Path) -> None:
    with opened(path) as db:
        Lease(db, "daemon", still_clock()).acquire()
    path.unlink()
    with opened(path, prefix="anew") as db, Lease(db, "daemon", still_clock()):
        assert past(db) == ""
    with opened(path) as db:
        assert (past(db), db.epoch) == ("", "anew-1")
