"""Counts what became of online orders, in the simulators' state alone."""

from __future__ import annotations

from typing import Any

from bridge.sim.busy_counter import is_pickup
from bridge.sim.square.account import FakeSquare
from bridge.sim.woo.order_state import Order
from bridge.sim.woo.shop import FakeWoo

OF_A_TILL = "[square:"
"""In the reason of a shop's refund that records a till's."""


def order_figures(woo: FakeWoo, square: FakeSquare, orders: list[Order]) -> dict[str, int]:
    """How many of these orders were fetched, shipped, cancelled, refunded, and how many notes their buyers got."""
    numbers = {order.id for order in orders}
    refunds = [refund for order in orders for refund in order.refunds]
    at_tills = sum(OF_A_TILL in refund.reason for refund in refunds)
    return {
        "pickups": sum(map(is_pickup, orders)),
        "shipments": sum(not is_pickup(order) for order in orders),
        "picked_up": len(_fetched(square) & numbers),
        "cancelled": sum(order.status == "cancelled" for order in orders),
        "refunds_in_shop": len(refunds) - at_tills,
        "refunds_at_tills": at_tills,
        "customer_notes": sum(note.customer_note for order in orders for note in order.notes),
    }


def _fetched(square: FakeSquare) -> set[int]:
    """The shop's orders whose goods a till handed over."""
    rows: list[dict[str, Any]] = list(square.state.orders.values())
    return {
        int(str(row["reference_id"]).removeprefix("woo-"))
        for row in rows
        if row.get("fulfillments") and row["fulfillments"][0]["state"] == "COMPLETED"
    }
