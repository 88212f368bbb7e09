"""What a Square order made of an online order carries beside its lines: handover, recipient, customer, origin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bridge.domain.customer import normal_email
from bridge.domain.fulfillment import fulfillment_of, handover_of
from bridge.engine.context import Bridge
from bridge.engine.store_hours import lead_of, ready_at
from bridge.ledger.order_links import OrderLink
from bridge.ledger.stores import all_stores
from bridge.ledger.text import of_json
from bridge.remotes.port import WooOrder


def more_of(bridge: Bridge, link: OrderLink, order: WooOrder) -> dict[str, Any]:
    """Fields of the Square order beside its money: fulfillment, customer, metadata."""
    with bridge.db.reading() as conn:
        store = next((row for row in all_stores(conn) if row.store_id == link.store_id), None)
    more: dict[str, Any] = {"metadata": {"woo_order": link.order_id}}
    handover = handover_of(order.raw, delivered_by=bridge.settings.delivered_by)
    lead = lead_of(bridge)
    country = str((of_json(store.body_json).get("address") or {}).get("country") or "") if store is not None else ""
    ready = ready_at(bridge, store, max(order.created, bridge.clock.now()))
    made = fulfillment_of(order.raw, handover, ready=ready, country=country)
    if made is not None:
        if handover == "PICKUP" and lead > timedelta(0):
            made["pickup_details"]["prep_time_duration"] = f"PT{int(lead.total_seconds()) // 60}M"
        more["fulfillments"] = [made]
    customer = _customer(bridge, order)
    if customer:
        more["customer_id"] = customer
    return more


def _customer(bridge: Bridge, order: WooOrder) -> str:
    """The one customer Square knows by the order's mail address; "" for none or several (never a guess)."""
    email = normal_email(str((order.raw.get("billing") or {}).get("email") or ""))
    found = bridge.square.people.by_email(email) if email else []
    return str(found[0]["id"]) if len(found) == 1 else ""
