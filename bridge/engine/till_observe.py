"""Read what tills did: orders, payments and refunds at Square by the time of their last change, each stored once.

With nothing switched on only refunds are read, and only in full passes, when a doorbell speaks of one, and when the
inventory history shows goods that came back: an ordinary pass costs no call. Cursors reach back, so one thing may be
read often; the ledger keeps one row of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from bridge.domain.refund import is_exchange
from bridge.domain.times import normal_time, parse_time
from bridge.engine.context import Bridge, Run, read_up_to, store_settings
from bridge.engine.till_exchanges import came_back_in, keep_returns
from bridge.ledger import cursors, inbox, order_links, till
from bridge.ledger.stores import all_stores
from bridge.remotes.orders_port import TillOrder, TillRefund

ORDERS, PAYMENTS, REFUNDS = "till_orders", "till_payments", "till_refunds"
BEGAN = "till_began"
"""Fact: refunds older than this were there before anybody looked, and are left alone."""
SALES_SINCE = "till_sales_since"
"""Fact: since when till sales are to stand in the shop as orders."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a pass reads."""

    orders: bool
    payments: bool
    refunds: bool


def observe_till(bridge: Bridge, run: Run, *, full: bool) -> None:
    """Read what is to be read in this pass."""
    if bridge.settings.till == "never" and not bridge.settings.till_sales_in_woo:
        return
    _begin(bridge)
    with bridge.db.reading() as conn:
        came_back, exchanges = came_back_in(conn, run)
    look = _look(bridge, full=full, came_back=came_back)
    fetch_orders(bridge, run, exchanges)
    if look.payments:
        _observe_payments(bridge, run)
    if look.refunds:
        _observe_refunds(bridge, run)
    if look.orders:
        _observe_orders(bridge, run)


def _look(bridge: Bridge, *, full: bool, came_back: bool) -> Look:
    with bridge.db.reading() as conn:
        linked = bool(order_links.every(conn, most=1))
        rung = {row.topic.partition(".")[0] for row in inbox.new_ones(conn) if row.side == "square"}
    busy = linked or bridge.settings.till == "always" or bridge.settings.till_sales_in_woo
    return Look(busy, busy and (full or "payment" in rung), busy or full or came_back or "refund" in rung)


def _begin(bridge: Bridge) -> None:
    """The first time ever, note from when on things count; and since when till sales go to the shop."""
    wanted = bridge.settings.till_sales_in_woo
    with bridge.db.reading() as conn:
        begun = bool(cursors.read_fact(conn, BEGAN))
        since = cursors.read_fact(conn, SALES_SINCE)
    if begun and bool(since) == wanted:
        return
    mark = _mark(bridge)
    with bridge.db.transaction() as conn:
        if not begun:
            cursors.note_fact(conn, BEGAN, mark)
            for name in (ORDERS, PAYMENTS, REFUNDS):
                cursors.move_cursor(conn, name, mark, bridge.now())
        if wanted and not since:
            cursors.note_fact(conn, SALES_SINCE, mark)
        elif since and not wanted:
            cursors.forget_fact(conn, SALES_SINCE)


def _mark(bridge: Bridge) -> str:
    """Now by Square's own clock, as ledger text."""
    return normal_time(bridge.square.server_time()) or bridge.now()


# -- orders ---------------------------------------------------------------------------
def _observe_orders(bridge: Bridge, run: Run) -> None:
    with bridge.db.reading() as conn:
        since = cursors.read_cursor(conn, ORDERS)
        places = store_ids(bridge, conn)
    if not places:
        return
    mark = _mark(bridge)
    for page in bridge.square.till_orders.changed(places, parse_time(since)):
        absorb_orders(bridge, run, page)
    _moved(bridge, ORDERS, mark)


def store_ids(bridge: Bridge, conn: Connection) -> list[str]:
    """Every store: goods are sold and given back in those that are not online, too."""
    known = [row.store_id for row in all_stores(conn)]
    return known or [store.store_id for store in store_settings(bridge, conn)]


def _moved(bridge: Bridge, name: str, mark: str) -> None:
    with bridge.db.transaction() as conn:
        read_up_to(bridge, conn, name, mark)


def absorb_orders(bridge: Bridge, run: Run, page: Sequence[TillOrder]) -> None:
    """Store those orders of a page that are news; before an exchange the sales whose goods it takes back."""
    sources = {one for order in page if is_exchange(order.raw) for one in order.returns_of}
    _store(bridge, run, _unknown(bridge, sources - {order.order_id for order in page}))
    _store(bridge, run, page)


