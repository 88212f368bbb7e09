"""Doorbells as received: stored before they are answered, each once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.sqlite import insert

from bridge.ledger.schema import inbox

_ADD = insert(inbox).on_conflict_do_nothing(index_elements=["side", "dedupe"]).returning(inbox.c.id)


def store(conn: Connection, *, side: str, topic: str, dedupe: str, object_id: str, body: str, now: str) -> bool:
    """Store a doorbell; False when the very same one stands there already."""
    row = conn.execute(
        _ADD,
        {
            "side": side,
            "topic": topic,
            "dedupe": dedupe,
            "object_id": object_id,
            "body": body,
            "received_at": now,
        },
    ).first()
    return row is not None


def new_ones(conn: Connection, most: int = 1000) -> Sequence[Any]:
    """Doorbells nobody looked at yet, oldest first."""
    return conn.execute(select(inbox).where(inbox.c.state == "new").order_by(inbox.c.id).limit(most)).all()


def count_new(conn: Connection) -> int:
    """How many wait."""
    return int(conn.execute(select(func.count()).select_from(inbox).where(inbox.c.state == "new")).scalar() or 0)


def seen(conn: Connection, up_to: int, *, now: str) -> None:
    """Note that everything up to an id was looked at (after the look succeeded)."""
    conn.execute(update(inbox).where(inbox.c.state == "new", inbox.c.id <= up_to).values(state="seen", seen_at=now))
