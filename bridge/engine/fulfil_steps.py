"""What happens to an online order at the till moves the shop's order along, with a note to the customer.

A step is planned once: the ledger remembers the last state of each fulfillment the shop was told of. A note is the
shop's own mail; the status moves forward only, and what is closed stays closed.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from bridge.domain.actions import action_key
from bridge.domain.hours import open_until
from bridge.domain.order import ShopMove, ready_note, shop_move, step_note
from bridge.engine.context import Bridge, Run
from bridge.engine.store_hours import hours_of_store
from bridge.errors import RemoteRefused
from bridge.ledger import decisions, order_links, outbox, till
from bridge.ledger.stores import all_stores
from bridge.ledger.text import of_json
from bridge.ledger.till import OrderAtTill
from bridge.remotes.port import WooOrder


def decide_fulfilments(bridge: Bridge, run: Run) -> None:
    """Plan what the shop is to be told about every fulfillment that moved."""
    with bridge.db.reading() as conn:
        moved = till.moved_orders(conn)
        linked = order_links.by_square(conn, [order.order_id for order in moved])
    for order in moved:
        link = linked.get(order.order_id)
        if link is None:
            # a till's own order, or one whose link is not known yet: the shop has nothing to be told of
            continue
        try:
            _decide(bridge, run, order, link.order_id)
        except RemoteRefused as problem:
            run.skip(f"a fulfillment whose order could not be read: {problem}")


def _decide(bridge: Bridge, run: Run, order: OrderAtTill, woo_id: str) -> None:
    shop = bridge.woo.order(woo_id)
    move = None
    if shop is None:
        run.skip("a fulfillment of an order the shop no longer has")
    else:
        move = shop_move(shop.raw, order.told, order.fulfillment, bridge.settings.status_words)
    with bridge.db.transaction() as conn:
        till.told(conn, order.order_id, order.fulfillment)
        if shop is not None and move is not None:
            _plan(bridge, run, conn, order, shop, move)


def _plan(bridge: Bridge, run: Run, conn: Connection, order: OrderAtTill, shop: WooOrder, move: ShopMove) -> None:
    if move.ask:
        decisions.ask(
            conn, "fulfilment", order.order_id, f"Order {shop.number}: {move.ask}", choices=("dismiss",),
            now=bridge.now(), run_id=run.id,
        )  # fmt: skip
    payload: dict[str, Any] = {"order_id": shop.order_id, "number": shop.number, "clerk": move.clerk}
    name = f"{order.order_id}:{order.fulfillment}"
    if move.status:
        _add(bridge, run, conn, "order_status", name, {**payload, "status": move.status})
    if move.tell or not (move.status or move.ask):
        text = _note(bridge, conn, order, move)
        _add(bridge, run, conn, "order_note", name, {**payload, "text": text, "customer": move.tell})


def _add(bridge: Bridge, run: Run, conn: Connection, kind: str, name: str, payload: dict[str, Any]) -> None:
    action = outbox.Action(key=action_key("woo", kind, name), side="woo", kind=kind, payload=payload)
    if outbox.add(conn, action, now=bridge.now(), run_id=run.id):
        run.add("planned shop order writes")


def _note(bridge: Bridge, conn: Connection, order: OrderAtTill, move: ShopMove) -> str:
    """The words for a step: for goods that are ready, where they are and until when the store is open."""
    store = next((row for row in all_stores(conn) if row.store_id == order.store_id), None)
    name = store.name if store is not None else order.store_id
    if move.clerk != "ready" or store is None:
        return step_note(move.clerk, name)
    address = of_json(store.body_json).get("address") or {}
    where = [str(address.get(part) or "").strip() for part in ("address_line_1", "postal_code", "locality")]
    until = open_until(hours_of_store(bridge, store), bridge.clock.now())
    return ready_note(name, until, store.timezone, ", ".join(part for part in where if part))
