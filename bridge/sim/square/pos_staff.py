"""What staff do besides selling: stock work, catalog edits, pickups, closing a store, tokens."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from bridge.sim.square import inventory
from bridge.sim.square.catalog_write import change_data, delete_objects, finish
from bridge.sim.square.locations import change_location
from bridge.sim.square.order_book import find_order, is_paid, tell, touch
from bridge.sim.square.order_changes import copied
from bridge.sim.square.order_states import FULFILLMENT_ENDS, move_fulfillment
from bridge.sim.square.routes import Router

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
STAFF = "staff"


def register(router: Router) -> None:
    """Staff have no endpoints."""


def register_acts(square: FakeSquare) -> None:
    """Add what staff do."""
    for act in (
        receive,
        waste,
        transfer,
        count,
        edit_price,
        edit_item,
        edit_variation,
        archive_item,
        delete_item,
        set_tracking,
        manual_sold_out,
        fulfillment,
        deactivate_location,
    ):
        square.acts[act.__name__] = partial(act, square)


# -- stock ----------------------------------------------------------------------------
def receive(square: FakeSquare, location_id: str, variation_id: str, quantity: str | int) -> str | None:
    """Goods arrive; returns the change id (``None`` when the variation is not tracked there)."""
    return _moved(square, variation_id, location_id, "NONE", "IN_STOCK", quantity)


def waste(square: FakeSquare, location_id: str, variation_id: str, quantity: str | int) -> str | None:
    """Goods are thrown away; returns the change id."""
    return _moved(square, variation_id, location_id, "IN_STOCK", "WASTE", quantity)


def transfer(
    square: FakeSquare, variation_id: str, from_location_id: str, to_location_id: str, quantity: str | int
) -> str | None:
    """Goods go from one store to another; histories show it in the shape of the asker's version."""
    return _moved(
        square, variation_id, from_location_id, "IN_STOCK", "IN_STOCK", quantity, to_location_id=to_location_id
    )


def _moved(
    square: FakeSquare,
    variation_id: str,
    location_id: str,
    from_state: str,
    to_state: str,
    quantity: str | int,
    to_location_id: str | None = None,
) -> str | None:
    change = inventory.move(
        square,
        variation_id,
        location_id,
        from_state,
        to_state,
        str(quantity),
        to_location_id=to_location_id,
        source=inventory.DASHBOARD_SOURCE,
        actor=STAFF,
    )
    return change.change_id if change else None


def count(square: FakeSquare, location_id: str, variation_id: str, quantity: str | int) -> str:
    """Somebody counts the shelf; returns the change id."""
    return inventory.count(square, variation_id, location_id, str(quantity), actor=STAFF).change_id


def manual_sold_out(
    square: FakeSquare, location_id: str, variation_id: str, sold_out: bool = True, until: str | None = None
) -> None:
    """Mark a variation as sold out at a store (or available again), whatever its count says."""
    inventory.set_sold_out(square, variation_id, location_id, sold_out, until)
    finish(square)


# -- catalog --------------------------------------------------------------------------
def edit_price(square: FakeSquare, variation_id: str, price: int, location_id: str | None = None) -> None:
    """Give a variation a new price, everywhere or at one store."""
    currency = square.state.currency
    money = {"amount": int(price), "currency": currency}

    def changed(data: Json) -> Json:
        if location_id is None:
            return {**data, "pricing_type": "FIXED_PRICING", "price_money": money}
        return _overridden(data, location_id, {"price_money": money, "pricing_type": "FIXED_PRICING"})

    _edit(square, variation_id, changed)


def edit_item(square: FakeSquare, item_id: str, fields: Json) -> None:
    """Change fields of an item's ``item_data`` in Dashboard; null removes one."""
    _edit(square, item_id, lambda data: _with(data, fields))


def edit_variation(square: FakeSquare, variation_id: str, fields: Json) -> None:
    """Change fields of a variation's ``item_variation_data`` in Dashboard; null removes one."""
    _edit(square, variation_id, lambda data: _with(data, fields))


def archive_item(square: FakeSquare, item_id: str, archived: bool = True) -> None:
    """Archive an item, or bring it back."""
    _edit(square, item_id, lambda data: {**data, "is_archived": archived})


def delete_item(square: FakeSquare, item_id: str) -> list[str]:
    """Delete an item and its variations; returns every id that is gone."""
    square.state.catalog.begin_write()
    gone = delete_objects(square, [item_id])
    finish(square)
    return gone


def set_tracking(square: FakeSquare, variation_id: str, tracked: bool, location_id: str | None = None) -> None:
    """Switch stock tracking of a variation on or off, everywhere or at one store."""

    def changed(data: Json) -> Json:
        if location_id is None:
            return {**data, "track_inventory": tracked}
        return _overridden(data, location_id, {"track_inventory": tracked})

    _edit(square, variation_id, changed)


def _edit(square: FakeSquare, object_id: str, change: Any) -> None:
    if square.state.catalog.live(object_id) is None:
        raise LookupError(f"no catalog object {object_id}")
    square.state.catalog.begin_write()
    change_data(square, object_id, change)
    finish(square)


def _with(data: Json, fields: Json) -> Json:
    return {name: value for name, value in {**data, **fields}.items() if value is not None}


def _overridden(data: Json, location_id: str, fields: Json) -> Json:
    rows = [dict(row) for row in data.get("location_overrides") or ()]
    row = next((row for row in rows if row["location_id"] == location_id), None)
    if row is None:
        rows.append(row := {"location_id": location_id})
    row.update(fields)
    return {**data, "location_overrides": rows}


# -- orders, stores -------------------------------------------------------------------
def fulfillment(square: FakeSquare, order_id: str, state: str) -> Json:
    """Take an order's fulfillment to ``state`` at the till; a COMPLETED one completes a paid order too."""
    order = copied(find_order(square, order_id))
    entry = order["fulfillments"][0]
    before = entry["state"]
    paid = is_paid(square, order)
    move_fulfillment(entry, state, square.clock.now(), paid=paid)
    if paid and all(one["state"] in FULFILLMENT_ENDS for one in order["fulfillments"]):
        order["state"] = "COMPLETED"
    touch(square, order)
    moves = [{"fulfillment_uid": entry["uid"], "old_state": before, "new_state": state}]
    tell(square, "order.fulfillment.updated", order, moves)
    return {"order_state": order["state"], "version": order.get("version")}


def deactivate_location(square: FakeSquare, location_id: str, active: bool = False) -> None:
    """Close a store (or open it again): it stays in the list of locations as INACTIVE."""
    change_location(square, location_id, {"status": "ACTIVE" if active else "INACTIVE"})