def _store(bridge: Bridge, run: Run, page: Sequence[TillOrder]) -> None:
    with bridge.db.reading() as conn:
        known = till.versions(conn, [order.order_id for order in page])
        since, began = cursors.read_fact(conn, SALES_SINCE), cursors.read_fact(conn, BEGAN)
    news = [order for order in page if known.get(order.order_id, "") < normal_time(order.updated_at)]
    if not news:
        return
    with bridge.db.transaction() as conn:
        for order in news:
            counts = bool(since) and normal_time(order.created_at) >= since
            till.put_order(
                conn, order.order_id, store_id=order.store_id, updated_at=order.updated_at,
                fulfillment=order.fulfillment[2], body=order.raw, state="new" if counts else "none", now=bridge.now(),
            )  # fmt: skip
            keep_returns(bridge, run, conn, order, began)
    run.add("till orders", len(news))


def fetch_orders(bridge: Bridge, run: Run, order_ids: Iterable[str]) -> None:
    """Read and store orders the ledger does not know."""
    absorb_orders(bridge, run, _unknown(bridge, order_ids))


def _unknown(bridge: Bridge, order_ids: Iterable[str]) -> list[TillOrder]:
    wanted = {one for one in order_ids if one}
    if not wanted:
        return []
    with bridge.db.reading() as conn:
        missing = wanted - till.versions(conn, sorted(wanted)).keys()
    return bridge.square.till_orders.orders(sorted(missing)) if missing else []


# -- payments -------------------------------------------------------------------------
def _observe_payments(bridge: Bridge, run: Run) -> None:
    """Payments lead to orders that no search has shown yet."""
    with bridge.db.reading() as conn:
        since = cursors.read_cursor(conn, PAYMENTS)
        places = store_ids(bridge, conn)
    mark = _mark(bridge)
    for page in bridge.square.payments.changed(places, parse_time(since)):
        with bridge.db.transaction() as conn:
            for payment in page:
                till.put_payment(
                    conn, payment.payment_id, order_id=payment.order_id, store_id=payment.store_id,
                    amount=payment.amount, refunded=payment.refunded, status=payment.status,
                    updated_at=payment.updated_at, now=bridge.now(),
                )  # fmt: skip
        fetch_orders(bridge, run, (payment.order_id for payment in page))
    _moved(bridge, PAYMENTS, mark)


# -- refunds --------------------------------------------------------------------------
def _observe_refunds(bridge: Bridge, run: Run) -> None:
    with bridge.db.reading() as conn:
        since = cursors.read_cursor(conn, REFUNDS)
        began = cursors.read_fact(conn, BEGAN)
    mark = _mark(bridge)
    for page in bridge.square.payments.refunds_changed(parse_time(since)):
        _absorb_refunds(bridge, run, page, began)
    _moved(bridge, REFUNDS, mark)


def _absorb_refunds(bridge: Bridge, run: Run, page: Sequence[TillRefund], began: str) -> None:
    """Store refunds; the return orders and the sales behind them come first, so that a stored refund is complete."""
    with bridge.db.reading() as conn:
        known = till.refund_versions(conn, [one.refund_id for one in page])
    news = [one for one in page if known.get(one.refund_id, "") < normal_time(one.updated_at)]
    if not news:
        return
    fetch_orders(bridge, run, (one.order_id for one in news))
    with bridge.db.reading() as conn:
        returned = till.orders(conn, (one.order_id for one in news)).values()
    fetch_orders(bridge, run, (source for order in returned for source in sources_of(order.body)))
    with bridge.db.transaction() as conn:
        for one in news:
            made = normal_time(str(one.raw.get("created_at") or one.updated_at))
            # a second of grace: Square's own clock told the beginning in whole seconds
            before = parse_time(made) < parse_time(began) - timedelta(seconds=1)
            seen = till.RefundAtTill(
                one.refund_id, one.payment_id, one.order_id, one.amount, one.status, "none" if before else "new", "",
                one.raw,
            )  # fmt: skip
            till.put_refund(conn, seen, updated_at=one.updated_at, now=bridge.now())
    run.add("till refunds", len(news))


def sources_of(body: till.JSON) -> list[str]:
    """The sales a return order takes back."""
    return [str(row["source_order_id"]) for row in body.get("returns") or () if row.get("source_order_id")]
