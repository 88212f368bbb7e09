"""Counts what became of online orders, and adds up both sides' books of them, in the simulators' state alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bridge.sim.busy_counter import is_pickup
from bridge.sim.square.account import FakeSquare
from bridge.sim.woo.order_state import HOLDING, Order

Json = dict[str, Any]
OF_A_TILL = "[square:"
"""In the reason of a shop's refund that records a till's."""


@dataclass(frozen=True, slots=True)
class Books:
    """What orders that stand at the tills brought in, refunds taken off, in cents; ``apart`` is by how much the two
    sides differ, order by order. ``unsettled`` orders were edited after they were made there: a Square order keeps its
    money, a person was told, and their money is in no sum.
    """

    shop: int = 0
    tills: int = 0
    apart: int = 0
    unsettled: int = 0


def order_figures(square: FakeSquare, orders: list[Order]) -> dict[str, int]:
    """How many of these orders were fetched, shipped, cancelled, refunded, and how many notes their buyers got."""
    refunds = [refund for order in orders for refund in order.refunds]
    at_tills = sum(OF_A_TILL in refund.reason for refund in refunds)
    standing = at_the_tills(square)
    fetched = (row for order in orders for row in standing.get(order.id, ()) if _stage(row) == "COMPLETED")
    return {
        "pickups": sum(map(is_pickup, orders)),
        "shipments": sum(not is_pickup(order) for order in orders),
        "picked_up": sum(1 for _ in fetched),
        "cancelled": sum(order.status == "cancelled" for order in orders),
        "refunds_in_shop": len(refunds) - at_tills,
        "refunds_at_tills": at_tills,
        "customer_notes": sum(note.customer_note for order in orders for note in order.notes),
    }


def at_the_tills(square: FakeSquare) -> dict[int, list[Json]]:
    """Square orders a program made for orders of the shop, by the shop's number."""
    found: dict[int, list[Json]] = {}
    for row in square.state.orders.values():
        name = str(row.get("reference_id") or "")
        # a till's own orders have no version: a reference on one of those was typed by somebody
        if "version" in row and name.startswith("woo-"):
            found.setdefault(int(name.removeprefix("woo-")), []).append(row)
    return found


def _stage(row: Json) -> str:
    return str(next((one["state"] for one in row.get("fulfillments") or ()), ""))


def books(square: FakeSquare, orders: list[Order], edited: set[int]) -> Books:
    """Add up both sides' books of those of these orders that stand at the tills."""
    standing = at_the_tills(square)
    shop = tills = apart = 0
    for order in orders:
        if order.id in standing and order.id not in edited:
            here, there = _in_shop(order), sum(_at_till(square, row) for row in standing[order.id])
            shop, tills, apart = shop + here, tills + there, apart + abs(here - there)
    return Books(shop, tills, apart, len(edited & standing.keys()))


def _in_shop(order: Order) -> int:
    """What an order brings in by the shop: nothing unless it stands and is paid."""
    return int((order.total - order.refunded) * 100) if order.status in HOLDING and order.paid else 0


def _at_till(square: FakeSquare, row: Json) -> int:
    payments = [square.state.payments[tender["payment_id"]] for tender in row.get("tenders") or ()]
    return sum(one["total_money"]["amount"] - one.get("refunded_money", {}).get("amount", 0) for one in payments)
