"""Every change of stock with its cause: append-only, and one cause counts once (I2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert

from bridge.ledger.schema import movement
from bridge.ledger.text import of_json, to_json


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement to be recorded. ``quantity`` is the effect on stock (a sale of 2 is -2).

    ``store_id`` is the store that sold ("" for the shop); which stores gave the goods of an online sale, or got them
    back, stands in ``detail`` under ``stores``: store id → how many.
    """

    side: str
    cause: str
    vid: int
    kind: str
    quantity: Decimal
    at: str
    store_id: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


_ADD = insert(movement).on_conflict_do_nothing(index_elements=["side", "cause"]).returning(movement.c.id)
_SINCE = (
    select(movement.c.id, movement.c.kind, movement.c.quantity)
    .where(movement.c.vid == bindparam("v"), movement.c.id > bindparam("after"))
    .order_by(movement.c.id)
)
_OF_ORDER = select(movement.c.detail_json).where(
    movement.c.side == "woo", movement.c.kind == "sale",
    movement.c.cause >= bindparam("begin"), movement.c.cause < bindparam("end"),
)  # fmt: skip
_OF = select(movement).where(movement.c.vid == bindparam("v")).order_by(movement.c.at, movement.c.id)


def record(conn: Connection, moved: Movement, *, seen_at: str, run_id: int | None) -> int | None:
    """Record a movement; its id, or ``None`` when this cause was counted before."""
    row = conn.execute(
        _ADD,
        {
            "side": moved.side,
            "cause": moved.cause,
            "vid": moved.vid,
            "store_id": moved.store_id,
            "kind": moved.kind,
            "quantity": str(moved.quantity),
            "at": moved.at,
            "seen_at": seen_at,
            "run_id": run_id,
            "detail_json": to_json(moved.detail),
        },
    ).first()
    return int(row[0]) if row else None


def since(conn: Connection, vid: int, after_id: int) -> Sequence[Any]:
    """(id, kind, quantity) of a variation's movements recorded after a movement id."""
    return conn.execute(_SINCE, {"v": vid, "after": after_id}).all()


def of_variation(conn: Connection, vid: int) -> Sequence[Any]:
    """Every movement of a variation, oldest first."""
    return conn.execute(_OF, {"v": vid}).all()


def stores_of_order(conn: Connection, order_id: str) -> set[str]:
    """The stores that gave something for an order of the shop, also what came back since."""
    found = _OF_ORDER, {"begin": f"order:{order_id}:", "end": f"order:{order_id};"}
    return {store for row in conn.execute(*found) for store in of_json(row.detail_json).get("stores", ())}


def last_id(conn: Connection) -> int:
    """The id of the newest movement, 0 when there is none."""
    return int(conn.execute(select(func.max(movement.c.id))).scalar() or 0)
