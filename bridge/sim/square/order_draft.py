"""Turns the order of a request into a priced order, refusing what Square refuses.

CalculateOrder, CreateOrder and UpdateOrder all pass through ``priced``, so their totals cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING, Any

from bridge.sim.square.order_catalog import fill_line, fill_rule, taxes_of_line
from bridge.sim.square.order_changes import without_nulls
from bridge.sim.square.order_totals import price_order
from bridge.sim.square.routes import refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]

MAX_LINES = 500
INCLUSIVE_OUT_OF_GROSS = ("USD", "CAD", "JPY")
_LIMITS = {"reference_id": 40, "ticket_name": 30, "customer_id": 191}
_LINE_LIMITS = {"name": 512, "note": 2000, "uid": 60, "catalog_object_id": 192}
_METADATA_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")
_PHASES = ("SUBTOTAL_PHASE", "TOTAL_PHASE", "APPORTIONED_PERCENTAGE_PHASE", "APPORTIONED_AMOUNT_PHASE")
_KEPT = (
    "reference_id",
    "customer_id",
    "line_items",
    "taxes",
    "discounts",
    "service_charges",
    "fulfillments",
    "metadata",
    "ticket_name",
    "pricing_options",
)


def drafted(square: FakeSquare, fields: Json) -> Json:
    """The order of a create or calculate body, without nulls and with location and source; not yet priced."""
    location_id = fields.get("location_id")
    if not location_id:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Missing required parameter.", "order.location_id")
    location = square.state.locations.get(location_id)
    if location is None or location.get("status") != "ACTIVE":
        raise refusal("BAD_REQUEST", f"`{location_id}` is not an active location.", "order.location_id")
    order: Json = {"location_id": location_id}
    for name in _KEPT:
        if fields.get(name) is not None:
            order[name] = without_nulls(fields[name])
    order["source"] = without_nulls(fields.get("source") or {}) or {"name": square.state.application_name}
    return order


def priced(square: FakeSquare, order: Json) -> Json:
    """Check an order, fill in what the catalog knows, compute every amount; returns the same object."""
    currency = square.state.locations[order["location_id"]]["currency"]
    check_order(order)
    new_uid = partial(square.ids.token, 22)
    for name in ("line_items", "taxes", "discounts", "service_charges", "fulfillments"):
        _give_uids(order.get(name) or (), name, new_uid)
    for line in order.get("line_items") or ():
        _check_line(line)
        fill_line(square, line, order["location_id"])
        _check_currency(line["base_price_money"], currency, "order.line_items.base_price_money")
        _give_uids(line.get("modifiers") or (), "modifiers", new_uid)
    if (order.get("pricing_options") or {}).get("auto_apply_taxes"):
        taxes_of_line(square, order, new_uid)
    _check_rules(square, order, currency)
    price_order(order, currency, new_uid, inclusive_in_gross=currency not in INCLUSIVE_OUT_OF_GROSS)
    net_amounts(order, currency)
    return order


def net_amounts(order: Json, currency: str) -> None:
    """Write ``net_amounts`` (sale less returns) and what is still due (less tenders, plus refunds) into an order."""
    sold = {
        "total_money": order["total_money"],
        "tax_money": order["total_tax_money"],
        "discount_money": order["total_discount_money"],
        "tip_money": order["total_tip_money"],
        "service_charge_money": order["total_service_charge_money"],
    }
    back = order.get("return_amounts")
    if back:
        sold = {name: {**money, "amount": money["amount"] - back[name]["amount"]} for name, money in sold.items()}
    order["net_amounts"] = sold
    paid = sum(tender["amount_money"]["amount"] for tender in order.get("tenders") or ())
    given = sum(refund["amount_money"]["amount"] for refund in order.get("refunds") or ())
    order["net_amount_due_money"] = {"amount": sold["total_money"]["amount"] - paid + given, "currency": currency}


def check_order(order: Json) -> None:
    """Refuse over-long fields and metadata, too many lines, or more than one fulfillment."""
    for name, limit in _LIMITS.items():
        if len(str(order.get(name) or "")) > limit:
            raise refusal("VALUE_TOO_LONG", f"Field must not be longer than {limit}.", f"order.{name}")
    metadata = order.get("metadata") or {}
    if len(metadata) > 10:
        raise refusal("ARRAY_LENGTH_TOO_LONG", "At most 10 metadata entries.", "order.metadata")
    for key, value in metadata.items():
        if not _METADATA_KEY.fullmatch(key) or not isinstance(value, str) or len(value) > 255:
            raise refusal("INVALID_VALUE", f"Metadata entry `{key}` is not valid.", "order.metadata")
    if len(order.get("line_items") or ()) > MAX_LINES:
        raise refusal("ARRAY_LENGTH_TOO_LONG", f"At most {MAX_LINES} lines.", "order.line_items")
    if len(order.get("fulfillments") or ()) > 1:
        raise refusal("BAD_REQUEST", "An order can have at most one fulfillment.", "order.fulfillments")


def _give_uids(entries: Iterable[Json], name: str, new_uid: Callable[[], str]) -> None:
    seen = set()
    for entry in entries:
        uid = entry.get("uid")
        if not uid:
            uid = entry["uid"] = new_uid()
        if uid in seen:
            raise refusal("BAD_REQUEST", f"Duplicate uid `{uid}`.", f"order.{name}.uid")
        seen.add(uid)


def _check_line(line: Json) -> None:
    text = line.get("quantity")
    field = "order.line_items.quantity"
    if not text:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Missing required parameter.", field)
    if not isinstance(text, str):
        raise refusal("EXPECTED_STRING", "Expected a string value.", field)
    if not (text.isdigit() and len(text) <= 12):
        try:
            many = Decimal(text)
        except InvalidOperation:
            many = Decimal(-1)
        places = many.as_tuple().exponent
        if len(text) > 12 or many < 0 or not isinstance(places, int) or places < -5:
            raise refusal("INVALID_VALUE", f"`{text}` is not a valid quantity.", field)
    for name, limit in _LINE_LIMITS.items():
        if name in line and len(line[name]) > limit:
            raise refusal("VALUE_TOO_LONG", f"Field must not be longer than {limit}.", f"order.line_items.{name}")


def _check_currency(money: Json, currency: str, field: str) -> None:
    amount = money.get("amount")
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise refusal("EXPECTED_INTEGER", "Expected an integer amount.", f"{field}.amount")
    if amount < 0:
        raise refusal("VALUE_TOO_LOW", "Amount must not be negative.", f"{field}.amount")
    if money.get("currency", currency) != currency:
        raise refusal("INVALID_VALUE", f"Currency must be {currency}.", f"{field}.currency")
    money["currency"] = currency


def _check_rules(square: FakeSquare, order: Json, currency: str) -> None:
    """Complete taxes, discounts and service charges, and refuse references that name none of them."""
    lines = order.get("line_items") or []
    for listed, key, references in (
        ("taxes", "tax_uid", "applied_taxes"),
        ("discounts", "discount_uid", "applied_discounts"),
    ):
        named = _references(lines, references, key)
        if listed == "taxes":
            named |= _references(order.get("service_charges") or [], references, key)
        rules = order.get(listed) or []
        for rule in rules:
            _complete_rule(square, rule, listed, currency)
            rule.setdefault("scope", "LINE_ITEM" if rule["uid"] in named else "ORDER")
        unknown = named - {rule["uid"] for rule in rules}
        if unknown:
            _forget(order, references, key, unknown)
    for charge in order.get("service_charges") or ():
        _complete_charge(square, charge, currency)


def _references(owners: list[Json], name: str, key: str) -> set[str]:
    return {reference[key] for owner in owners for reference in owner.get(name) or ()}


def _forget(order: Json, references: str, key: str, unknown: set[str]) -> None:
    """A new order must not name unknown rules; an existing one loses the references of a cleared rule."""
    if "id" not in order:
        raise refusal(
            "INVALID_VALUE",
            f"`{sorted(unknown)[0]}` does not match any uid of the order.",
            f"order.line_items.{references}.{key}",
        )
    for owner in (*(order.get("line_items") or ()), *(order.get("service_charges") or ())):
        if owner.get(references):
            owner[references] = [entry for entry in owner[references] if entry[key] not in unknown]


def _complete_rule(square: FakeSquare, rule: Json, listed: str, currency: str) -> None:
    fill_rule(square, rule, listed)
    field = f"order.{listed}"
    if not rule.get("name") and not rule.get("catalog_object_id"):
        raise refusal("MISSING_REQUIRED_PARAMETER", "Missing required parameter.", f"{field}.name")
    if listed == "taxes":
        rule.setdefault("type", "ADDITIVE")
        if not rule.get("percentage"):
            raise refusal("MISSING_REQUIRED_PARAMETER", "Missing required parameter.", f"{field}.percentage")
    elif bool(rule.get("percentage")) == bool(rule.get("amount_money")):
        raise refusal("BAD_REQUEST", "A discount has either a percentage or an amount.", field)
    else:
        rule.setdefault("type", "FIXED_PERCENTAGE" if rule.get("percentage") else "FIXED_AMOUNT")
    _check_share(rule, field, currency)


def _complete_charge(square: FakeSquare, charge: Json, currency: str) -> None:
    field = "order.service_charges"
    fill_rule(square, charge, "service_charges")
    if bool(charge.get("percentage")) == bool(charge.get("amount_money")):
        raise refusal("BAD_REQUEST", "A service charge has either a percentage or an amount.", field)
    charge.setdefault("calculation_phase", "SUBTOTAL_PHASE")
    if charge["calculation_phase"] not in _PHASES:
        raise refusal("INVALID_ENUM_VALUE", "Unknown calculation phase.", f"{field}.calculation_phase")
    if charge["calculation_phase"] == "TOTAL_PHASE" and charge.get("taxable"):
        raise refusal("BAD_REQUEST", "A TOTAL_PHASE service charge cannot be taxable.", f"{field}.taxable")
    charge.setdefault("taxable", False)
    charge.setdefault("type", "CUSTOM")
    _check_share(charge, field, currency)


def _check_share(rule: Json, field: str, currency: str) -> None:
    if rule.get("amount_money"):
        _check_currency(rule["amount_money"], currency, f"{field}.amount_money")
    if rule.get("percentage"):
        try:
            share = Decimal(rule["percentage"])
        except (InvalidOperation, TypeError):
            share = Decimal(-1)
        limit = 100 if field == "order.discounts" else 1000
        if not share.is_finite() or not 0 <= share <= limit or len(rule["percentage"]) > 10:
            raise refusal("INVALID_VALUE", f"`{rule['percentage']}` is not a valid percentage.", f"{field}.percentage")
