"""Decides about orders at the till: which are made there, and what of their later life in the shop travels after them.

An order is looked at only when it changed in the shop. Its Square body is priced by Square before anything is written;
an order whose total cannot be made equal goes to a person, and its goods are carried by adjustments.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from bridge.domain.actions import action_key
from bridge.domain.mirror import MirrorInto, Unequal, mirror
from bridge.domain.order import CLOSED, DRAFTS, by_square_gateway, may_be_mirrored, paid_how, square_payment_of
from bridge.domain.times import parse_time
from bridge.engine.context import Bridge, Run
from bridge.engine.mirror_body import more_of
from bridge.engine.mirror_follow import follow
from bridge.engine.mirror_hold import held_of, release, stands_there, summed
from bridge.engine.mirror_split import QUESTION, SEVERAL, ask_split, told_long_enough
from bridge.engine.mirror_wish import CLOSED_FIRST
from bridge.errors import RemoteRefused
from bridge.ledger import decisions, links, order_links, orders, outbox
from bridge.ledger.order_links import OrderLink
from bridge.ledger.outbox import Action
from bridge.ledger.stores import all_stores
from bridge.remotes.orders_port import TillOrder
from bridge.remotes.port import WooOrder

CREATE = "create_order"


def decide_orders(bridge: Bridge, run: Run) -> None:
    """Look at every linked order that changed in the shop; one that fails leaves the others alone."""
    with bridge.db.reading() as conn:
        dirty = order_links.dirty(conn)
    for link in dirty:
        if link.state == "wanted":
            _plan(bridge, run, link)
        elif link.state in ("open", "paid"):
            follow(bridge, run, link)
        elif link.state in ("stock", "ended"):
            _leave(bridge, link)


def _leave(bridge: Bridge, link: OrderLink) -> None:
    with bridge.db.transaction() as conn:
        link.dirty = False
        order_links.save(conn, link, now=bridge.now())
        told_long_enough(bridge, conn, link.order_id)


def _plan(bridge: Bridge, run: Run, link: OrderLink) -> None:
    order = bridge.woo.order(link.order_id)
    if order is not None and not _as_seen(bridge, order):
        run.add("orders still being traded")
        return
    closed, stores = order is None or order.status in CLOSED | DRAFTS, _stores(bridge, link)
    if closed or len(stores) > 1:
        # nothing is made of it now, but it may have been made in a life that a ledger set back has forgotten
        made = find_at_till(bridge, link.store_id, f"woo-{link.order_id}", link.created)
        if made is not None:
            _found(bridge, run, link, made)
            return
    if order is None or closed:
        _let_go(bridge, run, link, CLOSED_FIRST)
    elif by_square_gateway(order.raw):
        _to_gateway(bridge, run, link, square_payment_of(order.raw))
    elif not may_be_mirrored(order.raw):
        run.skip("order waits for its money before it is made at the till")
        _leave(bridge, link)
    elif len(stores) > 1:
        with bridge.db.transaction() as conn:
            release(bridge, run, conn, link, SEVERAL)
            ask_split(bridge, run, conn, link, stores)
    else:
        link.store_id = stores[0]
        _plan_creation(bridge, run, link, order)


def find_at_till(bridge: Bridge, store_id: str, reference: str, created: str) -> TillOrder | None:
    """The Square order of that reference, looked for at its store first and then at all others."""
    since = parse_time(created) - timedelta(days=1)
    with bridge.db.reading() as conn:
        places = [store_id, *(row.store_id for row in all_stores(conn) if row.active)]
    for place in dict.fromkeys(one for one in places if one):
        made = bridge.square.till_orders.find_created(place, reference, since)
        if made is not None:
            return made
    return None


def _found(bridge: Bridge, run: Run, link: OrderLink, made: TillOrder) -> None:
    """The ledger had forgotten that this order was made: what watches open orders sees what became of it."""
    with bridge.db.transaction() as conn:
        stands_there(bridge, conn, link, made)
    run.add("orders found again at the till: settled")


def _as_seen(bridge: Bridge, order: WooOrder) -> bool:
    """Whether the ledger knows all this order took: what is held back must be what Square is going to take."""
    with bridge.db.reading() as conn:
        seen = orders.get(conn, [order.order_id]).get(order.order_id)
    known = {line_id: Decimal(str(entry[1])) for line_id, entry in seen.lines.items()} if seen else {}
    now = {line.line_id: line.reduced for line in order.lines}
    return all(known.get(line_id, Decimal(0)) == now.get(line_id, Decimal(0)) for line_id in {*known, *now})


def _stores(bridge: Bridge, link: OrderLink) -> list[str]:
    """The stores whose goods are held for an order, the one that gives most first; its own when nothing is held."""
    given: dict[str, Decimal] = defaultdict(Decimal)
    with bridge.db.reading() as conn:
        for (_, store_id), quantity in summed(held_of(conn, link.order_id)).items():
            given[store_id] += quantity
    return sorted((one for one in given if given[one]), key=lambda one: (given[one], one)) or [link.store_id]


def _to_gateway(bridge: Bridge, run: Run, link: OrderLink, payment_id: str) -> None:
    """The shopper turned to Square's own gateway, which makes its order at Square itself: that one is looked up."""
    with bridge.db.transaction() as conn:
        taken = order_links.by_square(conn, [payment_id])
        if not payment_id or taken:
            release(bridge, run, conn, link, "Square's own gateway took it, and left no payment of its own")
            return
        link.state, link.payment_id, link.dirty = "gateway", payment_id, False
        order_links.save(conn, link, now=bridge.now())
    run.add("orders that went over to Square's own gateway")


