"""An exchange at a till: goods come back and others leave, in one order.

Square's order of an exchange holds both ``line_items`` and ``returns``; its totals are those of the new sale,
``return_amounts`` what comes back, ``net_amounts`` the difference. Only money that truly changes hands is a payment
or a refund; an even exchange has neither. Old interfaces called the whole value of the goods a refund, and nothing
published says what today's PaymentRefund holds: ``exchange_refund`` of the account's trade is the switch (a guess).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from bridge.sim.square import inventory
from bridge.sim.square.order_book import find_order, keep, settle, tell, touch
from bridge.sim.square.order_draft import net_amounts
from bridge.sim.square.payment_book import complete_new, open_payment
from bridge.sim.square.pos import payment_of, return_line, till_order
from bridge.sim.square.refund_book import check_refundable, record_refund, return_amounts
from bridge.sim.square.routes import Router

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]


def register(router: Router) -> None:
    """A till has no endpoints."""


def register_acts(square: FakeSquare) -> None:
    """Add what a till does."""
    square.acts["exchange"] = partial(exchange, square)


def exchange(
    square: FakeSquare,
    location_id: str,
    returned: list[Json],
    lines: list[Json],
    restock: bool = True,
    reason: str = "Exchange",
    note: str = "",
) -> Json:
    """Take ``returned`` back and sell ``lines``; returns the order's id and those of its payment and refund.

    ``lines`` are as for a sale. ``returned`` are ``{"order_id"?, "variation_id", "quantity", "price"?}``: each sale
    they come from is a return of its own. ``note`` is typed on the payment, ``reason`` on the refund, where there is
    one; without either it is written nowhere, as at a real till.
    """
    order = till_order(square, location_id, lines, square.stamp())
    order["returns"] = _returns(square, location_id, returned)
    currency = order["total_money"]["currency"]
    held = [line for one in order["returns"] for line in one["return_line_items"]]
    whole = {"amount": sum(line["total_money"]["amount"] for line in held), "currency": currency}
    order["return_amounts"] = return_amounts(whole, held)
    net_amounts(order, currency)
    refund = _refund(square, order, reason)
    if refund is None:
        tell(square, "order.created", order)
    payment = _pay(square, order, note)
    if restock:
        _restock(square, order, held, refund["id"] if refund else None)
    return {
        "order_id": order["id"],
        "payment_id": payment["id"] if payment else None,
        "refund_id": refund["id"] if refund else None,
    }


def _returns(square: FakeSquare, location_id: str, returned: list[Json]) -> list[Json]:
    """One return per sale the goods come from; goods without a receipt name none."""
    by_sale: dict[str, list[Json]] = {}
    for line in returned:
        by_sale.setdefault(line.get("order_id") or "", []).append(line)
    currency = square.state.locations[location_id]["currency"]
    made = []
    for order_id, lines in by_sale.items():
        sale = find_order(square, order_id) if order_id else None
        held = [return_line(square, line, sale, location_id, currency) for line in lines]
        amount = {"amount": sum(line["total_money"]["amount"] for line in held), "currency": currency}
        one: Json = {
            "uid": square.ids.token(22),
            "return_line_items": held,
            "return_amounts": return_amounts(amount, held),
        }
        made.append(one | ({"source_order_id": order_id} if order_id else {}))
    return made


def _refund(square: FakeSquare, order: Json, reason: str) -> Json | None:
    """Give money back: what the goods were worth more than the new ones (or all of it, see above)."""
    back = order["return_amounts"]["total_money"]["amount"]
    owed = back if square.trade.exchange_refund == "whole" else -order["net_amounts"]["total_money"]["amount"]
    if owed <= 0:
        return None
    source = next((one["source_order_id"] for one in order["returns"] if one.get("source_order_id")), None)
    payment = payment_of(square, find_order(square, source) if source else None)
    if payment is not None:
        check_refundable(square, payment, owed, square.clock.now())
    amount = {**order["total_money"], "amount": owed}
    details = {"unlinked": payment is None, "destination_type": payment["source_type"] if payment else "CASH"}
    made = record_refund(
        square, order, payment=payment, amount=amount, reason=reason, status="COMPLETED", details=details
    )
    net_amounts(order, amount["currency"])
    return made


def _pay(square: FakeSquare, order: Json, note: str) -> Json | None:
    """Take what is still due in cash; an exchange in which nothing is due is complete as it is."""
    due = order["net_amount_due_money"]
    if due["amount"] <= 0:
        settle(square, order, source=inventory.POS_SOURCE, actor="till")
        touch(square, order)
        return None
    keep(square, order)
    fields: Json = {
        "amount_money": due,
        "location_id": order["location_id"],
        "order_id": order["id"],
        "source_type": "CASH",
        "cash_details": {"buyer_supplied_money": due, "change_back_money": {**due, "amount": 0}},
        **({"note": note} if note else {}),
    }
    payment = open_payment(square, fields, product="SQUARE_POS")
    complete_new(square, payment, order, actor="till", source=inventory.POS_SOURCE)
    return payment


def _restock(square: FakeSquare, order: Json, held: list[Json], refund_id: str | None) -> None:
    linked = {
        line["uid"] for one in order["returns"] if one.get("source_order_id") for line in one["return_line_items"]
    }
    for line in held:
        if line.get("catalog_object_id"):
            inventory.move(
                square,
                line["catalog_object_id"],
                order["location_id"],
                "SOLD" if line["uid"] in linked else "UNLINKED_RETURN",
                "IN_STOCK",
                line["quantity"],
                refund_id=refund_id,
                transaction_id=order["id"],
                actor="till",
            )
