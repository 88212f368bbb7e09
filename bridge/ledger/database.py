"""Open the ledger and hand out its transactions: one writer at a time, each commit on disk at once.

SQLite in WAL mode with ``synchronous=FULL``: a commit survives the loss of power. Writers begin with
``BEGIN IMMEDIATE``, so that a transaction which has begun can always finish; pysqlite's own transaction
control is off, as the SQLAlchemy dialect documents ("Using SQLAlchemy to emit BEGIN").
"""

from __future__ import annotations

import functools
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from bridge.clock import Clock
from bridge.domain.times import time_text
from bridge.errors import LedgerBusy, LedgerError, LedgerTooNew
from bridge.ledger import migrations, rewind
from bridge.ledger.cursors import note_fact, read_fact
from bridge.ledger.schema import metadata
from bridge.ledger.trouble import said_plainly

MEMORY = ":memory:"
BUSY_MS = 5000
# how long a thread waits for the thread that is writing: a whole catalog page may be in that transaction
TURN_SECONDS = 30.0
_WAL_BYTES_KEPT = 64 * 1024 * 1024

_READ = ("PRAGMA query_only=ON", "BEGIN")
_WRITE = ("PRAGMA query_only=OFF", "BEGIN IMMEDIATE")
# rebuilding a table, as some upgrades must, would trip over foreign keys (https://www.sqlite.org/lang_altertable.html)
_UPGRADE = ("PRAGMA query_only=OFF", "PRAGMA foreign_keys=OFF", "BEGIN IMMEDIATE")


