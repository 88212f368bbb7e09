"""One bridge works on a ledger at a time (I17): a lock file for this machine, a lease with a fence for all
others.

The lock file (flock) refuses a second living process at once and vanishes with a killed one. The lease row
carries a fencing number that grows with every holder, so that one who slept through its own lease finds
out: call ``check`` with the connection of each transaction that must not be written by a holder of the
past.
"""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from bridge.clock import Clock
from bridge.domain.times import parse_time, time_text
from bridge.errors import LedgerBusy, LedgerError
from bridge.ledger import rewind
from bridge.ledger.cursors import read_fact
from bridge.ledger.database import Database
from bridge.ledger.schema import lease
from bridge.ledger.text import of_json, to_json

NAME = "writer"

_GET = select(lease).where(lease.c.name == NAME)
_TAKE = insert(lease)
_TAKE = _TAKE.on_conflict_do_update(
    index_elements=["name"],
    set_={column: _TAKE.excluded[column] for column in ("owner", "fence", "since", "until")},
)
_PROLONG = update(lease).where(lease.c.name == NAME).values(until=bindparam("new_until"))


@dataclass(frozen=True, slots=True)
class Holder:
    """Who works on a ledger: a word for it ("daemon", "sync"), its process, its machine, and since when
    (UTC).
    """

    owner: str
    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        return f"{self.owner} (process {self.pid} on {self.host}) since {self.since}"


class Lease:
    """The right to write to both sides for ``seconds``, to be renewed well before they end."""

    def __init__(self, db: Database, owner: str, clock: Clock, seconds: float = 30) -> None:
        self.db = db
        self.owner = owner
        self.clock = clock
        self.seconds = seconds
        self.fence = 0
        self._epoch = ""
        self._lock = LockFile(db.path) if db.path is not None else None

    @property
    def held(self) -> bool:
        """Whether this object took the lease and has not given it back (``check`` asks the ledger itself)."""
        return self.fence > 0

    def acquire(self) -> int:
        """Take the lease and return its fence; taking it twice renews it.

        Raises ``LedgerBusy`` with the holder's name while another one works. A holder that died on this
        machine does not block; one that died on another machine blocks until its lease has run out.
        """
        if self.held:
            self.renew()
            return self.fence
        now = time_text(self.clock.now())
        me = Holder(self.owner, os.getpid(), socket.gethostname(), now)
        if self._lock is not None:
            self._lock.take(me)
        try:
            self._take_row(me)
        except BaseException:
            self._unlock()
            raise
        return self.fence

    def renew(self) -> None:
        """Prolong the lease. Raises ``LedgerBusy`` when another bridge has taken over."""
        with self.db.transaction() as connection:
            self.check(connection)
            connection.execute(_PROLONG, {"new_until": self._until()})
            count = rewind.count_on(connection)
        rewind.publish(self.db, count)

    def check(self, connection: Connection | None = None) -> None:
        """Raise ``LedgerBusy`` unless this is still the holder; within a transaction, pass its connection."""
        if connection is None:
            with self.db.reading() as own:
                self.check(own)
            return
        row = connection.execute(_GET).one_or_none()
        if not self.held:
            raise LedgerBusy(f"{self.owner} does not hold the lease on the ledger {self.db.name}.")
        if row is None or row.fence != self.fence or read_fact(connection, "epoch") != self._epoch:
            taker = _holder(row.owner, row.since) if row is not None else "a restored ledger"
            raise LedgerBusy(f"{self.owner} lost the ledger {self.db.name} to {taker}.")

    def release(self) -> None:
        """Give the lease back, so that the next one need not wait. Harmless when it is not held or already
        lost.
        """
        try:
            if self.held:
                with self.db.transaction() as connection, suppress(LedgerBusy):
                    self.check(connection)
                    connection.execute(_PROLONG, {"new_until": time_text(self.clock.now())})
        finally:
            self.fence = 0
            self._unlock()

    def __enter__(self) -> Lease:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _take_row(self, me: Holder) -> None:
        with self.db.transaction() as connection:
            row = connection.execute(_GET).one_or_none()
            if row is not None and row.until > me.since:
                other = _holder(row.owner, row.since)
                # holding the lock file proves that whoever held the lease on this machine is gone
                if self._lock is None or other.host != me.host:
                    raise LedgerBusy(f"The ledger {self.db.name} is in use by {other}.")
            fence = (row.fence if row is not None else 0) + 1
            owner = to_json({"owner": me.owner, "pid": me.pid, "host": me.host})
            values = {"owner": owner, "fence": fence, "since": me.since, "until": self._until()}
            connection.execute(_TAKE, {"name": NAME, **values})
            count = rewind.count_on(connection)
            epoch = read_fact(connection, "epoch")
        self.fence, self._epoch = fence, epoch
        rewind.publish(self.db, count)

    def _until(self) -> str:
        return time_text(self.clock.now() + timedelta(seconds=self.seconds))

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.drop()


class LockFile:
    """The file beside a ledger that one living process at a time can hold; its text says who."""

    def __init__(self, ledger: Path) -> None:
        self.ledger = ledger
        self.path = ledger.with_name(ledger.name + ".lock")
        self._file: IO[str] | None = None

    def take(self, holder: Holder) -> None:
        """Hold the file until ``drop`` or the end of the process. Raises ``LedgerBusy`` when another one
        does.
        """
        try:
            # never truncated on opening and never deleted: it may be another one's
            file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
        except OSError as error:
            advice = "Check the rights of the ledger's folder."
            raise LedgerError(f"The lock {self.path} cannot be opened: {error.strerror}.", advice=advice) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            other = _holder(file.read(), "")
            file.close()
            raise LedgerBusy(f"The ledger {self.ledger} is in use by {other}.") from error
        self._file = file
        with suppress(OSError):  # a full disk: the lock holds all the same, only its text is missing
            file.truncate(0)
            file.write(to_json({"owner": holder.owner, "pid": holder.pid, "host": holder.host, "since": holder.since}))
            file.flush()

    def drop(self) -> None:
        """Let the next one have it."""
        if self._file is not None:
            with suppress(OSError):
                self._file.truncate(0)
            with suppress(OSError):
                self._file.close()
            self._file = None


def holder_of(connection: Connection, now: str) -> Holder | None:
    """Who holds the lease at ``now``, for ``bridge status``; None when nobody does or it has run out."""
    row = connection.execute(_GET).one_or_none()
    return _holder(row.owner, row.since) if row is not None and row.until > now else None


def _holder(text: str, since: str) -> Holder:
    try:
        found = of_json(text)
        moment = time_text(parse_time(str(found.get("since") or since)))
        return Holder(str(found["owner"]), int(found["pid"]), str(found["host"]), moment)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Holder("another bridge", 0, "unknown", since or "an unknown time")
