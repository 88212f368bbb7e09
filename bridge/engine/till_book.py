"""Read the sales of both channels into the ledger: orders and refunds changed since they were last read.

Asked for by the report only. Reading reaches back behind its cursors, and an entry is replaced when it is read again,
so that each order and refund counts once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, select

from bridge.domain.order import TILL_VIA
from bridge.domain.order_parts import Unreadable
from bridge.domain.sales import SalesRow, shop_order_rows, shop_refund_rows, till_order_rows
from bridge.domain.times import normal_time, parse_time, time_text
from bridge.engine.context import Bridge, Run, overlap_before, read_up_to
from bridge.engine.observe_square import observe_stores
from bridge.engine.till_observe import store_ids
from bridge.ledger import cursors, sales
from bridge.ledger.sales import Sale
from bridge.ledger.schema import shown_variation
from bridge.ledger.stores import all_stores
from bridge.ledger.text import of_json
from bridge.remotes.orders_port import TillOrder
from bridge.remotes.port import WooOrder

WOO, SQUARE = "sales_woo", "sales_square"
COVERED = "sales_covered"
"""Fact: everything changed since then was read once."""
ONLINE = "online"
"""The store of what was sold online: who handed it over is another question."""


def read_sales(bridge: Bridge, first: date) -> dict[str, int]:
    """Read what changed since the last time, or everything since two days before ``first`` where that is earlier.

    Returns counts by name. Raises ``RemoteDown``/``AccessRefused``; what was read until then is kept.
    """
    run = Run(0, "sales")
    start = datetime.combine(first, time(), UTC) - timedelta(days=2)
    with bridge.db.reading() as conn:
        known = bool(all_stores(conn))
        covered = cursors.read_fact(conn, COVERED)
        since = {name: cursors.read_cursor(conn, name) for name in (WOO, SQUARE)}
    if not known:
        observe_stores(bridge, run)
    again = not covered or parse_time(covered) > start
    _read_shop(bridge, run, start if again else parse_time(since[WOO]))
    _read_tills(bridge, run, start if again else parse_time(since[SQUARE]))
    if again:
        with bridge.db.transaction() as conn:
            cursors.note_fact(conn, COVERED, time_text(start))
    return dict(run.counts)


def home_zone(conn: Connection) -> str:
    """The calendar of online sales: that of the first store by name."""
    return next((str(row.timezone) for row in all_stores(conn) if row.active), "UTC")


# -- the shop ---------------------------------------------------------------------------
def _read_shop(bridge: Bridge, run: Run, since: datetime) -> None:
    mark = bridge.now()
    for listing in (bridge.woo.orders, bridge.woo.trashed_orders):
        for page in listing(modified_after=since):
            _store(bridge, run, (entry for order in page for entry in _of_shop(bridge, run, order)))
    with bridge.db.transaction() as conn:
        # the shop's clock may be minutes off
        cursors.move_cursor(conn, WOO, overlap_before(bridge, time_text(parse_time(mark) - _SKEW)), bridge.now())


_SKEW = timedelta(minutes=15)


def _of_shop(bridge: Bridge, run: Run, order: WooOrder) -> list[Sale]:
    raw, digits = order.raw, bridge.settings.decimals
    with bridge.db.reading() as conn:
        zone = home_zone(conn)
    refunds = bridge.woo.shop_orders.refunds(order.order_id) if raw.get("refunds") else []
    ours = order.created_via == TILL_VIA
    try:
        rows = shop_order_rows(raw, digits, store=ONLINE, zone=zone)
        given = [
            (str(one["id"]), shop_refund_rows(one, digits, number=order.number, store=ONLINE, zone=zone))
            for one in refunds
        ]
    except Unreadable as problem:
        run.skip(f"order {order.number}: {problem}")
        return []
    if not rows:
        # an order that is no sale (cancelled, failed, in the trash) has no refunds of a sale either
        given = [(one, []) for one, _ in given]
    return [
        Sale("woo", "order", order.order_id, (), ours, tuple(rows)),
        *(Sale("woo", "refund", one, (order.order_id,), ours, tuple(back)) for one, back in given),
    ]


# -- the tills --------------------------------------------------------------------------
def _read_tills(bridge: Bridge, run: Run, since: datetime) -> None:
    mark = normal_time(bridge.square.server_time()) or bridge.now()
    with bridge.db.reading() as conn:
        places = store_ids(bridge, conn)
        zones = {row.store_id: str(row.timezone) for row in all_stores(conn)}
    if places:
        for page in bridge.square.till_orders.changed(places, since):
            with bridge.db.reading() as conn:
                skus = _skus(conn, page)
            _store(bridge, run, [_of_till(order, zones.get(order.store_id, "UTC"), skus) for order in page])
    with bridge.db.transaction() as conn:
        read_up_to(bridge, conn, SQUARE, mark)


def _of_till(order: TillOrder, zone: str, skus: dict[str, str]) -> Sale:
    rows: list[SalesRow] = till_order_rows(order.raw, zone=zone, skus=skus)
    ours = order.version is not None and order.reference.startswith("woo-")
    about = tuple(str(row.get("source_order_id") or "") for row in order.raw.get("returns") or ())
    return Sale("square", "order", order.order_id, about, ours, tuple(rows))


def _skus(conn: Connection, page: Iterable[TillOrder]) -> dict[str, str]:
    """Square variation id → its SKU as shown, of everything some orders sold or took back."""
    ids = {
        str(line.get("catalog_object_id") or "")
        for order in page
        for holder in (order.raw, *(order.raw.get("returns") or ()))
        for line in (*(holder.get("line_items") or ()), *(holder.get("return_line_items") or ()))
    }
    wanted = sorted(ids - {""})
    found: dict[str, str] = {}
    for start in range(0, len(wanted), 400):
        rows = conn.execute(
            select(shown_variation.c.remote_id, shown_variation.c.body_json).where(
                shown_variation.c.side == "square", shown_variation.c.remote_id.in_(wanted[start : start + 400])
            )
        )
        found |= {row.remote_id: str(of_json(row.body_json).get("sku") or "") for row in rows}
    return {one: sku for one, sku in found.items() if sku}


def _store(bridge: Bridge, run: Run, entries: Iterable[Sale]) -> None:
    held = list(entries)
    with bridge.db.transaction() as conn:
        sales.put(conn, held, now=bridge.now())
    run.add("orders and refunds read", len(held))
