"""How stock moves at Square: one function for tills, orders and API, with journal, sold-out marks, events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bridge.sim.square.inventory_store import ZERO, Change, Count, CountKey
from bridge.sim.square.moments import rfc3339

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
POS_SOURCE: Json = {"product": "SQUARE_POS", "name": "Square Point of Sale"}
DASHBOARD_SOURCE: Json = {"product": "DASHBOARD", "name": "Square Dashboard"}


def api_source(square: FakeSquare) -> Json:
    """The ``source`` of a change made through the API."""
    return {
        "product": "EXTERNAL_API",
        "application_id": square.state.application_id,
        "name": square.state.application_name,
    }


def is_tracked(square: FakeSquare, variation_id: str, location_id: str) -> bool:
    """True when Square counts this variation at this location: the override's word, else the variation's."""
    data = square.state.catalog.variation(variation_id)
    if data is None:
        return False
    for row in data.get("location_overrides") or ():
        if row.get("location_id") == location_id and row.get("track_inventory") is not None:
            return bool(row["track_inventory"])
    return bool(data.get("track_inventory"))


def quantity_text(quantity: Decimal) -> str:
    """A quantity as Square writes it: a plain decimal without trailing zeros."""
    if quantity == quantity.to_integral_value():
        return str(int(quantity))
    return format(quantity.normalize(), "f")


def move(
    square: FakeSquare,
    variation_id: str,
    location_id: str,
    from_state: str,
    to_state: str,
    quantity: Decimal | int | str,
    *,
    occurred_at: datetime | None = None,
    to_location_id: str | None = None,
    source: Json | None = None,
    reference_id: str | None = None,
    refund_id: str | None = None,
    transaction_id: str | None = None,
    actor: str | None = None,
    only_if_tracked: bool = True,
    announce: bool = True,
    **extra: Any,
) -> Change | None:
    """Move ``quantity`` (> 0) of a variation between states, or between locations with ``to_location_id``.

    Returns the change, or ``None`` when the variation is not tracked there (nothing happens then, as at
    Square) unless ``only_if_tracked`` is false. ``extra`` holds more wire fields (team_member_id …).
    ``announce=False`` leaves ``inventory.count.updated`` to a later ``announce_counts`` (one per batch).
    """
    if only_if_tracked and not is_tracked(square, variation_id, location_id):
        return None
    amount = Decimal(quantity)
    if not square.allow_negative and from_state == "IN_STOCK":
        amount = min(amount, max(ZERO, square.state.inventory.on_hand(variation_id, location_id)))
        if amount == 0:
            return None
    optional = {
        "reference_id": reference_id,
        "refund_id": refund_id,
        "transaction_id": transaction_id,
        **extra,
    }
    now = square.stamp()
    change = Change(
        square.ids.token(24),
        "ADJUSTMENT",
        variation_id,
        from_state,
        to_state,
        location_id,
        to_location_id or location_id,
        amount,
        occurred_at or now,
        now,
        source or POS_SOURCE,
        {name: value for name, value in optional.items() if value is not None},
    )
    return _settle(square, change, actor, announce)


def count(
    square: FakeSquare,
    variation_id: str,
    location_id: str,
    quantity: Decimal | int | str,
    *,
    state: str = "IN_STOCK",
    occurred_at: datetime | None = None,
    source: Json | None = None,
    reference_id: str | None = None,
    actor: str | None = None,
    announce: bool = True,
    **extra: Any,
) -> Change:
    """A physical count: from ``occurred_at`` (now) on, the number is ``quantity`` plus what happens later."""
    optional = {"reference_id": reference_id, **extra}
    now = square.stamp()
    change = Change(
        square.ids.token(24),
        "PHYSICAL_COUNT",
        variation_id,
        state,
        state,
        location_id,
        location_id,
        Decimal(quantity),
        occurred_at or now,
        now,
        source or DASHBOARD_SOURCE,
        {name: value for name, value in optional.items() if value is not None},
    )
    return _settle(square, change, actor, announce)


def _settle(square: FakeSquare, change: Change, actor: str | None, announce: bool) -> Change:
    store = square.state.inventory
    if announce:
        store.begin_write()
    moved = store.add(change)
    journal_change(square, change, moved, actor or square.actor)
    for key in moved:
        _couple_sold_out(square, key)
    if announce:
        announce_counts(square, moved)
    return change


def kind_of(change: Change) -> str:
    """The journal's word for a change."""
    if change.kind == "PHYSICAL_COUNT":
        return "count"
    if change.is_transfer:
        return "transfer"
    if change.from_state == "IN_STOCK":
        return {"SOLD": "sale", "WASTE": "waste"}.get(change.to_state, "adjustment")
    if change.to_state == "IN_STOCK":
        words = {"NONE": "receive", "UNLINKED_RETURN": "refund", "SOLD": "refund"}
        return words.get(change.from_state, "adjustment")
    return "adjustment"


