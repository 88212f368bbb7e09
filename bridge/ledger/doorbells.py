"""Looks at and tends the stored doorbells: what rang last, what to show, look at again, or forget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, select, update

from bridge.ledger.schema import inbox


def last_rung(conn: Connection) -> dict[str, str]:
    """When each side's last genuine doorbell came (UTC text); sides that never rang are left out."""
    rows = conn.execute(select(inbox.c.side, func.max(inbox.c.received_at)).group_by(inbox.c.side))
    return {str(row[0]): str(row[1]) for row in rows}


def newest(
    conn: Connection, *, side: str = "", topic: str = "", only_new: bool = False, most: int = 50
) -> Sequence[Row[Any]]:
    """The newest doorbells first; "" means any."""
    query = select(inbox).order_by(inbox.c.id.desc()).limit(most)
    if side:
        query = query.where(inbox.c.side == side)
    if topic:
        query = query.where(inbox.c.topic == topic)
    if only_new:
        query = query.where(inbox.c.state == "new")
    return conn.execute(query).all()


def get(conn: Connection, number: int) -> Row[Any] | None:
    """One doorbell by its number."""
    return conn.execute(select(inbox).where(inbox.c.id == number)).first()


def ring_again(conn: Connection, numbers: Sequence[int]) -> int:
    """Let the next pass look at these once more; how many there were."""
    changed = 0
    for start in range(0, len(numbers), 500):
        some = list(numbers[start : start + 500])
        changed += conn.execute(update(inbox).where(inbox.c.id.in_(some)).values(state="new", seen_at=None)).rowcount
    return changed


def numbers_since(conn: Connection, moment: str, side: str = "") -> list[int]:
    """Numbers of all doorbells received at or after a moment (UTC text)."""
    query = select(inbox.c.id).where(inbox.c.received_at >= moment).order_by(inbox.c.id)
    if side:
        query = query.where(inbox.c.side == side)
    return [int(number) for number in conn.execute(query).scalars()]


def forget_before(conn: Connection, moment: str) -> int:
    """Delete what was looked at and received before a moment; how many.

    Keep them longer than Square repeats a delivery (a day, after an older guide three): they are what recognises one.
    """
    gone = delete(inbox).where(and_(inbox.c.state == "seen", inbox.c.received_at < moment))
    return conn.execute(gone).rowcount


def thin_out(conn: Connection) -> int:
    """Of doorbells nobody looked at yet, keep the newest per object and topic; how many went.

    A doorbell only says *look*: one per object says as much as a thousand, so a long outage does not fill the disk.
    """
    kept = (
        select(func.max(inbox.c.id))
        .where(inbox.c.state == "new")
        .group_by(inbox.c.side, inbox.c.topic, inbox.c.object_id)
    )
    gone = delete(inbox).where(inbox.c.state == "new", inbox.c.id.not_in(kept))
    return conn.execute(gone).rowcount
