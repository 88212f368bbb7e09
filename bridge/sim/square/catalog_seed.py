"""Fills a simulated catalog fast, for tests at scale."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bridge.sim.square.inventory import POS_SOURCE, journal_change
from bridge.sim.square.inventory_store import Change
from bridge.sim.square.moments import rfc3339

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]


def seed_catalog(square: FakeSquare, items: int, variations_each: int = 1, quantity: int | None = None) -> list[str]:
    """Add ``items`` tracked items; returns variation ids in order.

    SKUs are ``SKU-<n>``, names ``Item <n>``, prices 10.00 and up. With ``quantity`` every variation is counted
    at every active location (journalled as counts by staff). No events are sent: it stands for the past.
    """
    at = square.stamp()
    version = square.state.catalog.next_version(int(at.timestamp() * 1000))
    stamps = {"version": version, "updated_at": rfc3339(at), "created_at": rfc3339(at)}
    made: list[str] = []
    for _ in range(items):
        made += _add_item(square, stamps, variations_each)
    if quantity is not None:
        _count_all(square, made, Decimal(quantity))
    return made


def _add_item(square: FakeSquare, stamps: Json, variations_each: int) -> list[str]:
    store, ids = square.state.catalog, square.ids
    number = ids.number("seed_item")
    item_id, kids = f"I{number:023d}", []
    for ordinal in range(variations_each):
        serial = ids.number("seed_variation")
        kids.append(f"V{serial:023d}")
        data = {
            "item_id": item_id,
            "name": f"Variation {ordinal + 1}" if variations_each > 1 else "Regular",
            "sku": f"SKU-{serial}",
            "ordinal": ordinal,
            "pricing_type": "FIXED_PRICING",
            "price_money": {"amount": 1000 + serial % 9000, "currency": square.state.currency},
            "track_inventory": True,
            "sellable": True,
            "stockable": True,
        }
        store.put(
            {
                "type": "ITEM_VARIATION",
                "id": kids[-1],
                **stamps,
                "present_at_all_locations": True,
                "item_variation_data": data,
            }
        )
    item: Json = {
        "name": f"Item {number}",
        "description": f"Item number {number}",
        "description_html": f"<p>Item number {number}</p>",
        "description_plaintext": f"Item number {number}",
        "is_taxable": True,
        "product_type": "REGULAR",
        "is_archived": False,
    }
    store.put({"type": "ITEM", "id": item_id, **stamps, "present_at_all_locations": True, "item_data": item}, kids)
    return kids


def _count_all(square: FakeSquare, variation_ids: list[str], quantity: Decimal) -> None:
    places = [place["id"] for place in square.state.locations.values() if place["status"] == "ACTIVE"]
    store, at = square.state.inventory, square.stamp()
    for variation_id in variation_ids:
        for place in places:
            change = Change(
                f"C{square.ids.number('seed_change'):023d}",
                "PHYSICAL_COUNT",
                variation_id,
                "IN_STOCK",
                "IN_STOCK",
                place,
                place,
                quantity,
                at,
                at,
                POS_SOURCE,
            )
            journal_change(square, change, store.add(change), "staff")