def _let_go(bridge: Bridge, run: Run, link: OrderLink, why: str) -> None:
    with bridge.db.transaction() as conn:
        release(bridge, run, conn, link, why)


def _plan_creation(bridge: Bridge, run: Run, link: OrderLink, order: WooOrder) -> None:
    body = _body(bridge, link, order)
    if isinstance(body, str):
        with bridge.db.transaction() as conn:
            cannot_mirror(bridge, run, conn, link, body)
        return
    paid_with = str(order.raw.get("payment_method_title") or order.raw.get("payment_method") or "")
    action = Action(
        key=action_key("mirror", link.order_id, str(link.attempt)),
        side="square",
        kind=CREATE,
        payload={
            "order_id": link.order_id,
            "store_id": link.store_id,
            "reference": body["reference_id"],
            "order": body,
            "pay": paid_how(order.raw) == "paid",
            "paid_with": paid_with,
            "since": link.created,
        },
    )
    with bridge.db.transaction() as conn:
        link.state, link.dirty = "sent", False
        order_links.save(conn, link, now=bridge.now())
        if outbox.add(conn, action, now=bridge.now(), run_id=run.id):
            run.add("planned orders at the till")


def _body(bridge: Bridge, link: OrderLink, order: WooOrder) -> dict[str, Any] | str:
    """The Square order's body, or why there is none."""
    settings = bridge.settings
    with bridge.db.reading() as conn:
        known = links.variations_by(conn, "woo", [line.variation_id for line in order.lines])
    variations = {} if link.plain else {woo_id: str(row.square_id) for woo_id, row in known.items()}
    more = more_of(bridge, link, order)
    into = MirrorInto(link.store_id, settings.currency, settings.decimals, variations, more)
    try:
        made = mirror(order.raw, into, bridge.square.till_orders.calculate)
    except RemoteRefused as problem:
        return f"Square does not take it: {problem}"
    return made.reason if isinstance(made, Unequal) else made.order


def cannot_mirror(bridge: Bridge, run: Run, conn: Connection, link: OrderLink, why: str) -> None:
    """Ask a person about an order that cannot be made at the till; its goods move all the same."""
    release(bridge, run, conn, link, why)
    decisions.ask(
        conn, QUESTION, link.order_id,
        f"Order {link.number or link.order_id} cannot be made at the till: {why} Its goods were taken from stock.",
        choices=("noted",), now=bridge.now(), run_id=run.id, detail={"store": link.store_id, "why": why},
    )  # fmt: skip
    run.add("orders the till cannot show")


def expected_of(order: dict[str, Any]) -> dict[str, Decimal]:
    """What Square is going to take from stock for a raw Square order, by Square variation id."""
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for line in order.get("line_items") or ():
        if line.get("catalog_object_id"):
            wanted[str(line["catalog_object_id"])] += Decimal(str(line.get("quantity") or 0))
    return {one: quantity for one, quantity in wanted.items() if quantity > 0}
