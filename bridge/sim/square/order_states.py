"""The states of orders and fulfillments: which moves Square allows, and the times it writes down.

A fulfillment goes PROPOSED, RESERVED, PREPARED, COMPLETED (steps may be skipped), or ends CANCELED or FAILED.
An order is COMPLETED only when it is paid and its fulfillments have ended. Both ends are final.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from bridge.sim.square.moments import ISO_DURATION, moment, rfc3339, seconds_of
from bridge.sim.square.routes import refusal

Json = dict[str, Any]

ORDER_ENDS = ("COMPLETED", "CANCELED")
FULFILLMENT_ENDS = ("COMPLETED", "CANCELED", "FAILED")
COMPLETION_GUARD = (
    "All fulfillments must have a state of COMPLETED, CANCELED, or FAILED for an order to be able to have a "
    "state of COMPLETED."
)

_RANK = {"PROPOSED": 0, "RESERVED": 1, "PREPARED": 2, "COMPLETED": 3, "CANCELED": 4, "FAILED": 4}
_TIMES = {
    "PICKUP": {
        "RESERVED": "accepted_at",
        "PREPARED": "ready_at",
        "COMPLETED": "picked_up_at",
        "CANCELED": "canceled_at",
        "FAILED": "rejected_at",
    },
    "SHIPMENT": {
        "RESERVED": "in_progress_at",
        "PREPARED": "packaged_at",
        "COMPLETED": "shipped_at",
        "CANCELED": "canceled_at",
        "FAILED": "failed_at",
    },
    "DELIVERY": {
        "RESERVED": "in_progress_at",
        "PREPARED": "ready_at",
        "COMPLETED": "delivered_at",
        "CANCELED": "canceled_at",
        "FAILED": "rejected_at",
    },
    "IN_STORE": {
        "RESERVED": "in_progress_at",
        "PREPARED": "prepared_at",
        "COMPLETED": "completed_at",
        "CANCELED": "canceled_at",
        "FAILED": "canceled_at",
    },
}
_READ_ONLY = frozenset({"placed_at", "expired_at", *(name for times in _TIMES.values() for name in times.values())})
_WHILE_PROPOSED = ("expires_at", "auto_complete_duration", "prep_time_duration", "schedule_type")
_DURATIONS = (
    "auto_complete_duration",
    "pickup_window_duration",
    "prep_time_duration",
    "delivery_window_duration",
)
_E164 = re.compile(r"[+0-9() .-]{1,18}")


def details_of(fulfillment: Json) -> Json:
    """The part of a fulfillment that belongs to its type (``pickup_details`` …); made when absent."""
    key = f"{fulfillment['type'].lower()}_details"
    details: Json = fulfillment.setdefault(key, {})
    return details


def open_fulfillment(fulfillment: Json, now: datetime) -> None:
    """Check a new fulfillment, give it its state and placing time; raises ``SquareError``."""
    if fulfillment.get("type") not in _TIMES:
        raise refusal("INVALID_ENUM_VALUE", "Fulfillment type is required.", "order.fulfillments.type")
    wanted = fulfillment.get("state", "PROPOSED")
    _known_state(wanted)
    fulfillment["state"] = "PROPOSED"
    details = details_of(fulfillment)
    for name in _READ_ONLY & details.keys():
        del details[name]
    details["placed_at"] = rfc3339(now)
    check_details(fulfillment, now)
    if wanted != "PROPOSED":
        move_fulfillment(fulfillment, wanted, now, paid=False)


def check_details(fulfillment: Json, now: datetime) -> None:
    """Refuse details Square refuses: no recipient, no pickup time, malformed durations."""
    details, kind = details_of(fulfillment), fulfillment["type"]
    where = f"order.fulfillments.{kind.lower()}_details"
    recipient = details.get("recipient") or {}
    if kind != "IN_STORE" and not (recipient.get("display_name") or recipient.get("customer_id")):
        raise refusal("MISSING_REQUIRED_PARAMETER", "Recipient is required.", f"{where}.recipient.display_name")
    phone = recipient.get("phone_number")
    if phone and not _E164.fullmatch(phone):
        raise refusal("INVALID_PHONE_NUMBER", "Phone number is invalid.", f"{where}.recipient.phone_number")
    for name in _DURATIONS:
        if details.get(name) and not ISO_DURATION.fullmatch(details[name]):
            raise refusal("INVALID_VALUE", f"Invalid duration `{details[name]}`.", f"{where}.{name}")
    if kind == "PICKUP":
        _check_pickup(details, now, where)


def _check_pickup(details: Json, now: datetime, where: str) -> None:
    schedule = details.setdefault("schedule_type", "SCHEDULED")
    if schedule == "SCHEDULED" and not details.get("pickup_at"):
        raise refusal("MISSING_REQUIRED_PARAMETER", "A scheduled pickup needs `pickup_at`.", f"{where}.pickup_at")
    if schedule == "ASAP" and not details.get("pickup_at"):
        wait = seconds_of(details.get("prep_time_duration") or "PT0S")
        details["pickup_at"] = rfc3339(now + timedelta(seconds=wait))
    for name in ("pickup_at", "expires_at"):
        if details.get(name):
            moment(details[name], f"{where}.{name}")
    if details.get("expires_at") and moment(details["expires_at"]) > now + timedelta(days=7):
        raise refusal("INVALID_TIME", "`expires_at` must be within seven days.", f"{where}.expires_at")


def move_fulfillment(fulfillment: Json, state: str, now: datetime, *, paid: bool) -> None:
    """Take a fulfillment to ``state`` and note the time; raises ``SquareError`` when not allowed."""
    _known_state(state)
    current = fulfillment["state"]
    if state == current:
        return
    field = f"order.fulfillments[{fulfillment.get('uid', '')}].state"
    if current in FULFILLMENT_ENDS or _RANK[state] < _RANK[current]:
        raise refusal("BAD_REQUEST", f"Fulfillment state cannot go from {current} to {state}.", field)
    if state == "COMPLETED" and not paid:
        raise refusal("BAD_REQUEST", "A fulfillment cannot be completed before its order is paid.", field)
    fulfillment["state"] = state
    details_of(fulfillment)[_TIMES[fulfillment["type"]][state]] = rfc3339(now)


def _known_state(state: str) -> None:
    if state not in _RANK:
        raise refusal(
            "INVALID_ENUM_VALUE",
            f"`{state}` is not a valid fulfillment state.",
            "order.fulfillments.state",
        )


def settle_fulfillments(before: list[Json], after: list[Json], now: datetime, *, paid: bool) -> list[Json]:
    """Check the fulfillments of an update and move them; returns the moves as event rows.

    ``after`` holds the merged fulfillments and is changed in place; a new one must be the order's only one.
    """
    old = {entry["uid"]: entry for entry in before}
    if len(after) > 1 and len(after) > len(before):
        raise refusal("BAD_REQUEST", "An order can have at most one fulfillment.", "order.fulfillments")
    moves = []
    for fulfillment in after:
        known = old.get(fulfillment["uid"])
        if known is None:
            open_fulfillment(fulfillment, now)
            moves.append({"fulfillment_uid": fulfillment["uid"], "new_state": fulfillment["state"]})
            continue
        wanted = fulfillment.get("state") or known["state"]
        _check_frozen(known, fulfillment)
        fulfillment["state"] = known["state"]
        check_details(fulfillment, now)
        move_fulfillment(fulfillment, wanted, now, paid=paid)
        if wanted != known["state"]:
            moves.append({"fulfillment_uid": fulfillment["uid"], "old_state": known["state"], "new_state": wanted})
    return moves


def _check_frozen(known: Json, fulfillment: Json) -> None:
    """The type never changes, read-only times are kept, and some details only change while PROPOSED."""
    if fulfillment.get("type") != known["type"]:
        raise refusal("BAD_REQUEST", "The type of a fulfillment cannot change.", "order.fulfillments.type")
    details, old = details_of(fulfillment), details_of(known)
    for name in _READ_ONLY & (details.keys() | old.keys()):
        if name in old:
            details[name] = old[name]
        else:
            del details[name]
    if known["state"] != "PROPOSED":
        for name in _WHILE_PROPOSED:
            if details.get(name) != old.get(name):
                raise refusal(
                    "BAD_REQUEST",
                    f"`{name}` can only change while the fulfillment is PROPOSED.",
                    f"order.fulfillments.{name}",
                )


def check_order_state(current: str, wanted: str, fulfillments: list[Json], *, paid: bool) -> None:
    """Refuse a move of the order's state that Square refuses."""
    field = "order.state"
    if wanted not in ("DRAFT", "OPEN", "COMPLETED", "CANCELED"):
        raise refusal("INVALID_ENUM_VALUE", f"`{wanted}` is not a valid order state.", field)
    if wanted == current:
        return
    if wanted == "DRAFT":
        raise refusal("BAD_REQUEST", "An open order cannot become a draft.", field)
    if wanted == "COMPLETED":
        if any(entry["state"] not in FULFILLMENT_ENDS for entry in fulfillments):
            raise refusal("BAD_REQUEST", COMPLETION_GUARD, field)
        if not paid:
            raise refusal("BAD_REQUEST", "The order is not fully paid.", field)
    if wanted == "CANCELED":
        if paid:
            raise refusal("BAD_REQUEST", "A paid order cannot be canceled.", field)
        if any(entry["state"] not in ("CANCELED", "FAILED") for entry in fulfillments):
            raise refusal(
                "BAD_REQUEST",
                "All fulfillments must be CANCELED or FAILED before an order can be CANCELED.",
                field,
            )
