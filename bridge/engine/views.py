"""What the shop should show of any variation, by everything the ledger knows: also while a write of it is under way."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection

from bridge.domain.stock import StockView
from bridge.engine.context import Bridge, online_stores, store_settings
from bridge.engine.decide_stock import buffer_of, square_writes
from bridge.ledger import stock
from bridge.ledger.stock import StockRow


def views_of(bridge: Bridge, conn: Connection, rows: Sequence[StockRow]) -> dict[int, StockView]:
    """The view of each row, by vid."""
    vids = [row.vid for row in rows]
    counts = stock.counts_of(conn, vids)
    online = online_stores(store_settings(bridge, conn))
    _, pending = square_writes(conn, vids, online)
    return {
        row.vid: StockView(
            woo_expected=row.woo_expected,
            counts=counts[row.vid],
            online_stores=online,
            pending=pending.get(row.vid, Decimal(0)),
            buffer=buffer_of(bridge, conn, row, online),
            backorders=row.backorders,
        )
        for row in rows
    }
