"""Inventory on the wire: the two shapes of a change (before and from 2026-07-15), and reading what is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bridge.sim.square.inventory import quantity_text
from bridge.sim.square.inventory_store import Change
from bridge.sim.square.moments import moment, rfc3339
from bridge.sim.square.routes import SquareError, refusal

Json = dict[str, Any]
WRITABLE = frozenset({"IN_STOCK", "SOLD", "WASTE", "NONE", "UNLINKED_RETURN"})
COUNTABLE = frozenset({"IN_STOCK", "WASTE"})
STATES = frozenset(
    {
        *WRITABLE,
        "CUSTOM",
        "RETURNED_BY_CUSTOMER",
        "RESERVED_FOR_SALE",
        "SOLD_ONLINE",
        "ORDERED_FROM_VENDOR",
        "RECEIVED_FROM_VENDOR",
        "IN_TRANSIT_TO",
        "IN_TRANSIT",
        "COMPOSED",
        "DECOMPOSED",
        "SUPPORTED_BY_NEWER_VERSION",
    }
)
_QUANTITY = re.compile(r"-?\d+(\.\d{1,5})?")
_OLDEST = timedelta(hours=24)


def change_json(change: Change, two_locations: bool) -> Json:
    """A change as the asked version shows it: {type, physical_count | adjustment | transfer}."""
    common = {
        "id": change.change_id,
        "catalog_object_id": change.variation_id,
        "catalog_object_type": "ITEM_VARIATION",
        "quantity": quantity_text(change.quantity),
        "source": change.source,
        "occurred_at": rfc3339(change.occurred_at),
        "created_at": rfc3339(change.created_at),
        **change.extra,
    }
    if change.kind == "PHYSICAL_COUNT":
        where = {"state": change.to_state, "location_id": change.to_location_id}
        return {"type": "PHYSICAL_COUNT", "physical_count": {**common, **where}}
    ends = {"from_location_id": change.from_location_id, "to_location_id": change.to_location_id}
    if change.is_transfer and not two_locations:
        return {"type": "TRANSFER", "transfer": {**common, "state": change.to_state, **ends}}
    states = {"from_state": change.from_state, "to_state": change.to_state}
    where = ends if two_locations else {"location_id": change.to_location_id}
    return {"type": "ADJUSTMENT", "adjustment": {**common, **states, **where}}


def wire_type(change: Change, two_locations: bool) -> str:
    """The change type the asked version gives a change."""
    return "TRANSFER" if change.is_transfer and not two_locations else change.kind


def check_members(inner: Json, field: str, names: Iterable[str]) -> None:
    """``SquareError`` MISSING_REQUIRED_PARAMETER for the first of ``names`` that is absent."""
    for name in names:
        if inner.get(name) in (None, ""):
            raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", f"{field}.{name}")


def quantity_of(inner: Json, field: str, *, zero: bool) -> Decimal:
    """A written quantity: a decimal string, at most 26 characters and 5 decimals, positive (or 0 for counts)."""
    text = inner.get("quantity")
    if not isinstance(text, str):
        raise refusal("EXPECTED_STRING", "Expected a string value.", f"{field}.quantity")
    if len(text) > 26:
        raise refusal("VALUE_TOO_LONG", "Field must not be greater than 26 in length", f"{field}.quantity")
    if not _QUANTITY.fullmatch(text):
        raise refusal("INVALID_VALUE", f"`{text}` is not a valid quantity.", f"{field}.quantity")
    quantity = Decimal(text)
    if quantity < 0 or (quantity == 0 and not zero):
        raise refusal("VALUE_TOO_LOW", f"Quantity `{text}` is too low.", f"{field}.quantity")
    return quantity


def occurred_at_of(inner: Json, field: str, now: datetime) -> datetime:
    """A written ``occurred_at``: neither in the future nor older than 24 hours."""
    if not inner.get("occurred_at"):
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", f"{field}.occurred_at")
    at = moment(inner["occurred_at"], f"{field}.occurred_at")
    if at > now:
        raise refusal("INVALID_TIME", "occurred_at must not be in the future.", f"{field}.occurred_at")
    if now - at > _OLDEST:
        raise refusal("INVALID_TIME", "occurred_at must be within the last 24 hours.", f"{field}.occurred_at")
    return at


def state_of(inner: Json, name: str, field: str, allowed: frozenset[str]) -> str:
    """A written state; ``SquareError`` when it is unknown or cannot be written."""
    state = inner.get(name)
    if state not in STATES:
        raise refusal("INVALID_ENUM_VALUE", f"`{state}` is not a valid inventory state.", f"{field}.{name}")
    if state not in allowed:
        raise _not_writable(str(state), f"{field}.{name}")
    return str(state)


def _not_writable(state: str, field: str) -> SquareError:
    return refusal("INVALID_VALUE", f"Inventory state `{state}` cannot be written here.", field)


def locations_of(inner: Json, two_locations: bool) -> tuple[str, str]:
    """(from, to) of a written adjustment in the shape of its version; the other shape's fields are refused."""
    if two_locations:
        if "location_id" in inner:
            raise refusal(
                "UNKNOWN_BODY_PARAMETER",
                "location_id is retired as of 2026-07-15: use from_location_id and to_location_id.",
                "adjustment.location_id",
            )
        check_members(inner, "adjustment", ("from_location_id", "to_location_id"))
        return inner["from_location_id"], inner["to_location_id"]
    for name in ("from_location_id", "to_location_id"):
        if name in inner:
            raise refusal("UNKNOWN_BODY_PARAMETER", f"Unknown field {name}.", f"adjustment.{name}")
    check_members(inner, "adjustment", ("location_id",))
    return inner["location_id"], inner["location_id"]
