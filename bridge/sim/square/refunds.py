"""Square's refund endpoints: refund a payment, list, read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.listing import recent_page
from bridge.sim.square.order_changes import without_nulls
from bridge.sim.square.refund_book import check_refundable, record_refund, return_order
from bridge.sim.square.routes import Router, refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
Args = dict[str, str]

NOT_ENABLED = "Unlinked refund processing is not enabled for this merchant."


def register(router: Router) -> None:
    """Add the endpoints."""
    router.add("GET", "/v2/refunds", list_refunds, scopes=("PAYMENTS_READ",))
    router.add("POST", "/v2/refunds", refund_payment, scopes=("PAYMENTS_WRITE",), idempotency="required", key_length=45)
    router.add("GET", "/v2/refunds/{refund_id}", retrieve, scopes=("PAYMENTS_READ",))


def refund_payment(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST a refund of a payment, in part or in full; nothing goes back into stock."""
    amount = (body.get("amount_money") or {}).get("amount")
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "amount_money.amount")
    if amount < 1:
        raise refusal("VALUE_TOO_LOW", "`amount_money.amount` must be at least 1.", "amount_money.amount")
    if len(body.get("reason") or "") > 192:
        raise refusal("VALUE_TOO_LONG", "Field must not be greater than 192 in length", "reason")
    if body.get("unlinked"):
        return _unlinked(square, body)
    if not body.get("payment_id"):
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "payment_id")
    payment = square.state.payments.get(body["payment_id"])
    if payment is None:
        raise refusal("NOT_FOUND", f"Could not find payment with id: {body['payment_id']}", "payment_id")
    if body["amount_money"].get("currency") != payment["total_money"]["currency"]:
        raise refusal("INVALID_VALUE", "The refund must be in the payment's currency.", "amount_money.currency")
    token = body.get("payment_version_token")
    if token is not None and token != payment["version_token"]:
        raise refusal("VERSION_MISMATCH", "The payment has changed since it was read.", "payment_version_token")
    check_refundable(square, payment, amount, square.clock.now())
    return {"refund": _linked(square, body, payment, amount)}


def _linked(square: FakeSquare, body: Json, payment: Json, amount: int) -> Json:
    money = {"amount": amount, "currency": payment["total_money"]["currency"]}
    order = return_order(
        square,
        location_id=payment["location_id"],
        amount=money,
        source_order_id=payment.get("order_id", ""),
        source_name=square.state.application_name,
        from_api=True,
    )
    kind = payment["source_type"]
    details: Json = {"unlinked": False, "destination_type": kind}
    # a cash or external refund is only noted down; a card's takes its course
    status = "COMPLETED" if kind in ("CASH", "EXTERNAL") else square.trade.refund_outcome
    return record_refund(
        square,
        order,
        payment=payment,
        amount=money,
        reason=body.get("reason") or "",
        status=status,
        details=details,
    )


def _unlinked(square: FakeSquare, body: Json) -> Json:
    """A refund without a payment: only for sellers Square has allowed it to."""
    if not square.trade.unlinked_refunds:
        raise refusal("BAD_REQUEST", NOT_ENABLED, "unlinked")
    if body.get("payment_id"):
        raise refusal("CONFLICTING_PARAMETERS", "An unlinked refund names no payment.", "payment_id")
    for name in ("destination_id", "location_id"):
        if not body.get(name):
            raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", name)
    location = square.state.locations.get(body["location_id"])
    if location is None or "UNLINKED_REFUNDS" not in location.get("capabilities", ()):
        raise refusal("BAD_REQUEST", NOT_ENABLED, "location_id")
    destination = body["destination_id"]
    kind = destination if destination in ("CASH", "EXTERNAL") else "CARD"
    given = without_nulls({name: body.get(name) for name in ("cash_details", "external_details")})
    money = {"amount": body["amount_money"]["amount"], "currency": location["currency"]}
    details: Json = {"unlinked": True, "destination_type": kind}
    if given:
        details["destination_details"] = given
    order = return_order(
        square,
        location_id=location["id"],
        amount=money,
        source_name=square.state.application_name,
        from_api=True,
    )
    reason = body.get("reason") or ""
    refund = record_refund(
        square, order, payment=None, amount=money, reason=reason, status="COMPLETED", details=details
    )
    return {"refund": refund}


def list_refunds(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """GET refunds of all locations unless one is named, by creation or update time."""
    wanted = {
        name: request.arg(asked)
        for name, asked in (("location_id", "location_id"), ("status", "status"), ("destination_type", "source_type"))
        if request.arg(asked)
    }
    return recent_page(
        square,
        request,
        "refunds",
        square.state.refunds,
        lambda row: all(row.get(name) == value for name, value in wanted.items()),
    )


def retrieve(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """GET one refund."""
    refund = square.state.refunds.get(args["refund_id"])
    if refund is None:
        raise refusal("NOT_FOUND", f"Could not find refund with id: {args['refund_id']}")
    return {"refund": refund}