class Database:
    """An open ledger. Threads may share it; ``epoch`` names this ledger's life and changes when it is
    restored.

    ``before_commit`` runs inside the transaction (raising there undoes it), ``after_commit`` when it is
    already on disk: crash tests stand in both places.
    """

    def __init__(self, path: Path | None, engine: Engine, clock: Clock, ids: Callable[[], str]) -> None:
        self.path = path
        self.clock = clock
        self.ids = ids
        self.epoch = ""
        self.before_commit: Callable[[], None] | None = None
        self.after_commit: Callable[[], None] | None = None
        self._engine = engine
        self._reads = engine.execution_options(begin_with=_READ)
        self._writes = engine.execution_options(begin_with=_WRITE)
        self._upgrades = engine.execution_options(begin_with=_UPGRADE)
        self._turn = threading.Lock()
        self._mine = threading.local()

    @classmethod
    def open(cls, path: str | Path, *, clock: Clock, ids: Callable[[], str], migrate: bool = True) -> Database:
        """Open the ledger at ``path`` (":memory:" for one that lives in this object only).

        ``ids`` gives random text for epochs. With ``migrate`` a missing ledger is made and an older one
        upgraded, after a backup; without it both raise. Raises ``LedgerTooNew``, ``LedgerBusy`` or
        ``LedgerError``.
        """
        if str(path) == MEMORY:
            return cls._open_in_memory(clock, ids)
        place = Path(path)
        _refuse_unusable(place, make=migrate)
        db = cls(place, _engine_for(place), clock, ids)
        try:
            db._prepare(migrate=migrate)
        except BaseException:
            db.close()
            raise
        return db

    @classmethod
    def _open_in_memory(cls, clock: Clock, ids: Callable[[], str]) -> Database:
        db = cls(None, _memory_engine(), clock, ids)
        with db._writes.connect() as connection:
            raw = _raw(connection)
            raw.executescript(_whole_schema())
            db.epoch = ids()
            raw.execute("INSERT INTO alembic_version VALUES (?)", (migrations.HEAD,))
            made = time_text(clock.now())
            raw.executemany("INSERT INTO meta VALUES (?, ?)", [("epoch", db.epoch), ("made_at", made)])
        return db

    def copy_aside(self) -> Database:
        """A copy to think in: the same rows and the same epoch, private to this process, gone when closed.

        Nothing done to it reaches the ledger. SQLite keeps it in memory and moves what does not fit its cache to
        a nameless temporary file, so that a large ledger does not have to fit into memory twice.
        """
        copy = Database(None, _aside_engine(), self.clock, self.ids)
        with self.reading() as connection, copy._writes.connect() as other:
            _raw(connection).backup(_raw(other))
        copy.epoch = self.epoch
        return copy

    @property
    def name(self) -> str:
        """The ledger's path as text, for messages."""
        return str(self.path or MEMORY)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Write: all of the block is stored when it ends, or nothing when it raises.

        Raises ``LedgerBusy`` when another process or thread keeps writing, ``LedgerError`` when the disk
        is full, read-only or damaged. A transaction inside a transaction or a reading is a mistake:
        ``RuntimeError``.
        """
        if getattr(self._mine, "connection", None) is not None:
            raise RuntimeError("a transaction must not begin inside another transaction or reading")
        with said_plainly(self.name), self._my_turn(), self._writes.connect() as connection:
            with self._as_mine(connection), connection.begin():
                yield connection
                if self.before_commit is not None:
                    self.before_commit()
            if self.after_commit is not None:
                self.after_commit()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read one unmoving snapshot; writing in it is refused.

        Inside the same thread's transaction or reading, that one's connection is handed out again.
        """
        mine: Connection | None = getattr(self._mine, "connection", None)
        if mine is not None:
            yield mine
        elif self.path is None:  # one connection only: a reader waits for the writer and the other way round
            with self._my_turn():
                yield from self._read()
        else:
            yield from self._read()

    def rewrite(self) -> bool:
        """Write the file anew, so that nothing deleted lingers in its free pages or its write-ahead log.

        False when another process is in it and would not let go; what is stored is the same either way.
        """
        with self._my_turn(), self._writes.connect() as connection:
            raw = _raw(connection)
            try:
                raw.execute("PRAGMA query_only=OFF")
                raw.execute("VACUUM")
                busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.OperationalError:
                return False
        return not busy

    def close(self) -> None:
        """Let go of every connection; the last one to close folds the write-ahead log into the file."""
        self._engine.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> Iterator[Connection]:
        with (
            said_plainly(self.name),
            self._reads.connect() as connection,
            self._as_mine(connection),
            connection.begin() as begun,
        ):
            yield connection
            begun.rollback()

    @contextmanager
    def _as_mine(self, connection: Connection) -> Iterator[None]:
        self._mine.connection = connection
        try:
            yield
        finally:
            self._mine.connection = None

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=TURN_SECONDS):
            raise LedgerBusy(f"Another thread has been writing the ledger {self.name} for too long.")
        try:
            yield
        finally:
            self._turn.release()

    def _prepare(self, *, migrate: bool) -> None:
        with said_plainly(self.name):
            with self.reading() as connection:
                found = _revision(connection, self.name)
            if found != migrations.HEAD:
                self._upgrade(found, migrate=migrate)
            fresh = self._settle_identity() if migrate else False
            with self.reading() as connection:
                self.epoch = read_fact(connection, "epoch")
            if migrate and self.path is not None and not fresh:
                rewind.notice(self)

    def _upgrade(self, found: str, *, migrate: bool) -> None:
        if found and found not in migrations.REVISIONS:
            raise LedgerTooNew(f"The ledger {self.name} was written by a newer bridge (revision {found}).")
        if not migrate:
            what = f"must be upgraded first (revision {found})" if found else "is empty"
            raise LedgerError(f"The ledger {self.name} {what}.", advice="Run `bridge sync` or start the daemon once.")
        if found:
            self._back_up_before(found)
        with self._my_turn(), self._upgrades.connect() as connection:
            try:
                with connection.begin():
                    migrations.upgrade(connection)
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                    if broken:
                        raise LedgerError(f"Upgrading the ledger {self.name} would break links in {broken[0]}.")
            finally:
                _raw(connection).execute("PRAGMA foreign_keys=ON")

    def _back_up_before(self, found: str) -> None:
        from bridge.ledger.backup import backup  # here, because a backup needs this module

        assert self.path is not None
        stamp = time_text(self.clock.now()).replace(":", "").replace("-", "")[:15]
        backup(self, self.path.with_name(f"{self.path.name}.before-upgrade-{found}-{stamp}"))

    def _settle_identity(self) -> bool:
        """Give a new ledger its epoch; whether it was new."""
        with self.reading() as connection:
            if read_fact(connection, "epoch"):
                return False
        with self.transaction() as connection:
            if read_fact(connection, "epoch"):
                return False
            note_fact(connection, "epoch", self.ids())
            note_fact(connection, "made_at", time_text(self.clock.now()))
            return True


