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
from bridge.ledger import cursors, order_links, rewind, stock
from bridge.ledger.order_links import OrderLink
from bridge.ledger.orders import OrderSeen
from bridge.remotes.port import WooOrder

SINCE = "orders.mirror_since"
CLOSED_FIRST = "the order was closed before it reached the till"
"""Reason of a link whose order the till never had: it may come to life again."""


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
        if len(stores) == 1 and _lives_again(bridge, conn, link, order, seen):
            # where nothing was made yet the key is the first one's: a ledger set back in between finds it by that
            link.attempt += link.state == "ended"
            link.state, link.reason, link.store_id = "wanted", "", next(iter(stores))
            link.square_order_id, link.payment_id = "", ""
            order_links.save(conn, link, now=bridge.now())
            run.add("orders for the till again")
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
    run.add("orders for the till")
    order_links.add(conn, link, now=bridge.now())
    return link


def _lives_again(bridge: Bridge, conn: Connection, link: OrderLink, order: WooOrder, seen: OrderSeen) -> bool:
    """Whether an order that was closed before the till had it (or unpaid there) is taken up again in the shop."""
    closed = link.state == "ended" or (link.state == "stock" and link.reason == CLOSED_FIRST)
    if not closed or order.status in CLOSED | DRAFTS or any(seen.taken.values()):
        return False
    return paid_how(order.raw) in ("paid", "on_delivery") and _mode_wants(bridge, conn, order)


def _mode_wants(bridge: Bridge, conn: Connection, order: WooOrder) -> bool:
    """Whether the retailer asked for orders like this one at the tills when it was placed."""
    mode, since = bridge.settings.orders_mode, cursors.read_fact(conn, SINCE)
    if mode == "stock" or (mode == "mirror_pickups" and pickup_of(order.raw) is None):
        return False
    return bool(since) and time_text(order.created) >= since[:19]


def _wish(bridge: Bridge, conn: Connection, order: WooOrder, seen: OrderSeen, *, moves: bool) -> str:
    """The state a new link should have, "" for none."""
    raw, turns = order.raw, [int(entry[2]) for entry in seen.lines.values()]
    # a ledger set back may have made this order in the life it forgot: by its key it is found again, not made again;
    # where nobody noticed that it was, lines that turned before the order was ever looked at tell of that life
    noticed = bool(rewind.restored_at(conn)) or (not seen.status and (max(turns, default=0) > 1 or not moves))
    forgot = noticed and any(turns)
    if order.status in DRAFTS or (not forgot and max(turns, default=0) > 1):
        return ""
    if order.status in CLOSED and not moves and not forgot:
        return ""
    if square_payment_of(raw):
        return "gateway" if moves else ""
    if by_square_gateway(raw) or not _mode_wants(bridge, conn, order):
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
