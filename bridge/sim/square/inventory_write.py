"""Square's inventory writes: up to 100 counts and adjustments, all or none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.auth import two_location_shape
from bridge.sim.square.inventory import announce_counts, api_source, count, count_row, move
from bridge.sim.square.inventory_shape import (
    COUNTABLE,
    WRITABLE,
    change_json,
    check_members,
    locations_of,
    occurred_at_of,
    quantity_of,
    state_of,
)
from bridge.sim.square.inventory_store import UNCOUNTED, ZERO, Change, CountKey
from bridge.sim.square.routes import Answer, Router, refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
MOST_CHANGES = 100
_ECHOED = ("reference_id", "team_member_id", "employee_id", "cost_money", "vendor_id", "reason_id")


@dataclass(slots=True)
class _Asked:
    """One change that has passed every check and waits to be applied."""

    kind: str
    variation_id: str
    from_state: str
    to_state: str
    from_location_id: str
    to_location_id: str
    quantity: Decimal
    occurred_at: datetime
    extra: Json


def register(router: Router) -> None:
    """Add the endpoints."""
    for path in ("/v2/inventory/changes/batch-create", "/v2/inventory/batch-change"):
        router.add("POST", path, batch_create, scopes=("INVENTORY_WRITE",), idempotency="required")


def batch_create(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """POST /v2/inventory/changes/batch-create: counts of all that is named, changes of all that was made."""
    square.run_between()
    given = body.get("changes")
    if not isinstance(given, list) or not given:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "changes")
    if len(given) > MOST_CHANGES:
        raise refusal("ARRAY_LENGTH_TOO_LONG", f"At most {MOST_CHANGES} changes.", "changes")
    two = two_location_shape(request)
    now = square.clock.now()
    asked = [_read(square, change, two, now) for change in given]
    if not square.allow_negative:
        _refuse_negative(square, asked)
    ignore = body.get("ignore_unchanged_counts")
    square.state.inventory.begin_write()
    made = [change for one in asked if (change := _apply(square, one, ignore is not False)) is not None]
    named = list(dict.fromkeys(key for one in asked for key in _keys(one)))
    changed = list(dict.fromkeys(key for change in made for key in _keys(change)))
    announce_counts(square, changed)
    counts = square.state.inventory.counts
    answer: Json = {"counts": [count_row(key, counts[key]) for key in named if key in counts]}
    answer["changes"] = [change_json(change, two) for change in made]
    return {name: rows for name, rows in answer.items() if rows}


def _keys(one: _Asked | Change) -> list[CountKey]:
    ends = ((one.from_location_id, one.from_state), (one.to_location_id, one.to_state))
    return [(one.variation_id, place, state) for place, state in ends if state not in UNCOUNTED]


def _read(square: FakeSquare, change: Any, two: bool, now: datetime) -> _Asked:
    if not isinstance(change, dict):
        raise refusal("EXPECTED_OBJECT", "Expected an object.", "changes")
    kind = change.get("type")
    if kind == "PHYSICAL_COUNT":
        return _read_count(square, change.get("physical_count"), now)
    if kind == "ADJUSTMENT":
        return _read_adjustment(square, change.get("adjustment"), two, now)
    if kind == "TRANSFER" and not two:
        raise refusal("INVALID_VALUE", "Transfers cannot be written through the API.", "changes.type")
    raise refusal("INVALID_ENUM_VALUE", f"`{kind}` is not a valid change type.", "changes.type")


def _inner(inner: Any, field: str) -> Json:
    if not isinstance(inner, dict):
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", f"changes.{field}")
    check_members(inner, field, ("catalog_object_id",))
    if len(str(inner.get("reference_id") or "")) > 255:
        raise refusal("VALUE_TOO_LONG", "Field must not be greater than 255 in length", f"{field}.reference_id")
    return inner


def _extra(inner: Json) -> Json:
    return {name: inner[name] for name in _ECHOED if inner.get(name) is not None}


def _read_count(square: FakeSquare, raw: Any, now: datetime) -> _Asked:
    inner = _inner(raw, "physical_count")
    check_members(inner, "physical_count", ("location_id",))
    state = state_of(inner, "state", "physical_count", COUNTABLE)
    place = inner["location_id"]
    _check_place(square, inner["catalog_object_id"], (place,))
    quantity = quantity_of(inner, "physical_count", zero=True)
    at = occurred_at_of(inner, "physical_count", now)
    variation_id = inner["catalog_object_id"]
    return _Asked("PHYSICAL_COUNT", variation_id, state, state, place, place, quantity, at, _extra(inner))


def _read_adjustment(square: FakeSquare, raw: Any, two: bool, now: datetime) -> _Asked:
    inner = _inner(raw, "adjustment")
    here, there = locations_of(inner, two)
    from_state = state_of(inner, "from_state", "adjustment", WRITABLE)
    to_state = state_of(inner, "to_state", "adjustment", WRITABLE)
    if from_state == to_state and here == there:
        raise refusal("INVALID_VALUE", "from_state and to_state must differ.", "adjustment.to_state")
    _check_place(square, inner["catalog_object_id"], (here, there))
    quantity = quantity_of(inner, "adjustment", zero=False)
    at = occurred_at_of(inner, "adjustment", now)
    variation_id = inner["catalog_object_id"]
    return _Asked("ADJUSTMENT", variation_id, from_state, to_state, here, there, quantity, at, _extra(inner))


def _check_place(square: FakeSquare, variation_id: str, places: tuple[str, ...]) -> None:
    found = square.state.catalog.live(variation_id)
    if found is None:
        raise refusal("NOT_FOUND", f"Catalog object with ID `{variation_id}` not found.", status=404)
    if found["type"] != "ITEM_VARIATION":
        raise refusal("INVALID_VALUE", f"`{variation_id}` is not an item variation.", "catalog_object_id")
    for place in places:
        if place not in square.state.locations:
            raise refusal("INVALID_VALUE", f"Location `{place}` does not exist.", "location_id")


def _refuse_negative(square: FakeSquare, asked: list[_Asked]) -> None:
    left: dict[tuple[str, str], Decimal] = {}
    for one in asked:
        for place, state, quantity in (
            (one.from_location_id, one.from_state, -one.quantity),
            (one.to_location_id, one.to_state, one.quantity),
        ):
            if state != "IN_STOCK":
                continue
            key = (one.variation_id, place)
            before = left.get(key, square.state.inventory.on_hand(*key))
            left[key] = one.quantity if one.kind == "PHYSICAL_COUNT" else before + quantity
            if left[key] < ZERO:
                raise refusal("INVALID_VALUE", "Quantity cannot become negative.", "adjustment.quantity")


def _apply(square: FakeSquare, one: _Asked, ignore_unchanged: bool) -> Change | None:
    source = api_source(square)
    if one.kind == "PHYSICAL_COUNT":
        key = (one.variation_id, one.to_location_id, one.to_state)
        present = square.state.inventory.counts.get(key)
        if ignore_unchanged and present is not None and present.quantity == one.quantity:
            return None
        return count(
            square,
            one.variation_id,
            one.to_location_id,
            one.quantity,
            state=one.to_state,
            occurred_at=one.occurred_at,
            source=source,
            announce=False,
            **one.extra,
        )
    return move(
        square,
        one.variation_id,
        one.from_location_id,
        one.from_state,
        one.to_state,
        one.quantity,
        occurred_at=one.occurred_at,
        to_location_id=one.to_location_id,
        source=source,
        only_if_tracked=False,
        announce=False,
        **one.extra,
    )
