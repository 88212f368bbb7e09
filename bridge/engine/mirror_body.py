"""What a Square order made of an online order carries beside its lines: handover, recipient, customer, origin."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bridge.domain.customer import normal_email
from bridge.domain.fulfillment import fulfillment_of, handover_of
from bridge.domain.hours import ready_by
from bridge.engine.context import Bridge
from bridge.ledger.order_links import OrderLink
from bridge.ledger.stores import all_stores
from bridge.ledger.text import of_json
from bridge.remotes.port import SquareStore, WooOrder
from bridge.remotes.square.locations import hours_of


def more_of(bridge: Bridge, link: OrderLink, order: WooOrder) -> dict[str, Any]:
    """Fields of the Square order beside its money: fulfillment, customer, metadata."""
    with bridge.db.reading() as conn:
        store = store_of(conn, link.store_id)
    more: dict[str, Any] = {"metadata": {"woo_order": link.order_id}}
    handover = handover_of(order.raw)
    lead = timedelta(minutes=bridge.settings.pickup_lead_minutes)
    country = str(((store.raw.get("address") or {}) if store else {}).get("country") or "")
    made = fulfillment_of(order.raw, handover, ready=ready_at(bridge, store, order.created), country=country)
    if made is not None:
        if handover == "PICKUP" and lead > timedelta(0):
            made["pickup_details"]["prep_time_duration"] = f"PT{int(lead.total_seconds()) // 60}M"
        more["fulfillments"] = [made]
    customer = _customer(bridge, order)
    if customer:
        more["customer_id"] = customer
    return more


def store_of(conn: Connection, store_id: str) -> SquareStore | None:
    """A store as last seen."""
    for row in all_stores(conn):
        if row.store_id == store_id:
            body = of_json(row.body_json)
            return SquareStore(row.store_id, row.name, bool(row.active), row.timezone, row.currency, body)
    return None


def ready_at(bridge: Bridge, store: SquareStore | None, placed: datetime) -> datetime:
    """When the goods are due: the lead time after now (or after the order, when that is later), while open."""
    lead = timedelta(minutes=bridge.settings.pickup_lead_minutes)
    begin = max(placed, bridge.clock.now())
    hours = hours_of(store) if store is not None else None
    ready = ready_by(hours, begin, lead) if hours is not None and hours.known else None
    return ready or begin + lead


def _customer(bridge: Bridge, order: WooOrder) -> str:
    """The one customer Square knows by the order's mail address; "" for none or several (never a guess)."""
    email = normal_email(str((order.raw.get("billing") or {}).get("email") or ""))
    found = bridge.square.people.by_email(email) if email else []
    return str(found[0]["id"]) if len(found) == 1 else ""
