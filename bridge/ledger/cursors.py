"""How far each listing was read, and small facts the bridge keeps about itself."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from bridge.ledger.schema import cursor, meta

_GET = select(cursor.c.value).where(cursor.c.name == bindparam("n"))
_PUT = insert(cursor)
_PUT = _PUT.on_conflict_do_update(
    index_elements=["name"], set_={"value": _PUT.excluded.value, "moved_at": _PUT.excluded.moved_at}
)
_GET_META = select(meta.c.value).where(meta.c.name == bindparam("n"))
_PUT_META = insert(meta)
_PUT_META = _PUT_META.on_conflict_do_update(index_elements=["name"], set_={"value": _PUT_META.excluded.value})


def read_cursor(conn: Connection, name: str) -> str:
    """Where a listing stands, "" before its first success."""
    return conn.execute(_GET, {"n": name}).scalar() or ""


def move_cursor(conn: Connection, name: str, value: str, now: str) -> None:
    """Move a cursor; call it only after everything read up to there is stored, in the same transaction."""
    conn.execute(_PUT, {"name": name, "value": value, "moved_at": now})


def read_fact(conn: Connection, name: str) -> str:
    """A fact from the ledger's own notes, "" when absent."""
    return conn.execute(_GET_META, {"n": name}).scalar() or ""


def note_fact(conn: Connection, name: str, value: str) -> None:
    """Write a fact into the ledger's own notes."""
    conn.execute(_PUT_META, {"name": name, "value": value})


def forget_fact(conn: Connection, name: str) -> None:
    """Remove a fact."""
    conn.execute(delete(meta).where(meta.c.name == name))


def facts_starting(conn: Connection, prefix: str) -> dict[str, str]:
    """All facts whose name starts with ``prefix``."""
    rows = conn.execute(select(meta.c.name, meta.c.value).where(meta.c.name.startswith(prefix)))
    return {str(name): str(value) for name, value in rows}
