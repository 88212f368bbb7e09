"""Lets a command have the ledger for a moment while the daemon works on it: a wish the daemon sees between two passes.

The wish is a fact in the ledger, written without the lease (it changes nothing else). The daemon gives the lease
back, the command takes it, works, and returns it; a wish that nobody came for is forgotten after ``WISH_SECONDS``.
"""

from __future__ import annotations

from datetime import timedelta

from bridge.clock import Clock
from bridge.domain.times import parse_time, time_text
from bridge.errors import LedgerBusy
from bridge.ledger.cursors import forget_fact, note_fact, read_fact
from bridge.ledger.database import Database
from bridge.ledger.lease import Lease, holder_of

FACT = "lease wanted"
LENDER = "daemon"
"""The word under which the daemon holds the lease; only it lends."""
WISH_SECONDS = 60.0
PATIENCE = 30.0
"""How long a command waits for the daemon to end its pass."""
_AGAIN = 0.2


def wish(db: Database, who: str) -> None:
    """Ask for the ledger."""
    with db.transaction() as conn:
        note_fact(conn, FACT, f"{time_text(db.clock.now())} {who}")


def withdraw(db: Database) -> None:
    """The wish is fulfilled or given up."""
    with db.transaction() as conn:
        forget_fact(conn, FACT)


def wished_by(db: Database) -> str:
    """Who asks for the ledger now, "" when nobody does (or did so too long ago)."""
    with db.reading() as conn:
        moment, _, who = read_fact(conn, FACT).partition(" ")
    if not who:
        return ""
    age = db.clock.now() - parse_time(moment)
    return who if timedelta(0) <= age <= timedelta(seconds=WISH_SECONDS) else ""


def lent_by_daemon(db: Database) -> bool:
    """True when it is a daemon that holds the ledger now."""
    with db.reading() as conn:
        holder = holder_of(conn, time_text(db.clock.now()))
    return holder is not None and holder.owner == LENDER


def borrow(db: Database, lease: Lease, who: str, clock: Clock) -> None:
    """Take the lease as soon as the daemon gives it back. Raises ``LedgerBusy`` when it does not in time."""
    wish(db, who)
    deadline = clock.monotonic() + PATIENCE
    try:
        while True:
            clock.sleep(_AGAIN)
            try:
                lease.acquire()
                return
            except LedgerBusy:
                if clock.monotonic() > deadline:
                    raise
    finally:
        withdraw(db)