def journal_change(square: FakeSquare, change: Change, moved: dict[CountKey, Decimal], actor: str) -> None:
    """Witness every effect on IN_STOCK: ``delta`` is what the number really moved by.

    ``detail.quantity`` is the change's own signed quantity; it differs from ``delta`` when a newer count
    had already overtaken the change.
    """
    for (variation_id, location_id, state), delta in moved.items():
        if state != "IN_STOCK":
            continue
        leaving = change.kind == "ADJUSTMENT" and (change.from_state, change.from_location_id) == (
            "IN_STOCK",
            location_id,
        )
        square.journal.add(
            change.created_at,
            kind_of(change),
            actor=actor,
            stock_id=variation_id,
            place=location_id,
            delta=delta,
            reference=change.change_id,
            reference_id=change.extra.get("reference_id", ""),
            transaction_id=change.extra.get("transaction_id", ""),
            refund_id=change.extra.get("refund_id", ""),
            quantity=str(-change.quantity if leaving else change.quantity),
            occurred_at=rfc3339(change.occurred_at),
        )


def _couple_sold_out(square: FakeSquare, key: CountKey) -> None:
    variation_id, location_id, state = key
    if state != "IN_STOCK":
        return
    marks = square.state.catalog.sold_out.get(variation_id)
    marked = bool(marks) and location_id in (marks or {})
    empty = square.state.inventory.on_hand(variation_id, location_id) <= 0
    if empty != marked and (marked or is_tracked(square, variation_id, location_id)):
        set_sold_out(square, variation_id, location_id, empty)


def set_sold_out(
    square: FakeSquare, variation_id: str, location_id: str, sold_out: bool, valid_until: str | None = None
) -> None:
    """Set or clear the read-only ``sold_out`` of a location override (done at zero, or by the seller)."""
    catalog = square.state.catalog
    if sold_out:
        catalog.sold_out.setdefault(variation_id, {})[location_id] = valid_until
    else:
        catalog.sold_out.get(variation_id, {}).pop(location_id, None)
    flat = catalog.live(variation_id)
    if square.sold_out_bumps_version and flat is not None:
        now = square.stamp()
        version = catalog.next_version(int(now.timestamp() * 1000))
        catalog.put({**flat, "version": version, "updated_at": rfc3339(now)})


def count_row(key: CountKey, counted: Count) -> Json:
    """One row of a counts response."""
    return {
        "catalog_object_id": key[0],
        "catalog_object_type": "ITEM_VARIATION",
        "state": key[2],
        "location_id": key[1],
        "quantity": quantity_text(counted.quantity),
        "calculated_at": rfc3339(counted.calculated_at),
    }


def announce_counts(square: FakeSquare, keys: Iterable[CountKey]) -> None:
    """Send one ``inventory.count.updated`` with the present counts of ``keys``."""
    counts = square.state.inventory.counts
    rows = [count_row(key, counts[key]) for key in dict.fromkeys(keys) if key in counts]
    if rows:
        square.emit("inventory.count.updated", "inventory_counts", square.ids.uuid(), {"inventory_counts": rows})
