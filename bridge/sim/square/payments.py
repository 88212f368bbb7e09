"""Square's payment endpoints: create, list, read, update, cancel, complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.listing import recent_page
from bridge.sim.square.order_book import find_order
from bridge.sim.square.order_changes import without_nulls
from bridge.sim.square.order_states import ORDER_ENDS
from bridge.sim.square.payment_book import (
    MISMATCH,
    cancel,
    change,
    complete,
    complete_new,
    find_payment,
    open_payment,
    order_for_amount,
    store,
)
from bridge.sim.square.routes import Router, SquareError, refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
Args = dict[str, str]

EXTERNAL_TYPES = frozenset(
    {
        "CHECK",
        "BANK_TRANSFER",
        "OTHER_GIFT_CARD",
        "CRYPTO",
        "SQUARE_CASH",
        "SOCIAL",
        "EXTERNAL",
        "EMONEY",
        "CARD",
        "STORED_BALANCE",
        "FOOD_VOUCHER",
        "OTHER",
    }
)
_TEXT = {"reference_id": 40, "note": 500, "customer_id": 191, "team_member_id": 192, "buyer_email_address": 255}
_UPDATABLE = ("amount_money", "tip_money")


def register(router: Router) -> None:
    """Add the endpoints."""
    read, write = ("PAYMENTS_READ",), ("PAYMENTS_WRITE",)
    keyed: Json = {"scopes": write, "idempotency": "required", "key_length": 45}
    router.add("GET", "/v2/payments", list_payments, scopes=read)
    router.add("POST", "/v2/payments", create, **keyed)
    router.add("POST", "/v2/payments/cancel", cancel_by_key, **keyed)
    router.add("GET", "/v2/payments/{payment_id}", retrieve, scopes=read)
    router.add("PUT", "/v2/payments/{payment_id}", update, **keyed)
    router.add("POST", "/v2/payments/{payment_id}/cancel", cancel_one, scopes=write)
    router.add("POST", "/v2/payments/{payment_id}/complete", complete_one, scopes=write)


def create(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST a payment: EXTERNAL, CASH, or a card nonce; with an order it must pay what is due."""
    order = _order_of(square, body)
    location_id = _location_of(square, body, order)
    amount = _money(square, body.get("amount_money"), location_id, "amount_money")
    later = body.get("autocomplete") is False
    kind = _kind_of(body, amount, later)
    fields: Json = {"amount_money": amount, "location_id": location_id, **kind}
    if body.get("tip_money"):
        fields["tip_money"] = _money(square, body["tip_money"], location_id, "tip_money", least=0)
    for name, limit in _TEXT.items():
        if body.get(name):
            if len(body[name]) > limit:
                raise refusal("VALUE_TOO_LONG", f"Field must not be greater than {limit} in length", name)
            fields[name] = body[name]
    if order is None:
        order = order_for_amount(square, location_id, amount, square.state.application_name)
    else:
        _check_due(order, amount, later)
    payment = open_payment(square, {**fields, "order_id": order["id"]}, product="ECOMMERCE_API")
    square.trade.payment_of_key[body["idempotency_key"]] = payment["id"]
    if later:
        store(square, payment, "payment.created")
    else:
        complete_new(square, payment, order)
    return {"payment": payment}


def _order_of(square: FakeSquare, body: Json) -> Json | None:
    if not body.get("order_id"):
        return None
    order = find_order(square, body["order_id"], status=400)
    if order["state"] in ORDER_ENDS or order["state"] == "DRAFT":
        raise refusal("BAD_REQUEST", f"Order {order['id']} is {order['state']} and cannot be paid.", "order_id")
    if body.get("location_id") not in (None, "", order["location_id"]):
        raise refusal("BAD_REQUEST", "The location is not that of the order.", "location_id")
    return order


def _location_of(square: FakeSquare, body: Json, order: Json | None) -> str:
    if order is not None:
        return str(order["location_id"])
    location_id = body.get("location_id") or square.state.main_location_id
    location = square.state.locations.get(location_id)
    if location is None or location.get("status") != "ACTIVE":
        raise refusal("NOT_FOUND", f"Location `{location_id}` not found.", "location_id", status=400)
    return str(location_id)


def _money(square: FakeSquare, money: Any, location_id: str, field: str, least: int = 1) -> Json:
    amount = (money or {}).get("amount")
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", f"{field}.amount")
    if amount < least:
        raise refusal("VALUE_TOO_LOW", f"`{field}.amount` must be at least {least}.", f"{field}.amount")
    currency = square.state.locations[location_id]["currency"]
    if money.get("currency") != currency:
        raise refusal("INVALID_VALUE", f"Payments here are in {currency}.", f"{field}.currency")
    return {"amount": amount, "currency": currency}