def _refuse_unusable(path: Path, *, make: bool) -> None:
    if path.exists():
        return
    if not make:
        raise LedgerError(f"There is no ledger at {path}.", advice="Check `ledger.path`, or run `bridge init`.")
    if not path.parent.is_dir():
        raise LedgerError(f"The folder {path.parent} does not exist.", advice="Make it, or correct `ledger.path`.")
    try:  # customers' names are in it: nobody else may read it, nor the files SQLite puts beside it
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        advice = "Check the rights and the free space of that folder."
        raise LedgerError(f"The ledger {path} cannot be made: {error.strerror}.", advice=advice) from error


def _engine_for(path: Path) -> Engine:
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000}, pool_size=4, max_overflow=28)
    event.listen(engine, "connect", _on_connect_file)
    event.listen(engine, "begin", _on_begin)
    return engine


def _memory_engine() -> Engine:
    """An engine with a database of its own, and with the dialect and compiled statements all of them share:
    a simulated history would spend most of its time on compiling the same statements again.
    """
    first, compiled = _first_memory_engine()
    engine = Engine(first.pool.recreate(), first.dialect, first.url)
    engine.update_execution_options(compiled_cache=compiled)
    event.listen(engine, "begin", _on_begin)
    return engine


def _aside_engine() -> Engine:
    """An engine on a nameless temporary database (https://www.sqlite.org/inmemorydb.html, "temporary")."""

    def connect() -> Any:
        raw = sqlite3.connect("", check_same_thread=False)
        _on_connect(raw, None)
        return raw

    first, compiled = _first_memory_engine()
    engine = Engine(StaticPool(connect), first.dialect, first.url)
    engine.update_execution_options(compiled_cache=compiled)
    event.listen(engine, "begin", _on_begin)
    return engine


@functools.cache
def _first_memory_engine() -> tuple[Engine, dict[Any, Any]]:
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    event.listen(engine, "connect", _on_connect)
    engine.connect().close()  # the dialect learns SQLite's version once
    return engine, {}


def _on_connect(raw: Any, _record: object) -> None:
    raw.isolation_level = None
    raw.execute("PRAGMA foreign_keys=ON")


def _on_connect_file(raw: Any, record: object) -> None:
    _on_connect(raw, record)
    raw.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    mode = raw.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise LedgerError(
            f"The file system of the ledger cannot hold it safely (journal mode {mode}).",
            advice="Keep the ledger on a local disk, not in a network or shared folder.",
        )
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute(f"PRAGMA journal_size_limit={_WAL_BYTES_KEPT}")


def _on_begin(connection: Connection) -> None:
    raw = _raw(connection)
    for statement in connection.get_execution_options()["begin_with"]:
        raw.execute(statement)


def _raw(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def _revision(connection: Connection, name: str) -> str:
    """The revision a file is at, "" for an empty one; refuses the databases of other programs."""
    rows = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars()
    tables = set(rows)
    if not tables:
        return ""
    if not {"alembic_version", "meta"} <= tables:
        advice = "Check `ledger.path` in the configuration; the file was not touched."
        raise LedgerError(f"{name} is the database of another program.", advice=advice)
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or "")


@functools.cache
def _whole_schema() -> str:
    """Today's schema as one script, compiled once: simulations open a ledger for every history."""
    dialect = sqlite_dialect()
    parts = ["CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"]
    for table in metadata.sorted_tables:
        parts.append(str(CreateTable(table).compile(dialect=dialect)))
        parts += (str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
    return "BEGIN;\n" + ";\n".join(parts) + ";\nCOMMIT;"
