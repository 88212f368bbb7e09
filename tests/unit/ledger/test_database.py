"""Opening the ledger: durable, one writer at a time, and plain words for every kind of trouble."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from bridge.errors import LedgerBusy, LedgerError
from bridge.ledger import database
from bridge.ledger.cursors import note_fact, read_fact
from bridge.ledger.database import Database
from tests.unit.ledger.ground import another_process, fact, heard, killed, note, opened


@pytest.fixture(params=["memory", "file"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    db = opened(":memory:" if request.param == "memory" else tmp_path / "ledger.sqlite")
    request.addfinalizer(db.close)
    return db


def pragma(db: Database, name: str) -> object:
    with db.reading() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_what_a_transaction_wrote_is_read_back(db: Database) -> None:
    note(db, "a", "1")
    assert fact(db, "a") == "1"


def test_a_transaction_that_raises_leaves_nothing_behind(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.transaction() as connection:
        note_fact(connection, "a", "1")
        raise ZeroDivisionError
    assert fact(db, "a") == ""


def test_a_reading_cannot_write(db: Database) -> None:
    with pytest.raises(LedgerError, match="cannot be written"), db.reading() as connection:
        note_fact(connection, "a", "1")
    note(db, "b", "2")
    assert (fact(db, "a"), fact(db, "b")) == ("", "2")


def test_a_reading_inside_a_transaction_sees_what_it_wrote(db: Database) -> None:
    with db.transaction() as connection:
        note_fact(connection, "a", "1")
        assert fact(db, "a") == "1"


def test_a_transaction_inside_another_or_a_reading_is_refused_as_a_mistake(db: Database) -> None:
    with db.transaction(), pytest.raises(RuntimeError, match="inside another"):
        note(db, "a", "1")
    with db.reading(), pytest.raises(RuntimeError, match="inside another"):
        note(db, "a", "1")
    assert fact(db, "a") == ""


def test_foreign_keys_hold_and_broken_constraints_are_not_dressed_up(db: Database) -> None:
    with pytest.raises(IntegrityError), db.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO stock (vid) VALUES (99)")
    with pytest.raises(OperationalError, match="no such table"), db.reading() as connection:
        connection.exec_driver_sql("SELECT * FROM nowhere")


def test_a_crash_before_the_commit_undoes_and_one_after_it_does_not(db: Database) -> None:
    class Crash(BaseException):
        pass

    def crash() -> None:
        raise Crash

    db.before_commit = crash
    with pytest.raises(Crash):
        note(db, "before", "1")
    db.before_commit, db.after_commit = None, crash
    with pytest.raises(Crash):
        note(db, "after", "1")
    db.after_commit = None
    assert (fact(db, "before"), fact(db, "after")) == ("", "1")
    note(db, "later", "1")
    assert fact(db, "later") == "1"


def test_threads_that_count_up_the_same_number_lose_no_step(db: Database) -> None:
    def count() -> None:
        for _ in range(20):
            with db.transaction() as connection:
                note_fact(connection, "n", str(int(read_fact(connection, "n") or 0) + 1))
            assert int(fact(db, "n")) > 0

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fact(db, "n") == "120"


def test_a_thread_that_waits_too_long_for_its_turn_says_so(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "TURN_SECONDS", 0.01)
    refused: list[LedgerBusy] = []

    def write() -> None:
        try:
            note(db, "a", "1")
        except LedgerBusy as error:
            refused.append(error)

    with db.transaction():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert "Another thread" in str(refused[0])


def test_every_ledger_in_memory_is_its_own_and_has_an_epoch() -> None:
    one, two = opened(":memory:", prefix="one"), opened(":memory:", prefix="two")
    note(one, "a", "1")
    assert fact(two, "a") == ""
    assert (one.epoch, two.epoch) == ("one-1", "two-1")
    assert fact(one, "epoch") == "one-1"


def test_a_reopened_ledger_knows_everything_and_keeps_its_epoch(tmp_path: Path) -> None:
    with opened(tmp_path / "l.sqlite") as db:
        note(db, "a", "1")
    with opened(tmp_path / "l.sqlite", prefix="other") as again:
        assert fact(again, "a") == "1"
        assert again.epoch == "epoch-1"


def test_the_file_is_opened_for_durability_and_for_the_owner_only(tmp_path: Path) -> None:
    with opened(tmp_path / "l.sqlite") as db:
        found = {name: pragma(db, name) for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}
        assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
        modes = {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        assert modes == {0o600}


def test_a_reader_sees_one_snapshot_while_others_write(tmp_path: Path) -> None:
    with opened(tmp_path / "l.sqlite") as db, opened(tmp_path / "l.sqlite") as other:
        note(db, "a", "1")
        with db.reading() as connection:
            assert read_fact(connection, "a") == "1"
            note(other, "a", "2")
            assert read_fact(connection, "a") == "1"
        assert fact(db, "a") == "2"


def test_a_second_writer_that_does_not_finish_means_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_MS", 20)
    with opened(tmp_path / "l.sqlite") as db, opened(tmp_path / "l.sqlite") as other:
        with other.transaction(), pytest.raises(LedgerBusy, match="Another program is writing"):
            note(db, "a", "1")
        note(db, "a", "2")
        assert fact(other, "a") == "2"


@pytest.mark.process
def test_a_killed_process_leaves_its_commits_and_nothing_of_what_it_was_doing(tmp_path: Path) -> None:
    other = another_process(
        tmp_path / "l.sqlite",
        """
