"""Puts doorbells on disk together: who rings while a commit is under way shares the next one.

A commit costs a write through to the disk, whatever is in it; under a burst one such write then answers many. Nobody
is answered before the commit that holds their doorbell has succeeded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from bridge.ledger import inbox
from bridge.ledger.database import Database

MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Ring:
    """One delivery that proved genuine, as the ledger keeps it."""

    side: str
    topic: str
    dedupe: str
    object_id: str
    body: str


@dataclass(slots=True)
class _Letter:
    ring: Ring
    now: str
    done: threading.Event = field(default_factory=threading.Event)
    new: bool = False
    problem: BaseException | None = None


class Letterbox:
    """Stores rings; ``rang`` is called once after each commit that brought something new."""

    def __init__(self, db: Database, rang: Callable[[], None]) -> None:
        self._db, self._rang = db, rang
        self._waiting: list[_Letter] = []
        self._guard = threading.Lock()
        self._writing = threading.Lock()

    def put(self, ring: Ring, now: str) -> bool:
        """Return once ``ring`` is on disk: True when it was not there before. Raises as the ledger does."""
        letter = _Letter(ring, now)
        with self._guard:
            self._waiting.append(letter)
        # whoever gets in writes for all who came meanwhile; the others find theirs done
        with self._writing:
            while not letter.done.is_set():
                self._write()
        if letter.problem is not None:
            raise letter.problem
        return letter.new

    def _write(self) -> None:
        with self._guard:
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        try:
            with self._db.transaction() as conn:
                found = [_store(conn, letter) for letter in batch]
        except BaseException as problem:
            for letter in batch:
                letter.problem = problem
                letter.done.set()
            return
        for letter, new in zip(batch, found, strict=True):
            letter.new = new
            letter.done.set()
        if any(found):
            self._rang()


def _store(conn: Connection, letter: _Letter) -> bool:
    ring = letter.ring
    return inbox.store(
        conn,
        side=ring.side,
        topic=ring.topic,
        dedupe=ring.dedupe,
        object_id=ring.object_id,
        body=ring.body,
        now=letter.now,
    )
