"""Asks a person when an order takes more than its store has, and proposes where the goods could come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import Connection

from bridge.engine.context import Bridge, Run
from bridge.ledger import decisions
from bridge.ledger.stock import StockRow
from bridge.ledger.stores import all_stores
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
        missing.append({"sku": row.sku or row.woo_id, "missing": str(quantity), "proposal": proposed})
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
