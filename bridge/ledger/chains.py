"""Read the ledger along the chain of causes: a variation's movements, writes and questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select, union

from bridge.ledger import outbox
from bridge.ledger.outbox import Action
from bridge.ledger.schema import cursor, decision, movement, shown_variation, stock, variation
from bridge.ledger.schema import outbox as outbox_table
from bridge.ledger.shown import canonical_sku


def movements_by_id(conn: Connection, ids: Sequence[int]) -> list[Any]:
    """Movements by number, oldest first; unknown numbers are left out."""
    found: list[Any] = []
    for start in range(0, len(ids), 500):
        some = list(ids[start : start + 500])
        found += conn.execute(select(movement).where(movement.c.id.in_(some)).order_by(movement.c.id)).all()
    return found


def writes_of(conn: Connection, vid: int) -> list[Action]:
    """Every write ever meant for a variation's stock, oldest first."""
    rows = conn.execute(select(outbox_table).where(outbox_table.c.vid == vid).order_by(outbox_table.c.id))
    return [outbox.of_row(row) for row in rows]


def open_questions(conn: Connection, vid: int, pid: int) -> list[Any]:
    """What waits for a person about a variation or its product."""
    found = select(decision).where(decision.c.state == "open", (decision.c.vid == vid) | (decision.c.pid == pid))
    return list(conn.execute(found.order_by(decision.c.id)))


def shown_with_sku(conn: Connection, sku: str) -> list[Any]:
    """(side, remote id, product id) of every variation either side shows with a SKU."""
    found = select(shown_variation.c.side, shown_variation.c.remote_id, shown_variation.c.product_id)
    return list(conn.execute(found.where(shown_variation.c.sku == canonical_sku(sku))))


def all_skus(conn: Connection) -> list[str]:
    """Every SKU either side shows, folded."""
    found = select(shown_variation.c.sku).where(shown_variation.c.sku != "").distinct()
    return [row.sku for row in conn.execute(found)]


def read_at(conn: Connection, name: str) -> str:
    """When a listing was last read to its end, "" when never."""
    return str(conn.execute(select(cursor.c.moved_at).where(cursor.c.name == name)).scalar() or "")


def open_vids(conn: Connection) -> Iterator[tuple[int, str]]:
    """(vid, shop id) of every variation whose stock is kept in step, one at a time."""
    found = select(stock.c.vid, variation.c.woo_id).join_from(stock, variation, variation.c.vid == stock.c.vid)
    for row in conn.execute(found.where(stock.c.state == "open").order_by(stock.c.vid)):
        yield row.vid, row.woo_id


def movements_after(conn: Connection, vid: int, after_id: int, side: str) -> list[Any]:
    """A variation's movements known from one side that were recorded after a movement, oldest first."""
    found = select(movement).where(movement.c.vid == vid, movement.c.id > after_id, movement.c.side == side)
    return list(conn.execute(found.order_by(movement.c.id)))


def products_concerned(conn: Connection) -> int:
    """How many products have a write of their own under way, or a question (a price brake is one) of their own open."""
    writes = select(outbox_table.c.pid).where(outbox_table.c.pid.is_not(None), outbox_table.c.state.in_(outbox.OPEN))
    asked = select(decision.c.pid).where(decision.c.pid.is_not(None), decision.c.state == "open")
    pids = {row.pid for row in conn.execute(union(writes, asked))}
    braked = select(decision.c.subject).where(decision.c.state == "open", decision.c.subject.startswith("price_jump:"))
    pids.update(int(row.subject.split(":")[1]) for row in conn.execute(braked))
    return len(pids)
