"""Asks a person when an order takes more than its store has, and proposes where the goods could come from.

Once the store has them (they were carried over, received, counted, or the order gave them back) the question is over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from bridge.engine.context import Bridge, Run
from bridge.ledger import decisions, stock
from bridge.ledger.decisions import open_ones
from bridge.ledger.promised import promised
from bridge.ledger.stock import StockRow
from bridge.ledger.stores import all_stores
from bridge.ledger.text import of_json
from bridge.remotes.port import WooOrder

SHORTAGE = "shortage"


def ask_shortage(
    bridge: Bridge,
    run: Run,
    conn: Connection,
    order: WooOrder,
    rows: Sequence[StockRow],
    shortage: Sequence[tuple[str, Decimal]],
    store_id: str,
    on_hand: Mapping[int, Mapping[str, Decimal]],
) -> None:
    """Open the question; the order's goods are booked at ``store_id`` all the same (one movement, one cause)."""
    names = {row.store_id: row.name for row in all_stores(conn)}
    here = names.get(store_id, store_id)
    missing, said = [], []
    for variation, quantity in shortage:
        row = next(one for one in rows if str(one.vid) == variation)
        left = quantity
        proposed = []
        for other, has in sorted(on_hand[row.vid].items(), key=lambda pair: (-pair[1], pair[0])):
            part = min(left, has)
            if other != store_id and part > 0:
                proposed.append({"from": other, "quantity": str(part)})
                left -= part
        missing.append({"vid": row.vid, "sku": row.sku or row.woo_id, "missing": str(quantity), "proposal": proposed})
        moves = ", ".join(f"{one['quantity']} from {names.get(one['from'], one['from'])}" for one in proposed)
        advice = f"bring {moves}" if moves else "no other store has any"
        said.append(f"{quantity} of {row.sku or row.woo_id} ({advice})")
    decisions.ask(
        conn, SHORTAGE, order.order_id,
        f"Order {order.number or order.order_id} takes more than {here} has; missing: {'; '.join(said)}.",
        choices=("noted",), now=bridge.now(), vid=rows[0].vid, run_id=run.id,
        detail={"store": store_id, "missing": missing},
    )  # fmt: skip
    run.add("orders short of goods")


def end_shortages(bridge: Bridge, run: Run) -> None:
    """Withdraw the questions whose store no longer owes anybody the goods."""
    with bridge.db.reading() as conn:
        over = [row.subject for row in open_ones(conn, SHORTAGE) if _is_over(conn, row)]
    if not over:
        return
    with bridge.db.transaction() as conn:
        for order_id in over:
            decisions.withdraw(conn, SHORTAGE, order_id, now=bridge.now())
    run.add("shortages that are over", len(over))


def _is_over(conn: Connection, row: Any) -> bool:
    detail = of_json(row.detail_json)
    vids = [int(one["vid"]) for one in detail.get("missing", ()) if "vid" in one]
    on_hand, owed = stock.counts_of(conn, vids), promised(conn, vids)
    store_id = str(detail.get("store") or "")
    left = [on_hand.get(vid, {}).get(store_id, Decimal(0)) - owed.get((vid, store_id), Decimal(0)) for vid in vids]
    return bool(left) and min(left) >= 0