def _kind_of(body: Json, amount: Json, later: bool) -> Json:
    """Source type and details of the payment; ``SquareError`` for incomplete details or a declined card."""
    source_id = body.get("source_id")
    if not source_id:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "source_id")
    if source_id in ("EXTERNAL", "CASH") and later:
        raise refusal("BAD_REQUEST", f"{source_id} payments cannot be delayed.", "autocomplete")
    if source_id == "EXTERNAL":
        return _external(body)
    if source_id == "CASH":
        return _cash(body, amount)
    if "declined" in source_id:
        raise SquareError(402, "PAYMENT_METHOD_ERROR", "GENERIC_DECLINE", "Authorization error: 'GENERIC_DECLINE'")
    card = {"card_brand": "VISA", "last_4": "1111", "exp_month": 12, "exp_year": 2035}
    details = {"status": "AUTHORIZED" if later else "CAPTURED", "card": card, "entry_method": "KEYED"}
    return {"source_type": "CARD", "card_details": details, "delay_action": "CANCEL", "delay_duration": "PT168H"}


def _external(body: Json) -> Json:
    details = without_nulls(body.get("external_details") or {})
    for name in ("type", "source"):
        if not details.get(name):
            raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", f"external_details.{name}")
    if details["type"] not in EXTERNAL_TYPES:
        raise refusal("INVALID_VALUE", "Unknown type of external payment.", "external_details.type")
    for name in ("source", "source_id"):
        if len(details.get(name) or "") > 255:
            raise refusal("VALUE_TOO_LONG", "Field must not be greater than 255 in length", f"external_details.{name}")
    return {"source_type": "EXTERNAL", "external_details": details}


def _cash(body: Json, amount: Json) -> Json:
    supplied = (body.get("cash_details") or {}).get("buyer_supplied_money") or {}
    if not isinstance(supplied.get("amount"), int):
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "cash_details.buyer_supplied_money")
    back = supplied["amount"] - amount["amount"]
    if back < 0:
        raise refusal("VALUE_TOO_LOW", "The buyer supplied too little.", "cash_details.buyer_supplied_money")
    change_back = {"amount": back, "currency": amount["currency"]}
    return {
        "source_type": "CASH",
        "cash_details": {"buyer_supplied_money": supplied, "change_back_money": change_back},
    }


def _check_due(order: Json, amount: Json, later: bool) -> None:
    """What completes at once pays the order in full; a delayed payment may be a part of it."""
    due = order["net_amount_due_money"]["amount"]
    if amount["amount"] > due or (not later and amount["amount"] != due):
        raise refusal("BAD_REQUEST", MISMATCH, "amount_money.amount")


def list_payments(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """GET payments of one location (the main one unless named), by creation or update time."""
    place = request.arg("location_id") or square.state.main_location_id
    return recent_page(square, request, "payments", square.state.payments, lambda row: row["location_id"] == place)


def retrieve(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """GET one payment."""
    return {"payment": find_payment(square, args["payment_id"])}


def update(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """PUT another amount or tip on an APPROVED payment."""
    payment = find_payment(square, args["payment_id"])
    fields = body.get("payment") or {}
    _check_token(payment, fields.get("version_token"))
    if payment["status"] != "APPROVED":
        raise refusal("BAD_REQUEST", f"Payment is {payment['status']}.", "payment_id")
    changed = {
        name: _money(square, fields[name], payment["location_id"], f"payment.{name}")
        for name in _UPDATABLE
        if fields.get(name)
    }
    amount: Json = changed.get("amount_money") or payment["amount_money"]
    tip: Json = changed.get("tip_money") or payment.get("tip_money") or {"amount": 0}
    total = {**amount, "amount": amount["amount"] + tip["amount"]}
    return {"payment": change(square, payment, **changed, total_money=total, approved_money=total)}


def cancel_by_key(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST the key of a CreatePayment whose outcome is unknown; an unknown key is answered with 200 too."""
    payment_id = square.trade.payment_of_key.get(body["idempotency_key"])
    payment = square.state.payments.get(payment_id or "")
    if payment is not None and payment["status"] != "CANCELED":
        cancel(square, payment)
    return {}


def cancel_one(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST to void an APPROVED payment."""
    return {"payment": cancel(square, find_payment(square, args["payment_id"]))}


def complete_one(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST to complete an APPROVED payment."""
    payment = find_payment(square, args["payment_id"])
    _check_token(payment, (body or {}).get("version_token"))
    return {"payment": complete(square, payment)}


def _check_token(payment: Json, token: str | None) -> None:
    if token is not None and token != payment["version_token"]:
        raise refusal("VERSION_MISMATCH", "The payment has changed since it was read.", "version_token")
