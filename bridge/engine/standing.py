"""How things stand, from the ledger alone: links, stock, what waits, how far each listing was read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from bridge.engine.context import Bridge
from bridge.ledger import decisions, history, inbox, links, outbox, rewind, shown
from bridge.ledger.lease import holder_of
from bridge.ledger.schema import cursor, stock
from bridge.ledger.text import of_json


def standing(bridge: Bridge) -> dict[str, Any]:
    """Everything ``bridge status`` tells, as JSON values; times are UTC text."""
    with bridge.db.reading() as conn:
        products, variations = links.count_links(conn)
        kinds = [row.kind for row in decisions.open_ones(conn)]
        outbox_counts = outbox.counts(conn)
        holder = holder_of(conn, bridge.now())
        return {
            "ledger": bridge.db.name,
            "now": bridge.now(),
            "working": str(holder) if holder else "",
            "last_run": _last_run(conn),
            "linked_products": products,
            "linked_variations": variations,
            "shop_products": shown.count_live(conn, "woo"),
            "square_items": shown.count_live(conn, "square"),
            "stock": _stock_states(conn),
            "outbox": outbox_counts,
            "waiting": sum(outbox_counts.get(state, 0) for state in ("due", "sent", "unknown")),
            "decisions": len(kinds),
            "brakes": kinds.count("brake"),
            "doorbells": len(inbox.new_ones(conn)),
            "read_until": _cursors(conn),
            "restored": rewind.restored_at(conn),
        }


def _last_run(conn: Connection) -> dict[str, Any] | None:
    row = next(iter(history.runs(conn, 1)), None)
    if row is None:
        return None
    return {
        "run": row.id,
        "kind": row.kind,
        "state": row.state,
        "started": row.started_at,
        "ended": row.ended_at,
        "counts": of_json(row.counts_json),
    }


def _stock_states(conn: Connection) -> dict[str, int]:
    rows = conn.execute(select(stock.c.state, func.count()).group_by(stock.c.state))
    return {state: int(number) for state, number in rows}


def _cursors(conn: Connection) -> dict[str, str]:
    rows = conn.execute(select(cursor.c.name, cursor.c.moved_at).order_by(cursor.c.name))
    return {row.name: row.moved_at for row in rows}
