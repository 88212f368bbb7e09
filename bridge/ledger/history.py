"""Runs, and what each of them really changed: before, after and why (I16)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from bridge.ledger.schema import history, run
from bridge.ledger.text import to_json


def begin_run(conn: Connection, kind: str, *, now: str) -> int:
    """Open a run and return its number."""
    row = conn.execute(insert(run).values(kind=kind, started_at=now).returning(run.c.id)).one()
    return int(row[0])


def end_run(conn: Connection, run_id: int, state: str, counts: dict[str, int], *, now: str) -> None:
    """Close a run with what it counted."""
    conn.execute(update(run).where(run.c.id == run_id).values(state=state, ended_at=now, counts_json=to_json(counts)))


def runs(conn: Connection, most: int = 20) -> Sequence[Any]:
    """The newest runs first."""
    return conn.execute(select(run).order_by(run.c.id.desc()).limit(most)).all()


def runs_with_changes(conn: Connection, most: int = 20) -> Sequence[Any]:
    """The newest runs that changed something, with ``changes``, how many lines of history each has."""
    found = (
        select(history.c.run_id, func.count().label("changes"))
        .where(history.c.run_id.is_not(None))
        .group_by(history.c.run_id)
        .order_by(history.c.run_id.desc())
        .limit(most)
        .subquery()
    )
    return conn.execute(
        select(run, found.c.changes).join(found, found.c.run_id == run.c.id).order_by(run.c.id.desc())
    ).all()


def forget_quiet_runs(conn: Connection, before: str, *, keep: int = 1000) -> int:
    """Delete runs that changed nothing and began before a moment, but for the last ``keep``; how many went."""
    newest = select(func.max(run.c.id)).scalar_subquery()
    changed = select(history.c.run_id).where(history.c.run_id == run.c.id)
    gone = delete(run).where(run.c.started_at < before, run.c.id <= newest - keep, ~changed.exists())
    return conn.execute(gone).rowcount


def write(
    conn: Connection,
    *,
    run_id: int | None,
    at: str,
    side: str,
    kind: str,
    vid: int | None = None,
    pid: int | None = None,
    field: str = "",
    before: Any = None,
    after: Any = None,
    why: str = "",
    key: str = "",
) -> None:
    """Add one line of history."""
    conn.execute(
        _ADD,
        {
            "run_id": run_id,
            "at": at,
            "side": side,
            "kind": kind,
            "vid": vid,
            "pid": pid,
            "field": field,
            "before_json": to_json(before),
            "after_json": to_json(after),
            "why": why,
            "key": key,
        },
    )


_ADD = insert(history)


def of_run(conn: Connection, run_id: int) -> Sequence[Any]:
    """A run's changes, newest first (the order in which they would be undone)."""
    return conn.execute(select(history).where(history.c.run_id == run_id).order_by(history.c.id.desc())).all()


def last_id(conn: Connection) -> int:
    """The number of the newest line, 0 when there is none."""
    return int(conn.execute(select(func.max(history.c.id))).scalar() or 0)


def since(conn: Connection, after: int, *, most: int) -> Sequence[Any]:
    """The lines added after a number, oldest first."""
    return conn.execute(select(history).where(history.c.id > after).order_by(history.c.id).limit(most)).all()


def of_variation(conn: Connection, vid: int) -> Sequence[Any]:
    """Every change made to a variation, oldest first."""
    return conn.execute(select(history).where(history.c.vid == vid).order_by(history.c.id)).all()
