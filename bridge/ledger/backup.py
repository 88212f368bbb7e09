"""Copies of the ledger that can be trusted: made while the bridge works, checked before they count, put
back safely.

A backup is one SQLite file. It is written under another name, checked, and only then renamed, so that a
file that has a backup's name is a whole one.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from bridge.clock import Clock
from bridge.domain.times import time_text
from bridge.errors import InputError, LedgerBusy, LedgerError, LedgerTooNew
from bridge.ledger import migrations, rewind
from bridge.ledger.database import Database
from bridge.ledger.trouble import said_plainly

# how long a restore waits for another program that has the ledger open
BUSY_SECONDS = 5.0
_OTHER = "Choose another file. Nothing was changed."


@dataclass(frozen=True, slots=True)
class Backup:
    """A checked backup: rows for each table, size in bytes, and when it was made (UTC text)."""

    path: Path
    made_at: str
    revision: str
    size: int
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: the backup now in place, and where the ledger it replaced is kept (if there was
    one).
    """

    ledger: Path
    backup: Backup
    kept: Path | None


def backup(db: Database, target: str | Path) -> Backup:
    """Copy the open ledger to ``target`` as it is at this moment; writers need not wait.

    The copy is checked (structure, links, as many rows in every table as the ledger had in the same
    snapshot). Raises ``InputError`` when ``target`` exists, ``LedgerError`` when the copy cannot be made
    or is not whole.
    """
    place = Path(target)
    if place.exists():
        raise InputError(f"{place} exists already; a backup never overwrites.", advice=_OTHER)
    if not place.parent.is_dir():
        raise InputError(f"The folder {place.parent} does not exist.", advice=_OTHER)
    made_at = time_text(db.clock.now())
    with _partial(place) as fresh:
        with db.reading() as connection:
            raw = connection.connection.dbapi_connection
            assert isinstance(raw, sqlite3.Connection)
            counts = _counts(raw)
            _copy(raw, fresh, made_at)
        made = verify(fresh)
        if made.counts != counts:
            raise LedgerError(f"The copy in {place} does not hold every row of {db.name}; it was thrown away.")
        _publish(fresh, place)
    return Backup(place, made.made_at, made.revision, made.size, counts)


def verify(path: str | Path) -> Backup:
    """Check a backup from its first to its last page and say what is in it.

    Raises ``InputError`` when it is missing, damaged or no ledger; ``LedgerTooNew`` when a newer bridge
    wrote it.
    """
    place = Path(path)
    if not place.is_file():
        raise InputError(f"There is no file {place}.", advice=_OTHER)
    try:
        with closing(sqlite3.connect(f"{place.resolve().as_uri()}?mode=ro", uri=True)) as raw:
            found = _problems(raw)
            if found:
                raise InputError(f"The backup {place} is damaged: {found[0]}.", advice=_OTHER)
            revision = str(raw.execute("SELECT version_num FROM alembic_version").fetchone()[0])
            facts = dict(raw.execute("SELECT name, value FROM meta"))
            counts = _counts(raw)
    except (sqlite3.Error, TypeError) as error:
        raise InputError(f"{place} is not a usable backup of a ledger ({error}).", advice=_OTHER) from error
    if revision not in migrations.REVISIONS:
        raise LedgerTooNew(f"The backup {place} was written by a newer bridge (revision {revision}).")
    return Backup(place, facts.get(rewind.STAMP, ""), revision, place.stat().st_size, counts)


def problems(connection: Connection) -> list[str]:
    """What is wrong with an open ledger's structure and links, for ``bridge doctor``; empty when all is
    well.
    """
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    return _problems(raw)


