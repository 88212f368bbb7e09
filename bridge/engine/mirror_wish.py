"""Decides, when an order of the shop is seen, whether a Square order of its own is to carry its goods.

Orders paid through Square's own gateway are at Square already, whatever the mode. Everything else is mirrored only
where the retailer asked for it, and never when its goods were carried by adjustments before, or when it was placed
before mirroring was switched on.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from bridge.domain.order import CLOSED, DRAFTS, by_square_gateway, paid_how, square_payment_of
from bridge.domain.place import pickup_of
from bridge.domain.times import time_text
from bridge.engine.context import Bridge, Run
from bridge.engine.mirror_split import SEVERAL, ask_split
from bridge.ledger import cursors, order_links, rewind, stock
from bridge.ledger.order_links import OrderLink
from bridge.ledger.orders import OrderSeen
from bridge.remotes.port import WooOrder

SINCE = "orders.mirror_since"


def begin_mirroring(bridge: Bridge) -> None:
    """Note since when orders are mirrored; older ones stay as they are. Forgotten when it is switched off."""
    wanted = bridge.settings.orders_mode != "stock"
    with bridge.db.reading() as conn:
        noted = bool(cursors.read_fact(conn, SINCE))
    if wanted == noted:
        return
    with bridge.db.transaction() as conn:
        if wanted:
            cursors.note_fact(conn, SINCE, bridge.now())
        else:
            cursors.forget_fact(conn, SINCE)


def link_for(
    bridge: Bridge,
    run: Run,
    conn: Connection,
    order: WooOrder,
    seen: OrderSeen,
    stores: Sequence[str],
    *,
    moves: bool,
) -> OrderLink | None:
    """The link of an order that changed, made now when it is wanted.

    ``stores`` are those that give its goods, the one that gives most first.
    """
    link = order_links.get(conn, order.order_id)
    if link is not None:
        order_links.mark(conn, order.order_id)
        return link
    state = _wish(bridge, conn, order, seen, moves=moves)
    if not state:
        return None
    payment = square_payment_of(order.raw)
    if payment and order_links.by_square(conn, [payment]):
        run.skip("order with the Square payment of another order")
        return None
    link = OrderLink(
        order.order_id, order.number, next(iter(stores), ""), state,
        payment_id=payment, created=time_text(order.created),
    )  # fmt: skip
    if state == "wanted" and len(stores) > 1:
        link.state, link.reason, link.dirty = "stock", SEVERAL, False
        ask_split(bridge, run, conn, link, stores)
    else:
        run.add("orders for the till")
    order_links.add(conn, link, now=bridge.now())
    return link


def _wish(bridge: Bridge, conn: Connection, order: WooOrder, seen: OrderSeen, *, moves: bool) -> str:
    """The state a new link should have, "" for none."""
    raw, turns = order.raw, [int(entry[2]) for entry in seen.lines.values()]
    # a ledger set back may have made this order in the life it forgot: by its key it is found again, not made again
    forgot = bool(rewind.restored_at(conn)) and any(turns)
    if order.status in DRAFTS or (not forgot and (order.status in CLOSED or max(turns, default=0) > 1)):
        return ""
    if square_payment_of(raw):
        return "gateway" if moves else ""
    mode = bridge.settings.orders_mode
    if by_square_gateway(raw) or mode == "stock" or (mode == "mirror_pickups" and pickup_of(raw) is None):
        return ""
    since = cursors.read_fact(conn, SINCE)
    if not since or time_text(order.created) < since[:19]:
        return ""
    if forgot:
        return "wanted"
    if seen.taken or (not moves and (paid_how(raw) == "unpaid" or _counted_before(conn, seen))):
        return ""
    return "wanted"


def _counted_before(conn: Connection, seen: OrderSeen) -> bool:
    """Whether lines of goods kept in step took stock before: others (never linked, left alone) count for nothing."""
    turned = [str(entry[0]) for entry in seen.lines.values() if int(entry[2])]
    return any(row.state == "open" for row in stock.by_woo(conn, turned).values())
