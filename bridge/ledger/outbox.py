"""Intended remote writes: each stands here with its key before it is sent, and stays until its outcome is known.

States: due → sent → done | refused | unknown | (back to) due; unknown → done | due, by read-back only. ``held`` waits
for a person, ``dropped`` was withdrawn before it was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, text, update
from sqlalchemy.dialects.sqlite import insert

from bridge.ledger.schema import outbox
from bridge.ledger.text import of_json, to_json

IN_FLIGHT = ("sent", "unknown")
OPEN = ("due", "sent", "unknown", "held")
HELD = "mirror_sale"
"""What an order takes at a store when a Square order of its own will carry it: held until Square has taken it."""


@dataclass(slots=True)
class Action:
    """One intended write as stored; ``id`` is 0 before it is stored."""

    key: str
    side: str
    kind: str
    payload: dict[str, Any]
    vid: int | None = None
    pid: int | None = None
    causes: list[int] = field(default_factory=list)
    state: str = "due"
    due_at: str = ""
    attempts: int = 0
    batch: str = ""
    sent_at: str = ""
    done_at: str = ""
    error: str = ""
    run_id: int | None = None
    id: int = 0


_ADD = insert(outbox).on_conflict_do_nothing(index_elements=["key"]).returning(outbox.c.id)
_BY_STATE = (
    select(outbox)
    # said once more in the words of the partial index ``outbox_open``: without them SQLite reads the whole history
    .where(text("outbox.state IN ('due', 'sent', 'unknown', 'held')"))
    .where(outbox.c.state.in_(bindparam("states", expanding=True)), outbox.c.due_at <= bindparam("now"))
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)
_BY_KIND = _BY_STATE.where(outbox.c.kind.in_(bindparam("kinds", expanding=True)))
_ANY_DUE = select(outbox.c.id).where(outbox.c.state == "due", outbox.c.due_at <= bindparam("now")).limit(1)
_BY_KEY = select(outbox).where(outbox.c.key == bindparam("k"))
_OPEN_OF_VID = select(outbox).where(outbox.c.vid == bindparam("v"), outbox.c.state.in_(OPEN))
_ALL_OPEN_OF_PID = select(outbox).where(outbox.c.pid == bindparam("p"), outbox.c.state.in_(OPEN)).order_by(outbox.c.id)
_OPEN_OF_PID = select(outbox.c.id).where(outbox.c.pid == bindparam("p"), outbox.c.state.in_(OPEN)).limit(1)
_UPDATE = (
    update(outbox)
    .where(outbox.c.id == bindparam("i"))
    .values(
        state=bindparam("state"),
        due_at=bindparam("due_at"),
        attempts=bindparam("attempts"),
        batch=bindparam("batch"),
        sent_at=bindparam("sent_at"),
        done_at=bindparam("done_at"),
        error=bindparam("error"),
        payload_json=bindparam("payload_json"),
    )
)


def of_row(row: Row[Any]) -> Action:
    """A stored row as an action."""
    return Action(
        key=row.key,
        side=row.side,
        kind=row.kind,
        payload=of_json(row.payload_json),
        vid=row.vid,
        pid=row.pid,
        causes=of_json(row.causes_json),
        state=row.state,
        due_at=row.due_at,
        attempts=row.attempts,
        batch=row.batch,
        sent_at=row.sent_at,
        done_at=row.done_at,
        error=row.error,
        run_id=row.run_id,
        id=row.id,
    )


def add(conn: Connection, action: Action, *, now: str, run_id: int | None) -> bool:
    """Store an intent; False when the same key stands there already (the same cause, decided twice)."""
    row = conn.execute(
        _ADD,
        {
            "key": action.key,
            "side": action.side,
            "kind": action.kind,
            "vid": action.vid,
            "pid": action.pid,
            "payload_json": to_json(action.payload),
            "causes_json": to_json(action.causes),
            "state": action.state,
            "due_at": action.due_at or now,
            "run_id": run_id,
            "created_at": now,
        },
    ).first()
    if row is None:
        return False
    action.id, action.run_id = int(row[0]), run_id
    return True


def in_states(
    conn: Connection, states: Sequence[str], *, now: str = "9", most: int = 1000, kinds: Sequence[str] = ()
) -> list[Action]:
    """Stored actions in some of the ``OPEN`` states that are due by ``now``, oldest first; of all or some kinds."""
    asked = {"states": list(states), "now": now, "most": most}
    rows = conn.execute(_BY_KIND, {**asked, "kinds": list(kinds)}) if kinds else conn.execute(_BY_STATE, asked)
    return [of_row(row) for row in rows]


def any_due(conn: Connection, now: str) -> bool:
    """True when at least one action may be sent now."""
    return conn.execute(_ANY_DUE, {"now": now}).first() is not None


def by_key(conn: Connection, key: str) -> Action | None:
    """The action with this key."""
    row = conn.execute(_BY_KEY, {"k": key}).first()
    return of_row(row) if row else None


def open_of_variation(conn: Connection, vid: int) -> list[Action]:
    """A variation's actions whose end is not known yet."""
    return [of_row(row) for row in conn.execute(_OPEN_OF_VID, {"v": vid})]


def open_of_product(conn: Connection, pid: int) -> list[Action]:
    """A product's writes whose end is not known yet."""
    return [of_row(row) for row in conn.execute(_ALL_OPEN_OF_PID, {"p": pid})]


def has_open_for_product(conn: Connection, pid: int) -> bool:
    """True while a product's write has not ended."""
    return conn.execute(_OPEN_OF_PID, {"p": pid}).first() is not None


def save(conn: Connection, actions: Iterable[Action]) -> None:
    """Write back what changed of stored actions (state, times, batch, error, payload)."""
    rows = [
        {
            "i": a.id,
            "state": a.state,
            "due_at": a.due_at,
            "attempts": a.attempts,
            "batch": a.batch,
            "sent_at": a.sent_at,
            "done_at": a.done_at,
            "error": a.error,
            "payload_json": to_json(a.payload),
        }
        for a in actions
    ]
    if rows:
        conn.execute(_UPDATE, rows)


def counts(conn: Connection) -> dict[str, int]:
    """How many actions stand in each state."""
    rows = conn.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))
    return {state: int(number) for state, number in rows}