with db.transaction() as connection:
    note_fact(connection, "done", "1")
with db.transaction() as connection:
    note_fact(connection, "half", "1")
    say("writing")
""",
    )
    assert heard(other) == "writing"
    killed(other)
    with opened(tmp_path / "l.sqlite") as db:
        assert (fact(db, "done"), fact(db, "half")) == ("1", "")
        note(db, "a", "1")


def test_a_full_disk_undoes_the_transaction_and_says_what_to_do(tmp_path: Path) -> None:
    with opened(tmp_path / "l.sqlite") as db:
        with pytest.raises(LedgerError, match="the disk is full") as refused, db.transaction() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
            note_fact(connection, "small", "1")
            note_fact(connection, "big", "x" * 100_000)
        assert "Free some space" in refused.value.advice
        assert (fact(db, "small"), fact(db, "big")) == ("", "")
        with db.transaction() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=1000000")
            note_fact(connection, "big", "x" * 100_000)
        assert len(fact(db, "big")) == 100_000


def test_a_damaged_ledger_points_to_the_backups(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    with opened(path) as db:
        note(db, "big", "x" * 100_000)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (size - 8192))
    with pytest.raises(LedgerError, match="is damaged") as refused, opened(path) as db:
        note(db, "a", "1")
    assert "bridge restore" in refused.value.advice


def test_a_file_that_is_no_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("SKU,Name\n" * 200)
    with pytest.raises(LedgerError, match="is not a ledger"):
        opened(path)
    assert path.read_text() == "SKU,Name\n" * 200


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "photos.db") as raw:
        raw.execute("CREATE TABLE photo (id INTEGER)")
    raw.close()
    with pytest.raises(LedgerError, match="another program"):
        opened(tmp_path / "photos.db")


def test_a_missing_folder_and_a_missing_ledger_are_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="does not exist"):
        opened(tmp_path / "nowhere" / "l.sqlite")
    with pytest.raises(LedgerError, match="There is no ledger"):
        opened(tmp_path / "l.sqlite", migrate=False)
    assert list(tmp_path.iterdir()) == []


@contextmanager
def as_an_ordinary_user() -> Iterator[None]:
    """Root may write everything: step down for a moment."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.fixture
def readable_ledger() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "l.sqlite"
        opened(path).close()
        path.chmod(0o444)
        yield path
        path.parent.chmod(0o700)


def test_a_read_only_ledger_file_is_named_with_advice(readable_ledger: Path) -> None:
    readable_ledger.parent.chmod(0o777)
    with (
        as_an_ordinary_user(),
        pytest.raises(LedgerError, match="read-only") as refused,
        opened(readable_ledger) as db,
    ):
        note(db, "a", "1")
    assert "the right to write" in refused.value.advice


def test_a_read_only_folder_is_named_with_advice(readable_ledger: Path) -> None:
    readable_ledger.parent.chmod(0o555)
    with as_an_ordinary_user(), pytest.raises(LedgerError) as refused, opened(readable_ledger) as db:
        note(db, "a", "1")
    assert "rights of that folder" in refused.value.advice or "the right to write" in refused.value.advice


def test_a_folder_where_no_ledger_can_be_made_is_named_with_advice(readable_ledger: Path) -> None:
    readable_ledger.parent.chmod(0o555)
    with as_an_ordinary_user(), pytest.raises(LedgerError, match="cannot be made") as refused:
        opened(readable_ledger.with_name("new.sqlite"))
    assert "rights" in refused.value.advice
