"""The life of an order once it exists: keeping it, telling of it, taking payments, giving up its stock once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from bridge.sim.square import inventory
from bridge.sim.square.moments import rfc3339
from bridge.sim.square.order_draft import net_amounts, priced
from bridge.sim.square.order_states import ORDER_ENDS, open_fulfillment
from bridge.sim.square.routes import refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]

TILL_SOURCE = "Square Point of Sale"
"""``source.name`` of an order made at a till; such an order has no ``version`` and cannot be updated."""


def find_order(square: FakeSquare, order_id: str, *, status: int = 404) -> Json:
    """One order; ``SquareError`` NOT_FOUND (``status`` 400 when it is named in a body)."""
    order: Json | None = square.state.orders.get(order_id)
    if order is None:
        raise refusal("NOT_FOUND", f"Order not found for id {order_id}", "order_id", status=status)
    return order


def keep(square: FakeSquare, order: Json) -> None:
    """Store an order as the one updated last."""
    orders = square.state.orders
    orders.pop(order["id"], None)
    orders[order["id"]] = order


def place_order(square: FakeSquare, draft: Json, *, state: str = "OPEN") -> Json:
    """Make a drafted order of the API real: price it, open its fulfillment, keep it and tell of it."""
    now = square.stamp()
    order = priced(square, draft)
    for fulfillment in order.get("fulfillments") or ():
        open_fulfillment(fulfillment, now)
    at = rfc3339(now)
    order |= {"id": square.ids.token(28), "state": state, "version": 1, "created_at": at, "updated_at": at}
    keep(square, order)
    tell(square, "order.created", order)
    return order


def touch(square: FakeSquare, order: Json) -> None:
    """Count a change: next version, new update time, order.updated; orders of the till have no version."""
    order["updated_at"] = rfc3339(square.stamp())
    if order["state"] in ORDER_ENDS:
        order.setdefault("closed_at", order["updated_at"])
    if "version" in order:
        order["version"] += 1
    keep(square, order)
    tell(square, "order.updated", order)


def tell(square: FakeSquare, event_type: str, order: Json, moves: list[Json] | None = None) -> None:
    """Send an order event. Square promises none for orders made at a till, so none is sent for them."""
    if not square.hooks.wanted(event_type) or not ("version" in order or square.trade.till_order_events):
        return
    content = {
        "order_id": order["id"],
        "version": order.get("version", 1),
        "location_id": order["location_id"],
        "state": order["state"],
        "created_at": order["created_at"],
    }
    if event_type != "order.created":
        content["updated_at"] = order["updated_at"]
    if moves is not None:
        content["fulfillment_update"] = moves
    name = event_type.replace(".", "_")
    square.emit(event_type, name, order["id"], {name: content})


def is_paid(square: FakeSquare, order: Json) -> bool:
    """Nothing is due and something was paid (a zero order: PayOrder was called)."""
    if order["net_amount_due_money"]["amount"] > 0:
        return False
    return bool(order.get("tenders")) or order["id"] in square.trade.zero_paid


def add_tender(square: FakeSquare, order: Json, payment: Json) -> None:
    """Write a completed payment into its order as a tender, and recompute what is due."""
    amount = payment["amount_money"]
    tender: Json = {
        "id": payment["id"],
        "location_id": order["location_id"],
        "transaction_id": order["id"],
        "created_at": payment["created_at"],
        "amount_money": payment["total_money"],
        "type": {"CASH": "CASH", "CARD": "CARD"}.get(payment["source_type"], "OTHER"),
        "payment_id": payment["id"],
    }
    if payment.get("note"):
        tender["note"] = payment["note"]
    if payment.get("customer_id"):
        tender["customer_id"] = payment["customer_id"]
    if tender["type"] == "CASH":
        cash = payment["cash_details"]
        tender["cash_details"] = {
            "buyer_tendered_money": cash["buyer_supplied_money"],
            "change_back_money": cash["change_back_money"],
        }
    elif tender["type"] == "CARD":
        tender["card_details"] = {"status": "CAPTURED", "entry_method": "KEYED"}
    tip = payment.get("tip_money")
    if tip and tip["amount"]:
        tender["tip_money"] = tip
        for name in ("total_money", "total_tip_money"):
            order[name] = {**order[name], "amount": order[name]["amount"] + tip["amount"]}
    order.setdefault("tenders", []).append(tender)
    net_amounts(order, amount["currency"])


def settle(
    square: FakeSquare,
    order: Json,
    *,
    source: Json,
    actor: str | None = None,
    occurred_at: datetime | None = None,
) -> None:
    """What full payment does: zero lines vanish, stock goes IN_STOCK to SOLD once, no fulfillment completes.

    The stock of an order is given up exactly once, whatever happens to the order later.
    """
    if order["net_amount_due_money"]["amount"] > 0:
        return
    if order.get("line_items"):
        order["line_items"] = [line for line in order["line_items"] if float(line["quantity"]) > 0]
    if not order.get("fulfillments"):
        order["state"] = "COMPLETED"
    if order["state"] == "DRAFT":
        order["state"] = "OPEN"
    if order["id"] not in square.trade.stock_given:
        square.trade.stock_given.add(order["id"])
        _give_stock(square, order, actor, source, occurred_at)


def _give_stock(square: FakeSquare, order: Json, actor: str | None, source: Json, occurred_at: datetime | None) -> None:
    place = order["location_id"]
    for line in order.get("line_items") or ():
        variation_id = line.get("catalog_object_id")
        if variation_id:
            inventory.move(
                square,
                variation_id,
                place,
                "IN_STOCK",
                "SOLD",
                line["quantity"],
                occurred_at=occurred_at,
                transaction_id=order["id"],
                source=source,
                actor=actor,
            )
