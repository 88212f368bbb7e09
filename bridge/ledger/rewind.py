"""Notice that the ledger went back in time, so that the engine looks at both sides afresh before it writes
(I13).

A ledger is in the past when a backup was put in its place: with ``bridge restore``, by copying a backup
over it (every backup carries a stamp), or by copying any older file over it (the mark beside the ledger
counts further than the ledger itself). Then it gets a new epoch and the fact ``restored_at``, which stays
until the engine has re-baselined. A mark is written after the commit it counts, so it can never be ahead
of an undamaged ledger.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bridge.domain.times import time_text
from bridge.ledger.cursors import forget_fact, note_fact, read_fact
from bridge.ledger.text import of_json, to_json

if TYPE_CHECKING:
    from bridge.ledger.database import Database

# in the copy only, written by a backup: whoever opens it as a ledger knows that time has passed since
STAMP = "backup_made_at"
_COUNT = "mark"


def restored_at(connection: Connection) -> str:
    """When this ledger was put back from the past and not yet re-baselined, "" when it was not."""
    return read_fact(connection, "restored_at")


def rebaselined(connection: Connection) -> None:
    """The engine looked at both sides afresh: the past is settled."""
    forget_fact(connection, "restored_at")
    forget_fact(connection, "restored_why")


def mark_restored(db: Database, why: str) -> None:
    """Begin a new life of this ledger: a new epoch, and ``restored_at`` for the engine to see."""
    epoch = db.ids()
    with db.transaction() as connection:
        note_fact(connection, "epoch", epoch)
        note_fact(connection, "restored_at", time_text(db.clock.now()))
        note_fact(connection, "restored_why", why)
        forget_fact(connection, STAMP)
    db.epoch = epoch


def notice(db: Database) -> bool:
    """Whether the ledger just opened comes from the past; if so it is marked restored."""
    with db.reading() as connection:
        stamp = read_fact(connection, STAMP)
        count = int(read_fact(connection, _COUNT) or 0)
    marked_epoch, marked_count = _read_mark(db.path)
    if stamp:
        mark_restored(db, f"a backup made at {stamp} stands in the ledger's place")
    elif marked_epoch and (marked_epoch != db.epoch or marked_count > count):
        mark_restored(db, "an older ledger stands in this one's place")
    else:
        return False
    publish(db, count)
    return True


def count_on(connection: Connection) -> int:
    """Count one step further, in a transaction of the working bridge; ``publish`` the number after the
    commit.
    """
    count = int(read_fact(connection, _COUNT) or 0) + 1
    note_fact(connection, _COUNT, str(count))
    return count


def publish(db: Database, count: int) -> None:
    """Write the mark beside the ledger.

    A mark that cannot be written is left out: it is a second witness, and the ledger must work without it.
    """
    if db.path is None:
        return
    place = mark_of(db.path)
    fresh = place.with_name(place.name + ".new")
    try:
        fresh.write_text(to_json({"epoch": db.epoch, "count": count}))
        fresh.replace(place)
    except OSError:
        fresh.unlink(missing_ok=True)


def mark_of(path: Path) -> Path:
    """Where the mark of a ledger lies."""
    return path.with_name(path.name + ".mark")


def _read_mark(path: Path | None) -> tuple[str, int]:
    try:
        mark = of_json(mark_of(path).read_text()) if path is not None else {}
        return str(mark["epoch"]), int(mark["count"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", 0
