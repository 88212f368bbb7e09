"""How an online order is handed over, as Square's fulfillment: PICKUP, SHIPMENT or DELIVERY with its recipient.

Lengths and required fields follow Square's published schema; what does not fit is cut, what would be refused (a phone
number of letters) is left out rather than losing the order.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from bridge.domain.customer import e164, normal_email
from bridge.domain.place import pickup_of

JSON = dict[str, Any]
Handover = Literal["PICKUP", "SHIPMENT", "DELIVERY", ""]

_NOTE, _DELIVERY_NOTE, _NAME, _PHONE, _EMAIL = 500, 550, 255, 17, 255
_ADDRESS = (
    ("address_1", "address_line_1"),
    ("address_2", "address_line_2"),
    ("city", "locality"),
    ("state", "administrative_district_level_1"),
    ("postcode", "postal_code"),
    ("country", "country"),
    ("first_name", "first_name"),
    ("last_name", "last_name"),
)


def handover_of(raw: JSON, *, delivered_by: Collection[str] = ()) -> Handover:
    """How a raw order is handed over; "" when nothing is (downloads, services: no shipping line).

    ``delivered_by`` are the shipping methods (``method_id``) the retailer's own people drive out.
    """
    if pickup_of(raw) is not None:
        return "PICKUP"
    methods = {str(row.get("method_id") or "") for row in raw.get("shipping_lines") or ()}
    if not methods:
        return ""
    return "DELIVERY" if methods & set(delivered_by) else "SHIPMENT"


def fulfillment_of(
    raw: JSON,
    handover: Handover,
    *,
    ready: datetime,
    prepare: timedelta = timedelta(0),
    country: str = "",
) -> JSON | None:
    """The fulfillment of a raw order for CreateOrder; ``None`` when nothing is handed over.

    ``ready`` (UTC) is when a pickup is due, a shipment should leave or a delivery arrive; ``prepare`` is how long
    before a pickup the till shows it; ``country`` reads phone numbers that name none.
    """
    if not handover:
        return None
    recipient = recipient_of(raw, country, with_address=handover != "PICKUP")
    note = str(raw.get("customer_note") or "").strip()
    details: JSON = {"recipient": recipient}
    if handover == "PICKUP":
        details |= {"schedule_type": "SCHEDULED", "pickup_at": _moment(ready)}
        if prepare > timedelta(0):
            details["prep_time_duration"] = f"PT{int(prepare.total_seconds()) // 60}M"
        if note:
            details["note"] = note[:_NOTE]
    elif handover == "SHIPMENT":
        details["expected_shipped_at"] = _moment(ready)
        titles = [str(row.get("method_title") or "") for row in raw.get("shipping_lines") or ()]
        if titles and titles[0]:
            details["shipping_type"] = titles[0][:50]
        if note:
            details["shipping_note"] = note[:_NOTE]
    else:
        details |= {"schedule_type": "SCHEDULED", "deliver_at": _moment(ready)}
        if note:
            details["note"] = note[:_DELIVERY_NOTE]
    return {"uid": "handover", "type": handover, "state": "PROPOSED", f"{handover.lower()}_details": details}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def recipient_of(raw: JSON, country: str = "", *, with_address: bool) -> JSON:
    """Who gets the goods of a raw order: the shipping address' name where there is one, reached as billed."""
    billing, shipping = raw.get("billing") or {}, raw.get("shipping") or {}
    where = shipping if with_address and any(shipping.get(name) for name in ("address_1", "city")) else billing
    email = str(billing.get("email") or "").strip()
    name = _name(where) or _name(billing) or email or f"Order {raw.get('number') or raw.get('id')}"
    recipient: JSON = {"display_name": name[:_NAME]}
    if normal_email(email) and len(email) <= _EMAIL:
        recipient["email_address"] = email
    phone = phone_text(str(where.get("phone") or billing.get("phone") or ""), str(where.get("country") or country))
    if phone:
        recipient["phone_number"] = phone
    if with_address:
        address = {theirs: str(where[ours]).strip() for ours, theirs in _ADDRESS if where.get(ours)}
        if address:
            recipient["address"] = address
    return recipient


def _name(address: JSON) -> str:
    name = f"{address.get('first_name') or ''} {address.get('last_name') or ''}".strip()
    return name or str(address.get("company") or "").strip()


def phone_text(text: str, country: str) -> str:
    """A phone number Square takes: E.164 where it can be told, else its digits, else ""."""
    known = e164(text, country)
    if known:
        return known
    digits = re.sub(r"[^0-9+]", "", text)
    return digits if 5 <= len(digits) <= _PHONE and "+" not in digits[1:] else ""
