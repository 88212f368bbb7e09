"""The life of a refund: what may be refunded, the return order beside the sale, and what is told of it.

A refund never touches the sale's order: it makes a return order of its own. One made through the API holds a
single CUSTOM_AMOUNT line and puts nothing back into stock; one rung up at a till is itemised and may restock.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bridge.sim.square.moments import moment, rfc3339
from bridge.sim.square.order_book import keep, tell
from bridge.sim.square.payment_book import change
from bridge.sim.square.routes import SquareError

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]

MAX_REFUNDS = 20
REFUND_TIME = timedelta(days=365)
_TOTALS = (
    "total_money",
    "total_tax_money",
    "total_discount_money",
    "total_tip_money",
    "total_service_charge_money",
    "net_amount_due_money",
)


def check_refundable(square: FakeSquare, payment: Json, amount: int, now: datetime) -> None:
    """The limits of a linked refund; raises ``SquareError`` (category REFUND_ERROR for the refund's own codes)."""
    if payment["status"] == "APPROVED":
        raise _refund_error("REFUND_ERROR_PAYMENT_NEEDS_COMPLETION", "The payment is not completed.")
    if payment["status"] != "COMPLETED":
        raise _refund_error("PAYMENT_NOT_REFUNDABLE", f"A {payment['status']} payment cannot be refunded.")
    if now - moment(payment["created_at"]) > REFUND_TIME:
        raise _refund_error("PAYMENT_NOT_REFUNDABLE", "The payment is more than a year old.")
    earlier = [square.state.refunds[refund_id] for refund_id in payment.get("refund_ids") or ()]
    if any(refund["status"] == "PENDING" for refund in earlier):
        raise _refund_error("REFUND_ALREADY_PENDING", "A refund of this payment is still pending.")
    if len(earlier) >= MAX_REFUNDS:
        raise _refund_error("PAYMENT_NOT_REFUNDABLE", f"A payment has at most {MAX_REFUNDS} refunds.")
    done = payment.get("refunded_money", {}).get("amount", 0)
    if amount > payment["total_money"]["amount"] - done:
        raise _refund_error(
            "REFUND_AMOUNT_INVALID",
            "The requested refund amount exceeds the amount available to refund.",
            "amount_money",
        )


def _refund_error(code: str, detail: str, field: str = "") -> SquareError:
    return SquareError(400, "REFUND_ERROR", code, detail, field)


def return_order(
    square: FakeSquare,
    *,
    location_id: str,
    amount: Json,
    lines: list[Json] | None = None,
    source_order_id: str = "",
    source_name: str,
    from_api: bool,
) -> Json:
    """A completed return order for ``amount``; ``lines`` are return lines, one CUSTOM_AMOUNT when absent."""
    currency = amount["currency"]
    zero: Json = {"amount": 0, "currency": currency}
    lines = lines or [_amount_line(square, amount)]
    amounts = return_amounts(amount, lines)
    returned: Json = {"uid": square.ids.token(22), "return_line_items": lines, "return_amounts": amounts}
    if source_order_id:
        returned["source_order_id"] = source_order_id
    at = rfc3339(square.stamp())
    order: Json = {
        "id": square.ids.token(28),
        "location_id": location_id,
        "source": {"name": source_name},
        "returns": [returned],
        "return_amounts": amounts,
        "net_amounts": {name: {"amount": -money["amount"], "currency": currency} for name, money in amounts.items()},
        "created_at": at,
        "updated_at": at,
        "closed_at": at,
        "state": "COMPLETED",
        **dict.fromkeys(_TOTALS, zero),
    }
    if from_api:
        order["version"] = 1
    return order


def return_amounts(amount: Json, lines: list[Json]) -> Json:
    """What return lines come to, ``amount`` being all of it."""

    def total(name: str) -> Json:
        return {**amount, "amount": sum(line[name]["amount"] for line in lines)}

    return {
        "total_money": amount,
        "tax_money": total("total_tax_money"),
        "discount_money": total("total_discount_money"),
        "tip_money": {**amount, "amount": 0},
        "service_charge_money": {**amount, "amount": 0},
    }


def _amount_line(square: FakeSquare, amount: Json) -> Json:
    zero = {"amount": 0, "currency": amount["currency"]}
    return {
        "uid": square.ids.token(22),
        "quantity": "1",
        "item_type": "CUSTOM_AMOUNT",
        "base_price_money": amount,
        "variation_total_price_money": amount,
        "gross_return_money": amount,
        "total_tax_money": zero,
        "total_discount_money": zero,
        "total_money": amount,
    }


def record_refund(
    square: FakeSquare,
    order: Json,
    *,
    payment: Json | None,
    amount: Json,
    reason: str,
    status: str,
    details: Json,
) -> Json:
    """Make the refund of a return order: keep both, lower what is left of the payment, tell of it."""
    at = rfc3339(square.stamp())
    payment_id = payment["id"] if payment else ""
    refund: Json = {
        "id": f"{payment_id}_{square.ids.token(22)}" if payment_id else square.ids.token(44),
        "status": status,
        "amount_money": amount,
        "order_id": order["id"],
        "location_id": order["location_id"],
        "created_at": at,
        "updated_at": at,
        **details,
    }
    if reason:
        refund["reason"] = reason
    if payment_id:
        refund["payment_id"] = payment_id
    order["refunds"] = [
        {
            "id": refund["id"],
            "location_id": order["location_id"],
            "transaction_id": order["id"],
            "tender_id": payment_id or refund["id"],
            "created_at": at,
            "reason": reason or "Refund",
            "amount_money": amount,
            "status": {"COMPLETED": "APPROVED"}.get(status, status),
        }
    ]
    keep(square, order)
    tell(square, "order.created", order)
    store(square, refund, "refund.created")
    if payment is not None:
        _lower(square, payment, refund)
    return refund


def _lower(square: FakeSquare, payment: Json, refund: Json) -> None:
    amount = refund["amount_money"]
    done = payment.get("refunded_money", {}).get("amount", 0)
    if refund["status"] in ("PENDING", "COMPLETED"):
        done += amount["amount"]
    ids = [*(payment.get("refund_ids") or ()), refund["id"]]
    money = {"amount": done, "currency": amount["currency"]}
    change(square, payment, refunded_money=money, refund_ids=ids)


def store(square: FakeSquare, refund: Json, event_type: str) -> None:
    """Keep a refund as the one updated last, and tell of it."""
    refunds = square.state.refunds
    refunds.pop(refund["id"], None)
    refunds[refund["id"]] = refund
    if square.hooks.wanted(event_type):
        square.emit(event_type, "refund", refund["id"], {"refund": refund})


def settle_refund(square: FakeSquare, refund_id: str, status: str = "COMPLETED") -> Json:
    """Bring a PENDING refund to its end: COMPLETED, REJECTED or FAILED (the payment gets its money back)."""
    refund = square.state.refunds[refund_id]
    if refund["status"] != "PENDING":
        raise ValueError(f"refund {refund_id} is {refund['status']}")
    refund = {**refund, "status": status, "updated_at": rfc3339(square.stamp())}
    store(square, refund, "refund.updated")
    payment = square.state.payments.get(refund.get("payment_id", ""))
    if payment is not None and status != "COMPLETED":
        back = refund["amount_money"]["amount"]
        left = payment["refunded_money"]["amount"] - back
        change(square, payment, refunded_money={**payment["refunded_money"], "amount": left})
    return refund
