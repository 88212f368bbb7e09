"""The life of a payment: made, completed into its order, canceled; and what is told of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from bridge.sim.square import inventory
from bridge.sim.square.moments import rfc3339
from bridge.sim.square.order_book import add_tender, keep, settle, touch
from bridge.sim.square.order_changes import copied
from bridge.sim.square.order_draft import drafted, priced
from bridge.sim.square.routes import refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]


def find_payment(square: FakeSquare, payment_id: str) -> Json:
    """One payment; ``SquareError`` 404."""
    payment: Json | None = square.state.payments.get(payment_id)
    if payment is None:
        raise refusal("NOT_FOUND", f"Could not find payment with id: {payment_id}")
    return payment


def open_payment(square: FakeSquare, fields: Json, *, product: str, created_at: datetime | None = None) -> Json:
    """A new APPROVED payment: ``fields`` are those of its kind, amounts in ``amount_money``/``tip_money``.

    ``created_at`` is earlier than now for a payment taken offline. The payment is not stored yet.
    """
    now = rfc3339(square.stamp())
    amount, tip = fields["amount_money"], fields.get("tip_money")
    total = {**amount, "amount": amount["amount"] + (tip["amount"] if tip else 0)}
    payment_id = square.ids.token(28)
    return {
        "id": payment_id,
        "created_at": rfc3339(created_at) if created_at else now,
        "updated_at": now,
        "status": "APPROVED",
        "total_money": total,
        "approved_money": total,
        "application_details": {"square_product": product, "application_id": square.state.application_id},
        "receipt_number": payment_id[:4],
        "receipt_url": f"https://squareupsandbox.com/receipt/preview/{payment_id}",
        "version_token": square.ids.token(32),
        **fields,
    }


def store(square: FakeSquare, payment: Json, event_type: str) -> None:
    """Keep a payment as the one updated last, and tell of it."""
    payments = square.state.payments
    payments.pop(payment["id"], None)
    payments[payment["id"]] = payment
    if square.hooks.wanted(event_type):
        square.emit(event_type, "payment", payment["id"], {"payment": payment})


def change(square: FakeSquare, payment: Json, **fields: Any) -> Json:
    """A payment with some fields changed, stored under a new version token, and told of."""
    made = {
        **payment,
        **fields,
        "updated_at": rfc3339(square.stamp()),
        "version_token": square.ids.token(32),
    }
    store(square, made, "payment.updated")
    return made


def complete_new(
    square: FakeSquare,
    payment: Json,
    order: Json | None,
    *,
    actor: str | None = None,
    source: Json | None = None,
    occurred_at: datetime | None = None,
) -> Json:
    """Complete a payment just made: into its order as a tender, and the order's stock given up if paid."""
    payment["status"] = "COMPLETED"
    store(square, payment, "payment.created")
    if order is not None:
        made = copied(order)
        add_tender(square, made, payment)
        source = source or inventory.api_source(square)
        settle(square, made, source=source, actor=actor, occurred_at=occurred_at)
        touch(square, made)
    return payment


def complete(square: FakeSquare, payment: Json) -> Json:
    """Complete an APPROVED payment later (CompletePayment); it must pay all that is due on its order."""
    require_status(payment, "APPROVED")
    order = square.state.orders.get(payment.get("order_id") or "")
    if order is not None:
        due = order["net_amount_due_money"]["amount"]
        if due != payment["amount_money"]["amount"]:
            raise refusal("BAD_REQUEST", MISMATCH, "payment_id")
    made = change(square, payment, status="COMPLETED")
    if order is not None:
        order = copied(order)
        add_tender(square, order, made)
        settle(square, order, source=inventory.api_source(square))
        touch(square, order)
    return made


MISMATCH = "The total of the requested payments does not match the total of the sale order."


def complete_for_order(square: FakeSquare, order: Json, payment_ids: list[str], due: int) -> None:
    """PayOrder: complete these approved payments of ``order`` (changed in place), cancel its other ones."""
    chosen = [find_payment(square, payment_id) for payment_id in payment_ids]
    for payment in chosen:
        if payment.get("order_id") != order["id"]:
            raise refusal("BAD_REQUEST", "The payment belongs to another order.", "payment_ids")
        require_status(payment, "APPROVED")
    if sum(payment["amount_money"]["amount"] for payment in chosen) != due:
        raise refusal("BAD_REQUEST", MISMATCH, "payment_ids")
    for payment in chosen:
        add_tender(square, order, change(square, payment, status="COMPLETED"))
    for payment in list(square.state.payments.values()):
        if payment.get("order_id") == order["id"] and payment["status"] == "APPROVED":
            change(square, payment, status="CANCELED")


def cancel(square: FakeSquare, payment: Json) -> Json:
    """Void an APPROVED payment; its order stays open."""
    require_status(payment, "APPROVED")
    return change(square, payment, status="CANCELED")


def require_status(payment: Json, status: str) -> None:
    """``SquareError`` unless the payment is in ``status``."""
    if payment["status"] != status:
        raise refusal("BAD_REQUEST", f"Payment {payment['id']} is {payment['status']}, not {status}.", "payment_id")


def order_for_amount(square: FakeSquare, location_id: str, amount: Json, source_name: str) -> Json:
    """The order Square makes by itself for a payment that names none: one CUSTOM_AMOUNT line."""
    line = {"quantity": "1", "item_type": "CUSTOM_AMOUNT", "base_price_money": dict(amount)}
    order = priced(square, drafted(square, {"location_id": location_id, "line_items": [line]}))
    at = rfc3339(square.stamp())
    order |= {
        "id": square.ids.token(28),
        "source": {"name": source_name},
        "state": "OPEN",
        "version": 1,
        "created_at": at,
        "updated_at": at,
    }
    keep(square, order)
    return order
