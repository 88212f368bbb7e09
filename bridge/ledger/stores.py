"""Square's locations as last seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from bridge.ledger.schema import store
from bridge.ledger.text import to_json

_PUT = insert(store)
_PUT = _PUT.on_conflict_do_update(
    index_elements=["store_id"],
    set_={name: _PUT.excluded[name] for name in ("name", "active", "timezone", "currency", "body_json")},
)

_ALL = select(store).order_by(store.c.name, store.c.store_id)


def put(
    conn: Connection,
    store_id: str,
    *,
    name: str,
    active: bool,
    timezone: str,
    currency: str,
    body: dict[str, Any],
) -> None:
    """Store a location as seen now."""
    conn.execute(
        _PUT,
        {
            "store_id": store_id,
            "name": name,
            "active": int(active),
            "timezone": timezone,
            "currency": currency,
            "body_json": to_json(body),
        },
    )


def all_stores(conn: Connection) -> Sequence[Any]:
    """Every location, by name."""
    return conn.execute(_ALL).all()