def restore(source: str | Path, ledger: str | Path, *, clock: Clock, ids: Callable[[], str]) -> Restored:
    """Put a backup in the ledger's place; the ledger it replaces is kept beside it, whatever its state.

    The restored ledger has a new epoch and the fact ``restored_at``: the engine re-baselines before it
    writes. Raises ``LedgerBusy`` while a bridge works on the ledger, and ``InputError`` for a backup that
    is not whole: then nothing was changed.
    """
    from bridge.ledger.lease import Holder, LockFile  # here, because the lease needs no backups

    found, place = verify(source), Path(ledger)
    now = time_text(clock.now())
    lock = LockFile(place)
    lock.take(Holder("restore", os.getpid(), os.uname().nodename, now))
    try:
        with _partial(place) as fresh:
            with said_plainly(str(place)), closing(sqlite3.connect(found.path)) as raw:
                _copy(raw, fresh, found.made_at or now)
            verify(fresh)
            kept = _keep(place, now)
            _publish(fresh, place)
        # opening sees the backup's stamp: that marks the ledger restored
        Database.open(place, clock=clock, ids=ids).close()
    finally:
        lock.drop()
    return Restored(place, found, kept)


@contextmanager
def _partial(place: Path) -> Iterator[Path]:
    """A name to write under until all is well; nothing stays behind."""
    fresh = place.with_name(place.name + ".partial")
    fresh.unlink(missing_ok=True)
    try:
        yield fresh
    finally:
        for name in (fresh, *_companions(fresh)):
            with suppress(OSError):
                name.unlink(missing_ok=True)


def _copy(raw: sqlite3.Connection, fresh: Path, made_at: str) -> None:
    """Copy the snapshot ``raw`` stands in, stamp it, and leave it a single file."""
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with said_plainly(str(fresh)), closing(sqlite3.connect(fresh, isolation_level=None)) as copy:
        raw.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute("PRAGMA synchronous=FULL")
        copy.execute("DELETE FROM meta WHERE name = ?", (rewind.STAMP,))
        copy.execute("INSERT INTO meta (name, value) VALUES (?, ?)", (rewind.STAMP, made_at))


def _publish(fresh: Path, place: Path) -> None:
    """Give a finished file its name, durably."""
    _to_disk(fresh)
    fresh.replace(place)
    _to_disk(place.parent)


def _to_disk(name: Path) -> None:
    number = os.open(name, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _keep(place: Path, now: str) -> Path | None:
    """Keep the present ledger beside itself, and leave no write-ahead log that SQLite could play into the
    new file.
    """
    if not place.exists():
        return None
    stamp = now.replace(":", "").replace("-", "")[:15]
    kept = place.with_name(f"{place.name}.replaced-{stamp}")
    wal, kept_wal = _companions(place)[0], _companions(kept)[0]
    if wal.exists():
        shutil.copy2(wal, kept_wal)  # opening a damaged ledger may throw its log away
    try:
        with said_plainly(str(place)), closing(sqlite3.connect(place, timeout=BUSY_SECONDS)) as raw:
            raw.execute("PRAGMA journal_mode=DELETE")  # folds the log into the file and removes it
        kept_wal.unlink(missing_ok=True)
    except LedgerBusy:
        kept_wal.unlink(missing_ok=True)
        raise
    except LedgerError:  # damaged: kept as it is, with its log, for whoever tries to rescue it
        for companion in _companions(place):
            companion.unlink(missing_ok=True)
    try:
        os.link(place, kept)
    except FileExistsError:
        raise InputError(f"{kept} exists already.", advice="Wait a second and run the command again.") from None
    except OSError:  # a file system without hard links
        shutil.copy2(place, kept)
    return kept


def _companions(place: Path) -> tuple[Path, Path, Path]:
    """What SQLite keeps beside a file."""
    wal, shm, journal = (place.with_name(place.name + end) for end in ("-wal", "-shm", "-journal"))
    return wal, shm, journal


def _problems(raw: sqlite3.Connection) -> list[str]:
    found = [str(row[0]) for row in raw.execute("PRAGMA integrity_check") if row[0] != "ok"]
    found += [
        f"a row of {row[0]} points to a missing row of {row[2]}" for row in raw.execute("PRAGMA foreign_key_check")
    ]
    return found


def _counts(raw: sqlite3.Connection) -> dict[str, int]:
    """Rows of every table but ``meta``, which the copy's stamp changes."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'meta'"
    names = [str(row[0]) for row in raw.execute(query + " ORDER BY name").fetchall()]
    return {name: int(raw.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in names}
