"""Names stores have had, how the bridge left their pickup places in the shop, and what a person said a place means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from bridge.domain.place import plain_name
from bridge.domain.place_merge import Left
from bridge.ledger import cursors
from bridge.ledger.schema import place_left, place_name
from bridge.ledger.text import of_json, to_json

CHOSEN = "place:"
"""Facts with this prefix are a person's answers: what an order says of a place → store id."""
_NAME = insert(place_name).on_conflict_do_nothing()
_LEFT = insert(place_left)
_LEFT = _LEFT.on_conflict_do_update(
    index_elements=["store_id"], set_={name: _LEFT.excluded[name] for name in ("wanted_json", "shown_json", "at")}
)


def remember_name(conn: Connection, store_id: str, name: str, *, now: str) -> None:
    """Note a name a store has: orders placed under it find their store after a renaming."""
    if plain_name(name):
        conn.execute(_NAME, {"store_id": store_id, "plain": plain_name(name), "name": name, "since": now})


def names(conn: Connection) -> list[tuple[str, str]]:
    """(store id, name) of every name ever seen, oldest first."""
    found = select(place_name).order_by(place_name.c.since, place_name.c.store_id, place_name.c.plain)
    return [(row.store_id, row.name) for row in conn.execute(found)]


def names_by_store(conn: Connection) -> dict[str, list[str]]:
    """Every name a store ever had, oldest first."""
    found: dict[str, list[str]] = {}
    for store_id, name in names(conn):
        found.setdefault(store_id, []).append(name)
    return found


def left(conn: Connection) -> dict[str, Left]:
    """How each store's pickup place stood when the bridge last left it."""
    return {
        row.store_id: Left(of_json(row.wanted_json), of_json(row.shown_json))
        for row in conn.execute(select(place_left))
    }


def leave(conn: Connection, marks: Mapping[str, Left], *, now: str) -> None:
    """Remember how some places stand now."""
    rows: list[dict[str, Any]] = [
        {
            "store_id": store_id,
            "wanted_json": to_json(dict(mark.wanted)),
            "shown_json": to_json(dict(mark.shown)),
            "at": now,
        }
        for store_id, mark in marks.items()
    ]
    if rows:
        conn.execute(_LEFT, rows)


def choose(conn: Connection, said: str, store_id: str) -> None:
    """A person said what a pickup place means."""
    cursors.note_fact(conn, CHOSEN + said, store_id)


def chosen(conn: Connection) -> dict[str, str]:
    """What persons said: the words of ``PlaceMap.config`` → store id."""
    return {name.removeprefix(CHOSEN): store for name, store in cursors.facts_starting(conn, CHOSEN).items()}
