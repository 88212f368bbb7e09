"""Orders as last seen: what each line still takes from the shop's stock, and which stores gave it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bridge.ledger.schema import order_seen
from bridge.ledger.text import of_json, to_json

_GET = select(order_seen).where(order_seen.c.order_id.in_(bindparam("ids", expanding=True)))
_PUT = insert(order_seen)
_PUT = _PUT.on_conflict_do_update(
    index_elements=["order_id"],
    set_={
        name: _PUT.excluded[name] for name in ("number", "status", "modified", "lines_json", "taken_json", "seen_at")
    },
)


@dataclass(slots=True)
class OrderSeen:
    """``lines``: line id → [woo variation id, reduced, times changed]; ``taken``: line id → store → quantity."""

    order_id: str
    number: str = ""
    status: str = ""
    modified: str = ""
    created: str = ""
    lines: dict[str, list[str | int]] = field(default_factory=dict)
    taken: dict[str, dict[str, str]] = field(default_factory=dict)

    def holds(self, woo_id: str) -> Decimal:
        """How many units of a variation its lines still take from the shop's stock."""
        return sum((Decimal(str(entry[1])) for entry in self.lines.values() if entry[0] == woo_id), Decimal(0))


def get(conn: Connection, ids: Sequence[str]) -> dict[str, OrderSeen]:
    """Orders by id."""
    return {
        row.order_id: OrderSeen(
            row.order_id,
            row.number,
            row.status,
            row.modified,
            row.created,
            of_json(row.lines_json),
            of_json(row.taken_json),
        )
        for row in conn.execute(_GET, {"ids": list(ids)})
    }


def put(conn: Connection, seen: OrderSeen, *, now: str) -> None:
    """Store an order as seen now."""
    conn.execute(
        _PUT,
        {
            "order_id": seen.order_id,
            "number": seen.number,
            "status": seen.status,
            "modified": seen.modified,
            "created": seen.created,
            "lines_json": to_json(seen.lines),
            "taken_json": to_json(seen.taken),
            "seen_at": now,
        },
    )


def id_of_number(conn: Connection, number: str) -> str:
    """The id of the newest order that shows this number, "" when none is known."""
    found = select(order_seen.c.order_id).where(order_seen.c.number == number).order_by(order_seen.c.created.desc())
    return str(conn.execute(found.limit(1)).scalar() or "")
